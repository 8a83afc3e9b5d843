"""Archives that libarchive opens: cab, ar, deb, cpio, rpm, iso, lha, xar, and single files.

Its entries are read one by one in this process; nothing of them is ever written to a path.
"""

import datetime as dt
import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.compressed import inner_name
from ingest.joined import missing_of, missing_text, opened, volumes_of
from ingest.libarchive_c import PACKAGE, TOOL, ArchiveError, Reading, version
from ingest.members import Member, Opening, Spool
from ingest.unpacking import Entry, Unpacking, unix_time
from records import times
from records.codes import Code
from records.notes import Note

_FILTERS = ("gzip", "bzip2", "compress", "lzip", "lzma", "xz", "lz4", "zstd")
# Our name of a format: what libarchive calls it, and the filters it may be wrapped in.
_FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cab": ("cab", ()),
    "ar": ("ar", ()),
    "cpio": ("cpio", ()),
    "rpm": ("cpio", ("rpm", *_FILTERS)),
    "iso": ("iso9660", ()),
    "lha": ("lha", ()),
    "xar": ("xar", ()),
}
_SINGLE = {"compress": "compress", "lzip": "lzip", "lz4": "lz4", "zstd": "zstd", "lzma": "lzma"}
FORMATS = frozenset(_FORMATS) | frozenset(_SINGLE)
_FLAT = frozenset({"cpio", "rpm", "ar"})  # where a folder has no content, so what has is none
_MOST_FAILURES = 1000


def expand_libarchive(
    opening: Opening, form: str, but: frozenset[bytes] = frozenset()
) -> Iterator[Member | Note]:
    """The members of an archive of one of `FORMATS` in its order.

    A `Note` among them is about the archive itself. A hard link comes with the bytes of what
    it stands for. A compressed single file has one member, named after it. `but` are names, as
    `plain` gives them, which are left out.
    """
    own = Unpacking(opening, TOOL, version() or "absent")
    if not version():
        text = f"There is no libarchive to open it with: 'apt-get install {PACKAGE}'"
        yield own.exception(Code.UNSUPPORTED, text)
        return
    absent = missing_of(opening)
    if absent:
        text = missing_text(absent, opening)
        yield own.exception(Code.VOLUME_MISSING, text)
    archive = _Archive(own, form, _paths(opening), but)
    yield from own.members(archive.single() if form in _SINGLE else archive.entries())


def _paths(opening: Opening) -> list[Path]:
    """The volumes; in place of a missing one, zeros."""
    paths = []
    for number, piece in enumerate(volumes_of(opening)):
        path = piece.path
        if path is None:
            path = opening.scratch / f"gap-{number}"
            with path.open("wb") as gap:
                gap.truncate(piece.size)
        paths.append(path)
    return paths


