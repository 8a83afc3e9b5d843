"""Checks a volume as the receiving party does: from the disk alone, by other code than wrote it.

With the facts of the case it is compared with the registry too: its own numbers and documents,
what must be withheld, and the numbers of other volumes.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from produce.check_child import Due, Inspected
from produce.check_files import inspect_all
from produce.check_kin import number
from produce.check_links import check_links, check_opt, check_parts, resolve
from produce.check_loads import check_edrm, check_lfp
from produce.check_rows import REQUIRED, check_rows, is_sheet
from produce.check_terms import BARE, Record, Terms, completed, lies_in, page_keys, standard
from produce.findings import Finding
from produce.reader import (
    OptEntry,
    UnreadableError,
    read_dat,
    read_manifest,
    read_opt,
)
from records.errors import ProductionError
from records.options import Advance, unseen

__all__ = ["Facts", "Finding", "Registered", "check", "verify_manifest"]

_MANIFEST = "MANIFEST.sha256"
_SUFFIXES: dict[str, tuple[str, ...]] = {
    "tiff": (".tif", ".jpg"),
    "pdf": (".pdf",),
    "none": (),
}
_COUNT = re.compile(r"[0-9]{1,6}")
_REDACTION = re.compile(rb"\[[A-Z0-9][A-Z0-9 .-]{0,11}\]")  # a reason code in a cell


@dataclass(frozen=True, slots=True)
class Registered:
    """A document of a production as the case has it."""

    beg: str
    end: str
    control: str
    withheld: bool
    native_sha256: str | None
    legend: str | None = None  # where it is not that of the volume


@dataclass(frozen=True, slots=True)
class Facts:
    """What the case knows of a production, as plain values.

    `closed` are control numbers that may be in the set as withheld only, `sealed` those whose file
    may not be in it: they hold a closed one, or what may become one. `others` are numbers of other
    productions: name, prefix, first, last. `manifest_sha256` is set once it is frozen. `parents`
    are by number of a document that of its parent in an earlier volume.
    """

    name: str
    dpi: int
    legend: str
    documents: tuple[Registered, ...]
    closed: frozenset[str]
    sealed: frozenset[str]
    others: tuple[tuple[str, str, int, int], ...]
    manifest_sha256: str | None
    terms: Terms = BARE
    parents: Mapping[str, str] = field(default_factory=dict)


def check(
    volume: Path,
    facts: Facts | None = None,
    dpi: int = 300,
    terms: Terms | None = None,
    advance: Advance = unseen,
) -> list[Finding]:
    """All that is wrong with the volume in this folder; empty where a party may send it.

    The `terms` are those of the facts unless given.
    What cannot be read is a finding. Raises `ProductionError` where there is no such folder.
    """
    if not volume.is_dir():
        raise ProductionError(f"{volume} is no folder: name a production or a volume's folder")
    try:
        agreed = terms or replace(facts.terms if facts else BARE, dpi=facts.dpi if facts else dpi)
        return list(_check(volume, facts, agreed, advance))
    except OSError as error:
        return [_unreadable(volume, error)]


def _check(volume: Path, facts: Facts | None, terms: Terms, advance: Advance) -> Iterator[Finding]:
    disk, odd = _disk(volume)
    yield from odd
    data = f"{terms.data}/"
    names = [each for each in sorted(disk) if each.startswith(data) and each.endswith(".dat")]
    if len(names) != 1:
        yield Finding("missing-dat", terms.data, f"holds {len(names)} DAT files where one is due")
        return
    name = names[0].removeprefix(data).removesuffix(".dat")
    records: Sequence[Record] = ()
    try:
        header, records = _dat(volume / names[0], terms)
        yield from header
    except UnreadableError as error:
        yield Finding("unreadable-dat", names[0], str(error))
        return
    if header:
        return
    odd, entries = _opt(volume, disk, name, terms)
    yield from odd
    records = _told(completed(records, terms, disk, entries), facts)
    yield from check_rows(records, name, terms)
    yield from check_links(records, disk, terms)
    if entries:
        yield from check_opt(entries, records, disk, name, terms)
    yield from check_parts(records, terms)
    yield from _check_pages(entries, records, disk, terms)
    yield from check_lfp(volume, disk, name, records, entries, terms)
    dues = _dues(disk, records, entries, terms)
    advance(0, more=len(dues))
    inspected: dict[str, Inspected] = {}
    for each in inspect_all(volume, dues):
        inspected[each.path] = each
        yield from each.findings
        advance(1)
    yield from check_edrm(volume, disk, name, records, inspected, terms)
    yield from _check_natives(records, inspected)
    yield from _check_sheets(volume, records, disk)
    yield from _check_manifest(volume, inspected)
    if facts is not None:
        yield from _check_facts(volume, records, inspected, facts, name)


def _opt(
    volume: Path, disk: frozenset[str], name: str, terms: Terms
) -> tuple[list[Finding], Sequence[OptEntry]]:
    path = f"{terms.data}/{name}.opt"
    if "opt" not in terms.load_files:
        return [], ()
    if path not in disk:
        return [Finding("missing-opt", terms.data, f"holds no {name}.opt")], ()
    try:
        return [], read_opt(volume / path)
    except UnreadableError as error:
        return [Finding("unreadable-opt", path, str(error))], ()


def _told(records: Sequence[Record], facts: Facts | None) -> Sequence[Record]:
    """Rows with what the case knows and their DAT does not tell."""
    if facts is None:
        return records
    due = {each.beg: each for each in facts.documents}
    return [
        {
            "ControlNumber": due[each["BegBates"]].control,
            "Withheld": "Y" if due[each["BegBates"]].withheld else "N",
            "Confidentiality": _legend(due[each["BegBates"]], facts),
        }
        | each
        if each["BegBates"] in due
        else each
        for each in records
    ]


def _legend(document: Registered, facts: Facts) -> str:
    return facts.legend if document.legend is None else document.legend


def _check_pages(
    entries: Sequence[OptEntry], records: Sequence[Record], disk: frozenset[str], terms: Terms
) -> Iterator[Finding]:
    """Whether the images are of the kind that is due, each document's under its own numbers."""
    found = sorted(each for each in disk if lies_in(each, terms.images))
    for path in found if terms.kind else ():
        if not path.endswith(_SUFFIXES[terms.kind or ""]):
            yield Finding("image-kind", path, f"is no image of the kind {terms.kind}")
    keys: dict[str, list[str]] = {}
    start = ""
    for entry in entries:
        start = entry.key if entry.doc_break == "Y" else start
        keys.setdefault(start, []).append(entry.key)
    for record in records:
        own = keys.get(record["BegBates"], [])
        if len(own) > 1 and tuple(own) != _pages(record, terms):
            yield Finding("image-key", record["BegBates"], "its images have other numbers than it")


