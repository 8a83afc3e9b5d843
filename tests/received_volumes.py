"""Volumes of our own making, as other parties would send them, for the tests of receiving."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.received.load import Summary, load
from records import case as cases
from records import tables
from records.case import Case
from records.engine import TaskFailure
from store import open_store
from tests.produce_matter import tiff

THORN, DELIMITER, BREAK = "\u00fe", "\x14", "\u00ae"


class Crew:
    """Does the work in this process, in order: `records.engine.Engine` without workers."""

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        *,
        pieces: Callable[[T], Sequence[T]] = lambda _batch: (),
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run each batch as it is asked for."""
        for batch in batches:
            yield batch, function(batch)


@contextmanager
def new_case(folder: Path, name: str = "theirs") -> Iterator[Case]:
    """An empty case with a custodian of its own."""
    info = cases.CaseInfo("2", "Roe v. Doe", "", "UTC", "ROE", 7)
    cases.create(folder / name, info, [], ["Ann"])
    with cases.opened(folder / name) as case:
        yield case


def take(case: Case, folder: Path, party: str = "Acme", **values: Any) -> Summary:
    """Load a volume without workers."""
    return load(case, Crew(), folder, party, **values)


def concordance(rows: Sequence[Sequence[str]], encoding: str = "utf-8-sig") -> bytes:
    """A DAT with every value qualified."""
    lines = (DELIMITER.join(f"{THORN}{value}{THORN}" for value in row) for row in rows)
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    """Write files below a folder; text as UTF-8."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


HEADER = (
    *("BEGDOC#", "ENDDOC#", "BEGATTACH", "ENDATTACH", "CUSTODIAN", "FROM", "SUBJECT"),
    *("DATESENT", "TIMESENT", "TIMEZONE", "PGCOUNT", "MD5HASH", "DOCLINK", "OCRPATH"),
)


def small(folder: Path, **changes: bytes | str | None) -> Path:
    """A mail of two pages with a native attachment, and a letter: a volume without a defect.

    `changes` put other bytes in a file's place, by its name with `__` for the slash; None leaves
    it out.
    """
    native = b"10,20\n"
    rows = [
        HEADER,
        ("X001", "X002", "X001", "X003", "Lee", "Amy <amy@x.example>", "Tails", "03/25/2024",
         "10:30:00", "UTC", "2", "", "", r"TEXT\X001.txt"),
        ("X003", "X003", "X001", "X003", "Lee", "", "", "", "", "UTC", "1",
         hashlib.md5(native, usedforsecurity=False).hexdigest(), r"NATIVES\X003.csv",
         r"TEXT\X003.txt"),
        ("X004", "X004", "", "", "Ray", "", "Letter", "03/26/2024", "", "UTC", "1", "", "",
         r"TEXT\X004.txt"),
    ]  # fmt: skip
    files: dict[str, bytes | str] = {
        "DATA/vol.dat": concordance(rows),
        "DATA/vol.opt": "".join(
            f"{key},VOL,IMAGES\\{key}.tif,{first},,,{pages}\r\n"
            for key, first, pages in (
                ("X001", "Y", "2"), ("X002", "", ""), ("X003", "Y", "1"), ("X004", "Y", "1"),
            )
        ),
        "TEXT/X001.txt": "mooring tails\r\nand more",
        "TEXT/X003.txt": "10 20",
        "TEXT/X004.txt": "a letter",
        "NATIVES/X003.csv": native,
        **{f"IMAGES/{key}.tif": tiff(key) for key in ("X001", "X002", "X003", "X004")},
    }  # fmt: skip
    for name, data in changes.items():
        stem, _, ext = name.replace("__", "/").rpartition("_")
        if data is None:
            del files[f"{stem}.{ext}"]
        else:
            files[f"{stem}.{ext}"] = data
    return write(folder, files)


def documents(case: Case) -> list[dict[str, Any]]:
    """Received documents with their numbers and texts, in the order of control numbers."""
    d, r = tables.documents.c, tables.received_documents.c
    store = open_store(case.store_address)
    with case.read() as connection:
        rows = connection.execute(
            sa.select(*d, r.beg_bates, r.end_bates, r.replaced_by_id)
            .join(tables.received_documents, r.document_id == d.id)
            .order_by(d.id)
        ).all()
    return [
        {
            **row._mapping,
            "text": store.read_bytes(row.text_sha256).decode() if row.text_sha256 else None,
        }
        for row in rows
    ]