class _Archive:
    """One archive and what it is read as."""

    def __init__(
        self, unpacking: Unpacking, form: str, paths: list[Path], but: frozenset[bytes]
    ) -> None:
        self._unpacking, self._opening = unpacking, unpacking.opening
        self._form, self._paths, self._but = form, paths, but
        self._has_local_dates = form == "cab" or (form == "lha" and _lha_level(paths[0]) < 2)

    def single(self) -> Iterator[Entry | Note]:
        """The one member of a compressed file."""
        try:
            reading = Reading(self._paths, ("raw",), (_SINGLE[self._form],))
        except ArchiveError as error:
            yield self._unpacking.exception(_code(error), f"It cannot be opened: {error}")
            return
        with reading:
            try:
                found, _ = reading.next()
            except ArchiveError as error:
                yield self._unpacking.exception(_code(error), f"It cannot be unpacked: {error}")
                return
            if not reading.is_filtered:
                text = f"Its beginning is damaged: it is no {_SINGLE[self._form]}"
                yield self._unpacking.exception(Code.CORRUPT, text)
            elif found:
                name = inner_name(self._opening.name_bytes)
                yield Entry(name, 0, None, lambda spool: self._fill(reading.read, spool))

    def entries(self) -> Iterator[Entry | Note]:
        """All that the archive holds, folders left out."""
        yield from self._cut()
        reading = None
        try:
            reading = self._reading()
            yield from self._walked(reading)
        except ArchiveError as error:
            text = f"The archive cannot be read to its end: {error}"
            yield self._unpacking.exception(_code(error), text)
        else:
            yield from self._unended()
        finally:
            if reading is not None:
                reading.close()

    def _reading(self) -> Reading:
        form, filters = _FORMATS[self._form]
        return Reading(self._paths, (form,), filters)

    def _walked(self, reading: Reading) -> Iterator[Entry | Note]:
        failures = number = 0
        while True:
            try:
                found, odd = reading.next()
            except ArchiveError as error:
                failures += 1
                if error.fatal or failures > _MOST_FAILURES:
                    raise
                yield self._unpacking.exception(_code(error), f"An entry was lost: {error}")
                continue
            if not found:
                return
            if odd:
                yield self._unpacking.warning(Code.CORRUPT, f"An entry is odd: {odd}")
            is_folder = stat.S_ISDIR(reading.number("filetype")) and not (
                self._form in _FLAT and reading.number("size") > 0
            )
            if not is_folder and plain(reading.name()) not in self._but:
                yield self._entry(reading, number)
            number += 1

    def _entry(self, reading: Reading, number: int) -> Entry:
        name, kind = reading.name(), reading.number("filetype")
        size, linked = reading.number("size"), reading.hardlink()
        shared = reading.number("nlink") > 1 and self._form in ("cpio", "rpm")
        return Entry(
            name_bytes=name,
            size=max(0, size),
            modified_at=self._modified_at(reading),
            fill=lambda spool: self._content(reading, spool, number, name, linked, shared),
            link=(reading.symlink() or b"") if stat.S_ISLNK(kind) else None,
            special=kind not in (0, stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR),
        )

    def _modified_at(self, reading: Reading) -> str | None:
        """The entry's date. Where it is of no known zone, the library took it for one of ours."""
        if not reading.number("mtime_is_set"):
            return None
        seconds = reading.number("mtime")
        if not self._has_local_dates:
            return unix_time(seconds)
        try:
            local = dt.datetime.fromtimestamp(seconds)  # noqa: DTZ006 - the way back
            return times.stamp(local.replace(tzinfo=dt.UTC))
        except (OverflowError, ValueError, OSError):
            return None

    def _content(
        self,
        reading: Reading,
        spool: Spool,
        number: int,
        name: bytes,
        linked: bytes | None,
        shared: bool,
    ) -> Note | None:
        """The bytes of an entry; of one without, those of the entry it is a hard link to.

        In cpio they stand with the last of all links, and the others refer to the first.
        """
        note = self._fill(reading.read, spool)
        if spool.size or note is not None or not (linked or shared):
            return note
        target = linked or name
        found = self._elsewhere(spool, number, target)
        if linked and not found:
            text = "A hard link to what is not in the archive"
            return self._unpacking.exception(Code.LINK, text)
        return None

    def _elsewhere(self, spool: Spool, number: int, target: bytes) -> bool:
        """Fill from the first other entry that has the bytes; whether there is the target."""
        met = False
        with self._reading() as reading:
            at = 0
            while True:
                try:
                    if not reading.next()[0]:
                        return met
                except ArchiveError as error:
                    if error.fatal:
                        return met
                    continue
                is_it = target in (reading.name(), reading.hardlink())
                if is_it and at != number:
                    met = True
                    if self._fill(reading.read, spool) is not None or spool.size:
                        return True
                at += 1

    def _fill(self, read: Callable[[int], bytes], spool: Spool) -> Note | None:
        try:
            spool.fill(read, self._opening.budget)
        except ArchiveError as error:
            return self._unpacking.exception(_code(error), f"It cannot be unpacked: {error}")
        return None

    def _unended(self) -> Iterator[Note]:
        """LHA ends with a header of no length, for whose lack the library does not look."""
        if self._form == "lha":
            with opened(self._opening) as file:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\0":
                    text = "It is cut off: the byte that ends it is missing"
                    yield self._unpacking.exception(Code.TRUNCATED, text)

    def _cut(self) -> Iterator[Note]:
        """Where a format says how long it is: whether it is."""
        wanted = {"cab": _cab_size, "iso": _iso_size}.get(self._form)
        if wanted is None:
            return
        with opened(self._opening) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            needed = wanted(file.read(40000))
        if size < needed:
            text = f"It is cut off: {size} bytes of {needed}"
            yield self._unpacking.exception(Code.TRUNCATED, text)


def plain(name: bytes) -> bytes:
    """A name to compare by where another tool gave it: small letters, no control characters."""
    return bytes(each if each >= 32 else 0x5F for each in name.lower())


def _lha_level(path: Path) -> int:
    """The level of an LHA archive's first header: from 2 on, times are those of Unix."""
    with path.open("rb") as file:
        head = file.read(21)
    return head[20] if len(head) == 21 else 0


def _cab_size(head: bytes) -> int:
    """cbCabinet of the header ([MS-CAB] section 2.1)."""
    return int(struct.unpack_from("<I", head, 8)[0]) if len(head) >= 36 else 36


def _iso_size(head: bytes) -> int:
    """Blocks of the volume and their size (ECMA-119 sections 8.4.8 and 8.4.12)."""
    if len(head) < 32768 + 132:
        return 0
    blocks, size = struct.unpack_from("<I44xH", head, 32768 + 80)
    return int(blocks * size)


def _code(error: ArchiveError) -> Code:
    words = str(error).lower()
    if "truncated" in words or "end of file" in words or "premature" in words:
        return Code.TRUNCATED
    if "encrypt" in words or "passphrase" in words:
        return Code.ENCRYPTED
    if "support" in words:
        return Code.UNSUPPORTED
    return Code.MEMORY if "memory" in words else Code.CORRUPT
