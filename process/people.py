"""The people of a case's mail: their addresses, names and domains, and who has several addresses.

Every address of a mail's sender and recipients belongs to one person. Which addresses are one
person's is derived (`process.people_names`) from all of them together, so the outcome does not
depend on the order in which mails came; what a user decided stands, and derivation neither moves
such an address nor puts another beside it.

Addresses are counted from `mail_keys`, which a run brings up to date first. Those to be counted
again are the ones of mails whose threads are not yet on record and those marked stale: a run that
is cut off leaves both as they are, and the next one counts them from the same keys.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest.names import shown
from process.people_names import Named, domain_of, persons
from process.threads import STALE
from process.threads_keys import name_number, shown_names
from records import audit, tables
from records.case import Case
from records.errors import PeopleError

_IN = 500
_ROWS = 5000
_K, _A, _P, _D = tables.mail_keys.c, tables.addresses.c, tables.people.c, tables.documents.c
DERIVED, USER = "derived", "user"


@dataclass(frozen=True, slots=True)
class PeopleSummary:
    """Addresses counted in this run; and all addresses, people, and people with several."""

    counted: int
    addresses: int
    people: int
    with_several: int


@dataclass(frozen=True, slots=True)
class _Counted:
    messages: int
    name: str


@dataclass(slots=True)
class _Address:
    """An address as it is on record, or is to be."""

    address: str
    domain: str
    name: str
    messages: int
    person: int
    origin: str


def relate_people(case: Case, fresh: Iterable[int]) -> PeopleSummary:
    """Count the addresses of fresh mails and derive whose they are."""
    with case.read() as connection:
        touched = _touched(connection, fresh)
        counted = {
            address: each
            for some in batched(sorted(touched), _IN)
            for address, each in _counts(connection, some).items()
        }
    if touched:
        _derive(case, touched, counted)
    return _summary(case, len(touched))


def _touched(connection: sa.Connection, fresh: Iterable[int]) -> set[str]:
    stale = sa.select(_A.address).where(_A.messages == STALE)
    found = set(connection.execute(stale).scalars())
    for some in batched(fresh, _IN):
        query = sa.select(_K.key).where(_K.document_id.in_(some), _K.kind == "address")
        found.update(connection.execute(query).scalars())
    return found


def _counts(connection: sa.Connection, addresses: Sequence[str]) -> dict[str, _Counted]:
    """In how many mails each stands, and the name that most of them show, by the first of those."""
    totals: dict[str, int] = {}
    best: dict[str, tuple[int, int, int]] = {}
    count, first = sa.func.count(), sa.func.min(_K.document_id)
    query = (
        sa.select(_K.key, _K.position, count, first)
        .where(_K.kind == "address", _K.key.in_(addresses))
        .group_by(_K.key, _K.position)
    )
    for address, number, messages, document in connection.execute(query):
        totals[address] = totals.get(address, 0) + messages
        if number:
            best[address] = max(best.get(address, (0, 0, 0)), (messages, -document, number))
    names = _names(connection, {a: (-each[1], each[2]) for a, each in best.items()})
    return {a: _Counted(messages, names.get(a, "")) for a, messages in totals.items()}


def _names(connection: sa.Connection, wanted: dict[str, tuple[int, int]]) -> dict[str, str]:
    """The names that stand behind a document and a number."""
    by_document: dict[int, list[str]] = {}
    for address, (document, _) in wanted.items():
        by_document.setdefault(document, []).append(address)
    found: dict[str, str] = {}
    for some in batched(by_document, _IN):
        rows = connection.execute(sa.select(_D.id, _D.fields).where(_D.id.in_(some)))
        for document, fields in rows:
            beside = shown_names(fields)
            for address in by_document[document]:
                number = wanted[address][1]
                names = (n for n in beside.get(address, ()) if name_number(n, address) == number)
                found[address] = shown(next(names, "").encode("utf-8", "surrogatepass"))
    return found


def _derive(case: Case, touched: set[str], counted: dict[str, _Counted]) -> None:
    with case.read() as connection:
        before = _on_record(connection)
        people = {row.id: row for row in connection.execute(sa.select(tables.people))}
    now = dict(before)
    for address in touched:
        old, new = before.get(address), counted.get(address)
        if new is None and (old is None or old.origin == DERIVED):
            now.pop(address, None)
        else:
            new = new or _Counted(0, old.name if old else "")
            person, origin = (old.person, old.origin) if old else (0, DERIVED)
            domain = domain_of(address)
            now[address] = _Address(address, domain, new.name, new.messages, person, origin)
    taken = {0}
    following = max(people, default=0) + 1
    names: dict[int, str] = {}
    mine = [Named(a, each.domain, each.name) for a, each in now.items() if each.origin == DERIVED]
    after = {a: each for a, each in now.items() if each.origin == USER}
    for group in persons(mine):
        able = {now[each].person for each in group} - taken
        person = min(able, default=following)
        following += person == following
        taken.add(person)
        names[person] = _name([now[each] for each in group])
        for each in group:
            row = now[each]
            after[each] = _Address(each, row.domain, row.name, row.messages, person, DERIVED)
    known = {number: row.name for number, row in people.items() if row.origin == DERIVED}
    _write(case, before, after, known, names)


def _on_record(connection: sa.Connection) -> dict[str, _Address]:
    columns = (_A.address, _A.domain, _A.name, _A.messages, _A.person_id, _A.origin)
    return {row.address: _Address(*row) for row in connection.execute(sa.select(*columns))}


def _name(addresses: Sequence[_Address]) -> str:
    """A person's name: what is shown with the address that stands in most mails."""
    first = min(addresses, key=lambda each: (-each.messages, each.address))
    return first.name or first.address


