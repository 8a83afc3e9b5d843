"""What the index takes in, and what a search gives out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pyroaring import BitMap


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """One document on its way into the index; `fields` are the searchable text fields.

    Field names: text is read from the blob `text_sha256`; title, author, subject, from, to, cc,
    bcc, filename, path come as strings in `fields`.
    """

    document_id: int
    revision: int
    text_sha256: str | None
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class IndexBatch:
    """Documents of which one worker builds one segment in a private folder below `scratch`.

    Where `scratch` is empty the worker does not see our folders: it sends what it built.
    """

    documents: tuple[IndexDocument, ...]
    store_address: str
    scratch: str


@dataclass(frozen=True, slots=True)
class SegmentBuilt:
    """A finished segment, not yet adopted; `sent` is its name in the store, if it was sent."""

    folder: str
    documents: int
    sent: str = ""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A search that bears a name; with `as_list` each line of its query is a term."""

    name: str
    query: str
    as_list: bool


class SavedQueries(Protocol):
    """The searches that a query may name."""

    def find(self, name: str) -> SavedQuery:
        """The one of a name, whatever its case; raises `ValueError` saying which there are."""


class Catalog(Protocol):
    """The fields of a query that the database answers, always current.

    Sets of document ids; a value that the field cannot take raises `ValueError` with a reason.
    """

    def names(self) -> Sequence[str]:
        """The field names that this catalogue answers: tag, tagged, custodian, type, ext, …"""

    def select(self, field: str, operator: str, value: str, upper: str | None) -> BitMap:
        """Ids for which `field` stands in `operator` (=, >=, <=, >, <, range) to `value`."""

    def scope(self) -> BitMap:
        """All documents that a search may return: not containers, not what was put aside."""
