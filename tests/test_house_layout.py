"""The guards of the flat layout: imports run one way, and nobody else owns our names."""

import ast
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From left to right; a stage may import itself and what stands to its left.
STAGES = ("records", "store", "ingest", "process", "index", "review", "produce", "cli")
# The record and the store are level: the store raises the record's errors.
LEVEL = {"records": 0, "store": 0, "ingest": 1, "process": 2, "index": 3, "review": 4}
LEVEL |= {"produce": 5, "cli": 6}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _files(stage: str) -> list[Path]:
    return [ROOT / "cli.py"] if stage == "cli" else sorted((ROOT / stage).rglob("*.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_imports_run_one_way(stage: str) -> None:
    files = _files(stage)
    assert files
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in _imports(file)
        if LEVEL.get(name.partition(".")[0], -1) > LEVEL[stage]
    ]
    assert wrong == []


def test_records_does_not_import_the_store() -> None:
    wrong = [
        str(file)
        for file in _files("records")
        for name in _imports(file)
        if name.partition(".")[0] == "store"
    ]
    assert wrong == []


def test_no_relative_or_star_imports() -> None:
    wrong = []
    for stage in STAGES:
        for file in _files(stage):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (
                    node.level or any(alias.name == "*" for alias in node.names)
                ):
                    wrong.append(f"{file}:{node.lineno}")
    assert wrong == []


def test_no_other_distribution_owns_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {name: owners[name] for name in STAGES if set(owners.get(name, [])) - {"redwell"}} == {}


def test_modules_stay_small() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for stage in STAGES
        for file in _files(stage)
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}
