"""The way of a case from folder to volume as commands, and what a case holds at its end."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from records import case as cases
from records import tables
from samples.volume import PRIVILEGED, RESPONSIVE

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
CUSTODIANS = (("amara-okafor", "Amara Okafor"), ("lev-brandt", "Lev Brandt"))
VOLUME = "NKP_PROD001"
REDACTED, CONFIRMED = "varnhaven", 3  # the word, and how many of its places are confirmed

# Columns that tell when, not what.
_TIMES = {"at", "decided_at", "started_at", "finished_at", "created_at", "frozen_at"}
# What tells of runs and acts, not of documents; how often a case was worked on shows there.
_NOT_COMPARED = {"audit", "runs", "cases", "collections", "openings"}
_NUMBERED_AS_THEY_COME = {"notes", "tag_events"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One command of the way; its name, and its arguments but for the case."""

    name: str
    arguments: tuple[str, ...]


def stages(workers: int = 2) -> tuple[Stage, ...]:
    """The commands after `init`, in order."""
    crew = ("--workers", str(workers))
    passwords = ("--passwords", str(SAMPLES / "passwords.txt"))
    ingests = (
        Stage(
            f"ingest {folder}",
            ("ingest", str(SAMPLES / "matter" / folder), "--custodian", name, *passwords, *crew),
        )
        for folder, name in CUSTODIANS
    )
    return (
        *ingests,
        Stage("process", ("process", *passwords, *crew)),
        Stage("index", ("index", *crew)),
        Stage("tag responsive", ("tag", "add", "Responsive", "--query", RESPONSIVE)),
        Stage("tag privileged", ("tag", "add", "Privileged", "--query", PRIVILEGED, "--families")),
        Stage("redact codes", ("redact", "codes", "add", "CI", "commercial")),
        Stage(
            "redact suggest",
            (
                *("redact", "suggest", "--query", "tag:Responsive AND NOT tag:Privileged"),
                *("--term", REDACTED, "--code", "CI"),
            ),
        ),
        Stage("redact confirm", ("redact", "confirm", *map(str, range(1, CONFIRMED + 1)))),
        Stage(
            "produce plan",
            (
                *("produce", "plan", VOLUME, "--tag", "Responsive"),
                *("--exclude-tag", "Privileged", "--legend", "CONFIDENTIAL"),
            ),
        ),
        Stage("produce run", ("produce", "run", VOLUME, *passwords, *crew)),
    )


def init(case: Path, *options: str) -> None:
    """Make the case of the sample matter and define its tags."""
    names = [part for _, name in CUSTODIANS for part in ("--custodian", name)]
    redwell(
        *("init", str(case), "--number", "LCIA 2024-117", "--bates-prefix", "NKP"),
        *("--caption", "Kestrel Passage Shipping AG v. Northmoor Chandlery Ltd"),
        *("--party", "claimant=Kestrel Passage Shipping AG"),
        *("--party", "respondent=Northmoor Chandlery Ltd"),
        *names,
        *options,
    )
    for tag in ("Responsive", "Privileged"):
        redwell("tag", "define", tag, "--case", str(case))


def command(*arguments: str) -> list[str]:
    """The argument list that runs Redwell with this interpreter."""
    return [sys.executable, "-P", str(ROOT / "cli.py"), *arguments]


def environment() -> dict[str, str]:
    """The environment for `command`."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def redwell(*arguments: str) -> str:
    """Run Redwell to its end and give its stdout; raises where it fails."""
    done = subprocess.run(
        command(*arguments), env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"redwell {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def contents(case: Path) -> dict[str, list[str]]:
    """Everything a case holds that must not depend on kills, as comparable lines by table."""
    found: dict[str, list[str]] = {}
    with cases.opened(case) as opened, opened.read() as connection:
        for table in tables.metadata.sorted_tables:
            if table.name in _NOT_COMPARED:
                continue
            skipped = _TIMES | ({"id"} if table.name in _NUMBERED_AS_THEY_COME else set())
            columns = [each for each in table.columns if each.name not in skipped]
            rows = connection.execute(sa.select(*columns)).mappings()
            found[table.name] = sorted(repr(_lasting(dict(row))) for row in rows)
    found["volume"] = volume_lines(case / "productions")
    return found


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the time at which a source file was last read, which collecting may move."""
    if isinstance(row.get("origin"), dict):
        row["origin"] = {k: v for k, v in row["origin"].items() if k != "accessed"}
    return row


def volume_lines(folder: Path) -> list[str]:
    """The hash and path of every file below a folder."""
    return [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def differences(
    one: dict[str, list[str]], other: dict[str, list[str]], most: int = 5
) -> Sequence[str]:
    """What stands in only one of two cases; at most `most` lines a table."""
    lines: list[str] = []
    for table in one:
        first, second = set(one[table]), set(other[table])
        lines += [f"{table}: only unbroken: {each}" for each in sorted(first - second)[:most]]
        lines += [f"{table}: only resumed: {each}" for each in sorted(second - first)[:most]]
        if len(one[table]) != len(other[table]):
            lines.append(f"{table}: {len(one[table])} rows against {len(other[table])}")
    return lines
