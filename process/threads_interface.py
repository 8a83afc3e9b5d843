"""What threads are made of, and what comes out."""

from dataclasses import dataclass

from process.threads_subject import Subject


@dataclass(frozen=True, slots=True)
class Message:
    """What of a mail bears on its thread.

    `references` are the ids that it says it answers, the oldest first, the parent last. `index` is
    its decoded Conversation-Index, or nothing. `sent` is in seconds since 1970. `copy` is the same
    for mails that are one. `attached`: it belongs to another document's family. Addresses stand
    once each, in tuples: a set of two would be three times as large.
    """

    id: int
    message_id: str
    references: tuple[str, ...]
    index: bytes
    subject: Subject
    sent: int | None
    sender: tuple[str, ...]
    recipients: tuple[str, ...]
    copy: str
    attached: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a mail stands; see `records.tables.threads`."""

    document_id: int
    thread_id: int
    parent_id: int | None
    position: int
    depth: int
    basis: str


REFERENCES = "references"
INDEX = "conversation-index"
SUBJECT = "subject"
NONE = "none"
