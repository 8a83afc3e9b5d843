"""Files of old Macintoshes: AppleSingle, AppleDouble (RFC 1740) and BinHex 4.0 (RFC 1741)."""

import binascii
import re
import struct
from dataclasses import dataclass

_SINGLE, _DOUBLE = 0x00051600, 0x00051607
_DATA, _RESOURCE, _NAME = 1, 2, 3
_MOST_ENTRIES = 100
_HEAD = b"(This file must be converted with BinHex"
_HQX = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes.maketrans(_HQX, _BASE64)
_STRANGE = re.compile(rb"[^" + re.escape(_HQX) + rb"\s]")
_MOST = 256 << 20


@dataclass(frozen=True, slots=True)
class Forks:
    """A file's two forks; `data` is None where it lies beside, as a part of its own."""

    name: bytes
    data: bytes | None
    resource: int  # its size


def applefile(data: bytes) -> Forks | None:
    """The forks of an AppleSingle or AppleDouble file; None where the bytes are none."""
    if len(data) < 26:
        return None
    magic, count = struct.unpack_from(">I20xH", data)
    if magic not in (_SINGLE, _DOUBLE) or count > _MOST_ENTRIES:
        return None
    found: dict[int, bytes] = {}
    for number in range(count):
        if len(data) < 26 + 12 * (number + 1):
            return None
        kind, at, size = struct.unpack_from(">III", data, 26 + 12 * number)
        if at + size > len(data):
            return None
        found.setdefault(kind, data[at : at + size])
    return Forks(found.get(_NAME, b""), found.get(_DATA), len(found.get(_RESOURCE, b"")))


def binhex(data: bytes) -> Forks | None:
    """The forks of a BinHex file; None where the bytes are none, or not whole and sound."""
    at = data.find(_HEAD)
    start = data.find(b":", at + len(_HEAD)) if at >= 0 else -1
    end = data.find(b":", start + 1)
    if start < 0 or end < 0:
        return None
    packed = data[start + 1 : end]
    if _STRANGE.search(packed):
        return None
    packed = packed.translate(_TO_BASE64, b" \t\r\n")
    packed = packed[: len(packed) - (len(packed) % 4 == 1)]
    return _binhex_forks(_expanded(binascii.a2b_base64(packed + b"=" * (-len(packed) % 4))))


def _expanded(data: bytes) -> bytes:
    """Runs undone: 0x90 and a count after a byte; 0x90 0x00 is 0x90 itself.

    Empty where it grows past all measure.
    """
    out = bytearray()
    at = 0
    while (mark := data.find(b"\x90", at)) >= 0 and mark + 1 < len(data):
        out += data[at:mark]
        count = data[mark + 1]
        if count == 0:
            out.append(0x90)
        elif out:
            out += out[-1:] * (count - 1)
        if len(out) > _MOST:
            return b""
        at = mark + 2
    return bytes(out + data[at:])


def _binhex_forks(data: bytes) -> Forks | None:
    """Header, data fork and resource fork, each with its checksum behind it."""
    if not data or len(data) < (length := data[0] + 20) + 2:
        return None
    sizes: tuple[int, int] = struct.unpack_from(">II", data, length - 8)
    at = length + 2
    if not _is_sound(data, 0, length) or not _is_sound(data, at, sizes[0]):
        return None
    return Forks(data[1 : 1 + data[0]], data[at : at + sizes[0]], sizes[1])


def _is_sound(data: bytes, at: int, size: int) -> bool:
    end = at + size
    if len(data) < end + 2:
        return False
    checksum: int = struct.unpack_from(">H", data, end)[0]
    return binascii.crc_hqx(data[at:end], 0) == checksum
