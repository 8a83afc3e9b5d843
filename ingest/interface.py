"""What collecting takes in and gives out; all of it crosses to workers as plain values."""

from dataclasses import dataclass, field
from typing import Any

from records.codes import Code, Disposition, Role
from records.fields import NO_FIELDS, Fields
from records.limits import Limits
from records.notes import Note
from store import Digests


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One entry of a source folder, found by walking; nothing of it was read yet.

    `path` is relative to the source, as the file system's own bytes. `kind` is "file", "link",
    "special" (a device, socket or pipe) or "unreadable" (an entry or a whole folder that could
    not be looked at); only files are opened. `set_first` is the path of the first volume of the
    set that the file belongs to by its name (`ingest.volumes`), empty for most; volumes of a set
    come one behind the other.
    """

    path: bytes
    kind: str
    size: int
    modified_ns: int
    set_first: bytes = b""


@dataclass(frozen=True, slots=True)
class MailboxPart:
    """A part of a mailbox that is on record already: what it holds comes as one batch.

    `part` is as `ingest.containers.plan` gave it; `depth` counts the containers around it.
    """

    document_id: int
    address: str
    sha256: str
    size: int
    name_bytes: bytes
    type: str
    depth: int
    part: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CollectBatch:
    """Files for one worker to copy, hash, identify and open where they are containers.

    Or, instead of files, a `mailbox` part to be opened. `recover`: what mailboxes hold outside
    their folders is wanted too.
    """

    root: bytes
    files: tuple[SourceFile, ...]
    store_address: str
    limits: Limits
    passwords: tuple[str, ...] = field(repr=False)
    mailbox: MailboxPart | None = None
    recover: bool = False


@dataclass(frozen=True, slots=True)
class CollectedItem:
    """One item found, to become one row.

    `address` is the whole chain: path parts joined by "/", and "!/" before each step into a
    container, as in `mail/a.zip!/inner.zip!/notes/x.txt` or `inbox.mbox!/message-00003.eml`.
    `name` is the last part as shown (undecodable bytes escaped), `name_bytes` as received.
    `found_in` is the index, within the same result, of the container that held it; None for a
    file, and for what lies directly in the mailbox of a `MailboxPart`.
    `digests` is None where the bytes could not be had; the outcome is then an exception.
    `outcome` is PENDING (to be processed), CONTAINER, EMPTY or EXCEPTION.
    `modified_at` is the file's or member's own date, ISO 8601 UTC, or None. `fields` are what its
    container tells of it; `origin` what the file system tells of a file.
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
    fields: Fields = NO_FIELDS
    origin: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """A large mailbox among a result's items, to be opened in parts once it is on record."""

    item: int
    depth: int
    parts: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class CollectResult:
    """What came of one batch: for each file of it, in order, the file and all found inside.

    `notes` are about the mailbox whose part the batch was.
    """

    items: tuple[CollectedItem, ...]
    deferred: tuple[Deferred, ...] = ()
    notes: tuple[Note, ...] = ()


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
    is stands among the parts. `raw` is what else was found. `entry` are the lines of an
    appointment, a task or a contact, with which `body` begins.
    """

    fields: Fields
    body: str
    html: str | None
    headers: tuple[tuple[str, str], ...]
    parts: tuple[MailPart, ...]
    notes: tuple[Note, ...]
    raw: dict[str, Any] = field(default_factory=dict)
    entry: str = ""


@dataclass(frozen=True, slots=True)
class FileType:
    """A type by content: MIME, our short name (email, docx, pdf, zip, mbox, …)."""

    mime: str
    type: str


@dataclass(frozen=True, slots=True)
class ChildFailure:
    """How a child process ended instead of answering.

    `killed`: somebody else sent it SIGKILL (an operator, the system short of memory), which says
    little of what it was reading: that is tried again before anything is held against it.
    """

    code: Code  # TIMEOUT, CRASH or MEMORY
    message: str
    killed: bool = False
