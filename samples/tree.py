"""The items of the sample matter, as their generator knows them."""

import datetime as dt
import hashlib
import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MailFacts:
    """What a reader must find in the header of a message; `dedup` is its content hash."""

    subject: str
    sender: str
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    sent: dt.datetime
    message_id: str
    references: tuple[str, ...]
    dedup: str


@dataclass(frozen=True)
class Item:
    """A file, member, message or part, with what is known of it by construction.

    `text` is what an extractor must find; `aside` is what it may find beside that (metadata,
    deleted runs), so that a search query can be shown not to depend on it.
    """

    name: str
    data: bytes
    kind: str
    text: str = ""
    aside: str = ""
    children: tuple["Item", ...] = field(default=())
    inline: bool = False
    ocr_pages: int = 0
    exception: str | None = None
    mail: MailFacts | None = None

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def seeded(key: str) -> random.Random:
    """A random source that depends on nothing but the key."""
    return random.Random(f"redwell samples: {key}")


def plain(name: str, text: str, encoding: str = "utf-8", eol: str = "\n") -> Item:
    """A text, CSV or HTML file; the type is taken from the suffix."""
    data = text.replace("\n", eol).encode(encoding)
    return Item(name, data, name.rpartition(".")[2].lower(), text)
