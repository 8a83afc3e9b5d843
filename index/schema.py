"""The Whoosh schema: text fields with positions, and two numbers a document.

The fields take postings that were made and checked beforehand, so that nothing can fail half-way
through a document: in whoosh-reloaded 2.7.5 a document that fails after some of its fields leaves
its postings to the next one.
"""

import pickle
import struct
from collections.abc import Iterator
from functools import lru_cache
from operator import sub
from typing import Any

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

_FORMAT = formats.Positions()
_COUNT = struct.Struct("!I")


class Words(fields.FieldType):  # type: ignore[misc]
    """A field whose value is a tuple of (term, positions), as `check` gives it."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, None, scorable=True)

    def index(
        self, value: tuple[tuple[bytes, int, bytes], ...], **_options: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Give Whoosh the postings."""
        for term, count, positions in value:
            yield term, count, float(count), positions

    def to_bytes(self, value: str | bytes) -> bytes:
        """A term as the index holds it."""
        return value if isinstance(value, bytes) else value.encode()

    def from_bytes(self, value: bytes) -> str:
        """A term as text."""
        return bytes(value).decode()


def encode(table: dict[str, list[int]]) -> tuple[tuple[bytes, int, bytes], ...]:
    """Turn positions by term into what `Words` takes; raises before anything was added."""
    return tuple(
        (
            term.encode(),
            len(positions),
            _once(positions[0]) if len(positions) == 1 else _positions(positions),
        )
        for term, positions in table.items()
    )


def _positions(positions: list[int]) -> bytes:
    """What `whoosh.formats.Positions.encode` gives: a count, and the differences pickled."""
    deltas = [positions[0], *map(sub, positions[1:], positions)]
    return _COUNT.pack(len(deltas)) + pickle.dumps(deltas, 2)


@lru_cache(1 << 16)
def _once(position: int) -> bytes:
    """The same for a word that a document holds once, as most do."""
    return _positions([position])


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
