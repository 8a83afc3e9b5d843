"""Codes of exceptions and warnings: what can be wrong with a document.

An *exception* means that the document's content could not be had (its disposition is
`exception`); a *warning* means that something is odd but the document stands. The table in
docs/exception-codes.md is compared with this module by a test.
"""

from enum import StrEnum


class Disposition(StrEnum):
    """What became of an item; every document has exactly one.

    `PENDING` stands only between collection and processing; a finished run leaves none.
    """

    PENDING = "pending"
    REVIEWABLE = "reviewable"
    CONTAINER = "container"
    DUPLICATE = "duplicate"
    SYSTEM_FILE = "system file"
    EMPTY = "empty"
    EXCEPTION = "exception"


class Role(StrEnum):
    """How an item was met."""

    FILE = "file"  # a file of the source folder
    MEMBER = "member"  # a member of an archive
    MESSAGE = "message"  # a message of a mailbox
    ATTACHMENT = "attachment"  # a part of a mail
    EMBEDDED = "embedded"  # an object inside an office document or a PDF
    INLINE = "inline"  # a picture that is shown within its parent


class Code(StrEnum):
    """Why content is missing (exception) or in doubt (warning)."""

    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    TRUNCATED = "truncated"
    UNSUPPORTED = "unsupported"
    TIMEOUT = "timeout"
    CRASH = "crash"
    MEMORY = "memory"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    BOMB = "bomb"
    UNSAFE_PATH = "unsafe-path"
    UNREADABLE_SOURCE = "unreadable-source"
    CHANGED_WHILE_READ = "changed-while-read"
    LINK = "link"
    SPECIAL_FILE = "special-file"
    NO_TEXT = "no-text"
    WEAK_DATE = "weak-date"
    WEAK_IDENTITY = "weak-identity"
    MALFORMED_MAIL = "malformed-mail"
    CHARSET_GUESSED = "charset-guessed"
    TYPE_DISAGREES = "type-disagrees"
    OCR_FAILED = "ocr-failed"
    OCR_LOW_CONFIDENCE = "ocr-low-confidence"
    EMBEDDED_LOST = "embedded-lost"
    PARTIAL = "partial"
