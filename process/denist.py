"""deNIST: documents that stand on a list of known files, and the families put aside for it.

Which documents stand on the list is put on record document by document; what becomes of their
families is derived by `process.relate`, so that no later run undoes it. Matches, dispositions and
the audit entry are one transaction.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from itertools import batched
from pathlib import Path

import sqlalchemy as sa

from ingest import nsrl
from process.relate import relate_all
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.errors import SettingError
from records.known import COMPARED, LIFTED, known_lists, standing
from records.naming import name_key, plain_name

_AT_ONCE = 500
_D = tables.documents.c
_L = tables.hash_lists.c


@dataclass(frozen=True, slots=True)
class Denisted:
    """What applying a list did.

    Of the `compared` documents, those with a hash, `known` stand on this list, `new` of them since
    this run, and `on_other_lists` on one that was applied before. `became` sums to `known`.
    """

    list: int
    name: str
    kind: str
    sha256: str
    entries: int
    special: int
    by: str
    compared: int
    on_other_lists: int
    known: int
    new: int
    became: dict[str, int]
    system_families: int
    system_documents: int
    changed_families: int


@dataclass(frozen=True, slots=True)
class Lifted:
    """What lifting a list did: `documents` stood on it. Those of them that are on other lists too
    are known again once these are compared again: `to_repeat`.
    """

    list: int
    name: str
    documents: int
    changed_families: int
    system_documents: int
    to_repeat: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A line of the report: a document that stands on a list, and what became of it."""

    control: str
    address: str
    custodian: str
    size: int
    sha256: str
    sha1: str
    md5: str
    list: str
    became: str


def denist(case: Case, path: Path, name: str | None = None, *, dry_run: bool = False) -> Denisted:
    """Compare the case's files with a list and put known families aside.

    Raises `SourceError` where the list cannot be relied on and `SettingError` for its name, before
    anything is written. With `dry_run` all is done and undone.
    """
    found = nsrl.look(path)
    wanted = _checked(path.name if name is None else name)
    with nullcontext() if dry_run else case.exclusive("denist"):
        with case.read() as connection:
            query = sa.select(_D[found.by]).where(_D[found.by].is_not(None)).distinct()
            hashes = set(connection.execute(query).scalars())
        told = nsrl.compare(found, hashes)
        with case.write() as connection:
            number, stored = _listed(connection, wanted, told.sha256, chosen=name is not None)
            _put_list(connection, number, stored, found, told)
            done = _applied(connection, case.settings.dedup_scope, number, found.by, told)
            if dry_run:
                connection.rollback()
            return done


def lift(case: Case, name: str) -> Lifted:
    """Take a list back: what stood on it is no longer known. Raises `SettingError` for its name."""
    with case.exclusive("denist"), case.write() as connection:
        lists = [each for each in known_lists(connection) if each.state == "applied"]
        found = next((each for each in lists if name_key(each.name) == name_key(name)), None)
        if found is None:
            named = ", ".join(repr(each.name) for each in lists) or "none"
            raise SettingError(f"No list {name!r} is applied to this case. Applied: {named}")
        documents = tables.documents.update().where(_D.known_by_id == found.id)
        connection.execute(documents.values(known_by_id=None))
        _set_state(connection, found.id, "lifted")
        related = relate_all(connection, case.settings.dedup_scope)
        done = Lifted(
            found.id,
            found.name,
            found.documents,
            related.changed,
            related.system_documents,
            tuple(each.name for each in lists if each is not found and found.documents),
        )
        audit.append(connection, LIFTED, scope=case.settings.dedup_scope, **asdict(done))
    return done


