"""A parser that does its worst costs its own document and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from process import worker
from process.allowed import seconds_for
from process.interface import ExtractBatch, FamilyResult
from process.worker import extract_batch
from records.codes import Code, Disposition
from records.limits import Limits
from tests.process_samples import Bench

BEFORE, AFTER = b"words before it", b"words after it"


@pytest.fixture(scope="module", autouse=True)
def _poisoned() -> Iterator[None]:
    worker.close_children()
    usual, worker.MODULE = worker.MODULE, "tests.process_poison_reader"
    yield
    worker.MODULE = usual
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def _read(bench: Bench, word: str, limits: Limits) -> tuple[FamilyResult, ...]:
    """A document that says what its parser is to do, with two innocent ones on each side."""
    texts = (BEFORE, BEFORE + b"!", word.encode() + b" and more", AFTER, AFTER + b"!")
    jobs = [bench.job(text, f"{at}.txt", at + 1) for at, text in enumerate(texts)]
    return extract_batch(ExtractBatch(tuple(jobs), bench.store.address, limits, ()))


def _innocent(bench: Bench, families: tuple[FamilyResult, ...]) -> None:
    assert [each.document_id for each in families] == [1, 2, 3, 4, 5]
    texts = [bench.text(families[at].members[0]) for at in (0, 1, 3, 4)]
    assert [each.encode() for each in texts] == [BEFORE, BEFORE + b"!", AFTER, AFTER + b"!"]
    assert not [note for at in (0, 1, 3, 4) for note in families[at].members[0].notes]


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("HANG", Code.TIMEOUT, r"gave no answer within 2 s, at 0 2\.txt"),
        ("LENGTH", Code.TIMEOUT, "gave no answer within"),
        ("HALT", Code.CRASH, r"ended with exit code 77, at 0 2\.txt"),
        ("SEGV", Code.CRASH, r"was ended by SIG\w+, at 0 2\.txt"),
        ("EAT", Code.MEMORY, r"took \d+ MB of memory, at 0 2\.txt"),
        ("EATJAVA", Code.MEMORY, r"ran out of memory, at 0 2\.txt"),
        ("NOJSON", Code.CRASH, "makes no sense"),
        ("NOLIST", Code.CRASH, "no list"),
        ("NOTHING", Code.CRASH, "KeyError"),
        ("DEEP", Code.CRASH, "RecursionError"),
        ("FOREIGN", Code.CRASH, "not its own"),
        ("KIND", Code.CRASH, "chars is str"),
        ("CODE", Code.CRASH, "no-such-code"),
        ("PARENT", Code.CRASH, "no holder"),
    ],
)
def test_poison_is_an_exception_and_the_others_are_read(
    bench: Bench, word: str, code: Code, said: str
) -> None:
    seconds = 4 if word in ("HANG", "LENGTH") else 240
    limits = Limits(seconds=seconds, memory_mb=2048 if word == "EATJAVA" else 1024)
    families = _read(bench, word, limits)
    _innocent(bench, families)
    (root,) = families[2].members
    assert root.outcome is Disposition.EXCEPTION
    (note,) = root.notes
    assert (note.code, note.tool, note.tool_version, note.attempts) == (code, "child", "1", 2)
    assert re.search(said, note.message), note.message


@pytest.mark.parametrize("word", ["PRINT", "CHANNEL"])
def test_what_a_parser_prints_is_no_answer(bench: Bench, word: str) -> None:
    families = _read(bench, word, Limits())
    _innocent(bench, families)
    assert bench.text(families[2].members[0]) == f"{word} and more"


def test_a_stranger_who_kills_the_child_makes_no_exception(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    count = tmp_path / "kills"
    count.write_text("6")
    monkeypatch.setenv("REDWELL_TEST_KILLS", str(count))
    worker.close_children()
    families = _read(bench, "KILLED", Limits())
    _innocent(bench, families)
    assert count.read_text() == "0"
    assert bench.text(families[2].members[0]) == "KILLED and more"
    assert families[2].members[0].notes == ()


def test_limits_go_by_kind_and_size_and_are_longer_for_a_lonely_try() -> None:
    limits = Limits(seconds=100)
    small = seconds_for(limits, 1000)
    assert (small("email"), small("pdf"), small("")) == (25, 100, 100)
    assert seconds_for(limits, 1000, lonely=True)("pdf") == 200
    large = seconds_for(limits, 66 << 20)
    assert (large("email"), large("pdf")) == (75, 150)
    assert seconds_for(limits, 1 << 40)("pdf") == 400
