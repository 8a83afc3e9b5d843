"""Bad input at the front door: a clear message, its own exit code, nothing half done."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


def redwell(
    *arguments: str | Path, cwd: Path, path: str | None = None, prefix: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "REDWELL_CASE"}
    environment["PYTHONPATH"] = str(ROOT)
    if path is not None:
        environment["PATH"] = path
    return subprocess.run(
        [*prefix, sys.executable, "-P", str(ROOT / "cli.py"), *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for each in said:
        assert each in done.stderr
    assert done.stdout == ""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one processed, indexed text; each test works on a copy."""
    folder = tmp_path_factory.mktemp("made")
    source = folder / "source"
    source.mkdir()
    (source / "a.txt").write_text("a plain word")
    done = redwell(
        *("init", "case", "--number", "1", "--caption", "c", "--bates-prefix", "ABC"),
        *("--custodian", "Ann"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    for step in (
        ("ingest", "source", "--custodian", "Ann", "--workers", "1"),
        ("process", "--workers", "1"),
        ("index", "--workers", "1"),
    ):
        done = redwell(*step, "--case", "case", cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "case"


def rows(case: Path) -> str:
    return redwell("status", "--json", "--case", case, cwd=case).stdout


def test_no_case_here(tmp_path: Path) -> None:
    for command in (["status"], ["search", "x"], ["index"], ["produce", "list"], ["tag", "list"]):
        refused(redwell(*command, cwd=tmp_path), 10, "redwell init")
    refused(redwell("status", "--case", "nowhere", cwd=tmp_path), 10, "nowhere")


def test_a_case_that_is_there_already(case: Path) -> None:
    init = ("init", "case", "--number", "1", "--caption", "c", "--bates-prefix", "ABC")
    refused(redwell(*init, cwd=case.parent), 11, "not empty")


def test_a_prefix_with_a_comma(tmp_path: Path) -> None:
    init = ("init", "case", "--number", "1", "--caption", "c", "--bates-prefix", "A,B")
    refused(redwell(*init, cwd=tmp_path), 13, "','", "OPT")
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_is_not_there(case: Path) -> None:
    before = rows(case)
    done = redwell("ingest", "nowhere", "--custodian", "Ann", "--case", case, cwd=case)
    refused(done, 20, "nowhere")
    assert rows(case) == before


def test_an_unknown_custodian(case: Path) -> None:
    before = rows(case)
    done = redwell("ingest", "../source", "--custodian", "Bob", "--case", case, cwd=case)
    refused(done, 21, "Bob", "Ann")
    assert rows(case) == before


def test_names_that_would_be_two_people(case: Path) -> None:
    for name in ("ann", " Ann ", "  "):
        refused(redwell("custodian", "add", name, "--case", case, cwd=case), 21)


def test_a_database_that_is_gone(case: Path) -> None:
    (case / "case.db").unlink()
    refused(redwell("status", "--case", case, cwd=case), 62, "case.db is missing")
    assert not (case / "case.db").exists()


def test_the_reader_of_a_pipe_goes_away(case: Path) -> None:
    """`redwell search … | head -0` is no error, whatever `pipefail` says."""
    command = [sys.executable, "-P", str(ROOT / "cli.py"), "audit", "list", "--case", str(case)]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_scheduler_address_without_a_port(case: Path) -> None:
    done = redwell("process", "--scheduler", "localhost", "--case", case, cwd=case)
    refused(done, 30, "tcp://host:8786")


def test_a_password_list_that_is_not_there(case: Path) -> None:
    done = redwell("process", "--passwords", "nowhere.txt", "--case", case, cwd=case)
    refused(done, 20, "nowhere.txt")


@pytest.mark.parametrize("command", [["ingest", "../source", "--custodian", "Ann"], ["process"]])
def test_a_scheduler_that_does_not_answer(case: Path, command: list[str]) -> None:
    before = rows(case)
    done = redwell(*command, "--scheduler", "tcp://127.0.0.1:9", "--case", case, cwd=case)
    refused(done, 30, "tcp://127.0.0.1:9", "dask scheduler")
    assert rows(case) == before


def test_a_second_process_on_the_same_case(case: Path, tmp_path: Path) -> None:
    busy = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(case)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert busy.stdout is not None
    assert busy.stdout.readline() == b"held\n"
    try:
        for command in (["process"], ["index"], ["ingest", "../source", "--custodian", "Ann"]):
            refused(redwell(*command, "--case", case, cwd=case), 12, "busy", str(busy.pid))
        assert redwell("search", "plain", "--count", "--case", case, cwd=case).stdout == "1\n"
    finally:
        busy.kill()
        busy.communicate()


_HOLD = """
import sys, time
from pathlib import Path
sys.path.insert(0, ".")
from records import case as cases
with cases.opened(Path(sys.argv[1])) as case, case.exclusive("test"):
    print("held", flush=True)
    time.sleep(120)
"""


def test_a_query_that_cannot_be_read(case: Path) -> None:
    refused(redwell("search", "a AND (b", "--case", case, cwd=case), 40, "column 7")


def test_a_tag_that_is_not_there(case: Path) -> None:
    done = redwell("tag", "add", "Hot", "--query", "plain", "--case", case, cwd=case)
    refused(done, 41, "Hot", "tag define")


def test_ids_that_are_not_there(case: Path) -> None:
    assert redwell("tag", "define", "Hot", "--case", case, cwd=case).returncode == 0
    done = redwell("tag", "add", "Hot", "--ids", "RW-00000999", "--case", case, cwd=case)
    refused(done, 42, "RW-00000999")


def test_productions_that_cannot_be(case: Path) -> None:
    plan = ("produce", "plan")
    refused(redwell(*plan, "A,B", "--query", "plain", "--case", case, cwd=case), 51, "A,B")
    refused(redwell(*plan, "V1", "--query", "nothing", "--case", case, cwd=case), 51, "no document")
    refused(redwell(*plan, "V1", "--tag", "Hot", "--case", case, cwd=case), 51, "Hot")
    refused(redwell("produce", "run", "V1", "--case", case, cwd=case), 50, "V1")
    refused(redwell("produce", "check", "V1", "--case", case, cwd=case), 50, "V1")


@pytest.mark.heavy
def test_no_tesseract(case: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = redwell("process", "--case", case, cwd=case, path=str(empty))
    refused(done, 31, "tesseract-ocr", "--no-ocr")
    done = redwell("process", "--no-ocr", "--workers", "1", "--case", case, cwd=case)
    assert done.returncode == 0, done.stderr


@pytest.mark.heavy
def test_no_libreoffice(case: Path, tmp_path: Path) -> None:
    source = tmp_path / "more"
    source.mkdir()
    shutil.copy(ROOT / "samples/matter/amara-okafor/deliveries/lot report.docx", source)
    for step in (
        ("ingest", source, "--custodian", "Ann", "--workers", "1"),
        ("process", "--no-ocr", "--workers", "1"),
        ("index", "--workers", "1"),
        ("produce", "plan", "V1", "--query", "type:docx"),
    ):
        done = redwell(*step, "--case", case, cwd=case)
        assert done.returncode == 0, done.stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    done = redwell("produce", "run", "V1", "--case", case, cwd=case, path=str(empty))
    refused(done, 31, "LibreOffice")
    assert not list((case / "productions").iterdir())


def test_an_index_that_is_gone_says_so_and_comes_back(case: Path) -> None:
    shutil.rmtree(case / "index")
    done = redwell("search", "plain", "--count", "--case", case, cwd=case)
    refused(done, 43, "redwell index")
    assert redwell("index", "--workers", "1", "--case", case, cwd=case).returncode == 0
    assert redwell("search", "plain", "--count", "--case", case, cwd=case).stdout == "1\n"


def test_the_status_of_a_case_whose_index_is_damaged(case: Path) -> None:
    """All else is shown, and the code is that of the index."""
    whole = json.loads(redwell("status", "--json", "--case", case, cwd=case).stdout)
    (segment,) = (case / "index").glob("*.seg")
    segment.unlink()
    done = redwell("status", "--json", "--case", case, cwd=case)
    assert (done.returncode, "is damaged" in done.stderr) == (43, True)
    told = json.loads(done.stdout)
    assert (told.pop("not_in_the_index"), told.pop("advice")) == (None, "redwell index rebuild")
    assert told == {name: whole[name] for name in told}
    assert len(told) == len(whole) - 2
    assert "Next: redwell index rebuild" in redwell("status", "--case", case, cwd=case).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_an_export_to_a_full_disk(case: Path, tmp_path: Path) -> None:
    """The place is named, nothing is left there, and no traceback is printed."""
    small = tmp_path / "small"
    small.mkdir()
    script = (
        'mount -t tmpfs -o size=4k none "$1" && head -c 4096 /dev/zero > "$1/all"; '
        '"$2" -P "$3" search "docid:>=1" --export "$1/found.csv"; echo "code $?"; ls -A "$1"'
    )
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", script, "sh", str(small), sys.executable),
            str(ROOT / "cli.py"),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=case,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "permission denied" in done.stderr.lower():
        pytest.skip("this machine does not let root mount")
    assert done.stdout == "code 32\nall\n"
    assert f"No room left in {small}:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk(made: Path, tmp_path: Path) -> None:
    """On a file system of 3 MB: refused with its code, and goes on once there is room."""
    small, source = tmp_path / "small", tmp_path / "source"
    small.mkdir()
    source.mkdir()
    for number in range(20):
        (source / f"{number:02}.bin").write_bytes(os.urandom(200_000))
    script = (
        'mount -t tmpfs -o size=3m none "$1" && cp -r "$2" "$1/case" && cd "$1/case" && '
        '"$4" -P "$5" ingest "$3" --custodian Ann --workers 1; echo "code $?"; '
        'mount -o remount,size=64m "$1" && '
        '"$4" -P "$5" ingest "$3" --custodian Ann --workers 1 --json; echo "code $?"'
    )
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", script, "sh", str(small), str(made / "case")),
            *(str(source), sys.executable, str(ROOT / "cli.py")),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "permission denied" in done.stderr.lower():
        pytest.skip("this machine does not let root mount")
    assert "Traceback" not in done.stderr
    assert "No room left" in done.stderr
    assert "code 32" in done.stdout
    assert done.stdout.endswith("code 0\n"), done.stderr
    assert '"files_found": 20' in done.stdout
