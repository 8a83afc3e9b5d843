"""The index folder: which table of contents (TOC) holds, and what it names.

A TOC `_MAIN_<generation>.toc` names the segments and their deleted documents; the newest one that
can be read and whose segments are all there is the index. The files are pickles: the folder is
private to its owner (mode 0700) and is never taken from elsewhere; it can always be rebuilt.
What stands beside a segment is made again where it is missing.
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

ADVICE = (
    "Run 'redwell index rebuild', which builds it anew beside this one; nothing but time is lost"
)

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

    Raises `IndexStateError` where there are some and none of them can be read, or where the one
    that holds names a segment whose file is gone.
    """
    generations = generations_of(folder)
    while generations:
        found = next(filter(None, (_read(folder, each) for each in generations)), None)
        gone = [] if found is None else _gone(folder, found)
        if found is not None and not gone:
            return found
        seen, generations = generations, generations_of(folder)
        if seen == generations:  # else they were replaced while they were read
            what = "none of its tables of contents can be read"
            if gone:
                what = f"it lacks {', '.join(gone)}, so it cannot answer for all documents"
            raise IndexStateError(f"The index {folder} is damaged: {what}. {ADVICE}")
    return EMPTY


def _gone(folder: Path, contents: Contents) -> list[str]:
    """The names of segments' own files that are not there."""
    files = (segment_files(folder, each.segment_id())[0] for each in contents.segments)
    return [each.name for each in files if not each.is_file()]


def generations_of(folder: Path) -> list[int]:
    """The generations of all tables of contents, the newest first."""
    if not folder.is_dir():
        return []
    found = (_TOC.fullmatch(each.name) for each in folder.iterdir())
    return sorted((int(each.group(1)) for each in found if each), reverse=True)


def newest_generation(folder: Path) -> int | None:
    """The generation of the newest table of contents, whole or not; None where there is none."""
    return next(iter(generations_of(folder)), None)


def read_toc(folder: Path, generation: int) -> tuple[Any, ...]:
    """The segments that one table of contents names, as Whoosh keeps them."""
    path = toc_path(folder, generation)
    # From memory: Whoosh leaves the file open when it meets a damaged one.
    storage = RamStorage()
    storage.files[path.name] = path.read_bytes()
    return tuple(TOC.read(storage, NAME, gen=generation).segments)


def _read(folder: Path, generation: int) -> Contents | None:
    try:
        return Contents(generation, read_toc(folder, generation))
    except _DAMAGE:
        return None
