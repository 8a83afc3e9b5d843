"""Decides for each member of a family how it is produced, and what must not show.

Withholding goes with what shows the withheld: a parent that displays a withheld picture or
object is withheld too, and so are the parts that a withheld document displays. A file that
contains a withheld document, in its family or across families, is never produced natively, and
neither is one whose contents are families of their own.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from produce.reach import Reach
from produce.redaction.interface import HELD, ITSELF, REDACTED, Redacted
from produce.selection import Family, Member
from produce.specification import Specification
from produce.treatment import MASKED, SHEET_TYPES, Treatment, native_reason
from records.codes import Disposition, Role

NOTHING = Redacted()
WITHHELD_WITHIN = "the file holds a withheld document"
CONTENTS_APART = "its contents are separate documents"
_SHOWN_IN_PARENT = (Role.INLINE, Role.EMBEDDED)


@dataclass(frozen=True, slots=True)
class Item:
    """A document on the plan. `parent` is the nearest ancestor that is on the plan too.

    `hide_path` is set where it or a copy is below a withheld one, whose name the path would tell;
    `holds_withheld` where the document's file contains a withheld one, `holds_redacted` where it
    contains a redacted one or is redacted itself. `attachments` are the names
    that a mail's pages may show: of all it holds, on the plan or not, withheld and redacted ones
    masked. `redactions` is the digest of its own, `masked` the fields that were redacted by hand.
    `legend` stands on its pages, once that is known. `more` is put on record with the rest.
    """

    member: Member
    treatment: Treatment
    reason: str
    parent: int | None
    hide_path: bool
    holds_withheld: bool
    attachments: tuple[str, ...]
    holds_redacted: bool = False
    redactions: str = ""
    masked: tuple[str, ...] = ()
    legend: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def detail(self) -> dict[str, Any]:
        """What the record keeps of it, beside its own columns."""
        return {
            "family": self.member.family,
            "parent": self.parent,
            "hide_path": self.hide_path,
            "holds_withheld": self.holds_withheld,
            "attachments": list(self.attachments),
            "holds_redacted": self.holds_redacted,
            "redactions": self.redactions,
            "masked": list(self.masked),
            "legend": self.legend,
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class Troubles:
    """What processing could not do: the code of each exception, and all that is not whole."""

    exceptions: Mapping[int, str]
    incomplete: frozenset[int]


@dataclass(frozen=True, slots=True)
class Treated:
    """What becomes of a family: items in order, and members that are left out, by reason."""

    items: tuple[Item, ...]
    left_out: tuple[tuple[Member, str], ...]


def treat(
    family: Family,
    specification: Specification,
    excluded: set[int],
    troubles: Troubles,
    beyond: Reach,
    redacted: Redacted = NOTHING,
    numbered: Container[int] = (),
) -> Treated:
    """Decide for one family. `excluded` are all documents whose tags withhold them, and `beyond`
    is what they reach in other families. `numbered` have numbers of their own already, so that they
    are items whatever they are today.
    """
    tree = Tree(family, excluded, redacted.unnamed)
    items: list[Item] = []
    left: list[tuple[Member, str]] = []
    produced: set[int] = set()
    for member in family.members:
        wanted = bool(family.chosen) if specification.families else member.id in family.chosen
        if not wanted:
            continue
        why_not = _left_out(member, family, specification, tree, produced)
        if why_not and member.id not in numbered:
            left.append((member, why_not))
            continue
        produced.add(member.id)
        holding = member.id in tree.holding or member.id in beyond.holding
        closed = _closed(member.id, holding, redacted)
        treatment, reason = _treatment(
            member, specification, tree, troubles, beyond, closed, redacted
        )
        items.append(
            Item(
                member,
                treatment,
                reason,
                next((each for each in tree.ancestors(member.id) if each in produced), None),
                member.id in tree.below or member.id in beyond.below,
                holding,
                tree.attachments(member.id),
                member.id in redacted.own or member.id in redacted.holding,
                redacted.own.get(member.id, ""),
                redacted.masked.get(member.id, ()),
            )
        )
    return Treated(tuple(items), tuple(left))


class Tree:
    """Who holds whom in a family, and how far withholding reaches."""

    def __init__(
        self, family: Family, excluded: set[int], unnamed: frozenset[int] = frozenset()
    ) -> None:
        self._unnamed = unnamed
        self._members = family.members
        ids = {each.id for each in family.members}
        self._parents = {each.id: each.found_in for each in family.members if each.found_in in ids}
        self.tagged = ids & excluded
        self.withheld = set(self.tagged)
        for member in reversed(family.members):  # children before their parents
            parent = self._parents.get(member.id)
            if parent and member.id in self.withheld and member.role in _SHOWN_IN_PARENT:
                self.withheld.add(parent)
        for member in family.members:
            if self._parents.get(member.id) in self.withheld and member.role in _SHOWN_IN_PARENT:
                self.withheld.add(member.id)
        self.holding = {ancestor for each in self.withheld for ancestor in self.ancestors(each)}
        self.below = {each for each in ids if self.withheld.intersection(self.ancestors(each))}

    def holds_any(self, document_id: int) -> bool:
        """Whether a member holds others directly."""
        return document_id in self._parents.values()

    def attachments(self, document_id: int) -> tuple[str, ...]:
        """Names of what a member holds directly, but for pictures that it shows."""
        return tuple(
            MASKED
            if each.id in self.withheld
            else REDACTED
            if each.id in self._unnamed
            else each.name
            for each in self._members
            if each.found_in == document_id and each.role != Role.INLINE
        )

    def ancestors(self, document_id: int) -> list[int]:
        """The chain above a member, the nearest first."""
        found: list[int] = []
        parent = self._parents.get(document_id)
        while parent is not None:
            found.append(parent)
            parent = self._parents.get(parent)
        return found


def _left_out(
    member: Member,
    family: Family,
    specification: Specification,
    tree: Tree,
    produced: set[int],
) -> str:
    """Why a member of the selection is not an item of its own; empty when it is one."""
    if member.disposition == Disposition.DUPLICATE:
        return "duplicate"
    if member.disposition == Disposition.CONTAINER and len(family.members) == 1:
        return "container"
    shown = member.role == Role.INLINE and specification.inline == "parent"
    above = tree.ancestors(member.id)
    if shown and above and above[0] in produced:
        return "inline"
    return ""


def _treatment(
    member: Member,
    specification: Specification,
    tree: Tree,
    troubles: Troubles,
    beyond: Reach,
    closed: str,
    redacted: Redacted,
) -> tuple[Treatment, str]:
    if member.id in tree.withheld:
        return Treatment.WITHHELD, "tagged" if member.id in tree.tagged else "shows what is tagged"
    if member.id in beyond.apart:
        code = troubles.exceptions.get(member.id)
        return Treatment.SLIP, f"{code}; {CONTENTS_APART}" if code else CONTENTS_APART
    if member.disposition == Disposition.CONTAINER:
        if tree.holds_any(member.id) and member.id not in troubles.incomplete:
            return Treatment.SLIP, "container"
        return native_or_slip("container, not opened whole", closed)
    if member.id in redacted.cells and member.sha256 is not None:
        return Treatment.NATIVE, f"type {member.type}"  # a new one, made of what is left
    reason = _why_native(member, specification, troubles.exceptions)
    if member.sha256 is None:
        return Treatment.SLIP, reason or "bytes not available"
    drawn = (
        member.id in redacted.own
        and (member.type not in SHEET_TYPES or specification.sheets == "printed")
        and (not reason or reason.startswith("type "))
    )
    if drawn or (not reason and specification.kind != "none"):
        return Treatment.IMAGE, ""
    return native_or_slip(reason or "native production", closed)


def _why_native(member: Member, specification: Specification, exceptions: Mapping[int, str]) -> str:
    if member.disposition == Disposition.EXCEPTION:
        return exceptions.get(member.id, "exception")
    if member.disposition == Disposition.SYSTEM_FILE:
        return "system file"
    if member.disposition == Disposition.EMPTY or member.size == 0:
        return "empty file"
    return native_reason(member.type, member.mime, specification.native_types, specification.sheets)


def _closed(document: int, holding: bool, redacted: Redacted) -> str:
    if holding:
        return WITHHELD_WITHIN
    if document in redacted.own:
        return ITSELF
    return HELD if document in redacted.holding else ""


def closed_by(detail: Mapping[str, Any]) -> str:
    """Why the native of a planned item may not be produced; empty where it may."""
    if detail["holds_withheld"]:
        return WITHHELD_WITHIN
    if detail.get("redactions"):
        return ITSELF
    return HELD if detail.get("holds_redacted") else ""


def native_or_slip(reason: str, closed: str) -> tuple[Treatment, str]:
    """The native where it may be produced, else a slip sheet that says why not."""
    if closed:
        return Treatment.SLIP, f"{reason}; {closed}"
    return Treatment.NATIVE, reason
