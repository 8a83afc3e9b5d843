"""Volumes by each profile and by odd specifications, with a plain imager: run, read, checked."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from index.catalog import SqlCatalog
from produce.check import check
from produce.check_terms import terms_of
from produce.commands import produce
from produce.interface import ImageBatch, ImageResult
from produce.layout import endorsements
from produce.overlay_run import overlay_custodians
from produce.plan import plan
from produce.reader import read_dat, read_lfp, read_opt
from produce.run import run
from produce.spec_commands import for_case, terms_from
from produce.spec_file import profiles
from produce.specification import Specification
from records.case import Case
from records.codes import Disposition
from records.errors import ProductionError, SpecificationError
from records.fields import Address, Fields
from tests.produce_matter import (
    add,
    mail_family,
    matter,
    plain_image,
    specification,
    tag,
    workshop,
)

CODECS = {"utf-8-sig": "utf-8-sig", "utf-16le": "utf-16", "cp1252": "cp1252"}


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A mail with a spreadsheet, one with a withheld attachment, a lone text of three pages."""
    with matter(tmp_path) as opened:
        mail_family(opened, 1)
        mail_family(opened, 4, day="13")
        add(opened, 7, text="one\ftwo\fthree", name="Grüße.txt")
        tag(opened, "Responsive", [1, 4, 7])
        tag(opened, "Privileged", [5])
        yield opened


def _made(case: Case, spec: str | None = None, name: str = "VOL1", **given: Any) -> Path:
    """A frozen volume; a run checks it by the production's own specification."""
    given = {"tag": "Responsive", "exclude_tags": ("Privileged",), "legend": "SECRET"} | given
    if spec == "doj-antitrust":
        given["producing_party"] = "Kestrel Ltd"
    plan(case, for_case(case, name, spec, given))
    return Path(run(case, name, workshop()).folder)


