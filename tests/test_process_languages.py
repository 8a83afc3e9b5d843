"""The language of a text, and its way to the documents that have it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from process import analyse as analysing
from process.analyse import analyse
from process.analyse_text import AnalyseBatch
from process.languages import language_of
from records import tables
from records.case import Case
from records.engine import Engine
from records.streams import Died, Outcome
from tests.index_cases import Doc, add, case_with, put
from tests.ingest_engines import Inline
from tests.language_samples import SAMPLES


@pytest.mark.parametrize("code", SAMPLES)
def test_short_and_long_texts(code: str) -> None:
    assert [language_of(each).code for each in SAMPLES[code]] == [code, code]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "12.50 30/4/2001 4711", "OK, ok", "契約", "x@example.com http://example.com/a/b/c"],
)
def test_too_few_letters_have_no_language(text: str) -> None:
    assert language_of(text).code is None


def test_letters_that_mean_nothing_have_none() -> None:
    assert language_of("zq wxk vbn qqj xzv kjq zzx wvk jqx bnz qwz xkv zjb").code is None


def test_the_main_language_is_that_of_the_most_text() -> None:
    german, english = SAMPLES["de"][1], SAMPLES["en"][1]
    assert language_of(f"{german} {german} {german} {english}").code == "de"
    assert language_of(f"{english} {english} {german} {english}").code == "en"
    assert language_of(f"{SAMPLES['ja'][1]} {SAMPLES['en'][0]}").code == "ja"
    assert language_of(f"{SAMPLES['zh'][0]} {english} {english}").code == "en"


def test_a_long_text_is_judged_by_beginning_middle_and_end() -> None:
    greeting = SAMPLES["en"][0]
    text = f"{greeting}\n" + "\n".join(SAMPLES["fr"][1] for _ in range(200))
    assert language_of(text).code == "fr"


def test_how_sure_it_is() -> None:
    assert language_of(SAMPLES["ko"][1]).confidence == 1.0
    mixed = language_of(f"{SAMPLES['ko'][1]} {SAMPLES['en'][0]}")
    assert mixed.code == "ko"
    assert 0.5 < mixed.confidence < 1.0


class Counting(Inline):
    """Counts the texts that workers were asked for; a task with the text `deadly` is lost."""

    def __init__(self, deadly: str = "") -> None:
        super().__init__()
        self.texts: list[str] = []
        self._deadly_text = deadly

    def do(self, function: Callable[[Any], Any], batch: AnalyseBatch) -> Outcome:
        self.texts += batch.texts
        return Died() if self._deadly_text in batch.texts else super().do(function, batch)


def documents(case: Case) -> dict[int, tuple[str | None, bool]]:
    """Each document's language, and whether its relations rest on the text it has."""
    c = tables.documents.c
    with case.read() as connection:
        rows = connection.execute(sa.select(tables.documents).order_by(c.id)).all()
    return {row.id: (row.language, row.analysed_sha256 == row.text_sha256) for row in rows}


def test_each_distinct_text_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysing, "BATCH_COUNT", 2)
    german, french = SAMPLES["de"][1], SAMPLES["fr"][1]
    docs = [Doc(german), Doc(french), Doc(german), Doc(None), Doc(french), Doc(german)]
    with case_with(tmp_path / "case", docs) as case:
        engine = Counting()
        summary = analyse(case, engine)
        assert (summary.documents, summary.texts) == (5, 2)
        assert len(engine.texts) == 2
        assert documents(case) == {
            1: ("de", True),
            2: ("fr", True),
            3: ("de", True),
            4: (None, True),
            5: ("fr", True),
            6: ("de", True),
        }
        add(case, [Doc(french)])
        again = Counting()
        assert analyse(case, again).documents == 1
        assert again.texts == []
        assert documents(case)[7] == ("fr", True)


def test_what_waits_to_be_processed_waits(tmp_path: Path) -> None:
    with case_with(
        tmp_path / "case", [Doc(SAMPLES["de"][1], extra={"state": "collected"})]
    ) as case:
        assert analyse(case, Inline()).documents == 0
        assert documents(case) == {1: (None, False)}


def test_a_new_text_is_analysed_and_a_lost_one_forgotten(tmp_path: Path) -> None:
    with case_with(tmp_path / "case", [Doc(SAMPLES["de"][1]), Doc(SAMPLES["fr"][1])]) as case:
        analyse(case, Inline())
        c = tables.documents.c
        with case.write() as connection:
            for number, text in ((1, put(case, SAMPLES["it"][1])), (2, None)):
                connection.execute(
                    tables.documents.update().where(c.id == number).values(text_sha256=text)
                )
        assert analyse(case, Inline()).documents == 2
        assert documents(case) == {1: ("it", True), 2: (None, True)}


def test_a_text_that_kills_its_worker_is_said_so(tmp_path: Path) -> None:
    texts = [SAMPLES["de"][1], SAMPLES["fr"][1], SAMPLES["de"][1], SAMPLES["it"][1]]
    with case_with(tmp_path / "case", [Doc(each) for each in texts]) as case:
        analyse(case, Counting(put(case, texts[0])))
        assert [each[0] for each in documents(case).values()] == [None, "fr", None, "it"]
        with case.read() as connection:
            notes = connection.execute(sa.select(tables.notes)).all()
        assert [(each.document_id, each.severity, each.code) for each in notes] == [
            (1, "warning", "crash"),
            (3, "warning", "crash"),
        ]
        assert analyse(case, Inline()).documents == 0


def test_another_version_analyses_all_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with case_with(tmp_path / "case", [Doc(SAMPLES["de"][1]), Doc(None)]) as case:
        analyse(case, Inline())
        monkeypatch.setattr(analysing, "VERSION", "another")
        engine: Engine = Inline()
        assert analyse(case, engine).texts == 1
        assert analyse(case, engine).documents == 0
        with case.read() as connection:
            rows = connection.execute(sa.select(tables.text_analyses)).all()
        assert [(row.version, row.language, row.words) for row in rows] == [("another", "de", 30)]


def test_a_run_that_is_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysing, "BATCH_COUNT", 1)
    texts = [SAMPLES[code][1] for code in ("de", "fr", "de", "it")]
    with case_with(tmp_path / "case", [Doc(each) for each in texts]) as case:
        with pytest.raises(KeyboardInterrupt):
            analyse(case, Inline(stop_after=2))
        assert [each[0] for each in documents(case).values()] == ["de", "fr", None, None]
        assert analyse(case, Inline()).documents == 2
        assert [each[0] for each in documents(case).values()] == ["de", "fr", "de", "it"]
