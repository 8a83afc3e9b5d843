"""Who stands on a mail, as privilege looks at it: counsel, client, the other side, strangers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from records.counsel import Counsel, Kind, Side
from records.fields import Address, Fields
from review.asking import split

WROTE, RECEIVED, COPIED = "wrote", "received", "copied"


@dataclass(frozen=True, slots=True)
class Seen:
    """The people of one document: counsel of ours or of a common interest by what they did, others
    of their firms, people of the other side, and third parties (empty where no client is named).
    """

    attorneys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    firm: tuple[str, ...] = ()
    opposing: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


class Register:
    """Tells by an address, a name or a domain who somebody is."""

    def __init__(self, counsel: Sequence[Counsel]) -> None:
        self._addresses = {one: each for each in counsel for one in each.addresses}
        self._domains = {one: each for each in counsel for one in each.domains}
        self._names = [
            (frozenset(found), each)
            for each in counsel
            if each.kind is Kind.ATTORNEY and len(found := split(each.name)) > 1
        ]
        self.knows_client = any(
            each.kind is Kind.CLIENT and each.side is Side.OURS for each in counsel
        )

    def who(self, one: Address) -> Counsel | None:
        """The entry that somebody answers to; None for a stranger.

        An address decides, then the attorney's whole name, then the domain or one above it.
        """
        if found := self._addresses.get(one.address):
            return found
        shown = frozenset(split(one.name))
        for name, entry in self._names:
            if name <= shown:
                return entry
        domain = one.address.rpartition("@")[2] if "@" in one.address else ""
        while domain:
            if found := self._domains.get(domain):
                return found
            domain = domain.partition(".")[2]
        return None

    def seen(self, fields: Fields) -> Seen:
        """Sort the people of a document."""
        attorneys: dict[str, dict[str, None]] = {}
        firm: dict[str, None] = {}
        opposing: dict[str, None] = {}
        strangers: dict[str, None] = {}
        for did, one in _people(fields):
            entry = self.who(one)
            told = one.address or one.name
            if entry is None:
                if self.knows_client and "@" in one.address:
                    strangers[told] = None
            elif entry.side is Side.OPPOSING:
                opposing[told] = None
            elif entry.kind is Kind.ATTORNEY:
                attorneys.setdefault(did, {})[entry.name] = None
            elif entry.kind is Kind.FIRM:
                firm[told] = None
        return Seen(
            {did: tuple(names) for did, names in attorneys.items()},
            *(tuple(firm), tuple(opposing), tuple(strangers)),
        )


def _people(fields: Fields) -> Iterable[tuple[str, Address]]:
    yield from ((WROTE, each) for each in fields.sender)
    yield from ((RECEIVED, each) for each in fields.to)
    yield from ((COPIED, each) for each in (*fields.cc, *fields.bcc))
