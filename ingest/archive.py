"""ZIP archives, opened as hostile: names, links, bombs, damage, passwords."""

import copy
import datetime as dt
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import BinaryIO

import pyzipper

from ingest.joined import missing_notes, opened, volumes_of
from ingest.members import BombError, Budget, Member, Opening, Spool, bomb_note, locked
from ingest.names import is_unsafe, shown
from ingest.passwords import forms, in_order, opened_by
from ingest.salvage import directory_size, is_header, next_header, salvage
from ingest.versions import PYTHON
from ingest.zipmethods import fill
from ingest.zipview import disk_and_count, readable
from records import times
from records.codes import Code
from records.errors import raise_if_full
from records.limits import Limits
from records.notes import Note, exception, warning

_TOOL = "zipfile"
_DAMAGE = (
    zipfile.BadZipFile,
    pyzipper.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    IndexError,
    OverflowError,
)
_MOST_DIRECTORY = 256 << 20
_LOCAL_HEADER = 30
_SLOW = 1 << 20  # encrypted bytes from which 7-Zip is asked rather than Python
_UNICODE_PATH = 0x7075
_FIRST_OF_SET = b"PK\x07\x08"
_AES_STRENGTHS = (1, 2, 3)  # 128, 192 and 256 bits
_ALL = 1 << 60


@dataclass(frozen=True, slots=True)
class _Means:
    """What members are unpacked with: the file, passwords, limits, and a folder to work in."""

    file: BinaryIO
    limits: Limits
    passwords: Sequence[str]
    budget: Budget
    scratch: Path | None


def open_zip(opening: Opening) -> Iterator[Member | Note]:
    """The members of a ZIP, or of a set of volumes; see `expand_zip`."""
    yield from missing_notes(opening)
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


def expand_zip(
    file: BinaryIO,
    packed_size: int,
    limits: Limits,
    passwords: Sequence[str],
    budget: Budget | None = None,
    scratch: Path | None = None,
    starts: Sequence[int] = (0,),
) -> Iterator[Member | Note]:
    """The members of a ZIP in its own order; a `Note` among them is about the archive itself.

    Folders are no members. Names that would leave the folder, links and special files come
    without bytes and with an exception, as do members past the limits; of one that is damaged
    comes what could be read. Equal names are all kept. Where the directory at the archive's end
    is missing, the members are salvaged from their own headers. `budget` is that of the file
    which holds this archive; without one the archive has its own. With a `scratch` folder
    7-Zip unpacks what Python cannot. `starts` are where the volumes of a set begin.
    """
    budget = budget or Budget(packed_size, limits)
    file = readable(file, starts)
    means = _Means(file, limits, passwords, budget, scratch)
    try:
        archive = _opened(file)
    except (NotImplementedError, *_DAMAGE) as error:
        code = Code.TRUNCATED if "not a zip file" in str(error) else Code.CORRUPT
        file.seek(0)
        if len(starts) == 1 and file.read(4) == _FIRST_OF_SET:
            code = Code.VOLUME_MISSING
        yield _exception(code, f"The archive's directory cannot be read: {error}")
        yield from salvage(file, limits, budget)
        return
    with archive:
        unlisted = _unlisted(file, archive)
        if unlisted is not None:
            yield _exception(Code.CORRUPT, "Its directory does not list all that is in the archive")
            yield from salvage(file, limits, budget, before=unlisted)
        if unlisted != archive.start_dir:
            yield from _odd_directory(file, archive)
            yield from _members(archive, means)


def _odd_directory(file: BinaryIO, archive: zipfile.ZipFile) -> Iterator[Note]:
    disk, count = disk_and_count(file)
    listed = len(archive.infolist())
    if disk:
        text = f"It is the last of {disk + 1} volumes, and the others are not here"
        yield _exception(Code.VOLUME_MISSING, text)
    if count >= 0 and count % 0x10000 != listed % 0x10000:
        text = f"Its directory lists {listed} members, and is said to list {count}"
        yield _exception(Code.CORRUPT, text)


