"""What became of every file of the corpus's mail and archives: disposition, children, reasons.

    python -m bench.collection --corpus ../shared/corpus

One case without passwords and one with those of the corpus's README. Prints a line for each file
(format, disposition, items and documents found in it, codes), a table format × opened, partly,
encrypted, failed, and the reason of each failure; ends with 1 where a file has no row, or two.
"""

import argparse
import re
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import pipeline

FOLDERS = ("mail", "archives")
HEADINGS = ("opened", "partly", "encrypted", "failed")
_OF_CONTENT = frozenset({"unsupported"})
"""What is wrong with a member that came out whole."""
_PASSWORD = re.compile(r"^\|[^|]+\| ([\w]+)(?: |$)", re.M)


@dataclass(slots=True)
class Outcome:
    """One file of the source: its row, and what stands below it."""

    address: str
    type: str
    disposition: str
    below: int = 0
    exceptions: list[str] = field(default_factory=list)
    below_exceptions: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def verdict(self) -> str:
        """Which column of the table it belongs to."""
        lost = self.disposition == "exception"
        codes = {each.partition(":")[0] for each in self.exceptions} | set(self.below_exceptions)
        if lost and "encrypted" in codes and codes <= {"encrypted", "volume-missing"}:
            return "encrypted"
        if lost and not self.below:
            return "failed"
        if lost or self.below_exceptions:
            return "encrypted" if codes == {"encrypted"} else "partly"
        return "opened"


def passwords(readme: Path) -> tuple[str, ...]:
    """The passwords that the corpus's README gives."""
    text = readme.read_text("utf-8").partition("## Passwords")[2].partition("\n## ")[0]
    words = [each[1] for each in _PASSWORD.finditer(text)]
    return tuple(dict.fromkeys([*words, "Password1234_", "tika", "Tika", "letmein", "secret"]))


def outcomes(case: Path) -> list[Outcome]:
    """Every file of the case, in the order of the record."""
    found: dict[int, Outcome] = {}
    top: dict[int, int] = {}
    with sqlite3.connect(case / "case.db") as connection:
        rows = connection.execute(
            "SELECT id, found_in_id, role, address, type, outcome FROM documents ORDER BY id"
        ).fetchall()
        notes = connection.execute(
            "SELECT document_id, severity, code, message FROM notes ORDER BY id"
        ).fetchall()
    connection.close()
    parents = {row[0]: row[1] for row in rows}
    for number, _, role, address, kind, outcome in rows:
        if role == "file":
            found[number] = Outcome(address, kind, outcome)
    for number in parents:
        at = number
        while parents[at] is not None:
            at = parents[at]
        top[number] = at
        found[at].below += number != at
    for number, severity, code, message in notes:
        outcome = found[top[number]]
        if severity == "warning":
            outcome.warnings[code] += 1
        elif severity == "exception" and number == top[number]:
            outcome.exceptions.append(f"{code}: {message}")
        elif severity == "exception" and code not in _OF_CONTENT:
            outcome.below_exceptions[code] += 1
    return list(found.values())


def table(found: Sequence[Outcome]) -> Iterator[str]:
    """Format × opened, partly, encrypted, failed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        counts[each.type][each.verdict] += 1
    yield "format\t" + "\t".join(HEADINGS)
    for kind in sorted(counts):
        yield kind + "".join(f"\t{counts[kind][name]}" for name in HEADINGS)


def _line(each: Outcome) -> str:
    inside = ", ".join(f"{code} {count}" for code, count in sorted(each.below_exceptions.items()))
    parts = [each.verdict, each.type, each.disposition, f"{each.below} inside", each.address]
    own = "; ".join(each.exceptions)[:300]
    return "\t".join([*parts, own, f"inside: {inside}" if inside else ""]).rstrip()


def run(corpus: Path, folder: str, words: Sequence[str], work: Path) -> list[Outcome]:
    """Ingest and process one folder of the corpus into a fresh case."""
    case = work / f"{folder}-{len(words)}"
    listed = work / "passwords"
    listed.write_text("\n".join(words), encoding="utf-8")
    pipeline.redwell(
        *("init", str(case), "--number", "1", "--caption", folder, "--bates-prefix", "C"),
        *("--custodian", "Corpus"),
    )
    crew = ("--case", str(case), "--passwords", str(listed))
    pipeline.redwell("ingest", str(corpus / folder), "--custodian", "Corpus", *crew)
    pipeline.redwell("process", *crew)
    return outcomes(case)


def main() -> None:
    """Run and report; exits with 1 if a file was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folders", nargs="+", default=list(FOLDERS))
    parser.add_argument("--quiet", action="store_true", help="tables and failures only")
    given = parser.parse_args()
    corpus = given.corpus.resolve()
    wrong: list[str] = []
    for folder in given.folders:
        for words in ((), passwords(corpus / "README.md")):
            with tempfile.TemporaryDirectory() as work:
                found = run(corpus, folder, words, Path(work))
            print(f"\n## {folder}, {'with' if words else 'without'} passwords: {len(found)} files")
            print("\n".join(table(found)))
            shown = [each for each in found if not given.quiet or each.verdict != "opened"]
            print("\n".join(_line(each) for each in shown), flush=True)
            disk = sum(1 for each in (corpus / folder).rglob("*") if each.is_file())
            if disk != len(found):
                wrong.append(f"{folder}: {disk} files on disk, {len(found)} rows")
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
