"""Near-duplicates: signatures, groups by the rule, and runs that take in what is new."""

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from process import near, near_documents, near_record
from process.analyse import analyse
from process.analyse_text import analyse_text
from process.near import relate_near
from process.near_commands import languages
from process.near_commands import near as near_group
from process.near_minhash import PERMUTATIONS, banding, pack, signature, unpack
from process.near_words import jaccard, shingle_words, shingles, word_hashes
from records import tables
from records.case import Case
from records.errors import SelectionError
from tests import near_reference
from tests.index_cases import Doc, add, case_with, put
from tests.ingest_engines import Inline

VOCABULARY = [hashlib.md5(str(n).encode()).hexdigest()[: 3 + n % 6] for n in range(400)]


def letter(rng: random.Random, words: int) -> list[str]:
    return [rng.choice(VOCABULARY) for _ in range(words)]


def edited(rng: random.Random, words: Sequence[str], edits: int) -> list[str]:
    """A letter with some words changed, left out or put in."""
    found = list(words)
    for _ in range(edits):
        at = rng.randrange(len(found))
        match rng.randrange(3):
            case 0:
                found[at] = rng.choice(VOCABULARY)
            case 1:
                del found[at]
            case _:
                found.insert(at, rng.choice(VOCABULARY))
    return found


def corpus(seed: int, forms: int = 5, each: int = 10) -> list[str]:
    """Letters to several forms, some of them near and some not quite; and letters alone."""
    rng = random.Random(seed)
    found = []
    for _ in range(forms):
        form = letter(rng, rng.choice((40, 120, 300)))
        chain = form
        for _ in range(each):
            chain = edited(rng, chain if rng.random() < 0.4 else form, rng.choice((0, 1, 2, 4)))
            found.append(" ".join(chain))
        found.append(" ".join(letter(rng, rng.choice((6, 50, 150)))))
    found += ["too short", " ".join(letter(rng, 4)), found[0], found[5]]
    return found


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def run(case: Case) -> near.NearSummary:
    analyse(case, Inline())
    return relate_near(case)


def on_record(case: Case) -> dict[int, tuple[int, float]]:
    with case.read() as connection:
        rows = connection.execute(sa.select(tables.near_duplicates)).all()
    return {row.document_id: (row.principal_id, row.percent) for row in rows}


def by_text(case: Case) -> dict[str, tuple[str, float]]:
    """The table told by texts: what does not depend on numbers."""
    with case.read() as connection:
        c = tables.documents.c
        text = {row[0]: row[1] for row in connection.execute(sa.select(c.id, c.text_sha256))}
    return {text[n]: (text[principal], p) for n, (principal, p) in on_record(case).items()}


def expected(texts: Sequence[str], points: int = 8500) -> dict[int, tuple[int, float]]:
    """The table by the definition, for documents numbered from 1 in this order."""
    found = near_reference.groups({sha256(each): each for each in texts}, Fraction(points, 10_000))
    first: dict[str, int] = {}
    for number, text in enumerate(texts, 1):
        first.setdefault(sha256(text), number)
    rows = {
        number: (first[found[sha256(text)][0]], float(100 * found[sha256(text)][1]))
        for number, text in enumerate(texts, 1)
        if sha256(text) in found
    }
    sizes: dict[int, int] = {}
    for principal, _ in rows.values():
        sizes[principal] = sizes.get(principal, 0) + 1
    return {number: row for number, row in rows.items() if sizes[row[0]] > 1}


def same(found: dict[int, tuple[int, float]], wanted: dict[int, tuple[int, float]]) -> None:
    assert {n: row[0] for n, row in found.items()} == {n: row[0] for n, row in wanted.items()}
    assert {n: row[1] for n, row in found.items()} == pytest.approx(
        {n: row[1] for n, row in wanted.items()}
    )


@contextmanager
def holding(folder: Path, texts: Iterable[str]) -> Iterator[Case]:
    with case_with(folder, [Doc(each) for each in texts]) as case:
        yield case


# Words, shingles, signatures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One, two; THREE_four five", {("one", "two", "three", "four", "five")}),
        ("one two three four", set()),
        ("", set()),
        ("ﬁve Ａ b c d", {("five", "a", "b", "c", "d")}),
        ("契約書です", {("契", "約", "書", "で", "す")}),
        ("कृपया मुझे आज अनुबंध भेजें।", {("कृपया", "मुझे", "आज", "अनुबंध", "भेजें")}),
    ],
)
def test_shingles_of_a_text(text: str, expected: set[tuple[str, ...]]) -> None:
    assert shingle_words(text) == expected
    assert len(shingles(word_hashes(text))) == len(expected)


