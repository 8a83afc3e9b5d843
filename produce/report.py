"""The report of a production: what it is, what it holds and does not, and by which rules.

Made of the record alone, for one's own file: no subject, file name or path of a document stands in
it, but the query and the tags that selected them do. Each section is a table; together they are
sheets of a workbook or parts of a PDF.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ingest.identity import RECIPE
from produce.deliver import MANIFEST
from produce.loads import recorded
from produce.numbering import reservation_of, reservations, span_of
from produce.record import PlannedItem, Production, items, production
from produce.redaction.record import confirmed
from produce.selection import in_chunks
from produce.treatment import Treatment
from produce.versions import replaced_since, shown_as, volume_of
from records import tables
from records.case import Case
from records.control import control
from records.errors import ProductionError

_D, _N = tables.documents.c, tables.notes.c
_ABOUT = ("What", "Value")
_DEDUP = (
    ("What is compared", "whole families: a loose file or a mail, with everything inside it"),
    ("A mail", f"its dedup hash, {RECIPE}: sent time in UTC, sender, recipients, subject, words of "
     "the body, and the SHA-256 of each part that is a document of its own"),
    ("Any other file", "the SHA-256 of its bytes"),
    ("Which copy is kept", "that of the lowest control number; its AllCustodians and AllPaths name "
     "those of every suppressed copy"),
    ("The recipe in full", "docs/dedup.md of Redwell, to be published with the production"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the report; `empty` is said where it has no rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""

    def to_json(self) -> list[dict[str, str]]:
        """A row each."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def report(case: Case, name: str) -> list[Section]:
    """All sections; raises `ProductionError` for a production without numbers."""
    with case.read() as connection:
        found = production(connection, name)
        if span_of(connection, found.id) is None:
            raise ProductionError(
                f"{name} is {found.state} and holds no Bates numbers: there is nothing to report "
                f"but its plan. Run it with 'redwell produce run {name}'"
            )
        planned = items(connection, found.id)
        files = recorded(connection, found.id)
        return [
            _about(case, connection, found, planned),
            _specification(found),
            _counts(found),
            _custodians(connection, planned),
            _gaps(connection, found),
            _replaced(connection, found, planned),
            _sheets(planned),
            _redactions(connection, planned),
            _exceptions(connection, planned),
            _conflicts(found),
            _remarks(found),
            _files(found, files),
            Section("Duplicates", _ABOUT, (_scope(case), *_DEDUP)),
        ]


def _about(
    case: Case, connection: sa.Connection, found: Production, planned: Sequence[PlannedItem]
) -> Section:
    info, span = case.info(), span_of(connection, found.id)
    assert span is not None
    p, d = tables.productions.c, tables.deliveries.c
    actor = connection.execute(sa.select(p.actor).where(p.id == found.id)).scalar_one()
    gone = connection.execute(
        sa.select(d.recipient, d.at, d.archive_sha256).where(d.production_id == found.id)
    )
    rows = [
        ("Case", f"{info.number}, {info.caption}"),
        ("Court", info.court),
        ("Production", found.name),
        ("State", found.state),
        ("Replaces documents of", volume_of(connection, found).name if found.replaces else ""),
        ("Why it replaces them", found.reason),
        ("First number", span[0]),
        ("Last number", span[1]),
        ("Documents", f"{len(planned):,}"),
        ("Pages", f"{sum(each.pages for each in planned):,}"),
        ("Families", f"{len({each.detail['family'] for each in planned}):,}"),
        ("Planned", f"{found.created_at} by {actor}"),
        ("Frozen", found.frozen_at or "not yet"),
        (f"SHA-256 of {MANIFEST}", found.manifest_sha256 or "not yet"),
        *((f"Delivered to {row.recipient}", f"{row.at}, archive {row.archive_sha256}")
          for row in gone),
    ]  # fmt: skip
    return Section("Production", _ABOUT, tuple((name, value) for name, value in rows if value))


def _specification(found: Production) -> Section:
    values = found.specification.model_dump(mode="json")
    return Section("Specification", ("Setting", "Value"), tuple(_flat("", values)))


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(f"{name}.{key}" if name else key, each)
    elif isinstance(value, list | tuple):
        parts = (": ".join(map(str, e)) if isinstance(e, list) else str(e) for e in value)
        yield name, ", ".join(parts)
    else:
        yield name, "" if value is None else str(value)


def _counts(found: Production) -> Section:
    plan, made = found.counts["plan"], found.counts.get("made", {})
    names = list(dict.fromkeys((*plan, *made)))
    rows = tuple(
        (name, str(plan.get(name, "")), str(made.get(name, "") if made else "")) for name in names
    )
    return Section("Counts", ("What", "Planned", "Made"), rows)


def _custodians(connection: sa.Connection, planned: Sequence[PlannedItem]) -> Section:
    names = {row.id: row.name for row in connection.execute(sa.select(tables.custodians))}
    pages = {each.document_id: each.pages for each in planned}
    documents: Counter[str] = Counter()
    of_pages: Counter[str] = Counter()
    query = lambda some: sa.select(_D.id, _D.custodian_id).where(_D.id.in_(some))  # noqa: E731
    for row in in_chunks(connection, query, pages):
        documents[names[row.custodian_id]] += 1
        of_pages[names[row.custodian_id]] += pages[row.id]
    rows = tuple(
        (name, str(count), str(of_pages[name])) for name, count in sorted(documents.items())
    )
    return Section("Custodians", ("Custodian", "Documents", "Pages"), rows)


