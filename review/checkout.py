"""Who works on which batch: taken, given back, returned.

Writers go one after the other, on SQLite and PostgreSQL alike (`records.case.Case.write`), and
each looks at the batch within its transaction: nobody is given what another was given.
"""

from dataclasses import dataclass, replace

import sqlalchemy as sa
from pyroaring import BitMap

from records import audit, roles, tables, times
from records.case import Case
from records.control import control
from records.errors import ReviewError, RoleError
from records.naming import name_key
from records.numbers import table_of
from records.roles import UserRole
from review.batches import (
    OPEN,
    OUT,
    RETURNED,
    Batch,
    BatchSet,
    batches,
    find,
    find_set,
    held,
    members,
    stand,
)
from review.panel import Panel, load
from review.targets import in_review
from review.units import Unit, units

_B, _M = tables.batches.c, tables.batch_documents.c
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch that somebody has now; `again` where it was his already."""

    set: str
    batch: Batch
    documents: int
    again: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A batch that was returned.

    `lacks` names for each document that is not coded whole the groups of which it has no tag.
    `released` documents wait to be cut again; `gone` left review since the batch was cut.
    """

    set: str
    batch: Batch
    documents: int
    lacks: dict[str, tuple[str, ...]]
    released: tuple[str, ...]
    gone: tuple[str, ...]


class LackingError(ReviewError):
    """Documents of a batch are not coded yet, so it was not returned; `lacks` says which."""

    def __init__(self, message: str, lacks: dict[str, tuple[str, ...]]) -> None:
        super().__init__(message)
        self.lacks = lacks


def checkout(
    case: Case,
    name: str,
    number: int | None = None,
    *,
    to: str | None = None,
    another: bool = False,
) -> Taken:
    """Take a batch: the one of this number, else the first that nobody has.

    Who has one of the set already is told that one again, unless he asks for `another`. Only an
    admin gives a batch `to` somebody else. Raises `ReviewError` where there is none to be had.
    """
    with case.write(UserRole.REVIEWER) as connection:
        who = _whom(connection, to)
        which = find_set(connection, name)
        mine = held(connection, who, which)
        if number is not None:
            batch = find(connection, which, number)
        elif mine and not another:
            batch = mine[0]
        else:
            batch = _first_open(connection, which)
        if batch in mine:
            return Taken(which.name, batch, len(members(connection, batch)), again=True)
        if batch.state != OPEN:
            raise ReviewError(_not_open(which, batch))
        taken = replace(batch, state=OUT, reviewer=who, out_at=times.now())
        _store(connection, taken)
        audit.append(
            connection, "batch checked out", set=which.name, batch=batch.number, reviewer=who
        )
        return Taken(which.name, taken, len(members(connection, batch)), again=False)


def _whom(connection: sa.Connection, to: str | None) -> str:
    if to is None or name_key(to) == name_key(audit.actor()):
        return audit.actor()
    roles.require(connection, UserRole.ADMIN)
    known = connection.execute(sa.select(tables.users.c.name, tables.users.c.role)).all()
    able = [row.name for row in known if row.role in (UserRole.ADMIN, UserRole.REVIEWER)]
    for each in able:
        if name_key(each) == name_key(to):
            return str(each)
    if known:
        raise RoleError(
            f"{to} may not code in this case; these may: {', '.join(able)}. "
            f"'redwell user add {to} reviewer' changes that"
        )
    if not to.strip():
        raise ReviewError("Name the reviewer who is to have the batch")
    return " ".join(to.split())


def _first_open(connection: sa.Connection, which: BatchSet) -> Batch:
    known = batches(connection, which)
    for each in known:
        if each.state == OPEN:
            return each
    out = sum(each.state == OUT for each in known)
    raise ReviewError(
        f"'{which.name}' has no open batch: {out} of {len(known)} are checked out, the rest is "
        "returned. 'redwell batch cut' makes new ones of what its search finds now"
    )


def _not_open(which: BatchSet, batch: Batch) -> str:
    told = f"Batch {batch.number} of '{which.name}'"
    if batch.state == RETURNED:
        return f"{told} was returned by {batch.reviewer} at {batch.returned_at}: it is done"
    return (
        f"{told} is checked out to {batch.reviewer} since {batch.out_at}: take another, or have it "
        f"released with 'redwell batch release \"{which.name}\" {batch.number}'"
    )


def release(case: Case, name: str, number: int | None = None) -> tuple[str, Batch]:
    """Give a batch back unfinished, for anybody to take; the name of its set, and what it was.

    Its coding stays. A reviewer gives back his own only. Raises `ReviewError`, `RoleError`.
    """
    with case.write(UserRole.REVIEWER) as connection:
        which = find_set(connection, name)
        batch = _own(connection, which, number)
        _store(connection, replace(batch, state=OPEN, reviewer=None, out_at=None))
        audit.append(
            connection,
            "batch released",
            set=which.name,
            batch=batch.number,
            reviewer=batch.reviewer,
        )
        return which.name, batch


