"""One document to be read: what it is, its family and thread, and its text with the hits marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from index.columns import Shown, Value, documents
from index.rows import field_texts
from index.snippets import FIELD_ORDER, clean, marks_of, text_of
from index.tree import Node
from records import tables
from records.case import Case
from records.control import control
from records.errors import SelectionError
from records.fields import Fields
from store import open_store

_D, _T, _N = tables.documents.c, tables.threads.c, tables.document_notes.c
FACTS = (
    *("control", "date", "custodians", "type", "size", "pages", "language", "disposition"),
    *("tags", "exceptions", "warnings", "bates", "sha256"),
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
    told: str

    @property
    def control(self) -> str:
        """Its control number."""
        return control(self.id)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as a person reads it; `text` is the last of `parts`."""

    id: int
    facts: tuple[tuple[str, Value], ...]
    parts: tuple[Part, ...]
    family: tuple[Relative, ...]
    thread: tuple[Relative, ...]
    notes: tuple[tuple[str, str, str], ...]

    @property
    def hits(self) -> int:
        """How many hits there are in all parts."""
        return sum(len(part.marks) for part in self.parts)


def opened_document(case: Case, number: int, tree: Node | None) -> Opened:
    """Read a document; hits are those of `tree`. Raises `SelectionError` for one that is not."""
    store = open_store(case.store_address)
    with case.read() as connection:
        known = connection.execute(sa.select(_D.family_id).where(_D.id == number)).scalar()
        if known is None:
            raise SelectionError(
                f"The case has no document {control(number)}: 'redwell search' lists those it has"
            )
        (found,) = documents(connection, [number], FACTS, Shown(case.settings.zone))
        texts = dict(field_texts(found.row)) | {"text": text_of(found.row, store)}
        names = [name for name in (*FIELD_ORDER, "text") if texts.get(name)]
        return Opened(
            number,
            tuple(zip(FACTS, found.values, strict=True)),
            tuple(Part(name, texts[name], _marks(texts[name], tree, name)) for name in names),
            _family(connection, known),
            _thread(connection, number),
            _notes(connection, number),
        )


def _marks(text: str, tree: Node | None, name: str) -> Marks:
    return () if tree is None else tuple(marks_of(text, tree, name))


def _family(connection: sa.Connection, root: int) -> tuple[Relative, ...]:
    query = (
        sa.select(_D.id, sa.literal(0), _D.type, _D.fields, _D.name)
        .where(_D.family_id == root)
        .order_by(_D.position, _D.id)
    )
    return _relatives(connection.execute(query).all())


def _thread(connection: sa.Connection, number: int) -> tuple[Relative, ...]:
    own = sa.select(_T.thread_id).where(_T.document_id == number)
    query = (
        sa.select(_D.id, _T.depth, _D.type, _D.fields, _D.name)
        .join(tables.threads, _T.document_id == _D.id)
        .where(_T.thread_id.in_(own))
        .order_by(_T.position, _D.id)
    )
    return _relatives(connection.execute(query).all())


def _relatives(
    rows: Sequence[sa.Row[int, int, str, dict[str, object], str]],
) -> tuple[Relative, ...]:
    found = []
    for number, depth, kind, data, name in rows:
        fields = Fields.from_json(data)
        sender = "; ".join(str(each) for each in fields.sender)
        told = ", ".join(filter(None, (clean(sender), clean(fields.subject or name))))
        found.append(Relative(number, depth, kind, told))
    return tuple(found)


def _notes(connection: sa.Connection, number: int) -> tuple[tuple[str, str, str], ...]:
    """What reviewers wrote of it and did not withdraw: when, who, what."""
    query = (
        sa.select(_N.at, _N.actor, _N.text)
        .where(_N.document_id == number, _N.withdrawn_at.is_(None))
        .order_by(_N.id)
    )
    return tuple((row[0], row[1], row[2]) for row in connection.execute(query))


def around(relatives: Sequence[Relative], number: int, reach: int) -> tuple[int, int]:
    """From which to before which of the relatives are the neighbours of a document."""
    at = next((i for i, each in enumerate(relatives) if each.id == number), 0)
    return max(at - reach, 0), min(at + reach + 1, len(relatives))
