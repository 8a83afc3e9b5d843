"""Checks that load files and disk agree: every link resolves, and nothing lies unlinked."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from produce.check_terms import Record, Terms, lies_in, part_of
from produce.findings import Finding
from produce.reader import OptEntry

_COUNT = re.compile(r"[0-9]{1,6}")
_LINK = re.compile(r"\.\\[A-Za-z0-9_.-]+(\\[A-Za-z0-9_.-]+)*")


def resolve(link: str) -> str | None:
    """A link of a load file as a path with forward slashes; None for one that must not be."""
    if not _LINK.fullmatch(link) or ".." in link.split("\\"):
        return None
    return link[2:].replace("\\", "/")


def stem(path: str) -> str:
    """The file's name without its folder and its last suffix."""
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def check_links(records: Sequence[Record], disk: frozenset[str], terms: Terms) -> Iterator[Finding]:
    """TextLink and NativeLink of each record, and files of TEXT and NATIVES that none links."""
    folded = {each.casefold() for each in disk}
    for field, kind in (("TextLink", "text"), ("NativeLink", "native")):
        linked: Counter[str] = Counter()
        for record in records:
            where, link = record["BegBates"], record.get(field, "")
            if not link:
                if kind == "text":
                    yield Finding("text-missing", where, "the document has no text file")
                continue
            path = resolve(link)
            if path is None:
                yield Finding(f"{kind}-link", where, f"{link!r} is no relative path without commas")
                continue
            linked[path] += 1
            yield from _check_target(kind, where, path, disk, folded)
            if linked[path] == 2:
                yield Finding(f"{kind}-twice", where, f"{path} belongs to another document too")
        folder = terms.text if kind == "text" else terms.natives
        for path in sorted(each for each in disk if lies_in(each, folder)):
            if path not in linked:
                yield Finding(f"{kind}-unlinked", path, "no record links this file")


def check_parts(records: Sequence[Record], terms: Terms) -> Iterator[Finding]:
    """Families stand whole in one part; a part of more pages than agreed is one family."""
    pages: Counter[str] = Counter()
    families: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for record in records if terms.max_pages else ():
        part = part_of(resolve(record.get("TextLink", "")) or "")
        family = record.get("BegAttach") or record["BegBates"]
        count = record.get("PageCount", "")
        pages[part] += int(count) if _COUNT.fullmatch(count) else 0
        families.setdefault(part, set()).add(family)
        parts.setdefault(family, set()).add(part)
        native = resolve(record.get("NativeLink", ""))
        if not part or (native and part_of(native) != part):
            yield Finding("part", record["BegBates"], "its files are not in one part of the volume")
    for family, where in parts.items():
        if len(where) > 1:
            yield Finding("part", family, f"its family is in {', '.join(sorted(where))}")
    for part, held in families.items():
        if pages[part] > terms.max_pages and len(held) > 1:
            yield Finding("part", part, f"holds {pages[part]} pages, more than {terms.max_pages}")


def _check_target(
    kind: str, where: str, path: str, disk: frozenset[str], folded: set[str]
) -> Iterator[Finding]:
    if path not in disk:
        if path.casefold() in folded:
            yield Finding(f"{kind}-case", where, f"{path} is cased otherwise on the disk")
        else:
            yield Finding(f"{kind}-gone", where, f"{path} is not on the disk")
    if stem(path) != where:
        yield Finding(f"{kind}-name", where, f"{path} is not named by its BegBates")


def check_opt(
    entries: Sequence[OptEntry],
    records: Sequence[Record],
    disk: frozenset[str],
    volume: str,
    terms: Terms,
) -> Iterator[Finding]:
    """Each line of the OPT, its documents against the DAT, and images that no line names."""
    folded = {each.casefold() for each in disk}
    keys: Counter[str] = Counter()
    paths: set[str] = set()
    for entry in entries:
        where = f"OPT line {entry.line}"
        keys[entry.key] += 1
        if keys[entry.key] == 2:
            yield Finding("image-duplicate", where, f"the key {entry.key} stands twice")
        if entry.volume not in ("", volume):
            yield Finding("opt-volume", where, f"{entry.volume!r} is not {volume!r}")
        if entry.folder_break or entry.box_break or entry.doc_break not in ("", "Y"):
            yield Finding("opt-break", where, "breaks other than a document's Y")
        path = resolve(entry.path)
        if path is None:
            yield Finding("image-link", where, f"{entry.path!r} is no relative path")
            continue
        paths.add(path)
        yield from _check_target("image", entry.key, path, disk, folded)
    for path in sorted(each for each in disk if lies_in(each, terms.images)):
        if path not in paths:
            yield Finding("image-unlinked", path, "no line of the OPT names this image")
    yield from _check_documents(entries, records)


def _check_documents(entries: Sequence[OptEntry], records: Sequence[Record]) -> Iterator[Finding]:
    starts = [each.key for each in entries if each.doc_break == "Y"]
    due = [each["BegBates"] for each in records]
    if starts != due:
        odd = next((pair for pair in zip(starts, due, strict=False) if pair[0] != pair[1]), None)
        shown = f"first {odd[0]} against {odd[1]}" if odd else f"{len(starts)} against {len(due)}"
        yield Finding("opt-documents", "OPT", f"Y lines are not the DAT's BegBates: {shown}")
    multipage = bool(entries) and entries[0].path.lower().endswith(".pdf")
    pages = {each["BegBates"]: each["PageCount"] for each in records if "PageCount" in each}
    for start, group in _documents(entries):
        lines = list(group)
        count = lines[0].page_count
        if count != pages.get(start, count):
            yield Finding(
                "opt-page-count", start, f"{count or 'none'} in the OPT, {pages[start]} in the DAT"
            )
        if any(each.page_count for each in lines[1:]):
            yield Finding("opt-page-count", start, "a page count on a later page")
        if str(len(lines)) != ("1" if multipage else pages.get(start, str(len(lines)))):
            yield Finding("image-count", start, f"{len(lines)} images for {pages.get(start)} pages")


def _documents(entries: Sequence[OptEntry]) -> Iterator[tuple[str, Iterator[OptEntry]]]:
    start = ""
    labelled = []
    for entry in entries:
        if entry.doc_break == "Y":
            start = entry.key
        labelled.append((start, entry))
    for key, group in groupby(labelled, key=lambda each: each[0]):
        yield key, (entry for _, entry in group)
