"""Checks a volume as the receiving party does: from the disk alone, by other code than wrote it.

With the facts of the case it is compared with the registry too: its own numbers and documents,
what must be withheld, and the numbers of other volumes.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from produce.check_child import Due, Inspected
from produce.check_files import inspect_all
from produce.check_links import check_links, check_opt, resolve
from produce.check_rows import REQUIRED, Record, check_rows, is_sheet, number
from produce.findings import Finding
from produce.reader import (
    OptEntry,
    UnreadableError,
    read_dat,
    read_manifest,
    read_opt,
)
from records.errors import ProductionError

__all__ = ["Facts", "Finding", "Registered", "check", "verify_manifest"]

_MANIFEST = "MANIFEST.sha256"
_COUNT = re.compile(r"[0-9]{1,6}")
_REDACTION = re.compile(rb"\[[A-Z0-9][A-Z0-9 .-]{0,11}\]")  # a reason code in a cell
_PLACEHOLDER = "Document Withheld - Privileged"


@dataclass(frozen=True, slots=True)
class Registered:
    """A document of a production as the case has it."""

    beg: str
    end: str
    control: str
    withheld: bool
    native_sha256: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the case knows of a production, as plain values.

    `closed` are control numbers that may be in the set as withheld only, `sealed` those whose file
    may not be in it: they hold a closed one, or what may become one. `others` are numbers of other
    productions: name, prefix, first, last. `manifest_sha256` is set once it is frozen.
    """

    name: str
    dpi: int
    legend: str
    documents: tuple[Registered, ...]
    closed: frozenset[str]
    sealed: frozenset[str]
    others: tuple[tuple[str, str, int, int], ...]
    manifest_sha256: str | None


def check(volume: Path, facts: Facts | None = None, dpi: int = 300) -> list[Finding]:
    """All that is wrong with the volume in this folder; empty where a party may send it.

    What cannot be read is a finding. Raises `ProductionError` where there is no such folder.
    """
    if not volume.is_dir():
        raise ProductionError(f"{volume} is no folder: name a production or a volume's folder")
    try:
        return list(_check(volume, facts, facts.dpi if facts else dpi))
    except OSError as error:
        return [_unreadable(volume, error)]


def _check(volume: Path, facts: Facts | None, dpi: int) -> Iterator[Finding]:
    disk, odd = _disk(volume)
    yield from odd
    names = [each for each in sorted(disk) if each.startswith("DATA/") and each.endswith(".dat")]
    if len(names) != 1:
        yield Finding("missing-dat", "DATA", f"holds {len(names)} DAT files where one is due")
        return
    name = names[0].removeprefix("DATA/").removesuffix(".dat")
    records: Sequence[Record] = ()
    try:
        header, records = _dat(volume / names[0])
        yield from header
    except UnreadableError as error:
        yield Finding("unreadable-dat", names[0], str(error))
        return
    if header:
        return
    entries: Sequence[OptEntry] = ()
    if f"DATA/{name}.opt" not in disk:
        yield Finding("missing-opt", "DATA", f"holds no {name}.opt")
    else:
        try:
            entries = read_opt(volume / f"DATA/{name}.opt")
        except UnreadableError as error:
            yield Finding("unreadable-opt", f"DATA/{name}.opt", str(error))
    yield from check_rows(records, name)
    yield from check_links(records, disk)
    if entries:
        yield from check_opt(entries, records, disk, name)
    inspected = {
        each.path: each for each in inspect_all(volume, _dues(disk, records, entries, dpi))
    }
    for each in inspected.values():
        yield from each.findings
    yield from _check_natives(records, inspected)
    yield from _check_sheets(volume, records, disk)
    yield from _check_manifest(volume, inspected)
    if facts is not None:
        yield from _check_facts(volume, records, inspected, facts, name)


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


def _dat(path: Path) -> tuple[list[Finding], Sequence[Record]]:
    dat = read_dat(path)
    missing = [name for name in REQUIRED if name not in dat.header]
    findings = [Finding("missing-field", path.name, f"the DAT lacks {each}") for each in missing]
    return findings, dat.records


def _dues(
    disk: frozenset[str], records: Sequence[Record], entries: Sequence[OptEntry], dpi: int
) -> list[Due]:
    by_beg = {record["BegBates"]: record for record in records}
    withheld = {resolve(each["TextLink"]) for each in records if each["Withheld"] == "Y"}
    keys = {resolve(each.path): each.key for each in entries}
    legend = records[0]["Confidentiality"] if records else ""
    dues = []
    for path in sorted(disk - {_MANIFEST}):
        if path.startswith("IMAGES/") and path.lower().endswith(".pdf"):
            record = by_beg.get(keys.get(path, ""))
            dues.append(Due(path, "pdf", bates=_pages(record), legend=legend))
        elif path.startswith("IMAGES/"):
            dues.append(Due(path, "tiff", dpi=dpi))
        elif path.startswith("TEXT/"):
            dues.append(Due(path, "text", exact=_PLACEHOLDER if path in withheld else None))
        else:
            dues.append(Due(path, "other"))
    return dues


def _pages(record: Record | None) -> tuple[str, ...]:
    first = number(record["BegBates"]) if record else None
    if record is None or first is None or not _COUNT.fullmatch(record["PageCount"]):
        return ()
    return tuple(
        f"{first.prefix}{first.value + page:0{first.width}d}"
        for page in range(int(record["PageCount"]))
    )


def _check_natives(records: Sequence[Record], inspected: dict[str, Inspected]) -> Iterator[Finding]:
    for record in records:
        native = inspected.get(resolve(record["NativeLink"]) or "")
        if native is None:
            continue
        for field, value in (
            ("MD5", native.md5),
            ("SHA1", native.sha1),
            ("SHA256", native.sha256),
        ):
            if record[field] != value:
                yield Finding(
                    "native-hash", record["BegBates"], f"{field} is not that of {native.path}"
                )


def _check_sheets(
    volume: Path, records: Sequence[Record], disk: frozenset[str]
) -> Iterator[Finding]:
    """A redacted spreadsheet may be produced natively where its text shows what was redacted."""
    for record in records:
        path = resolve(record["TextLink"])
        if record["Redacted"] != "Y" or not is_sheet(record["NativeLink"]) or path not in disk:
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
    natives = {
        each["BegBates"]: inspected[path].sha256
        for each in records
        if (path := resolve(each["NativeLink"])) in inspected and path is not None
    }
    made = [
        Registered(
            each["BegBates"],
            each["EndBates"],
            each["ControlNumber"],
            each["Withheld"] == "Y",
            natives.get(each["BegBates"]),
        )
        for each in records
    ]
    yield from _compare(made, facts.documents)
    for record in records:
        if record["Confidentiality"] != facts.legend:
            yield Finding("registry-legend", record["BegBates"], "has another legend than planned")
        if record["ControlNumber"] in facts.closed and record["Withheld"] != "Y":
            yield Finding("privileged", record["BegBates"], "is to be withheld by its tags")
        if record["ControlNumber"] in facts.sealed and record["NativeLink"]:
            yield Finding("privileged", record["BegBates"], "its native may hold what is withheld")
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
