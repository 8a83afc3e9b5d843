"""Tell text that was spoilt before it came here: read in a charset that it was not in.

Bytes of UTF-8 read as Windows-1252, Windows-1251, KOI8-R, cp866 or Mac Roman give strange pairs
that go back to letters the same way; Cyrillic read as Windows-1252 gives words of accents alone.
"""

import re
from collections import Counter
from dataclasses import dataclass

_LOOKED_AT = 2_000_000
_RUN = re.compile(r"[^\x00-\x7f]{2,60}")
# How the leading byte of a two- or three-byte letter looks in each charset, before another sign.
_CP1252 = {each: bytes((each,)).decode("cp1252", "ignore") or chr(each) for each in range(128, 256)}
_TO_BYTES = {letter: at for at, letter in _CP1252.items()} | {chr(at): at for at in range(128, 160)}
_OTHERS = ("cp1251", "koi8_r", "cp866", "mac_roman")
# Closing marks stand behind a capital with an accent in good text too.
_QUOTES = frozenset("»«”“’‘…—–\xa0›‹")
_ACCENTS = re.compile(r"(?<![A-Za-z\u0100-\uffff])[\u00c0-\u00ff]{4,30}(?![A-Za-z\u0100-\uffff])")
_FEW = 3
"""So many spoilt places are beyond chance."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """How many places look spoilt, and the charset that the text was wrongly read in."""

    count: int
    charset: str


def find_mojibake(text: str) -> Spoilt | None:
    """What is spoilt in a text beyond chance; None where nothing is."""
    if text.isascii():
        return None
    head = text[:_LOOKED_AT]
    found: Counter[str] = Counter()
    for run in _RUN.findall(head):
        for charset, weight in _spoilt(run):
            found[charset] += weight
    if found:
        charset, count = found.most_common(1)[0]
        if count >= _FEW:
            return Spoilt(count, charset)
    return _accents(head)


def _spoilt(run: str) -> list[tuple[str, int]]:
    """Charsets by which a run goes back to UTF-8, with how much that weighs."""
    found = []
    if (weight := _western(run)) > 0:
        found.append(("cp1252", weight))
    for charset in _OTHERS:
        try:
            back = run.encode(charset).decode("utf-8")
        except UnicodeError:
            continue
        if _is_plain(back) and (len(back) > 1 or charset != "cp1251"):
            found.append((charset, len(back)))
    return found


def _is_plain(back: str) -> bool:
    """Whether what comes out is Latin, Greek or Cyrillic letters, among usual marks.

    Good Cyrillic read by cp866 goes back to signs of three bytes from anywhere.
    """
    usual = all(each < "\u0530" or "\u2010" <= each <= "\u2122" for each in back)
    return usual and back.isprintable() and any(each.isalpha() for each in back)


def _western(run: str) -> int:
    """Letters of UTF-8 within a run that was read as Windows-1252; two-byte ones count one."""
    data = [_TO_BYTES.get(each, -1) for each in run]
    count, at = 0, 0
    while at < len(data) - 1:
        first = data[at]
        if 0xE0 <= first <= 0xEF and at + 2 < len(data) and _trails(data[at + 1 : at + 3]):
            count += _FEW
            at += 3
        elif (
            0xC2 <= first <= 0xDF and _trails(data[at + 1 : at + 2]) and run[at + 1] not in _QUOTES
        ):
            count += 1
            at += 2
        else:
            at += 1
    return count


def _trails(data: list[int]) -> bool:
    return all(0x80 <= each <= 0xBF for each in data)


def _accents(text: str) -> Spoilt | None:
    """Words of accented letters alone, as no language has them: 8-bit Cyrillic or Greek."""
    words = _ACCENTS.findall(text)
    lower = [each for each in words if each[1:].islower() or each.isupper()]
    if len(lower) < _FEW or len(lower) * 2 < len(words):
        return None
    return Spoilt(len(lower), "cp1252")
