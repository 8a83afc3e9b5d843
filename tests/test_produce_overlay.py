"""Custodians who were collected after a freeze: the overlay tells them, and nothing else."""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ingest.findings import Findings
from ingest.verify_store import verify_store
from process.relate import relate
from produce import overlay_run
from produce.overlay_commands import overlay_group
from produce.overlay_run import Report, overlay_custodians
from produce.plan import plan
from produce.reader import UnreadableError, dat_columns, read_dat
from produce.run import run
from records import audit, tables
from records import case as cases
from records.case import Case
from records.codes import Disposition, Role
from records.errors import ProductionError, StoreError
from store import LocalStore
from tests.ingest_engines import Inline
from tests.produce_matter import add, matter, specification, tag, workshop

ROOT = Path(__file__).parent.parent
A, B, C = "Okafor, Amara", "Brandt, Lev", "Sorel, Inès; the late"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Two custodians collected, related and produced; the third has nothing yet."""
    with matter(tmp_path) as opened:
        cases.add_custodian(opened, C)
        family(opened, 1, 1)
        add(opened, 4, name="memo.txt", data=b"memo", text="memo")
        family(opened, 5, 2)
        add(opened, 8, name="only Lev's.txt", data=b"other", custodian=2, text="other")
        relate(opened)
        yield opened


def family(case: Case, first: int, custodian: int) -> None:
    """A mail with an archive and a text in it; the same bytes for everyone."""
    add(case, first, name="mail.eml", type_="email", data=b"mail", text="body",
        custodian=custodian, sent_at="2024-03-12T02:30:00Z")  # fmt: skip
    inner = {"family": first, "custodian": custodian, "role": Role.ATTACHMENT}
    add(case, first + 1, name="in.zip", type_="zip", data=b"zip", position=1, found_in=first,
        disposition=Disposition.CONTAINER, **inner)  # type: ignore[arg-type]  # fmt: skip
    add(case, first + 2, name="in.txt", data=b"inside", text="inside", position=2,
        found_in=first + 1, **inner)  # type: ignore[arg-type]  # fmt: skip


def frozen(case: Case, name: str = "VOL1", ids: tuple[int, ...] = (1, 4, 8), **more: Any) -> Path:
    tag(case, f"for {name}", ids)
    plan(case, specification(name=name, tag=f"for {name}", **more))
    return Path(run(case, name, workshop()).folder)


def rows_of(report: Report, case: Case, name: str = "VOL1") -> dict[str, dict[str, str]]:
    """The rows of an overlay by control number, read with Python's csv as a platform would."""
    [made] = [each for each in report.productions if each.production == name]
    path = Path(report.folder) / made.dat
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file, delimiter="\x14", quotechar="\xfe", strict=True))
    assert len(read) == made.changed
    volume = read_dat(case.productions_folder / name / "DATA" / f"{name}.dat")
    control = {row["BegBates"]: row["ControlNumber"] for row in volume.records}
    assert list(read[0]) == ["BegBates", "AllCustodians", "AllPaths"]
    assert [row["BegBates"] for row in read] == sorted(row["BegBates"] for row in read)
    return {control[row.pop("BegBates")]: row for row in read}


def test_the_volume_names_all_that_was_suppressed_before(case: Case) -> None:
    """Also for members of suppressed families, each with its own twin's path."""
    volume = frozen(case)
    rows = {row["ControlNumber"]: row for row in read_dat(volume / "DATA/VOL1.dat").records}
    assert {name: row["AllCustodians"] for name, row in rows.items()} == {
        "RW-00000001": f"{A};{B}",
        "RW-00000002": f"{A};{B}",
        "RW-00000003": f"{A};{B}",
        "RW-00000004": A,
        "RW-00000008": B,
    }
    assert rows["RW-00000003"]["AllPaths"] == "folder/3/in.txt;folder/7/in.txt"
    assert overlay_custodians(case).changed == 0


