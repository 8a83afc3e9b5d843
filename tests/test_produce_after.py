"""After the freeze: deliveries that open by their password alone, clawbacks, a number's history."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from produce import sealing
from produce.clawback import claw_back
from produce.commands import produce
from produce.delivery import Delivery, Wish, deliver, new_password
from produce.history import history
from produce.plan import plan
from produce.record import items
from produce.run import run
from produce.selection import clawed_back
from records import audit, tables
from records.case import Case
from records.codes import Role
from records.errors import CheckFailedError, ProductionError, SpecificationError
from tests.archive_cases import needs_7z
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop

PASSWORD = "correct horse bättery"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as case:
        mail_family(case, 1)
        mail_family(case, 4, day="13")
        add(case, 7, name="copy.txt", data=b"twin", text="t")
        add(case, 8, name="other.txt", data=b"twin", text="t")
        add(case, 9, name="secret.txt", text="s")
        tag(case, "Responsive", range(1, 10))
        tag(case, "Privileged", [9])
        plan(case, specification(exclude_tags=("Privileged",)))
        run(case, "ABC_PROD001", workshop())
        yield case


def wish(tmp_path: Path, **changes: Any) -> Wish:
    values: dict[str, Any] = {
        "name": "ABC_PROD001",
        "recipient": "Counsel for Roe",
        "sender": "Counsel for Doe",
        "folder": tmp_path / "out",
        "password": PASSWORD,
        "password_file": None,
    }
    return Wish(**(values | changes))


def unpacked(made: Delivery, to: Path, password: str) -> dict[str, str]:
    """The files of the archive by another run of 7-Zip; path → SHA-256."""
    program = sealing.require_seven_zip().command
    archive = Path(made.folder) / made.archive
    command = [program, "x", "-y", "-bd", f"-o{to}", "--", str(archive)]
    subprocess.run(command, input=f"{password}\n".encode(), capture_output=True, check=True)
    return {
        path.relative_to(to / made.production).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted((to / made.production).rglob("*"))
        if path.is_file()
    }


@needs_7z
def test_a_delivery_is_the_volume_to_the_byte(case: Case, tmp_path: Path) -> None:
    made = deliver(case, wish(tmp_path, lines=("A line of ours.",)))
    folder = Path(made.folder)
    assert sorted(each.name for each in folder.iterdir()) == [
        "ABC_PROD001-contents.csv",
        "ABC_PROD001-transmittal.pdf",
        "ABC_PROD001.7z",
        "SHA256SUMS",
    ]
    volume = case.productions_folder / "ABC_PROD001"
    on_disk = {
        path.relative_to(volume).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in volume.rglob("*")
        if path.is_file()
    }
    assert unpacked(made, tmp_path / "un", PASSWORD) == on_disk
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False)
    assert sums.returncode == 0
    text = (folder / "ABC_PROD001-contents.csv").read_text("utf-8-sig")
    listed = {row["Path"]: row["SHA256"] for row in csv.DictReader(io.StringIO(text))}
    assert listed == on_disk
    letter = pypdf.PdfReader(folder / "ABC_PROD001-transmittal.pdf")
    said = " ".join(" ".join(page.extract_text() for page in letter.pages).split())
    for each in ("Counsel for Roe", "ABC0000001", "A line of ours.", "Doe v. Roe"):
        assert each in said
    assert made.archive_sha256 in said.replace(" ", "")
    raw = (folder / made.archive).read_bytes()
    assert b"ABC0000001" not in raw  # names are encrypted too
    assert PASSWORD.encode() not in b"".join(each.read_bytes() for each in folder.iterdir())


@needs_7z
def test_the_password_is_apart_and_not_on_record(case: Case, tmp_path: Path) -> None:
    place = tmp_path / "password.txt"
    made = deliver(case, wish(tmp_path, password=None, password_file=place))
    password = place.read_text("utf-8").strip()
    assert place.stat().st_mode & 0o777 == 0o600
    assert len(password.replace("-", "")) == 30
    assert unpacked(made, tmp_path / "un", password)
    with case.read() as connection:
        rows = connection.execute(sa.select(tables.deliveries)).mappings().all()
        told = " ".join(each.details for each in audit.entries(connection))
    assert [row["recipient"] for row in rows] == ["Counsel for Roe"]
    assert password not in told + str(rows)
    events = [each.what for each in history(case, "abc1").events]
    assert any(each.startswith("delivered to Counsel for Roe") for each in events)


@needs_7z
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"recipient": " "}, "to whom"),
        ({"password": "short"}, "at least 12"),
        ({"password": None}, "--password-out"),
        ({"name": "NOPE"}, "no production"),
    ],
)
def test_what_cannot_be_delivered(
    case: Case, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ProductionError, match=why):
        deliver(case, wish(tmp_path, **changes))
    assert not list(tmp_path.glob("*out*"))


@needs_7z
def test_places_that_will_not_do(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ProductionError, match="the case's own folder"):
        deliver(case, wish(tmp_path, folder=case.folder / "out"))
    with pytest.raises(ProductionError, match="would lie in the delivery"):
        deliver(case, wish(tmp_path, password=None, password_file=tmp_path / "out" / "p.txt"))
    (tmp_path / "out").mkdir()
    with pytest.raises(ProductionError, match="is there already"):
        deliver(case, wish(tmp_path))


@needs_7z
def test_a_volume_that_changed_does_not_go_out(case: Case, tmp_path: Path) -> None:
    page = next((case.productions_folder / "ABC_PROD001" / "TEXT").rglob("*.txt"))
    page.write_bytes(b"other")
    with pytest.raises(CheckFailedError):
        deliver(case, wish(tmp_path))
    assert not (tmp_path / "out").exists()


@needs_7z
def test_an_archive_that_lacks_something_does_not_go_out(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sealing.seal

    def lacking(*given: Any) -> tuple[Path, ...]:
        gone = next((given[1] / "TEXT").rglob("*.txt"))
        data = gone.read_bytes()
        gone.unlink()
        parts = whole(*given)
        gone.write_bytes(data)
        return parts

    monkeypatch.setattr("produce.delivery.seal", lacking)
    with pytest.raises(ProductionError, match="does not hold what the volume holds"):
        deliver(case, wish(tmp_path))
    assert not (tmp_path / "out").exists()
    with case.read() as connection:
        assert connection.execute(sa.select(tables.deliveries)).all() == []


@needs_7z
def test_an_archive_without_password_does_not_go_out(tmp_path: Path) -> None:
    volume = tmp_path / "V"
    volume.mkdir()
    (volume / "a.txt").write_text("x")
    program = sealing.require_seven_zip()
    archive = tmp_path / "V.7z"
    subprocess.run([program.command, "a", str(archive), str(volume)], check=True,
                   capture_output=True)  # fmt: skip
    with pytest.raises(ProductionError, match="opens without its password"):
        sealing.prove(program, volume, archive, PASSWORD)


def test_passwords_are_not_alike() -> None:
    found = {new_password() for _ in range(50)}
    assert len(found) == 50
    assert not set("".join(found)) & set("0O1lI")


def claw(case: Case, tmp_path: Path, *documents: int, name: str = "back") -> Any:
    return claw_back(
        case, documents, "Counsel for Roe", "Counsel for Doe", "attorney-client", tmp_path / name
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_every_file_of_every_range_is_asked_back(case: Case, tmp_path: Path) -> None:
    tag(case, "Again", [1])
    plan(case, specification("ABC_PROD002", tag="Again"))
    run(case, "ABC_PROD002", workshop())
    made = claw(case, tmp_path, 1)
    rows = rows_of(tmp_path / "back" / "return-list.csv")
    expected: dict[tuple[str, str], str] = {}
    for name in ("ABC_PROD001", "ABC_PROD002"):
        volume = case.productions_folder / name
        begin = next(e for e in made.ranges if e.startswith(name)).split()[1]
        numbers = [begin, f"ABC{int(begin[3:]) + 1:07d}"]
        for path in volume.rglob("*"):
            if path.is_file() and path.stem in numbers:
                key = (name, path.relative_to(volume).as_posix())
                expected[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    claimed = {(r["Production"], r["File"]): r["SHA256"] for r in rows if r["Why"] == "clawed back"}
    assert claimed == expected
    assert len(expected) == 6  # two pages and a text in each
    with case.read() as connection:
        assert clawed_back(connection) == {1}


def test_what_has_the_same_bytes_or_contains_it_is_told(case: Case, tmp_path: Path) -> None:
    made = claw(case, tmp_path, 7)
    assert [each.partition("(")[2] for each in made.consider] == ["same bytes)"]
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("in.txt", "x")
    add(case, 10, name="a.xlsx", type_="xlsx", data=zipped.getvalue())
    add(case, 11, name="in.txt", family=10, position=1, found_in=10, role=Role.EMBEDDED, text="x")
    tag(case, "More", [10, 11])
    plan(case, specification("ABC_PROD002", tag="More"))
    run(case, "ABC_PROD002", workshop())
    made = claw(case, tmp_path, 11, name="second")
    assert made.number == 2
    assert [each.partition("(")[2] for each in made.consider] == ["contains it)"]
    rows = rows_of(tmp_path / "second" / "return-list.csv")
    assert {row["File"].partition("/")[0] for row in rows if row["Why"] == "contains it"} == {
        "IMAGES",
        "TEXT",
        "NATIVES",
    }


def test_the_notice_names_order_ground_and_numbers(case: Case, tmp_path: Path) -> None:
    with (case.folder / "case.toml").open("a", encoding="utf-8") as file:
        file.write('\norder_502d = "Order of 3 May 2024, ECF No. 42"\n')
    arguments = ["clawback", "--ids", "RW-4", "--to", "Counsel for Roe", "--reason", "work product",
                 "--out", str(tmp_path / "back"), "--case", str(case.folder)]  # fmt: skip
    done = CliRunner().invoke(produce, arguments)
    assert done.exit_code == 0, done.output
    for text in (
        (tmp_path / "back" / "clawback-notice.txt").read_text("utf-8"),
        " ".join(
            " ".join(page.extract_text().split())
            for page in pypdf.PdfReader(tmp_path / "back" / "clawback-notice.pdf").pages
        ),
    ):
        for each in ("26(b)(5)(B)", "ECF No. 42", "work product", "Counsel for Roe", "502(d)"):
            assert each in text
        assert done.stdout.split("ABC_PROD001 ")[1].split()[0] in text
    assert any("asked back" in e.what for e in history(case, _first(case, 4)).events)


def _first(case: Case, document: int) -> str:
    i = tables.production_items.c
    with case.read() as connection:
        query = sa.select(i.beg_bates).where(i.document_id == document)
        return str(connection.execute(query).scalar_one())


def test_what_was_asked_back_is_not_produced_again(case: Case, tmp_path: Path) -> None:
    claw(case, tmp_path, 7)
    with pytest.raises(SpecificationError, match=r"1 documents .*RW-00000007.*--allow-clawed-back"):
        plan(case, specification("ABC_PROD002", exclude_tags=("Privileged",)))
    tag(case, "Privileged", [7])
    assert plan(case, specification("ABC_PROD002", exclude_tags=("Privileged",)), dry_run=True)
    allowed = specification("ABC_PROD002", allow_tags=("Privileged",), allow_clawed_back=True)
    assert plan(case, allowed, dry_run=True).conflicts["asked back before"] == ("RW-00000007",)


def test_what_was_never_produced_is_not_asked_back(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ProductionError, match="RW-00000009 was never produced"):
        claw(case, tmp_path, 9)
    with pytest.raises(ProductionError, match="No document"):
        claw(case, tmp_path)
    assert not (tmp_path / "back").exists()
    with case.read() as connection:
        assert clawed_back(connection) == set()


def ask(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(produce, ["history", *arguments, "--case", str(case.folder)])


def test_a_number_in_the_middle_of_its_document(case: Case) -> None:
    first = _first(case, 4)
    number = int(first[3:])
    found = json.loads(ask(case, f"abc{number + 1}", "--json").stdout)
    assert (found["bates"], found["document"]) == (f"ABC{number + 1:07d}", "RW-00000004")
    assert (found["page"], found["pages"], found["treatment"]) == (2, 2, "image")
    assert [each["what"].partition(",")[0] for each in found["events"]] == [
        "ABC_PROD001 planned",
        "ABC0000001 - ABC0000009 reserved for ABC_PROD001",
        "ABC_PROD001 frozen",
    ]
    assert "page 2 of 2" in ask(case, f"ABC{number + 1}").stdout


def test_a_number_of_a_page_of_a_numbered_document(case: Case) -> None:
    tag(case, "Again", [1])
    plan(case, specification("ABC_PROD002", tag="Again", number_by="document"))
    run(case, "ABC_PROD002", workshop())
    with case.read() as connection:
        [first, *_] = [each.first for each in items(connection, 2) if each.document_id == 1]
    found = json.loads(ask(case, f"{first}_0002", "--json").stdout)
    assert (found["bates"], found["page"], found["document"]) == (
        f"{first}_0002",
        2,
        "RW-00000001",
    )


@pytest.mark.parametrize("bates", ["ABC9999999", "XYZ0000001", "rubbish", ""])
def test_a_number_that_nobody_holds(case: Case, bates: str) -> None:
    assert isinstance(ask(case, bates).exception, ProductionError)
