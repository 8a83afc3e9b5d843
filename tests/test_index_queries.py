"""Generated queries of every form against a search of the texts word by word."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from bench import brute
from bench.forms import Maker
from index.adopt import adopt
from index.build import build_segment
from index.evaluate import Evaluator
from index.hits import NOTHING, TextSource, hits, joined, tally
from index.interface import IndexBatch, IndexDocument
from index.query import parse
from index.schema import TEXT_FIELDS
from index.searching import open_segments
from index.segment import Segment
from store import LocalStore
from tests.index_cases import Everything

WORDS = [
    *("merger", "merges", "merged", "price", "prices", "gas", "natural", "contract", "contracts"),
    *(
        "contractor",
        "counsel",
        "café",
        "cafe",
        "résumé",
        "resume",
        "12",
        "13",
        "0012",
        "199",
        "1999",
    ),
    *(
        "5551",
        "555x",
        "deal",
        "dael",
        "deals",
        "meeting",
        "the",
        "of",
        "company",
        "王",
        "明",
        "règle",
    ),
    *(
        "enron",
        "a",
        "b",
        "to",
        "from",
        "not",
        "and",
        "banana",
        "bananas",
        "bnanaa",
        "bandana",
        "ſee",
    ),
]
FIELDS = ("text", "subject", "from", "to", "filename", "path")
FORMS = sorted(Maker(brute.Library({1: {"text": "a b"}}), random.Random(0), {}).forms)


def written(words: Sequence[str], rng: random.Random) -> str:
    text = "".join(word + rng.choice((" ", " ", ", ", "\n", "_", " — ", "/")) for word in words)
    return text.upper() if rng.random() < 0.1 else text


class Made:
    """Documents in several segments of an index, some replaced, some removed, and their texts."""

    def __init__(self, folder: Path) -> None:
        self._rng = random.Random(20010514)
        self._store = LocalStore(folder / "store")
        self._scratch = str(folder / "scratch")
        self.index = folder / "index"
        self.texts: dict[int, dict[str, str]] = {}
        for ids, revision in ((range(1, 61), 1), (range(61, 121), 1), (range(40, 100, 7), 2)):
            self._segment(ids, revision)
        adopt(self.index, (), remove=[5, 6, 100])
        for gone in (5, 6, 100):
            del self.texts[gone]
        self.library = brute.Library(self.texts)
        self.scope = BitMap(self.texts)
        self.values = {f"number:{n}": frozenset(self.scope) & _multiples(n) for n in (2, 3, 7)}

    def _segment(self, ids: Sequence[int], revision: int) -> None:
        documents = []
        for each in ids:
            rng = self._rng
            texts = {n: written(rng.choices(WORDS, k=rng.randint(0, 5)), rng) for n in FIELDS}
            texts["text"] = written(rng.choices(WORDS, k=rng.randint(0, 40)), rng)
            self.texts[each] = texts
            with self._store.writing() as writer:
                sha256 = writer.put_bytes(texts["text"].encode()).sha256
            fields = tuple((n, t) for n, t in texts.items() if n != "text")
            documents.append(IndexDocument(each, revision, sha256, fields))
        batch = IndexBatch(tuple(documents), self._store.address, self._scratch)
        adopt(self.index, [build_segment(batch)])


def _multiples(number: int) -> frozenset[int]:
    return frozenset(range(0, 200, number))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def segments(made: Made) -> Iterator[list[Segment]]:
    with open_segments(made.index) as found:
        yield found


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_every_form(made: Made, segments: list[Segment], form: str, seed: int) -> None:
    query = Maker(made.library, random.Random(seed), made.values).make(form)
    tree = parse(query.written, ("number",), stemming=form == "stemming on")
    evaluator = Evaluator(segments, Everything(made.scope))
    found = evaluator.evaluate(tree, query.written, made.scope)
    assert set(found) == query.ids, query.written


@pytest.mark.parametrize("form", [each for each in FORMS if each not in ("value",)])
def test_the_queries_find_something(made: Made, form: str) -> None:
    maker = Maker(made.library, random.Random(1), made.values)
    assert sum(bool(maker.make(form).ids) for _ in range(40)) > 8


@pytest.mark.parametrize("form", FORMS)
def test_hits_of_the_index_are_those_of_the_texts(
    made: Made, segments: list[Segment], form: str
) -> None:
    maker = Maker(made.library, random.Random(3), made.values)
    for _ in range(15):
        query = maker.make(form)
        tree = parse(query.written, ("number",), stemming=form == "stemming on")
        evaluator = Evaluator(segments, Everything(made.scope))
        ids = evaluator.evaluate(tree, query.written, made.scope)
        found = tally(evaluator, segments, tree, ids, {})
        for number in ids:
            texts = made.texts[number]
            sources = {name: TextSource(texts.get(name, "")) for name in TEXT_FIELDS}
            count = sum(len(joined(hits(tree, n, source))) for n, source in sources.items())
            assert found.get(number, NOTHING).hits == count, (query.written, number)


@pytest.mark.parametrize("form", ["word", "regex", "phrase of signs", "w/N", "proximity nested"])
def test_what_is_found_is_marked(made: Made, form: str) -> None:
    maker = Maker(made.library, random.Random(2), made.values)
    for _ in range(20):
        query = maker.make(form)
        tree = parse(query.written, ())
        marked = {
            number
            for number, texts in made.texts.items()
            if any(hits(tree, n, TextSource(texts.get(n, ""))) for n in TEXT_FIELDS)
        }
        assert marked == query.ids, query.written
