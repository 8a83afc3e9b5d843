"""One document to be read: what it is, its family and thread, and its text with the hits marked.

How it is coded is the word of `review`, which adds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from index.columns import Shown, Value, dated, documents
from index.rows import field_texts
from index.snippets import FIELD_ORDER, clean, marks_of, text_of
from index.tree import Node
from records import tables, times
from records.case import Case
from records.control import control
from records.errors import SelectionError
from records.fields import Fields
from store import open_store

_D, _T, _N = tables.documents.c, tables.threads.c, tables.near_duplicates.c
_COLUMNS = (
    *("control", "date", "custodians", "type", "size", "pages", "language", "disposition"),
    *("exceptions", "warnings", "bates", "sha256"),
)

type Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the document, or its text, and where the hits stand in it, in characters."""

    name: str
    text: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class Relative:
    """A member of the family or thread, the document itself among them; `depth` is a reply's."""

    id: int
    depth: int
    type: str
    disposition: str
    told: str

    @property
    def control(self) -> str:
        """Its control number."""
        return control(self.id)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as a person reads it; `text` is the last of `parts`, where it has one.

    `facts` are columns of a search, the date with the zone; beside them `near`, the control number
    of the principal that its text is like, and `waiting_for_ocr`, pages that the text lacks still.
    """

    id: int
    facts: Mapping[str, Value]
    parts: tuple[Part, ...]
    family: tuple[Relative, ...]
    thread: tuple[Relative, ...]

    @property
    def hits(self) -> int:
        """How many hits there are in all parts."""
        return sum(len(part.marks) for part in self.parts)


def opened_document(case: Case, number: int, tree: Node | None) -> Opened:
    """Read a document; hits are those of `tree`. Raises `SelectionError` for one that is not."""
    store, zone = open_store(case.store_address), case.settings.zone
    with case.read() as connection:
        known = connection.execute(sa.select(_D.family_id).where(_D.id == number)).scalar()
        if known is None:
            raise SelectionError(
                f"The case has no document {control(number)}: 'redwell search' lists those it has"
            )
        (found,) = documents(connection, [number], _COLUMNS, Shown(zone))
        near = sa.select(_N.principal_id).where(_N.document_id == number)
        principal = connection.execute(near).scalar()
        facts = dict(zip(_COLUMNS, found.values, strict=True)) | {
            "date": times.zoned(dated(found.row, Fields.from_json(found.row.fields)), zone),
            "near": None if principal is None else control(principal),
            "waiting_for_ocr": len(found.row.ocr_pages),
        }
        family, thread = _family(connection, known), _thread(connection, number)
    texts = dict(field_texts(found.row)) | {"text": text_of(found.row, store)}
    names = [name for name in (*FIELD_ORDER, "text") if texts.get(name)]
    parts = tuple(Part(name, texts[name], _marks(texts[name], tree, name)) for name in names)
    return Opened(number, facts, parts, family, thread)


def _marks(text: str, tree: Node | None, name: str) -> Marks:
    return () if tree is None else tuple(marks_of(text, tree, name))


def _family(connection: sa.Connection, root: int) -> tuple[Relative, ...]:
    query = (
        sa.select(_D.id, sa.literal(0), _D.type, _D.disposition, _D.fields, _D.name)
        .where(_D.family_id == root)
        .order_by(_D.position, _D.id)
    )
    return _relatives(connection.execute(query).all())


def _thread(connection: sa.Connection, number: int) -> tuple[Relative, ...]:
    own = sa.select(_T.thread_id).where(_T.document_id == number)
    query = (
        sa.select(_D.id, _T.depth, _D.type, _D.disposition, _D.fields, _D.name)
        .join(tables.threads, _T.document_id == _D.id)
        .where(_T.thread_id.in_(own))
        .order_by(_T.position, _D.id)
    )
    return _relatives(connection.execute(query).all())


def _relatives(
    rows: Sequence[sa.Row[int, int, str, str, dict[str, object], str]],
) -> tuple[Relative, ...]:
    found = []
    for number, depth, kind, disposition, data, name in rows:
        fields = Fields.from_json(data)
        sender = "; ".join(str(each) for each in fields.sender)
        told = ", ".join(filter(None, (clean(sender), clean(fields.subject or name))))
        found.append(Relative(number, depth, kind, disposition, told))
    return tuple(found)


def around(relatives: Sequence[Relative], number: int, reach: int) -> tuple[int, int]:
    """From which to before which of the relatives are the neighbours of a document."""
    at = next((i for i, each in enumerate(relatives) if each.id == number), 0)
    return max(at - reach, 0), min(at + reach + 1, len(relatives))
