"""Names of people, and which addresses are one person's by what is shown with them.

Two addresses are one person's where the same full name, of two words or more, is shown with both
and they lie in one domain that is not open to everybody, or say the same before the @. Never by a
first name, and never by the name of an office.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from process.threads_forest import Sets

_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*")
_MOST_WORDS = 6
_SHORTEST_LOCAL = 4

# Where everybody may have an address: one name there is not one person.
_OPEN_DOMAINS = """
    gmail.com googlemail.com yahoo.com yahoo.co.uk ymail.com hotmail.com hotmail.co.uk outlook.com
    live.com msn.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.com web.de t-online.de
    freenet.de mail.ru yandex.ru qq.com 163.com 126.com protonmail.com proton.me earthlink.net
    comcast.net sbcglobal.net att.net bellsouth.net verizon.net juno.com netzero.net mindspring.com
    compuserve.com prodigy.net swbell.net pacbell.net excite.com orange.fr wanadoo.fr free.fr
    laposte.net libero.it btinternet.com
"""
_OPEN = frozenset(_OPEN_DOMAINS.split())

# A name with one of these is an office's or a machine's.
_OFFICE_WORDS = """
    account accounting accounts admin administration administrator alert alerts all announcement
    announcements assistant billing board care center centre claims committee communications
    contact customer customers daemon delivery department desk division editor employee employees
    enquiries events feedback finance general group help helpdesk hotline hr human info information
    inquiries invoice invoices it legal list lists mail mailer mailing manager management marketing
    master members membership news newsletter no noreply notification notifications office
    operations order orders postmaster press purchasing reception recipients registration relations
    reply reservations resources room sales secretary security service services staff subscriber
    subscribers subscription subscriptions support survey system team technical undisclosed
    unlisted update updates user users web webmaster
"""
_OFFICES = frozenset(_OFFICE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Named:
    """An address, its domain, and the name most often shown with it."""

    address: str
    domain: str
    name: str


def domain_of(address: str) -> str:
    """What stands behind the @ of an internet address; nothing for others, as Exchange's."""
    local, at, domain = address.rpartition("@")
    return domain.strip("[]> .") if at and local and "/" not in domain else ""


def full_name(name: str) -> str:
    """A full name for comparing: small letters, `Doe, Jane` turned round; else nothing."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    if "@" in plain or plain.count(",") > 1 or any(each.isdigit() for each in plain):
        return ""
    last, comma, first = plain.partition(",")
    words = [each.strip(".") for each in _WORD.findall(f"{first} {last}" if comma else plain)]
    long = [each for each in words if len(each) > 1]
    if not 2 <= len(words) <= _MOST_WORDS or len(long) < 2 or not _OFFICES.isdisjoint(words):
        return ""
    return " ".join(words)


def persons(found: Iterable[Named]) -> list[list[str]]:
    """The addresses of each person, sorted; every address once."""
    by_name: dict[str, list[Named]] = {}
    alone: list[list[str]] = []
    for each in found:
        if name := full_name(each.name):
            by_name.setdefault(name, []).append(each)
        else:
            alone.append([each.address])
    groups = [each for same in by_name.values() for each in _parted(same)]
    return sorted(sorted(group) for group in (*alone, *groups))


def _parted(same: Sequence[Named]) -> list[list[str]]:
    """Addresses with one full name, by person."""
    sets = Sets(len(same))
    first: dict[tuple[str, str], int] = {}
    for place, each in enumerate(same):
        local = re.sub(r"[\W\d_]+", "", each.address.partition("@")[0].partition("+")[0])
        if each.domain and each.domain not in _OPEN:
            sets.join(place, first.setdefault(("domain", each.domain), place))
        if each.domain and len(local) >= _SHORTEST_LOCAL and local not in _OFFICES:
            sets.join(place, first.setdefault(("local", local), place))
    groups: dict[int, list[str]] = {}
    for place, each in enumerate(same):
        groups.setdefault(sets.of(place), []).append(each.address)
    return list(groups.values())
