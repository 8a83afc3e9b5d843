"""The command `run` makes the same case as the commands of its stages, one after another."""

from pathlib import Path

import pytest

from bench import pipeline

pytestmark = [pytest.mark.slow, pytest.mark.heavy]


def _made(case: Path, *steps: tuple[str, ...]) -> dict[str, list[str]]:
    about = ("--number", "1", "--caption", "Run", "--bates-prefix", "RUN")
    pipeline.redwell("init", str(case), *about, "--custodian", "Ann")
    for step in steps:
        pipeline.redwell(*step, "--workers", "1", "--case", str(case))
    return pipeline.contents(case)


def test_run_is_the_stages_in_one_go(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.eml").write_bytes(b"From: a@x.example\nSubject: one\nMessage-ID: <1@x>\n\nwords\n")
    (source / "b.txt").write_text("some words that are plain", encoding="utf-8")
    collect = (str(source), "--custodian", "Ann")
    stages = _made(
        *(tmp_path / "stages", ("ingest", *collect), ("process", "--no-ocr"), ("index",))
    )
    at_once = _made(tmp_path / "run", ("run", *collect, "--no-ocr"))
    assert len(at_once["documents"]) == 2
    assert at_once["threads"]
    assert pipeline.differences(stages, at_once) == []
    found = pipeline.redwell("search", "words", "--ids", "--case", str(tmp_path / "run"))
    assert found.split() == ["RW-00000001", "RW-00000002"]
