"""The forms of a privilege log: document by document, metadata, metadata and topic, categorical.

Rules 16(b)(3)(B)(iv) and 26(f)(3)(D) of the Federal Rules of Civil Procedure have the parties agree
on the method, so all four are asked for. Subjects and file names stand in none: they tell.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from produce.privilege_log import Entry
from produce.values import date
from records.control import control


class Form(StrEnum):
    """What a log tells of what."""

    DOCUMENT = "document"
    METADATA = "metadata"
    TOPIC = "topic"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class Table:
    """A log as it is written: a heading, rows of texts, and widths of the columns in characters."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


type Column = tuple[str, int, Callable[[Entry], str]]


def _many(values: Iterable[str]) -> str:
    return "; ".join(values)


def _range(entry: Entry) -> str:
    return entry.beg if entry.beg == entry.end else f"{entry.beg} - {entry.end}"


def _columns(zone: ZoneInfo) -> tuple[Column, ...]:
    return (
        ("LogID", 15, lambda each: each.log_id),
        ("Production", 18, lambda each: each.production),
        ("Bates", 26, _range),
        ("FamilyID", 16, lambda each: each.family),
        ("Relation", 15, lambda each: each.relation),
        ("Date", 14, lambda each: date(each.sent_at, zone)),
        ("From/Author", 34, lambda each: _many(each.author)),
        ("To", 34, lambda each: _many(each.to)),
        ("CC", 24, lambda each: _many(each.cc)),
        ("BCC", 24, lambda each: _many(each.bcc)),
        ("Basis", 24, lambda each: each.basis),
        ("DocType", 12, lambda each: each.type),
        ("FileExt", 10, lambda each: each.ext),
        ("Custodian", 20, lambda each: each.custodian),
        ("Treatment", 15, lambda each: each.treatment),
        ("ControlNumber", 18, lambda each: control(each.document)),
    )


def table(
    entries: Sequence[Entry], form: Form, zone: ZoneInfo, topics: Mapping[int, Sequence[str]]
) -> Table:
    """The log in a form. `topics` are names by document: topics, or categories to group by."""
    if form is Form.CATEGORICAL:
        return _categorical(entries, zone, topics)
    columns = list(_columns(zone))
    at = [name for name, _, _ in columns].index("Basis") + 1
    if form is Form.DOCUMENT:
        columns.insert(at, ("Description", 60, lambda each: each.description))
    if form is Form.TOPIC:
        columns.insert(at, ("Topic", 40, lambda each: _many(topics.get(each.document, ()))))
    return Table(
        tuple(name for name, _, _ in columns),
        tuple(tuple(tell(each) for _, _, tell in columns) for each in entries),
        tuple(width for _, width, _ in columns),
    )


_CATEGORY = (
    *(("LogID", 10), ("Category", 40), ("Basis", 24), ("Treatment", 11), ("Documents", 10)),
    *(("FirstDate", 11), ("LastDate", 11), ("Authors", 40), ("Recipients", 40)),
    *(("DocTypes", 16), ("Bates", 60)),
)


def _categorical(
    entries: Sequence[Entry], zone: ZoneInfo, topics: Mapping[int, Sequence[str]]
) -> Table:
    """Documents of one category, basis and treatment together; every document in one row."""
    groups: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for each in entries:
        category = _many(topics.get(each.document, ())) or each.basis
        groups[category, each.basis, each.treatment].append(each)
    rows = []
    for number, ((category, basis, treatment), some) in enumerate(groups.items(), 1):
        moments = sorted(each.sent_at for each in some if each.sent_at)
        people = [_distinct(one for each in some for one in each.author)]
        people.append(_distinct(one for each in some for one in (*each.to, *each.cc, *each.bcc)))
        rows.append(
            (
                *(f"CAT-{number:03d}", category, basis, treatment, str(len(some))),
                date(moments[0], zone) if moments else "",
                date(moments[-1], zone) if moments else "",
                *people,
                _distinct(sorted(each.type for each in some)),
                _many(_range(each) for each in some),
            )
        )
    return Table(
        tuple(name for name, _ in _CATEGORY), tuple(rows), tuple(width for _, width in _CATEGORY)
    )


def _distinct(values: Iterable[str]) -> str:
    return _many(dict.fromkeys(values))
