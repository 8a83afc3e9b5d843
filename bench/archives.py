"""Every archive of the corpus opened: by format, how many opened, in part, locked, failed.

    python -m bench.archives --corpus ../shared/corpus

Each archive is opened once with the passwords of the corpus and once with none. "opened" is
without any exception; links and names that lead out do not count as such. "partly" gave members
and exceptions, "encrypted" has one of that code, "failed" gave nothing. Reasons follow the table.
"""

import argparse
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.containers import CONTAINERS, MAILBOXES, expand
from ingest.members import Budget, Member, Opening
from ingest.signatures import archive_format
from ingest.types import HEAD, identify
from ingest.volumes import volume_sets
from records.codes import Code
from records.limits import Limits
from records.notes import Note

PASSWORDS = ("letmein", "secret", "Tika", "password")
"""Those of the corpus (its README.md)."""

OUTCOMES = ("opened", "partly", "encrypted", "failed")
_HARMLESS = frozenset({Code.LINK, Code.SPECIAL_FILE, Code.UNSAFE_PATH})


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of the corpus: its name there, and its volumes in order."""

    name: str
    paths: tuple[Path, ...]
    type: str
    format: str


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one: members, those with bytes, and exceptions by code with their messages."""

    members: int
    with_bytes: int
    exceptions: tuple[tuple[Code, str], ...]

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`."""
        codes = {code for code, _ in self.exceptions} - _HARMLESS
        if not codes:
            return "opened"
        if Code.ENCRYPTED in codes:
            return "encrypted"
        return "partly" if self.with_bytes else "failed"


def archives(corpus: Path) -> Iterator[Archive]:
    """All archives of the folders `archives` and `adversarial`, sets of volumes as one each."""
    folders = sorted({each.parent for each in (corpus / "archives").rglob("*") if each.is_file()})
    for folder in [*folders, corpus / "adversarial"]:
        files = {bytes(each.relative_to(folder)): each for each in folder.iterdir()}
        sets = {each.first: each.present for each in volume_sets(sorted(files))}
        further = {name for present in sets.values() for name in present[1:]}
        for name, path in sorted(files.items()):
            if name in further or path.suffix == ".exp":
                continue
            with path.open("rb") as file:
                head = file.read(HEAD)
                found = identify(head, path.name, file)
            if found.type in CONTAINERS - MAILBOXES:
                inner = archive_format(head)
                form = inner.name if found.type == "archive" and inner else found.type
                paths = tuple(files[each] for each in sets.get(name, (name,)))
                yield Archive(str(path.relative_to(corpus)), paths, found.type, form)


def opened(archive: Archive, passwords: Sequence[str], limits: Limits) -> Found:
    """Open one and read all its members."""
    members = with_bytes = 0
    exceptions: list[tuple[Code, str]] = []
    scratch = Path(tempfile.mkdtemp(prefix="redwell-bench-"))
    try:
        for each in expand(opening(archive, passwords, limits, scratch)):
            notes: tuple[Note, ...] = (each,) if isinstance(each, Note) else each.notes
            exceptions += [(n.code, n.message) for n in notes if n.severity == "exception"]
            if isinstance(each, Member):
                members += 1
                with_bytes += each.stream is not None
    finally:
        shutil.rmtree(scratch)
    return Found(members, with_bytes, tuple(exceptions))


def opening(archive: Archive, passwords: Sequence[str], limits: Limits, scratch: Path) -> Opening:
    """The opening of an archive with a fresh budget."""
    size = sum(each.stat().st_size for each in archive.paths)
    return Opening(
        path=archive.paths[0],
        name_bytes=archive.paths[0].name.encode(),
        type=archive.type,
        limits=limits,
        passwords=tuple(passwords),
        budget=Budget(size, limits),
        scratch=scratch,
        volumes=archive.paths if len(archive.paths) > 1 else (),
    )


def report(found: Sequence[tuple[Archive, Found]]) -> None:
    """Print the table and the reasons."""
    counts = Counter((archive.format, each.outcome) for archive, each in found)
    print(f"{'format':<10}" + "".join(f"{each:>11}" for each in OUTCOMES))
    for form in sorted({archive.format for archive, _ in found}):
        print(f"{form:<10}" + "".join(f"{counts[form, each]:>11}" for each in OUTCOMES))
    totals = Counter(each.outcome for _, each in found)
    print(f"{'all':<10}" + "".join(f"{totals[each]:>11}" for each in OUTCOMES))
    for archive, each in found:
        if each.outcome != "opened":
            reasons = Counter(
                f"{code.value}: {text}" for code, text in each.exceptions if code not in _HARMLESS
            )
            told = "; ".join(f"{text} (x{n})" if n > 1 else text for text, n in reasons.items())
            print(f"  {each.outcome:<9} {archive.name}: {told}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    wanted = list(archives(parser.parse_args().corpus))
    for title, passwords in (("With the passwords", PASSWORDS), ("Without", ())):
        start = time.monotonic()
        found = [(each, opened(each, passwords, Limits())) for each in wanted]
        seconds = time.monotonic() - start
        members = sum(each.members for _, each in found)
        print(f"{title}: {len(found)} archives, {members} members, {seconds:.1f} s")
        report(found)
        print()


if __name__ == "__main__":
    main()
