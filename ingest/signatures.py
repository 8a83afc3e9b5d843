"""Archives told by their first bytes, those at least that have no short type of their own."""

import re
import struct
import zlib
from dataclasses import dataclass

_ISO = 32768
_SECTOR = 2048
_ZLIB_SURE = 1 << 15
_MOST_LZMA = 1 << 40


@dataclass(frozen=True, slots=True)
class Format:
    """A format of archives: our name for it and its MIME type."""

    name: str
    mime: str


_CAB = Format("cab", "application/vnd.ms-cab-compressed")
_FIXED = (
    (b"MSCF\0\0\0\0", _CAB),
    (b"\xed\xab\xee\xdb", Format("rpm", "application/x-rpm")),
    (b"xar!\0\x1c", Format("xar", "application/x-xar")),
    (b"\x1f\x9d", Format("compress", "application/x-compress")),
    (b"LZIP\x01", Format("lzip", "application/x-lzip")),
    (b"\x04\x22\x4d\x18", Format("lz4", "application/x-lz4")),
    (b"\x02\x21\x4c\x18", Format("lz4", "application/x-lz4")),
    (b"MSWIM\0\0\0", Format("wim", "application/x-ms-wim")),
    (b"StuffIt (c)1997", Format("stuffit", "application/x-stuffitx")),
)
# Those whose first bytes may also begin a text, and what more of them shows.
_PATTERNS = (
    (re.compile(rb"!<arch>\n.{58}`\n", re.S), Format("ar", "application/x-archive")),
    (re.compile(rb"07070[12][0-9A-Fa-f]{104}"), Format("cpio", "application/x-cpio")),
    (re.compile(rb"070707[0-7]{70}"), Format("cpio", "application/x-cpio")),
    (
        re.compile(rb"..-(?:lh[0-9dx]|lz[s45]|pm[0-2s])-.{13}[\0-\x03]", re.S),
        Format("lha", "application/x-lzh-compressed"),
    ),
    (re.compile(rb".{7}\*\*ACE\*\*", re.S), Format("ace", "application/x-ace-compressed")),
    (re.compile(rb"ZOO .{16}\xdc\xa7\xc4\xfd", re.S), Format("zoo", "application/x-zoo")),
    (re.compile(rb"SIT!.{6}rLau", re.S), Format("stuffit", "application/x-stuffit")),
)
_DEBIAN = Format("ar", "application/vnd.debian.binary-package")
_ARJ = Format("arj", "application/x-arj")
_ISO_9660 = Format("iso", "application/x-iso9660-image")
_UDF = Format("udf", "application/x-udf-image")
_CPIO = Format("cpio", "application/x-cpio")
_LZMA = Format("lzma", "application/x-lzma")
_ZLIB = Format("zlib", "application/zlib")


def archive_format(head: bytes) -> Format | None:
    """The format of an archive from the first 64 KiB of it; None for what is none of these."""
    for signature, found in _FIXED:
        if head.startswith(signature):
            return found
    for pattern, found in _PATTERNS:
        if pattern.match(head):
            return _DEBIAN if head.startswith(b"!<arch>\ndebian-binary") else found
    if _is_arj(head):
        return _ARJ
    if _is_old_cpio(head):
        return _CPIO
    if head[_ISO + 1 : _ISO + 6] == b"CD001":
        return _ISO_9660
    if has_udf(head):
        return _UDF
    if _is_lzma(head):
        return _LZMA
    return _ZLIB if _is_zlib(head) else None


def has_udf(head: bytes) -> bool:
    """Whether an image of a disc is of UDF, be it beside ISO 9660 (ECMA-167 3/9.1)."""
    starts = range(_ISO, len(head) - 6, _SECTOR)
    return any(head[at + 1 : at + 5] == b"NSR0" for at in starts)


def _is_arj(head: bytes) -> bool:
    """Its first header is up to 2600 bytes and has its checksum behind it."""
    if len(head) < 12 or head[:2] != b"\x60\xea":
        return False
    size = struct.unpack_from("<H", head, 2)[0]
    if not 30 <= size <= 2600 or len(head) < 8 + size:
        return False
    return zlib.crc32(head[4 : 4 + size]).to_bytes(4, "little") == head[4 + size : 8 + size]


def _is_old_cpio(head: bytes) -> bool:
    """Binary headers of 26 bytes: a magic number in either order, a name that ends with a zero."""
    for order in "<>":
        if len(head) < 26 or struct.unpack_from(f"{order}H", head)[0] != 0o70707:
            continue
        mode, length = struct.unpack_from(f"{order}6xH12xH", head)
        name = head[26 : 26 + length]
        if 1 < length <= 4096 and name[-1:] == b"\0" and b"\0" not in name[:-1] and mode >> 12:
            return True
    return False


def _is_lzma(head: bytes) -> bool:
    """The usual properties, a dictionary of a power of two, a size that can be, a first byte 0."""
    if len(head) < 18 or head[:3] != b"\x5d\0\0" or head[13]:
        return False
    dictionary, size = struct.unpack_from("<IQ", head, 1)
    usual: bool = dictionary & (dictionary - 1) == 0 or dictionary % 3 == 0
    return usual and bool(size == (1 << 64) - 1 or size < _MOST_LZMA)


def _is_zlib(head: bytes) -> bool:
    """A header by RFC 1950, and what follows unpacks: to its end, or for quite a while."""
    if len(head) < 8 or head[0] & 0x8F != 8 or (head[0] << 8 | head[1]) % 31 or head[1] & 0x20:
        return False
    inflating = zlib.decompressobj()
    try:
        found = inflating.decompress(head, _ZLIB_SURE)
    except zlib.error:
        return False
    return inflating.eof or len(found) == _ZLIB_SURE
