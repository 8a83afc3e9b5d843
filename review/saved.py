"""Saved searches: made, changed and deleted; what each was before stays on record.

A search of a name may stand in another, as `saved:NAME`; it then means what it means now. So who
changes one changes all that rest on it: a reviewer changes only what he made, an admin all.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from index.catalog import SqlCatalog
from index.evaluate import Evaluator
from index.interface import SavedQuery
from index.lexer import refuse
from index.query import parse
from index.saved import DELETED, Version, present, versions
from index.searching import language_of, open_segments
from index.tree import Inner, Node, walk
from records import audit, roles, search_tables, tables, times
from records.case import Case
from records.errors import QueryError, RoleError, SavedSearchError
from records.naming import name_key, plain_name
from records.numbers import next_number
from records.roles import UserRole

_S = search_tables.saved_searches
_V = search_tables.saved_search_versions
SAVED, CHANGED = "saved", "changed"
_LONGEST = 1_000_000


def save(
    case: Case, name: str, query: str, *, as_list: bool = False, description: str = ""
) -> Version:
    """Save a search under a new name, or one that was deleted.

    Raises `SavedSearchError` for a name that cannot be or is taken, `QueryError` for a query that
    cannot be read.
    """
    name = _checked(name)
    _try(case, SavedQuery(name, query, as_list))
    with case.write(UserRole.REVIEWER) as connection:
        if (taken := present(connection).get(name_key(name))) is not None:
            raise SavedSearchError(
                f"There is a saved search '{taken.name}' already; 'redwell saved change "
                f'"{taken.name}" QUERY\' changes it'
            )
        before = [each for each in versions(connection) if name_key(each.name) == name_key(name)]
        if before:
            number, name = before[-1].search_id, before[-1].name
        else:
            number = next_number(connection, _S.c.id)
            connection.execute(_S.insert().values(id=number, name=name))
        _check(case, connection, SavedQuery(name, query, as_list))
        return _write(connection, number, name, SAVED, query, as_list, description)


def change(
    case: Case,
    name: str,
    query: str,
    *,
    as_list: bool = False,
    description: str | None = None,
) -> Version:
    """Give a saved search another query; its description stays unless another is given.

    Raises `SavedSearchError` where there is none, `RoleError` for another's, `QueryError` for a
    query that cannot be read, or that would put the search within itself.
    """
    _try(case, SavedQuery(name, query, as_list))
    with case.write(UserRole.REVIEWER) as connection:
        old = _own(connection, name)
        _check(case, connection, SavedQuery(old.name, query, as_list))
        told = old.description if description is None else description
        return _write(connection, old.search_id, old.name, CHANGED, query, as_list, told)


def delete(case: Case, name: str) -> Version:
    """Delete a saved search; its versions stay on record.

    Raises `SavedSearchError` where there is none, or where others or culling rules rest on it,
    `RoleError` for another's.
    """
    with case.write(UserRole.REVIEWER) as connection:
        old = _own(connection, name)
        if rests := _resting(case, connection, old.name):
            raise SavedSearchError(
                f"'{old.name}' cannot be deleted while it is named by {', '.join(rests)}"
            )
        values = (old.query, old.as_list, old.description)
        return _write(connection, old.search_id, old.name, DELETED, *values)


def listing(case: Case) -> list[Version]:
    """The saved searches that there are, in the order of their names."""
    with case.read() as connection:
        return sorted(present(connection).values(), key=lambda each: name_key(each.name))


def history(case: Case, name: str) -> list[Version]:
    """All versions of one, from the oldest, if it is deleted too; raises `SavedSearchError`."""
    with case.read() as connection:
        found = [each for each in versions(connection) if name_key(each.name) == name_key(name)]
        if not found:
            raise _unknown(connection, name)
        return found


def _unknown(connection: sa.Connection, name: str) -> SavedSearchError:
    known = ", ".join(sorted(f"'{each.name}'" for each in present(connection).values()))
    return SavedSearchError(
        f"There is no saved search {name!r}; there are: {known or 'none yet'}. Make one with "
        f"'redwell saved add \"{name}\" QUERY'"
    )


def _own(connection: sa.Connection, name: str) -> Version:
    """The present version of one that who acts may change."""
    found = present(connection).get(name_key(name))
    if found is None:
        raise _unknown(connection, name)
    role = roles.require(connection, UserRole.REVIEWER)
    first = next(each for each in versions(connection) if each.search_id == found.search_id)
    if role is UserRole.REVIEWER and name_key(first.actor) != name_key(audit.actor()):
        raise RoleError(
            f"'{found.name}' is {first.actor}'s, and what rests on it would change with it: save "
            f"one of your own, or ask {first.actor} or an admin"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The saved searches as they will be."""

    known: dict[str, SavedQuery]

    def find(self, name: str) -> SavedQuery:
        """See `index.interface.SavedQueries`."""
        if (found := self.known.get(name_key(name))) is None:
            listed = ", ".join(sorted(f"'{each.name}'" for each in self.known.values()))
            raise ValueError(f"there is no such saved search; there are {listed or 'none yet'}")
        return found