def _disk(volume: Path) -> tuple[frozenset[str], list[Finding]]:
    """Every file of the volume as it is cased on the disk; links and empty folders are findings."""
    found: set[str] = set()
    odd: list[Finding] = []
    for folder, folders, files in os.walk(volume, onerror=_raise):
        for name in (*folders, *files):
            path = Path(folder) / name
            shown = path.relative_to(volume).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                odd.append(Finding("link", shown, "is no plain file or folder"))
            elif path.is_file():
                found.add(shown)
    return frozenset(found), odd


def _dat(path: Path, terms: Terms) -> tuple[list[Finding], Sequence[Record]]:
    dat = read_dat(path, terms.encoding)
    due = REQUIRED if terms.columns is None else tuple(name for name, _ in terms.columns)
    missing = [name for name in due if name not in dat.header]
    findings = [Finding("missing-field", path.name, f"the DAT lacks {each}") for each in missing]
    if terms.columns is not None and not missing and dat.header != due:
        findings.append(Finding("header", path.name, "the columns are others than were agreed on"))
    return findings, () if findings else [standard(each, terms) for each in dat.records]


def _dues(
    disk: frozenset[str], records: Sequence[Record], entries: Sequence[OptEntry], terms: Terms
) -> list[Due]:
    by_beg = {record["BegBates"]: record for record in records}
    withheld = {
        resolve(each.get("TextLink", "")) for each in records if each.get("Withheld") == "Y"
    }
    keys = {resolve(each.path): each.key for each in entries}
    dues = []
    for path in sorted(disk - {_MANIFEST}):
        number = (keys[path],) if path in keys else ()
        if lies_in(path, terms.images) and path.lower().endswith(".pdf"):
            record = by_beg.get(keys.get(path, ""), {})
            dues.append(_pdf(path, record, terms))
        elif lies_in(path, terms.images):
            kind = "jpg" if path.lower().endswith((".jpg", ".jpeg")) else "tiff"
            dues.append(Due(path, kind, dpi=terms.dpi, bates=number, place=terms.stamp))
        elif lies_in(path, terms.text):
            exact = terms.withheld_line if path in withheld else None
            dues.append(Due(path, "text", exact=exact, encoding=terms.text_encoding))
        else:
            dues.append(Due(path, "other"))
    return dues