def test_a_long_text_is_cut_between_words_only() -> None:
    rng = random.Random(4)
    text = "\n".join(" ".join(letter(rng, 12)) for _ in range(24_000))
    assert len(text) > 1 << 20
    assert len(shingles(word_hashes(text))) == len(near_reference.shingles(text))


@given(
    st.lists(st.sampled_from(("ab", "cd", "é", "ß", "_", ".", "1")), max_size=40),
    st.integers(0, 10),
)
def test_jaccard_is_that_of_the_words(words: list[str], cut: int) -> None:
    one, other = " ".join(words), " ".join(words[cut:] + words[:cut])
    sets = near_reference.shingles(one), near_reference.shingles(other)
    parts = jaccard(shingles(word_hashes(one)), shingles(word_hashes(other)))
    assert parts == (len(sets[0] & sets[1]), len(sets[0] | sets[1]))


def test_the_order_of_words_tells() -> None:
    assert jaccard(*(shingles(word_hashes(t)) for t in ("a b c d e", "b a c d e"))) == (0, 2)


SIGNATURE = "1562e84c1db3d36f6497653a639c808ee1c5a1e0f1a87a23fc08d6c6c6d2822a"


def test_signatures_mean_the_same_in_every_version() -> None:
    """Signatures are kept on record: these values must not change without a new VERSION."""
    found = analyse_text("", "the quick brown fox jumps over the lazy dog")
    assert found.signature is not None
    assert found.words == 9
    assert hashlib.sha256(found.signature).hexdigest() == SIGNATURE
    code = (
        "from process.analyse_text import analyse_text as a; import hashlib; print(hashlib.sha256("
        "a('', 'the quick brown fox jumps over the lazy dog').signature).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == SIGNATURE


def test_a_signature_on_record_is_read_back() -> None:
    found = signature(shingles(word_hashes("a b c d e f g")))
    size, back = unpack(pack(3, found))
    assert size == 3
    assert np.array_equal(back, found)


@pytest.mark.parametrize("wanted", [0.5, 0.85])
def test_estimates_have_no_bias(wanted: float) -> None:
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(300):
        size, shared = 300, round(600 * wanted / (1 + wanted))
        drawn = rng.integers(0, 2**64, 2 * size - shared, dtype=np.uint64)
        one, other = signature(drawn[:size]), signature(drawn[size - shared :])
        exact = shared / (2 * size - shared)
        errors.append(np.count_nonzero(one == other) / PERMUTATIONS - exact)
    deviation = (wanted * (1 - wanted) / PERMUTATIONS) ** 0.5
    assert abs(np.mean(errors)) < 4 * deviation / 300**0.5
    assert 0.8 < np.std(errors) / deviation < 1.2


@pytest.mark.parametrize(
    ("threshold", "bands", "rows", "least"),
    [(0.85, 21, 6, 92), (0.5, 64, 2, 43), (1.0, 1, 128, 128)],
)
def test_bands_miss_less_than_one_in_ten_thousand(
    threshold: float, bands: int, rows: int, least: int
) -> None:
    found = banding(threshold)
    assert (found.bands, found.rows, found.least) == (bands, rows, least)
    assert (1 - threshold**rows) ** bands < 1e-4


def test_the_threshold_itself_is_near() -> None:
    assert banding(0.85).near(17, 20)
    assert not banding(0.85).near(16_999, 20_000)
    assert banding(0.7).near(7, 10)


# Groups


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_those_of_the_definition(tmp_path: Path, seed: int) -> None:
    texts = corpus(seed)
    with holding(tmp_path / "case", texts) as case:
        summary = run(case)
        wanted = expected(texts)
        same(on_record(case), wanted)
        assert wanted
        assert summary.documents == len(wanted)
        assert summary.groups == len({principal for principal, _ in wanted.values()})
        assert summary.texts == len({t for t in texts if near_reference.words(t) > 4})


@pytest.mark.parametrize("threshold", [0.5, 0.7, 1.0])
def test_other_thresholds(tmp_path: Path, threshold: float) -> None:
    texts = corpus(11)
    with holding(tmp_path / "case", texts) as case:
        at(case, threshold)
        run(case)
        same(on_record(case), expected(texts, round(10_000 * threshold)))


def at(case: Case, threshold: float) -> None:
    case.settings = case.settings.model_copy(update={"near_threshold": threshold})


def test_a_new_threshold_relates_all_anew(tmp_path: Path) -> None:
    texts = corpus(3)
    with holding(tmp_path / "case", texts) as case:
        for threshold in (0.85, 0.7, 0.95, 0.85):
            at(case, threshold)
            run(case)
            same(on_record(case), expected(texts, round(10_000 * threshold)))


@pytest.mark.parametrize("seed", range(5))
def test_in_whatever_order_texts_come(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several runs, small pages: the end is that of one run over all."""
    monkeypatch.setattr(near, "PAGE", 7)
    rng = random.Random(seed)
    texts = corpus(20)
    rng.shuffle(texts)
    with case_with(tmp_path / "case", []) as case:
        start = 0
        while start < len(texts):
            end = start + rng.randint(1, 30)
            add(case, [Doc(each) for each in texts[start:end]])
            run(case)
            same(on_record(case), expected(texts[:end]))
            start = end
        assert by_text(case) == ORDERS.setdefault("texts", by_text(case))


ORDERS: dict[str, dict[str, tuple[str, float]]] = {}
"""What the first of several orders gave, to compare the others with."""


def test_a_chain_is_parted_by_its_longest(tmp_path: Path) -> None:
    """B is near A and C is near B, but C is not near A: C stands alone."""
    words = letter(random.Random(1), 200)
    texts = [" ".join(words[: 200 - 12 * step]) for step in range(3)]
    ratios = [
        near_reference.jaccard(near_reference.shingles(texts[a]), near_reference.shingles(texts[b]))
        for a, b in ((0, 1), (1, 2), (0, 2))
    ]
    assert [ratio >= Fraction(9, 10) for ratio in ratios] == [True, True, False]
    with holding(tmp_path / "case", reversed(texts)) as case:
        at(case, 0.9)
        run(case)
        assert on_record(case) == {3: (3, 100.0), 2: (3, pytest.approx(float(100 * ratios[0])))}


def test_documents_that_are_not_reviewed_are_in_no_group(tmp_path: Path) -> None:
    texts = [" ".join(letter(random.Random(2), 50))] * 4
    with holding(tmp_path / "case", texts) as case:
        stands(case, 1, "duplicate")
        stands(case, 4, "system file")
        run(case)
        assert on_record(case) == {2: (2, 100.0), 3: (2, 100.0)}
        stands(case, 1, "reviewable")
        run(case)
        assert on_record(case) == {1: (1, 100.0), 2: (1, 100.0), 3: (1, 100.0)}
        for number in (1, 2):
            stands(case, number, "duplicate")
        run(case)
        assert on_record(case) == {}


def stands(case: Case, number: int, disposition: str) -> None:
    with case.write() as connection:
        c = tables.documents.c
        connection.execute(
            tables.documents.update().where(c.id == number).values(disposition=disposition)
        )


@pytest.mark.parametrize("seed", range(3))
def test_texts_that_leave_and_come_back(tmp_path: Path, seed: int) -> None:
    """Principals leave too: their members find others, or become principals."""
    rng = random.Random(seed)
    texts = corpus(30 + seed, forms=4)
    with holding(tmp_path / "case", texts) as case:
        run(case)
        for _ in range(4):
            for number in range(1, len(texts) + 1):
                stands(case, number, rng.choice(("reviewable", "reviewable", "duplicate")))
            run(case)
            with case.read() as connection:
                c = tables.documents.c
                kept = sa.select(c.id).where(c.disposition == "reviewable")
                there = set(connection.execute(kept).scalars())
            some = [text if n in there else "" for n, text in enumerate(texts, 1)]
            same(on_record(case), expected(some))


def test_a_text_that_changes(tmp_path: Path) -> None:
    rng = random.Random(9)
    form, other = letter(rng, 80), letter(rng, 80)
    texts = [" ".join(form), " ".join(edited(rng, form, 1)), " ".join(other)]
    with holding(tmp_path / "case", texts) as case:
        run(case)
        same(on_record(case), expected(texts))
        assert on_record(case)
        changed = " ".join(edited(rng, other, 1))
        with case.write() as connection:
            c = tables.documents.c
            connection.execute(
                tables.documents.update().where(c.id == 1).values(text_sha256=put(case, changed))
            )
        run(case)
        same(on_record(case), expected([changed, *texts[1:]]))
        assert set(on_record(case)) == {1, 3}


def test_nothing_new_reads_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(tmp_path / "case", corpus(5)) as case:
        first = run(case)
        assert first.changed == first.documents > 0
        monkeypatch.setattr(near, "word_hashes", None)
        monkeypatch.setattr(near_record, "write", None)
        again = run(case)
        assert (again.texts, again.compared, again.changed) == (0, 0, 0)
        assert (again.groups, again.documents) == (first.groups, first.documents)


class _CutError(Exception):
    pass


@pytest.mark.parametrize("seed", range(3))
def test_a_run_that_is_cut_off_is_taken_up(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before or after any transaction: what follows ends where one run would have."""
    monkeypatch.setattr(near, "PAGE", 4)
    monkeypatch.setattr(near_documents, "_AT_ONCE", 4)
    rng = random.Random(seed)
    texts = corpus(40 + seed)
    rng.shuffle(texts)
    with holding(tmp_path / "case", texts[:25]) as case:
        run(case)
        add(case, [Doc(each) for each in texts[25:]])
        cuts = 0
        while True:
            left = rng.randint(1, 3)
            with monkeypatch.context() as patch:
                patch.setattr(case, "write", _cut_off(case, left, after=rng.random() < 0.5))
                try:
                    run(case)
                except _CutError:
                    cuts += 1
                    continue
            break
        assert cuts > 2
        same(on_record(case), expected(texts))


def _cut_off(case: Case, left: int, *, after: bool) -> Any:
    """A `write` that fails at the last of some transactions, before or after its commit."""
    write, count = case.write, iter(range(left, -1, -1))

    @contextmanager
    def cut() -> Iterator[sa.Connection]:
        last = next(count) == 0
        with write() as connection:
            yield connection
            if last and not after:
                raise _CutError
        if last:
            raise _CutError

    return cut


def test_a_form_of_many_letters_is_compared_with_its_principal_only(tmp_path: Path) -> None:
    rng = random.Random(6)
    form = letter(rng, 150)
    texts = list({" ".join([*form, *letter(rng, 3)]) for _ in range(300)})
    with holding(tmp_path / "case", texts) as case:
        summary = run(case)
        assert summary.groups == 1
        assert summary.compared < 2 * len(texts)
        same(on_record(case), expected(texts))


# Commands


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    rng = random.Random(8)
    form = letter(rng, 60)
    texts = [" ".join(form[:-4]), "Please send me the signed charter today.", " ".join(form)]
    with holding(tmp_path_factory.mktemp("near") / "case", texts) as case:
        run(case)
        yield case


def said(case: Case, *arguments: str) -> str:
    command = languages if arguments[0] == "languages" else near_group
    rest = arguments[1:] if command is languages else arguments
    done = CliRunner().invoke(command, [*rest, "--case", str(case.folder)])
    if done.exception is not None:
        raise done.exception
    return done.stdout


GROUP = [
    ("RW-00000003", 100.0, 60, "Ray, Ann", "folder/3.txt"),
    ("RW-00000001", 92.86, 56, "Ray, Ann", "folder/1.txt"),
]


def test_near_list(shown: Case) -> None:
    names = ("document", "percent", "words", "custodian", "address")
    members = [dict(zip(names, each, strict=True)) for each in GROUP]
    wanted = [{"principal": "RW-00000003", "members": members}]
    assert json.loads(said(shown, "list", "--json")) == wanted
    lines = [line.split("\t") for line in said(shown, "list").splitlines()]
    assert lines[0] == ["principal", *names]
    assert lines[1:] == [["RW-00000003", *map(str, each)] for each in GROUP]


def test_near_show(shown: Case) -> None:
    assert said(shown, "show", "RW-1") == said(shown, "list")
    assert json.loads(said(shown, "show", "2", "--json")) == []
    with pytest.raises(SelectionError, match="no document 9"):
        said(shown, "show", "9")
    with pytest.raises(SelectionError, match="no control number"):
        said(shown, "show", "x")


def test_languages_are_counted(shown: Case) -> None:
    assert json.loads(said(shown, "languages", "--json")) == {"none": 2, "en": 1}
    assert said(shown, "languages").split() == ["none", "2", "en", "1"]