def _rows(volume: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """The DAT as Python's csv reads the decoded text."""
    text = next((volume / "DATA").glob("*.dat")).read_bytes().decode(CODECS[encoding])
    source = io.StringIO(text, newline="")
    return list(csv.DictReader(source, delimiter="\x14", quotechar="þ", doublequote=True))


def _check(volume: Path, *arguments: str) -> int:
    return CliRunner().invoke(produce, ["check", str(volume), *arguments]).exit_code


@pytest.mark.parametrize("name", profiles())
def test_volume_of_each_profile_is_checked_by_its_record_and_by_the_profile(
    case: Case, name: str, tmp_path: Path
) -> None:
    volume = _made(case, name)
    result = CliRunner().invoke(produce, ["check", "VOL1", "--case", str(case.folder)])
    assert result.exit_code == 0, result.output
    bare = tmp_path / "bare"
    shutil.copytree(volume, bare)
    assert _check(bare, "--spec", name) == 0
    other = "esi" if name in ("sec", "doj-antitrust", "native") else "sec"
    assert _check(bare, "--spec", other) != 0
    assert len(_rows(volume)) == 5


def test_sec_rows(case: Case) -> None:
    rows = _rows(_made(case, "sec"))
    assert [each["FIRSTBATES"] for each in rows] == [f"ABC{n:07}" for n in (1, 4, 6, 7, 9)]
    assert [each["ATTACHRANGE"] for each in rows[:2]] == ["ABC0000001 - ABC0000003"] * 1 + [
        "ABC0000004 - ABC0000006"
    ]
    native = next(each for each in rows if each["LINK"])
    assert (native["FILE_NAME"], native["FILE_EXTEN"]) == ("prices.xlsx", "xlsx")
    assert native["OCRPATH"].endswith(".txt")


def test_doj_rows_tell_parents_only_their_children_and_lone_ones_nothing(case: Case) -> None:
    rows = _rows(_made(case, "doj-antitrust"))
    lone = next(each for each in rows if each["PGCOUNT"] == "3")
    assert (lone["FAMLYRNG"], lone["PARENTID"], lone["ATTCHIDS"]) == ("", "", "")
    withheld = next(each for each in rows if each["PRPRTIES"])
    assert withheld["PRPRTIES"] == "Document Withheld Based On Privilege"
    parent = next(each for each in rows if each["DOCID"] == withheld["PARENTID"])
    assert parent["ATTCHIDS"] == withheld["BEGDOC#"]
    assert parent["FAMLYRNG"] == f"{parent['BEGDOC#']} - {withheld['ENDDOC#']}"
    assert {each["COMPANY"] for each in rows} == {"Kestrel Ltd"}
    assert parent["DOCDATE"] == "03/12/2024"  # in New York


def test_doj_without_a_producing_party_is_refused(case: Case) -> None:
    with pytest.raises(SpecificationError, match=r"volume\.producing_party"):
        for_case(case, "VOL1", "doj-antitrust", {"tag": "Responsive"})


def test_native_production_has_each_file_and_no_image(case: Case) -> None:
    volume = _made(case, "native")
    assert sorted(each.name for each in volume.iterdir()) == [
        *("DATA", "MANIFEST.sha256", "NATIVES", "TEXT"),
    ]
    assert [each.name for each in (volume / "DATA").iterdir()] == ["VOL1.dat"]
    rows = _rows(volume)
    assert [each["BegBates"] for each in rows] == [f"ABC{n:07}" for n in range(1, 6)]
    assert [bool(each["NativeLink"]) for each in rows] == [True, True, True, False, False]
    # the mail's own file holds the withheld one, so it is told by its text alone
    assert [each["Withheld"] for each in rows] == ["N", "N", "N", "N", "Y"]
    assert (volume / "TEXT/0001/ABC0000005.txt").read_text() == "Document Withheld - Privileged\n"


def test_documents_are_numbered_and_their_pages_by_suffix(case: Case) -> None:
    volume = _made(case, number_by="document", load_files=("dat", "opt", "lfp"), digits=5)
    rows = _rows(volume)
    assert [each["BegBates"] for each in rows] == [f"ABC{n:05}" for n in range(1, 6)]
    assert all(each["BegBates"] == each["EndBates"] for each in rows)
    assert (rows[1]["BegAttach"], rows[1]["EndAttach"]) == ("ABC00002", "ABC00003")
    lines = read_opt(volume / "DATA/VOL1.opt")
    three = [each.key for each in lines if each.key.startswith(rows[0]["BegBates"])]
    assert [each.page_count for each in lines if each.doc_break == "Y"] == [
        each["PageCount"] for each in rows
    ]
    assert three == ["ABC00001", "ABC00001_0002", "ABC00001_0003"]
    assert (volume / "IMAGES/0001/ABC00001_0003.tif").is_file()
    assert check(volume, terms=terms_of(_spec(number_by="document", digits=5))) == []
    for text, due in (("abc00001_0003", {7}), ("ABC00002", {1}), ("ABC00009_0002", set())):
        assert set(SqlCatalog(case).select("bates", "=", text, None)) == due
    second = _made(case, name="VOL2", number_by="document", digits=5)
    assert _rows(second)[0]["BegBates"] == "ABC00006"


def _spec(**values: Any) -> Specification:
    return specification("VOL1", **values)


def test_numbers_of_documents_that_are_changed_are_found(case: Case) -> None:
    volume = _made(case, number_by="document")
    terms = terms_of(_spec(number_by="document"))
    opt = volume / "DATA/VOL1.opt"
    opt.write_bytes(opt.read_bytes().replace(b"ABC0000001_0002,", b"ABC0000001_0009,"))
    assert {each.code for each in check(volume, terms=terms)} >= {"image-key", "image-name"}
    assert "page-count" in {each.code for each in check(volume)}  # by page each has its own


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_lfp_names_every_page(case: Case, kind: str) -> None:
    volume = _made(case, kind=kind, load_files=("dat", "opt", "lfp"))
    lines = read_lfp(volume / "DATA/VOL1.lfp")
    rows = _rows(volume)
    assert len(lines) == sum(int(each["PageCount"]) for each in rows)
    assert [each.boundary for each in lines if each.boundary] == ["D", "D", "C", "D", "C"]
    offsets = [each.offset for each in lines[:3]]
    assert offsets == ([1, 2, 3] if kind == "pdf" else [0, 0, 0])
    assert {each.type for each in lines} == ({"6"} if kind == "pdf" else {"2"})


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("unreadable-lfp", b"IM,ABC0000002", b"XX,ABC0000002"),
        ("lfp-duplicate", b"IM,ABC0000002", b"IM,ABC0000001"),
        ("lfp-documents", b"ABC0000004,D", b"ABC0000004,"),
        ("lfp-boundary", b"ABC0000006,C", b"ABC0000006,D"),
        ("lfp-volume", b"@VOL1", b"@VOL2"),
        ("lfp-type", b"ABC0000002.tif;2", b"ABC0000002.tif;4"),
        ("lfp-images", b"ABC0000002.tif", b"ABC0000003.tif"),
        ("lfp-offset", b"ABC0000002,,0", b"ABC0000002,,2"),
    ],
)
def test_damaged_lfp_is_found(case: Case, code: str, old: bytes, new: bytes) -> None:
    values: dict[str, Any] = {"load_files": ("dat", "opt", "lfp")}
    volume = _made(case, **values)
    assert check(volume, terms=terms_of(_spec(**values))) == []
    lfp = volume / "DATA/VOL1.lfp"
    assert old in lfp.read_bytes()
    lfp.write_bytes(lfp.read_bytes().replace(old, new))
    assert code in {each.code for each in check(volume, terms=terms_of(_spec(**values)))}
    lfp.unlink()
    assert "missing-lfp" in {each.code for each in check(volume, terms=terms_of(_spec(**values)))}


