"""EDRM XML: written, read back by another reader, compared with the DAT, damaged and found."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from produce.check import check
from produce.check_terms import terms_of
from produce.edrm import EdrmDocument, EdrmFile, EdrmTag, write_edrm
from produce.plan import plan
from produce.reader import UnreadableError
from produce.reader_edrm import read_edrm
from produce.run import run
from produce.specification import Specification
from records.case import Case
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop

SAMPLE = Path(__file__).parents[1] / ".." / "shared" / "corpus" / "loadfiles" / "edrm_1.2_small.xml"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        mail_family(opened, 1)
        add(opened, 4, text="x\nþ ® & <b>", name='odd "&<name>.txt')
        tag(opened, "Responsive", [1, 4])
        tag(opened, "Privileged", [2])
        yield opened


def _spec() -> Specification:
    return specification(
        "VOL1", exclude_tags=("Privileged",), load_files=("dat", "opt", "lfp", "edrm")
    )


def _volume(case: Case) -> Path:
    plan(case, _spec())
    return Path(run(case, "VOL1", workshop()).folder)


def test_documents_files_tags_and_kinship(case: Case) -> None:
    volume = _volume(case)
    batch = read_edrm(volume / "DATA/VOL1.xml")
    odd, mail, withheld = batch.records
    assert (batch.name, batch.kin) == ("VOL1", [(mail.number, withheld.number)])
    assert (mail.kind, odd.kind, mail.custodian) == ("Message", "File", "Okafor, Amara")
    assert mail.tags["#Subject"] == "Mooring tails; þ ® and more"
    assert mail.tags["#DateSent"] == "2024-03-12T02:30:00Z"
    assert odd.tags["#FileName"] == 'odd "&<name>.txt'
    assert odd.location == 'folder/4/odd "&<name>.txt'
    assert [each[0] for each in mail.files] == ["Text", "Image", "Image"]
    assert withheld.tags.keys() & {"#FileName", "MD5", "#FileSize", "FilePath"} == set()
    assert withheld.location == ""
    root = ElementTree.parse(volume / "DATA/VOL1.xml").getroot()  # another reader still
    assert [each.tag for each in root] == ["Fields", "Batch"]
    assert len(root.findall("Batch/Documents/Document")) == 3
    declared = {each.get("Name") for each in root.findall("Fields/Field")}
    assert {each.get("TagName") for each in root.iter("Tag")} <= declared


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("unreadable-edrm", "</Root>", ""),
        ("unreadable-edrm", "?>", '?><!DOCTYPE Root [<!ENTITY a "b">]>'),
        ("edrm-volume", '<Batch name="VOL1"', '<Batch name="VOL2"'),
        ("edrm-documents", 'DocID="ABC0000001"', 'DocID="ABC0000009"'),
        ("edrm-kin", 'ChildDocID="ABC', 'ChildDocID="XYZ'),
        ("edrm-gone", 'FileName="ABC0000001.tif"', 'FileName="ABC0000009.tif"'),
        ("edrm-unlinked", 'FileName="ABC0000001.tif"', 'FileName="ABC0000009.tif"'),
        ("edrm-hash", 'Hash="', 'Hash="0'),
        ("edrm-tag", "Mooring tails", "Other tails"),
        ("edrm-tag", 'TagName="#Subject"', 'TagName="Secret"'),
        ("edrm-tag", "<Custodian>Okafor", "<Custodian>Brandt"),
    ],
)
def test_damage_is_found(case: Case, code: str, old: str, new: str) -> None:
    volume = _volume(case)
    terms = terms_of(_spec())
    assert check(volume, terms=terms) == []
    xml = volume / "DATA/VOL1.xml"
    text = xml.read_text()
    assert old in text
    xml.write_text(text.replace(old, new, 1))
    assert code in {each.code for each in check(volume, terms=terms)}
    xml.unlink()
    assert "missing-edrm" in {each.code for each in check(volume, terms=terms)}


_NAMES = st.text("ABC0123", min_size=1, max_size=8)
_VALUES = st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=30)


@given(
    st.lists(
        st.builds(
            EdrmDocument,
            number=_NAMES,
            kind=st.sampled_from(["Message", "File"]),
            mime=_VALUES,
            parent=st.just("") | _NAMES,
            custodian=_VALUES,
            location=_VALUES,
            files=st.lists(
                st.builds(
                    EdrmFile,
                    kind=st.just("Text"),
                    path=st.builds("TEXT/{}".format, _NAMES),
                    size=st.integers(0, 9999),
                    sha256=_NAMES,
                ),
                max_size=2,
            ).map(tuple),
            tags=st.dictionaries(_NAMES, _VALUES, max_size=3).map(
                lambda found: tuple(EdrmTag(name, "Text", text) for name, text in found.items())
            ),
        ),
        max_size=3,
    )
)
def test_any_documents_read_back(documents: list[EdrmDocument]) -> None:
    buffer = io.BytesIO()
    write_edrm(buffer, "VOL1", [("#From", "Text")], documents)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.xml"
        file.write_bytes(buffer.getvalue())
        batch = read_edrm(file)
    assert batch.kin == [(each.parent, each.number) for each in documents if each.parent]
    for found, due in zip(batch.records, documents, strict=True):
        assert (found.number, found.kind) == (due.number, due.kind)
        assert found.mime == _plain(due.mime)
        assert found.custodian == _plain(due.custodian)
        assert found.location == _plain(due.location)
        assert found.tags == {each.name: _plain(each.value) for each in due.tags}
        assert found.files == [(e.kind, e.path, str(e.size), e.sha256) for e in due.files]


def _plain(value: str) -> str:
    """What XML 1.0 cannot hold, control characters, is written as U+FFFD."""
    return "".join("\ufffd" if ord(c) < 32 and c not in "\t\n\r" else c for c in value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<Batch/>", "not with Root"),
        ("<Root><Tag TagName='a' TagValue='b'/></Root>", "outside of a document"),
        ("<Root><Document DocType='File'/></Root>", "lacks 'DocID'"),
        ("<Root><Document DocID='1'><Tag TagName='a'/></Document></Root>", "lacks 'TagValue'"),
        ("not XML", "no XML"),
        ("<!DOCTYPE Root SYSTEM 'http://x.example/'><Root/>", "declares"),
    ],
)
def test_file_that_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(UnreadableError, match=why):
        read_edrm(tmp_path / "x.xml")


def test_a_file_of_somebody_else_is_read() -> None:
    if not SAMPLE.is_file():
        pytest.skip("the corpus is not here")
    batch = read_edrm(SAMPLE)
    assert [each.number for each in batch.records] == ["DOC000001", "DOC000002", "DOC000004"]
    assert batch.kin == [("DOC000002", "DOC000004")]
    assert batch.records[0].files == [("Native", "NATIVES/DOC000001.eml", "10", "0")]