def test_a_late_custodian_is_told_for_each_member_of_the_family(case: Case) -> None:
    frozen(case)
    family(case, 9, 3)
    add(case, 12, name="memo copy.txt", data=b"memo", custodian=3)
    add(case, 13, name="unseen.txt", data=b"unseen", custodian=3)
    relate(case)
    report = overlay_custodians(case)
    late = "Sorel, Inès, the late"  # one inside a value becomes a comma
    assert rows_of(report, case) == {
        "RW-00000001": {
            "AllCustodians": f"{A};{B};{late}",
            "AllPaths": "folder/1/mail.eml;folder/5/mail.eml;folder/9/mail.eml",
        },
        "RW-00000002": {
            "AllCustodians": f"{A};{B};{late}",
            "AllPaths": "folder/2/in.zip;folder/6/in.zip;folder/10/in.zip",
        },
        "RW-00000003": {
            "AllCustodians": f"{A};{B};{late}",
            "AllPaths": "folder/3/in.txt;folder/7/in.txt;folder/11/in.txt",
        },
        "RW-00000004": {
            "AllCustodians": f"{A};{late}",
            "AllPaths": "folder/4/memo.txt;folder/12/memo copy.txt",
        },
    }
    [made] = report.productions
    assert (made.documents, made.changed, made.withheld, made.hidden) == (5, 4, 0, 0)
    with (Path(report.folder) / made.csv).open(encoding="utf-8-sig", newline="") as file:
        told = {row["document"]: row for row in csv.DictReader(file)}
    memo = told["RW-00000004"]
    assert memo["production"] == "VOL1"
    assert memo["AllCustodians added"] == late
    assert (memo["AllCustodians was"], memo["AllCustodians now"]) == (A, f"{A};{late}")
    assert memo["AllPaths added"] == "folder/12/memo copy.txt"


def test_the_next_overlay_tells_only_what_came_after(case: Case) -> None:
    frozen(case)
    add(case, 9, name="copy.txt", data=b"memo", custodian=3)
    relate(case)
    first = overlay_custodians(case)
    assert set(rows_of(first, case)) == {"RW-00000004"}
    assert overlay_custodians(case).changed == 0
    add(case, 10, name="copy.txt", data=b"other", custodian=3)
    relate(case)
    second = overlay_custodians(case)
    assert set(rows_of(second, case)) == {"RW-00000008"}
    add(case, 11, name="again.txt", data=b"memo", custodian=2)
    add(case, 12, name="again.txt", data=b"other", custodian=1)
    relate(case)
    third = overlay_custodians(case)
    assert {row["AllPaths"] for row in rows_of(third, case).values()} == {
        "folder/4/memo.txt;folder/9/copy.txt;folder/11/again.txt",
        "folder/8/only Lev's.txt;folder/10/copy.txt;folder/12/again.txt",
    }
    folders = [Path(each.folder).name for each in (first, second, third)]
    assert folders == ["custodians-0001", "custodians-0002", "custodians-0003"]
    assert overlay_custodians(case).changed == 0


def test_the_act_is_on_record_and_its_files_in_the_store(case: Case) -> None:
    frozen(case)
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    report = overlay_custodians(case)
    [made] = report.productions
    store = LocalStore(Path(case.store_address))
    for name, sha256 in ((made.dat, made.dat_sha256), (made.csv, made.csv_sha256)):
        assert store.read_bytes(sha256) == (Path(report.folder) / name).read_bytes()
    with case.read() as connection:
        acts = list(audit.entries(connection))[-2:]
        audit.verify(connection)
        row = connection.execute(sa.select(tables.runs.c.summary, tables.runs.c.state)).one()
    assert [each.act for each in acts] == [
        "overlay custodians started",
        "overlay custodians finished",
    ]
    assert json.loads(acts[1].details)["productions"][0]["dat_sha256"] == made.dat_sha256
    assert row.summary["blobs"] == [made.dat_sha256, made.csv_sha256]


def test_verifying_the_store_knows_the_overlays(case: Case) -> None:
    frozen(case)
    with Findings() as findings:
        before = verify_store(case, Inline(), findings)
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    report = overlay_custodians(case)
    with Findings() as findings:
        after = verify_store(case, Inline(), findings)
    assert (after.expected, after.extra) == (before.expected + 2, before.extra)
    LocalStore(Path(case.store_address)).path(report.productions[0].dat_sha256).unlink()
    with Findings() as findings:
        assert verify_store(case, Inline(), findings).missing == 1