@pytest.mark.parametrize("encoding", list(CODECS))
def test_dat_in_each_encoding(case: Case, encoding: str) -> None:
    volume = _made(case, dat_encoding=encoding)
    assert "Grüße.txt" in {each["FileName"] for each in _rows(volume, encoding)}
    dat = volume / "DATA/VOL1.dat"
    assert len(read_dat(dat, encoding).records) == 5
    for other in set(CODECS) - {encoding}:
        terms = terms_of(_spec(dat_encoding=other))
        assert "unreadable-dat" in {each.code for each in check(volume, terms=terms)}


def test_letter_that_cp1252_lacks_is_refused_before_the_run(case: Case) -> None:
    add(case, 8, name="Отчёт.txt", text="x")
    tag(case, "Responsive", [8])
    with pytest.raises(SpecificationError, match=r"RW-00000008.*FileName.*'О'.*U\+041E"):
        _made(case, dat_encoding="cp1252")
    tag(case, "Privileged", [8])  # a withheld document tells no name
    assert len(_rows(_made(case, dat_encoding="cp1252"), "cp1252")) == 6


def test_formats_of_dates_names_texts_and_folders(case: Case) -> None:
    fields = Fields(
        sender=(Address("Ludwig van Berg Jr.", "l@x.example"),),
        to=(Address("Amara Okafor", "a@x.example"), Address("", "b@x.example")),
        sent_at="2024-03-01T17:04:05Z",
    )
    add(case, 8, type_="email", text="a\nb", fields=fields, sent_at="2024-03-01T17:04:05Z")
    tag(case, "Responsive", [8])
    volume = _made(
        case,
        date_format="YYYY-MM-DD",
        time_format="HH:MM AM",
        names="last-first",
        text_encoding="utf-16le",
        folders={"images": "IMG", "natives": "NATIVE"},
        time_zone="America/New_York",
    )
    row = next(each for each in _rows(volume) if each["DateSent"] == "2024-03-01")
    assert row["TimeSent"] == "12:04 PM"
    assert row["From"] == "van Berg, Ludwig, Jr. <l@x.example>"
    assert row["To"] == "Okafor, Amara <a@x.example>;b@x.example"
    assert (volume / "TEXT/0001" / f"{row['BegBates']}.txt").read_bytes() == (
        b"\xff\xfe" + "a\r\nb".encode("utf-16-le")
    )
    assert sorted(each.name for each in volume.iterdir()) == [
        *("DATA", "IMG", "MANIFEST.sha256", "NATIVE", "TEXT"),
    ]


