"""Checks load files beside DAT and OPT: what each says of pages against the others."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from produce.check_terms import Record, Terms
from produce.findings import Finding
from produce.reader import LfpEntry, OptEntry, UnreadableError, read_lfp

_TYPES = {"tif": "2", "jpg": "4", "pdf": "6"}


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
    if path not in disk:
        yield Finding("missing-lfp", terms.data, f"holds no {name}.lfp")
        return
    try:
        lines = read_lfp(volume / path)
    except UnreadableError as error:
        yield Finding("unreadable-lfp", path, str(error))
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
