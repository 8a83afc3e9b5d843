"""Generated queries of every form over real documents, against a search of their texts.

    python -m bench.queries --corpus ../shared/corpus --count 5000 --seed 1

Makes a case of one custodian's mail, of mails of every make and of HTML and text in many encodings
(or takes one with `--case`), and generates queries from the words that occur: neighbours,
misspellings, frequent and rare ones. Each is read and answered by the search, and by its meaning,
which was made together with it, by `bench.brute` from the texts themselves. Prints counts by form,
CPU seconds of both, and every difference; exit 1 if there is one. `--only N` repeats one query.

No text of the documents is printed but the words in the queries that differ.
"""

import argparse
import random
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import brute, pipeline
from bench.forms import Maker
from index import SqlCatalog
from index.evaluate import Evaluator
from index.query import parse
from index.searching import open_segments
from records import tables
from records.case import Case, opened
from records.errors import QueryError
from records.fields import Address, Fields
from store import open_store

_FRESH = 50  # queries that one evaluator answers, for what it keeps grows
_LIMITS = ("too many to compare", "different steps")

type Row = sa.Row[*tuple[Any, ...]]


@dataclass(slots=True)
class Tally:
    """What came of the queries of one form; seconds are of CPU."""

    queries: int = 0
    answered: int = 0
    documents: int = 0
    refused: int = 0
    different: list[str] = field(default_factory=list)
    search: float = 0.0
    brute: float = 0.0


def made(corpus: Path, folder: Path) -> Path:
    """A case of the corpus's documents, indexed, in `folder`."""
    with tarfile.open(corpus / "matter-enron" / "lay-k.maildir.tar.gz") as tar:
        tar.extractall(folder / "mail", filter="data")
    case = folder / "case"
    init = ("--number", "1", "--caption", "Enron", "--bates-prefix", "ENR")
    names = ("lay-k", "various")
    pipeline.redwell("init", str(case), *init, *(x for n in names for x in ("--custodian", n)))
    at = ("--case", str(case))
    pipeline.redwell("ingest", str(folder / "mail"), "--custodian", "lay-k", *at)
    for part in ("mail/eml", "html-text", "calendar-contacts"):
        pipeline.redwell("ingest", str(corpus / part), "--custodian", "various", *at)
    pipeline.redwell("process", "--no-ocr", *at)
    pipeline.redwell("index", *at)
    return case


def rows_of(case: Case, ids: Iterable[int]) -> list[Row]:
    """The rows of some documents."""
    wanted = set(ids)
    with case.read() as connection:
        return [row for row in connection.execute(sa.select(tables.documents)) if row.id in wanted]


def texts_of(case: Case, rows: Sequence[Row]) -> dict[int, dict[str, str]]:
    """All fields of the documents as texts, read from the store and the record."""
    store = open_store(case.store_address)
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        fields = Fields.from_json(row.fields)
        texts = {
            "title": fields.title,
            "author": fields.author,
            "subject": fields.subject,
            "from": _people(fields.sender),
            "to": _people(fields.to),
            "cc": _people(fields.cc),
            "bcc": _people(fields.bcc),
            "filename": row.name,
            "path": row.address,
        }
        if row.text_sha256 is not None:
            data = store.read_bytes(row.text_sha256)
            texts["text"] = data.decode("utf-8", errors="replace")
        found[row.id] = {name: text for name, text in texts.items() if text}
    return found


def _people(addresses: Iterable[Address]) -> str:
    return "; ".join(str(each) for each in addresses)


