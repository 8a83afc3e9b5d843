"""Files that a command writes: whole or not there, and nothing left of one that was killed."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from records.errors import OutputError
from records.exports import Value, write_table
from records.outputs import new_file

_WRITER = """
import sys, time
from pathlib import Path
from records.outputs import new_file
with new_file(Path(sys.argv[1]), overwrite=False) as file:
    file.write(b"half")
    print("begun", flush=True)
    time.sleep(600)
"""


def begun(target: Path) -> "subprocess.Popen[bytes]":
    """A command that is in the middle of writing `target`."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(target)], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    return process


def killed(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_the_part_of_a_killed_command_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    target = tmp_path / "found[1].csv"
    dead, living = begun(target), begun(target)
    try:
        parts = {each.name for each in tmp_path.iterdir()}
        assert len(parts) == 2
        killed(dead)
        assert {each.name for each in tmp_path.iterdir()} == parts
        with new_file(target, overwrite=False) as file:
            file.write(b"whole")
            now = {each.name for each in tmp_path.iterdir()}
            assert len(now & parts) == 1  # the living one's
            assert len(now - parts) == 1  # ours
        assert len(list(tmp_path.iterdir())) == 2
    finally:
        killed(living)
    with new_file(target, overwrite=True) as file:
        file.write(b"again")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {target.name: b"again"}


def test_what_is_another_targets_or_nobodys_part_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"x")
    kept = [
        *(".a.csv.b.abcdefgh.part", ".b.csv.abcdefgh.part", ".a.csv.abcdefg.part"),
        *(".axcsv.abcdefgh.part", "a.csv.abcdefgh.part", ".a.csv.ABCDEFGH.part"),
    ]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".a.csv.aaaaaaaa.part").symlink_to(elsewhere)
    (tmp_path / ".a.csv.bbbbbbbb.part").mkdir()
    os.mkfifo(tmp_path / ".a.csv.cccccccc.part")
    before = {each.name for each in tmp_path.iterdir()}
    with new_file(tmp_path / "a.csv", overwrite=False) as file:
        file.write(b"1")
    assert {each.name for each in tmp_path.iterdir()} == before | {"a.csv"}
    assert elsewhere.read_bytes() == b"x"


def test_an_error_leaves_what_was_there_and_no_part(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), new_file(target, overwrite=True) as file:
        file.write(bytes(1 // 0))
    with pytest.raises(OutputError, match="there already"), new_file(target, overwrite=False):
        pass
    with pytest.raises(OutputError), new_file(tmp_path / "no" / "a.csv", overwrite=False):
        pass
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.csv": b"old"}


def test_tables_hold_no_formula(tmp_path: Path) -> None:
    rows: list[list[Value]] = [["=1+1", 3, None], ["a\x00\ud800b", -1, "x" * 40_000]]
    for name in ("t.xlsx", "t.csv"):
        write_table(tmp_path / name, "T", ("a", "b", "c"), rows, overwrite=False)
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    read = list(sheet.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert read[1] == ("'=1+1", 3, None)
    assert read[2][:2] == ("a\ufffd\ufffdb", -1)
    assert len(str(read[2][2])) == 32_767
    text = (tmp_path / "t.csv").read_text("utf-8-sig")
    assert list(csv.reader(text.splitlines()))[1] == ["'=1+1", "3", ""]
