"""Checks load files beside DAT and OPT: what each says of pages against the others."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from produce.check_child import Inspected
from produce.check_terms import Record, Terms, lies_in
from produce.findings import Finding
from produce.reader import LfpEntry, OptEntry, UnreadableError, read_lfp
from produce.reader_edrm import EdrmRecord, read_edrm

_MOMENTS = frozenset({"#DateSent", "#DateReceived", "#DateCreated", "#DateModified"})
_EDRM = {
    **{name: f"#{name}" for name in ("From", "To", "CC", "BCC", "DateSent", "DateReceived")},
    **{name: f"#{name}" for name in ("DateCreated", "DateModified", "FileName", "FileSize")},
    **{name: f"#{name}" for name in ("Title", "Author", "Language", "AttachmentCount")},
    "EmailSubject": "#Subject",
    "FileExt": "#FileExtension",
    "AttachmentNames": "#AttachmentNames",
}
_TYPES = {"tif": "2", "jpg": "4", "pdf": "6"}


def _read[T](
    volume: Path, disk: frozenset[str], path: str, kind: str, read: Callable[[Path], T]
) -> tuple[list[Finding], T | None]:
    """A load file as its reader has it, or a finding that says why not."""
    folder, _, name = path.rpartition("/")
    if path not in disk:
        return [Finding(f"missing-{kind}", folder, f"holds no {name}")], None
    try:
        return [], read(volume / path)
    except UnreadableError as error:
        return [Finding(f"unreadable-{kind}", path, str(error))], None


def check_lfp(
    volume: Path,
    disk: frozenset[str],
    name: str,
    records: Sequence[Record],
    entries: Sequence[OptEntry],
    terms: Terms,
) -> Iterator[Finding]:
    """The LFP, where one is due, against the OPT and the families of the DAT."""
    path = f"{terms.data}/{name}.lfp"
    if "lfp" not in terms.load_files:
        return
    odd, lines = _read(volume, disk, path, "lfp", read_lfp)
    yield from odd
    if lines is None:
        return
    yield from _check_lines(lines, name)
    yield from _check_images(lines, entries)
    parents = {each["BegBates"]: each.get("ParentBates", "") for each in records}
    starts = [each for each in lines if each.boundary]
    if [each.key for each in starts] != list(parents):
        yield Finding("lfp-documents", path, "its documents are not the DAT's, in their order")
    for each in starts:
        if "ParentBates" in (records[0] if records else {}) and each.key in parents:
            due = "C" if parents[each.key] else "D"
            if each.boundary != due:
                yield Finding("lfp-boundary", each.key, f"is {each.boundary} where {due} is due")


def check_edrm(
    volume: Path,
    disk: frozenset[str],
    name: str,
    records: Sequence[Record],
    inspected: Mapping[str, Inspected],
    terms: Terms,
) -> Iterator[Finding]:
    """The EDRM XML, where one is due, against the DAT and the files on the disk."""
    path = f"{terms.data}/{name}.xml"
    if "edrm" not in terms.load_files:
        return
    odd, batch = _read(volume, disk, path, "edrm", read_edrm)
    yield from odd
    if batch is None:
        return
    if batch.name != name:
        yield Finding("edrm-volume", path, f"its batch is {batch.name!r}, not {name!r}")
    if [each.number for each in batch.records] != [each["BegBates"] for each in records]:
        yield Finding("edrm-documents", path, "its documents are not the DAT's, in their order")
        return
    kin = [(each["ParentBates"], each["BegBates"]) for each in records if each.get("ParentBates")]
    if records and "ParentBates" in records[0] and batch.kin != kin:
        yield Finding("edrm-kin", path, "its relationships are not those of ParentBates")
    for found, record in zip(batch.records, records, strict=True):
        yield from _check_record(found, record)
        yield from _check_files(found, inspected)
    named = {file[1] for each in batch.records for file in each.files}
    folders = (terms.images, terms.text, terms.natives)
    for each in sorted(disk - named):
        if any(lies_in(each, folder) for folder in folders):
            yield Finding("edrm-unlinked", each, "no document of the EDRM XML names this file")


def _check_record(found: EdrmRecord, record: Record) -> Iterator[Finding]:
    """Tags hold what the DAT does; its line breaks and changed letters read the same."""
    told = {_tag_name(name): value for name, value in record.items() if value}
    for tag, value in found.tags.items():
        if tag not in told:
            yield Finding("edrm-tag", found.number, f"{tag} is told, and the DAT does not")
        elif tag not in _MOMENTS and _plain(value) != _plain(told[tag]):
            yield Finding("edrm-tag", found.number, f"{tag} is not what the DAT has")
    if record.get("Custodian", found.custodian) != found.custodian:
        yield Finding("edrm-tag", found.number, "Custodian is not what the DAT has")
    if found.location and record.get("FilePath", found.location) != found.location:
        yield Finding("edrm-tag", found.number, "LocationURI is not what the DAT has")


def _tag_name(field: str) -> str:
    return _EDRM.get(field, field)


def _plain(value: str) -> str:
    """A value without what DAT and XML write each in their own way: breaks, odd letters."""
    return "".join(each for each in value if each.isprintable() and each not in " \u00ae\ufffd")


def _check_files(found: EdrmRecord, inspected: Mapping[str, Inspected]) -> Iterator[Finding]:
    for _, path, _, digest in found.files:
        if path not in inspected:
            yield Finding("edrm-gone", found.number, f"{path} is not on the disk")
        elif digest != inspected[path].sha256:
            yield Finding("edrm-hash", found.number, f"{path} has another hash")


def _check_lines(lines: Sequence[LfpEntry], volume: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for each in lines:
        if each.key in seen:
            yield Finding("lfp-duplicate", f"LFP line {each.line}", f"{each.key} stands twice")
        seen.add(each.key)
        if each.volume != volume:
            yield Finding(
                "lfp-volume", f"LFP line {each.line}", f"{each.volume!r} is not {volume!r}"
            )
        if each.type != _TYPES.get(each.path.rpartition(".")[2]):
            yield Finding(
                "lfp-type", f"LFP line {each.line}", f"{each.path} is of no type {each.type}"
            )


def _check_images(lines: Sequence[LfpEntry], entries: Sequence[OptEntry]) -> Iterator[Finding]:
    """Pages of one file count from 1, a page with a file of its own is 0; files are the OPT's."""
    due = [each.path.removeprefix(".\\").replace("\\", "/") for each in entries]
    named = Counter(each.path for each in lines)
    if list(named) != due:
        yield Finding("lfp-images", "LFP", "its files are not those of the OPT, in their order")
    at: dict[str, int] = {}
    for each in lines:
        at[each.path] = at.get(each.path, 0) + 1
        if each.offset != (at[each.path] if named[each.path] > 1 else 0):
            yield Finding("lfp-offset", each.key, f"offset {each.offset} in {each.path}")
