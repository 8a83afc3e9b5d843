"""What a person should look at before a production is run, and the rule that settled each kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from process.hidden import UNSEEN
from produce.interface import OfficeRule
from produce.levels import legends, uncoded
from produce.selection import Dated, Family, in_chunks, tagged
from produce.specification import Specification
from produce.treating import Item, Treated, Troubles
from produce.treatment import Treatment
from records import culls, tables
from records.codes import Disposition
from records.fields import Fields

CULLED = "put aside by culling"
SYSTEM = "system files"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Documents of one kind, and what became of them by which rule."""

    kind: str
    rule: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """All that planning looked at; `waiting` are documents of the case not processed yet."""

    specification: Specification
    families: list[Family]
    treated: list[Treated]
    troubles: Troubles
    excluded: set[int]
    dated: Dated
    waiting: tuple[int, ...]

    @property
    def items(self) -> list[Item]:
        """What is on the plan."""
        return [item for each in self.treated for item in each.items]

    @property
    def ids(self) -> set[int]:
        """The documents on the plan."""
        return {item.member.id for item in self.items}

    @property
    def open_ids(self) -> set[int]:
        """Those that are not withheld."""
        return {i.member.id for i in self.items if i.treatment is not Treatment.WITHHELD}


def conflicts_of(connection: sa.Connection, looked: Looked) -> list[Conflict]:
    """All kinds that have documents, in the order in which they matter."""
    found = [*_privilege(connection, looked), *_coding(connection, looked)]
    found += [*_beside_pages(connection, looked), *_repeated(connection, looked)]
    found += [*_whole(looked), *_put_aside(connection, looked)]
    return [Conflict(kind, rule, tuple(sorted(ids))) for kind, rule, ids in found if ids]


type Found = Iterator[tuple[str, str, set[int]]]


def _privilege(connection: sa.Connection, looked: Looked) -> Found:
    spec, open_ids, withheld = looked.specification, looked.open_ids, looked.ids - looked.open_ids
    yield "withheld", "a slip sheet and no metadata, by the excluded tags", withheld
    yield (
        "privileged, produced as allowed",
        "produced: their tags are in selection.allow_tags",
        open_ids & tagged(connection, spec.allow_tags),
    )
    yield (
        "same bytes as a withheld document",
        "produced: no tag of theirs withholds them",
        _twins(connection, open_ids, looked.excluded | withheld),
    )
    yield (
        "natives that hold a withheld document",
        "a slip sheet instead of the native",
        _those(looked, lambda item: item.holds_withheld and item.treatment is Treatment.SLIP),
    )


def _coding(connection: sa.Connection, looked: Looked) -> Found:
    for group, ids in uncoded(connection, looked.ids).items():
        yield (
            f"unreviewed: no tag of {group}",
            "produced as they are: the group is required, and they bear none of its tags",
            ids,
        )
    if looked.specification.levels:
        bearing = legends(connection, looked.specification, looked.ids)
        legend = looked.specification.legend
        yield (
            "without a level of confidentiality",
            f"bear the legend of the volume, {legend!r}" if legend else "bear no legend",
            looked.ids - bearing.keys(),
        )


def _beside_pages(connection: sa.Connection, looked: Looked) -> Found:
    rule = looked.specification.office
    if rule == OfficeRule():
        return
    d = tables.documents.c
    rows = in_chunks(
        connection,
        lambda ids: sa.select(d.id, d.fields).where(d.id.in_(ids)),
        _those(looked, lambda item: item.treatment is Treatment.NATIVE and not item.redactions),
    )
    yield (
        "natives that hold what [office] keeps off pages",
        "produced natively with all of it: a native is the file as it was kept",
        {
            row.id
            for row in rows
            for kinds in (UNSEEN.intersection(Fields.from_json(row.fields).hidden),)
            if not all(map(rule.shows, kinds))
        },
    )


def _repeated(connection: sa.Connection, looked: Looked) -> Found:
    left = [each for treated in looked.treated for each in treated.left_out]
    copies = [member for member, why in left if why == "duplicate"]
    yield "duplicates", "left out: the kept copy stands for them", {each.id for each in copies}
    yield (
        "duplicate whose kept copy is not selected",
        "left out, and the kept copy is not in the volume either",
        {each.id for each in copies if each.duplicate_of not in looked.ids},
    )
    yield (
        "produced before",
        "produced again under new numbers",
        _produced_before(connection, looked.ids, looked.specification.name),
    )


def _whole(looked: Looked) -> Found:
    spec, ids = looked.specification, looked.ids
    begun = {item.member.family for item in looked.items}
    members = [each for family in looked.families for each in family.members]
    yield (
        "exceptions",
        "the native with a slip sheet",
        _those(looked, lambda item: item.member.disposition == Disposition.EXCEPTION),
    )
    yield (
        "imaged, but not read whole",
        "imaged: the pages may lack what could not be read",
        _those(
            looked,
            lambda item: (
                item.treatment is Treatment.IMAGE and item.member.id in looked.troubles.incomplete
            ),
        ),
    )
    yield (
        "waiting for OCR",
        "produced with the text that there is",
        _those(looked, lambda item: bool(item.member.ocr_waiting)),
    )
    yield (
        "family not whole",
        "left out: selection.families is off",
        {
            each.id
            for each in members
            if not spec.families and each.id not in ids and each.family in begun
        },
    )
    kept = spec.undated == "keep"
    yield (
        "without a date",
        "produced: selection.undated is keep" if kept else "left out by the range of dates",
        {each.id for family in looked.dated.undated for each in family.members},
    )


def _put_aside(connection: sa.Connection, looked: Looked) -> Found:
    yield CULLED, "produced all the same: they were selected", looked.ids & culls.aside(connection)
    yield (
        SYSTEM,
        "the native with a slip sheet",
        _those(looked, lambda item: item.member.disposition == Disposition.SYSTEM_FILE),
    )
    yield (
        "of the case, not processed yet",
        "not looked at: selection.allow_unprocessed is on",
        set(looked.waiting),
    )


def _those(looked: Looked, is_one: Callable[[Item], bool]) -> set[int]:
    return {item.member.id for item in looked.items if is_one(item)}


def _twins(connection: sa.Connection, produced: set[int], excluded: set[int]) -> set[int]:
    d = tables.documents.c
    rows = in_chunks(connection, lambda ids: sa.select(d.sha256).where(d.id.in_(ids)), excluded)
    hashes = {row.sha256 for row in rows if row.sha256}
    return {
        row.id
        for row in in_chunks(
            connection, lambda ids: sa.select(d.id, d.sha256).where(d.id.in_(ids)), produced
        )
        if row.sha256 in hashes
    }


def _produced_before(connection: sa.Connection, ids: set[int], name: str) -> set[int]:
    i, p = tables.production_items.c, tables.productions.c
    rows = in_chunks(
        connection,
        lambda chunk: (
            sa.select(i.document_id)
            .join(tables.productions, p.id == i.production_id)
            .where(i.document_id.in_(chunk), i.beg_bates.is_not(None), p.name != name)
        ),
        ids,
    )
    return {row.document_id for row in rows}
