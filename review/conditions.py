"""What a culling rule asks of a family, and the answer: yes, no, or that it cannot be told.

A family is judged by its root. What cannot be told never puts anything aside: a document without
a date by a date, one without bytes by its type or size, and one that was not read or searched
whole by words that it should hold and seems not to.
"""

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from index.dates import period
from index.searching import search
from index.tree import Not, NotNear, walk
from records import tables
from records.case import Case
from records.codes import LOST, Code, Disposition
from records.errors import CullError, IndexStateError

_D = tables.documents.c
_UNREAD = (*LOST, Code.NO_TEXT, Code.OCR_FAILED)
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """All of these together; of several types, extensions, custodians or paths any one.

    Dates are as people write them, in `time_zone`; sizes in bytes. With `invert` the rule keeps
    what answers and puts aside what does not.
    """

    query: str | None = None
    sent_before: str | None = None
    sent_after: str | None = None
    types: tuple[str, ...] = ()
    exts: tuple[str, ...] = ()
    custodians: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    larger: int | None = None
    smaller: int | None = None
    invert: bool = False
    time_zone: str = "UTC"

    def to_json(self) -> dict[str, Any]:
        """Only what is asked, for the record."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.sent_before is None and self.sent_after is None:
            del found["time_zone"]
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value not in (None, (), False)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Condition":
        """Read back what `to_json` gave."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**values)

    def __str__(self) -> str:
        """As a person reads it."""
        parts = [
            f"{name.replace('_', ' ')} {', '.join(value) if isinstance(value, list) else value}"
            for name, value in self.to_json().items()
            if name not in ("invert", "time_zone")
        ]
        return f"{'all but ' if self.invert else ''}{' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Judged:
    """Roots of the families that a rule meets, and those that it could not judge, by the reason."""

    met: BitMap
    undated: BitMap
    unread: BitMap


@dataclass(frozen=True, slots=True)
class Found:
    """What answers the query of a rule: documents, or for a rule that keeps the roots of families
    of which any member does. `unread` are roots of families that were not searched whole.
    """

    ids: BitMap
    unread: BitMap


type _Row = sa.Row[*tuple[Any, ...]]
type _Test = Callable[[_Row], bool | None]


def check(connection: sa.Connection, condition: Condition) -> None:
    """Raise `CullError` for a condition that asks nothing, or what the case cannot know.

    A misspelt type in a rule that keeps would put the whole case aside.
    """
    if not condition.to_json().keys() - {"invert"}:
        raise CullError("The rule asks nothing: give it a date, a type, a custodian, a path …")
    names = sa.select(tables.custodians.c.name)
    for what, wanted, query in (
        ("custodian", condition.custodians, names),
        ("type", condition.types, sa.select(sa.func.lower(_D.type)).distinct()),
        ("ext", condition.exts, sa.select(sa.func.lower(_D.ext)).distinct()),
    ):
        known = set(connection.execute(query).scalars()) if wanted else set()
        for each in sorted(set(wanted) - known):
            listed = ", ".join(sorted(filter(None, known))[:_NAMED]) or "none yet"
            raise CullError(f"No document of this case has the {what} {each!r}. It has: {listed}")
    _dates(condition)


def ask(case: Case, query: str | None, *, invert: bool) -> Found | None:
    """Run the query of a rule, over all documents, whatever became of them.

    Where absence counts (a rule that keeps, or a NOT), documents that the index lacks are refused
    (`IndexStateError`), and families that were not read whole cannot be judged.
    """
    if query is None:
        return None
    found = search(case, query, scope_all=True)
    tree = found.tree
    absence = invert or any(isinstance(node, Not | NotNear) for node in walk(tree))
    if absence and found.missing:
        raise IndexStateError(
            f"The index lacks {found.missing} processed documents, and the rule would put them "
            "aside unsearched: run 'redwell index' first"
        )
    with case.read() as connection:
        unread = _unread(connection) if absence else BitMap()
        if invert:
            kept = _roots_of(connection, found.ids)
            return Found(kept, unread - kept)
        return Found(found.ids, unread)