def _write(
    case: Case,
    before: dict[str, _Address],
    after: dict[str, _Address],
    known: dict[int, str],
    names: dict[int, str],
) -> None:
    """Write what differs: people first, then their addresses, then leave out who has none."""
    new = [each for each in names if each not in known]
    renamed = [each for each in names if each in known and known[each] != names[each]]
    changed = [each for address, each in after.items() if before.get(address) != each]
    for some in batched(new, _ROWS):
        rows = [{"id": each, "name": names[each], "origin": DERIVED} for each in some]
        with case.write() as connection:
            connection.execute(tables.people.insert(), rows)
    for some in batched(renamed, _ROWS):
        with case.write() as connection:
            values = [{"person": each, "name": names[each]} for each in some]
            wanted = tables.people.update().where(_P.id == sa.bindparam("person"))
            connection.execute(wanted.values(name=sa.bindparam("name")), values)
    for group in batched(changed, _ROWS):
        with case.write() as connection:
            put(connection, group)
    gone = [each for each in before if each not in after]
    with case.write() as connection:
        for part in batched(gone, _IN):
            connection.execute(tables.addresses.delete().where(_A.address.in_(part)))
        drop_empty(connection)


def put(connection: sa.Connection, rows: Iterable[_Address]) -> None:
    """Write addresses in the place of those that are there."""
    rows = list(rows)
    for part in batched([each.address for each in rows], _IN):
        connection.execute(tables.addresses.delete().where(_A.address.in_(part)))
    values = [
        {
            "address": each.address,
            "domain": each.domain,
            "name": each.name,
            "messages": each.messages,
            "person_id": each.person,
            "origin": each.origin,
        }
        for each in rows
    ]
    if values:
        connection.execute(tables.addresses.insert(), values)


def drop_empty(connection: sa.Connection) -> None:
    """Leave out people who have no address."""
    has = sa.select(_A.address).where(_A.person_id == _P.id).exists()
    connection.execute(tables.people.delete().where(sa.not_(has)))


def _summary(case: Case, counted: int) -> PeopleSummary:
    sizes = sa.select(sa.func.count(_A.address).label("size")).group_by(_A.person_id).subquery()
    several = sa.func.count().filter(sizes.c.size > 1)
    total = sa.func.coalesce(sa.func.sum(sizes.c.size), 0)
    query = sa.select(total, sa.func.count(), several).select_from(sizes)
    with case.read() as connection:
        row = connection.execute(query).one()
    return PeopleSummary(counted, int(row[0]), row[1], row[2])


def merge(case: Case, name: str, addresses: Sequence[str]) -> int:
    """Say that addresses are one person's, called `name`; the number of addresses that moved.

    A person of the user's by this name takes them in. Raises `PeopleError` for an address that
    stands in no mail, or a blank name.
    """
    name = " ".join(name.split())
    if not name:
        raise PeopleError("Name the person whose addresses these are")
    with case.write() as connection:
        found = _known(connection, addresses)
        query = sa.select(_P.id).where(_P.origin == USER, _P.name == name).order_by(_P.id)
        person = connection.execute(query).scalars().first() or _new_person(connection, name)
        moved = _assign(connection, found, person)
        if moved:
            audit.append(connection, "people merged", name=name, addresses=moved)
    return len(moved)


def split(case: Case, address: str) -> str:
    """Say that an address is a person's of its own; the person's name.

    Raises `PeopleError` for an address that stands in no mail.
    """
    with case.write() as connection:
        row = _known(connection, [address])[0]
        name = row.name or row.address
        _assign(connection, [row], _new_person(connection, name))
        audit.append(connection, "people split", address=row.address, name=name)
    return name


def _known(connection: sa.Connection, addresses: Sequence[str]) -> list[_Address]:
    wanted = list(dict.fromkeys(each.strip().lower() for each in addresses))
    columns = (_A.address, _A.domain, _A.name, _A.messages, _A.person_id, _A.origin)
    rows = connection.execute(sa.select(*columns).where(_A.address.in_(wanted)))
    found = {row.address: _Address(*row) for row in rows}
    missing = [each for each in wanted if each not in found]
    if missing or not wanted:
        raise PeopleError(
            f"No mail of the case has the address {', '.join(missing)}: 'redwell people list' "
            "shows those there are"
        )
    return [found[each] for each in wanted]


def _new_person(connection: sa.Connection, name: str) -> int:
    last = connection.execute(sa.select(sa.func.max(_P.id))).scalar() or 0
    connection.execute(tables.people.insert().values(id=last + 1, name=name, origin=USER))
    return last + 1


def _assign(connection: sa.Connection, rows: Sequence[_Address], person: int) -> list[str]:
    """Put addresses with a person by the user's word; those for which that is new."""
    moved = [each.address for each in rows if (each.person, each.origin) != (person, USER)]
    if moved:
        values: dict[str, Any] = {"person_id": person, "origin": USER}
        wanted = tables.addresses.update().where(_A.address.in_(moved))
        connection.execute(wanted.values(**values))
        drop_empty(connection)
    return moved
