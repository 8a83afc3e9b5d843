"""Mailboxes cut and broken at random: nothing hangs, nothing is raised, nothing is lost in silence.

Each file is broken in a process of its own with a limit of time.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.pst_header import ANSI, UNICODE, UNICODE_4K, Layout
from tests.ingest_pst_maker import ROOT, Attached, Maker, number, text

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
CUTS, FLIPS, FORGED = 20, 100, 100  # `python -m tests.ingest_pst_breaker` takes any numbers


def _broken(path: Path, seed: int) -> dict[str, int]:
    command = [sys.executable, "-P", "-m", "tests.ingest_pst_breaker", str(path), str(seed)]
    done = subprocess.run(
        [*command, str(CUTS), str(FLIPS), str(FORGED)],
        cwd=Path(__file__).resolve().parent.parent,
        env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, int] = json.loads(done.stdout)
    assert seen.get("raised", 0) == 0, done.stderr
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("layout", [ANSI, UNICODE, UNICODE_4K], ids=["ansi", "unicode", "4k"])
def test_a_made_mailbox(layout: Layout, tmp_path: Path) -> None:
    maker = Maker(layout).start()
    for folder in (0x8042, 0x8062):
        maker.folder(folder, ROOT, f"folder {folder}")
        for at in range(15):
            maker.message(
                folder,
                [text(0x001A, "IPM.Note"), text(0x0037, f"item {at}"), text(0x1000, "x" * 4000)],
                [[number(0x0C15, 1), text(0x3001, "Ann")]] * 3,
                [
                    Attached((text(0x3707, "a"),), bytes(10_000)),
                    Attached((), message=(text(55, ""),)),
                ],
            )
    path = tmp_path / "made.pst"
    path.write_bytes(maker.done())
    seen = _broken(path, 1)
    assert seen["runs"] == CUTS + FLIPS + FORGED
    assert (seen["sound"], seen["uncounted"], seen["silent"]) == (30, 0, 0)
    assert 0 < seen["whole"] < seen["came"]


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize(
    "name",
    [
        "32-bit-ansi.pst",
        "MapiNote.pst",
        "SampleContacts.pst",
        "dist-list.pst",
        "empty-new.pst",
        "passworded.pst",
        "testPST.pst",
    ],
)
def test_small_mailboxes_of_the_corpus(name: str) -> None:
    seen = _broken(CORPUS / "mail" / "pst" / name, 2)
    assert seen["runs"] == CUTS + FLIPS + FORGED
    assert (seen["uncounted"], seen["silent"]) == (0, 0)
