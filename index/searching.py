"""Search a case: the query, the index and the database together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from pyroaring import BitMap

from index.adopt import open_segment
from index.catalog import OPEN, SqlCatalog
from index.evaluate import Evaluator
from index.folder import ADVICE, newest_generation, read_contents
from index.ids import joined, numbers
from index.interface import Catalog
from index.query import Language, parse
from index.rows import INDEXED
from index.saved import SavedSearches
from index.segment import Segment
from index.tree import And, Inner, Node, Value, walk
from records import tables
from records.case import Case
from records.codes import REVIEWED, Code, Disposition
from records.errors import IndexStateError
from records.versions import DataVersion

_WAITING = sa.func.json_array_length(tables.documents.c.ocr_pages) > 0
_KEPT = 500  # answers of the database
_LISTED = 40  # values of a field in one line
_NOT_REVIEWED = frozenset(Disposition) - frozenset(REVIEWED)


@dataclass(frozen=True, slots=True)
class Result:
    """All documents that answer a query, exactly.

    `missing` counts processed documents that the index lacks or holds in an older revision,
    `unprocessed` those that were collected only, `waiting_for_ocr` those searched without some
    pages, `cut` those of the documents searched whose text is known up to a limit only; any of
    them means that the answer may not be complete. `unmet` tells of values in the query that no
    document of the case has, and which there are.
    """

    ids: BitMap
    missing: int
    unprocessed: int
    waiting_for_ocr: int
    cut: int
    tree: Node
    unmet: tuple[str, ...] = ()


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
    tree of the result is that of `query` alone. Who searches often keeps a `Session`.
    """
    with closing(Session(case)) as session:
        return session.search(query, scope_all, as_list=as_list, within=within)


@dataclass(frozen=True, slots=True)
class Gaps:
    """What an answer cannot cover; see `Result`. `cut` has all documents whose text was cut."""

    missing: int
    unprocessed: int
    waiting_for_ocr: int
    cut: BitMap


