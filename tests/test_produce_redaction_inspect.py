"""Redactions that hide nothing are recognised, in files of our own and in public ones."""

import io
import json
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner

from produce.imaging.burn import Mark, burn
from produce.redact_commands import redact_group
from records.errors import RedactionError
from tests.redaction_matter import paper

CORPUS = Path(__file__).parents[2] / "shared/corpus/pdf/bad-redactions"
BAD = {"rectangles_yes_2.pdf", "bad_cross_hatched_redactions.pdf"}


def _inspect(path: Path) -> list[dict[str, Any]]:
    done = CliRunner().invoke(redact_group, ["inspect", str(path), "--json"])
    assert done.exception is None, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["unseen"]
    return found


def _painted(path: Path, operators: str) -> Path:
    with pikepdf.open(io.BytesIO(paper(["The secret is out", "and this is not"]))) as pdf:
        page = pdf.pages[0]
        page.Contents = pdf.make_stream(page.Contents.read_bytes() + operators.encode())
        pdf.save(path)
    return path


@pytest.mark.parametrize(
    ("operators", "kind"),
    [
        ("\n0 g 94 696 35 14 re f", "under a box"),
        ("\n0.5 0.2 0.2 rg 94 696 35 14 re f", "under a box"),
        ("\n1 g 94 696 35 14 re f", "not seen on white"),
    ],
)
def test_text_under_a_box_is_told(tmp_path: Path, operators: str, kind: str) -> None:
    (found,) = _inspect(_painted(tmp_path / "a.pdf", operators))
    assert (found["page"], found["kind"], found["text"]) == (1, kind, "secret")
    assert found["box"][0] == pytest.approx(94, abs=3)


def test_what_is_seen_and_what_is_burned_in_is_none(tmp_path: Path) -> None:
    source = tmp_path / "plain.pdf"
    source.write_bytes(paper(["The secret is out"]))
    assert _inspect(source) == []
    target = tmp_path / "burned.pdf"
    burn(source, target, {1: [Mark((94.0, 80.0, 129.0, 98.0), "AC")]}, "")
    assert [each for each in _inspect(target) if "secret" in each["text"]] == []


def test_what_is_no_pdf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"no PDF")
    done = CliRunner().invoke(redact_group, ["inspect", str(path)])
    assert isinstance(done.exception, RedactionError)


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is absent")
def test_public_bad_redactions_are_recognised_and_good_ones_are_not() -> None:
    bad = {
        path.name
        for path in sorted(CORPUS.glob("*.pdf"))
        if any(each["kind"] == "under a box" for each in _inspect(path))
    }
    assert bad == BAD
