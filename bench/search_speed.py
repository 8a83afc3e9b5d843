"""Building, opening and searching an index of 100,000 mails, beside stock Whoosh and SQLite's FTS5.

    python -m bench.search_speed --corpus ../shared/corpus --documents 100000

Makes a case of so many processed mails (`bench.mail_case`), or takes one with `--case` (which it
indexes anew), and measures: the rate of `redwell index` with one worker, all of its processes
together, beside the stock writer over the first `--sample` of the same documents; the size of both
over the text; time and memory of opening in a fresh process; each query of `bench.speed_queries`
in one session, the first time it is asked and again, beside the stock searcher over the very same
segments and FTS5; and a report on a hundred terms. Exits with 1 where the three count differently.

All times are CPU seconds of the processes.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from pyroaring import BitMap
from whoosh import fields as wf
from whoosh import index as whoosh_index
from whoosh.analysis import LowercaseFilter, RegexTokenizer

from bench import cpu, mail_case, pipeline
from bench.speed_queries import QUERIES, Timed, report_terms
from index.build import NAME
from index.families import whole_families
from index.rows import load_documents, wanted
from index.schema import TEXT_FIELDS
from index.searching import Session, open_segments, search
from records.case import Case, opened
from review import panel, tags
from store import open_store

_AT_ONCE = 2_000


def main() -> None:
    """Make or take the case and measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--case", type=Path, help="a case of processed mails to take instead")
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=20_000, help="documents of the stock writer")
    parser.add_argument("--searches-only", action="store_true")
    parser.add_argument("--opening", choices=("redwell", "stock"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.opening:
        _open(given.case, given.opening)
        return
    if (given.corpus is None) == (given.case is None):
        parser.error("give --corpus or --case")
    with tempfile.TemporaryDirectory(prefix="redwell-speed-") as folder:
        home = given.case or Path(folder) / "case"
        if given.case is None:
            mail_case.made(given.corpus.resolve(), Path(folder), home, given.documents)
        differences = _measured(home, Path(folder), given.sample, building=not given.searches_only)
    sys.exit(1 if differences else 0)


def _measured(home: Path, scratch: Path, sample: int, *, building: bool) -> int:
    with opened(home) as case:
        with case.read() as connection:
            target = wanted(connection)
        count, text = len(target.revisions), sum(target.characters.values())
        print(f"{count:,} documents, {text / 1e6:.0f} MB of text", flush=True)
        if building:
            _build(case, text, count)
            _build_stock(case, scratch / "stock", sample)
        for how in ("redwell", "stock"):
            command = (sys.executable, "-m", "bench.search_speed")
            options = ("--case", str(home), "--opening", how)
            subprocess.run([*command, *options], cwd=pipeline.ROOT, check=True)
        _tag(case)
        database = scratch / "fts5.db"
        _build_fts5(case, database)
        differences = _search(case, database)
        _report(case)
    return differences


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def _build(case: Case, text: int, count: int) -> None:
    """Index with one worker, without merging and then merge what there is."""
    shutil.rmtree(case.index_folder)
    case.index_folder.mkdir()
    options = ("--workers", "1", "--case", str(case.folder), "--json")
    for what in ("--no-merge", ""):
        used = cpu.run(
            pipeline.command("index", *([what] if what else []), *options), pipeline.environment()
        )
        told = json.loads(used.stdout)
        rate = f"{count / used.total:,.0f} documents/CPU-s" if what else "merging when many"
        size = _size(case.index_folder)
        print(
            f"redwell index {what}: {rate}; {told['segments']} segments, {size / 1e6:.0f} MB, "
            f"{size / text:.2f} of the text; {used.line()}",
            flush=True,
        )


def _texts(case: Case, count: int) -> Iterator[tuple[int, dict[str, str]]]:
    store = open_store(case.store_address)
    with case.read() as connection:
        ids = list(wanted(connection).revisions)[:count]
        for start in range(0, len(ids), _AT_ONCE):
            for each in load_documents(connection, ids[start : start + _AT_ONCE]):
                texts = dict(each.fields)
                if each.text_sha256:
                    data = store.read_bytes(each.text_sha256)
                    texts["text"] = data.decode("utf-8", "replace")
                yield each.document_id, texts


def _build_stock(case: Case, folder: Path, sample: int) -> None:
    """Whoosh's own writer with its own words, one commit."""
    words = RegexTokenizer(r"[^\W_]+") | LowercaseFilter()
    known = wf.Schema(
        document_id=wf.NUMERIC(stored=True), **{name: wf.TEXT(words) for name in TEXT_FIELDS}
    )
    folder.mkdir()
    began, count, size = time.process_time(), 0, 0
    writer = whoosh_index.create_in(str(folder), known).writer(limitmb=256)
    for number, texts in _texts(case, sample):
        writer.add_document(document_id=number, **texts)
        count, size = count + 1, size + len(texts.get("text", ""))
    writer.commit()
    seconds = time.process_time() - began
    held = _size(folder)
    print(
        f"stock writer, {count:,} documents: {count / seconds:,.0f} documents/CPU-s; "
        f"{held / 1e6:.0f} MB, {held / size:.2f} of their text",
        flush=True,
    )


def _build_fts5(case: Case, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        began = time.process_time()
        connection.execute(
            "CREATE VIRTUAL TABLE t USING fts5(text, content='', "
            "tokenize='unicode61 remove_diacritics 0')"
        )
        connection.executemany(
            "INSERT INTO t(rowid, text) VALUES (?, ?)",
            ((number, texts.get("text", "")) for number, texts in _texts(case, 1 << 31)),
        )
        connection.execute("INSERT INTO t(t) VALUES ('optimize')")
        connection.commit()
        seconds = time.process_time() - began
    print(f"FTS5, text alone: {seconds:.0f} CPU-s, {path.stat().st_size / 1e6:.0f} MB", flush=True)


def _tag(case: Case) -> None:
    with closing(Session(case)) as session:
        found = session.search("price OR contract").ids
    if "Responsive" not in [each.name for each in panel.listing(case)]:
        panel.define(case, "Responsive")
    tags.change(case, "add", "Responsive", list(found), {"query": "price OR contract"})


def _open(home: Path, how: str) -> None:
    """What a fresh process needs to open the index, and for its first answer."""
    first = QUERIES[4]
    assert first.stock is not None
    with opened(home) as case:
        before, began = _private_mb(), time.process_time()
        if how == "stock":
            searcher = whoosh_index.open_dir(str(case.index_folder), indexname=NAME).searcher()
            ready, held = time.process_time(), _private_mb()
            list(searcher.docs_for_query(first.stock()))
        else:
            with open_segments(case.index_folder):
                ready, held = time.process_time(), _private_mb()
            search(case, first.written)
        done = time.process_time()
    print(
        f"{how}: open after {1e3 * (ready - began):.0f} ms with {held - before:.1f} MB of its own, "
        f"{first.written} answered after {1e3 * (done - began):.0f} ms",
        flush=True,
    )


def _private_mb() -> float:
    """Memory that this process alone has; what is mapped of a file is not."""
    held: int = psutil.Process().memory_full_info().uss
    return held / 1e6


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    found = act()
    return 1e3 * (time.process_time() - began), found


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds of CPU of one query, by who answered; `wrong` are counts that differ."""

    query: Timed
    documents: int
    first: float
    again: float
    stock: float | None
    fts5: float | None
    wrong: tuple[int, ...]

    def line(self) -> str:
        """As a line of the table."""
        others = "".join("" if n is None else f"{n:9.1f}" for n in (self.stock, self.fts5))
        told = f"{self.query.written:64}{self.documents:10,}{self.first:8.1f}{self.again:8.1f}"
        return told + others + (f"  DIFFERS: {self.wrong}" if self.wrong else "")


def _search(case: Case, database: Path) -> int:
    """Ask all queries; how many were counted differently by others."""
    searcher = whoosh_index.open_dir(str(case.index_folder), indexname=NAME).searcher()
    print(f"\n{'query':64}{'documents':>10}{'first':>8}{'again':>8}{'stock':>9}{'FTS5':>9}  ms")
    rows: list[Row] = []
    with closing(sqlite3.connect(database)) as fts5, closing(Session(case)) as session:
        session.search("price")  # the scope is read once a session
        for each in QUERIES:
            rows.append(_row(each, session, searcher, fts5))
            print(rows[-1].line(), flush=True)
    usual = [each for each in rows if not each.query.leading]
    _tell("without leading wildcards, the first time", [each.first for each in usual])
    _tell("the same again", [each.again for each in usual])
    for name in ("stock", "fts5"):
        both = [each for each in usual if getattr(each, name) is not None]
        _tell(f"those that {name} can say, the first time", [each.first for each in both])
        _tell(f"the same by {name}", [getattr(each, name) for each in both])
    return sum(bool(each.wrong) for each in rows)


def _row(each: Timed, session: Session, searcher: Any, fts5: sqlite3.Connection) -> Row:
    first, found = _timed(lambda: session.search(each.written).ids)
    again, _ = _timed(lambda: session.search(each.written).ids)
    stock = other = None
    counts: list[int] = []
    if (make := each.stock) is not None:
        stock, numbers = _timed(lambda: set(searcher.docs_for_query(make())))
        counts.append(len(numbers))
    if each.fts5 is not None:
        query = "SELECT rowid FROM t WHERE t MATCH ?"
        other, numbers = _timed(lambda: fts5.execute(query, (each.fts5,)).fetchall())
        counts.append(len(numbers))
    wrong = tuple(count for count in counts if count != len(found))
    return Row(each, len(found), first, again, stock, other, wrong)


def _tell(what: str, found: Sequence[float]) -> None:
    cuts = statistics.quantiles(found, n=20, method="inclusive")
    print(
        f"{what}: p50 {cuts[9]:.1f}, p95 {cuts[18]:.1f}, most {max(found):.1f} ms, "
        f"of {len(found)} queries"
    )


def _report(case: Case) -> None:
    """Hits, families and documents that no other term finds, of a hundred terms."""
    terms = report_terms()

    def report() -> int:
        with closing(Session(case)) as session:
            sets = [session.search(each).ids for each in terms]
        once, more = BitMap(), BitMap()
        for each in sets:
            more |= once & each
            once |= each
        unique = [len(each - more) for each in sets]
        with case.read() as connection:
            families = whole_families(connection, once)
        return len(families) + sum(unique)

    spent, _ = _timed(report)
    print(f"\na report on {len(terms)} terms, in a fresh session: {spent / 1e3:.2f} CPU-s")


if __name__ == "__main__":
    main()
