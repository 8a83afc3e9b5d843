"""Checks an index: its files, what stands beside its segments, and the documents that it holds."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from index.adopt import open_segment
from index.folder import Contents, read_contents, segment_files, toc_path
from index.rows import wanted
from index.segment import Segment
from index.side_make import agrees
from records.case import Case
from records.control import control
from records.errors import IndexStateError

INDEX = "run 'redwell index'"
REBUILD = "run 'redwell index rebuild'"
_NAMED = 20  # documents of a finding

type Progress = Callable[[int], None]
"""Told how many more segments are done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and what to do.

    `kind`: damaged (a file of the index), beside (what can be made again), missing, other revision,
    unknown or twice (documents, of which `documents` are some).
    """

    kind: str
    what: str
    advice: str
    count: int = 1
    documents: tuple[str, ...] = ()


@dataclass(slots=True)
class Report:
    """What was looked at and found; `leftovers` are files that the next `index` removes."""

    segments: int = 0
    expected: int = 0
    in_index: int = 0
    leftovers: int = 0
    quick: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check(case: Case, progress: Progress, *, quick: bool = False) -> Report:
    """Look at everything; `quick` leaves out comparing what stands beside with all postings."""
    folder = case.index_folder
    report = Report(quick=quick)
    try:
        contents = read_contents(folder)
    except IndexStateError as error:
        report.findings.append(Finding("damaged", str(error), REBUILD))
        contents = Contents(-1, ())
    report.segments = len(contents.segments)
    report.leftovers = len(list(_leftovers(folder, contents)))
    found: Counter[tuple[int, int]] = Counter()
    for each in contents.segments:
        report.findings += _segment(folder, each, found, quick=quick)
        progress(1)
    report.findings += _documents(case, found, report)
    if any(each.advice == REBUILD for each in report.findings):
        report.findings = [replace(each, advice=REBUILD) for each in report.findings]
    return report


def count_segments(case: Case) -> int:
    """How many segments there are to be checked; 0 where that cannot be told."""
    try:
        return len(read_contents(case.index_folder).segments)
    except IndexStateError:
        return 0


def _leftovers(folder: Path, contents: Contents) -> Iterator[Path]:
    names = {
        file for each in contents.segments for file in segment_files(folder, each.segment_id())
    }
    names.add(toc_path(folder, contents.generation))
    if folder.is_dir():
        yield from (each for each in folder.iterdir() if each not in names)


def _segment(
    folder: Path, whoosh_segment: Any, found: Counter[tuple[int, int]], *, quick: bool
) -> Iterator[Finding]:
    """What is wrong with the files of a segment; counts its living documents in `found`."""
    try:
        opened = open_segment(folder, whoosh_segment)
    except (IndexStateError, OSError) as error:
        yield Finding("damaged", str(error), REBUILD)
        return
    with closing(opened) as segment:
        alive = np.asarray(segment.live.to_array())
        pairs = zip(segment.ids[alive].tolist(), segment.revisions[alive].tolist(), strict=True)
        found.update(pairs)
        if len(segment.ids) != whoosh_segment.doc_count_all():
            yield Finding("damaged", f"{segment.path} has other documents than it should", REBUILD)
        yield from _files(segment, quick=quick)


def _files(segment: Segment, *, quick: bool) -> Iterator[Finding]:
    if not segment.is_whole:
        what = f"{segment.side_path} is missing or cut off, so searches are slow"
        yield Finding("beside", what, INDEX)
        # Its checksums of the segment are gone too: all postings are read in its place.
        yield from _readable(segment)
        return
    own, beside = segment.damages(), segment.side.file.damages()
    if own:
        yield Finding("damaged", f"{segment.path} has {own} damaged pages", REBUILD)
    if beside:
        yield Finding("beside", f"{segment.side_path} has {len(beside)} damaged pages", INDEX)
    if own or beside or quick:
        return
    with tempfile.TemporaryDirectory(prefix="redwell-check-") as scratch:
        try:
            same = agrees(segment, Path(scratch))
        except IndexStateError as error:
            yield Finding("damaged", str(error), REBUILD)
            return
    if not same:
        what = f"{segment.side_path} does not agree with the postings of its segment"
        yield Finding("damaged", what, REBUILD)


def _readable(segment: Segment) -> Iterator[Finding]:
    try:
        _ = segment.side
    except IndexStateError as error:
        yield Finding("damaged", str(error), REBUILD)


def _documents(case: Case, found: Counter[tuple[int, int]], report: Report) -> Iterator[Finding]:
    """Whether each document that should be in the index is in it once, and no other is."""
    with case.read() as connection:
        target = wanted(connection)
    revisions = dict(zip(target.ids.tolist(), target.revisions.tolist(), strict=True))
    held: dict[int, list[int]] = {}
    for (number, revision), times in found.items():
        held.setdefault(number, []).extend([revision] * times)
    report.expected = len(revisions)
    report.in_index = sum(1 for i, revision in revisions.items() if revision in held.get(i, ()))
    kinds: tuple[tuple[str, str, str, list[int]], ...] = (
        ("missing", "not in the index", INDEX, [i for i in revisions if i not in held]),
        (
            *("other revision", "in the index as before they changed", INDEX),
            [i for i, revision in revisions.items() if i in held and revision not in held[i]],
        ),
        (
            *("unknown", "in the index and should not be", INDEX),
            [i for i in held if i not in revisions],
        ),
        (
            *("twice", "in the index more than once", REBUILD),
            [i for i, each in held.items() if len(each) > 1],
        ),
    )
    for kind, what, advice, ids in kinds:
        if ids:
            named = tuple(control(each) for each in sorted(ids)[:_NAMED])
            yield Finding(kind, f"{_counted(len(ids))} {what}", advice, len(ids), named)


def _counted(count: int) -> str:
    return "1 document is" if count == 1 else f"{count} documents are"