def test_nothing_is_written_where_nothing_changed(case: Case) -> None:
    assert overlay_custodians(case).productions == ()
    frozen(case)
    before = sorted(case.folder.rglob("*"))
    report = overlay_custodians(case)
    assert (report.folder, report.changed) == ("", 0)
    assert {p.name for p in set(case.folder.rglob("*")) - set(before)} <= {"lock", "scratch"}
    with case.read() as connection:
        assert connection.execute(sa.select(sa.func.count(tables.runs.c.id))).scalar() == 0


def test_a_dry_run_counts_and_is_forgotten(case: Case, tmp_path: Path) -> None:
    frozen(case)
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    out = tmp_path / "out"
    for _ in range(2):
        report = overlay_custodians(case, out=out, dry_run=True)
        assert (report.changed, report.folder, out.exists()) == (1, "", False)
    assert not (case.folder / "overlays").exists()
    assert overlay_custodians(case, out=out).changed == 1
    assert sorted(path.name for path in out.iterdir()) == [
        "VOL1_CUSTODIANS_001.csv",
        "VOL1_CUSTODIANS_001.dat",
    ]


@pytest.mark.parametrize("scope", ["custodian", "none"])
def test_other_scopes(tmp_path: Path, scope: str) -> None:
    """By custodian, a copy of the same one changes its document; by none, nothing ever does."""
    with matter(tmp_path) as case:
        case.settings = case.settings.model_copy(update={"dedup_scope": scope})
        cases.add_custodian(case, C)
        add(case, 1, name="a.txt", data=b"memo", text="memo")
        add(case, 2, name="b.txt", data=b"memo", text="memo", custodian=2)
        relate(case)
        volume = frozen(case, ids=(1, 2))
        rows = read_dat(volume / "DATA/VOL1.dat").records
        assert [row["AllCustodians"] for row in rows] == [A, B]
        add(case, 3, name="c.txt", data=b"memo", custodian=3)
        relate(case)
        assert overlay_custodians(case).changed == 0
        add(case, 4, name="d.txt", data=b"memo", custodian=2)
        relate(case)
        report = overlay_custodians(case)
        if scope == "none":
            assert report.changed == 0
        else:
            assert rows_of(report, case) == {
                "RW-00000002": {"AllCustodians": B, "AllPaths": "folder/2/b.txt;folder/4/d.txt"}
            }


def test_what_was_told_is_never_taken_back(case: Case) -> None:
    """Neither by another scope nor by a list of known files: the copies were there."""
    frozen(case)
    case.settings = case.settings.model_copy(update={"dedup_scope": "none"})
    relate(case)
    assert overlay_custodians(case).changed == 0
    case.settings = case.settings.model_copy(update={"dedup_scope": "global"})
    add(case, 9, name="c.txt", data=b"inside", custodian=3)
    add(case, 10, name="d.txt", data=b"memo", custodian=3)
    relate(case)
    assert set(rows_of(overlay_custodians(case), case)) == {"RW-00000004"}
    case.settings = case.settings.model_copy(update={"dedup_scope": "custodian"})
    add(case, 11, name="e.txt", data=b"memo", custodian=1)
    relate(case)
    assert rows_of(overlay_custodians(case), case) == {
        "RW-00000004": {
            "AllCustodians": f"{A};Sorel, Inès, the late",
            "AllPaths": "folder/4/memo.txt;folder/10/d.txt;folder/11/e.txt",
        }
    }