def _unlisted(file: BinaryIO, archive: zipfile.ZipFile) -> int | None:
    """Up to where there are members that the directory does not list; None where there are none.

    Up to the directory itself where nothing is where it says. The program that stands before
    the members of an archive which unpacks itself is no member.
    """
    end = archive.start_dir
    listed = [each.header_offset for each in archive.infolist() if each.header_offset < end]
    first = min(listed, default=end)
    if next_header(file, 0, first) < 0:
        return None
    return first if any(is_header(file, each) for each in listed) else end


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    if directory_size(file) > _MOST_DIRECTORY:
        raise zipfile.BadZipFile("its directory is larger than any that is made in good faith")
    archive = zipfile.ZipFile(file)
    if any(each.flag_bits & 1 for each in archive.infolist()):
        return pyzipper.AESZipFile(file)  # type: ignore[no-any-return]
    return archive


def _members(archive: zipfile.ZipFile, means: _Means) -> Iterator[Member | Note]:
    limits, budget = means.limits, means.budget
    wanted = [each for each in archive.infolist() if not _is_folder(each)]
    disk, _ = disk_and_count(means.file)
    overlapping = _overlapping(wanted)
    if len(wanted) > limits.members:
        left = len(wanted) - limits.members
        text = f"{len(wanted)} members; {left} past the limit of {limits.members} were left out"
        yield _exception(Code.TOO_MANY, text)
    bombed = budget.ended
    for number, info in enumerate(wanted[: limits.members]):
        refusal = _refusal(info, number in overlapping, disk)
        if refusal is None and budget.ended:
            refusal = bomb_note(_TOOL, PYTHON)
        if refusal is not None:
            yield _without_bytes(info, refusal)
            continue
        spool = Spool()
        try:
            yield _unpacked(archive, info, means, spool)
        finally:
            spool.close()
    if budget.ended and not bombed:
        yield warning(Code.BOMB, "Unpacking stopped at the limits: a bomb", _TOOL, PYTHON)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith(("/", "\\")) and info.file_size == 0


def _overlapping(infos: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    """Indexes of the members whose bytes are also another's, by which bombs are built."""
    order = sorted(
        range(len(infos)), key=lambda each: (infos[each].volume, infos[each].header_offset)
    )
    found: set[int] = set()
    for number, following in pairwise(order):
        info = infos[number]
        end = info.header_offset + _LOCAL_HEADER + info.compress_size
        if end > infos[following].header_offset and info.volume == infos[following].volume:
            found.add(number)
    return frozenset(found)


def _refusal(info: zipfile.ZipInfo, overlaps: bool, disk: int) -> Note | None:
    """Why a member is not to be unpacked at all."""
    if is_unsafe(info.orig_filename):
        return _exception(Code.UNSAFE_PATH, "Its name leads out of the archive's folder")
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
    if kind == stat.S_IFLNK:
        return _exception(Code.LINK, "A symbolic link; recorded, not followed")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return _exception(Code.SPECIAL_FILE, "A device, socket or pipe; it holds no bytes")
    if info.volume != disk:
        return _exception(Code.VOLUME_MISSING, "It is in another volume of a set")
    if overlaps:
        return _exception(Code.BOMB, "Its bytes are also those of another member")
    return None


def _unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, means: _Means, spool: Spool
) -> Member:
    is_locked, odd = info.flag_bits & 1, None
    try:
        odd = _odd_name(means.file, info)
        if means.scratch and (odd or (is_locked and info.compress_size > _SLOW)):
            return _by_seven_zip(info, means, means.scratch, spool, odd)
        if is_locked:
            return _decrypted(archive, info, means, spool)
        if getattr(info, "wz_aes_version", None) is not None:
            text = "It is said to be encrypted in one place and not to be in another"
            return _without_bytes(info, _exception(Code.CORRUPT, text))
        plain = copy.copy(info)
        del plain.CRC  # compared below, so that what was read is not lost with the comparison
        with archive.open(plain) as member:
            spool.fill(member.read, means.budget)
    except BombError:
        return _without_bytes(info, bomb_note(_TOOL, PYTHON))
    except NotImplementedError as error:
        if means.scratch and not spool.size:
            return _by_seven_zip(info, means, means.scratch, spool, odd)
        return _without_bytes(info, _exception(Code.UNSUPPORTED, str(error)))
    except _DAMAGE as error:
        raise_if_full(error)
        return _saved(info, spool, f"It cannot be unpacked: {error}")
    if spool.crc != info.CRC:
        return _saved(info, spool, "Its checksum is wrong")
    return _member(info, spool.stream(), spool.size)


