"""Saved searches as a query names them, `saved:NAME`; always those of the present record."""

from dataclasses import dataclass

import sqlalchemy as sa

from index.interface import SavedQuery
from records import search_tables
from records.case import Case
from records.naming import name_key

_S, _V = search_tables.saved_searches.c, search_tables.saved_search_versions.c
DELETED = "deleted"  # the act of a version with which a search is gone


@dataclass(frozen=True, slots=True)
class Version:
    """A saved search as it was or is: what somebody made of it, and when."""

    search_id: int
    name: str
    version: int
    act: str
    query: str
    as_list: bool
    description: str
    actor: str
    at: str


def versions(connection: sa.Connection) -> list[Version]:
    """All versions of all saved searches, each search's from the oldest; the deleted ones too."""
    query = (
        sa.select(_S.id, _S.name, _V.version, _V.act, _V.query, _V.as_list)
        .add_columns(_V.description, _V.actor, _V.at)
        .join(search_tables.saved_search_versions, _V.search_id == _S.id)
        .order_by(_S.id, _V.version)
    )
    return [Version(*row) for row in connection.execute(query)]


def present(connection: sa.Connection) -> dict[str, Version]:
    """The saved searches that there are, by the key of their names."""
    newest = {name_key(each.name): each for each in versions(connection)}
    return {key: each for key, each in newest.items() if each.act != DELETED}


class SavedSearches:
    """The saved searches of a case; read once, when a query first names one. See `interface`."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._known: dict[str, Version] | None = None

    def find(self, name: str) -> SavedQuery:
        """See `interface.SavedQueries.find`."""
        if self._known is None:
            with self._case.read() as connection:
                self._known = present(connection)
        found = self._known.get(name_key(name))
        if found is None:
            listed = ", ".join(sorted(f"'{each.name}'" for each in self._known.values()))
            raise ValueError(f"there is no such saved search; there are {listed or 'none yet'}")
        return SavedQuery(found.name, found.query, found.as_list)
