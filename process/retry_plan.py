"""What is to be tried again: families to be read, containers to be opened, what only a source has.

A document that processing read is read again with its whole family. What collecting could not open
or unpack is in a container whose bytes the store has, and that is opened again. What the store has
no bytes of at all can only be collected again.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import sqlalchemy as sa

from ingest.containers import CONTAINERS
from process.interface import ExtractJob
from records import tables
from records.codes import Code

CODES = tuple(
    each.value
    for each in (
        *(Code.ENCRYPTED, Code.TIMEOUT, Code.MEMORY, Code.CRASH, Code.UNSUPPORTED),
        *(Code.CORRUPT, Code.TRUNCATED, Code.TOO_DEEP, Code.TOO_LARGE, Code.TOO_MANY),
        *(Code.BOMB, Code.EMBEDDED_LOST, Code.PARTIAL, Code.VOLUME_MISSING),
    )
)
"""Codes of exceptions that may come out otherwise, with a password, more room or newer tools."""
# What collecting knows of a document and its bytes do not tell.
_KNOWN_BEFORE = ("folder", "is_read", "is_draft", "flags")
_AT_ONCE = 500
_D, _N = tables.documents.c, tables.notes.c


@dataclass(frozen=True, slots=True)
class Source:
    """A source that must be collected again, and how many documents wait for that."""

    collection: int
    custodian: str
    source: str
    documents: int


@dataclass(slots=True)
class Plan:
    """What is to be done: roots to be read, containers to be opened and on whose account; the rest.

    `documents` have the exceptions that are to be tried again. `busy` of them are of collections
    that are not complete: the same command that began these goes on with them.
    """

    documents: list[int] = field(default_factory=list)
    families: list[int] = field(default_factory=list)
    containers: dict[int, list[int]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    busy: int = 0
    cut_off: int = 0  # mailboxes that a run before left half opened
    pending: int = 0  # documents that wait to be read for the first time

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.families or self.containers or self.cut_off or self.pending)

    def to_json(self) -> dict[str, Any]:
        """Counts, and the sources with their commands."""
        return {
            "documents": len(self.documents),
            "families_to_read": len(self.families),
            "containers_to_open": len(self.containers),
            "to_read_for_the_first_time": self.pending,
            "in_unfinished_collections": self.busy,
            "to_collect_again": [
                {
                    "documents": each.documents,
                    "collection": each.collection,
                    "command": command_for(each),
                }
                for each in self.sources
            ],
        }


def command_for(source: Source) -> str:
    """The command that collects a source again."""
    words = ("redwell", "ingest", source.source, "--custodian", source.custodian)
    return shlex.join(words)


def plan_of(connection: sa.Connection, codes: Sequence[str], documents: Sequence[int]) -> Plan:
    """What is to be tried again for exceptions of these codes, or for these documents."""
    wanted = sorted(_failing(connection, codes) if codes else set(documents))
    found = Plan(documents=wanted)
    families: set[int] = set()
    containers: dict[int, list[int]] = {}
    lacking: Counter[int] = Counter()
    for row in _rows(connection, wanted):
        if row.collection_state != "complete":
            found.busy += 1
        elif row.id != row.family_id or row.revision > 1:
            families.add(row.family_id)
        elif row.sha256 is not None and row.type in CONTAINERS:
            containers.setdefault(row.id, []).append(row.id)
        elif row.found_in_id is not None:
            containers.setdefault(row.found_in_id, []).append(row.id)
        elif row.sha256 is not None:
            containers.setdefault(row.id, []).append(
                row.id
            )  # its opening failed before its type was known
        else:
            lacking[row.collection_id] += 1
    found.families = sorted(families)
    found.containers = _outermost(connection, containers)
    found.sources = _sources(connection, lacking)
    found.cut_off = connection.execute(
        sa.select(sa.func.count())
        .select_from(tables.openings)
        .join(tables.documents, _D.id == tables.openings.c.document_id)
        .join(tables.collections, tables.collections.c.id == _D.collection_id)
        .where(tables.collections.c.state == "complete")
    ).scalar_one()
    found.pending = connection.execute(
        sa.select(sa.func.count()).where(_D.state == "collected")
    ).scalar_one()
    return found


def _failing(connection: sa.Connection, codes: Sequence[str]) -> set[int]:
    """Documents with such an exception; but for members of files that were replaced since."""
    other = tables.notes.alias("other").c
    replaced = sa.exists().where(other.document_id == _D.id, other.code == Code.REPLACED)
    query = (
        sa.select(_N.document_id)
        .join(tables.documents, _D.id == _N.document_id)
        .where(_N.severity == "exception", _N.code.in_(codes))
        .where((_D.id == _D.family_id) | ~replaced)
    )
    return set(connection.execute(query).scalars())


def _rows(connection: sa.Connection, ids: Iterable[int]) -> list[Any]:
    collections = tables.collections.c
    found: list[Any] = []
    for some in batched(ids, _AT_ONCE):
        query = (
            sa.select(
                *(_D.id, _D.family_id, _D.found_in_id, _D.collection_id, _D.sha256),
                *(_D.type, _D.revision, collections.state.label("collection_state")),
            )
            .join(tables.collections, collections.id == _D.collection_id)
            .where(_D.id.in_(some), _D.state == "processed")
            # What others produced is as their volume gave it: reading it again mends nothing.
            .where(_D.id.not_in(sa.select(tables.received_documents.c.document_id)))
        )
        found.extend(connection.execute(query))
    return found


def _outermost(
    connection: sa.Connection, containers: Mapping[int, Sequence[int]]
) -> dict[int, list[int]]:
    """Containers that lie in none of the others: what lies in them is opened with them."""
    holders: dict[int, int | None] = {}
    asked = set(containers)
    while asked:
        following: set[int] = set()
        for some in batched(sorted(asked), _AT_ONCE):
            query = sa.select(_D.id, _D.found_in_id).where(_D.id.in_(some))
            for number, holder in connection.execute(query):
                holders[number] = holder
                following |= {holder} if holder is not None else set()
        asked = following - holders.keys()
    found: dict[int, list[int]] = {}
    for number, documents in sorted(containers.items()):
        outermost, above = number, holders[number]
        while above is not None:
            outermost, above = (above if above in containers else outermost), holders[above]
        found.setdefault(outermost, []).extend(documents)
    return found


def _sources(connection: sa.Connection, lacking: Counter[int]) -> list[Source]:
    if not lacking:
        return []
    c, who = tables.collections.c, tables.custodians.c
    query = (
        sa.select(c.id, who.name, c.source)
        .join(tables.custodians, who.id == c.custodian_id)
        .where(c.id.in_(lacking))
        .order_by(c.id)
    )
    return [Source(*row, lacking[row.id]) for row in connection.execute(query)]


def jobs_for(connection: sa.Connection, roots: Sequence[int]) -> list[ExtractJob]:
    """Families to be read again, as workers take them."""
    found: list[ExtractJob] = []
    for some in batched(roots, _AT_ONCE):
        query = (
            sa.select(_D.id, _D.sha256, _D.size, _D.name, _D.mime, _D.type, _D.fields)
            .where(_D.id.in_(some), _D.sha256.is_not(None))
            .order_by(_D.id)
        )
        for row in connection.execute(query):
            # What no type was found for may have one in a newer version.
            mime, kind = ("", "") if row.type == "unknown" else (row.mime, row.type)
            known = known_before(row.fields)
            found.append(ExtractJob(row.id, row.sha256, row.size, row.name, mime, kind, known))
    return found


def known_before(fields: dict[str, Any]) -> dict[str, Any]:
    """What collecting knew of a document: its mail folder and the like."""
    return {name: fields[name] for name in _KNOWN_BEFORE if name in fields}
