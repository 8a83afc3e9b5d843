"""Tagging many documents at once: `python -m bench.tagging --documents 100000`.

The rows are made. Times tagging all of them, the query that sees it, adding with a rule in the
way, and undo; then two processes that tag at once, and SIGKILL during an act: all of it or nothing.
With `--database` the case is on an empty PostgreSQL database, or `--postgres` starts a server.
Exits with 1 if anything is lost.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import postgres
from bench.culling import fill
from index.catalog import SqlCatalog
from records import audit, tables
from records import case as cases
from records.case import Case
from review import panel, tags, undo

_SPAWN = multiprocessing.get_context("spawn")
_R = tables.tag_event_documents.c


def main() -> None:
    """Make a case and work on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database")
    parser.add_argument("--postgres", action="store_true", help="start a server for the trial")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "case"
        database = given.database
        if given.postgres:
            database = stack.enter_context(postgres.server()).database()
        info = cases.CaseInfo("1", "c", "", "UTC", "ABC", 7)
        cases.create(home, info, [], ["A", "B"], database=database)
        case = stack.enter_context(cases.opened(home))
        _timed("made the rows", lambda: fill(case, given.documents))
        panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
        panel.define(case, "Privileged", needs_basis=True)
        for name in ("One", "Two", "Killed"):
            panel.define(case, name)
        _acts(case, given.documents)
        lost = _at_once(case, home, given.documents)
        lost += _killed(case, home, given.documents, given.kills, random.Random(given.seed))
        with case.read() as connection:
            acts, _ = audit.verify(connection)
        print(f"audit chain of {acts} acts holds; {lost} differences", flush=True)
    sys.exit(1 if lost else 0)


def _timed(what: str, act: Callable[[], Any]) -> Any:
    wall, cpu = time.monotonic(), time.process_time()
    told = act()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    print(f"{what:<46} {wall:6.2f} s  {cpu:6.2f} CPU-s  {str(told)[:40]}", flush=True)
    return told


def _acts(case: Case, count: int) -> None:
    every = range(1, count + 1)
    catalog = SqlCatalog(case)

    def add(name: str, **options: Any) -> Callable[[], Any]:
        return lambda: tags.change(case, "add", name, every, {"query": "all"}, **options).changed

    def seen(field: str, value: str) -> Callable[[], int]:
        return lambda: len(catalog.select(field, "=", value, None))

    _timed("tag all", add("Responsive"))
    _timed("the next query, tag:responsive", seen("tag", "responsive"))
    _timed("reviewer:", seen("reviewer", audit.actor()))
    _timed("coded:no", seen("coded", "no"))
    _timed("tag all again, nothing to do", add("Responsive"))
    _timed("conflicts shown", lambda: _conflicts(case, count))
    _timed("tag all, replacing", add("Not responsive", on_conflict="replace"))
    _timed("tag all with a basis", add("Privileged", basis="attorney-client: advice of counsel"))
    _timed("tag half, families along", lambda: _families(case, count))
    for number in (4, 3, 2):
        _timed(f"undo act {number}", lambda n=number: undo.undo(case, n, {}).changed)  # type: ignore[misc]
    _timed("the next query, tag:responsive", seen("tag", "responsive"))
    _timed("undo the undo", lambda: undo.undo(case, 7, {}).changed)
    _timed("undo that act again", lambda: undo.undo(case, 2, {}).changed)


def _conflicts(case: Case, count: int) -> int:
    try:
        tags.change(case, "add", "Not responsive", range(1, count + 1), {})
    except tags.ConflictError as error:
        return len(error.conflicts[0].documents)
    raise RuntimeError("no conflict was seen")


def _families(case: Case, count: int) -> int:
    roots = range(1, count + 1, 2)
    return tags.change(case, "add", "One", roots, {}, families=True).changed


def _tagger(home: Path, name: str, count: int, parts: int, begun: Any = None) -> None:
    with cases.opened(home) as case:
        if begun is not None:
            begun.set()
        for part in range(parts):
            ids = range(part + 1, count + 1, parts)
            tags.change(case, "add", name, ids, {"part": part})


@contextmanager
def _started(*arguments: Any) -> Iterator[Any]:
    process = _SPAWN.Process(target=_tagger, args=arguments)
    process.start()
    yield process
    process.join()


def _at_once(case: Case, home: Path, count: int) -> int:
    """Two processes, one tag each and one that both put on; the documents that lack one."""
    panel.define(case, "Both")

    def both() -> None:
        with ExitStack() as stack:
            for name in ("Two", "Both", "Both"):
                stack.enter_context(_started(home, name, count, 5))

    _timed("three processes at once, 5 acts each", both)
    lost = sum(count - _bearing(case, name) for name in ("Two", "Both"))
    print(f"  documents that lack a tag: {lost}; rows of events twice: {_twice(case, 'Both')}")
    return lost + _twice(case, "Both")


def _bearing(case: Case, name: str) -> int:
    return len(SqlCatalog(case).select("tag", "=", name, None))


def _twice(case: Case, name: str) -> int:
    """Documents that bear one tag by two events."""
    e = tables.tag_events.c
    with case.read() as connection:
        tag = panel.load(connection).tag(name).id
        twice = (
            sa.select(_R.document_id)
            .join(tables.tag_events)
            .where(e.tag_id == tag)
            .group_by(_R.document_id)
            .having(sa.func.count() > 1)
        )
        query = sa.select(sa.func.count()).select_from(twice.subquery())
        return connection.execute(query).scalar_one()


def _counts(case: Case) -> tuple[int, int, int]:
    """Documents that bear the tag, rows of its events, and entries of the audit chain."""
    e = tables.tag_events.c
    with case.read() as connection:
        tag = panel.load(connection).tag("Killed").id
        query = sa.select(sa.func.count()).join_from(tables.tag_event_documents, tables.tag_events)
        rows = connection.execute(query.where(e.tag_id == tag)).scalar_one()
        entries = connection.execute(sa.select(sa.func.max(tables.audit.c.seq))).scalar_one()
    return _bearing(case, "Killed"), rows, entries


def _killed(case: Case, home: Path, count: int, kills: int, chance: random.Random) -> int:
    """Kill a process at random moments of its act; the times that neither all nor nothing is."""
    begun = _SPAWN.Event()
    with _started(home, "Killed", count, 1, begun) as process:
        begun.wait()
        started = time.monotonic()
        process.join()
        usual = time.monotonic() - started
    wrong = hit = whole = 0
    _undo_last(case)
    while hit < kills:
        before = _counts(case)
        begun = _SPAWN.Event()
        with _started(home, "Killed", count, 1, begun) as process:
            begun.wait()
            time.sleep(chance.uniform(0, usual))
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                hit += 1
        # A PostgreSQL server ends the transaction of a client that is gone when it notices.
        with case.write():
            pass
        after = _counts(case)
        done = (count, before[1] + count, before[2] + 1)
        if after == done:
            whole += 1
            _undo_last(case)
        elif after != before:
            wrong += 1
            print(f"  NEITHER: {before} became {after}")
    print(
        f"{hit} kills in an act of {usual:.1f} s: {whole} acts whole, {wrong} neither", flush=True
    )
    return wrong


def _undo_last(case: Case) -> None:
    with case.read() as connection:
        last = connection.execute(sa.select(sa.func.max(tables.tag_events.c.act))).scalar_one()
    undo.undo(case, last, {})


if __name__ == "__main__":
    main()
