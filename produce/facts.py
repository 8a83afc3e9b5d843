"""What the case knows of a production: for the check, and against changes since the plan."""

import sqlalchemy as sa

from produce.check import Facts, Registered
from produce.numbering import reservations
from produce.plan import privilege_names, troubles_of
from produce.record import PlannedItem, Production, items
from produce.selection import Family, in_chunks, load_families, tagged
from produce.treating import Tree, treat
from produce.treatment import Treatment
from records import tables
from records.control import control
from records.errors import ProductionError


def facts_of(connection: sa.Connection, found: Production) -> Facts:
    """The facts that the check of a volume compares it with."""
    planned = items(connection, found.id)
    ids = {each.document_id for each in planned}
    d = tables.documents.c
    rows = in_chunks(connection, lambda some: sa.select(d.id, d.sha256).where(d.id.in_(some)), ids)
    hashes = {row.id: row.sha256 for row in rows}
    return Facts(
        name=found.name,
        dpi=found.specification.dpi,
        legend=found.specification.legend,
        documents=tuple(
            Registered(
                each.first,
                each.last,
                control(each.document_id),
                each.treatment is Treatment.WITHHELD,
                hashes[each.document_id] if each.treatment is Treatment.NATIVE else None,
            )
            for each in planned
        ),
        closed=frozenset(control(each) for each in ids & _closed(connection, found, planned)),
        others=tuple(
            (each.production, each.prefix, each.first, each.last)
            for each in reservations(connection)
            if each.production_id != found.id
        ),
        manifest_sha256=found.manifest_sha256,
    )


def _families(connection: sa.Connection, planned: list[PlannedItem]) -> list[Family]:
    return load_families(connection, {each.document_id for each in planned})


def _excluded(connection: sa.Connection, found: Production) -> set[int]:
    """Documents that the tags of today withhold, tags made since the plan included."""
    specification = found.specification
    allowed = set(specification.allow_tags)
    names = {*specification.exclude_tags, *privilege_names(connection)} - allowed
    return tagged(connection, sorted(names))


def _closed(connection: sa.Connection, found: Production, planned: list[PlannedItem]) -> set[int]:
    excluded = _excluded(connection, found)
    return {
        each
        for family in _families(connection, planned)
        for each in Tree(family, excluded).withheld
    }


def refuse_newly_excluded(connection: sa.Connection, found: Production) -> None:
    """Raise `ProductionError` where tags given since the plan withhold what it would show."""
    planned = items(connection, found.id)
    excluded = _excluded(connection, found)
    trees = [Tree(family, excluded) for family in _families(connection, planned)]
    withheld = {each for tree in trees for each in tree.withheld}
    holding = {each for tree in trees for each in tree.holding}
    shown = [
        each
        for each in planned
        if (each.document_id in withheld and each.treatment is not Treatment.WITHHELD)
        or (each.document_id in holding and not each.detail["holds_withheld"])
    ]
    if shown:
        raise ProductionError(
            f"{len(shown)} documents of {found.name} are, or hold what is, tagged to be withheld "
            f"since it was planned (as {control(shown[0].document_id)}): {_remedy(found)}"
        )


def _remedy(found: Production) -> str:
    return (
        f"plan {found.name} again, or where its numbers are reserved already another volume: "
        "reserved numbers stay reserved"
    )


def refuse_changes(connection: sa.Connection, found: Production) -> None:
    """Raise `ProductionError` where its families are not what they were when it was planned."""
    planned = items(connection, found.id)
    families = _families(connection, planned)
    troubles = troubles_of(connection, families)
    treated = [treat(each, found.specification, set(), troubles) for each in families]
    today = {item.member.id for each in treated for item in each.items}
    odd = sorted(today ^ {each.document_id for each in planned})
    if odd:
        raise ProductionError(
            f"{len(odd)} documents in the families of {found.name} came, went or became "
            f"duplicates since it was planned (as {control(odd[0])}): plan it again"
        )
