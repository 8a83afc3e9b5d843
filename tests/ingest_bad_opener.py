"""The child that opens containers, with members that kill or hold up their reader."""

import errno
import os
import time
from collections.abc import Iterator

from ingest import containers, opener_main
from ingest.child_loop import serve
from ingest.containers import expand
from ingest.members import Member, Opening
from records.codes import Code
from records.notes import Note, exception


class _Deadly:
    """Bytes that end their reader after the first some."""

    def __init__(self) -> None:
        self._reads = 0

    def read(self, size: int) -> bytes:
        self._reads += 1
        if self._reads > 2:
            os._exit(9)
        return b"x" * 1000


def _expand(opening: Opening) -> Iterator[Member | Note]:
    """Members as they are, but for names that say what they do to their reader."""
    for number, found in enumerate(expand(opening)):
        if not isinstance(found, Member):
            yield found
            continue
        if "hang" in found.name and number not in opening.avoid:
            time.sleep(3600)
        if "die" in found.name and number not in opening.avoid:
            os._exit(9)
        if "full" in found.name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch")
        if "stubborn" in found.name:
            os._exit(9)
        if number in opening.avoid:
            note = exception(Code.CRASH, "It killed its reader", "test", "1", attempts=2)
            yield Member(found.name, found.name_bytes, None, found.size, None, (note,))
        elif "midway" in found.name:
            yield Member(found.name, found.name_bytes, _Deadly(), 3000, None)  # type: ignore[arg-type]
        else:
            yield found


if __name__ == "__main__":
    containers.expand = _expand
    serve(opener_main.handle)
