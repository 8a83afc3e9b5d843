"""The reading child, with texts that kill or hold up their reader; started by the worker."""

import errno
import os
import time
from collections.abc import Iterable, Iterator

from ingest.child_loop import serve
from process import extract
from process.child_main import handle
from process.packed import read_container
from process.plain import read_text
from process.reading import Family, Part, Reading
from records.notes import Note


def _text(part: Part, family: Family) -> Reading:
    data = family.keep(part).read_bytes()
    if b"DIE" in data:
        os._exit(9)
    if b"FULL" in data:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch")
    if b"SLOW" in data:
        time.sleep(0.3)
    return read_text(part, family)


def _zip(part: Part, family: Family) -> Reading:
    reading = read_container(part, family)
    if part.name.startswith("fatal"):
        reading.parts = _fatal(reading.parts)
    return reading


def _fatal(parts: Iterable[Part | Note]) -> Iterator[Part | Note]:
    """The first two, and then the end of the reader."""
    for number, part in enumerate(parts):
        if number == 2:
            os._exit(9)
        yield part


if __name__ == "__main__":
    extract._READERS.update({"txt": _text, "zip": _zip})
    serve(handle)
