"""Members of a ZIP that Python cannot unpack or not in good time, unpacked by 7-Zip.

It is given an archive of our own making that holds the one member, named by a number.
"""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ingest.external import SilentError
from ingest.members import CHUNK, BombError, Budget, Spool, locked
from ingest.passwords import in_order, opened_by
from ingest.sevenzip_tool import PACKAGE, TOOL, SevenZip, probe, trouble_of, unpack
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_KEPT_FLAGS = 0x2F  # encrypted, options of the method, data descriptor, patched data
_DESCRIBED, _LOCKED = 0x08, 0x01
_AES_METHOD, _AES, _ZIP64 = 99, 0x9901, 0x0001
_FULL = 0xFFFFFFFF


def fill(
    file: BinaryIO,
    info: zipfile.ZipInfo,
    spool: Spool,
    budget: Budget,
    limits: Limits,
    passwords: Sequence[str],
    scratch: Path,
) -> Note | None:
    """Unpack a member into the spool; what was wrong, if anything was. May raise `BombError`."""
    program = probe()
    if program is None:
        text = (
            f"It is written in a way (method {info.compress_type}) for which 7-Zip is needed: "
            f"'apt-get install {PACKAGE}'"
        )
        return exception(Code.UNSUPPORTED, text, TOOL, "absent")
    archive = scratch / "part.zip"
    try:
        write(file, info, archive)
        return _filled(program, archive, info, spool, budget, limits, passwords)
    except SilentError as error:
        return exception(Code.TIMEOUT, f"7-Zip was ended: {error}", TOOL, program.version)
    except (struct.error, ValueError) as error:
        text = f"Its header cannot be read: {error}"
        return exception(Code.CORRUPT, text, TOOL, program.version)
    finally:
        archive.unlink(missing_ok=True)


def _filled(
    program: SevenZip,
    archive: Path,
    info: zipfile.ZipInfo,
    spool: Spool,
    budget: Budget,
    limits: Limits,
    passwords: Sequence[str],
) -> Note | None:
    closed = bool(info.flag_bits & _LOCKED)
    proved_by_crc = not _aes(info.extra)
    trouble: tuple[Code, str] | None = None
    bombed = False
    for password in in_order(passwords) if closed else (None,):
        spending = Budget(info.compress_size, limits) if closed else budget
        try:
            with unpack(program, archive, limits, password) as run:
                spool.fill(run.read, spending)
                trouble = trouble_of(*run.ended())
        except BombError:
            if not closed:
                raise
            trouble, bombed = (Code.BOMB, ""), True
        right = trouble is None and spool.size == info.file_size
        if right and (not proved_by_crc or spool.crc == info.CRC):
            if password is not None:
                opened_by(password)
                budget.spend(spool.size)
            return None
        if closed:
            spool.clear()
    if bombed:
        raise BombError
    if closed:
        return exception(Code.ENCRYPTED, locked(len(passwords)), TOOL, program.version)
    code, text = trouble or (Code.CORRUPT, "Its size or checksum is wrong")
    return exception(code, text, TOOL, program.version)


def write(file: BinaryIO, info: zipfile.ZipInfo, target: Path) -> None:
    """Write an archive that holds the one member, under a name that says nothing."""
    file.seek(info.header_offset)
    local = _LOCAL.unpack(file.read(_LOCAL.size))
    if local[0] != b"PK\x03\x04":
        raise ValueError("no header stands where it should")
    file.seek(local[9] + local[10], 1)
    flags, name = info.flag_bits & _KEPT_FLAGS & ~_DESCRIBED, b"0"
    # With a descriptor behind the data, ZipCrypto is checked by the time instead of the checksum;
    # without one the checksum does: 7-Zip goes by the flag, so it stays where it matters.
    if info.flag_bits & _LOCKED and not _aes(info.extra):
        flags |= info.flag_bits & _DESCRIBED
    extra = _aes(info.extra) + _wide(info)
    sizes = tuple(
        _FULL if _is_wide(info) else each for each in (info.compress_size, info.file_size)
    )
    method = _AES_METHOD if _aes(info.extra) else info.compress_type
    raw_time = local[4]
    common = (63, flags, method, raw_time, 0x21, info.CRC, *sizes, len(name), len(extra))
    with target.open("wb") as out:
        out.write(_LOCAL.pack(b"PK\x03\x04", *common) + name + extra)
        left = info.compress_size
        while left and (data := file.read(min(CHUNK, left))):
            out.write(data)
            left -= len(data)
        if flags & _DESCRIBED:
            form = "<4sIQQ" if _is_wide(info) else "<4sIII"
            out.write(
                struct.pack(form, b"PK\x07\x08", info.CRC, info.compress_size, info.file_size)
            )
        at = out.tell()
        entry = _ENTRY.pack(b"PK\x01\x02", 63, *common, 0, 0, 0, 0, 0) + name + extra
        out.write(entry + _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(entry), at, 0))


def _is_wide(info: zipfile.ZipInfo) -> bool:
    return max(info.compress_size, info.file_size) >= _FULL


def _wide(info: zipfile.ZipInfo) -> bytes:
    if not _is_wide(info):
        return b""
    return struct.pack("<HHQQ", _ZIP64, 16, info.file_size, info.compress_size)


def _aes(extra: bytes) -> bytes:
    """The field that says how AES is used; it holds the true method."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _AES:
            return extra[at : at + 4 + size]
        at += 4 + size
    return b""
