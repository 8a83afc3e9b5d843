"""The charset of text that declares none and is not UTF-8: by what makes the likeliest letters.

Each charset that can decode the bytes at all is scored: how likely are its letters, each behind
the one before it, in the language that it suits best (ingest/letters.txt, made by bench.letters).
Scores are in tenths of nats, so that charsets of one and of two bytes a letter compare.
"""

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_SAMPLE = 4000
"""So many bytes, taken around those that are not ASCII, are looked at."""
_AROUND = re.compile(
    rb"[\x21-\x7e]{0,2}[\x80-\xff](?:[\x00-\x7f]{0,3}[\x80-\xff])*[\x21-\x7e]{0,2}"
)
_WESTERN = "fr de es pt it nl sv da no fi is ca sq"
_CENTRAL = "pl cs sk hu sl hr ro de sq"
_CYRILLIC = "ru uk bg sr mk be"
# Charset: languages, and how much the score of one that is rarer among old files is put back.
_SINGLE: dict[str, tuple[str, int]] = {
    "cp1252": (_WESTERN, 0),
    "cp1250": (_CENTRAL, 20),
    "cp1251": (_CYRILLIC, 20),
    "cp1253": ("el", 20),
    "cp1254": ("tr", 20),
    "cp1255": ("he", 20),
    "cp1256": ("ar fa ur", 20),
    "cp1257": ("lt lv et", 20),
    "cp1258": ("vi", 20),
    "cp874": ("th", 20),
    "koi8_r": ("ru bg", 25),
    "koi8_u": ("uk", 30),
    "iso8859_2": (_CENTRAL, 30),
    "iso8859_5": (_CYRILLIC, 30),
    "iso8859_6": ("ar", 30),
    "iso8859_7": ("el", 30),
    "iso8859_8": ("he", 30),
    "cp866": ("ru uk bg be", 45),
    "mac_cyrillic": (_CYRILLIC, 70),
    "cp850": (_WESTERN, 70),
    "cp852": (_CENTRAL, 70),
    "mac_roman": (_WESTERN, 70),
    "mac_greek": ("el", 70),
}
_DOUBLE: dict[str, tuple[str, int]] = {
    "cp932": ("ja", 20),
    "euc_jp": ("ja", 20),
    "gb18030": ("zh", 20),
    "big5hkscs": ("zh", 20),
    "cp949": ("ko", 20),
}
_ESCAPES = (
    (re.compile(rb"\x1b\$(?:[@B]|\([D@B])|\x1b\([IJ]"), "iso2022_jp_ext"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}"), "hz"),
)
_ASCII, _UNSEEN, _CONTROL = 34, 110, 180
_MARKS = dict.fromkeys("’‘“”„‚–—…«»°§©®™·•€£", 62) | dict.fromkeys(
    "\xa0、。，「」・ー！？：；（）", 45
)
_MARGIN = 25
_FEW = 1
"""With so few letters beyond ASCII, or fewer, much more must speak against Windows-1252."""
_BEYOND = bytes(range(128, 256))
_CASE = 60
"""A small letter followed by a capital within a word."""
_STRANGER = 40
"""Letters of two scripts side by side."""
_PART = 1 << 18


@dataclass(slots=True)
class _Language:
    singles: dict[str, int] = field(default_factory=dict)
    pairs: dict[str, int] = field(default_factory=dict)


