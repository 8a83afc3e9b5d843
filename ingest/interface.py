"""What collecting takes in and gives out; all of it crosses to workers as plain values."""

from dataclasses import dataclass, field
from typing import Any

from records.codes import Disposition, Role
from records.fields import Fields
from records.notes import Note
from records.settings import Limits
from store import Digests


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One entry of a source folder, found by walking; nothing of it was read yet.

    `path` is relative to the source, as the file system's own bytes. `kind` is "file", "link",
    "special" (a device, socket or pipe) or "unreadable" (an entry or a whole folder that could
    not be looked at); only files are opened.
    """

    path: bytes
    kind: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class CollectBatch:
    """Files for one worker to copy, hash, identify and open where they are containers."""

    root: bytes
    files: tuple[SourceFile, ...]
    store_address: str
    limits: Limits
    passwords: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CollectedItem:
    """One item found, to become one row.

    `address` is the whole chain: path parts joined by "/", and "!/" before each step into a
    container, as in `mail/a.zip!/inner.zip!/notes/x.txt` or `inbox.mbox!/message-00003.eml`.
    `name` is the last part as shown (undecodable bytes escaped), `name_bytes` as received.
    `found_in` is the index, within the same result, of the container that held it.
    `digests` is None where the bytes could not be had; the outcome is then an exception.
    `outcome` is PENDING (to be processed), CONTAINER, EMPTY or EXCEPTION.
    `modified_at` is the file's or member's own date, ISO 8601 UTC, or None.
    """

    address: str
    name: str
    name_bytes: bytes
    role: Role
    found_in: int | None
    digests: Digests | None
    size: int
    mime: str
    type: str
    ext: str
    outcome: Disposition
    modified_at: str | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class CollectResult:
    """What came of one batch: for each file of it, in order, the file and all found inside."""

    items: tuple[CollectedItem, ...]


@dataclass(frozen=True, slots=True)
class MailPart:
    """A part of a mail that is a document of its own.

    `role` is INLINE for what is a picture by its bytes and shown by the HTML body by its
    Content-ID (`ingest.cids`), else ATTACHMENT.
    """

    name: str
    name_bytes: bytes
    role: Role
    content_type: str
    content_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A message taken apart.

    `body` is the text to search (text/plain if there is any, else the HTML's text); `html` is the
    HTML body as received and decoded, or None. `headers` are all headers, decoded, in order.
    An exception among `notes` says that content could not be had: the mail is encrypted, and what
    is stands among the parts. `raw` is what else was found.
    """

    fields: Fields
    body: str
    html: str | None
    headers: tuple[tuple[str, str], ...]
    parts: tuple[MailPart, ...]
    notes: tuple[Note, ...]
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileType:
    """A type by content: MIME, our short name (email, docx, pdf, zip, mbox, …)."""

    mime: str
    type: str
