"""Search a case: the query, the index and the database together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pyroaring import BitMap

from index.adopt import open_segment
from index.catalog import SqlCatalog
from index.evaluate import Evaluator
from index.folder import read_contents
from index.query import parse
from index.rows import wanted
from index.segment import Segment
from index.tree import Node, Value, walk
from records import tables
from records.case import Case
from records.codes import REVIEWED, Disposition
from records.errors import IndexStateError

_NOT_REVIEWED = frozenset(Disposition) - frozenset(REVIEWED)


@dataclass(frozen=True, slots=True)
class Result:
    """All documents that answer a query, exactly.

    `missing` counts processed documents that the index lacks or holds in an older revision,
    `unprocessed` those that were collected only, `waiting_for_ocr` those searched without some
    pages; any of them means that the answer may not be complete.
    """

    ids: BitMap
    missing: int
    unprocessed: int
    waiting_for_ocr: int
    tree: Node


def search(case: Case, query: str, scope_all: bool = False, *, as_list: bool = False) -> Result:
    """Find all documents that answer `query`; raises `QueryError`, `IndexStateError`.

    The scope is what is reviewed: reviewable, exception and empty documents that no culling rule
    puts aside. `is:duplicate`, `is:culled` and `disposition:…` in the query add theirs;
    `scope_all` takes in every document on record. With `as_list` each line of `query` is a term,
    and a document answers to any of them.
    """
    catalog = SqlCatalog(case)
    tree = read(case, query, as_list=as_list)
    with open_segments(case.index_folder) as segments:
        evaluator = Evaluator(segments, catalog)
        universe = catalog.everything() if scope_all else _scope(catalog, tree)
        ids = evaluator.evaluate(tree, query, universe)
        missing, unprocessed = _lacking(case, segments)
    if missing and not segments:
        raise IndexStateError(
            f"The index holds none of {missing} processed documents: run 'redwell index' first"
        )
    return Result(ids, missing, unprocessed, waiting_for_ocr(case), tree)


def read(case: Case, query: str, *, as_list: bool = False) -> Node:
    """The tree of a query by the settings of a case; raises `QueryError`."""
    names = SqlCatalog(case).names()
    return parse(query, names, stemming=case.settings.stemming, as_list=as_list)


def lacking(case: Case) -> int:
    """How many processed documents the index lacks, or holds in an older revision."""
    with open_segments(case.index_folder) as segments:
        return _lacking(case, segments)[0]


def waiting_for_ocr(case: Case) -> int:
    """Documents with pages that OCR has still to read; they were searched without them."""
    waiting = sa.func.json_array_length(tables.documents.c.ocr_pages) > 0
    query = sa.select(sa.func.count()).select_from(tables.documents).where(waiting)
    with case.read() as connection:
        return connection.execute(query).scalar_one()


@contextmanager
def open_segments(folder: Path) -> Iterator[list[Segment]]:
    """The segments of an index as it stands; adopting meanwhile does not disturb them."""
    segments = _open(folder)
    try:
        yield segments
    finally:
        for each in segments:
            each.close()


def _open(folder: Path, tries: int = 5) -> list[Segment]:
    # A table of contents may be replaced between reading it and opening what it names.
    for attempt in range(tries):
        segments: list[Segment] = []
        try:
            for each in read_contents(folder).segments:
                segments.append(open_segment(folder, each))
        except OSError as error:
            for opened in segments:
                opened.close()
            if attempt == tries - 1:
                raise IndexStateError(
                    f"The index {folder} cannot be opened: {error}. Delete its files "
                    "and run 'redwell index'"
                ) from error
        else:
            return segments
    raise AssertionError("the loop returns or raises")


def _scope(catalog: SqlCatalog, tree: Node) -> BitMap:
    scope = catalog.scope()
    for node in walk(tree):
        match node:
            case Value("is", "=", value) if value.lower() in (Disposition.DUPLICATE, "culled"):
                scope |= catalog.select("is", "=", value, None)
            case Value("disposition", "=", value) if value.lower() in _NOT_REVIEWED:
                scope |= catalog.select("disposition", "=", value, None)
    return scope


def _lacking(case: Case, segments: list[Segment]) -> tuple[int, int]:
    """How many processed documents the index lacks, and how many are not processed yet."""
    held = [_keys(each.ids, each.revisions)[np.asarray(each.live.to_array())] for each in segments]
    d = tables.documents.c
    with case.read() as connection:
        revisions = wanted(connection).revisions
        unprocessed = connection.execute(
            sa.select(sa.func.count()).where(d.disposition == Disposition.PENDING)
        ).scalar_one()
    ids = np.fromiter(revisions.keys(), np.int64, len(revisions))
    target = _keys(ids, np.fromiter(revisions.values(), np.int64, len(revisions)))
    found = np.isin(target, np.concatenate(held)) if held else np.zeros(len(target), bool)
    return len(target) - int(np.count_nonzero(found)), unprocessed


def _keys(ids: NDArray[np.int64], revisions: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for an id and a revision, both of which fit 32 bits."""
    return (ids << 32) | revisions
