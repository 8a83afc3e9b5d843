"""Checks the rows of a DAT by themselves: numbers, families, and what withheld rows tell."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from produce.check_kin import Number, check_parts_of, number
from produce.check_terms import Record, Terms
from produce.columns import DATES, TIMES
from produce.findings import Finding

REQUIRED = (
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "ParentBates", "ChildBates"),
    *("AttachmentCount", "Custodian", "PageCount", "MD5", "SHA1", "SHA256", "Confidentiality"),
    *("Redacted", "Withheld", "ProdVolume", "TimeZone", "NativeLink", "TextLink", "ControlNumber"),
)
# All that a row of a withheld document may fill.
_WITHHELD_MAY = frozenset(REQUIRED) - {"MD5", "SHA1", "SHA256"} | {
    *("PrivReason", "AttachRange", "DocID", "Properties", "ProducingParty"),
}


def check_rows(records: Sequence[Record], volume: str, terms: Terms) -> Iterator[Finding]:
    """All findings on the rows of a DAT, as far as its fields go."""
    if not records:
        yield Finding("empty-volume", "DAT", "the load file has no record")
        return
    yield from _check_numbers(records, terms)
    if all("BegAttach" in each and "EndAttach" in each for each in records):
        yield from (
            check_parts_of(records, terms) if terms.replacement else _check_families(records, terms)
        )
    for record in records:
        yield from _check_record(record, records[0], volume, terms)


def _check_numbers(records: Sequence[Record], terms: Terms) -> Iterator[Finding]:
    seen: set[str] = set()
    expected: Number | None = None
    for record in records:
        where = record["BegBates"]
        first, last = number(where), number(record["EndBates"])
        if (
            first is None
            or last is None
            or (first.prefix, first.width) != (last.prefix, last.width)
        ):
            yield Finding("bates-form", where, f"no Bates range: {where} to {record['EndBates']}")
            continue
        if where in seen:
            yield Finding("bates-duplicate", where, "the number begins two documents")
        seen.add(where)
        if last.value < first.value:
            yield Finding("bates-order", where, f"EndBates {record['EndBates']} comes before it")
        if terms.by_document:
            if first != last:
                yield Finding("bates-form", where, "a document has one number, and this has two")
        elif record.get("PageCount", str(last.value - first.value + 1)) != str(
            last.value - first.value + 1
        ):
            yield Finding(
                "page-count", where, f"PageCount {record['PageCount']} is not that of the range"
            )
        if expected is not None and first != expected and not _skips(expected, first, terms):
            code = "bates-gap" if first.value > expected.value else "bates-overlap"
            due = f"{expected.prefix}{expected.value:0{expected.width}d}"
            yield Finding(code, where, f"{due} was due after the document before")
        expected = Number(last.prefix, last.value + 1, last.width)


def _skips(expected: Number, first: Number, terms: Terms) -> bool:
    """Whether numbers that are left out are those of documents that are not replaced."""
    alike = (first.prefix, first.width) == (expected.prefix, expected.width)
    return terms.replacement and alike and first.value > expected.value


def _check_families(records: Sequence[Record], terms: Terms) -> Iterator[Finding]:
    seen: set[str] = set()
    for start, group in groupby(records, key=lambda each: each["BegAttach"]):
        members = list(group)
        if start in seen:
            yield Finding("family-split", members[0]["BegBates"], f"family {start} began before")
        seen.add(start)
        yield from _check_family(members, terms)


def _check_family(members: Sequence[Record], terms: Terms) -> Iterator[Finding]:
    root, last = members[0], members[-1]
    begun: dict[str, list[str]] = {}
    for member in members:
        where = member["BegBates"]
        span = (member["BegAttach"], member["EndAttach"])
        if span != (root["BegBates"], last["EndBates"]):
            yield Finding(
                "attach-range",
                where,
                f"BegAttach {span[0]} and EndAttach {span[1]} do not span its family, "
                f"{root['BegBates']} to {last['EndBates']}",
            )
        parent = member.get("ParentBates", "")
        if parent and parent not in begun and parent not in terms.parents:
            yield Finding("family-parent", where, f"its parent {parent} does not come before it")
        begun.get(parent, []).append(where)
        begun[where] = []
    for member in members:
        where = member["BegBates"]
        told = "ParentBates" in member
        listed = [each for each in member.get("ChildBates", "").split(";") if each]
        if told and "ChildBates" in member and listed != begun[where]:
            yield Finding(
                "family-children", where, f"ChildBates {listed} are not its children {begun[where]}"
            )
        if told and member.get("AttachmentCount", str(len(begun[where]))) != str(len(begun[where])):
            yield Finding(
                "attachment-count",
                where,
                f"AttachmentCount {member['AttachmentCount']}, but {len(begun[where])} in the set",
            )


def _check_record(record: Record, first: Record, volume: str, terms: Terms) -> Iterator[Finding]:
    where = record["BegBates"]
    legend = record.get("Confidentiality", "")
    if not terms.levels and legend != first.get("Confidentiality", ""):
        yield Finding("legend", where, f"Confidentiality {legend!r} differs")
    zone = record.get("TimeZone")
    if zone is not None and (zone != first["TimeZone"] or not zone):
        yield Finding("time-zone", where, f"TimeZone {zone!r} differs or is empty")
    if record.get("ProdVolume", volume) != volume:
        yield Finding("volume-name", where, f"ProdVolume {record['ProdVolume']!r}, not {volume!r}")
    yield from _check_values(record, terms)
    yield from _check_repeated(record)
    flags = [record[each] for each in ("Withheld", "Redacted") if each in record]
    if not {"Y", "N"}.issuperset(flags):
        yield Finding("withheld-flag", where, "Withheld and Redacted must each be Y or N")
    native = record.get("NativeLink", "")
    if record.get("Redacted") == "Y" and native and not is_sheet(native):
        yield Finding("redacted-native", where, "a redacted document is produced natively")
    if record.get("Withheld") == "Y":
        yield from _check_withheld(record, terms)


def _check_repeated(record: Record) -> Iterator[Finding]:
    """Fields that say again what others do."""
    where = record["BegBates"]
    if record.get("DocID", where) != where:
        yield Finding("doc-id", where, f"DocID {record['DocID']} is not its BegBates")
    if record.get("AttachRange"):
        due = f"{record['BegAttach']} - {record['EndAttach']}"
        if record["AttachRange"] != due:
            yield Finding("attach-range", where, f"{record['AttachRange']} is not {due}")
    for name in ("Withheld", "Redacted"):
        flag = (name in record.get("Properties", ""), record.get(name))
        if "Properties" in record and flag in ((True, "N"), (False, "Y")):
            yield Finding("properties", where, f"Properties and {name} do not agree")


def _check_values(record: Record, terms: Terms) -> Iterator[Finding]:
    where = record["BegBates"]
    for name, value in record.items():
        form = terms.days if name in DATES else terms.hours if name in TIMES else None
        if value and form is not None and not re.fullmatch(form, value):
            yield Finding("date", where, f"{name} {value!r} is not in the form that was agreed")
        if name in ("FilePath", "AllPaths", "IntFilePath") and value.startswith(("/", "\\")):
            yield Finding("absolute-path", where, f"{name} tells where the evidence stood")


def is_sheet(link: str) -> bool:
    """A spreadsheet may be redacted by cell, into a native of its own."""
    return link.lower().endswith((".xlsx", ".csv", ".tsv"))


def _check_withheld(record: Record, terms: Terms) -> Iterator[Finding]:
    where = record["BegBates"]
    if record.get("NativeLink"):
        yield Finding("withheld-native", where, "a withheld document is produced natively")
    told = [name for name, value in record.items() if value and name not in _WITHHELD_MAY]
    if told:
        yield Finding("withheld-metadata", where, f"a withheld document tells {', '.join(told)}")
    if record.get("PageCount", "1") != "1" and not terms.replacement:
        yield Finding("withheld-pages", where, "a withheld document has more than its slip sheet")
