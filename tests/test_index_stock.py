"""Segments by our builder beside those by Whoosh's own writer: the same, posting by posting."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from whoosh import columns, fields
from whoosh import index as whoosh_index
from whoosh.filedb.filestore import FileStorage
from whoosh.formats import Positions

from index import schema, words
from index.adopt import adopt
from index.build import NAME, build_segment
from index.interface import IndexBatch, IndexDocument
from index.inverted import Inverter
from index.searching import open_segments
from store import LocalStore
from tests.index_cases import odd_documents

type Held = tuple[dict[Any, Any], dict[str, bytes], int, dict[str, int]]
"""Postings and weights by field and term, columns, number of documents, lengths of fields."""


class _StockWords(schema.Words):
    """The field as Whoosh's own writer takes it: words by `scan`, encoded by Whoosh."""

    def index(self, value: str, **_options: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        table: dict[str, list[int]] = {}
        for position, token in enumerate(words.scan(value)):
            for term in sorted({token.text, token.folded} - {""}):
                table.setdefault(term, []).append(position)
        for term, positions in table.items():
            count = len(positions)
            yield term.encode(), count, float(count), Positions().encode(positions)


def _stock(folder: Path, store: LocalStore, documents: Sequence[IndexDocument]) -> None:
    folder.mkdir()
    numbers = {name: fields.COLUMN(columns.NumericColumn("I")) for name in schema.NUMBERS}
    known = fields.Schema(**{name: _StockWords() for name in schema.TEXT_FIELDS}, **numbers)
    writer = whoosh_index.create_in(str(folder), known, indexname=NAME).writer()
    for each in documents:
        texts = dict(each.fields)
        if each.text_sha256:
            texts["text"] = store.read_bytes(each.text_sha256).decode(errors="replace")
        writer.add_document(document_id=each.document_id, revision=each.revision, **texts)
    writer.commit(merge=False)


def stock_contents(folder: Path) -> Held:
    """All that the stock reader finds in an index of one segment."""
    reader = whoosh_index.open_dir(str(folder), indexname=NAME).reader()
    found: dict[Any, Any] = {}
    for (field, term), info in reader._terms.items():
        matcher = reader._terms.matcher(field, term, Positions())
        rows = []
        while matcher.is_active():
            rows.append((matcher.id(), matcher.weight(), matcher.value()))
            matcher.next()
        told = (info._weight, info._df, info._maxweight, info._minid, info._maxid)
        found[field, term] = (told, rows)
    segment = reader.segment()
    parts = segment.open_compound_file(FileStorage(str(folder)))
    held = {}
    for name in parts.list():
        if name.endswith(".col"):
            size = parts.file_length(name)
            held[name.partition(".")[2]] = bytes(parts.open_file(name).get(0, size))
    answer = (found, held, reader.doc_count_all(), dict(segment._fieldlengths))
    parts.close()
    reader.close()
    return answer


@pytest.mark.parametrize(
    ("run", "piece"),
    [(4_000_000, 500_000), (4_000_000, 1_000), (500, 100), (3_000, 1), (20_000, 4_000_000)],
    ids=["memory", "pieces", "runs", "single", "whole"],
)
def test_equal_to_the_stock_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: int, piece: int
) -> None:
    monkeypatch.setattr("index.build.Inverter", partial(Inverter, run=run, piece=piece))
    # Documents longer than a run are parted among several.
    monkeypatch.setattr("index.words.stretches", partial(words.stretches, size=2_000))
    store = LocalStore(tmp_path / "store")
    documents = tuple(odd_documents(store))
    built = build_segment(IndexBatch(documents, store.address, str(tmp_path / "scratch")))
    _stock(tmp_path / "stock", store, documents)
    ours, theirs = stock_contents(Path(built.folder)), stock_contents(tmp_path / "stock")
    assert list(ours[0]) == list(theirs[0])
    assert ours == theirs
    assert {path.suffix for path in Path(built.folder).iterdir()} == {".seg", ".side", ".toc"}
    frequencies = [told[1] for told, _ in ours[0].values()]
    assert max(frequencies) > 128
    assert ours[0]["text", b"first"][1][0][2] == Positions().encode([1, 80_002])

    adopt(tmp_path / "index", [built])
    with open_segments(tmp_path / "index") as (segment,):
        for (field, term), (_, rows) in ours[0].items():
            found = segment.postings(field, term.decode())
            assert list(zip(found.numbers, found.values, strict=True)) == [
                (number, value) for number, _, value in rows
            ]
        for field in schema.TEXT_FIELDS:
            assert segment.lexicon(field).split("\n") == (
                [term.decode() for name, term in ours[0] if name == field] or [""]
            )


def test_documents_without_a_word(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    documents = tuple(IndexDocument(number, 0, None, (("title", "--"),)) for number in (1, 2))
    built = build_segment(IndexBatch(documents, store.address, str(tmp_path / "scratch")))
    _stock(tmp_path / "stock", store, documents)
    assert (
        stock_contents(Path(built.folder)) == stock_contents(tmp_path / "stock") != ({}, {}, 0, {})
    )