def values_of(rows: Sequence[Row]) -> dict[str, frozenset[int]]:
    """Queries on fields of the database, and what answers by the rows alone."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    middle = sorted(row.size for row in rows)[len(rows) // 2]
    for row in rows:
        if row.ext:
            found[f"ext:{row.ext}"].add(row.id)
        found[f"type:{row.type}"].add(row.id)
        found[f"size:>{middle}" if row.size > middle else f"size:..{middle}"].add(row.id)
        found[f"docid:[{row.id // 500 * 500 or 1} TO {row.id // 500 * 500 + 499}]"].add(row.id)
        found["has:text" if row.text_chars else "NOT has:text"].add(row.id)
        if row.sent_at:
            found[f"sent:{row.sent_at[:4]}"].add(row.id)
            found[f"sent:{row.sent_at[:7]}..{row.sent_at[:7]}"].add(row.id)
            if row.sent_at[:4] <= "2000":
                found["sent:[* TO 2000]"].add(row.id)
    return {written: frozenset(ids) for written, ids in found.items()}


def compare(case: Case, numbers: Iterable[int], seed: int) -> dict[str, Tally]:
    """Generate queries and answer each twice; what came of them by form."""
    catalog = SqlCatalog(case)
    scope = catalog.scope()
    rows = rows_of(case, scope)
    library = brute.Library(texts_of(case, rows))
    values = values_of(rows)
    words = sum(library.counts.values())
    print(f"{len(rows):,} documents, {words:,} words, {len(library.vocabulary):,} different")
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    maker = Maker(library, random.Random(seed), values)
    forms = sorted(maker.forms)
    with open_segments(case.index_folder) as segments:
        print(f"{len(segments)} segments\n", flush=True)
        evaluator = Evaluator(segments, catalog)
        for number in numbers:
            if number % _FRESH == 0:
                evaluator = Evaluator(segments, catalog)
            form = forms[number % len(forms)]
            tally = tallies[form]
            began = time.process_time()
            maker.rng.seed(f"{seed}:{number}")
            query = maker.make(form)
            made_at = time.process_time()
            tally.brute += made_at - began
            tally.queries += 1
            try:
                tree = parse(query.written, catalog.names(), stemming=form == "stemming on")
                found = set(evaluator.evaluate(tree, query.written, scope))
            except QueryError as error:
                if any(each in str(error) for each in _LIMITS):
                    tally.refused += 1
                else:
                    tally.different.append(f"{number}: {error}")
                continue
            tally.search += time.process_time() - made_at
            tally.documents += len(found)
            tally.answered += bool(found)
            if found != query.ids:
                tally.different.append(
                    f"{number}: {query.written}\n    only the search: {_few(found - query.ids)}; "
                    f"only the texts: {_few(query.ids - found)}"
                )
                print(tally.different[-1], flush=True)
    return tallies


def _few(ids: Iterable[int]) -> str:
    listed = sorted(ids)
    return f"{len(listed)} {listed[:5]}" if listed else "0"


def report(tallies: Mapping[str, Tally]) -> int:
    """Print the table; how many queries differ."""
    print(f"{'form':22}{'queries':>8}{'found':>7}{'documents':>11}{'refused':>8}", end="")
    print(f"{'differ':>7}{'search':>8}{'texts':>8}")
    total = Tally()
    for form, each in [*sorted(tallies.items()), ("all", total)]:
        print(
            f"{form:22}{each.queries:8,}{each.answered:7,}{each.documents:11,}{each.refused:8,}"
            f"{len(each.different):7,}{each.search:8.1f}{each.brute:8.1f}"
        )
        if each is not total:
            total.queries += each.queries
            total.answered += each.answered
            total.documents += each.documents
            total.refused += each.refused
            total.different += each.different
            total.search += each.search
            total.brute += each.brute
    for line in total.different:
        print(line)
    return len(total.different)


def main() -> None:
    """Make or take a case, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--case", type=Path, help="an indexed case to take instead")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first query")
    parser.add_argument("--only", type=int, help="the number of one query")
    given = parser.parse_args()
    if (given.corpus is None) == (given.case is None):
        parser.error("give --corpus or --case")
    numbers = range(given.first, given.first + given.count) if given.only is None else [given.only]
    with tempfile.TemporaryDirectory() as folder:
        path = given.case or made(given.corpus.resolve(), Path(folder))
        with opened(path) as case:
            differing = report(compare(case, numbers, given.seed))
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
