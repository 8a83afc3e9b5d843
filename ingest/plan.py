"""What is to be collected: checks before the work, and the work in batches."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.containers import CONTAINERS
from ingest.interface import SourceFile
from ingest.kinds import BY_EXTENSION
from ingest.names import shown
from ingest.types import extension
from ingest.walk import walk
from records.case import Case
from records.errors import SourceError

BATCH_FILES = 250
BATCH_BYTES = 64 << 20
BATCH_COST = 0.4
# Seconds of a core, as measured: for each file and MB, and for each container and packed MB.
_FILE, _MB = 0.0005, 0.01
_CONTAINER, _PACKED_MB = 0.02, 0.15


@dataclass(frozen=True, slots=True)
class Survey:
    """What a walk over a source found, before anything is collected."""

    files: int
    bytes: int
    kinds: dict[str, int]


def survey(source: Path) -> Survey:
    """Count what is there: entries, bytes, and entries by kind."""
    kinds: Counter[str] = Counter()
    size = 0
    for file in walk(source):
        kinds[file.kind] += 1
        size += file.size
    return Survey(kinds.total(), size, dict(sorted(kinds.items())))


def checked_source(case: Case, source: Path) -> Path:
    """The source's own path; raises `SourceError` where it cannot be collected."""
    try:
        found = source.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SourceError(
            f"The source {source} is not there or cannot be reached: {error}. Check the path, and "
            "that the disk is mounted"
        ) from error
    if not (found.is_dir() or found.is_file()):
        raise SourceError(f"The source {source} is neither a folder nor a file")
    if not os.access(found, os.R_OK | (os.X_OK if found.is_dir() else 0)):
        raise SourceError(f"The source {source} may not be read by this user; ask for the rights")
    for ours in own_folders(case):
        if found == ours or ours in found.parents or found in ours.parents:
            raise SourceError(
                f"The source {source} and the case's own folder {ours} lie in one another; keep "
                "evidence apart from the case"
            )
    return found


def own_folders(case: Case) -> list[Path]:
    """Where the case keeps what is its own: no evidence is taken from there or put there."""
    folders = [case.folder.resolve()]
    scheme, mark, path = case.store_address.partition("://")
    if not mark or scheme in ("file", "local"):
        folders.append(Path(path if mark else case.store_address).resolve())
    return folders


@dataclass(frozen=True, slots=True)
class Planned:
    """A file of the walk; `done` where this collection has it on record, with its SHA-256."""

    file: SourceFile
    done: bool
    sha256: str | None


def cost(file: SourceFile) -> float:
    """Roughly the seconds it takes to collect a file; whether it is a container, its name tells."""
    size = file.size / (1 << 20)
    kind = BY_EXTENSION.get(extension(shown(file.path)))
    if kind not in CONTAINERS and not file.set_first:
        return _FILE + _MB * size
    return _CONTAINER + (_MB + _PACKED_MB) * size


def batches(planned: Iterable[Planned]) -> Iterator[tuple[Planned, ...]]:
    """Files in their order, so many to a batch that none takes long unless one file or set does.

    Files that are done count as the others do: a run taken up has the batches it had before.
    """
    some: list[Planned] = []
    size, taken = 0, 0.0
    for each in planned:
        more = cost(each.file)
        is_full = len(some) >= BATCH_FILES or size + each.file.size > BATCH_BYTES
        is_full |= taken + more > BATCH_COST
        if some and is_full and not _one_set(some[-1].file, each.file):
            yield tuple(some)
            some, size, taken = [], 0, 0.0
        some.append(each)
        size, taken = size + each.file.size, taken + more
    if some:
        yield tuple(some)


def _one_set(one: SourceFile, other: SourceFile) -> bool:
    return bool(other.set_first) and one.set_first == other.set_first