def test_what_endorsements_and_placeholders_say(case: Case) -> None:
    spec = for_case(
        case,
        "VOL1",
        None,
        {
            "tag": "Responsive",
            "zones": {"top-center": "No. {case} {volume}", "bottom-right": "{bates} {legend}"},
            "withheld_line": "Privileged",
        },
    )
    assert endorsements(spec) == (
        ("top-center", "No. 1 VOL1"),
        ("bottom-right", "{bates} {legend}"),
    )
    volume = _made(case, withheld_line="Withheld for Privilege")
    texts = {each.read_text().strip() for each in volume.glob("TEXT/*/*.txt")}
    assert "Withheld for Privilege" in texts
    assert _check(volume) != 0  # a bare check wants the usual words


def test_fixed_texts_and_renamed_fields_in_a_column(case: Case) -> None:
    fields = {"BEG": "BegBates", "END": "EndBates", "BOX": "=Box 7", "WHO": "AllCustodians"}
    rows = _rows(_made(case, fields=fields))
    assert [(each["BOX"], each["WHO"]) for each in rows[:1]] == [("Box 7", "Okafor, Amara")]
    assert list(rows[0]) == ["BEG", "END", "BOX", "WHO"]


def test_missing_and_other_columns_are_found(case: Case) -> None:
    volume = _made(case, "sec")
    dat = volume / "DATA/VOL1.dat"
    whole = dat.read_bytes()
    dat.write_bytes(whole.replace("þMD5HASHþ".encode(), "þMD5þ".encode()))
    assert [each.code for each in check(volume, terms=terms_from("sec"))] == ["missing-field"]
    dat.write_bytes(whole.replace("þFROMþ\x14þTOþ".encode(), "þTOþ\x14þFROMþ".encode()))
    assert [each.code for each in check(volume, terms=terms_from("sec"))] == ["header"]


def test_damage_to_a_volume_of_a_short_field_list_is_found_by_the_record(case: Case) -> None:
    """SEC columns tell nothing of withholding: the case's record does."""
    volume = _made(case, "sec")
    withheld = next(each for each in volume.glob("TEXT/*/*.txt") if "Withheld" in each.read_text())
    withheld.write_text("the advice itself")
    result = CliRunner().invoke(produce, ["check", "VOL1", "--case", str(case.folder)])
    assert "withheld-text" in str(result.exception)


@pytest.mark.parametrize("encoding", list(CODECS))
def test_overlay_of_custodians_in_the_words_of_the_volume(case: Case, encoding: str) -> None:
    fields = {"ID": "BegBates", "LAST": "EndBates", "WHO": "AllCustodians"}
    _made(case, fields=fields, dat_encoding=encoding)
    add(case, 8, disposition=Disposition.DUPLICATE, duplicate_of=7, custodian=2)
    report = overlay_custodians(case)
    overlaid = report.productions[0]
    found = read_dat(Path(report.folder) / overlaid.dat, encoding)
    assert found.header == ("ID", "WHO")
    assert [each["WHO"] for each in found.records] == ["Okafor, Amara;Brandt, Lev"]
    assert overlay_custodians(case).changed == 0  # the second tells what came after the first


def test_overlay_of_a_volume_without_such_fields_is_none(case: Case) -> None:
    _made(case, "doj-antitrust")
    add(case, 8, disposition=Disposition.DUPLICATE, duplicate_of=7, custodian=2)
    assert overlay_custodians(case).changed == 0


