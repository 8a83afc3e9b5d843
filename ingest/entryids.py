"""Entry ids that say an address themselves ([MS-OXCDATA] section 2.2), and lists of entry ids."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.text import decode_text

_ONE_OFF = bytes.fromhex("812B1FA4BEA310199D6E00DD010F5402")
_WRAPPED = bytes.fromhex("C091ADD3519DCF11A4A900AA0047FAA4")
_EXCHANGE = bytes.fromhex("DCA740C8C042101AB4B908002B2FE182")
_UNICODE = 0x8000
_HEAD = 20


@dataclass(frozen=True, slots=True)
class Party:
    """A name, the kind of its address, and the address."""

    name: str
    type: str
    address: str


def party(entry: bytes, codepage: str = "cp1252") -> Party | None:
    """Whom an entry id names; None where it only points to an address book or contact."""
    provider = entry[4:_HEAD]
    if provider == _ONE_OFF and len(entry) >= _HEAD + 4:
        flags = struct.unpack_from("<H", entry, _HEAD + 2)[0]
        name, kind, address = _strings(entry[_HEAD + 4 :], bool(flags & _UNICODE), codepage)
        return Party(name, kind.upper(), address)
    if provider == _WRAPPED and len(entry) > _HEAD + 1:
        return party(entry[_HEAD + 1 :], codepage) if entry[4:20] != entry[25:41] else None
    if provider == _EXCHANGE and len(entry) > _HEAD + 8:
        raw = entry[_HEAD + 8 :].partition(b"\0")[0]
        return Party("", "EX", decode_text(raw, codepage)[0])
    return None


def _strings(data: bytes, is_unicode: bool, codepage: str) -> tuple[str, str, str]:
    """Three strings, each closed by NUL."""
    if is_unicode:
        parts = data[: len(data) & ~1].decode("utf-16-le", "replace").split("\0", 3)
    else:
        parts = [decode_text(each, codepage)[0] for each in data.split(b"\0", 3)]
    parts += ["", "", ""]
    return parts[0], parts[1], parts[2]


def flat_list(data: bytes) -> Iterable[bytes]:
    """The entry ids of a FlatEntryList ([MS-OXCDATA] section 2.3.3)."""
    if len(data) < 8:
        return
    count, at = struct.unpack_from("<I", data)[0], 8
    while count and at + 4 <= len(data):
        size = struct.unpack_from("<I", data, at)[0]
        yield data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
        count -= 1
