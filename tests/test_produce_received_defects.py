"""Each kind of damage to a received volume is a defect by name, and the letter tells of it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from produce.received.commands import receive_group
from produce.received.defects import TITLES
from produce.received.interface import Defect
from produce.received.letter import letter, write_letter
from produce.received.record import defects_of, volume
from records.case import Case
from records.errors import OutputError, ReceiptError
from tests.produce_matter import tiff
from tests.received_volumes import new_case, small, take

type Damage = Callable[[Path], object]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with new_case(tmp_path) as opened:
        yield opened


def _dat(old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / "DATA/vol.dat"
        text = path.read_text(encoding="utf-8-sig")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8-sig", newline="")

    return damage


def _opt(old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / "DATA/vol.opt"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return damage


def _file(name: str, data: bytes | None) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)

    return damage


def _renumbered(folder: Path) -> None:
    """X004 becomes X005 in both load files."""
    _dat("þX004þ\x14þX004þ", "þX005þ\x14þX005þ")(folder)
    _opt("X004,VOL", "X005,VOL")(folder)


def _renamed(old: str, new: str) -> Damage:
    return lambda folder: (folder / old).rename(folder / new)


@pytest.mark.parametrize(
    ("damage", "code", "beg"),
    [
        (_file("IMAGES/X002.tif", None), "image-missing", "X001"),
        (_file("TEXT/X004.txt", None), "text-missing", "X004"),
        (_file("NATIVES/X003.csv", None), "native-missing", "X003"),
        (_file("NATIVES/X003.csv", b"10,21\n"), "hash-mismatch", "X003"),
        (_file("IMAGES/X009.tif", tiff("X009")), "file-unlisted", ""),
        (_file("IMAGES/X001.tif", b"II*\x00rubbish"), "image-unreadable", "X001"),
        (_file("IMAGES/X004.tif", tiff("X004", dpi=200)), "image-dpi", "X004"),
        (_file("IMAGES/X004.tif", tiff("X004", compression="tiff_lzw")), "image-format", "X004"),
        (_file("TEXT/X001.txt", b"\x00\x01\x02 a text \xff\xfe"), "text-encoding", "X001"),
        (_file("TEXT/X003.txt", b""), "text-empty", "X003"),
        (_file("MANIFEST.sha256", b"0" * 64 + b"  TEXT/X001.txt\n"), "manifest-mismatch", ""),
        (_renamed("IMAGES/X004.tif", "IMAGES/x004.TIF"), "link-case", "X004"),
        (_renumbered, "bates-gap", "X004"),
        (_dat("þX004þ\x14þX004þ", "þX003þ\x14þX003þ"), "bates-duplicate", "X003"),
        (_dat("þX004þ\x14þX004þ", "þX002þ\x14þX004þ"), "bates-overlap", "X002"),
        (_dat("þX004þ\x14þX004þ", "þX004þ\x14þX001þ"), "bates-form", "X004"),
        (_dat("þX004þ\x14þX004þ", "þþ\x14þþ"), "bates-missing", ""),
        (_dat("þ2þ", "þ3þ"), "page-count", "X001"),
        (_dat("þX001þ\x14þX003þ\x14þLeeþ\x14þþ", "þX000þ\x14þX003þ\x14þLeeþ\x14þþ"),
         "family-parent-missing", "X003"),
        (_dat("þX001þ\x14þX003þ", "þX001þ\x14þX009þ"), "family-range", "X001"),
        (_dat("03/26/2024", "13/26/2024"), "date-unreadable", "X004"),
        (_dat("TEXT\\X004.txt", ""), "text-none", "X004"),
        (_opt("X002,VOL,IMAGES\\X002.tif,,,,\n", ""), "page-count", "X001"),
        (_opt("X004,VOL,IMAGES\\X004.tif,Y,,,1\n", ""), "image-none", "X004"),
        (_opt("X004,VOL,IMAGES\\X004.tif,Y,,,1\n", ""), "documents-count", ""),
        (_opt("X004.tif,Y", "X004.tif,"), "break-missing", "X004"),
        (_opt("X002.tif,", "X002.tif,Y"), "break-within", "X001"),
        (_opt("X003,VOL", "X002,VOL"), "image-duplicate", ""),
        (_opt("X003,VOL,IMAGES\\X003.tif,Y", "oh no"), "line-unreadable", ""),
    ],
)  # fmt: skip
def test_damage_is_a_defect_by_name(
    case: Case, tmp_path: Path, damage: Damage, code: str, beg: str
) -> None:
    folder = small(tmp_path / "vol")
    damage(folder)
    take(case, folder)
    with case.read() as connection:
        found = defects_of(connection, volume(connection, "vol").id)
    assert (code, beg) in {(each.code, each.beg) for each in found}
    assert all(each.beg or each.where for each in found)


def test_a_gap_that_is_logged_is_none(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    _renumbered(folder)
    log = "Date,Author,Privilege Basis,Range\n1/1/2024,Lee,AC,X004 - X004\n"
    (folder / "DATA/privilege log.csv").write_text(log)
    take(case, folder)
    with case.read() as connection:
        found = defects_of(connection, volume(connection, "vol").id)
    assert "bates-gap" not in {each.code for each in found}


def test_the_letter_tells_each_defect_with_its_numbers(tmp_path: Path) -> None:
    defects = [
        Defect("bates-gap", "2 numbers after X002, neither produced nor logged", "X003", "X004"),
        Defect("text-none", "No text came", "X005", "X005"),
        Defect("text-none", "No text came", "X006", "X007"),
        Defect("file-unlisted", "IMAGES/<b>.tif, 3 bytes", where="IMAGES/<b>.tif"),
    ]
    text = letter("VOL1", "Acme", "Doe v. Roe, 1", "2024-03-25T00:00:00Z", defects)
    assert "loaded it on 2024-03-25" in text
    assert f"## 1. {TITLES['bates-gap']} (1)" in text
    assert "- **X003 to X004**: 2 numbers after X002" in text
    assert "- **X005 to X007, 2 documents**: No text came" in text
    write_letter(tmp_path / "l.pdf", text)
    assert (tmp_path / "l.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(OutputError, match="already"):
        write_letter(tmp_path / "l.pdf", text)
    with pytest.raises(OutputError, match="cannot be written"):
        write_letter(tmp_path / "no/l.md", text)
    assert "nothing to complain of" in letter("V", "A", "c", "2024-01-01T00:00:00Z", [])


def test_the_commands_list_and_tell(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol", TEXT__X004_txt=None)
    take(case, folder)
    where = ["--case", str(case.folder)]
    run = CliRunner().invoke
    listed = json.loads(run(receive_group, ["list", *where, "--json"]).output)
    assert [(each["volume"], each["documents"], each["defects"]) for each in listed] == [
        ("vol", 3, 1)
    ]
    assert "Acme" in run(receive_group, ["list", *where]).output
    target = str(tmp_path / "l.md")
    told = run(receive_group, ["defects", "VOL", "--letter", target, *where])
    assert "text-missing  X004" in told.output
    assert "Roe v. Doe, 2" in Path(target).read_text()
    found = json.loads(run(receive_group, ["defects", "vol", *where, "--json"]).output)
    assert [each["code"] for each in found["defects"]] == ["text-missing"]
    assert "page 2 X002" in run(receive_group, ["show", "X001", *where]).output
    wrong = run(receive_group, ["defects", "other", *where])
    assert isinstance(wrong.exception, ReceiptError)
