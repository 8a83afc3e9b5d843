"""7z archives: headers read here, folders unpacked by 7-Zip, every member checked here.

7-Zip is given the archive between a head and a tail of our own making (`archive_of`), so that it
meets no name of the archive, unpacks only what it is to, and gives one stream that is cut up
here by sizes and proved by checksums.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from ingest.external import Running, SilentError
from ingest.flow import Flow, Run
from ingest.joined import missing_of, missing_text, opened, volumes_of
from ingest.members import CHUNK, BombError, Member, Opening, Spool, locked
from ingest.passwords import opened_by
from ingest.selfextract import archive_within
from ingest.sevenzip_headers import (
    MOST_HEADER,
    START,
    DamagedError,
    File,
    Folder,
    archive_of,
    encoded,
    parse,
    read_start,
)
from ingest.sevenzip_tool import PACKAGE, TOOL, SevenZip, probe, trouble_of, unpack
from ingest.unpacking import Entry, Unpacking, windows_time
from ingest.unwrapped import Unwrapped, wrapped
from records.codes import Code
from records.notes import Note

_MOST_WRAPPINGS = 4
_REPARSE_POINT = 0x400
_MOST_LOCKED = 20


class _LockedError(Exception):
    """No password of the list opens it."""


def expand_7z(opening: Opening) -> Iterator[Member | Note]:
    """The members of a 7z archive in its order; a `Note` among them is about the archive itself.

    Of a damaged one come the members whose checksums are right, and of the others what could be
    read. Every password is tried on what is encrypted, the one that was right last first.
    """
    program = probe()
    unpacking = Unpacking(opening, TOOL, program.version if program else "absent")
    if program is None:
        text = f"There is no 7-Zip to open it with: install it with 'apt-get install {PACKAGE}'"
        yield unpacking.exception(Code.UNSUPPORTED, text)
        return
    absent = missing_of(opening)
    if absent:
        text = missing_text(absent, opening)
        yield unpacking.exception(Code.VOLUME_MISSING, text)
    with opened(opening) as file:
        archive = _Archive(unpacking, program, file)
        try:
            yield from unpacking.members(archive.entries())
        finally:
            archive.close()


class _Archive:
    """One archive: its headers, the run of 7-Zip that is under way, the password that fits."""

    def __init__(self, unpacking: Unpacking, program: SevenZip, file: BinaryIO) -> None:
        self._unpacking, self._opening = unpacking, unpacking.opening
        self._program = program
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        within = archive_within(file)
        self._begin = within[1] if within and within[0] == "7z" else 0
        self._origin = self._begin + START
        self._folders: list[Folder] = []
        self._passwords: list[str | None] = [*self._opening.passwords]
        self._flow: Flow | None = None
        self._alone: int | None = None  # the folder that is unpacked apart from its neighbours
        self._proved = False  # that the first of the passwords opened something
        self._locked: set[int] = set()  # folders that none of them opened

    def close(self) -> None:
        """End what is under way."""
        if self._flow is not None:
            self._flow.run.close()
            self._flow = None

    def entries(self) -> Iterator[Entry | Note]:
        """All that the archive holds, folders left out."""
        try:
            header = self._header()
            if header is None:
                return
            self._folders, files = parse(header)
            yield from self._behind()
            yield from self._entries(files)
        except _LockedError:
            text = locked(len(self._opening.passwords), "Encrypted with its list of names")
            yield self._unpacking.exception(Code.ENCRYPTED, text)
        except DamagedError as error:
            text = f"The archive's header cannot be read: {error}"
            yield self._unpacking.exception(self._damage(), text)
        except SilentError as error:
            yield self._unpacking.exception(Code.TIMEOUT, f"7-Zip was ended: {error}")

    def _behind(self) -> Iterator[Note]:
        """What stands behind the header is no part of the archive; a person may want to look."""
        self._file.seek(self._begin)
        start = read_start(self._file.read(START))
        left = self._size - self._origin - start.at - start.size
        if left:
            text = f"{left} bytes stand behind the archive's end, and were not looked at"
            yield self._unpacking.warning(Code.PARTIAL, text)

    def _damage(self) -> Code:
        self._file.seek(self._begin)
        try:
            start = read_start(self._file.read(START))
        except DamagedError:
            return Code.TRUNCATED if self._size < self._origin else Code.CORRUPT
        beyond = self._origin + start.at + start.size > self._size
        return Code.TRUNCATED if beyond else Code.CORRUPT

    def _header(self) -> bytes | None:
        """The header as it is when nothing packs it; None of an empty archive."""
        self._file.seek(self._begin)
        start = read_start(self._file.read(START))
        if not start.size and not start.at:
            return None
        if start.size > MOST_HEADER or self._origin + start.at + start.size > self._size:
            raise DamagedError("it lies beyond the archive's end")
        self._file.seek(self._origin + start.at)
        header, crc = self._file.read(start.size), start.crc
        for _ in range(_MOST_WRAPPINGS):
            if zlib.crc32(header) != crc:
                raise DamagedError("its checksum is wrong")
            packed = encoded(header)
            if packed is None:
                return header
            header = self._unpacked(packed)
            crc = zlib.crc32(header) if packed.crc is None else packed.crc
        raise DamagedError("it is packed more than once")

    def _unpacked(self, folder: Folder) -> bytes:
        if folder.size > MOST_HEADER:
            raise DamagedError("it is larger than any that is made in good faith")
        self._folders = [folder]
        if folder.encrypted:
            self._proved = self._proves(0)
            if not self._proved:
                raise _LockedError
            self._locked.clear()
        with self._run([folder], self._passwords[0] if folder.encrypted else None) as run:
            data = bytearray()
            while len(data) <= folder.size and (chunk := run.read(CHUNK)):
                data += chunk
        self._alone = None
        return bytes(data)

    def _entries(self, files: Iterator[File]) -> Iterator[Entry | Note]:
        taken = [0] * len(self._folders)
        for file in files:
            number = file.folder
            index = 0
            if number is not None:
                index = taken[number]
                taken[number] += 1
            if not (file.is_folder or _is_folder(file)):
                yield self._entry(file, index)
        left = sum(len(each.streams) for each in self._folders) - sum(taken)
        if left:
            text = f"It holds {left} members that its list of names lacks"
            yield self._unpacking.exception(Code.CORRUPT, text)

    def _entry(self, file: File, index: int) -> Entry:
        mode = (file.attributes or 0) >> 16 if (file.attributes or 0) & 0x8000 else 0
        kind = stat.S_IFMT(mode)
        linked = kind == stat.S_IFLNK or bool((file.attributes or 0) & _REPARSE_POINT)
        return Entry(
            name_bytes=file.name or _stem(self._opening.name_bytes),
            size=file.size,
            modified_at=windows_time(file.modified),
            fill=lambda spool: self._fill(file, index, spool),
            link=self._target(file, index) if linked else None,
            special=kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK) or file.is_anti,
        )

    def _target(self, file: File, index: int) -> bytes:
        if file.size > CHUNK or self._opening.budget.ended:
            return b""
        spool = Spool()
        try:
            self._fill(file, index, spool)
            return spool.stream().read()
        except BombError:
            return b""
        finally:
            spool.close()

    def _fill(self, file: File, index: int, spool: Spool) -> Note | None:
        if file.folder is None or not file.size:
            return None
        folder = self._folders[file.folder]
        unknown = folder.methods - self._program.methods
        if unknown and wrapped(folder, self._program.methods) is None:
            names = ", ".join(sorted(each.hex() for each in unknown))
            text = f"7-Zip {self._program.version} does not know its method {names}"
            return self._unpacking.exception(Code.UNSUPPORTED, text)
        try:
            if self._alone != file.folder:
                flow = self._positioned(file.folder, index, alone=self._needs_care(folder))
                if flow is not None and self._read(flow, file, spool):
                    return None
                spool.clear()
            return self._fill_alone(file, index, spool)
        except SilentError as error:
            self.close()
            return self._unpacking.exception(Code.TIMEOUT, f"7-Zip was ended: {error}")

    def _fill_alone(self, file: File, index: int, spool: Spool) -> Note | None:
        """From a run over its folder only: what is wrong there, no other folder can mend."""
        assert file.folder is not None
        flow = self._positioned(file.folder, index, alone=True)
        if flow is None:
            text = locked(len(self._opening.passwords))
            return self._unpacking.exception(Code.ENCRYPTED, text)
        if self._read(flow, file, spool):
            return None
        if spool.size == file.size:
            return self._unpacking.exception(Code.CORRUPT, "Its checksum is wrong")
        trouble = trouble_of(*flow.run.ended())
        code, text = trouble or (Code.CORRUPT, "7-Zip gave less than the archive promises")
        return self._unpacking.exception(code, text)

    def _read(self, flow: Flow, file: File, spool: Spool) -> bool:
        """Whether all came out, and is right as far as can be told."""
        spool.fill(flow.stretch(file.size), self._opening.budget)
        flow.passed()
        return spool.size == file.size and file.crc in (None, spool.crc)

    def _positioned(self, folder: int, index: int, *, alone: bool) -> Flow | None:
        """The run of 7-Zip, to go on at that stream; None where no password opens it."""
        flow = self._flow
        going = flow is not None and flow.covers(folder, index)
        if flow is None or not going or (alone and self._alone != folder):
            self.close()
            password: str | None = None
            if self._folders[folder].encrypted:
                if not self._proved or alone:
                    self._proved = self._proves(folder) or self._proved
                if not self._proved:
                    return None
                password = self._passwords[0]
            row = range(folder, folder + 1) if alone else self._row(folder)
            self._alone = folder if alone else None
            flow = Flow(self._started(row, password), self._sizes(), row)
            self._flow = flow
        flow.skip_to(folder, index)
        return flow

    def _sizes(self) -> list[list[int]]:
        return [[size for size, _ in each.streams] for each in self._folders]

    def _row(self, first: int) -> range:
        """Folders from there on that one run can unpack, each provable by its checksums."""
        last = first
        while (
            last + 1 < len(self._folders)
            and not self._needs_care(self._folders[last + 1])
            and self._folders[last + 1].encrypted == self._folders[first].encrypted
        ):
            last += 1
        return range(first, last + 1)

    def _needs_care(self, folder: Folder) -> bool:
        """Whether not all that comes out of a folder can be proved to be its own."""
        unproved = any(crc is None and size for size, crc in folder.streams)
        return unproved or not folder.streams or bool(folder.methods - self._program.methods)

    def _proves(self, folder: int) -> bool:
        """Whether a password opens a folder, as its first checksum shows; it then stands first.

        Where none has opened so many folders, none is tried on the others: each trial is slow
        by design.
        """
        if folder in self._locked or (not self._proved and len(self._locked) >= _MOST_LOCKED):
            return False
        for number, password in enumerate(self._passwords):
            run = self._started(range(folder, folder + 1), password)
            try:
                if self._is_right(run, self._folders[folder]):
                    self._passwords.insert(0, self._passwords.pop(number))
                    opened_by(password or "")
                    return True
            finally:
                run.close()
        self._locked.add(folder)
        return False

    def _is_right(self, run: Run, folder: Folder) -> bool:
        flow = Flow(run, [[size for size, _ in folder.streams]], range(1))
        for size, wanted in folder.streams:
            if wanted is None or not size:
                flow.skip(size)
                continue
            crc, read = 0, flow.stretch(size)
            while chunk := read(CHUNK):
                crc = zlib.crc32(chunk, crc)
            return crc == wanted
        flow.skip(folder.size)
        return run.ended()[0] == 0

    def _started(self, row: range, password: str | None) -> Run:
        """7-Zip on some folders in a row."""
        folders = [self._folders[each] for each in row]
        outside = wrapped(folders[0], self._program.methods) if len(folders) == 1 else None
        if outside is None:
            return self._run(folders, password)
        return Unwrapped(self._run([outside[0]], password), outside[1])

    def _run(self, folders: list[Folder], password: str | None) -> Running:
        head, tail = archive_of(folders, self._origin, self._size)
        scratch = self._opening.scratch
        for each in scratch.glob("part.7z.*"):
            each.unlink()
        sources = self._opening.volumes or (self._opening.path,)
        parts = [scratch / f"part.7z.{number:03}" for number in range(1, len(sources) + 3)]
        parts[0].write_bytes(head)
        for part, source, piece in zip(
            parts[1:-1], sources, volumes_of(self._opening), strict=True
        ):
            if piece.path is None:
                with part.open("wb") as gap:
                    gap.truncate(piece.size)
            else:
                part.symlink_to(source.resolve())
        parts[-1].write_bytes(tail)
        return unpack(self._program, parts[0], self._opening.limits, password)


def _is_folder(file: File) -> bool:
    return bool(file.folder is None and (file.attributes or 0) & 0x10)


def _stem(name: bytes) -> bytes:
    """What a member without a name is called: the archive's own, without its last extension."""
    base = name.replace(b"\\", b"/").rpartition(b"/")[2]
    return base.rpartition(b".")[0] or base or b"unnamed"
