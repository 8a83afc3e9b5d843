"""The head of a PST or OST file ([MS-PST] 2.2.2.6), and why a file cannot be opened."""

import struct
import zlib
from dataclasses import dataclass

from ingest.pst_crypt import CYCLIC, EDP
from records.codes import Code

MAGIC = b"!BDN"
SIZE = 564
_CLIENTS = {b"SM": "PST", b"SO": "OST", b"AB": "PAB"}


class PstError(Exception):
    """A structure that is missing or breaks the rules; the text says which."""


class OpenError(Exception):
    """The file cannot be opened at all; `code` says why in short, the text for a person."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between the three variants of the format; sizes in bytes.

    `wide` has 64-bit ids and offsets. Of a page `entries` are for its entries, and `summed` are
    what its checksum is over. `align` is what blocks are padded to, `trailer` their end. A heap's
    id has `heap_bits` below its block's number.
    """

    wide: bool
    page: int
    entries: int
    summed: int
    align: int
    trailer: int
    heap_bits: int


ANSI = Layout(False, 512, 496, 500, 64, 12, 16)
UNICODE = Layout(True, 512, 488, 496, 64, 16, 16)
UNICODE_4K = Layout(True, 4096, 4056, 4072, 512, 24, 19)
"""Outlook 2013's OST, which [MS-PST] leaves out; see libpff's description of the format."""
_LAYOUTS = {14: ANSI, 15: ANSI, 36: UNICODE_4K} | dict.fromkeys(range(16, 36), UNICODE)


@dataclass(frozen=True, slots=True)
class Header:
    """What the head says; a root is the id and the offset of a tree's topmost page."""

    client: str
    version: int
    layout: Layout
    crypt: int
    file_size: int
    nodes: tuple[int, int]
    blocks: tuple[int, int]
    is_sound: bool


def parse_header(data: bytes, size: int) -> Header:
    """Read a file's first bytes, `size` being the whole file's; raises `OpenError`."""
    if not data.startswith(MAGIC):
        if not data.strip(b"\0"):
            raise OpenError(Code.CORRUPT, _EMPTIED)
        raise OpenError(Code.CORRUPT, _NO_MAILBOX)
    if len(data) < SIZE:
        text = f"Only {size} bytes of the mailbox are there, not even its whole header. {_AGAIN}"
        raise OpenError(Code.TRUNCATED, text)
    version = struct.unpack_from("<H", data, 10)[0]
    layout = _LAYOUTS.get(version)
    if layout is None:
        text = f"Version {version} of the PST format, which is not known. {_SCANPST}"
        raise OpenError(Code.UNSUPPORTED, text)
    header = _wide(data, version, layout) if layout.wide else _narrow(data, version, layout)
    if header.crypt == EDP:
        raise OpenError(Code.ENCRYPTED, _PROTECTED)
    if header.crypt > CYCLIC:
        text = f"Unknown encryption {header.crypt}: the header is damaged. {_SCANPST}"
        raise OpenError(Code.CORRUPT, text)
    return header


_AGAIN = "Copy it again from its source while Outlook is closed"
_SCANPST = "Open it in Outlook, or mend a copy with Outlook's SCANPST"
_EMPTIED = f"The file begins with zeros where a mailbox has its header. {_AGAIN}"
_NO_MAILBOX = (
    "Not a PST or OST file: its first bytes are not those of a mailbox. Ask the source for a good "
    "copy; if the name is wrong, look at what it is"
)
_PROTECTED = (
    "Encrypted by Windows Information Protection. Ask the custodian's IT department to export the "
    "mailbox without protection, and collect that"
)


def weak_crc(data: bytes) -> int:
    """The checksum of [MS-PST] 5.3: CRC-32 that begins and ends without inversion."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _wide(data: bytes, version: int, layout: Layout) -> Header:
    size, nodes, nodes_at, blocks, blocks_at = struct.unpack_from("<Q24x4Q", data, 184)
    sound = weak_crc(data[8:524]) == struct.unpack_from("<I", data, 524)[0]
    return Header(
        _CLIENTS.get(data[8:10], "PST"),
        version,
        layout,
        data[513],
        size,
        (nodes, nodes_at),
        (blocks, blocks_at),
        sound,
    )


def _narrow(data: bytes, version: int, layout: Layout) -> Header:
    size, nodes, nodes_at, blocks, blocks_at = struct.unpack_from("<I12x4I", data, 168)
    sound = weak_crc(data[8:479]) == struct.unpack_from("<I", data, 4)[0]
    return Header(
        _CLIENTS.get(data[8:10], "PST"),
        version,
        layout,
        data[461],
        size,
        (nodes, nodes_at),
        (blocks, blocks_at),
        sound,
    )
