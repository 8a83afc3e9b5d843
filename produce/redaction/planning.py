"""What a person should look at before a production with redactions is run, and what is refused."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from produce.plan_conflicts import Conflict
from produce.redaction.interface import Redacted
from produce.redaction.scope import suggested, twins
from produce.selection import Family
from produce.treating import Item, Treated
from produce.treatment import CONVERTED_TYPES, Treatment
from records.codes import Role
from records.control import control
from records.errors import SpecificationError

SUGGESTED = "redactions suggested, neither confirmed nor rejected"
TWINS = "same bytes as a redacted document, and not redacted"
SHOWN = "shows a part that is redacted by itself; redact it there too"
NATIVES = "redacted, and so not produced natively"
CONVERTED = "redacted by cell, and converted for it by LibreOffice"
_SHOWN_IN_PARENT = (Role.INLINE, Role.EMBEDDED)


def redaction_conflicts(
    connection: sa.Connection,
    families: Sequence[Family],
    treated: Sequence[Treated],
    redacted: Redacted,
) -> list[Conflict]:
    """What is to be looked at, and what became of it. Raises `SpecificationError` where a redaction
    would not be applied: on a suppressed copy, or a picture that is produced in its parent alone.
    """
    items = [item for each in treated for item in each.items]
    open_items = [each for each in items if each.treatment is not Treatment.WITHHELD]
    _refuse_unapplied(treated, redacted)
    _refuse_both(open_items, redacted)
    ids = {each.member.id for each in open_items}
    found: tuple[tuple[str, str, Iterable[int]], ...] = (
        (SUGGESTED, "produced without them: only confirmed ones count", suggested(connection, ids)),
        (TWINS, "produced whole", twins(connection, ids, redacted) if redacted.own else ()),
        (SHOWN, "produced with that part shown", _shown(families, open_items, redacted)),
        (
            CONVERTED,
            "a new native in XLSX; a slip sheet without native where it cannot be made",
            [each.member.id for each in open_items if _converted(each)],
        ),
        (
            NATIVES,
            "a slip sheet instead of the native",
            [each.member.id for each in open_items if _kept_back(each)],
        ),
        (
            "redacted",
            "redactions burned in, no native, text made again",
            [each.member.id for each in open_items if each.redactions],
        ),
    )
    return [Conflict(kind, rule, tuple(sorted(which))) for kind, rule, which in found if which]


def _refuse_unapplied(treated: Sequence[Treated], redacted: Redacted) -> None:
    for family in treated:
        for member, why in family.left_out:
            if member.id in redacted.own and why in ("duplicate", "inline"):
                what = (
                    f"a suppressed duplicate of {control(member.duplicate_of or 0)}"
                    if why == "duplicate"
                    else "shown in the pages of its parent"
                )
                raise SpecificationError(
                    f"{member.control} is redacted, but it is {what}: its redactions would not be "
                    "applied. Redact it there, and remove them here ('redwell redact remove "
                    f"--document {member.control}')"
                )


def _refuse_both(items: Sequence[Item], redacted: Redacted) -> None:
    """A native of what is left shows what boxes cover, and pages show what is in cells."""
    both = redacted.cells & redacted.paged
    for each in items:
        if each.member.id in both:
            raise SpecificationError(
                f"{each.member.control} is redacted by cell and on its pages: it is produced as a "
                "new native, and what is drawn on pages would not be applied. Keep one of both "
                f"('redwell redact list {each.member.control}', 'redwell redact remove NUMBER')"
            )


def _shown(families: Sequence[Family], items: Sequence[Item], redacted: Redacted) -> set[int]:
    """Items whose pages show a redacted part, and that have no redaction of their own."""
    ids = {each.member.id for each in items} - redacted.own.keys()
    return {
        member.found_in
        for family in families
        for member in family.members
        if member.id in redacted.own and member.role in _SHOWN_IN_PARENT and member.found_in in ids
    }


def _converted(item: Item) -> bool:
    made_anew = item.redactions and item.treatment is Treatment.NATIVE
    return bool(made_anew and item.member.type in CONVERTED_TYPES)


def _kept_back(item: Item) -> bool:
    return item.holds_redacted and item.treatment is Treatment.SLIP