def test_a_produced_document_that_is_a_copy_itself_by_now(case: Case) -> None:
    """An earlier document got its bytes late (a password came) and is the one that is kept."""
    add(case, 10, name="p.txt", data=b"late", text="late", custodian=2)
    relate(case)
    frozen(case, ids=(10,))
    add(case, 9, name="q.txt", data=b"late", custodian=1)
    add(case, 11, name="r.txt", data=b"late", custodian=3)
    relate(case)
    with case.read() as connection:
        d = tables.documents.c
        query = sa.select(d.id, d.duplicate_of_id).where(d.id > 8).order_by(d.id)
        assert [tuple(row) for row in connection.execute(query)] == [(9, None), (10, 9), (11, 9)]
    assert rows_of(overlay_custodians(case), case) == {
        "RW-00000010": {
            "AllCustodians": f"{B};{A};Sorel, Inès, the late",
            "AllPaths": "folder/10/p.txt;folder/9/q.txt;folder/11/r.txt",
        }
    }


def test_copies_of_copies_point_to_the_one_that_is_kept(case: Case) -> None:
    for number, custodian in ((9, 3), (12, 2), (15, 3)):
        family(case, number, custodian)
        relate(case)
    d = tables.documents.c
    with case.read() as connection:
        rows = connection.execute(sa.select(d.id, d.duplicate_of_id)).all()
    kept = {row.id for row in rows if row.duplicate_of_id is None}
    assert all(row.duplicate_of_id in kept for row in rows if row.duplicate_of_id is not None)
    volume = frozen(case)
    rows_told = {r["ControlNumber"]: r for r in read_dat(volume / "DATA/VOL1.dat").records}
    assert rows_told["RW-00000003"]["AllPaths"].count("in.txt") == 5
    assert rows_told["RW-00000003"]["AllCustodians"] == f"{A};{B};Sorel, Inès, the late"


# --- what must not be told


def test_a_withheld_document_is_in_no_overlay(case: Case) -> None:
    tag(case, "Privileged", [4])
    volume = frozen(case, exclude_tags=("Privileged",))
    add(case, 9, data=b"memo", custodian=3)
    add(case, 10, data=b"other", custodian=3)
    relate(case)
    report = overlay_custodians(case)
    assert set(rows_of(report, case)) == {"RW-00000008"}
    told = (Path(report.folder) / report.productions[0].csv).read_text(encoding="utf-8")
    assert "memo" not in told
    assert "memo" not in (volume / "DATA/VOL1.dat").read_text(encoding="utf-8")


def test_what_is_withheld_since_is_left_out_and_counted(case: Case) -> None:
    """By a tag on the produced document, or on a copy of it."""
    frozen(case)
    for number, data in ((9, b"memo"), (10, b"other"), (11, b"mail")):
        add(case, number, name=f"c{number}.txt", data=data, custodian=3)
    relate(case)
    tag(case, "Attorney-client", [4, 10])
    report = overlay_custodians(case)
    assert set(rows_of(report, case)) == {"RW-00000001"}
    assert report.productions[0].withheld == 2


def test_a_path_that_the_volume_hid_stays_hidden(case: Case) -> None:
    """Below a withheld mail; also when the tag was taken off again."""
    tag(case, "Privileged", [1])
    volume = frozen(case, exclude_tags=("Privileged",))
    rows = {row["ControlNumber"]: row for row in read_dat(volume / "DATA/VOL1.dat").records}
    assert rows["RW-00000003"]["AllPaths"] == ""
    family(case, 9, 3)
    relate(case)
    with case.write() as connection:
        connection.execute(tables.document_tags.delete())
    told = rows_of(overlay_custodians(case), case)
    assert set(told) == {"RW-00000002", "RW-00000003"}
    assert {row["AllPaths"] for row in told.values()} == {""}
    assert told["RW-00000003"]["AllCustodians"].endswith("the late")


def test_a_copy_that_lies_in_what_is_withheld_today_keeps_its_path(case: Case) -> None:
    """The archive that the late custodian had the copy in is privileged; its name is not told."""
    frozen(case)
    add(case, 9, name="Advice of counsel.zip", type_="zip", data=b"z", custodian=3,
        disposition=Disposition.CONTAINER)  # fmt: skip
    add(case, 10, name="memo.txt", data=b"memo", custodian=3, found_in=9, role=Role.MEMBER)
    add(case, 11, name="plain.txt", data=b"memo", custodian=3)
    with case.write() as connection:
        d = tables.documents
        address = "Advice of counsel.zip!/memo.txt"
        connection.execute(d.update().where(d.c.id == 10).values(address=address))
    relate(case)
    tag(case, "Privileged", [9])
    report = overlay_custodians(case)
    assert rows_of(report, case) == {
        "RW-00000004": {
            "AllCustodians": f"{A};Sorel, Inès, the late",
            "AllPaths": "folder/4/memo.txt;folder/11/plain.txt",
        }
    }
    assert report.productions[0].hidden == 1
    for path in Path(report.folder).iterdir():
        assert b"Advice" not in path.read_bytes()


