"""The index folder: which table of contents (TOC) holds, and what it names.

A TOC `_MAIN_<generation>.toc` names the segments and their deleted documents; the newest one that
can be read and whose segments are all there is the index. The files are pickles: the folder is
private to its owner (mode 0700) and is never taken from elsewhere; it can always be rebuilt.
"""

import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import RamStorage
from whoosh.index import TOC
from whoosh.index import IndexError as WhooshError

from index.build import NAME, SEGMENT, SIDE
from records.errors import IndexStateError

_TOC = re.compile(rf"_{NAME}_(\d+)\.toc")
# What a TOC that was cut short or overwritten can raise while it is unpickled.
_DAMAGE = (
    WhooshError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AssertionError,
    AttributeError,
    ImportError,
    KeyError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the index holds: Whoosh's own segment objects, of one generation."""

    generation: int
    segments: tuple[Any, ...]


EMPTY = Contents(-1, ())


def toc_path(folder: Path, generation: int) -> Path:
    """Where the table of contents of a generation stands."""
    return folder / f"_{NAME}_{generation}.toc"


def segment_files(folder: Path, name: str) -> tuple[Path, Path]:
    """A segment's own file, and what stands beside it."""
    return folder / f"{name}{SEGMENT}", folder / f"{name}{SIDE}"


def read_contents(folder: Path) -> Contents:
    """The newest whole table of contents; `EMPTY` where the index was never built.

    Raises `IndexStateError` where there are some and none of them can be read.
    """
    generations = _generations(folder)
    while generations:
        for generation in generations:
            segments = _read(folder, generation)
            if segments is not None:
                return Contents(generation, segments)
        seen, generations = generations, _generations(folder)
        if seen == generations:  # else they were replaced while they were read
            raise IndexStateError(
                f"The index {folder} is damaged: none of its tables of contents can be read. "
                "Delete the folder's files and run 'redwell index'; nothing but time is lost"
            )
    return EMPTY


def _generations(folder: Path) -> list[int]:
    """The generations of all tables of contents, the newest first."""
    if not folder.is_dir():
        return []
    found = (_TOC.fullmatch(each.name) for each in folder.iterdir())
    return sorted((int(each.group(1)) for each in found if each), reverse=True)


def newest_generation(folder: Path) -> int | None:
    """The generation of the newest table of contents, whole or not; None where there is none."""
    return next(iter(_generations(folder)), None)


def read_toc(folder: Path, generation: int) -> tuple[Any, ...]:
    """The segments that one table of contents names, as Whoosh keeps them."""
    path = toc_path(folder, generation)
    # From memory: Whoosh leaves the file open when it meets a damaged one.
    storage = RamStorage()
    storage.files[path.name] = path.read_bytes()
    return tuple(TOC.read(storage, NAME, gen=generation).segments)


def _read(folder: Path, generation: int) -> tuple[Any, ...] | None:
    try:
        segments = read_toc(folder, generation)
    except _DAMAGE:
        return None
    files = [file for each in segments for file in segment_files(folder, each.segment_id())]
    return segments if all(file.is_file() for file in files) else None
