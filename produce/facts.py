"""What the case knows of a production: for the check, and against changes since the plan."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from produce.check import Facts, Registered
from produce.check_terms import terms_of
from produce.layout import legend_of
from produce.levels import legends
from produce.numbering import reservations
from produce.plan import excluded_by, troubles_of
from produce.reach import Reach, groups_of, reach
from produce.record import PlannedItem, Production, items
from produce.redaction.interface import Redacted
from produce.redaction.scope import redacted_today
from produce.selection import Family, in_chunks, load_families, pending
from produce.supplement import line_of, parents_before, refuse_produced
from produce.treating import Tree, treat
from produce.treatment import Treatment
from produce.versions import refuse_overtaken
from records import culls, tables
from records.case import Case
from records.codes import Disposition
from records.control import control
from records.errors import ProductionError


def facts_of(connection: sa.Connection, found: Production) -> Facts:
    """The facts that the check of a volume compares it with."""
    planned = items(connection, found.id)
    ids = {each.document_id for each in planned}
    d = tables.documents.c
    rows = in_chunks(connection, lambda some: sa.select(d.id, d.sha256).where(d.id.in_(some)), ids)
    hashes = {row.id: row.sha256 for row in rows}
    scope = _scope(connection, found, planned)
    kin = parents_before(planned)
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
                _native_hash(each, hashes),
                each.detail.get("legend"),
            )
            for each in planned
        ),
        closed=frozenset(control(each) for each in ids & scope.withheld),
        sealed=frozenset(control(each) for each in ids & (scope.holding | scope.beyond.apart)),
        others=tuple(
            (each.production, each.prefix, each.first, each.last)
            for each in reservations(connection)
            if each.production_id not in (found.id, found.replaces)
        ),
        manifest_sha256=found.manifest_sha256,
        terms=replace(
            terms_of(found.specification),
            replacement=found.replaces is not None,
            parents=frozenset(kin.values()),
        ),
        parents=kin,
    )


def _native_hash(item: PlannedItem, hashes: dict[int, str | None]) -> str | None:
    """Of the native that is due: its own bytes, or what was made of them by redaction."""
    if item.treatment is not Treatment.NATIVE:
        return None
    made = item.detail.get("redacted_native")
    return str(made["sha256"]) if made else hashes[item.document_id]


def _families(connection: sa.Connection, planned: list[PlannedItem]) -> list[Family]:
    return load_families(connection, {each.document_id for each in planned})


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the tags of today withhold in the families of a production, and how far they reach."""

    withheld: set[int]
    holding: set[int]
    below: set[int]
    beyond: Reach


def _scope(connection: sa.Connection, found: Production, planned: list[PlannedItem]) -> _Scope:
    excluded = excluded_by(connection, found.specification)
    families = _families(connection, planned)
    trees = [Tree(family, excluded) for family in families]
    ids = {member.id for family in families for member in family.members}
    beyond = reach(connection, ids, excluded)
    return _Scope(
        withheld={each for tree in trees for each in tree.withheld},
        holding={each for tree in trees for each in tree.holding} | beyond.holding,
        below={each for tree in trees for each in tree.below} | beyond.below,
        beyond=beyond,
    )


def closed_today(
    connection: sa.Connection, found: Production, planned: list[PlannedItem]
) -> set[int]:
    """What the tags of today withhold in the production's families or anywhere, copies included."""
    scope = _scope(connection, found, planned)
    return groups_of(connection, excluded_by(connection, found.specification) | scope.withheld)


def _shows(item: PlannedItem, scope: _Scope) -> bool:
    """Whether an item, as it is planned, would show what is withheld today."""
    id_, detail = item.document_id, item.detail
    if item.treatment is Treatment.WITHHELD:
        return False
    if id_ in scope.withheld or (id_ in scope.below and not detail["hide_path"]):
        return True
    if id_ in scope.beyond.apart:
        return item.treatment is not Treatment.SLIP
    return id_ in scope.holding and not detail["holds_withheld"]


def refuse_newly_excluded(case: Case, connection: sa.Connection, found: Production) -> None:
    """Raise `ProductionError` where tags given since the plan withhold what it would show, or where
    what is redacted is not what was redacted then; and where a newer version stands of what it
    replaces.
    """
    planned = items(connection, found.id)
    refuse_overtaken(connection, found, planned)
    refuse_produced(connection, found, planned)
    scope = _scope(connection, found, planned)
    _refuse_other_redactions(
        connection, found, planned, redacted_today(case, connection, names=False)
    )
    shown = [each for each in planned if _shows(each, scope)]
    if shown:
        raise ProductionError(
            f"{len(shown)} documents of {found.name} are, hold or lie in what is tagged to be "
            f"withheld since it was planned (as {control(shown[0].document_id)}): {_remedy(found)}"
        )


