"""How far redactions reach: into families, containers, names and the plan of a production."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from produce.reach import reach
from produce.redaction.interface import Redacted
from produce.redaction.record import Kind, Redaction, State, confirmed, listing
from produce.redaction.told import hidden_by
from produce.selection import in_chunks
from records import tables
from records.case import Case
from store import open_store

_D = tables.documents.c


def redacted_today(case: Case, connection: sa.Connection, *, names: bool = True) -> Redacted:
    """What the confirmed redactions of the whole case amount to; without `names` nothing is said of
    those that must not show, which takes the pages of every redacted document to tell.
    """
    by_document: defaultdict[int, list[Redaction]] = defaultdict(list)
    for each in confirmed(connection):
        by_document[each.drawn.document].append(each)
    own = {document: digest(found) for document, found in by_document.items()}
    if not own:
        return Redacted()
    masked = {document: tuple(_fields(found)) for document, found in by_document.items()}
    return Redacted(
        own=own,
        cells=_with(by_document, Kind.CELLS),
        paged=_with(by_document, Kind.BOX, Kind.PAGE),
        holding=reach(connection, set(), set(own)).holding,
        unnamed=_unnamed(case, connection, own, masked) if names else frozenset(),
        masked={document: names for document, names in masked.items() if names},
    )


def _with(by_document: Mapping[int, Sequence[Redaction]], *kinds: Kind) -> frozenset[int]:
    """Documents with a redaction of one of these kinds."""
    return frozenset(
        document
        for document, found in by_document.items()
        if any(each.drawn.kind in kinds for each in found)
    )


def unnamed(case: Case) -> frozenset[int]:
    """Documents whose names must not show in the header block of their parent."""
    with case.read() as connection:
        return redacted_today(case, connection).unnamed


def digest(redactions: Iterable[Redaction]) -> str:
    """One value for all that redactions of a document say; another one where any of it changes."""
    told = sorted(
        [
            *(each.number, each.code, each.drawn.kind, each.drawn.page, each.drawn.boxes),
            *(each.drawn.place, each.drawn.render_sha256, each.drawn.native_sha256),
        ]
        for each in redactions
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _fields(redactions: Iterable[Redaction]) -> list[str]:
    return sorted({each.drawn.place for each in redactions if each.drawn.kind is Kind.FIELD})


def _unnamed(
    case: Case,
    connection: sa.Connection,
    own: Iterable[int],
    masked: dict[int, tuple[str, ...]],
) -> frozenset[int]:
    """Documents whose name is masked by hand, or holds a word that they hide."""
    ids = set(own)
    hidden = hidden_by(connection, open_store(case.store_address), ids)
    rows = in_chunks(connection, lambda some: sa.select(_D.id, _D.name).where(_D.id.in_(some)), ids)
    return frozenset(
        row.id
        for row in rows
        if "FileName" in masked[row.id] or (row.id in hidden and hidden[row.id].within(row.name))
    )


def suggested(connection: sa.Connection, documents: Iterable[int]) -> set[int]:
    """Documents with suggestions that nobody confirmed or rejected."""
    found = listing(connection, sorted(documents), (State.SUGGESTED,))
    return {each.drawn.document for each in found}


def twins(connection: sa.Connection, produced: set[int], redacted: Redacted) -> set[int]:
    """Documents on the plan, not redacted, whose bytes are those of a redacted one."""
    d = _D
    own = in_chunks(
        connection, lambda ids: sa.select(d.sha256).where(d.id.in_(ids)), redacted.own.keys()
    )
    hashes = {row.sha256 for row in own if row.sha256}
    rows = in_chunks(
        connection, lambda ids: sa.select(d.id, d.sha256).where(d.id.in_(ids)), produced
    )
    return {row.id for row in rows if row.sha256 in hashes and row.id not in redacted.own}
