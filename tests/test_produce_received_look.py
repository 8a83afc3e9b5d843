"""Load files of any vendor are told apart by looking, and no row is lost."""

import json
import random
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from produce.received import delimited
from produce.received.assemble import assemble
from produce.received.commands import receive_group
from produce.received.dates import order_of, read, zone_of
from produce.received.edrm import EdrmError, read_edrm
from produce.received.families import join_families
from produce.received.images import read_images
from produce.received.interface import Dialect, Row
from produce.received.look import look
from produce.received.mapping import read_mapping, write_mapping
from produce.received.names import known_names
from produce.received.spool import Spool
from records.errors import OutputError, ReceiptError
from tests.received_volumes import concordance, small, write

ROWS = (
    ("BEGDOC#", "ENDDOC#", "SUBJECT"),
    ("X001", "X002", "über ® Anker"),
    ("X003", "X003", ""),
)


def _read(path: Path) -> tuple[Dialect, tuple[str, ...], list[Row]]:
    dialect = delimited.dialect_of(path)
    names = delimited.header_of(path, dialect)
    return dialect, names, list(delimited.rows(path, dialect, len(names)))


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "qualifier"),
    [
        (concordance(ROWS), "utf-8", "\x14", "þ"),
        (concordance(ROWS, "utf-8"), "utf-8", "\x14", "þ"),
        (concordance(ROWS, "cp1252"), "cp1252", "\x14", "þ"),
        (concordance(ROWS, "utf-16"), "utf-16-le", "\x14", "þ"),
        (concordance(ROWS, "utf-16-le"), "utf-16-le", "\x14", "þ"),
        (concordance(ROWS, "utf-16-be"), "utf-16-be", "\x14", "þ"),
        (concordance(ROWS).replace(b"\x14", "¶".encode()), "utf-8", "¶", "þ"),
        (concordance(ROWS, "cp1252").replace(b"\x14", b"\xb6"), "cp1252", "¶", "þ"),
        (concordance(ROWS).replace(b"\x14", b","), "utf-8", ",", "þ"),
        (concordance(ROWS).replace("þ".encode(), b"").replace(b"\x14", b"|"), "utf-8", "|", ""),
        (concordance(ROWS).replace("þ".encode(), b""), "utf-8", "\x14", ""),
        (concordance(ROWS).replace("þ".encode(), b'"').replace(b"\x14", b","), "utf-8", ",", '"'),
        (concordance(ROWS).replace("þ".encode(), b"^").replace(b"\x14", b"|"), "utf-8", "|", "^"),
        (concordance(ROWS).replace("þ".encode(), b"").replace(b"\x14", b"\t"), "utf-8", "\t", ""),
    ],
)
def test_dialects_are_told_by_looking(
    tmp_path: Path, data: bytes, encoding: str, delimiter: str, qualifier: str
) -> None:
    path = tmp_path / "x.dat"
    path.write_bytes(data)
    dialect, names, rows = _read(path)
    assert (dialect.encoding, dialect.delimiter, dialect.qualifier) == (
        encoding, delimiter, qualifier,
    )  # fmt: skip
    assert names == ROWS[0]
    assert [row.values for row in rows] == list(ROWS[1:])
    assert not any(row.fault or row.remarks for row in rows)


def test_values_may_be_qualified_here_and_there(tmp_path: Path) -> None:
    path = tmp_path / "x.dat"
    lines = (
        "þBEGDOCþ\x14ENDDOC\x14þTOþ",
        "X1\x14þX2þ\x14þa þþ thorn, \x14 and allþ",
        "X3\x14X3\x14",
    )
    path.write_text("\r\n".join(lines), encoding="utf-8")
    _, _, rows = _read(path)
    assert [row.values for row in rows] == [
        ("X1", "X2", "a þ thorn, \x14 and all"),
        ("X3", "X3", ""),
    ]


def test_bare_line_breaks_within_values_are_joined_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('BegDoc,EndDoc,Subject\nX1,X1,"one\n\ntwo, three"\nX2,X2,four\n')
    _, _, rows = _read(path)
    assert [row.values[2] for row in rows] == ["one\n\ntwo, three", "four"]
    assert [row.remarks for row in rows] == [("bare line breaks: it takes 3 lines",), ()]


def test_a_row_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.dat"
    rows = [*ROWS, ("X004", "X004", "last")]
    data = concordance(rows)
    path.write_bytes(data.replace("þX003þ\x14þX003þ\x14þþ".encode(), "þX003þ\x14þX0".encode()))
    _, _, found = _read(path)
    assert [(row.values[0], bool(row.fault)) for row in found] == [
        ("X001", False), ("X003", True), ("X004", False),
    ]  # fmt: skip
    assert found[1].raw == "þX003þ\x14þX0"
    assert "2 fields where the header has 3" in found[1].fault


