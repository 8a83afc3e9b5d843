"""Archives of rarer formats, each told by its first bytes and given to the tool that opens it."""

from collections.abc import Iterator

from ingest.compressed import open_compressed
from ingest.joined import opened
from ingest.libarchive import FORMATS as BY_LIBARCHIVE
from ingest.libarchive import expand_libarchive, plain
from ingest.members import Member, Opening
from ingest.sevenzip_listing import FORMATS as BY_LISTING
from ingest.sevenzip_listing import expand_listed
from ingest.sevenzip_tool import probe
from ingest.signatures import archive_format, has_udf
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, exception

_HEAD = 65536


def open_zstd(opening: Opening) -> Iterator[Member | Note]:
    """The one member of a file that Zstandard compressed."""
    yield from expand_libarchive(opening, "zstd")


def open_archive(opening: Opening) -> Iterator[Member | Note]:
    """The members of an archive of any format that has no short type of its own."""
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
        yield from open_compressed(opening, name)
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
