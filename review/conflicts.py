"""Where coding disagrees with itself, and what may be privileged among what is to go out.

Compared are the choices of groups with a single choice: within families, between copies, between
near-duplicates, and between an inclusive mail and the mails that it holds. A document that nobody
coded agrees with all, unless `uncoded` asks for those too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from pyroaring import BitMap

from index.searching import search
from records.case import Case
from records.errors import ReviewError
from review import alike, asking
from review.alike import Alike
from review.decisions import Put, borne
from review.meanings import privilege_names, production_names
from review.panel import Group, Panel, load
from review.privilege_terms import Term
from review.screen import STRONG, screen
from review.targets import in_review

NEAR = 95.0


class Kind(StrEnum):
    """What disagrees."""

    FAMILY = "family"
    COPIES = "copies"
    NEAR = "near-duplicates"
    THREAD = "thread"
    PRIVILEGE = "privilege"


@dataclass(frozen=True, slots=True)
class Coded:
    """A document of a conflict: its choices, by whom and when, and what is told beside."""

    document: int
    tags: tuple[str, ...]
    by: tuple[str, ...]
    at: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Documents whose coding should agree and does not; `group` is the group of tags."""

    kind: Kind
    about: str
    group: str
    documents: tuple[Coded, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. No `groups`: all that have a single choice.

    `production` and `privileged` are searches of what goes out and of what is coded privileged;
    None for the tags whose names say so. `listed` are terms each of which is enough, beside a
    screen by `terms`.
    """

    kinds: frozenset[Kind]
    terms: tuple[Term, ...]
    groups: tuple[str, ...] = ()
    near: float = NEAR
    uncoded: bool = False
    production: str | None = None
    privileged: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All conflicts, by kind; `groups` that were compared, and the searches that were asked.

    `production` is None where nothing says what goes out: then no conflict of privilege is known.
    """

    conflicts: tuple[Conflict, ...]
    groups: tuple[str, ...]
    production: str | None
    privileged: str | None
    missing: int


def report(case: Case, wanted: Wanted) -> Report:
    """Look for conflicts; raises `TagError` for a group not there, `ReviewError` for one of several
    choices, `QueryError`.
    """
    with case.read() as connection:
        panel = load(connection)
        groups = _groups(panel, wanted.groups)
        here = in_review(connection)
        puts = borne(connection, [tag.id for each in groups for tag in panel.members(each.id)])
        found = list(_split(connection, panel, groups, here, puts, wanted))
        production = wanted.production or _any(production_names(connection))
        privileged = wanted.privileged or _any(privilege_names(connection))
        bears = borne(connection, panel.tags)
    missing = 0
    if Kind.PRIVILEGE in wanted.kinds and production is not None:
        result, reasons = _privilege(case, wanted, production, privileged)
        missing = result
        found += [
            Conflict(Kind.PRIVILEGE, f"goes out by {production}", "", (coded,))
            for document, detail in reasons
            for coded in [_coded(panel, document, bears.get(document, ()), detail)]
        ]
    names = tuple(each.name for each in groups)
    return Report(tuple(found), names, production, privileged, missing)


def _groups(panel: Panel, names: Sequence[str]) -> list[Group]:
    if not names:
        return [each for each in panel.groups.values() if each.single]
    found = [panel.group(each) for each in names]
    for each in found:
        if not each.single:
            raise ReviewError(
                f"'{each.name}' allows several choices, and documents may well differ in them: "
                "compare a group with a single choice"
            )
    return found


def _any(names: Sequence[str]) -> str | None:
    return " OR ".join(f'tag:"{each}"' for each in names) or None


def _split(
    connection: sa.Connection,
    panel: Panel,
    groups: Sequence[Group],
    here: BitMap,
    puts: dict[int, list[Put]],
    wanted: Wanted,
) -> Iterator[Conflict]:
    """Documents that belong together and were given different choices."""
    ways: dict[Kind, Callable[[], Iterable[Alike]]] = {
        Kind.FAMILY: lambda: alike.families(connection, here),
        Kind.COPIES: lambda: alike.copies(connection, here),
        Kind.NEAR: lambda: alike.near(connection, here, wanted.near),
        Kind.THREAD: lambda: alike.within_mails(connection, here),
    }
    told: set[tuple[str, frozenset[int]]] = set()
    for kind, way in ways.items():
        for each in way() if kind in wanted.kinds else ():
            for group in groups:
                members = _differing(panel, group, each, here, puts, wanted.uncoded)
                key = (group.name, frozenset(one.document for one in members))
                # Copies are near each other too: told once, by the stronger tie.
                if members and not (kind is Kind.NEAR and key in told):
                    told.add(key)
                    yield Conflict(kind, each.about, group.name, members)


def _differing(
    panel: Panel,
    group: Group,
    each: Alike,
    here: BitMap,
    puts: dict[int, list[Put]],
    uncoded: bool,
) -> tuple[Coded, ...]:
    """The documents with their choices where these differ, else nothing."""
    of_group = {tag.id for tag in panel.members(group.id)}
    choices: dict[int, list[Put]] = {}
    for document in each.documents:
        own = [put for put in puts.get(document, ()) if put.tag in of_group]
        if own or (uncoded and document in here):
            choices[document] = own
    if len({frozenset(put.tag for put in own) for own in choices.values()}) < 2:
        return ()
    return tuple(
        _coded(panel, document, own, each.details.get(document, ""))
        for document, own in choices.items()
    )


def _coded(panel: Panel, document: int, puts: Iterable[Put], detail: str) -> Coded:
    own = list(puts)
    return Coded(
        document,
        tuple(panel.tags[each.tag].name for each in own),
        tuple(sorted({each.actor for each in own if each.actor is not None})),
        max((each.at for each in own if each.at is not None), default=None),
        detail,
    )


def _privilege(
    case: Case, wanted: Wanted, production: str, privileged: str | None
) -> tuple[int, list[tuple[int, str]]]:
    """Documents that go out uncoded as privileged and that the screen, or a listed term, points at;
    and how many documents the index lacks.
    """
    out = search(case, production)
    safe = search(case, privileged).ids if privileged is not None else BitMap()
    scope = out.ids - safe
    found: dict[int, str] = {}
    screened = screen(case, production, wanted.terms)
    for each in screened.documents:
        if each.document in scope and each.score >= STRONG:
            why = "; ".join(f"{one.reason} {one.points:+d} ({one.detail})" for one in each.reasons)
            found[each.document] = f"{each.score} points: {why}"
    if wanted.listed:
        queries = [each.query for each in wanted.terms]
        for query, ids in zip(queries, asking.ask(case, queries, scope), strict=True):
            for document in ids:
                found.setdefault(document, f"term {query}")
    return out.missing, sorted(found.items())
