"""Fields of a query that ask how documents were coded, by whom, and what was noted on them."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.case import Case
from records.naming import name_key

Take = Callable[[str, str, str | None], BitMap]

_D = tables.documents.c
_E, _R, _T = tables.tag_events.c, tables.tag_event_documents.c, tables.document_tags.c
_N = tables.document_notes.c


def fields(case: Case) -> dict[str, Take]:
    """The fields by their names; each call asks the database anew and raises `ValueError`."""
    return {
        "coded": lambda operator, value, _: _coded(case, equal(operator, value)),
        "note": lambda operator, value, _: _noted(case, equal(operator, value)),
        "reviewer": lambda operator, value, _: _reviewer(case, equal(operator, value)),
    }


def noted() -> sa.Select[Any]:
    """The documents that bear a note."""
    return sa.select(_N.document_id).where(_N.withdrawn_at.is_(None)).distinct()


def _coded(case: Case, value: str) -> BitMap:
    """`yes` or `no`: whether an act of coding stands; the name of a group: whether a tag of it."""
    with case.read() as connection:
        if value.lower() in ("yes", "no"):
            stands = sa.select(_R.document_id).where(*_standing()).join(tables.tag_events)
            acted = BitMap(connection.execute(stands).scalars())
            coded = acted | BitMap(connection.execute(sa.select(_T.document_id)).scalars())
            if value.lower() == "yes":
                return coded
            return BitMap(connection.execute(sa.select(_D.id)).scalars()) - coded
        groups = connection.execute(sa.select(tables.tag_groups)).all()
        ids = [row.id for row in groups if name_key(row.name) == name_key(value)]
        if not ids:
            known = ", ".join(sorted(f"'{row.name}'" for row in groups)) or "none yet"
            raise ValueError(f"it is yes, no or a group of tags; there are {known}")
        members = sa.select(tables.tags.c.id).where(tables.tags.c.group_id.in_(ids))
        query = sa.select(_T.document_id).where(_T.tag_id.in_(members))
        return BitMap(connection.execute(query).scalars())


def _reviewer(case: Case, value: str) -> BitMap:
    """Documents on which coding by somebody stands; what was undone since does not count."""
    with case.read() as connection:
        known = set(connection.execute(sa.select(_E.actor).distinct()).scalars())
        users = set(connection.execute(sa.select(tables.users.c.name)).scalars())
        names = [each for each in known if name_key(each) == name_key(value)]
        if not names and not any(name_key(each) == name_key(value) for each in users):
            listed = ", ".join(sorted(f"'{each}'" for each in known)) or "nobody yet"
            raise ValueError(f"nobody of this name has tagged anything; there are {listed}")
        query = (
            sa.select(_R.document_id)
            .join(tables.tag_events)
            .where(*_standing(), _E.actor.in_(names))
        )
        return BitMap(connection.execute(query).scalars())


def _standing() -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a change is of an act that stands: not taken back, and none that took one back."""
    return _R.undone_by.is_(None), _E.undoes.is_(None)


def _noted(case: Case, value: str) -> BitMap:
    """Documents with a note that holds some words, whatever their case and the spaces between."""
    wanted = name_key(value)
    with case.read() as connection:
        query = sa.select(_N.document_id, _N.text).where(_N.withdrawn_at.is_(None))
        rows = connection.execute(query)
        return BitMap(document for document, text in rows if wanted in name_key(text))


def equal(operator: str, value: str) -> str:
    """The value of a field without an order; raises `ValueError` for another operator."""
    if operator != "=":
        raise ValueError(
            "the field has no order; write field:value, in quotation marks if it holds '..'"
        )
    return value