def test_a_path_told_before_stays_though_it_would_be_hidden_today(case: Case) -> None:
    frozen(case)
    tag(case, "Privileged", [5])  # a copy of the mail: the mail and all in it are withheld today
    family(case, 9, 3)
    relate(case)
    report = overlay_custodians(case)
    assert (report.changed, report.productions[0].withheld) == (2, 1)
    assert report.productions[0].hidden == 2  # the late copies; those told before are not counted
    told = rows_of(report, case)
    assert told["RW-00000003"]["AllPaths"] == "folder/3/in.txt;folder/7/in.txt"
    assert told["RW-00000003"]["AllCustodians"].endswith("the late")


# --- which productions


def test_one_production_or_those_since(case: Case) -> None:
    for number, name in enumerate(("VOL1", "VOL2", "VOL3")):
        frozen(case, name, ids=(4,))
        with case.write() as connection:
            p = tables.productions
            at = f"2024-01-0{number + 1}T00:00:00Z"
            connection.execute(p.update().where(p.c.name == name).values(frozen_at=at))
    add(case, 9, data=b"memo", custodian=3)
    relate(case)

    def names(**asked: str) -> list[str]:
        report = overlay_custodians(case, dry_run=True, **asked)  # type: ignore[arg-type]
        assert report.changed == len(report.productions)
        return [each.production for each in report.productions]

    assert names() == ["VOL1", "VOL2", "VOL3"]
    assert names(name="VOL2") == ["VOL2"]
    assert names(since="VOL2") == ["VOL2", "VOL3"]
    overlay_custodians(case, "VOL2")
    assert overlay_custodians(case, "VOL2").changed == 0
    assert overlay_custodians(case).changed == 2  # the others were not told yet


def test_what_is_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ProductionError, match="frozen are: none"):
        overlay_custodians(case, "VOL1")
    tag(case, "later", [4])
    plan(case, specification(name="VOL2", tag="later"))
    frozen(case)
    for asked in ({"name": "VOL2"}, {"since": "Nobody"}):
        with pytest.raises(ProductionError, match="frozen are: VOL1"):
            overlay_custodians(case, **asked)  # type: ignore[arg-type]
    for out in (tmp_path, tmp_path / "no" / "where", case.folder / "store" / "x"):
        with pytest.raises(ProductionError):
            overlay_custodians(case, out=out)
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 8).values(disposition="pending"))
    with pytest.raises(ProductionError, match="redwell process"):
        overlay_custodians(case)
    assert overlay_custodians(case, allow_unprocessed=True).changed == 0


def test_a_volume_that_is_not_what_was_frozen_is_no_ground_to_stand_on(case: Case) -> None:
    dat = frozen(case) / "DATA/VOL1.dat"
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    true = dat.read_bytes()
    dat.chmod(0o644)
    dat.write_bytes(true.replace(B.encode(), b"Brandt, Liv"))
    with pytest.raises(ProductionError, match="not the one that was frozen"):
        overlay_custodians(case)
    dat.unlink()
    with pytest.raises(ProductionError, match="Put the frozen volume back"):
        overlay_custodians(case)
    dat.write_bytes(true)
    report = overlay_custodians(case)
    path = LocalStore(Path(case.store_address)).path(report.productions[0].dat_sha256)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"memo", b"mema"))
    with pytest.raises(StoreError, match="damaged"):
        overlay_custodians(case)


