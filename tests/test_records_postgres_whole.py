"""The sample matter's whole way on PostgreSQL and a shared store: the same case as on SQLite."""

import hashlib
import re
from pathlib import Path

import pytest

from bench import pipeline, postgres
from tests.postgres_here import DICTIONARY, needs_postgres, server
from tests.test_ingest_nsrl import HEADER

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy, pytest.mark.slow, pytest.mark.timeout(1800)]
# Moments, and the size of a store: its custody records tell where database and store are.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|(?m:^  bytes +\d+$)")
# What every command that reads or decides says is to be the same, in this order.
ASKED = (
    ("exceptions",),
    ("exceptions", "--warnings"),
    ("dedup", "report", "--csv"),
    ("custody", "list"),
    ("search", "corro* OR created:2010..2030 OR custodian:brandt", "--scope", "all", "--ids"),
    ("search", "modified:<2024-03-01 AND ext:pdf", "--sort", "date", "--ids"),
    ("search", "bates:NKP0000001..NKP0000030", "--ids"),
    ("cull", "add", "Old", "--sent-before", "2024-02-01"),
    ("cull", "add", "Pictures", "--type", "png"),
    ("cull", "apply"),
    ("cull", "list"),
    ("cull", "report", "Old"),
    ("cull", "lift", "Old"),
    ("tag", "list"),
    ("tag", "history"),
    ("tag", "remove", "Responsive", "--query", "type:pdf"),
    ("produce", "plan", "SECOND", "--tag", "Responsive", "--allow-tag", "Privileged"),
    ("produce", "list"),
    ("produce", "check", pipeline.VOLUME),
    ("overlay", "custodians"),
    ("verify", "store", "--workers", "1"),
    ("verify", "source", "1", "--workers", "1"),
    ("upgrade",),
)


def _said(case: Path, known_files: Path) -> list[str]:
    """What each command prints, without the moments and the place."""
    asked = (*ASKED, ("denist", str(known_files)), ("denist", "--lift", known_files.name))
    told = []
    for arguments in asked:
        out = pipeline.redwell(*arguments, "--case", str(case)).replace(str(case), "CASE")
        told.append(f"{arguments}\n{_MOMENT.sub('TIME', out)}")
    return told


def _known_files(path: Path) -> Path:
    """A list of known files in the older form of the NSRL, with one of the matter's."""
    name = "technical/inspection report.pdf"
    data = (pipeline.SAMPLES / "matter" / "lev-brandt" / name).read_bytes()
    sha1, md5 = (hashlib.new(each, data).hexdigest().upper() for each in ("sha1", "md5"))
    line = f'"{sha1}","{md5}","0A1B2C3D","a.pdf",{len(data)},4242,"362",""\r\n'
    path.write_text(HEADER + line, newline="")
    return path


def test_the_same_case_from_both(server: postgres.Server, tmp_path: Path) -> None:
    homes = {"sqlite": tmp_path / "sqlite", "postgresql": tmp_path / "postgresql"}
    database, store = server.database(*DICTIONARY), f"file://{tmp_path}/store"
    pipeline.init(homes["sqlite"])
    pipeline.init(homes["postgresql"], "--database", database, "--store", store)
    listed = _known_files(tmp_path / "NSRLFile.txt")
    said: dict[str, list[str]] = {}
    for name, case in homes.items():
        for stage in pipeline.stages(workers=1):
            pipeline.redwell(*stage.arguments, "--case", str(case))
        said[name] = _said(case, listed)
        assert "holds" in pipeline.redwell("audit", "verify", "--case", str(case))
    for one, other in zip(said["sqlite"], said["postgresql"], strict=True):
        assert one == other
    found = {name: pipeline.contents(case) for name, case in homes.items()}
    assert pipeline.differences(found["sqlite"], found["postgresql"]) == []
    assert len(found["sqlite"]["documents"]) > 160
    assert len(found["sqlite"]["volume"]) > 50
