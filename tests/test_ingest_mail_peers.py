"""Redwell beside two other parsers on real mails: every disagreement has its judgement."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.heavy,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there"),
]


def test_every_disagreement_is_judged_and_none_is_left_over() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.eml_compare", "--corpus", str(CORPUS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "342 files" in done.stdout
    assert "NOT JUDGED" not in done.stdout
    for line in (
        "python: subject 337, from 321, to 326, date 340, names 323, sizes 325",
        "mime4j: subject 310, from 309, to 320, date 318, names 321, sizes 319",
    ):
        assert line in done.stdout
