"""The command group `ocr` at the front door, with the real Tesseract."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process_samples import page, picture

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.heavy, pytest.mark.slow]


def redwell(case: Path, *arguments: str | Path) -> Any:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "REDWELL_CASE": str(case)}
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "cli.py"), *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def test_scans_are_read_once_shown_and_read_again(tmp_path: Path) -> None:
    source, case = tmp_path / "source", tmp_path / "case"
    source.mkdir()
    lines = ("The cargo of seventeen crates", "was received at Rotterdam")
    (source / "a.tif").write_bytes(picture(page(*lines), "TIFF", (page(),)))
    (source / "b.png").write_bytes(picture(page(*lines).convert("RGB")))
    init = ("--number", "1", "--caption", "A v. B", "--bates-prefix", "AB", "--custodian", "Ann")
    subprocess.run(
        [sys.executable, "-P", str(ROOT / "cli.py"), "init", str(case), *init],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    redwell(case, "ingest", source, "--custodian", "Ann", "--workers", "1")
    found = redwell(case, "process", "--workers", "1", "--json")
    assert {name: found[name] for name in found if name.startswith("ocr_")} == {
        "ocr_pages": 2,
        "ocr_cached": 1,
        "ocr_blank": 0,
        "ocr_failed": 0,
    }
    shown = redwell(case, "ocr", "show", "RW-00000001", "--page", "1", "--json")["pages"]
    assert "seventeen crates" in shown[0]["text"]
    assert len(shown[0]["words"]) == 9
    assert "\tRotterdam" in redwell(case, "ocr", "show", "RW-00000002", "--words")
    redwell(case, "index", "--workers", "1")
    again = ("ocr", "redo", "seventeen", "--psm", "6", "--workers", "1", "--json")
    dry = redwell(case, *again, "--dry-run")
    assert (dry["documents"], dry["pages"], dry["dry_run"]) == (2, 2, True)
    done = redwell(case, *again)["done"]
    assert done == {"pages": 2, "read": 1, "cached": 1, "blank": 0, "failed": 0}
    shown = redwell(case, "ocr", "show", "RW-00000001", "--json")["pages"]
    assert shown[0]["engine"].endswith(" psm 6")
    status = redwell(case, "ocr", "status", "--json")
    assert (status["read"], status["pictures"], status["waiting_pages"]) == (2, 2, 0)
    acts = [each["act"] for each in redwell(case, "audit", "list", "--json")]
    assert acts[-2:] == ["ocr redo started", "ocr redo finished"]
