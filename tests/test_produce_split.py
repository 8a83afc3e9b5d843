"""Deliveries in parts: each is named with its hash, and joined they are one encrypted archive."""

import csv
import hashlib
import io
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from produce import sealing
from produce.commands import produce
from produce.delivery import LEAST_PART, Delivery, Wish, deliver
from produce.history import history
from produce.plan import plan
from produce.run import run
from records import audit, tables
from records.case import Case
from records.errors import ProductionError
from tests.archive_cases import needs_7z
from tests.produce_matter import add, matter, specification, tag, workshop

PASSWORD = "correct horse bättery"
pytestmark = needs_7z


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        data = random.Random(7).randbytes(300_000)  # which no packer makes smaller
        add(opened, 1, name="film.mp4", type_="video", data=data)
        add(opened, 2, text="a text")
        tag(opened, "Responsive", [1, 2])
        plan(opened, specification())
        run(opened, "ABC_PROD001", workshop())
        yield opened


def _delivered(case: Case, tmp_path: Path, **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "name": "ABC_PROD001",
        "recipient": "Counsel for Roe",
        "sender": "Counsel for Doe",
        "folder": tmp_path / "out",
        "password": PASSWORD,
        "password_file": None,
        "split": LEAST_PART,
    }
    return deliver(case, Wish(**(values | changes)))


def _call(case: Case, tmp_path: Path, *more: str) -> Result:
    (tmp_path / "word.txt").write_text(PASSWORD, encoding="utf-8")
    given = ["deliver", "ABC_PROD001", "--to", "Counsel", "--out", str(tmp_path / "out")]
    given += ["--password-file", str(tmp_path / "word.txt"), "--case", str(case.folder), *more]
    return CliRunner().invoke(produce, given)


def test_parts_are_named_and_joined_they_are_the_archive(case: Case, tmp_path: Path) -> None:
    made = _delivered(case, tmp_path)
    folder = Path(made.folder)
    assert len(made.parts) == 5
    assert made.parts == tuple(f"ABC_PROD001.7z.{number:03d}" for number in range(1, 6))
    sizes = [(folder / each).stat().st_size for each in made.parts]
    assert sizes[:-1] == [LEAST_PART] * 4
    assert 0 < sizes[-1] <= LEAST_PART
    whole = b"".join((folder / each).read_bytes() for each in made.parts)
    digest = hashlib.sha256(whole).hexdigest()
    assert (made.archive, made.archive_sha256, made.archive_size) == (
        "ABC_PROD001.7z",
        digest,
        len(whole),
    )
    assert b"ABC0000001" not in whole
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    names = {line.split("  ")[1] for line in sums}
    papers = {"ABC_PROD001-contents.csv", "ABC_PROD001-transmittal.pdf"}
    assert names == {*made.parts, *papers}
    assert {each.name for each in folder.iterdir()} == {*names, "SHA256SUMS"}
    check = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=False)
    assert check.returncode == 0
    one = tmp_path / "joined.7z"
    one.write_bytes(whole)
    for number, archive in enumerate((folder / made.parts[0], one)):
        assert _unpacked(archive, tmp_path / f"un{number}") == _on_disk(case)


def _on_disk(case: Case) -> dict[str, bytes]:
    return _files(case.productions_folder / "ABC_PROD001")


def _files(folder: Path) -> dict[str, bytes]:
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def _unpacked(archive: Path, to: Path) -> dict[str, bytes]:
    program = sealing.require_seven_zip().command
    command = [program, "x", "-y", "-bd", f"-o{to}", "--", str(archive)]
    subprocess.run(command, input=f"{PASSWORD}\n".encode(), capture_output=True, check=True)
    return _files(to / "ABC_PROD001")


def test_letter_contents_and_record_tell_of_the_parts(case: Case, tmp_path: Path) -> None:
    made = _delivered(case, tmp_path)
    folder = Path(made.folder)
    hashes = {each: hashlib.sha256((folder / each).read_bytes()).hexdigest() for each in made.parts}
    letter = pypdf.PdfReader(folder / "ABC_PROD001-transmittal.pdf")
    said = "".join("".join(page.extract_text().split()) for page in letter.pages)
    for name, digest in (*hashes.items(), ("inparts:5", made.archive_sha256)):
        assert name in said
        assert digest in said
    text = (folder / "ABC_PROD001-contents.csv").read_text("utf-8-sig")
    listed = {row["Path"]: row["SHA256"] for row in csv.DictReader(io.StringIO(text))}
    volume = {path: hashlib.sha256(data).hexdigest() for path, data in _on_disk(case).items()}
    assert listed == volume | hashes
    with case.read() as connection:
        (row,) = connection.execute(sa.select(tables.deliveries)).mappings().all()
        told = [each.details for each in audit.entries(connection)]
    assert (row["archive"], row["archive_sha256"], row["archive_size"]) == (
        "ABC_PROD001.7z",
        made.archive_sha256,
        made.archive_size,
    )
    assert all(digest in str(told[-1]) for digest in hashes.values())
    events = [each.what for each in history(case, "abc1").events]
    assert f"delivered to Counsel for Roe, archive {made.archive_sha256}" in events


def test_the_command_takes_sizes_and_tells_parts(case: Case, tmp_path: Path) -> None:
    done = _call(case, tmp_path, "--split", "128K")
    assert done.exit_code == 0, done.output
    assert "in 3 parts, ABC_PROD001.7z.001 to ABC_PROD001.7z.003" in done.stdout
    for wrong in ("650", "0m", "4 gb", "-1g", "1.5g", ""):
        bad = _call(case, tmp_path, "--split", wrong)
        assert bad.exit_code == 2
        assert "is no size: write 650m or 4g" in bad.output


def test_one_part_is_a_part_too(case: Case, tmp_path: Path) -> None:
    made = _delivered(case, tmp_path, split=4 << 30)
    assert made.parts == ("ABC_PROD001.7z.001",)
    assert _unpacked(Path(made.folder) / made.parts[0], tmp_path / "un") == _on_disk(case)


@pytest.mark.parametrize(
    ("split", "why"), [(LEAST_PART - 1, "at least 65,536 bytes"), (LEAST_PART, "over 2 parts")]
)
def test_parts_that_are_too_small_are_refused(
    split: int, why: str, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("produce.delivery.MOST_PARTS", 2)
    with pytest.raises(ProductionError, match=why):
        _delivered(case, tmp_path, split=split)
    assert not (tmp_path / "out").exists()


def _lost(parts: tuple[Path, ...]) -> tuple[Path, ...]:
    parts[2].unlink()
    return (*parts[:2], *parts[3:])


def _spoilt(parts: tuple[Path, ...]) -> tuple[Path, ...]:
    data = bytearray(parts[2].read_bytes())
    data[1000] ^= 1
    parts[2].write_bytes(data)
    return parts


def _cut(parts: tuple[Path, ...]) -> tuple[Path, ...]:
    parts[1].write_bytes(parts[1].read_bytes()[:-1])
    return parts


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_lost, "did not write parts of"),
        (_cut, "did not write parts of"),
        (_spoilt, "cannot be unpacked again"),
    ],
)
def test_a_part_that_is_lost_or_spoilt_does_not_go_out(
    harm: Callable[[tuple[Path, ...]], tuple[Path, ...]],
    why: str,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = sealing.seal
    monkeypatch.setattr("produce.delivery.seal", lambda *given: harm(whole(*given)))
    with pytest.raises(ProductionError, match=why):
        _delivered(case, tmp_path)
    assert not (tmp_path / "out").exists()
    with case.read() as connection:
        assert connection.execute(sa.select(tables.deliveries)).all() == []