def hand_in(
    case: Case,
    name: str,
    number: int | None = None,
    *,
    partial: bool = False,
    force: bool = False,
) -> Returned:
    """Return a batch.

    Where documents lack a choice of the set's groups nothing is written, unless it is `partial`,
    which leaves them, with the whole of their units, to be cut again, or by `force`. A reviewer
    returns his own only. Raises `LackingError`, `ReviewError`, `RoleError`.
    """
    with case.write(UserRole.REVIEWER) as connection:
        which = find_set(connection, name)
        batch = _own(connection, which, number)
        panel = load(connection)
        found = stand(connection, panel, which, members(connection, batch))
        lacks = _named(panel, found.lacks)
        if lacks and not (partial or force):
            raise LackingError(_unfinished(which, batch, lacks), lacks)
        released = _released(connection, which, found.documents, {*found.lacks}) if partial else ()
        left = 0 if partial else len(lacks)
        done = replace(batch, state=RETURNED, returned_at=times.now(), lacking=left)
        _take_out(connection, batch, released)
        _store(connection, done)
        told = Returned(
            which.name,
            done,
            len(found.documents) - len(released),
            lacks,
            tuple(control(each) for each in released),
            tuple(control(each) for each in found.gone),
        )
        _audit(connection, told)
        return told


def _own(connection: sa.Connection, which: BatchSet, number: int | None) -> Batch:
    """The batch that who acts has, or of this number; raises unless he may give it back."""
    who = audit.actor()
    if number is None:
        mine = held(connection, who, which)
        if len(mine) == 1:
            return mine[0]
        told = ", ".join(str(each.number) for each in mine)
        raise ReviewError(
            f"{who} has the batches {told} of '{which.name}': say which one"
            if mine
            else f"{who} has no batch of '{which.name}': name the number of one, or check one out"
        )
    batch = find(connection, which, number)
    if batch.state != OUT:
        told = "nobody has it" if batch.state == OPEN else f"{batch.reviewer} returned it already"
        raise ReviewError(f"Batch {number} of '{which.name}' cannot be given back: {told}")
    if name_key(batch.reviewer or "") != name_key(who):
        try:
            roles.require(connection, UserRole.ADMIN)
        except RoleError as error:
            raise RoleError(
                f"Batch {number} of '{which.name}' is {batch.reviewer}'s, and a reviewer gives "
                f"back only his own: ask {batch.reviewer} or an admin"
            ) from error
    return batch


def _released(
    connection: sa.Connection, which: BatchSet, documents: tuple[int, ...], lacking: set[int]
) -> tuple[int, ...]:
    """The documents of all units of the batch in which something lacks."""
    here = in_review(connection)
    found = here & BitMap(documents)
    whole = units(connection, Unit(which.unit), found, here)
    open_units = {each for unit in whole if lacking & {*unit} for each in unit}
    return tuple(each for each in documents if each in open_units)


def _take_out(connection: sa.Connection, batch: Batch, ids: tuple[int, ...]) -> None:
    gone = sa.select(table_of(connection, ids).c.id)
    here = (_M.batch_id == batch.id) & _M.document_id.in_(gone)
    connection.execute(tables.batch_documents.delete().where(here))


def _named(panel: Panel, lacks: dict[int, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    return {
        control(document): tuple(panel.groups[each].name for each in groups)
        for document, groups in lacks.items()
    }


def _unfinished(which: BatchSet, batch: Batch, lacks: dict[str, tuple[str, ...]]) -> str:
    shown = ", ".join(f"{each} ({', '.join(lacks[each])})" for each in list(lacks)[:_NAMED])
    more = " …" if len(lacks) > _NAMED else ""
    return (
        f"{len(lacks)} documents of batch {batch.number} of '{which.name}' lack a choice: "
        f"{shown}{more}. Code them ('redwell batch next' shows the first), or return the batch "
        "with --partial, which leaves them to be cut again, or with --force"
    )


def _store(connection: sa.Connection, batch: Batch) -> None:
    values = {
        name: getattr(batch, name)
        for name in ("state", "reviewer", "out_at", "returned_at", "lacking")
    }
    connection.execute(tables.batches.update().where(_B.id == batch.id).values(values))


def _audit(connection: sa.Connection, told: Returned) -> None:
    audit.append(
        connection,
        "batch returned",
        set=told.set,
        batch=told.batch.number,
        reviewer=told.batch.reviewer,
        documents=told.documents,
        lacking=told.batch.lacking,
        released=list(told.released),
    )