def _gaps(connection: sa.Connection, found: Production) -> Section:
    """Numbers between this volume and the one before with its prefix, which nobody holds."""
    if found.replaces is not None:
        name = volume_of(connection, found).name
        return Section("Gaps", ("From", "To", "Why"), (), f"Its numbers are those of {name}.")
    held = reservation_of(connection, found.id)
    assert held is not None
    bates = found.specification.bates
    before = [
        each.last
        for each in reservations(connection)
        if each.prefix == held.prefix and each.last < held.first
    ]
    start = max(before, default=0) + 1
    rows: tuple[tuple[str, ...], ...] = ()
    if start < held.first:
        rows = ((bates(start), bates(held.first - 1), "held by no production of this case"),)
    return Section(
        "Gaps",
        ("From", "To", "Why"),
        rows,
        "None: each number of the volume is a page, and the volume before ends right before it.",
    )


def _replaced(
    connection: sa.Connection, found: Production, planned: Sequence[PlannedItem]
) -> Section:
    """What it replaces, document by document; or which of its documents were replaced."""
    rows: list[tuple[str, ...]] = []
    newer = replaced_since(connection, found)
    for each in planned:
        was = each.detail.get("version", {})
        place = (each.first, each.last)
        if was:
            told = (
                f"{was['as']} in {was['of']}",
                shown_as(each),
                str(each.detail.get("filled", 0)),
            )
            rows.append((*place, *told, control(each.document_id)))
        if each.document_id in newer:
            told = (shown_as(each), f"replaced in {newer[each.document_id]}", "")
            rows.append((*place, *told, control(each.document_id)))
    columns = ("BegBates", "EndBates", "Was", "Is", "Pages left blank", "ControlNumber")
    return Section("Replacements", columns, tuple(rows), "None.")


def _sheets(planned: Sequence[PlannedItem]) -> Section:
    rows = tuple(
        (each.first, each.last, each.treatment, each.reason, control(each.document_id))
        for each in planned
        if each.treatment is not Treatment.IMAGE
    )
    columns = ("BegBates", "EndBates", "Produced as", "Reason", "ControlNumber")
    return Section("Sheets in place of pages", columns, rows, "None: every document has its pages.")


def _redactions(connection: sa.Connection, planned: Sequence[PlannedItem]) -> Section:
    redacted = [each for each in planned if each.detail.get("redactions")]
    codes: dict[int, Counter[str]] = defaultdict(Counter)
    if redacted:
        for each in confirmed(connection, [item.document_id for item in redacted]):
            codes[each.drawn.document][each.code] += 1
    rows = tuple(
        (
            *(each.first, each.last),
            ", ".join(f"{code} {count}" for code, count in sorted(codes[each.document_id].items())),
            control(each.document_id),
        )
        for each in redacted
    )
    columns = ("BegBates", "EndBates", "Redactions by code", "ControlNumber")
    return Section("Redactions", columns, rows, "None.")


def _exceptions(connection: sa.Connection, planned: Sequence[PlannedItem]) -> Section:
    """What could not be read of the documents in the volume, the newest of each code."""
    first = {each.document_id: each.first for each in planned}
    told: dict[int, dict[str, str]] = defaultdict(dict)
    rows = in_chunks(
        connection,
        lambda some: (
            sa.select(_N.document_id, _N.code, _N.tool, _N.tool_version)
            .where(_N.document_id.in_(some), _N.severity == "exception")
            .order_by(_N.id)
        ),
        first,
    )
    for row in rows:
        told[row.document_id][row.code] = f"{row.tool} {row.tool_version}".strip()
    return Section(
        "Exceptions",
        ("BegBates", "Code", "Tool", "ControlNumber"),
        tuple(
            (first[document], code, tool, control(document))
            for document in sorted(told, key=lambda each: first[each])
            for code, tool in told[document].items()
        ),
        "None: every document was read.",
    )


def _conflicts(found: Production) -> Section:
    sizes: dict[str, int] = found.counts.get("conflicts", {})
    return Section(
        "What the plan pointed out",
        ("What", "Documents"),
        tuple((name, str(size)) for name, size in sizes.items()),
        "Nothing.",
    )


def _remarks(found: Production) -> Section:
    rows = tuple(
        (each["bates"], each["field"], each["what"]) for each in found.counts.get("qc", ())
    )
    columns = ("BegBates", "Field", "Remark")
    return Section("Changed by the load file", columns, rows, "None.")


def _files(found: Production, files: dict[str, tuple[str, int]]) -> Section:
    """Files and bytes by folder, and the hash of each load file."""
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for path, (_, bytes_) in files.items():
        folder = path.partition("/")[0]
        count[folder] += 1
        size[folder] += bytes_
    rows = [
        (f"{each}/", f"{count[each]:,} files", f"{size[each]:,} bytes") for each in sorted(count)
    ]
    rows.extend(
        (path, sha256, f"{bytes_:,} bytes")
        for path, (sha256, bytes_) in sorted(files.items())
        if path.startswith("DATA/")
    )
    if found.manifest_sha256:
        rows.append((MANIFEST, found.manifest_sha256, ""))
    return Section("Files", ("Path", "Files or SHA-256", "Size"), tuple(rows))


def _scope(case: Case) -> tuple[str, str]:
    return "Where a second copy is a duplicate", case.settings.dedup_scope
