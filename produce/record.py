"""Productions as the record holds them, and the lock of their states."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from produce.interface import ImageBatch, ImageResult, RenderBatch, RenderResult
from produce.specification import Specification
from produce.treatment import Treatment
from records import tables, times
from records.engine import TaskFailure
from records.errors import ProductionError
from records.notes import Note

type AnyRow = sa.Row[*tuple[Any, ...]]
type Render = Callable[[RenderBatch], tuple[RenderResult, ...]]
type Image = Callable[[ImageBatch], tuple[ImageResult, ...]]


class Mapper(Protocol):
    """What production needs of the parallel engine; see `records.engine.Engine.map_ordered`."""

    def map_ordered[T, R](
        self, function: Callable[[T], R], batches: Iterable[T], window: int | None = None
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run `function` on each batch; results come in the order of the batches."""


@dataclass(frozen=True, slots=True)
class Production:
    """A production on record.

    A replacement names in `replaces` the volume that its numbers are of, never another replacement,
    and in `reason` why.
    """

    id: int
    name: str
    state: str
    created_at: str
    frozen_at: str | None
    specification: Specification
    counts: dict[str, Any]
    manifest_sha256: str | None
    replaces: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One document of a production, in its present state.

    `replaced_by` is the frozen production that holds a newer version of it, if any.
    """

    position: int
    document_id: int
    treatment: Treatment
    reason: str
    state: str
    pages: int
    render_sha256: str | None
    first: str
    last: str
    detail: dict[str, Any]
    replaced_by: int | None = None


def productions(connection: sa.Connection) -> list[Production]:
    """All productions, oldest first."""
    rows = connection.execute(sa.select(tables.productions).order_by(tables.productions.c.id))
    return [_production(row) for row in rows]


def production(connection: sa.Connection, name: str) -> Production:
    """The production of this name; raises `ProductionError` where there is none."""
    p = tables.productions
    named = p.c.name == printable(name)  # else a name from odd bytes would break the statement
    row = connection.execute(sa.select(p).where(named)).one_or_none()
    if row is None:
        known = ", ".join(connection.execute(sa.select(p.c.name).order_by(p.c.id)).scalars())
        raise ProductionError(
            f"There is no production {printable(name)!r}; this case has {known or 'none'}. See "
            "'redwell produce plan --help'"
        )
    return _production(row)


def printable(text: str) -> str:
    """A name from the command line as it can be shown and looked up: odd bytes are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _production(row: AnyRow) -> Production:
    return Production(
        id=row.id,
        name=row.name,
        state=row.state,
        created_at=row.created_at,
        frozen_at=row.frozen_at,
        specification=Specification.model_validate(row.specification),
        counts=row.counts,
        manifest_sha256=row.manifest_sha256,
        replaces=row.replaces_id,
        reason=row.reason or "",
    )


def items(
    connection: sa.Connection, production_id: int, *conditions: sa.ColumnElement[bool]
) -> list[PlannedItem]:
    """Items in the order of the volume, all or those that meet the conditions."""
    i = tables.production_items
    rows = connection.execute(
        sa.select(i).where(i.c.production_id == production_id, *conditions).order_by(i.c.position)
    )
    return [
        PlannedItem(
            position=row.position,
            document_id=row.document_id,
            treatment=Treatment(row.treatment),
            reason=row.reason,
            state=row.state,
            pages=row.pages or 0,
            render_sha256=row.render_sha256,
            first=row.beg_bates or "",
            last=row.end_bates or "",
            detail=row.detail,
            replaced_by=row.replaced_by_id,
        )
        for row in rows
    ]


def update_items(
    connection: sa.Connection, production_id: int, rows: Sequence[dict[str, Any]]
) -> None:
    """Change items by position: each row holds `position` and the values to set, all the same."""
    if not rows:
        return
    i = tables.production_items
    names = [name for name in rows[0] if name != "position"]
    statement = (
        i.update()
        .where(i.c.production_id == production_id, i.c.position == sa.bindparam("at_position"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    connection.execute(
        statement,
        [
            {"at_position": row["position"], **{f"new_{name}": row[name] for name in names}}
            for row in rows
        ],
    )


def write_notes(connection: sa.Connection, notes: Mapping[int, Sequence[Note]]) -> None:
    """Put on record what imaging found, by document; warnings all, since the document stands."""
    at = times.now()
    rows = [
        {
            "document_id": document_id,
            "severity": "warning",
            "code": note.code,
            "message": note.message,
            "tool": note.tool,
            "tool_version": note.tool_version,
            "attempts": note.attempts,
            "at": at,
        }
        for document_id, found in notes.items()
        for note in found
    ]
    if rows:
        connection.execute(tables.notes.insert(), rows)