def report(case: Case, name: str | None = None) -> Iterator[KnownDocument]:
    """Every document that stands on a list, or on any. Raises `SettingError` for its name."""
    with case.read() as connection:
        rows = connection.execute(sa.select(_L.id, _L.name).order_by(_L.id)).all()
        lists = {row.id: row.name for row in rows}
        if name is not None:
            lists = {n: each for n, each in lists.items() if name_key(each) == name_key(name)}
            if not lists:
                named = ", ".join(repr(row.name) for row in rows) or "none"
                raise SettingError(f"The case knows no list {name!r}. It knows: {named}")
        query = (
            sa.select(
                *(_D.id, _D.address, tables.custodians.c.name.label("custodian"), _D.size),
                *(_D.sha256, _D.sha1, _D.md5, _D.known_by_id, standing().label("became")),
            )
            .join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
            .where(_D.known_by_id.in_(lists))
            .order_by(_D.id)
        )
        for row in connection.execute(query):
            yield KnownDocument(
                control(row.id),
                row.address,
                row.custodian,
                row.size,
                row.sha256 or "",
                row.sha1 or "",
                row.md5 or "",
                lists[row.known_by_id],
                row.became,
            )


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise SettingError(f"The list cannot be called {name!r}: {error}. Use --name") from error


def _listed(connection: sa.Connection, name: str, sha256: str, *, chosen: bool) -> tuple[int, str]:
    """The number and name of a list: those it has, if the same file was applied before."""
    rows = connection.execute(sa.select(_L.id, _L.name, _L.sha256).order_by(_L.id)).all()
    same = next((row for row in rows if row.sha256 == sha256), None)
    taken = next((row for row in rows if name_key(row.name) == name_key(name)), None)
    if same is not None and chosen and taken is not same:
        raise SettingError(f"This list is on record as {same.name!r}: leave --name out")
    if same is not None:
        return same.id, same.name
    if taken is not None:
        raise SettingError(
            f"The case knows another list as {taken.name!r}: call this one by its release, as in "
            "--name 'RDS 2024.03.1 modern'"
        )
    return (rows[-1].id if rows else 0) + 1, name


def _put_list(
    connection: sa.Connection, number: int, name: str, found: nsrl.HashList, told: nsrl.Compared
) -> None:
    if connection.execute(sa.select(_L.id).where(_L.id == number)).first():
        _set_state(connection, number, "applied")
        return
    connection.execute(
        tables.hash_lists.insert().values(
            id=number,
            name=name,
            kind=found.kind,
            sha256=told.sha256,
            entries=told.entries,
            state="applied",
            actor=audit.actor(),
            at=times.now(),
        )
    )


def _set_state(connection: sa.Connection, number: int, state: str) -> None:
    values = {"state": state, "actor": audit.actor(), "at": times.now()}
    connection.execute(tables.hash_lists.update().where(_L.id == number).values(values))


def _applied(
    connection: sa.Connection, scope: str, number: int, by: str, told: nsrl.Compared
) -> Denisted:
    """Put the matches on record, derive what follows, and tell of it in the audit chain."""
    query = sa.select(_D.id, _D[by], _D.known_by_id).where(_D[by].is_not(None))
    compared, others, new = 0, 0, []
    for document, value, known_by in connection.execute(query):
        compared += 1
        if value in told.matched and known_by is None:
            new.append(document)
        others += value in told.matched and known_by not in (None, number)
    for some in batched(new, _AT_ONCE):
        update = tables.documents.update().where(_D.id.in_(some))
        connection.execute(update.values(known_by_id=number))
    related = relate_all(connection, scope)
    became = _became(connection, number)
    row = connection.execute(sa.select(tables.hash_lists).where(_L.id == number)).one()
    done = Denisted(
        list=number,
        name=row.name,
        kind=row.kind,
        sha256=row.sha256,
        entries=told.entries,
        special=told.special,
        by=by,
        compared=compared,
        on_other_lists=others,
        known=sum(became.values()),
        new=len(new),
        became=became,
        system_families=related.system_families,
        system_documents=related.system_documents,
        changed_families=related.changed,
    )
    through = connection.execute(sa.select(sa.func.max(_D.id))).scalar() or 0
    audit.append(connection, COMPARED, through=through, scope=scope, **asdict(done))
    return done


def _became(connection: sa.Connection, number: int) -> dict[str, int]:
    became = standing().label("became")
    query = sa.select(became, sa.func.count()).where(_D.known_by_id == number).group_by("became")
    return {row[0]: row[1] for row in connection.execute(query)}