@cache
def _languages() -> dict[str, _Language]:
    """The letters of all languages that are written in alphabets, and signs of the others."""
    found = {}
    text = files("ingest").joinpath("letters.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        name, *grams = line.split(" ")
        language = found[name] = _Language()
        if name in ("ja", "zh", "ko"):
            language.singles = dict.fromkeys(grams[0], 62)
            continue
        for each in grams:
            gram = each.rstrip("0123456789")
            table = language.singles if len(gram) == 1 else language.pairs
            table[gram] = int(each[len(gram) :])
    return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """A charset; `sure` where it stands well before every other that reads otherwise."""

    charset: str
    sure: bool


def by_escapes(data: bytes) -> str | None:
    """A charset of seven bits that tells itself by its escapes (RFC 1468, 1557, 1843)."""
    for pattern, charset in _ESCAPES:
        if pattern.search(data[:65536]) and _decoded(data, charset) is not None:
            return charset
    return None


def by_letters(data: bytes) -> Evidence | None:
    """The likeliest charset of 8-bit text; None where nothing fits."""
    if (ebcdic := _ebcdic(data)) is not None:
        return Evidence(ebcdic, sure=True)
    part = data[:_PART]
    whole = b" ".join(_AROUND.findall(part))
    sample = whole[:_SAMPLE]
    if not sample:
        return None
    scores: dict[str, int] = {}
    pairs = _byte_pairs(sample)
    for charset, (names, put_back) in _SINGLE.items():
        score = _score_single(pairs, charset, names)
        if score is not None and (charset == "cp1252" or _decoded(part, charset) is not None):
            scores[charset] = score + put_back
    for charset, (name, put_back) in _DOUBLE.items():
        text = _decoded(part, charset, cut=len(data) > _PART)
        if text is not None:
            share = len(sample) / len(whole)
            scores[charset] = round(_score_double(text, name) * share) + put_back
    return _best(scores, sample)


def _best(scores: dict[str, int], sample: bytes) -> Evidence | None:
    if not scores:
        return None
    order = sorted(scores, key=lambda each: scores[each])
    first = order[0]
    rival = next((each for each in order[1:] if _differs(sample, first, each)), None)
    beyond = len(sample) - len(sample.translate(None, _BEYOND))
    margin = _MARGIN if beyond > _FEW else 3 * _MARGIN
    lead = margin if rival is None else scores[rival] - scores[first]
    if first != "cp1252" and scores.get("cp1252", 1 << 30) <= scores[first] + margin:
        return Evidence("cp1252", sure=False)
    return Evidence(first, sure=lead >= margin)


def _differs(sample: bytes, one: str, other: str) -> bool:
    return sample.decode(one, "replace") != sample.decode(other, "replace")


def _decoded(data: bytes, charset: str, *, cut: bool = False) -> str | None:
    try:
        decoder = codecs.getincrementaldecoder(charset)()
        return decoder.decode(data, final=not cut)
    except (UnicodeError, ValueError):
        return None


def _byte_pairs(sample: bytes) -> Counter[tuple[int, int]]:
    """How often each byte stands behind which; pairs of ASCII alone are left out."""
    found = Counter(zip(b" " + sample, sample + b" ", strict=True))
    return Counter({pair: n for pair, n in found.items() if pair[0] > 127 or pair[1] > 127})


def _score_single(pairs: Counter[tuple[int, int]], charset: str, names: str) -> int | None:
    """The cost of the letters in the best of the languages; None where a byte means nothing."""
    table = [bytes((each,)).decode(charset, "replace") for each in range(256)]
    if charset == "cp1252":  # what it leaves open are C1 controls, as browsers have it
        table = [chr(at) if each == "\ufffd" else each for at, each in enumerate(table)]
    cost, letters = 0, []
    for (first, second), count in pairs.items():
        one, two = table[first], table[second]
        if two == "\ufffd":
            return None
        if second > 127 and not two.isalpha() and not _joins(two):
            cost += count * (_CONTROL if two < "\xa0" else _MARKS.get(two, _UNSEEN))
        elif second > 127 or (first > 127 and one.isalpha()):
            letters.append((one, two, count))
    return cost + min(_cost(letters, _languages()[name]) for name in names.split())


def _joins(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f" or "\u0e31" <= letter <= "\u0e4e"


def _cost(letters: list[tuple[str, str, int]], language: _Language) -> int:
    cost = 0
    for one, two, count in letters:
        first = one.lower() if one.isalpha() or _joins(one) else "_"
        second = two.lower() if two.isalpha() or _joins(two) else "_"
        each = language.pairs.get(first + second)
        if each is None:
            each = min(_UNSEEN, language.singles.get(second, 90) + 22)
            if second == "_":
                each = 60
        if one.islower() and two.isupper():
            each += _CASE
        if "_" not in (first, second) and (one < "\u0370") != (two < "\u0370"):
            each += _STRANGER
        cost += each * count
    return cost


def _score_double(text: str, name: str) -> int:
    """The cost of the signs of a double-byte charset."""
    common = _languages()[name].singles
    cost, before = 0, " "
    for each in text:
        if not each.isascii():
            cost += _sign(each, name, common)
            if before.isascii() and before.isalpha():
                cost += _STRANGER
        elif each.isalpha() and not before.isascii():
            cost += _STRANGER
        before = each
    return cost


def _sign(each: str, name: str, common: dict[str, int]) -> int:
    if each in common:
        return common[each]
    if each in _MARKS:
        return _MARKS[each]
    if "\u3041" <= each <= "\u30ff":
        return 45 if name == "ja" else 130
    if "\uac00" <= each <= "\ud7a3":
        return (66 if _is_usual(each, "euc_kr") else 160) if name == "ko" else 200
    if "\uff61" <= each <= "\uff9f":
        return 90
    if "\u4e00" <= each <= "\u9fff":
        return _ideograph(each, name)
    return 130 if each.isprintable() else 250


def _ideograph(each: str, name: str) -> int:
    """Whether a sign is on the first level of a national set, which holds the usual ones."""
    if name == "ja":
        return 80 if _lead(each, "euc_jp") <= 0xCF else 130
    if name == "ko":
        return 120
    if _lead(each, "gb2312") <= 0xD7 or _lead(each, "big5") <= 0xC6:
        return 84
    return 130


@cache
def _lead(each: str, charset: str) -> int:
    try:
        return each.encode(charset)[0]
    except UnicodeEncodeError:
        return 256


def _is_usual(each: str, charset: str) -> bool:
    return _lead(each, charset) < 256


def _ebcdic(data: bytes) -> str | None:
    """EBCDIC, whose blank is 0x40: nearly all of it is then letters, digits, marks and blanks."""
    head = data[:4000]
    if head.count(0x40) < len(head) * 0.08 or head.count(0x20) > len(head) * 0.01:
        return None
    text = head.decode("cp500")
    usual = sum(
        1 for each in text if each.isascii() and (each.isprintable() or each in "\r\n\t\x85")
    )
    letters = sum(1 for each in text if each.isascii() and each.isalpha())
    return "cp500" if usual > len(head) * 0.95 and letters > len(head) * 0.5 else None
