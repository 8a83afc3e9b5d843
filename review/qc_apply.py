"""Writes what the second level decided into the coding: one act, which can be undone."""

from dataclasses import dataclass

from pyroaring import BitMap

from records import audit
from records.case import Case
from records.errors import TagError
from records.roles import UserRole
from review import acts, rules
from review.decisions import borne, tags_of
from review.panel import Panel, load
from review.qc import Drawn, documents, find
from review.rules import Coding, Conflict, Plan
from review.tags import ConflictError


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: `changed` documents, by this act (None where nothing was).

    `same` bore already what was decided; `since` were coded otherwise since they were drawn, and
    are left as they are.
    """

    act: int | None
    changed: int
    same: int
    since: tuple[int, ...]


def apply(case: Case, name: str, *, basis: str | None = None, dry_run: bool = False) -> Applied:
    """Give the judged documents of a sample the tags that the second level decided on.

    Raises `ConflictError` where a rule of tags would be broken, `TagError` for a lacking basis.
    """
    with case.read() if dry_run else case.write(UserRole.REVIEWER) as connection:
        sample = find(connection, name)
        panel = load(connection)
        judged = [each for each in documents(connection, sample) if each.second is not None]
        wanted = {each.document: each for each in judged}
        now = {
            document: frozenset(put.tag for put in puts)
            for document, puts in borne(
                connection, tags_of(panel, sample.groups), BitMap(wanted)
            ).items()
        }
        plan, since, same = _plan(judged, now)
        _check(panel, Coding(connection, panel), plan, basis)
        act = None
        if plan.documents and not dry_run:
            origin = {"qc": sample.name}
            act = acts.write(connection, plan, origin, basis)
            audit.append(
                connection,
                "sample applied",
                sample=sample.name,
                coding_act=act,
                documents=len(plan.documents),
                left=len(since),
            )
        return Applied(act, len(plan.documents), same, tuple(since))


def _plan(judged: list[Drawn], now: dict[int, frozenset[int]]) -> tuple[Plan, list[int], int]:
    plan, since, same = Plan(), [], 0
    for each in judged:
        assert each.second is not None
        bears = now.get(each.document, frozenset())
        if bears == each.second.tags:
            same += 1
        elif bears != each.first_tags:
            since.append(each.document)
        else:
            for tag in each.second.tags - bears:
                plan.adds.setdefault(tag, BitMap()).add(each.document)
            for tag in bears - each.second.tags:
                plan.removes.setdefault(tag, BitMap()).add(each.document)
    return plan, since, same


def _check(panel: Panel, coding: Coding, plan: Plan, basis: str | None) -> None:
    for tag in plan.adds:
        if panel.tags[tag].needs_basis and not basis:
            raise TagError(
                f"'{panel.tags[tag].name}' needs a basis: say why with --basis, as in --basis "
                "'attorney-client: advice of counsel on the lease'"
            )
    every = plan.documents
    found: list[Conflict] = rules.opposed(panel, coding, plan, plan.adds, every)
    found += rules.lacking(panel, coding, plan, every)
    if found:
        count = len(BitMap.union(BitMap(), *(BitMap(each.documents) for each in found)))
        first = found[0]
        met = f"'{first.tag}' meets '{first.against}': " if first.against else ""
        raise ConflictError(
            f"Rules of tags would be broken on {count} documents, nothing was written. {met}"
            f"{first.rule}. Judge these documents again, with all that they should bear",
            found,
        )