def test_names_that_load_files_and_spreadsheets_take_badly(case: Case) -> None:
    """A formula, thorns, a line end, a registered sign: told, and the same the next time."""
    odd = '=HYPERLINK("http://x")þ®\nLee'
    with case.write() as connection:
        connection.execute(tables.custodians.insert().values(id=4, name=odd))
    add(case, 9, name="a;b.txt", data=b"memo", custodian=4)
    relate(case)
    frozen(case)
    assert overlay_custodians(case).changed == 0
    add(case, 10, name="@SUM(1).txt", data=b"other", custodian=4)
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 10).values(address="@SUM(1).txt"))
    relate(case)
    report = overlay_custodians(case)
    [row] = rows_of(report, case).values()
    assert row["AllCustodians"] == f"{B};{odd}".replace("\n", "®")
    assert report.productions[0].remarks == 1
    with (Path(report.folder) / report.productions[0].csv).open(
        encoding="utf-8-sig", newline=""
    ) as file:
        [told] = csv.DictReader(file)
    assert told["AllPaths added"] == "'@SUM(1).txt"
    assert told["AllCustodians added"].startswith("'=HYPER")
    assert overlay_custodians(case).changed == 0


# --- crashes

_DIES = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from produce import overlay_run
from records import case as cases
at = sys.argv[3]
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if at == "before the rename":
    overlay_run.recorded = die
else:
    overlay_run.sync_path = die
with cases.opened(Path(sys.argv[2])) as case:
    overlay_run.overlay_custodians(case)
"""


@pytest.mark.parametrize("at", ["before the rename", "after the rename"])
def test_a_kill_before_the_record_says_so_has_told_nothing(case: Case, at: str) -> None:
    frozen(case)
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    command = [sys.executable, "-c", _DIES, str(ROOT), str(case.folder), at]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (case.folder / "overlays/custodians-0001").exists() == (at == "after the rename")
    report = overlay_custodians(case)
    assert report.changed == 1
    assert overlay_custodians(case).changed == 0


def test_a_full_disk_leaves_nothing(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen(case)
    add(case, 9, data=b"memo", custodian=3)
    relate(case)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(overlay_run, "write_dat", full)
    with pytest.raises(OSError, match="No space"):
        overlay_custodians(case, out=tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]
    monkeypatch.undo()
    assert overlay_custodians(case, out=tmp_path / "out").changed == 1


# --- the reader and the command


def test_columns_of_a_dat(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes("\ufeffþAþ\x14þBþ\r\nþ1þ\x14þtwo þþ x®yþ\r\n".encode())
    with path.open("rb") as file:
        assert list(dat_columns(file, ("B", "C", "A"))) == [("two þ x®y", None, "1")]
    path.write_bytes("\ufeffþAþ\x14þBþ\r\nþ1þ\r\n".encode())
    with path.open("rb") as file, pytest.raises(UnreadableError, match="row 2 has 1 fields"):
        list(dat_columns(file, ("A",)))
    path.write_bytes(b"A,B\r\n")
    with path.open("rb") as file, pytest.raises(UnreadableError, match="byte order mark"):
        list(dat_columns(file, ("A",)))


def _call(case: Case, *arguments: str) -> Any:
    whole = ["custodians", *arguments, "--case", str(case.folder)]
    return CliRunner().invoke(overlay_group, whole, catch_exceptions=False)


def test_the_command(case: Case, tmp_path: Path) -> None:
    assert "No production is frozen yet" in _call(case).output
    frozen(case)
    assert "Nothing changed of what was produced" in _call(case).output
    add(case, 9, data=b"memo", custodian=3)
    relate(case)
    assert "Nothing was written" in _call(case, "--dry-run").output
    out = tmp_path / "out"
    told = json.loads(_call(case, "--json", "--out", str(out)).stdout)
    assert (told["changed"], told["folder"]) == (1, str(out))
    assert told["productions"][0]["dat"] == "VOL1_CUSTODIANS_001.dat"
    assert sorted(each.suffix for each in out.iterdir()) == [".csv", ".dat"]
    tag(case, "Privileged", [8])
    assert "claw them back" in _call(case).output
    assert _call(case, "--production", "VOL1", "--since", "VOL1").exit_code == 2
