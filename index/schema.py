"""The Whoosh schema: text fields with positions, and two numbers a document.

Whoosh reads and names by it what `index.build` writes; nothing is written through its fields.
"""

import struct

from whoosh import columns, fields, formats

TEXT_FIELDS = (
    "text",
    "title",
    "author",
    "subject",
    "from",
    "to",
    "cc",
    "bcc",
    "filename",
    "path",
)
ANY_FIELD = tuple(name for name in TEXT_FIELDS if name != "path")
"""Where a word without a field is looked for: everywhere but in the path."""

PARTICIPANTS = ("from", "to", "cc", "bcc")
NUMBERS = ("document_id", "revision")


class Words(fields.FieldType):  # type: ignore[misc]
    """A field whose postings are positions; its words are those of `index.words`."""

    def __init__(self) -> None:
        super().__init__(formats.Positions(), None, scorable=True)

    def to_bytes(self, value: str | bytes) -> bytes:
        """A term as the index holds it."""
        return value if isinstance(value, bytes) else value.encode()

    def from_bytes(self, value: bytes) -> str:
        """A term as text."""
        return bytes(value).decode()


def number(value: int) -> int:
    """Check a number for its column; raises `ValueError` for what does not fit 32 bits."""
    try:
        struct.pack("!I", value)
    except struct.error as error:
        raise ValueError(f"{value} does not fit the index") from error
    return value


def schema() -> fields.Schema:
    """The schema of every segment."""
    numbers = {name: fields.COLUMN(columns.NumericColumn("I")) for name in NUMBERS}
    return fields.Schema(**{name: Words() for name in TEXT_FIELDS}, **numbers)
