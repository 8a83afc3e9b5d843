"""A Java that is missing, or does not run, is told before any document is on record."""

import subprocess
from pathlib import Path

import jpype
import pytest

from bench import pipeline
from process import jvm, tools
from records.errors import ToolMissingError


@pytest.fixture
def case(tmp_path: Path) -> Path:
    about = ("--number", "1", "--caption", "Java", "--bates-prefix", "JAV", "--custodian", "Ann")
    pipeline.redwell("init", str(tmp_path / "case"), *about)
    (tmp_path / "source").mkdir()
    for number in range(3):
        (tmp_path / "source" / f"{number}.txt").write_text(f"words {number}", encoding="utf-8")
    return tmp_path / "case"


def _run(case: Path, java: Path) -> "subprocess.CompletedProcess[str]":
    source = str(case.parent / "source")
    collect = ("run", source, "--custodian", "Ann", "--no-ocr", "--no-relations", "--workers", "2")
    return subprocess.run(
        pipeline.command(*collect, "--case", str(case)),
        env=pipeline.environment() | {"JAVA_HOME": str(java)},
        capture_output=True,
        text=True,
        check=False,
    )


def _refused(case: Path, java: Path) -> str:
    done = _run(case, java)
    assert done.returncode == ToolMissingError.exit_code
    assert "Apache Tika cannot run" in done.stderr
    assert "Traceback" not in done.stderr
    assert pipeline.contents(case)["documents"] == []
    return done.stderr


@pytest.mark.slow
def test_a_java_that_does_not_run(case: Path, tmp_path: Path) -> None:
    library = tmp_path / "java" / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"no library")
    assert "does not start" in _refused(case, tmp_path / "java")


def test_no_java_is_told_without_starting_any(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise jpype.JVMNotFoundException

    monkeypatch.setattr(jpype, "getDefaultJVMPath", none)
    monkeypatch.setattr(jvm, "_package_folder", lambda _name: None)
    with pytest.raises(ToolMissingError, match="Apache Tika cannot run: No Java was found"):
        tools.require_installed(None)
