"""Containers: which there are, and how each is opened; one place for collecting and reading."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from ingest.archive import expand_zip
from ingest.compressed import expand_compressed
from ingest.joined import missing_of, missing_text, opened, volumes_of
from ingest.libarchive import FORMATS as BY_LIBARCHIVE
from ingest.libarchive import expand_libarchive, plain
from ingest.mailbox import expand_mbox, plan_mbox
from ingest.members import Member, Opening
from ingest.olm import expand_olm
from ingest.pst import expand_pst, plan_pst
from ingest.rar import expand_rar
from ingest.sevenzip import expand_7z
from ingest.sevenzip_listing import FORMATS as BY_LISTING
from ingest.sevenzip_listing import expand_listed
from ingest.sevenzip_tool import probe
from ingest.signatures import archive_format, has_udf
from ingest.tar import expand_tar
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, exception

_HEAD = 65536


def expand(opening: Opening) -> Iterator[Member | Note]:
    """The members of a container of one of the types in `CONTAINERS`, in its order.

    A `Note` among them is about the container itself. A member's stream is closed when the
    next is asked for. Raises `KeyError` for other types.
    """
    yield from _READERS[opening.type](opening)


def _zip(opening: Opening) -> Iterator[Member | Note]:
    yield from _missing(opening)
    sizes = [each.size for each in volumes_of(opening)]
    with opened(opening) as file:
        yield from expand_zip(
            file,
            sum(sizes),
            opening.limits,
            opening.passwords,
            opening.budget,
            opening.scratch,
            [0, *accumulate(sizes[:-1])],
        )


def _tar(opening: Opening) -> Iterator[Member | Note]:
    yield from _missing(opening)
    with opened(opening) as file:
        yield from expand_tar(file, opening.limits, opening.budget)


def _compressed(opening: Opening) -> Iterator[Member | Note]:
    yield from _expand_single(opening, opening.type)


def _expand_single(opening: Opening, kind: str) -> Iterator[Member | Note]:
    yield from _missing(opening)
    with opened(opening) as file:
        yield from expand_compressed(file, kind, opening.name_bytes, opening.budget)


def _zstd(opening: Opening) -> Iterator[Member | Note]:
    yield from expand_libarchive(opening, "zstd")


def _archive(opening: Opening) -> Iterator[Member | Note]:
    with opened(opening) as file:
        head = file.read(_HEAD)
    found = archive_format(head)
    name = "" if found is None else found.name
    if name == "iso" and has_udf(head) and probe() is not None:
        yield from _disc(opening)
    elif name in BY_LIBARCHIVE:
        yield from expand_libarchive(opening, name)
    elif name in BY_LISTING:
        yield from expand_listed(opening, name)
    elif name == "zlib":
        yield from _expand_single(opening, name)
    else:
        text = f"No tool here opens archives of the format {name or 'that its type tells'}"
        yield exception(Code.UNSUPPORTED, text, TOOL, VERSION)


def _disc(opening: Opening) -> Iterator[Member | Note]:
    """An image with a directory of UDF and one of ISO 9660, which may differ, even by purpose.

    UDF comes first, and of ISO 9660 what it has beyond: all, where UDF cannot be read.
    """
    names: set[bytes] = set()
    for each in expand_listed(opening, "udf"):
        if isinstance(each, Member):
            names.add(plain(each.name_bytes))
        yield each
    yield from expand_libarchive(opening, "iso", frozenset(names))


def _missing(opening: Opening) -> Iterator[Note]:
    absent = missing_of(opening)
    if absent:
        text = missing_text(absent, opening)
        yield exception(Code.VOLUME_MISSING, text, TOOL, VERSION)


_READERS: dict[str, Callable[[Opening], Iterator[Member | Note]]] = {
    "7z": expand_7z,
    "archive": _archive,
    "bz2": _compressed,
    "gz": _compressed,
    "mbox": expand_mbox,
    "olm": expand_olm,
    "pst": expand_pst,
    "rar": expand_rar,
    "tar": _tar,
    "xz": _compressed,
    "zip": _zip,
    "zstd": _zstd,
}
_PLANNERS: dict[str, Callable[[Opening], tuple[dict[str, Any], ...]]] = {
    "mbox": plan_mbox,
    "pst": plan_pst,
}
CONTAINERS = frozenset(_READERS)
"""The short types that `expand` opens."""
MAILBOXES = frozenset(_PLANNERS)
"""Those that are opened in parts where they are large; what they hold is always the same."""


def plan(opening: Opening) -> tuple[dict[str, Any], ...]:
    """The parts of a mailbox, each of which `expand` takes as `Opening.part`.

    Together they give what the whole gives, in the same order; `items` says how many each holds.
    """
    return _PLANNERS[opening.type](opening)