def _pdf(path: str, record: Record, terms: Terms) -> Due:
    legend = record.get("Confidentiality", "")
    return Due(path, "pdf", bates=_pages(record, terms), legend=legend, shows=terms.shows)


def _pages(record: Record, terms: Terms) -> tuple[str, ...]:
    first = number(record["BegBates"]) if record else None
    if first is None or not _COUNT.fullmatch(record.get("PageCount", "")):
        return ()
    count = int(record["PageCount"])
    return tuple(page_keys(record, count, first.prefix, first.value, terms))


def _check_natives(records: Sequence[Record], inspected: dict[str, Inspected]) -> Iterator[Finding]:
    for record in records:
        native = inspected.get(resolve(record.get("NativeLink", "")) or "")
        if native is None:
            continue
        for name, value in (
            ("MD5", native.md5),
            ("SHA1", native.sha1),
            ("SHA256", native.sha256),
        ):
            if record.get(name, value) != value:
                yield Finding(
                    "native-hash", record["BegBates"], f"{name} is not that of {native.path}"
                )


def _check_sheets(
    volume: Path, records: Sequence[Record], disk: frozenset[str]
) -> Iterator[Finding]:
    """A redacted spreadsheet may be produced natively where its text shows what was redacted."""
    for record in records:
        path, native = (resolve(record.get(each, "")) for each in ("TextLink", "NativeLink"))
        if record.get("Redacted") != "Y" or not is_sheet(native or "") or path not in disk:
            continue
        if not _REDACTION.search((volume / path).read_bytes()):
            message = "a redacted document is produced natively, and its text shows no redaction"
            yield Finding("redacted-native", record["BegBates"], message)


def _check_manifest(volume: Path, inspected: dict[str, Inspected]) -> Iterator[Finding]:
    if not (volume / _MANIFEST).is_file():
        yield Finding("missing-manifest", _MANIFEST, "is not there")
        return
    try:
        listed = read_manifest(volume / _MANIFEST)
    except UnreadableError as error:
        yield Finding("unreadable-manifest", _MANIFEST, str(error))
        return
    for path in sorted(listed.keys() - inspected.keys()):
        yield Finding("manifest-gone", path, "stands in the manifest, but not on the disk")
    for path in sorted(inspected.keys() - listed.keys()):
        yield Finding("manifest-lacks", path, "is on the disk, but not in the manifest")
    for path in sorted(inspected.keys() & listed.keys()):
        if listed[path] != inspected[path].sha256:
            yield Finding("manifest-hash", path, "has other bytes than the manifest says")