def _shelf(connection: sa.Connection, new: SavedQuery | None = None) -> _Shelf:
    known = {
        key: SavedQuery(each.name, each.query, each.as_list)
        for key, each in present(connection).items()
    }
    return _Shelf(known if new is None else known | {name_key(new.name): new})


def _read(case: Case, shelf: _Shelf, query: SavedQuery) -> Node:
    known = language_of(case)
    return parse(
        query.query,
        known.value_fields,
        saved=shelf,
        stemming=known.stemming,
        as_list=query.as_list,
    )


def _try(case: Case, new: SavedQuery) -> None:
    """Raise `QueryError` for what cannot be read or answered, before anything is written."""
    with case.read() as connection:
        tree = _read(case, _shelf(connection, new), new)
    catalog = SqlCatalog(case)
    with open_segments(case.index_folder) as segments:
        Evaluator(segments, catalog).evaluate(tree, new.query, catalog.scope())


def _check(case: Case, connection: sa.Connection, new: SavedQuery) -> None:
    """Raise `QueryError` for what could not be read, by itself or where others name it."""
    if len(new.query) > _LONGEST:
        raise refuse("", 1, f"the query has {len(new.query):,} characters", f"at most {_LONGEST:,}")
    shelf = _shelf(connection, new)
    _read(case, shelf, new)
    _read(case, shelf, SavedQuery("", f'saved:"{new.name}"', False))


def _resting(case: Case, connection: sa.Connection, name: str) -> list[str]:
    """The saved searches and active culling rules whose queries name one."""
    shelf = _shelf(connection)
    queries = {f"the saved search '{each.name}'": each for each in shelf.known.values()}
    c = tables.cull_rules.c
    rules = connection.execute(sa.select(c.name, c.condition).where(c.state == "active"))
    for rule, condition in rules:
        if condition.get("query"):
            queries[f"the culling rule '{rule}'"] = SavedQuery("", condition["query"], False)
    wanted = f"saved search {name}"
    found = []
    for what, query in queries.items():
        try:
            tree = _read(case, shelf, query)
        except QueryError:  # it names nothing that could be found, and is refused where it is used
            continue
        if any(isinstance(node, Inner) and node.name == wanted for node in walk(tree)):
            found.append(what)
    return found


def _write(
    connection: sa.Connection,
    number: int,
    name: str,
    act: str,
    query: str,
    as_list: bool,
    description: str,
) -> Version:
    last = connection.execute(
        sa.select(sa.func.max(_V.c.version)).where(_V.c.search_id == number)
    ).scalar()
    made = Version(
        *(number, name, int(last or 0) + 1, act, query, as_list),
        *(" ".join(description.split()), audit.actor(), times.now()),
    )
    values = {each: getattr(made, each) for each in Version.__slots__ if each != "name"}
    connection.execute(_V.insert().values(**values))
    audit.append(
        connection,
        f"search {act}",
        name=name,
        version=made.version,
        query=query,
        as_list=as_list,
        description=made.description,
    )
    return made


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise SavedSearchError(f"A saved search cannot be named {name!r}: {error}") from error
