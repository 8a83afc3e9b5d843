"""Known files and culling in a case of many rows: `python -m bench.culling --documents 200000`.

The rows are made, and so is the list; only the work on them is timed. Half of the documents are
attachments; three in ten stand on the list.
"""

import argparse
import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

from index import SqlCatalog
from process.denist import denist, lift
from process.relate import relate
from records import case as cases
from records import tables
from records.case import Case
from records.status import status_of
from review import culling
from review.conditions import Condition

_HEADER = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'


def main() -> None:
    """Make a case and lists, and time what is done with them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        cases.create(home / "case", cases.CaseInfo("1", "c", "", "UTC", "ABC", 7), [], ["A", "B"])
        with cases.opened(home / "case") as case:
            _timed("made the rows", lambda: fill(case, given.documents))
            _timed("made the lists", lambda: _lists(home, given.entries))
            _measure(case, home)


def _measure(case: Case, home: Path) -> None:
    for name in ("indexed.db", "plain.db", "NSRLFile.txt"):
        path = home / name
        _timed(f"denist {name}, {path.stat().st_size >> 20} MB", partial(denist, case, path))
        _timed(f"denist {name} again", partial(denist, case, path))
        if name != "NSRLFile.txt":
            _timed("lift it", partial(lift, case, name))
    _timed("relate (at the end of process)", lambda: relate(case))
    catalog = SqlCatalog(case)
    _timed("search scope, no rule", lambda: len(catalog.scope()))
    old = Condition(sent_before="2005")
    _timed("cull add, a date", lambda: culling.add(case, "old", old).put_aside)
    path_rule = Condition(paths=("*/mail/*",), custodians=("A",))
    _timed("cull add, paths of a custodian", lambda: culling.add(case, "p", path_rule).put_aside)
    _timed("search scope, two rules", lambda: len(catalog.scope()))
    _timed("is:culled", lambda: len(catalog.select("is", "=", "culled", None)))
    _timed("status", lambda: status_of(case).review)
    _timed("cull apply", lambda: [each.put_aside for each in culling.apply(case)])
    _timed("cull lift", lambda: culling.lift(case, "old"))


def _timed(what: str, act: Callable[[], Any]) -> None:
    started = time.monotonic()
    told = act()
    print(f"{what:<34} {time.monotonic() - started:7.2f} s  {str(told)[:60]}", flush=True)


def _hash(number: int, kind: str) -> str:
    return hashlib.new(kind, str(number).encode(), usedforsecurity=False).hexdigest()


def fill(case: Case, count: int) -> int:
    """Put made rows of documents on record."""
    collection = {"id": 1, "custodian_id": 1, "source": "/s", "state": "complete", "actor": "a"}
    data: dict[str, Any] = {"started_at": "t", "settings": {}, "tools": {}, "counts": {}}
    with case.write() as connection:
        connection.execute(tables.collections.insert().values(**collection, **data))
        for some in batched(_rows(count), 10_000):
            connection.execute(tables.documents.insert(), some)
    return count


def _rows(count: int) -> Iterator[dict[str, Any]]:
    """Roots and attachments in turn; each tenth root has the bytes of the fifth before it."""
    for number in range(1, count + 1):
        root = number - (number + 1) % 2
        same = number - 10 if number % 20 == 19 else number
        yield {
            "id": number,
            "collection_id": 1,
            "custodian_id": 1 + root // 2 % 2,
            "found_in_id": None if root == number else root,
            "family_id": root,
            "position": number - root,
            "role": "file" if root == number else "attachment",
            "address": f"share/{'mail' if root % 3 else 'files'}/{root}/{number}.doc",
            "name": f"{number}.doc",
            "name_bytes": b"",
            "sha256": _hash(same, "sha256"),
            "sha1": _hash(same, "sha1"),
            "md5": _hash(same, "md5"),
            "size": number,
            "mime": "",
            "type": "doc",
            "ext": "doc",
            "state": "processed",
            "outcome": "reviewable",
            "disposition": "reviewable",
            "text_source": "none",
            "text_chars": 0,
            "ocr_pages": [],
            "sent_at": f"{1995 + number % 20}-01-01T00:00:00Z",
            "fields": {},
            "revision": 1,
        }


def _lists(home: Path, count: int) -> int:
    """Three in ten of the case's documents, the rest strangers."""
    numbers = [each if each % 10 < 3 else -each for each in range(1, count + 1)]
    hashes = [[_hash(each, kind).upper() for kind in ("sha256", "sha1", "md5")] for each in numbers]
    for name, index in (("indexed.db", True), ("plain.db", False)):
        with closing(sqlite3.connect(home / name)) as connection:
            connection.execute("CREATE TABLE METADATA (sha256, sha1, md5, file_name)")
            connection.execute("CREATE VIEW FILE AS SELECT * FROM METADATA")
            connection.executemany("INSERT INTO METADATA VALUES (?, ?, ?, 'name.dll')", hashes)
            if index:
                connection.execute("CREATE INDEX by_sha256 ON METADATA (sha256)")
            connection.commit()
    with (home / "NSRLFile.txt").open("w", newline="") as file:
        file.write(_HEADER + "\r\n")
        for _, sha1, md5 in hashes:
            file.write(f'"{sha1}","{md5}","00000000","name.dll",1234,4242,"362",""\r\n')
    return count


if __name__ == "__main__":
    main()