def _roots_of(connection: sa.Connection, ids: BitMap) -> BitMap:
    rows = connection.execute(sa.select(_D.id, _D.family_id))
    return BitMap(family for document, family in rows if document in ids)


def _unread(connection: sa.Connection) -> BitMap:
    """Roots of families of which something was not read, or waits for OCR."""
    n = tables.notes.c
    odd = sa.select(n.document_id).where(n.severity != "resolved", n.code.in_(_UNREAD))
    waiting = sa.func.json_array_length(_D.ocr_pages) > 0
    lacking = (_D.outcome == Disposition.EXCEPTION) | waiting | _D.id.in_(odd)
    return BitMap(connection.execute(sa.select(_D.family_id).where(lacking)).scalars())


def judge(connection: sa.Connection, condition: Condition, found: Found | None) -> Judged:
    """Ask all families that are processed."""
    tests = _tests(connection, condition)
    met, undated, unread = BitMap(), BitMap(), BitMap()
    modified = sa.func.coalesce(_D.fields["modified_at"].as_string(), _D.modified_at)
    columns = (_D.id, _D.custodian_id, _D.type, _D.ext, _D.address, _D.size, _D.sha256)
    query = sa.select(*columns, sa.func.coalesce(_D.sent_at, modified).label("date"))
    whole = query.where(_D.id == _D.family_id, _D.state == "processed").order_by(_D.id)
    for row in connection.execute(whole):
        answers = [test(row) for test in tests]
        searched = None if found is None else _searched(row.id, found)
        if found is not None:
            answers.append(searched)
        answer = _all(answers)
        if answer is not None and answer is not condition.invert:
            met.add(row.id)
        elif answer is None and found is not None and searched is None:
            unread.add(row.id)
        elif answer is None and row.date is None:
            undated.add(row.id)
    return Judged(met, undated, unread)


def _searched(root: int, found: Found) -> bool | None:
    if root in found.unread:
        return None
    return root in found.ids


def _all(answers: Sequence[bool | None]) -> bool | None:
    """Whether all hold: one that does not decides, whatever cannot be told of the others."""
    if False in answers:
        return False
    return None if None in answers else True


def _tests(connection: sa.Connection, condition: Condition) -> list[_Test]:
    tests = _date_tests(condition)
    if condition.custodians:
        c = tables.custodians.c
        query = sa.select(c.id).where(c.name.in_(condition.custodians))
        custodians = set(connection.execute(query).scalars())
        tests.append(lambda row: row.custodian_id in custodians)
    if condition.types:
        tests.append(_of_bytes(lambda row: row.type.lower() in condition.types))
    if condition.exts:
        tests.append(lambda row: row.ext.lower() in condition.exts)
    if condition.paths:
        globs = "|".join(fnmatch.translate(each) for each in condition.paths)
        path = re.compile(globs, re.IGNORECASE)
        tests.append(lambda row: path.match(row.address) is not None)
    larger, smaller = condition.larger, condition.smaller
    if larger is not None:
        tests.append(_of_bytes(lambda row: row.size > larger))
    if smaller is not None:
        tests.append(_of_bytes(lambda row: row.size < smaller))
    return tests


def _of_bytes(test: Callable[[_Row], bool]) -> _Test:
    """What only the bytes tell."""
    return lambda row: None if row.sha256 is None else test(row)


def _date_tests(condition: Condition) -> list[_Test]:
    before, after = _dates(condition)
    tests: list[_Test] = []
    if before is not None:
        tests.append(lambda row: None if row.date is None else row.date < before)
    if after is not None:
        tests.append(lambda row: None if row.date is None else row.date >= after)
    return tests


def _dates(condition: Condition) -> tuple[str | None, str | None]:
    """The moment before which, and from which on: as `sent:<…` and `sent:>…` in a search."""
    zone = ZoneInfo(condition.time_zone)
    try:
        before = period(condition.sent_before, zone)[0] if condition.sent_before else None
        after = period(condition.sent_after, zone)[1] if condition.sent_after else None
    except ValueError as error:
        raise CullError(f"A date of the rule cannot be read: {error}") from error
    return before, after