def test_bytes_that_do_not_decode_are_kept_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.dat"
    data = concordance(ROWS).replace("über".encode(), b"\xfcber")
    path.write_bytes(data)
    dialect = delimited.dialect_of(path)
    assert dialect.encoding == "utf-8"
    rows = list(delimited.rows(path, dialect, 3))
    assert rows[0].values[2] == "über ® Anker"
    assert rows[0].remarks == ("bytes that do not decode",)


def test_names_of_the_styles_are_known() -> None:
    sec = "FIRSTBATES LASTBATES ATTACHRANGE PARENT_BATES CUSTODIAN DATE_SENT LINK OCRPATH MD5HASH"
    doj = "BEGDOC# ENDDOC# PARENTID ATTCHIDS FAMLYRNG DATERCVD DATESVD DOCLINK PGCOUNT CUSTDIAN"
    assert known_names(sec.split()) == {
        "BegBates": "FIRSTBATES", "EndBates": "LASTBATES", "AttachRange": "ATTACHRANGE",
        "ParentBates": "PARENT_BATES", "Custodian": "CUSTODIAN", "DateSent": "DATE_SENT",
        "NativeLink": "LINK", "TextLink": "OCRPATH", "MD5": "MD5HASH",
    }  # fmt: skip
    assert set(known_names(doj.split())) == {
        *("BegBates", "EndBates", "ParentBates", "ChildBates", "AttachRange", "DateReceived"),
        *("DateModified", "NativeLink", "PageCount", "Custodian"),
    }
    assert known_names(["DOCID", "BEGDOC"])["BegBates"] == "BEGDOC"


@pytest.mark.parametrize(
    ("values", "name", "sure"),
    [
        (["03/04/2024", "03/25/2024"], "MDY", True),
        (["03/04/2024", "25.03.2024"], "DMY", True),
        (["2024-03-25"], "YMD", True),
        (["03/04/2024"], "MDY", False),
        (["13/04/2024", "04/13/2024"], "MDY", False),
    ],
)
def test_the_order_of_dates_is_told_by_all_of_them(
    values: list[str], name: str, sure: bool
) -> None:
    found = order_of(values)
    assert (found.name, found.sure) == (name, sure)


@pytest.mark.parametrize(
    ("value", "time", "order", "zone", "moment"),
    [
        ("03/25/2024", "10:30 PM", "MDY", "Eastern Standard Time", "2024-03-26T02:30:00Z"),
        ("25/03/2024 10:30:15", "", "DMY", "UTC", "2024-03-25T10:30:15Z"),
        ("2024-03-25T10:30:00-05:00", "", "YMD", "UTC", "2024-03-25T15:30:00Z"),
        ("20240325", "1030", "MDY", "UTC", "2024-03-25T10:30:00Z"),
        ("25-Mar-24", "", "MDY", "UTC", "2024-03-25T00:00:00Z"),
        ("Monday, March 25, 2024", "", "MDY", "UTC", "2024-03-25T00:00:00Z"),
        ("03/25/2024", "00:00:00", "DMY", "UTC", None),
        ("soon", "", "MDY", "UTC", None),
        ("02/30/2024", "", "MDY", "UTC", None),
    ],
)
def test_dates_are_read(value: str, time: str, order: str, zone: str, moment: str | None) -> None:
    known = zone_of(zone)
    assert known is not None
    found, why = read(value, time, order, known)
    assert found == moment
    assert bool(why) == (moment is None)