class Session:
    """Searches a case again and again, with its index open; not to be shared by threads.

    What the database said is kept until it changes, and the index is opened anew when another
    table of contents holds: each answer is of the case as it is when it is asked.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._version = DataVersion(case.engine)
        self._catalog = KeptCatalog(SqlCatalog(case))
        self._seen = ""
        self._segments: list[Segment] = []
        self._generation: int | None = None
        self._gaps: Gaps | None = None

    def search(
        self,
        query: str,
        scope_all: bool = False,
        *,
        as_list: bool = False,
        within: str | None = None,
    ) -> Result:
        """See `searching.search`."""
        tree = read(self._case, query, as_list=as_list)
        asked = tree if within is None else kept_within(self._case, tree, within)
        catalog, segments = self._current()
        if self._gaps is None:
            self._gaps = gaps_of(self._case, segments)
        gaps = self._gaps
        universe = catalog.everything() if scope_all else scope_of(catalog, asked)
        ids = Evaluator(segments, catalog).evaluate(asked, query, universe)
        return Result(
            *(ids, gaps.missing, gaps.unprocessed, gaps.waiting_for_ocr),
            len(universe & gaps.cut),
            tree,
            tuple(dict.fromkeys(_unmet(catalog, asked))),
        )

    def _current(self) -> tuple["KeptCatalog", list[Segment]]:
        """The catalogue and the segments as they are now."""
        version = self._version.now()
        if version != self._seen:
            self._catalog.forget()
            self._gaps = None
            self._seen = version
        newest = newest_generation(self._case.index_folder)
        if newest != self._generation:
            self._let_go()
            self._segments = _open(self._case.index_folder)
            self._generation = newest
            self._gaps = None
        return self._catalog, self._segments

    def _let_go(self) -> None:
        for each in self._segments:
            each.close()
        self._segments, self._generation = [], None

    def close(self) -> None:
        """Let go of the index and the database."""
        self._let_go()
        self._version.close()


class KeptCatalog:
    """A catalogue whose answers are kept until they are forgotten. See `interface.Catalog`."""

    def __init__(self, catalog: SqlCatalog) -> None:
        self._catalog = catalog
        self._kept: dict[tuple[str | None, ...], BitMap] = {}

    def names(self) -> Sequence[str]:
        """See `interface.Catalog`."""
        return self._catalog.names()

    def select(self, field: str, operator: str, value: str, upper: str | None) -> BitMap:
        """See `interface.Catalog`."""
        return self._get(
            (field, operator, value, upper),
            lambda: self._catalog.select(field, operator, value, upper),
        )

    def values(self, field: str) -> tuple[str, ...]:
        """See `SqlCatalog.values`."""
        return self._catalog.values(field)

    def scope(self) -> BitMap:
        """See `interface.Catalog`."""
        return self._get(("scope",), self._catalog.scope)

    def everything(self) -> BitMap:
        """See `SqlCatalog.everything`."""
        return self._get(("everything",), self._catalog.everything)

    def _get(self, key: tuple[str | None, ...], make: Callable[[], BitMap]) -> BitMap:
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = make()
        return BitMap(self._kept[key])  # a copy: sets can be changed

    def forget(self) -> None:
        """Ask anew from now on."""
        self._kept.clear()


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
        return _gaps(case, segments).missing


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
        with ExitStack() as undo:
            try:
                segments = []
                for each in read_contents(folder).segments:
                    segments.append(open_segment(folder, each))
                    undo.callback(segments[-1].close)
            except OSError as error:
                if attempt == tries - 1:
                    raise IndexStateError(
                        f"The index {folder} cannot be opened: {error}. {ADVICE}"
                    ) from error
            else:
                undo.pop_all()
                return segments
    raise AssertionError("the loop returns or raises")


def scope_of(catalog: Catalog, tree: Node) -> BitMap:
    """The documents that a query is asked of: those in review, and what it says beside."""
    scope = catalog.scope()
    for node in walk(tree):
        match node:
            case Value("is", "=", value) if value.lower() in (Disposition.DUPLICATE, "culled"):
                scope |= catalog.select("is", "=", value, None)
            case Value("disposition", "=", value) if value.lower() in _NOT_REVIEWED:
                scope |= catalog.select("disposition", "=", value, None)
    return scope


def _unmet(catalog: KeptCatalog, tree: Node) -> Iterator[str]:
    for node in walk(tree):
        if not isinstance(node, Value) or node.field not in OPEN:
            continue
        if not catalog.select(node.field, node.operator, node.value, node.upper):
            there = catalog.values(node.field)
            more = " …" if len(there) > _LISTED else ""
            known = (", ".join(there[:_LISTED]) or "none yet") + more
            yield f"no document of the case is {node.field}:{node.value}; there are {known}"


def gaps_of(case: Case, segments: Sequence[Segment]) -> Gaps:
    """What a search of these segments cannot cover.

    Raises `IndexStateError` where there is no index to search at all.
    """
    gaps = _gaps(case, segments)
    if gaps.missing and not segments:
        raise IndexStateError(
            f"The index holds none of {gaps.missing} processed documents: run 'redwell index' first"
        )
    return gaps


def _gaps(case: Case, segments: Sequence[Segment]) -> Gaps:
    """What is on record and not in the index as it is on record; one look at the rows."""
    d = tables.documents.c
    key = sa.cast(d.id, sa.BigInteger) * (1 << 32) + d.revision
    query = sa.select(
        joined(sa.case((INDEXED, key))),
        sa.func.count(sa.case((d.disposition == Disposition.PENDING, 1))),
        sa.func.count(sa.case((_WAITING, 1))),
    )
    with case.read() as connection:
        keys, unprocessed, waiting = connection.execute(query).one()
        cut = BitMap(connection.execute(_cut()).scalars())
    target = numbers(keys)
    held = [np.zeros(0, np.int64), *(each.keys for each in segments)]
    found = np.isin(target, np.concatenate(held))
    return Gaps(len(target) - int(np.count_nonzero(found)), unprocessed, waiting, cut)


def _cut() -> sa.Select[int]:
    n = tables.notes.c
    return sa.select(n.document_id).where(n.code == Code.TEXT_CUT, n.severity == "warning")
