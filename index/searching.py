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
from index.query import Language, parse
from index.rows import wanted
from index.saved import SavedSearches
from index.segment import Segment
from index.tree import And, Inner, Node, Value, walk
from records import tables
from records.case import Case
from records.codes import REVIEWED, Code, Disposition
from records.errors import IndexStateError

_NOT_REVIEWED = frozenset(Disposition) - frozenset(REVIEWED)


@dataclass(frozen=True, slots=True)
class Result:
    """All documents that answer a query, exactly.

    `missing` counts processed documents that the index lacks or holds in an older revision,
    `unprocessed` those that were collected only, `waiting_for_ocr` those searched without some
    pages, `cut` those of the documents searched whose text is known up to a limit only; any of
    them means that the answer may not be complete.
    """

    ids: BitMap
    missing: int
    unprocessed: int
    waiting_for_ocr: int
    cut: int
    tree: Node


def search(
    case: Case,
    query: str,
    scope_all: bool = False,
    *,
    as_list: bool = False,
    within: str | None = None,
) -> Result:
    """Find all documents that answer `query`; raises `QueryError`, `IndexStateError`.

    The scope is what is reviewed: reviewable, exception and empty documents that no culling rule
    puts aside. `is:duplicate`, `is:culled` and `disposition:…` in the query add theirs;
    `scope_all` takes in every document on record. With `as_list` each line of `query` is a term,
    and a document answers to any of them. `within` is another query that all must answer to; the
    tree of the result is that of `query` alone.
    """
    catalog = SqlCatalog(case)
    tree = read(case, query, as_list=as_list)
    asked = tree if within is None else kept_within(case, tree, within)
    with open_segments(case.index_folder) as segments:
        evaluator = Evaluator(segments, catalog)
        universe = catalog.everything() if scope_all else scope_of(catalog, asked)
        ids = evaluator.evaluate(asked, query, universe)
        missing, unprocessed = lacking_of(case, segments)
    return Result(ids, missing, unprocessed, waiting_for_ocr(case), cut(case, universe), tree)


def read(case: Case, query: str, *, as_list: bool = False) -> Node:
    """The tree of a query by the settings of a case; raises `QueryError`."""
    known = language_of(case)
    return parse(
        query, known.value_fields, saved=known.saved, stemming=known.stemming, as_list=as_list
    )


def language_of(case: Case) -> Language:
    """What a case lets a query say."""
    names = SqlCatalog(case).names()
    return Language(names, SavedSearches(case), case.settings.stemming)


def kept_within(case: Case, tree: Node, within: str) -> Node:
    """A tree of which only what answers `within` too is to be found."""
    return And((tree, Inner("kept within", within, read(case, within), 0)), tree.column)


def lacking(case: Case) -> int:
    """How many processed documents the index lacks, or holds in an older revision."""
    with open_segments(case.index_folder) as segments:
        return _counted(case, segments)[0]


def waiting_for_ocr(case: Case) -> int:
    """Documents with pages that OCR has still to read; they were searched without them."""
    waiting = sa.func.json_array_length(tables.documents.c.ocr_pages) > 0
    query = sa.select(sa.func.count()).select_from(tables.documents).where(waiting)
    with case.read() as connection:
        return connection.execute(query).scalar_one()


def cut(case: Case, ids: BitMap) -> int:
    """Those of some documents whose text was cut at the limit of characters."""
    n = tables.notes.c
    query = sa.select(n.document_id).where(n.code == Code.TEXT_CUT, n.severity == "warning")
    with case.read() as connection:
        return len(ids & BitMap(connection.execute(query).scalars()))


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


def scope_of(catalog: SqlCatalog, tree: Node) -> BitMap:
    """The documents that a query is asked of: those in review, and what it says beside."""
    scope = catalog.scope()
    for node in walk(tree):
        match node:
            case Value("is", "=", value) if value.lower() in (Disposition.DUPLICATE, "culled"):
                scope |= catalog.select("is", "=", value, None)
            case Value("disposition", "=", value) if value.lower() in _NOT_REVIEWED:
                scope |= catalog.select("disposition", "=", value, None)
    return scope


def lacking_of(case: Case, segments: list[Segment]) -> tuple[int, int]:
    """How many processed documents the index lacks, and how many are not processed yet.

    Raises `IndexStateError` where there is no index to search at all.
    """
    missing, unprocessed = _counted(case, segments)
    if missing and not segments:
        raise IndexStateError(
            f"The index holds none of {missing} processed documents: run 'redwell index' first"
        )
    return missing, unprocessed


def _counted(case: Case, segments: list[Segment]) -> tuple[int, int]:
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