def _refuse_other_redactions(
    connection: sa.Connection, found: Production, planned: list[PlannedItem], today: Redacted
) -> None:
    """Suggestions count for nothing; confirmed ones must be those of the plan."""
    ids = {each.document_id for each in planned}
    whole = found.replaces is None  # else what is not chosen of a family stays as it is
    families = _families(connection, planned) if today.own and whole else []
    members = {member.id for family in families for member in family.members}
    before = line_of(connection, found.specification).keys()
    odd = [
        *(each.document_id for each in planned if _redacted_otherwise(each, today)),
        *sorted((members & today.own.keys()) - ids - before),
    ]
    if odd:
        raise ProductionError(
            f"{len(odd)} documents of {found.name} are, or hold what is, redacted otherwise than "
            f"when it was planned (as {control(odd[0])}): {_remedy(found)}"
        )


def _redacted_otherwise(item: PlannedItem, today: Redacted) -> bool:
    if item.treatment is Treatment.WITHHELD:
        return False
    id_ = item.document_id
    if today.own.get(id_, "") != item.detail.get("redactions", ""):
        return True
    return id_ in today.holding and not item.detail.get("holds_redacted")


def _remedy(found: Production) -> str:
    if found.replaces is not None:
        return f"plan {found.name} again with 'redwell produce replace'"
    return (
        f"plan {found.name} again, or where its numbers are reserved already another volume: "
        "reserved numbers stay reserved"
    )


def refuse_changes(connection: sa.Connection, found: Production) -> None:
    """Raise `ProductionError` where its families are not what they were when it was planned.

    Or where documents of it were put aside since, by culling or as system files; and where
    documents wait to be processed: each may be the copy of one that is to go out.
    """
    waiting = [] if found.specification.allow_unprocessed else pending(connection)
    if waiting:
        raise ProductionError(
            f"{len(waiting)} documents of the case are not processed yet (as "
            f"{control(waiting[0])}), and may tell that documents of {found.name} are to be "
            f"withheld: run 'redwell process' first, then {found.name} again"
        )
    planned = items(connection, found.id)
    _refuse_other_legends(connection, found, planned)
    families = _families(connection, planned)
    _refuse_put_aside(found, planned, families, culls.aside(connection))
    if found.replaces is not None:
        return  # its documents were chosen one by one, and families stay as they were numbered
    troubles = troubles_of(connection, families)
    treated = [treat(each, found.specification, set(), troubles, Reach()) for each in families]
    today = {item.member.id for each in treated for item in each.items}
    before = line_of(connection, found.specification).keys()  # of a supplement: left out
    odd = sorted((today ^ {each.document_id for each in planned}) - before)
    if odd:
        raise ProductionError(
            f"{len(odd)} documents in the families of {found.name} came, went or became "
            f"duplicates since it was planned (as {control(odd[0])}): plan it again"
        )


def _refuse_other_legends(
    connection: sa.Connection, found: Production, planned: list[PlannedItem]
) -> None:
    specification = found.specification
    today = legends(connection, specification, [each.document_id for each in planned])
    other = [
        each.document_id
        for each in planned
        if legend_of(each, specification) != today.get(each.document_id, specification.legend)
    ]
    if other:
        raise ProductionError(
            f"{len(other)} documents of {found.name} have another level of confidentiality than "
            f"when it was planned (as {control(other[0])}): plan it again"
        )


def _refuse_put_aside(
    found: Production, planned: list[PlannedItem], families: list[Family], culled: set[int]
) -> None:
    members = (member for family in families for member in family.members)
    system = {each.id for each in members if each.disposition == Disposition.SYSTEM_FILE}
    aside = culled | system
    new = [
        each.document_id
        for each in planned
        if each.document_id in aside and not each.detail.get("aside")
    ]
    if new:
        raise ProductionError(
            f"{len(new)} documents of {found.name} were put aside since it was planned, by culling "
            f"or as system files (as {control(new[0])}): plan it again, or take the rule or list "
            "back"
        )
