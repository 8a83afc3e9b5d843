"""The public samples of load files are all received, with the counts that their files have."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from produce.received.look import look
from produce.received.record import defects_of, volume
from records.case import Case
from records.codes import Disposition
from tests.received_volumes import documents, new_case, take

CORPUS = Path(__file__).parents[2] / "shared/corpus/loadfiles"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")

ADAPTER = "loadfileadapter"
TOOLKIT = "ediscovery-toolkit"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with new_case(tmp_path) as opened:
        yield opened


def _volume(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        shutil.copy(CORPUS / name, folder)
    return folder


@pytest.mark.parametrize(
    ("names", "documents_", "families", "images"),
    [
        ((f"{ADAPTER}/docs_concordance_cp1252.dat", f"{ADAPTER}/images_opticon.opt"), 10, 5, 25),
        ((f"{ADAPTER}/docs_concordance_utf16.dat", f"{ADAPTER}/images_ipro.lfp"), 10, 5, 25),
        ((f"{ADAPTER}/images_ipro.lfp",), 10, 5, 25),
        ((f"{ADAPTER}/images_opticon.opt",), 10, 10, 25),
        ((f"{TOOLKIT}/clean_production.dat", f"{TOOLKIT}/clean_production.opt"), 3, 1, 3),
        ((f"{TOOLKIT}/demo_production.dat", f"{TOOLKIT}/demo_production.opt"), 50, 25, 49),
        ((f"{TOOLKIT}/sample.dat", f"{TOOLKIT}/sample_privlog.csv"), 2, 2, 0),
        (("edrm_1.2_small.xml",), 3, 2, 0),
    ],
)
def test_samples_are_received(
    case: Case, tmp_path: Path, names: tuple[str, ...], documents_: int, families: int, images: int
) -> None:
    folder = _volume(tmp_path / "vol", *names)
    made = take(case, folder)
    assert made.counts["documents"] == documents_ == len(documents(case))
    assert made.counts["families"] == families
    assert made.counts.get("pages", 0) == images
    assert made.counts["files"] == len(names)
    assert {each["disposition"] for each in documents(case)} == {Disposition.EXCEPTION}


def test_two_files_of_the_same_documents_are_a_question(tmp_path: Path) -> None:
    names = [f"{ADAPTER}/docs_concordance_{each}.dat" for each in ("cp1252", "utf16")]
    (question,) = look(_volume(tmp_path / "vol", *names)).questions
    assert "tell of 10 of the same documents" in question


def test_the_damage_done_to_the_demonstration_is_found(case: Case, tmp_path: Path) -> None:
    names = [f"{TOOLKIT}/demo_production.{each}" for each in ("dat", "opt")]
    take(case, _volume(tmp_path / "vol", *names))
    with case.read() as connection:
        found = defects_of(connection, volume(connection, "vol").id)
    codes = Counter(each.code for each in found)
    assert codes["bates-gap"] == 2
    assert codes["image-without-row"] == codes["image-none"] == 1
    assert codes["family-parent-missing"] == 5
    assert codes["image-missing"] == 49
    assert json.dumps([each.beg for each in found])  # every one is plain text


def test_a_real_production_with_its_families(case: Case, tmp_path: Path) -> None:
    archive = CORPUS.parent / "matter-enron/bailey-s.production.tar.gz"
    if not archive.is_file():
        pytest.skip("the production of the corpus is not there")
    shutil.unpack_archive(archive, tmp_path, filter="data")
    made = take(case, tmp_path / "bailey-s-production")
    assert made.counts["documents"] == made.counts["rows"] == 2346
    assert made.counts["families"] == 2179
    assert made.counts["files by use"] == {
        "load file": 1, "native": 2344, "text": 2346, "unlisted": 1,
    }  # fmt: skip
    assert made.defects["native-missing"] == 2
    assert made.defects["bates-gap"] == 115