def _check_facts(
    volume: Path,
    records: Sequence[Record],
    inspected: dict[str, Inspected],
    facts: Facts,
    name: str,
) -> Iterator[Finding]:
    if name != facts.name:
        yield Finding("registry-name", name, f"the case calls this volume {facts.name}")
    legends = {each.beg: each.legend for each in facts.documents}
    natives = {
        each["BegBates"]: inspected[path].sha256
        for each in records
        if (path := resolve(each.get("NativeLink", ""))) in inspected and path is not None
    }
    made = [
        Registered(
            each["BegBates"],
            each["EndBates"],
            each.get("ControlNumber", ""),
            each.get("Withheld") == "Y",
            natives.get(each["BegBates"]),
            legends.get(each["BegBates"]),
        )
        for each in records
    ]
    yield from _compare(made, facts.documents)
    for record in records:
        due = legends.get(record["BegBates"])
        due = facts.legend if due is None else due
        if record.get("Confidentiality", due) != due:
            yield Finding("registry-legend", record["BegBates"], "has another legend than planned")
        if record.get("ControlNumber") in facts.closed and record.get("Withheld") != "Y":
            yield Finding("privileged", record["BegBates"], "is to be withheld by its tags")
        if record.get("ControlNumber") in facts.sealed and record.get("NativeLink"):
            yield Finding("privileged", record["BegBates"], "its native may hold what is withheld")
        parent = facts.parents.get(record["BegBates"])
        if parent is not None and record.get("ParentBates", parent) != parent:
            yield Finding("registry-parent", record["BegBates"], f"{parent} is its parent's number")
        yield from _check_overlap(record, facts)
    if facts.manifest_sha256 is not None:
        yield from _check_frozen(volume, facts.manifest_sha256)


def _compare(made: Sequence[Registered], due: Sequence[Registered]) -> Iterator[Finding]:
    if len(made) != len(due):
        yield Finding(
            "registry-documents", "DAT", f"{len(made)} documents, {len(due)} in the case's record"
        )
    for one, other in zip(made, due, strict=False):
        if one != other:
            yield Finding("registry-documents", one.beg, f"is {one}, in the case's record {other}")


def _check_overlap(record: Record, facts: Facts) -> Iterator[Finding]:
    beg, end = record["BegBates"], record["EndBates"]
    for name, prefix, first, last in facts.others:
        values = [each.removeprefix(prefix) for each in (beg, end) if each.startswith(prefix)]
        if len(values) == 2 and all(each.isdecimal() for each in values):
            low, high = int(values[0]), int(values[1])
            if low <= last and high >= first:
                yield Finding("overlap", beg, f"uses numbers of the volume {name}")


def _check_frozen(volume: Path, manifest_sha256: str) -> Iterator[Finding]:
    manifest = volume / _MANIFEST
    found = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    if found != manifest_sha256:
        yield Finding("registry-manifest", _MANIFEST, "is not the one that was frozen")


def verify_manifest(volume: Path, manifest_sha256: str | None) -> list[Finding]:
    """Whether a frozen volume still holds exactly the bytes that were frozen."""
    if not volume.is_dir():
        return [Finding("volume-gone", str(volume), "the frozen volume is not there")]
    try:
        disk, findings = _disk(volume)
        dues = [Due(path, "other") for path in sorted(disk - {_MANIFEST})]
        inspected = {each.path: each for each in inspect_all(volume, dues)}
        findings.extend(_check_manifest(volume, inspected))
        findings.extend(_check_frozen(volume, manifest_sha256 or ""))
    except OSError as error:
        return [_unreadable(volume, error)]
    return findings


def _unreadable(volume: Path, error: OSError) -> Finding:
    """What cannot be opened cannot be checked: the whole check ends with it."""
    where = str(error.filename or volume)
    return Finding("unreadable", where, f"cannot be read: {error.strerror}; nothing else is sure")


def _raise(error: OSError) -> None:
    raise error