def test_letter_that_an_overlay_cannot_write_is_refused(case: Case) -> None:
    _made(case, dat_encoding="cp1252")
    add(case, 8, name="Отчёт.txt", disposition=Disposition.DUPLICATE, duplicate_of=7)
    with pytest.raises(ProductionError, match="AllPaths of ABC"):
        overlay_custodians(case)
    assert not (case.folder / "overlays").exists()


def test_parts_hold_whole_families_up_to_their_pages(case: Case) -> None:
    values: dict[str, Any] = {"max_pages": 4, "load_files": ("dat", "opt", "lfp", "edrm")}
    volume = _made(case, **values)
    assert sorted(each.name for each in volume.iterdir()) == [
        *("DATA", "MANIFEST.sha256", "VOL001", "VOL002", "VOL003"),
    ]
    rows = _rows(volume)  # three pages, then two mails of two with one attachment each
    assert [each["TextLink"].split("\\")[1] for each in rows] == [
        *("VOL001", "VOL002", "VOL002", "VOL003", "VOL003"),
    ]
    terms = terms_of(_spec(**values))
    assert check(volume, terms=terms) == []
    assert (volume / "VOL002/NATIVES/0001").is_dir()
    smaller = terms_of(_spec(**(values | {"max_pages": 2})))
    assert check(volume, terms=smaller) == []  # no part has a second family
    larger = _made(case, name="VOL2", max_pages=6)
    assert {each.code for each in check(larger, terms=terms_of(_spec(max_pages=5)))} >= {"part"}


def test_family_in_two_parts_is_found(case: Case) -> None:
    volume = _made(case, max_pages=4)
    dat = volume / "DATA/VOL1.dat"
    first = next(volume.glob("VOL002/TEXT/0001/*.txt"))
    (volume / "VOL003/TEXT/0001" / first.name).write_bytes(first.read_bytes())
    first.unlink()
    dat.write_bytes(
        dat.read_bytes().replace(
            f"VOL002\\TEXT\\0001\\{first.name}".encode(),
            f"VOL003\\TEXT\\0001\\{first.name}".encode(),
        )
    )
    assert "part" in {each.code for each in check(volume, terms=terms_of(_spec(max_pages=4)))}


def test_volume_in_parts_that_was_cut_off_comes_out_the_same(case: Case, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "max_pages": 4,
        "number_by": "document",
        "kind": "pdf",
        "tag": "Responsive",
        "load_files": ("dat", "opt", "lfp", "edrm"),
        "exclude_tags": ("Privileged",),
    }

    def stopped(batch: ImageBatch) -> tuple[ImageResult, ...]:
        plain_image(batch)
        raise KeyboardInterrupt

    plan(case, for_case(case, "VOL1", "sec", values))
    with pytest.raises(KeyboardInterrupt):
        run(case, "VOL1", workshop(image=stopped))
    made = run(case, "VOL1", workshop())
    with matter(tmp_path / "other") as other:
        mail_family(other, 1)
        mail_family(other, 4, day="13")
        add(other, 7, text="one\ftwo\fthree", name="Grüße.txt")
        tag(other, "Responsive", [1, 4, 7])
        tag(other, "Privileged", [5])
        plan(other, for_case(other, "VOL1", "sec", values))
        assert run(other, "VOL1", workshop()).manifest_sha256 == made.manifest_sha256


def test_part_whose_file_is_lost_is_made_again(case: Case) -> None:
    def unfinished(*_: Any) -> Any:
        raise KeyboardInterrupt

    values: dict[str, Any] = {"tag": "Responsive", "exclude_tags": ("Privileged",), "max_pages": 4}
    plan(case, for_case(case, "VOL1", None, values))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("produce.deliver.write_load_files", unfinished)
        run(case, "VOL1", workshop())
    partial = case.productions_folder / ".VOL1.partial"
    next(partial.glob("VOL002/IMAGES/*/*.tif")).unlink()
    next(partial.glob("VOL003/TEXT/*/*.txt")).write_bytes(b"")
    volume = Path(run(case, "VOL1", workshop()).folder)
    assert check(volume, terms=terms_of(_spec(max_pages=4))) == []