def test_image_lists_keep_what_they_cannot_read(tmp_path: Path) -> None:
    opt = (
        "A1,V,I\\A1.tif,Y,,,2\nA2,V,I\\A2.tif,,,,\nnonsense\n"
        "A3,V,I\\a, b.tif,Y,,,1\nA4,V,I\\4.tif,Y,1\n"
    )
    lfp = (
        "IM,A1,D,0,@V;I;A.tif;2,0\nIM,A2,,2,@V;I;A.tif;2\nIM,A3,C,0,@V;I;B.tif;2\n"
        "OF,A1,@V;N;A.xlsx,1\nVN,A1,x\nIM,A4,Q,0,@V;I;C.tif;2\n??\n"
    )
    write(tmp_path, {"a.opt": opt, "a.lfp": lfp})
    found = read_images(tmp_path / "a.opt", "opt")
    assert [(i.key, i.path, i.start, i.pages) for i in found.images] == [
        ("A1", "I\\A1.tif", "document", 2),
        ("A2", "I\\A2.tif", "", None),
        ("A3", "I\\a, b.tif", "document", 1),
        ("A4", "I\\4.tif", "document", 1),
    ]
    assert [(bad.line, bad.raw) for bad in found.bad] == [(3, "nonsense")]
    found = read_images(tmp_path / "a.lfp", "lfp")
    assert [(i.key, i.start, i.frame) for i in found.images] == [
        ("A1", "document", 0), ("A2", "", 2), ("A3", "child", 0),
    ]  # fmt: skip
    assert [(link.key, link.kind, link.path) for link in found.links] == [
        ("A1", "native", "N\\A.xlsx")
    ]
    assert ([bad.line for bad in found.bad], found.other) == ([6, 7], 1)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, cut out or put in, mostly those that mean something to a reader."""
    found = bytearray(data)
    for _ in range(chance.choice((0, 1, 3, 20, len(data)))):
        at = chance.randrange(len(found) + 1)
        kind = chance.random()
        if kind < 0.4 and at < len(found):
            found[at] = chance.choice((*b'\0\n\r\x14\xfe\xc3\xbe,"', chance.randrange(256)))
        elif kind < 0.7:
            del found[at : at + chance.randrange(6)]
        else:
            found[at:at] = bytes(chance.choices(b"\n\x14\xfe,A", k=chance.randrange(5)))
    return bytes(found[: chance.randrange(len(found) + 1)] if chance.random() < 0.1 else found)


def test_whatever_is_done_to_load_files_all_lines_are_accounted_for(tmp_path: Path) -> None:
    chance = random.Random(5)
    assembled = 0
    for number in range(150):
        folder = small(tmp_path / str(number))
        for name in ("DATA/vol.dat", "DATA/vol.opt"):
            path = folder / name
            path.write_bytes(_damaged(path.read_bytes(), chance))
        found = look(folder)
        if found.questions:
            continue
        with Spool(tmp_path / "rows") as spool:
            volume = assemble(folder, found.mapping, found.files, spool)
            families = join_families(volume, spool)
        counts = volume.counts
        kept = counts["rows"] - counts["rows kept raw"] + counts["documents without a row"]
        assert len(volume.entries) == kept == sum(map(len, families))
        lines = counts["pages"] + counts["image lines unread"]
        assert counts["image lines"] == lines
        assembled += 1
    assert assembled > 50


def test_entities_of_xml_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<!DOCTYPE Root [<!ENTITY a "b">]><Root DataInterchangeType="x">&a;</Root>')
    with pytest.raises(EdrmError, match="declaration"):
        read_edrm(path)


def test_a_volume_is_looked_at_and_its_mapping_read_back(tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    found = look(folder)
    assert {each.path: each.use for each in found.files if each.use != "other"} == {
        "DATA/vol.dat": "data",
        "DATA/vol.opt": "images",
    }
    assert [(each.rows, each.unread, each.first, each.last) for each in found.data] == [
        (3, 0, "X001", "X004")
    ]
    assert (found.doubts, found.questions) == ((), ())
    target = tmp_path / "map.toml"
    write_mapping(target, found.mapping, ("a remark\nof two lines",))
    assert read_mapping(target) == found.mapping
    assert tomllib.loads(target.read_text())["data"][0]["delimiter"] == "\x14"
    with pytest.raises(OutputError, match="already"):
        write_mapping(target, found.mapping, ())


def test_what_cannot_be_decided_is_a_question(tmp_path: Path) -> None:
    same = "BEGDOC|ENDDOC\nX1|X1\n"
    write(tmp_path, {"a.dat": "a,b\n1,2\n", "b.dat": same, "c.dat": same})
    told = " ".join(look(tmp_path).questions)
    assert "no column is known" in told
    assert "b.dat and c.dat tell of 1 of the same documents" in told


@pytest.mark.parametrize(
    "text",
    [
        "volume = 3",
        "not toml",
        'volume = "v"\nx = 1',
        'volume = "v"\n[[data]]\nfile = "a"\ndates = "X"',
        'volume = "v"\n[[data]]\nfile = "a"\n[data.fields]\nNope = "a"',
        'volume = "v"\n[[data]]\nfile = "a"\ntime_zone = "Nowhere/Else"',
        'volume = "v"\n[[data]]\nfile = "a"\nencoding = "klingon"',
        'volume = "v"\n[[images]]\nfile = "a"\nkind = "opt"\nencoding = "klingon"',
    ],
)
def test_a_mapping_that_cannot_be_taken_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(ReceiptError, match="mapping"):
        read_mapping(path)


def test_the_command_tells_people_and_scripts(tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    outcome = CliRunner().invoke(receive_group, ["look", str(folder)], catch_exceptions=False)
    assert "delimiter U+0014" in outcome.output
    assert "BegBates = BEGDOC#" in outcome.output
    outcome = CliRunner().invoke(receive_group, ["look", str(folder), "--json"])
    assert json.loads(outcome.output)["mapping"]["data"][0]["fields"]["NativeLink"] == "DOCLINK"
    inside = str(folder / "map.toml")
    outcome = CliRunner().invoke(receive_group, ["look", str(folder), "--map", inside])
    assert isinstance(outcome.exception, ReceiptError)
