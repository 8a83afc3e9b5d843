"""Received volumes on record; only the coordinator writes them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest.addressing import path_address
from produce.received.interface import Defect, FileFacts
from produce.received.mapping import Mapping
from records import audit, tables, times
from records.case import Case
from records.errors import CustodianError, ReceiptError
from records.numbers import next_number

type AnyRow = sa.Row[*tuple[Any, ...]]

_V, _F = tables.received.c, tables.received_files.c
_R, _D = tables.received_documents.c, tables.documents.c
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Received:
    """A received volume on record."""

    id: int
    name: str
    party: str
    collection: int
    source: str
    state: str
    at: str
    finished_at: str | None
    counts: dict[str, Any]
    mapping: Mapping
    replaces: int | None


def volumes(connection: sa.Connection) -> list[Received]:
    """All received volumes, oldest first."""
    source = tables.collections.c.source
    query = (
        sa.select(*_V, source)
        .join(tables.collections, tables.collections.c.id == _V.collection_id)
        .order_by(_V.id)
    )
    return [
        Received(
            *(row.id, row.name, row.party, row.collection_id, row.source, row.state, row.at),
            *(row.finished_at, row.counts, Mapping.model_validate(row.mapping), row.replaces_id),
        )
        for row in connection.execute(query)
    ]


def volume(connection: sa.Connection, name: str) -> Received:
    """The volume of this name, however it is cased; raises `ReceiptError`."""
    known = volumes(connection)
    for each in known:
        if each.name.casefold() == name.casefold():
            return each
    listed = ", ".join(each.name for each in known) or "none yet"
    raise ReceiptError(f"No volume {name!r} was received; there are: {listed}")


def party_custodian(case: Case, party: str) -> int:
    """The custodian that stands for a party, made where there is none.

    Raises `CustodianError` for a blank name, and for one whose documents the case collected
    itself: what was received must be told from that.
    """
    if not party.strip() or not party.isprintable():
        raise CustodianError("The party has no name: say who produced with --party NAME")
    c, v = tables.custodians.c, tables.collections.c
    with case.write() as connection:
        rows = connection.execute(sa.select(c.id, c.name)).all()
        found = next((row for row in rows if row.name.casefold() == party.casefold()), None)
        if found is None:
            number = next_number(connection, c.id)
            connection.execute(tables.custodians.insert().values(id=number, name=party))
            audit.append(connection, "custodian added", name=party, received=True)
            return number
        own = connection.execute(
            sa.select(sa.func.count())
            .select_from(tables.collections)
            .where(v.custodian_id == found.id, v.id.not_in(sa.select(_V.collection_id)))
            .where(v.settings["received"].as_boolean().is_not(True))
        ).scalar_one()
        if own:
            raise CustodianError(
                f"{found.name} is a custodian of whom the case collected itself: give the party "
                f"another name, as '{party} (produced)'"
            )
        return int(found.id)


def begin(
    case: Case, name: str, party: str, collection: int, mapping: Mapping, replaces: int | None
) -> int:
    """Put a volume on record as running, or find the one that runs; its number."""
    with case.write() as connection:
        row = connection.execute(
            sa.select(_V.id, _V.mapping).where(_V.collection_id == collection)
        ).one_or_none()
        told = mapping.model_dump(mode="json")
        if row is not None:
            if row.mapping != told:
                raise ReceiptError(
                    "This volume was begun with another mapping: hand the same in, and its load "
                    "files as they were"
                )
            return int(row.id)
        number = next_number(connection, _V.id)
        connection.execute(
            tables.received.insert().values(
                id=number,
                name=name,
                party=party,
                collection_id=collection,
                state="running",
                actor=audit.actor(),
                at=times.now(),
                mapping=told,
                counts={},
                replaces_id=replaces,
            )
        )
        audit.append(
            connection, "production received", volume=name, party=party, collection=collection
        )
    return number


def known_files(case: Case, volume_id: int) -> dict[str, FileFacts]:
    """Files of a volume that are on record, by their shown paths."""
    query = sa.select(_F.facts).where(_F.volume_id == volume_id)
    with case.read() as connection:
        return {row.facts["path"]: facts(row.facts) for row in connection.execute(query)}


def facts(data: dict[str, Any]) -> FileFacts:
    """File facts as `add_files` wrote them."""
    image = data.get("image")
    return FileFacts(**{**data, "image": tuple(image) if image else None})


def add_files(case: Case, volume_id: int, files: Sequence[tuple[bytes, str, FileFacts]]) -> None:
    """Put files on record, each as (path, use, facts), in one transaction."""
    with case.write() as connection:
        connection.execute(
            tables.received_files.insert(),
            [
                {
                    "volume_id": volume_id,
                    "address": path_address(path),
                    "path": path,
                    "sha256": each.sha256,
                    "sha1": each.sha1,
                    "md5": each.md5,
                    "size": each.size,
                    "use": use,
                    "facts": asdict(each),
                    "text_sha256": each.text_sha256,
                }
                for path, use, each in files
            ],
        )


def committed(case: Case, volume_id: int) -> set[int]:
    """Places of the documents that are on record."""
    with case.read() as connection:
        query = sa.select(_R.place).where(_R.volume_id == volume_id)
        return set(connection.execute(query).scalars())


def finish(
    connection: sa.Connection, volume_id: int, counts: dict[str, Any], defects: Iterable[Defect]
) -> None:
    """Make a volume complete, with its defects, within the caller's transaction."""
    d = tables.received_defects
    connection.execute(d.delete().where(d.c.volume_id == volume_id))
    rows = [
        {"volume_id": volume_id, "place": place, **asdict(each)}
        for place, each in enumerate(defects)
    ]
    for some in batched(rows, _AT_ONCE):
        connection.execute(d.insert(), list(some))
    connection.execute(
        tables.received.update()
        .where(_V.id == volume_id)
        .values(state="complete", finished_at=times.now(), counts=counts)
    )
    audit.append(connection, "received volume complete", volume=volume_id, counts=counts)


def defects_of(connection: sa.Connection, volume_id: int) -> list[Defect]:
    """The defects of a volume, in their order."""
    d = tables.received_defects.c
    query = sa.select(d.code, d.message, d.beg, d.end, d.where).where(d.volume_id == volume_id)
    return [Defect(*row) for row in connection.execute(query.order_by(d.place))]


def replacing_each_other(connection: sa.Connection, volume_id: int) -> set[int]:
    """A volume, what it replaces, and all that replaces any of these."""
    v = tables.received.c
    rows = connection.execute(sa.select(v.id, v.replaces_id).where(v.replaces_id.is_not(None)))
    links = [{row.id, row.replaces_id} for row in rows]
    found = {volume_id}
    while more := [each for each in links if each & found and not each <= found]:
        found = found.union(*more)
    return found


def standing(connection: sa.Connection) -> Iterator[AnyRow]:
    """Received documents that none replaces: number, volume, party, and where they stand."""
    query = (
        sa.select(*_R, _V.name.label("volume"), _V.party, _D.family_id)
        .join(tables.received, _V.id == _R.volume_id)
        .join(tables.documents, _D.id == _R.document_id)
        .where(_R.replaced_by_id.is_(None))
        .order_by(_R.document_id)
    )
    yield from connection.execute(query)


def by_code(defects: Iterable[Defect]) -> dict[str, int]:
    """How many defects there are of each kind."""
    return dict(sorted(Counter(each.code for each in defects).items()))
