"""Segments by our builder, read by our own reader and by the stock one."""

import pickle
from pathlib import Path

import pytest
from whoosh import index as whoosh_index
from whoosh.filedb.filestore import FileStorage

from index.adopt import adopt, held
from index.build import NAME, build_segment
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.searching import open_segments
from index.words import MAX_LENGTH
from records.errors import StoreError
from store import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def put(store: LocalStore, data: str | bytes) -> str:
    with store.writing() as writer:
        return writer.put_bytes(data if isinstance(data, bytes) else data.encode()).sha256


def batch(store: LocalStore, *documents: IndexDocument) -> IndexBatch:
    return IndexBatch(documents, store.address, str(store.root.parent / "scratch"))


def built(store: LocalStore, *texts: str | bytes) -> SegmentBuilt:
    documents = (
        IndexDocument(i, 1, put(store, text), (("subject", f"about {i}"),))
        for i, text in enumerate(texts, 1)
    )
    return build_segment(batch(store, *documents))


def test_batches_and_results_cross_to_workers(store: LocalStore) -> None:
    given = batch(store, IndexDocument(1, 1, None, (("title", "x"),)))
    assert pickle.loads(pickle.dumps(given)) == given
    result = build_segment(given)
    assert pickle.loads(pickle.dumps(result)) == result == SegmentBuilt(result.folder, 1)


def test_every_posting_of_the_stock_reader_is_read_alike(store: LocalStore, tmp_path: Path) -> None:
    # More than 128 documents a term: postings of several blocks.
    texts = [f"common w{i % 7} w{i} " + "again " * (i % 5) + "café" for i in range(300)]
    adopt(tmp_path / "index", [built(store, *texts)])
    stock = whoosh_index.open_dir(str(tmp_path / "index"), indexname=NAME).reader()
    compared = 0
    with open_segments(tmp_path / "index") as (segment,):
        for field, term in stock.all_terms():
            matcher = stock.postings(field, term)
            expected = {}
            while matcher.is_active():
                expected[matcher.id()] = matcher.value_as("positions")
                matcher.next()
            postings = segment.postings(field, term.decode())
            assert {n: postings.positions(n) for n in postings.numbers} == expected
            assert term.decode() in segment.lexicon(field).split("\n")
            compared += 1
        assert compared == sum(
            len(segment.lexicon(name).split("\n")) for name in ("text", "subject")
        )
    stock.close()


def test_terms_and_fields_that_are_not_there(store: LocalStore, tmp_path: Path) -> None:
    adopt(tmp_path / "index", [built(store, "here")])
    with open_segments(tmp_path / "index") as (segment,):
        assert not segment.postings("text", "nowhere").numbers
        assert not segment.postings("bcc", "here").numbers
        assert segment.postings("text", "here").positions(5) == []
        assert segment.lexicon("bcc") == ""


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a\x00b", ["a", "b"]),
        (b"\xff\xfe bad \xed\xa0\x80 bytes", ["bad", "bytes"]),
        ("x" * 70_000 + " after", ["x" * MAX_LENGTH, "after"]),
        ("", []),
        ("\n\f\n", []),
    ],
    ids=["nul", "bytes", "long", "empty", "blank"],
)
def test_odd_texts(store: LocalStore, tmp_path: Path, text: str | bytes, terms: list[str]) -> None:
    adopt(tmp_path / "index", [built(store, "before", text, "behind")])
    with open_segments(tmp_path / "index") as (segment,):
        found = set(segment.lexicon("text").split("\n")) - {"before", "behind"}
        assert found == set(terms)
        assert all(list(segment.postings("text", t).numbers) == [1] for t in terms)
        assert list(segment.postings("text", "behind").numbers) == [2]


def test_lone_surrogates_in_a_field(store: LocalStore, tmp_path: Path) -> None:
    document = IndexDocument(1, 1, None, (("filename", "caf\udce9.doc"), ("title", "\ud800")))
    adopt(tmp_path / "index", [build_segment(batch(store, document))])
    with open_segments(tmp_path / "index") as (segment,):
        assert segment.lexicon("filename").split("\n") == ["caf", "doc"]
        assert segment.lexicon("title") == ""


def test_a_word_repeated_more_than_65535_times(store: LocalStore, tmp_path: Path) -> None:
    adopt(tmp_path / "index", [built(store, "again " * 70_000)])
    with open_segments(tmp_path / "index") as (segment,):
        assert segment.postings("text", "again").positions(0) == list(range(70_000))


@pytest.mark.slow
def test_a_text_of_twenty_million_characters(store: LocalStore, tmp_path: Path) -> None:
    text = " ".join(f"word{i % 50_000}" for i in range(2_090_000))
    assert len(text) > 20_000_000
    adopt(tmp_path / "index", [built(store, text, "small")])
    with open_segments(tmp_path / "index") as (segment,):
        assert segment.postings("text", "word49999").positions(0)[0] == 49_999
        assert list(segment.postings("text", "small").numbers) == [1]


def test_a_document_that_fails_leaves_no_ghosts(store: LocalStore, tmp_path: Path) -> None:
    """The defect of whoosh-reloaded 2.7.5: its words would be found in the next document."""
    good = IndexDocument(2, 1, put(store, "harmless"), ())
    bad = IndexDocument(1, 1, "0" * 64, (("author", "privileged"), ("subject", "privileged")))
    with pytest.raises(StoreError):
        build_segment(batch(store, bad, good))
    with pytest.raises(ValueError, match="does not fit"):
        build_segment(batch(store, IndexDocument(-1, 1, None, (("author", "privileged"),)), good))
    adopt(tmp_path / "index", [build_segment(batch(store, good))])
    assert held(tmp_path / "index") == {2: 1}
    with open_segments(tmp_path / "index") as (segment,):
        assert segment.lexicon("text") == "harmless"
        assert segment.lexicon("author") == ""


def test_the_numbers_of_a_segment(store: LocalStore) -> None:
    documents = [IndexDocument(i, r, None, ()) for i, r in ((7, 0), (4, 3), (2**31, 0))]
    result = build_segment(batch(store, *documents))
    (name,) = (p.stem for p in Path(result.folder).glob("*.seg"))
    toc = whoosh_index.TOC.read(FileStorage(result.folder), NAME)
    assert [each.segment_id() for each in toc.segments] == [name]
    adopt(store.root.parent / "index", [result])
    assert held(store.root.parent / "index") == {7: 0, 4: 3, 2**31: 0}
