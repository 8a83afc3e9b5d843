"""Gathers what the record knows of each document into rows of the DAT."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, groupby

import sqlalchemy as sa

from produce.layout import Delivery, legend_of, link
from produce.record import AnyRow, PlannedItem, Production
from produce.redaction.fields import Masks
from produce.treatment import MASKED, Treatment
from produce.values import Described, Placed, row
from produce.versions import whole_set
from records import tables
from records.control import control
from records.fields import Fields

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Family:
    """Ranges and kinship of the items of a volume, by document."""

    span: dict[int, tuple[str, str]]
    beg: dict[int, str]
    children: dict[int, tuple[PlannedItem, ...]]


def dat_rows(
    connection: sa.Connection, production: Production, wanted: Sequence[Delivery], masks: Masks
) -> Iterator[dict[str, str]]:
    """Values by their standard names, in the order of the volume.

    A withheld document's tell its place and custodian only, and what is redacted is masked.
    """
    kin = _kinship(_kin_of(connection, production, [each.place.item for each in wanted]))
    custodians = {
        found.id: found.name for found in connection.execute(sa.select(tables.custodians))
    }
    for chunk in batched(wanted, _CHUNK):
        ids = {each.place.item.document_id for each in chunk}
        ids |= {child.document_id for id_ in ids for child in kin.children.get(id_, ())}
        known = _documents(connection, ids)
        copies = _copies(connection, {each.place.item.document_id for each in chunk})
        for each in chunk:
            item = each.place.item
            document = known[item.document_id]
            legend = legend_of(item, production.specification)
            placed = _placed(each, kin, custodians[document.custodian_id], legend)
            described = None
            if item.treatment is not Treatment.WITHHELD:
                described = _described(
                    item, document, known, kin, copies.get(item.document_id, []), custodians
                )
            yield masks.masked(item, row(production.specification, placed, described))


def _name(parent: PlannedItem, child: PlannedItem, name: str) -> str:
    """An attachment's name, unless it is withheld, or not to be told where it is not replaced."""
    if child.treatment is Treatment.WITHHELD:
        return MASKED
    return str(parent.detail.get("unnamed", {}).get(str(child.document_id), name))


def _kin_of(
    connection: sa.Connection, production: Production, planned: Sequence[PlannedItem]
) -> Sequence[PlannedItem]:
    """The documents among which families are told: of a replacement, all of the volume's."""
    return planned if production.replaces is None else whole_set(connection, production)


def _kinship(items: Sequence[PlannedItem]) -> _Family:
    span: dict[int, tuple[str, str]] = {}
    children: dict[int, list[PlannedItem]] = {}
    for _, group in groupby(items, key=lambda each: each.detail["family"]):
        members = list(group)
        for each in members:
            span[each.document_id] = (members[0].first, members[-1].last)
            if each.detail["parent"] is not None:
                children.setdefault(each.detail["parent"], []).append(each)
    return _Family(
        span,
        {each.document_id: each.first for each in items},
        {parent: tuple(found) for parent, found in children.items()},
    )


def _documents(connection: sa.Connection, ids: set[int]) -> dict[int, AnyRow]:
    d = tables.documents
    found: dict[int, AnyRow] = {}
    for chunk in batched(sorted(ids), _CHUNK):
        for each in connection.execute(sa.select(d).where(d.c.id.in_(chunk))):
            found[each.id] = each
    return found


def _copies(connection: sa.Connection, ids: set[int]) -> dict[int, list[AnyRow]]:
    """Suppressed copies of each document, in the order in which they were collected."""
    d = tables.documents.c
    rows = connection.execute(
        sa.select(d.duplicate_of_id, d.custodian_id, d.address)
        .where(d.duplicate_of_id.in_(sorted(ids)))
        .order_by(d.id)
    )
    found: dict[int, list[AnyRow]] = {}
    for each in rows:
        found.setdefault(each.duplicate_of_id, []).append(each)
    return found


def _placed(each: Delivery, kin: _Family, custodian: str, legend: str) -> Placed:
    item = each.place.item
    span = kin.span[item.document_id]
    parent = item.detail["parent"]
    return Placed(
        beg=item.first,
        end=item.last,
        beg_attach=span[0],
        end_attach=span[1],
        parent="" if parent is None else kin.beg.get(parent) or item.detail.get("parent_bates", ""),
        children=tuple(child.first for child in kin.children.get(item.document_id, ())),
        pages=item.pages,
        custodian=custodian,
        control=control(item.document_id),
        legend=legend,
        native_link=link(each.native) if each.native else "",
        text_link=link(each.place.text),
    )


def _described(
    item: PlannedItem,
    document: AnyRow,
    known: dict[int, AnyRow],
    kin: _Family,
    copies: Sequence[AnyRow],
    custodians: dict[int, str],
) -> Described:
    names = (custodians[each.custodian_id] for each in (document, *copies))
    paths = () if item.detail["hide_path"] else (document.address, *(c.address for c in copies))
    return Described(
        name=document.name,
        ext=document.ext.removeprefix("."),
        type=document.type,
        mime=document.mime,
        size=document.size,
        md5=document.md5 or "",
        sha1=document.sha1 or "",
        sha256=document.sha256 or "",
        dedup_hash=document.dedup_hash or "",
        mih=document.mih or "",
        path=paths[0] if paths else "",
        all_paths=tuple(dict.fromkeys(paths)),
        all_custodians=tuple(dict.fromkeys(names)),
        attachment_names=tuple(
            _name(item, child, known[child.document_id].name)
            for child in kin.children.get(item.document_id, ())
        ),
        modified_at=document.modified_at,
        fields=Fields.from_json(document.fields),
    )
