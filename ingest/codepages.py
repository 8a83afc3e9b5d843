"""Windows code pages and locales to charsets: in what the 8-bit strings of an item are."""

from collections.abc import Iterable

from ingest.mapi import INTEGER32, Property

_CODECS = {
    874: "cp874",
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "cp950",
    1361: "johab",
    10000: "mac_roman",
    10007: "mac_cyrillic",
    20127: "ascii",
    20866: "koi8_r",
    20932: "euc_jp",
    20936: "gb2312",
    21866: "koi8_u",
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50222: "iso2022_jp",
    50225: "iso2022_kr",
    51932: "euc_jp",
    51936: "gb2312",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
    38598: "iso8859_8",
}
_PLAIN = (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)
_CODECS |= {number: f"cp{number}" for number in (*_PLAIN, *range(1250, 1259))}
_CODECS |= {28590 + number: f"iso8859_{number}" for number in (*range(1, 12), 13, 14, 15)}
# Primary languages ([MS-LCID]) whose code page is not 1252.
_BY_LANGUAGE = {
    0x01: 1256, 0x02: 1251, 0x04: 936, 0x05: 1250, 0x08: 1253, 0x0D: 1255, 0x0E: 1250,
    0x11: 932, 0x12: 949, 0x15: 1250, 0x18: 1250, 0x19: 1251, 0x1A: 1250, 0x1B: 1250,
    0x1C: 1250, 0x1E: 874, 0x1F: 1254, 0x20: 1256, 0x22: 1251, 0x23: 1251, 0x24: 1250,
    0x25: 1257, 0x26: 1257, 0x27: 1257, 0x29: 1256, 0x2A: 1258, 0x2C: 1254, 0x2F: 1251,
    0x3F: 1251, 0x40: 1251, 0x44: 1251, 0x50: 1251,
}  # fmt: skip
_TRADITIONAL = frozenset({0x0404, 0x0C04, 0x1404})
_CYRILLIC_SERBIAN = frozenset({0x0C1A, 0x1C1A})
_MESSAGE_CODEPAGE, _INTERNET_CPID, _LOCALE = 0x3FFD, 0x3FDE, 0x3FF1


def codec_of(number: int | None) -> str | None:
    """The Python codec for a code page; None for one that is unknown or no 8-bit one."""
    return None if number is None else _CODECS.get(number)


def codepage_of(properties: Iterable[Property], otherwise: str = "cp1252") -> str:
    """The codec of an item's 8-bit strings, by what its own properties say."""
    found = {
        each.id: int.from_bytes(each.data[:4], "little")
        for each in properties
        if each.type == INTEGER32
        and each.id in (_MESSAGE_CODEPAGE, _INTERNET_CPID, _LOCALE)
        and isinstance(each.data, bytes)
    }
    return (
        codec_of(found.get(_MESSAGE_CODEPAGE))
        or codec_of(found.get(_INTERNET_CPID))
        or codec_of(_of_locale(found.get(_LOCALE)))
        or otherwise
    )


def _of_locale(locale: int | None) -> int | None:
    if not locale:
        return None
    if locale & 0xFFFF in _TRADITIONAL:
        return 950
    if locale & 0xFFFF in _CYRILLIC_SERBIAN:
        return 1251
    return _BY_LANGUAGE.get(locale & 0x3FF, 1252)