def _odd_name(file: BinaryIO, info: zipfile.ZipInfo) -> Note | None:
    """What is odd about the name in a member's own header, for which zipfile would refuse it."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
        return None
    flags, length = struct.unpack_from("<6xH18xH", header)
    if file.read(length) != _name_bytes(info):
        text = "Its own header gives it another name than the directory"
        return warning(Code.CORRUPT, text, _TOOL, PYTHON)
    if flags & ~info.flag_bits & 0x800:
        text = "Its name is said to be UTF-8 and is not"
        return warning(Code.CHARSET_GUESSED, text, _TOOL, PYTHON)
    return None


def _by_seven_zip(
    info: zipfile.ZipInfo, means: _Means, scratch: Path, spool: Spool, odd: Note | None
) -> Member:
    try:
        note = fill(means.file, info, spool, means.budget, means.limits, means.passwords, scratch)
    except BombError:
        return _without_bytes(info, bomb_note(_TOOL, PYTHON))
    notes = tuple(each for each in (odd, note) if each is not None)
    has_bytes = note is None or spool.size
    size = spool.size if has_bytes else info.file_size
    return _member(info, spool.stream() if has_bytes else None, size, *notes)


def _decrypted(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, means: _Means, spool: Spool
) -> Member:
    """Try each password; a wrong one shows by its check value, or at the end by the checksum."""
    passwords = means.passwords
    is_aes = getattr(info, "wz_aes_version", None) is not None
    if is_aes and info.wz_aes_strength not in _AES_STRENGTHS:  # type: ignore[attr-defined]
        text = "Its header names an AES key of no known length"
        return _without_bytes(info, _exception(Code.CORRUPT, text))
    whole = copy.copy(info)
    if is_aes:
        whole.file_size = _ALL  # AE-2 has no CRC: all is read, so that its MAC is compared
    for password, data in ((each, data) for each in in_order(passwords) for data in forms(each)):
        attempt = Spool()
        try:
            with archive.open(whole, pwd=data) as member:
                attempt.fill(member.read, means.budget)
            opened_by(password)
            spool.fill(attempt.stream().read, Budget(attempt.size, _NO_LIMITS))
            if spool.size != info.file_size:
                return _saved(info, spool, "It has another size than the directory says")
            return _member(info, spool.stream(), spool.size)
        except NotImplementedError:
            raise
        except (RuntimeError, *_DAMAGE):
            continue
        finally:
            attempt.close()
    return _without_bytes(info, _exception(Code.ENCRYPTED, locked(len(passwords))))


_NO_LIMITS = Limits(unpacked_mb=1 << 30, ratio=1 << 30)


def _member(info: zipfile.ZipInfo, stream: BinaryIO | None, size: int, *notes: Note) -> Member:
    raw = _name_bytes(info)
    return Member(
        shown(_unicode_path(info, raw) or raw), raw, stream, size, _modified_at(info), notes
    )


def _without_bytes(info: zipfile.ZipInfo, note: Note) -> Member:
    return _member(info, None, info.file_size, note)


def _saved(info: zipfile.ZipInfo, spool: Spool, message: str) -> Member:
    note = _exception(Code.CORRUPT, message)
    if not spool.size:
        return _without_bytes(info, note)
    return _member(info, spool.stream(), spool.size, note)


def _name_bytes(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")


def _unicode_path(info: zipfile.ZipInfo, raw: bytes) -> bytes:
    """The name in UTF-8 of the extra field 0x7075, where it goes with this name (APPNOTE 4.6.9)."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field = extra[4 : 4 + size]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            return field[5:] if struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw) else b""
        extra = extra[4 + size :]
    return b""


def _modified_at(info: zipfile.ZipInfo) -> str | None:
    """The member's date: from the UTC field 0x5455 where there is one, else as it stands.

    The plain field is in the local time of whoever packed it, which the archive does not tell;
    it is taken as UTC.
    """
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            seconds = struct.unpack_from("<i", extra, 5)[0]
            return times.stamp(dt.datetime.fromtimestamp(seconds, dt.UTC))
        extra = extra[4 + size :]
    if info.date_time <= (1980, 1, 1, 0, 0, 0):
        return None
    try:
        return times.stamp(dt.datetime(*info.date_time, tzinfo=dt.UTC))
    except ValueError:
        return None


def _exception(code: Code, message: str) -> Note:
    return exception(code, message, _TOOL, PYTHON)
