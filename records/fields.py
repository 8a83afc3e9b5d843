"""The typed common fields of a document, whatever its format; stored as JSON with the row."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Address:
    """One party of a mail: the name as shown, decoded, and the address in lower case."""

    name: str
    address: str

    def __str__(self) -> str:
        """`Name <address>`, or whichever of the two there is."""
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Fields:
    """Metadata that all formats share. Times are ISO 8601 in UTC with a final Z, or None.

    `sent_offset` is the offset that the mail itself stated, in minutes east of UTC. `kind` says
    what a mailbox's item is: mail, meeting, appointment, contact, list, task, note, journal, post,
    report or other. `folder` is where in its mailbox it lay, parted by "/". `security` holds
    `smime-signed`, `smime-encrypted`, `pgp-signed` and `pgp-encrypted`. `starts_at` and `ends_at`
    are those of a meeting, appointment or task; `to` and `cc` are then who must and who may come.
    """

    title: str = ""
    author: str = ""
    last_author: str = ""
    created_at: str | None = None
    modified_at: str | None = None
    printed_at: str | None = None
    company: str = ""
    language: str = ""
    subject: str = ""
    sender: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    sent_at: str | None = None
    sent_offset: int | None = None
    received_at: str | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    conversation_index: str = ""
    conversation_topic: str = ""
    importance: str = ""  # high, low, normal
    sensitivity: str = ""  # personal, private, confidential
    reply_to: tuple[Address, ...] = ()
    kind: str = ""
    folder: str = ""
    is_read: bool | None = None
    is_draft: bool | None = None
    flags: tuple[str, ...] = ()  # flagged, answered, forwarded, trashed, …: as the mailbox has them
    categories: tuple[str, ...] = ()
    voting: tuple[str, ...] = ()  # the choices that the sender offers
    vote: str = ""  # the choice that this answer makes
    starts_at: str | None = None
    ends_at: str | None = None
    location: str = ""
    security: tuple[str, ...] = ()
    attachment_names: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()  # kinds of hidden content: comments, tracked-changes, …
    content_id: str = ""  # of an inline part, without its angle brackets
    application: str = ""  # what wrote it
    template: str = ""
    manager: str = ""
    category: str = ""
    keywords: tuple[str, ...] = ()
    comments: str = ""  # the property of that name
    revision: str = ""
    edit_minutes: int | None = None
    stated_pages: int | None = None  # as the file says; `documents.pages` are those there are
    stated_words: int | None = None
    taken_at: str | None = None  # of a photograph
    camera: str = ""
    latitude: float | None = None  # degrees, north and east positive (WGS 84)
    longitude: float | None = None
    uncertain: tuple[str, ...] = ()  # dates of which the file tells no zone, taken as UTC
    linked: tuple[str, ...] = ()  # what it shows and does not hold: paths and addresses

    def to_json(self) -> dict[str, Any]:
        """Only what is set, ready for a JSON column."""
        found: dict[str, Any] = {}
        for name, value in zip(FIELD_NAMES, _VALUES(self), strict=True):
            if value or (value is not None and value != "" and value != ()):
                found[name] = _as_dicts(value) if name in _PEOPLE else value
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """All values at once: a dataclass would look for its fields each time it is sent."""
        return Fields, _VALUES(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Fields":
        """Read back what `to_json` gave; unknown names are an error of the program."""
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name in _PEOPLE:
                values[name] = tuple(Address(**each) for each in value)
            elif isinstance(value, list | tuple):
                values[name] = tuple(value)
            else:
                values[name] = value
        return cls(**values)


def _as_dicts(people: tuple[Address, ...]) -> tuple[dict[str, str], ...]:
    return tuple({"name": each.name, "address": each.address} for each in people)


_PEOPLE = frozenset({"sender", "to", "cc", "bcc", "reply_to"})
FIELD_NAMES = tuple(each.name for each in fields(Fields))
_VALUES = attrgetter(*FIELD_NAMES)
NO_FIELDS = Fields()
"""Nothing is known."""
