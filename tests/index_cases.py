"""Cases and indexes for the tests of index/ and review/: rows and blobs put in by hand."""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyroaring import BitMap

from index import schema
from index.adopt import adopt
from index.build import build_segment
from index.interface import IndexBatch, IndexDocument
from index.rows import load_documents, wanted
from records import tables, times
from records.case import Case, CaseInfo, create, opened
from records.fields import Fields
from store import LocalStore, open_store

INFO = CaseInfo("1:26-cv-1", "A v. B", "S.D.N.Y.", "America/New_York", "ABC", 7)


@dataclass(frozen=True, slots=True)
class Doc:
    """A document of a test case; `extra` overrides columns of its row."""

    text: str | None = ""
    fields: Fields = field(default_factory=Fields)
    extra: dict[str, Any] = field(default_factory=dict)


@contextmanager
def case_with(
    folder: Path, docs: Sequence[Doc], custodians: Sequence[str] = ("Ray, Ann",)
) -> Iterator[Case]:
    """A new case that holds some documents, processed but not indexed."""
    create(folder, INFO, [], custodians)
    with opened(folder) as case:
        add(case, docs)
        yield case


def add(case: Case, docs: Iterable[Doc]) -> None:
    """Put documents on record, their texts in the store; ids go on from those there are."""
    with case.write() as connection:
        if not connection.execute(tables.collections.select()).first():
            connection.execute(tables.collections.insert().values(**_collection()))
        first = len(connection.execute(tables.documents.select()).all()) + 1
        for number, doc in enumerate(docs, first):
            connection.execute(tables.documents.insert().values(**_row(case, number, doc)))


def _collection() -> dict[str, Any]:
    return {
        "id": 1,
        "custodian_id": 1,
        "source": "/evidence",
        "state": "complete",
        "actor": "test",
        "started_at": times.now(),
        "settings": {},
        "tools": {},
        "counts": {},
    }


def _row(case: Case, number: int, doc: Doc) -> dict[str, Any]:
    sha256 = put(case, doc.text) if doc.text is not None else None
    row: dict[str, Any] = {
        "id": number,
        "collection_id": 1,
        "custodian_id": 1,
        "family_id": number,
        "position": 0,
        "role": "file",
        "address": f"folder/{number}.txt",
        "name": f"{number}.txt",
        "name_bytes": b"x",
        "sha256": f"{number:064x}",
        "sha1": f"{number:040x}",
        "md5": f"{number:032x}",
        "size": 1000 * number,
        "mime": "text/plain",
        "type": "text",
        "ext": "txt",
        "state": "processed",
        "outcome": "reviewable",
        "disposition": "reviewable",
        "text_sha256": sha256,
        "text_source": "native",
        "text_chars": len(doc.text or ""),
        "ocr_pages": [],
        "sent_at": doc.fields.sent_at,
        "fields": doc.fields.to_json(),
        "revision": 1,
    }
    settled = {"outcome": doc.extra["disposition"]} if "disposition" in doc.extra else {}
    return {**row, **settled, **doc.extra}


def put(case: Case, text: str) -> str:
    """Store a text; its hash."""
    with open_store(case.store_address).writing() as writer:
        return writer.put_bytes(text.encode("utf-8", "surrogatepass")).sha256


def index_here(case: Case, ids: Sequence[int] | None = None) -> None:
    """Index documents (default: all that there should be) as one segment, in this process."""
    with case.read() as connection:
        chosen = wanted(connection).ids.tolist() if ids is None else list(ids)
        documents = load_documents(connection, chosen)
    add_segment(case, documents)


def add_segment(case: Case, documents: Sequence[IndexDocument]) -> None:
    """Build and adopt one segment, in this process."""
    scratch = str(case.scratch_folder)
    adopt(
        case.index_folder,
        [build_segment(IndexBatch(tuple(documents), case.store_address, scratch))],
    )


class Everything:
    """A catalogue for tests of the evaluator: `number:3` are the multiples of 3 in its scope."""

    def __init__(self, scope: Iterable[int]) -> None:
        self._scope = BitMap(scope)

    def names(self) -> Sequence[str]:
        return ("number",)

    def select(self, field: str, operator: str, value: str, upper: str | None) -> BitMap:
        if not value.isdigit() or operator != "=":
            raise ValueError("it is a whole number")
        return BitMap(each for each in self._scope if each % int(value) == 0)

    def scope(self) -> BitMap:
        return self._scope


def odd_documents(store: LocalStore) -> list[IndexDocument]:
    """Documents with all fields and with none, plain and accented, empty and with a long one."""
    chance = random.Random(11)
    common = [
        "the",
        "contract",
        "of",
        "Größe",
        "café",
        "王小明",
        "naïve",
        "über",
        "don't",
        "price²",
        "w",
    ]
    found: list[IndexDocument] = []
    for number in range(300):
        some = chance.choices([*common, *(f"w{chance.randint(0, 900)}" for _ in range(20))], k=30)
        text = chance.choice(("", "everywhere " + " ".join(some), " ".join(some[:3]), "\n\n"))
        if number == 150:
            text = "first " + "again other\n" * 40_000 + "first " + "x" * 300 + " é" * 40 + " last"
        chosen = chance.sample(schema.TEXT_FIELDS[1:], chance.randint(0, 9))
        texts = tuple((name, " ".join(some[:5]) + "\npath/Straße.txt") for name in chosen)
        with store.writing() as writer:
            sha256 = writer.put_bytes(f"all {text}".encode() if number % 9 else b"").sha256
        missing = number % 7 == 0
        found.append(IndexDocument(1000 - number, number % 3, None if missing else sha256, texts))
    return found
