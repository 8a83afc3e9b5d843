"""The pieces of extraction by themselves: rules, times, checks."""

import fcntl
import multiprocessing
import os
import subprocess
import sys
import tempfile
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from ingest import workspace
from process import jvm, tika, tools, worker
from process.ocr_choice import PageLook, wants_ocr
from records.codes import Code
from records.errors import ToolMissingError
from tests.process_samples import Bench, mail

PROSE = "The tenant shall keep the premises in good repair and pay all charges when due. " * 8
MUTE = "Thn tnnt shll kpp thx prmss ngd rpr wth chrgs whn dx " * 8


@pytest.mark.parametrize(
    ("text", "images", "paths", "covered", "wanted"),
    [
        ("", 1, 0, 1.0, True),
        ("Page 3", 1, 0, 0.9, True),
        ("", 0, 200, 0.0, True),
        ("", 0, 0, 0.0, False),
        ("", 0, 40, 0.0, False),
        ("Title page", 0, 3, 0.0, False),
        (PROSE, 0, 10, 0.0, False),
        (PROSE, 1, 10, 1.0, False),
        (PROSE[:300], 1, 0, 0.5, True),
        (PROSE[:300], 1, 0, 0.1, False),
        ("\ufffd" * 60 + PROSE, 0, 0, 0.0, True),
        ("\ue001\ue002 " * 80, 0, 0, 0.0, True),
        (MUTE, 0, 0, 0.0, True),
        ("1 2 3 4 5 6 7 8 9 10 11.50 " * 20, 0, 5, 0.0, False),
        ("договор аренды помещения " * 20, 0, 5, 0.0, False),
        ("合同双方同意以下条款" * 20, 0, 5, 0.0, False),
    ],
)
def test_pages_that_want_ocr(
    text: str, images: int, paths: int, covered: float, wanted: bool
) -> None:
    assert wants_ocr(text, PageLook(images, paths, images * 100_000, covered)) is wanted


@pytest.mark.parametrize(
    ("trace", "code"),
    [
        (
            "org.apache.tika.exception.EncryptedDocumentException: no\n\tat a.b(C.java:1)",
            "encrypted",
        ),
        ("x.TikaException: bad\n\tat a\nCaused by: java.io.EOFException\n\tat b", "truncated"),
        ("org.apache.tika.exception.TikaException: Zip bomb detected!", "bomb"),
        ("java.lang.IllegalArgumentException: no\n\tat EncryptedDocumentException", "corrupt"),
        ("", "corrupt"),
    ],
)
def test_java_stack_traces_become_codes(trace: str, code: str) -> None:
    found, message = tika.understand(trace)
    assert found == code
    assert "\t" not in message


def test_a_jar_of_other_bytes_is_refused(tmp_path: Path) -> None:
    jvm.check_jar(jvm.find_jar())
    other = tmp_path / "tika-app.jar"
    other.write_bytes(b"PK")
    with pytest.raises(ToolMissingError, match="is not the Tika that was tested"):
        jvm.check_jar(other)


@pytest.mark.heavy
def test_probe_tells_java_tika_and_tesseract() -> None:
    found = tools.probe()
    assert found.tika == f"Apache Tika {jvm.TIKA_VERSION}"
    assert int(found.java.split(".")[0]) >= 17
    assert found.all_charsets is not found.java_bundled
    assert found.java_trouble == ""
    assert "eng" in found.tesseract.languages


def _extract_there(folder: str, data: bytes, answers: "Queue[str]") -> None:
    bench = Bench(Path(folder))
    (item,) = bench.extract(data, "m.eml")
    answers.put(f"{item.outcome} {bench.text(item).strip()}")
    worker.close_children()


def test_a_daemonic_process_can_drive_the_child(tmp_path: Path) -> None:
    """Dask's workers are such processes; they may not start children by multiprocessing."""
    context = multiprocessing.get_context("spawn")
    answers: Queue[str] = context.Queue()
    process = context.Process(
        target=_extract_there,
        args=(str(tmp_path), mail("from afar").as_bytes(), answers),
        daemon=True,
    )
    process.start()
    try:
        assert answers.get(timeout=60) == "reviewable from afar"
    finally:
        process.join(30)
        answers.close()
        answers.join_thread()
    assert process.exitcode == 0


def test_a_child_that_cannot_start_leaves_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.close_children()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    (item,) = Bench(tmp_path).extract(b"words", "a.txt")
    assert [(note.code, note.attempts) for note in item.notes] == [(Code.CRASH, 2)]
    worker.close_children()


def test_folders_of_killed_workers_are_swept_and_living_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workspace, "_mine", workspace._Mine())
    with workspace.workspace() as mine:
        (mine / "evidence").write_bytes(b"x")
        dead = tmp_path / "redwell-work-dead"
        dead.mkdir()
        (dead / "lock").touch()
        (dead / "evidence").write_bytes(b"x")
        command = [sys.executable, "-P", "-c", SWEEP, str(tmp_path)]
        environment = os.environ | {"PYTHONPATH": str(Path(jvm.__file__).parents[1])}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "1\n"
        assert not dead.exists()
        assert (mine / "evidence").exists()
    assert not mine.exists()


def test_a_folder_just_made_is_not_swept_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(workspace, "_mine", workspace._Mine())
    real = fcntl.flock
    swept: list[int] = []

    def swept_before(descriptor: int, how: int) -> None:
        if not swept:
            swept.append(0)
            swept[0] = workspace.sweep(tmp_path)
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", swept_before)
    with workspace.workspace() as mine:
        (mine / "evidence").write_bytes(b"x")
        assert workspace.sweep(tmp_path) == 0
        assert (mine / "evidence").exists()
    assert swept == [0]


SWEEP = "import sys, pathlib, ingest.workspace as w; print(w.sweep(pathlib.Path(sys.argv[1])))"
