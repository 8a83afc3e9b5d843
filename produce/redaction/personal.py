"""Personal data on a page: numbers whose checksums fit, and addresses of mail.

The checksums are those of python-stdnum. A number without letters around it that say what it is
may still be another: the confidence tells how far its form alone speaks for it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum import iban, luhn
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.us import itin, ssn

from produce.imaging.characters import PageCharacters
from produce.redaction.finding import Hit

_NEAR = 40  # characters in which a word may say what a number is
_CARDS = re.compile(
    r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14})"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of personal data: its form, its check, and words that speak for it.

    `alone` is the confidence of form and checksum by themselves, `told` with such a word near.
    """

    name: str
    label: str
    form: re.Pattern[str]
    valid: Callable[[str], bool]
    words: re.Pattern[str]
    alone: float
    told: float


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isalnum())


def _card(text: str) -> bool:
    number = _digits(text)
    return bool(_CARDS.fullmatch(number)) and bool(luhn.is_valid(number))


def _by(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: bool(check(_digits(text)))


def _pattern(
    name: str,
    label: str,
    form: str,
    valid: Callable[[str], bool],
    said: str,
    alone: float,
    told: float,
) -> Pattern:
    whole = re.compile(rf"(?<![0-9A-Za-z])(?:{form})(?![0-9A-Za-z])", re.ASCII)
    return Pattern(name, label, whole, valid, re.compile(said, re.IGNORECASE), alone, told)


_S = r"[ \u00a0\n.-]?"  # what may part the groups of a number
_SSN = rf"\d{{3}}{_S}\d{{2}}{_S}\d{{4}}"

PATTERNS: tuple[Pattern, ...] = (
    _pattern("iban", "IBAN, checked by ISO 13616", rf"[A-Z]{{2}}\d\d(?:{_S}[0-9A-Z]){{11,30}}",
             _by(iban.is_valid), r"iban|account|konto", 0.99, 0.99),
    _pattern("card", "payment card, checked by Luhn", rf"\d(?:{_S}\d){{12,18}}",
             _card, r"card|visa|master|amex|credit|karte", 0.8, 0.97),
    _pattern("us-ssn", "US social security number", _SSN, _by(ssn.is_valid),
             r"ssn|social|soc\.? ?sec", 0.5, 0.95),
    _pattern("us-itin", "US taxpayer number", _SSN, _by(itin.is_valid),
             r"itin|taxpayer", 0.5, 0.9),
    _pattern("uk-nhs", "NHS number", rf"\d{{3}}{_S}\d{{3}}{_S}\d{{4}}", _by(nhs.is_valid),
             r"\bnhs\b", 0.2, 0.95),
    _pattern("de-idnr", "German tax number", rf"\d(?:{_S}\d){{10}}", _by(idnr.is_valid),
             r"steuer|idnr|tin", 0.4, 0.95),
    _pattern("fr-nir", "French social security number", rf"[12](?:{_S}[0-9AB]){{14}}",
             _by(nir.is_valid), r"nir|s[ée]curit[ée] sociale|insee", 0.8, 0.97),
    _pattern("es-dni", "Spanish identity number", rf"\d{{8}}{_S}[A-Z]", _by(dni.is_valid),
             r"dni|nif", 0.6, 0.95),
    _pattern("es-nie", "Spanish foreigner's number", rf"[XYZ]{_S}\d{{7}}{_S}[A-Z]",
             _by(nie.is_valid), r"nie", 0.7, 0.95),
    _pattern("it-cf", "Italian tax code", r"[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]",
             _by(codicefiscale.is_valid), r"codice|fiscale|c\.?f\.?", 0.95, 0.98),
    _pattern("nl-bsn", "Dutch citizen number", rf"\d(?:{_S}\d){{8}}", _by(bsn.is_valid),
             r"bsn|burgerservice|sofi", 0.15, 0.9),
    _pattern("email", "address of mail", r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", lambda _: True,
             r"@", 0.95, 0.95),
)  # fmt: skip
NAMES = tuple(each.name for each in PATTERNS)


def find_personal(page: PageCharacters, names: tuple[str, ...]) -> Iterator[Hit]:
    """Data of the kinds named, in order; the surer one where two lie upon each other."""
    found: list[Hit] = []
    for pattern in PATTERNS:
        if pattern.name in names:
            found += _of(pattern, page)
    found.sort(key=lambda each: (-each.confidence, each.start))
    kept: list[Hit] = []
    for hit in found:
        if all(hit.end <= each.start or each.end <= hit.start for each in kept):
            kept.append(hit)
    yield from sorted(kept, key=lambda each: each.start)


def _of(pattern: Pattern, page: PageCharacters) -> Iterator[Hit]:
    at = 0
    while found := pattern.form.search(page.text, at):
        end = _valid_end(pattern, found.group())
        if not end:
            at = found.start() + 1
            continue
        near = page.text[max(0, found.start() - _NEAR) : found.start() + end + _NEAR]
        sure = pattern.told if pattern.words.search(near) else pattern.alone
        yield Hit(found.start(), found.start() + end, pattern.name, sure)
        at = found.start() + end


def _valid_end(pattern: Pattern, text: str) -> int:
    """How far a number goes that fits: groups of another one may follow; 0 for none."""
    ends = [place for place in range(len(text), 0, -1) if _ends_group(text, place)]
    return next((place for place in ends if pattern.valid(text[:place])), 0)


def _ends_group(text: str, place: int) -> bool:
    return text[place - 1].isalnum() and (place == len(text) or not text[place].isalnum())
