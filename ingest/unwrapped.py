"""Methods of 7z that 7-Zip itself lacks: it takes off what lies around, libarchive the rest.

They are those that forks of 7-Zip added (their numbers are in its Methods.txt): Zstandard and LZ4.
"""

from dataclasses import replace

from ingest.external import Running
from ingest.libarchive_c import ArchiveError, Reading, version
from ingest.members import CHUNK
from ingest.sevenzip_headers import Coder, Folder

_FILTERS = {bytes.fromhex("04F71101"): "zstd", bytes.fromhex("04F71104"): "lz4"}
_COPY = b""
_SKIPPED = b"\x2a\x4d\x18"  # behind a byte of 0x50 to 0x5F


def wrapped(folder: Folder, methods: frozenset[bytes]) -> tuple[Folder, str] | None:
    """The folder with the one method that is not among `methods` left out, and its filter.

    None where there is none, where there are several, or where it is not the last to unpack.
    """
    unknown = [number for number, each in enumerate(folder.coders) if each.method not in methods]
    if len(unknown) != 1 or not version():
        return None
    number = unknown[0]
    coder = folder.coders[number]
    name = _FILTERS.get(coder.method)
    outer = sum(each.outs for each in folder.coders[:number])
    inner = sum(each.ins for each in folder.coders[:number])
    if name is None or (coder.ins, coder.outs) != (1, 1) or folder.sizes[outer] != folder.size:
        return None
    if any(out == outer for _, out in folder.binds):
        return None
    source = next((out for into, out in folder.binds if into == inner), None)
    packed = {into: size for into, (_, size) in zip(folder.inputs, folder.packed, strict=True)}
    size = packed[inner] if source is None else folder.sizes[source]
    coders = list(folder.coders)
    coders[number] = Coder(_COPY, 1, 1, None)
    sizes = list(folder.sizes)
    sizes[outer] = size
    return replace(folder, coders=tuple(coders), sizes=tuple(sizes)), name


class Unwrapped:
    """What a run gives, unpacked once more; to be used as the run is."""

    def __init__(self, run: Running, name: str) -> None:
        self._run, self._name = run, name
        self._reading: Reading | None = None
        self._first = b""
        self._trouble = ""

    def read(self, size: int, /) -> bytes:
        """Some of it, none at the end or where it cannot go on."""
        if self._trouble:
            return b""
        try:
            if self._reading is None:
                self._reading = self._opened()
            data = self._reading.read(size)
        except ArchiveError as error:
            self._trouble = str(error)
            return b""
        if self._reading.failure is not None:
            raise self._reading.failure
        return data

    def ended(self) -> tuple[int, str]:
        """An exit code and what was said."""
        return (2, self._trouble) if self._trouble else self._run.ended()

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self._reading is not None:
            self._reading.close()
        self._run.close()

    def _opened(self) -> Reading:
        self._skip()
        reading = Reading.of_stream(self._given, ("raw",), (self._name,))
        if not reading.next()[0] or not reading.is_filtered:
            reading.close()
            raise ArchiveError(f"it is no {self._name}", fatal=True)
        return reading

    def _skip(self) -> None:
        """Pass over a frame to be skipped, with which the forks begin and libarchive does not."""
        while len(self._first) < 8 and (data := self._run.read(8 - len(self._first))):
            self._first += data
        if len(self._first) == 8 and self._first[1:4] == _SKIPPED and self._first[0] & 0xF0 == 0x50:
            left = int.from_bytes(self._first[4:], "little")
            self._first = b""
            while left and (data := self._run.read(min(left, CHUNK))):
                left -= len(data)

    def _given(self, size: int) -> bytes:
        data, self._first = self._first, b""
        return data or self._run.read(size)
