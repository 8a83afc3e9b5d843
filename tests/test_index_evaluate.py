"""The evaluator against brute force over the word lists, and the corners by hand."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyroaring import BitMap

from index import evaluate
from index.adopt import adopt
from index.build import build_segment
from index.evaluate import Evaluator
from index.hits import TextSource, hits
from index.interface import IndexBatch, IndexDocument
from index.query import parse
from index.searching import open_segments
from index.segment import Segment
from records.errors import QueryError
from store import LocalStore
from tests.index_cases import Everything

FIELDS = ("text", "subject", "from", "to", "path")
DEFAULT = ("text", "subject", "from", "to")
PEOPLE = ("from", "to")
WORDS = [
    *("merger", "price", "gas", "natural", "contract", "contracts", "contractor", "counsel"),
    *("café", "cafe", "résumé", "5551", "5552", "555x", "deal", "meeting", "the", "of", "company"),
    *("王", "明", "règle", "enron", "a", "b"),
]
PLAIN = {"café": "cafe", "résumé": "resume", "règle": "regle"}
PATTERNS = ("contract*", "*tract", "caf?", "555=", "c*t*", "*e", "r?s*", "m??ger", "gas*", "*王")

Span = tuple[int, int]
Content = dict[str, list[str]]


@dataclass(frozen=True)
class Part:
    """A piece of a query: as it is written, and where it occurs in a list of words."""

    written: str
    occurs: Callable[[Sequence[str]], set[Span]]


@dataclass(frozen=True)
class Query:
    """A whole query: as it is written, and whether a document answers it."""

    written: str
    answers: Callable[[int, Content | None], bool]
    wordy: bool = True


def forms(word: str) -> set[str]:
    return {word, PLAIN.get(word, word)}


def word_part(rng: random.Random) -> Part:
    if rng.random() < 0.3:
        pattern = rng.choice(PATTERNS)
        signs = {"*": ".*", "?": ".", "=": r"\d"}
        regex = re.compile("".join(signs.get(c, c) for c in pattern.replace("*王", "王")))

        def stands_for(word: str) -> bool:
            return any(regex.fullmatch(form) for form in forms(word))

        return Part(pattern, lambda ws: {(i, i) for i, w in enumerate(ws) if stands_for(w)})
    wanted = rng.choice((*WORDS, "resume", "regle"))
    return Part(wanted, lambda ws: {(i, i) for i, w in enumerate(ws) if wanted in forms(w)})


def phrase_part(rng: random.Random) -> Part:
    parts = [word_part(rng) for _ in range(rng.choice((2, 2, 3)))]

    def occurs(ws: Sequence[str]) -> set[Span]:
        firsts = range(len(ws) - len(parts) + 1)
        singles = [part.occurs(ws) for part in parts]
        return {
            (i, i + len(parts) - 1)
            for i in firsts
            if all((i + k, i + k) in single for k, single in enumerate(singles))
        }

    return Part('"' + " ".join(part.written for part in parts) + '"', occurs)


def operand(rng: random.Random, depth: int) -> Part:
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return word_part(rng)
    if kind < 0.6:
        return phrase_part(rng)
    if kind < 0.85:
        parts = [operand(rng, depth - 1) for _ in range(2)]
        return Part(
            "(" + " OR ".join(part.written for part in parts) + ")",
            lambda ws: parts[0].occurs(ws) | parts[1].occurs(ws),
        )
    inner = near(rng, depth - 1)
    return Part(f"({inner.written})", inner.occurs)


def gap(a: Span, b: Span) -> int:
    return max(0, max(a[0], b[0]) - min(a[1], b[1]))


def near(rng: random.Random, depth: int) -> Part:
    left, right, n = operand(rng, depth), operand(rng, depth), rng.choice((1, 2, 3, 5, 9))
    kind = rng.choice(("w/{}", "/{}", "within {}", "pre/{}", "NOT w/{}", "not PRE/{}"))

    def close(a: Span, b: Span) -> bool:
        if "pre" in kind.lower():
            return b[0] > a[1] and b[0] - a[1] <= n
        return a != b and gap(a, b) <= n

    def occurs(ws: Sequence[str]) -> set[Span]:
        lefts, rights = left.occurs(ws), right.occurs(ws)
        if kind.lower().startswith("not"):
            return {a for a in lefts if not any(close(a, b) for b in rights)}
        return {(min(a[0], b[0]), max(a[1], b[1])) for a in lefts for b in rights if close(a, b)}

    return Part(f"{left.written} {kind.format(n)} {right.written}", occurs)


def distributed(rng: random.Random) -> Query:
    one, two, other = (word_part(rng) for _ in range(3))
    n = rng.choice((1, 3, 6))

    def close(part: Part, content: Content) -> bool:
        return any(
            a != b and gap(a, b) <= n
            for name in DEFAULT
            for a in part.occurs(content[name])
            for b in other.occurs(content[name])
        )

    return Query(
        f"({one.written} AND {two.written}) w/{n} {other.written}",
        lambda _, c: c is not None and close(one, c) and close(two, c),
    )


def leaf(rng: random.Random) -> Query:
    kind = rng.random()
    if kind < 0.1:
        number = rng.choice((2, 3, 7))
        return Query(f"number:{number}", lambda i, _: i % number == 0, wordy=False)
    if kind < 0.2:
        return distributed(rng)
    part = rng.choice((word_part, phrase_part, lambda r: near(r, 2), lambda r: near(r, 1)))(rng)
    name, fields = rng.choice(
        (("", DEFAULT), ("", DEFAULT), ("participants", PEOPLE), *((f, (f,)) for f in FIELDS))
    )
    return Query(
        f"{name}:({part.written})" if name else f"({part.written})",
        lambda _, c: c is not None and any(part.occurs(c[each]) for each in fields),
    )


def negated(query: Query) -> Query:
    return Query(
        f"NOT ({query.written})",
        lambda i, c: (c is not None or not query.wordy) and not query.answers(i, c),
        query.wordy,
    )


def boolean(rng: random.Random, depth: int) -> Query:
    if depth == 0 or rng.random() < 0.2:
        return leaf(rng)
    one, two = boolean(rng, depth - 1), boolean(rng, depth - 1)
    wordy = one.wordy or two.wordy
    kind = rng.choice(("AND", "or", "NOT", "and NOT", ""))
    if kind == "NOT":
        return negated(one)
    if kind == "and NOT":
        kind, two = "and", negated(two)
    written = f"({one.written} {kind} {two.written})"
    if kind == "or":
        return Query(written, lambda i, c: one.answers(i, c) or two.answers(i, c), wordy)
    return Query(written, lambda i, c: one.answers(i, c) and two.answers(i, c), wordy)


def content(rng: random.Random) -> Content:
    lengths = {"text": (0, 45), "subject": (0, 6), "from": (0, 3), "to": (0, 4), "path": (1, 4)}
    return {name: rng.choices(WORDS, k=rng.randint(*between)) for name, between in lengths.items()}


def written(words: Sequence[str], rng: random.Random) -> str:
    text = "".join(word + rng.choice((" ", ", ", "\n", "_", " — ", "/")) for word in words)
    return text.upper() if rng.random() < 0.2 else text


class Library:
    """Documents in an index of several segments, some replaced and some removed since."""

    def __init__(self, folder: Path) -> None:
        self._rng = random.Random(20010514)
        self._store = LocalStore(folder / "store")
        self._scratch = str(folder / "scratch")
        self.folder = folder / "index"
        self.contents: dict[int, Content] = {}
        for first in (1, 91, 181, 271):
            self._segment(range(first, first + 90), 1)
        self._segment(range(40, 300, 7), 2)
        self._segment([50, 54, 61, 200], 3)
        adopt(self.folder, (), remove=[5, 6, 7, 269, 300])
        for gone in (5, 6, 7, 269, 300):
            del self.contents[gone]
        self.scope = BitMap(range(1, 390)) - BitMap(range(100, 110))  # 361 on are not indexed

    def _segment(self, ids: Sequence[int], revision: int) -> None:
        documents = []
        for each in ids:
            self.contents[each] = content(self._rng)
            texts = {k: written(v, self._rng) for k, v in self.contents[each].items()}
            with self._store.writing() as writer:
                text = writer.put_bytes(texts.pop("text").encode()).sha256
            documents.append(IndexDocument(each, revision, text, tuple(texts.items())))
        batch = IndexBatch(tuple(documents), self._store.address, self._scratch)
        adopt(self.folder, [build_segment(batch)])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def segments(library: Library) -> Iterator[list[Segment]]:
    with open_segments(library.folder) as found:
        yield found


@pytest.mark.parametrize("seed", range(40))
def test_against_brute_force(library: Library, segments: list[Segment], seed: int) -> None:
    rng = random.Random(seed)
    evaluator = Evaluator(segments, Everything(library.scope))
    hit = 0
    for _ in range(20):
        query = boolean(rng, rng.choice((0, 0, 1, 2)))
        expected = {i for i in library.scope if query.answers(i, library.contents.get(i))}
        tree = parse(query.written, ("number",))
        found = evaluator.evaluate(tree, query.written, library.scope)
        assert set(found) == expected, query.written
        hit += bool(expected)
    assert hit > 5  # queries that find nothing prove little


def test_the_library_is_what_the_test_needs(library: Library, segments: list[Segment]) -> None:
    assert len(segments) == 6
    assert sum(len(each.ids) - len(each.live) for each in segments) == 38 + 4 + 5
    held = Evaluator(segments, Everything(library.scope)).held
    assert set(held) == set(library.contents)
    assert len(held) > 300


def find(library: Library, segments: list[Segment], query: str) -> BitMap:
    evaluator = Evaluator(segments, Everything(library.scope))
    return evaluator.evaluate(parse(query, ("number",)), query, library.scope)


def test_of_documents_not_indexed_nothing_is_said(
    library: Library, segments: list[Segment]
) -> None:
    unindexed = set(range(361, 390))
    assert unindexed.isdisjoint(find(library, segments, "NOT nosuchword"))
    assert unindexed <= set(find(library, segments, "NOT number:1000"))


def test_a_value_that_a_field_cannot_take(library: Library, segments: list[Segment]) -> None:
    with pytest.raises(QueryError, match=r"number: cannot take 'x': it is a whole .*column 18"):
        find(library, segments, "merger OR number:x")


def test_a_wildcard_too_wide_for_positions_is_refused(
    library: Library, segments: list[Segment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "EXPANSION_LIMIT", 2)
    with pytest.raises(QueryError, match=r"'c\*' stands for \d+ words here.*column 7"):
        find(library, segments, "a w/3 c*")
    assert find(library, segments, "c*")  # alone it is not limited


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("gas", "natural gas, Gas.", ["gas", "Gas"]),
        ('"natural gas"', "gas natural gas", ["natural gas"]),
        ("gas w/2 price", "gas x x x gas price", ["gas", "price"]),
        ("cafe", "un Café", ["Café"]),
        ("contract* NOT gas", "Contractor gas", ["Contractor"]),
        ("subject:gas OR x", "gas x", ["x"]),
    ],
)
def test_hits_are_marked_by_the_same_rules(query: str, text: str, marked: list[str]) -> None:
    source = TextSource(text)
    found = sorted(hits(parse(query, ()), "text", source))
    tokens = source.tokens
    assert [text[tokens[a].start : tokens[b].end] for a, b in found] == marked
