"""The checked-in sample matter is what its generator writes, and its numbers add up."""

import hashlib
import importlib.metadata
import json
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
MATTER = SAMPLES / "matter"


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
    return found


def _files(root: Path) -> dict[str, bytes]:
    paths = [p for p in (root / "matter").rglob("*") if p.is_file()]
    paths += [root / "expected.json", root / "passwords.txt"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def _version(name: str) -> str:
    return zlib.ZLIB_RUNTIME_VERSION if name == "zlib" else importlib.metadata.version(name)


def test_generator_writes_the_same_bytes(tmp_path: Path, expected: dict[str, Any]) -> None:
    others = {n: v for n, v in expected["made_with"].items() if _version(n) != v}
    if others:
        pytest.skip(f"made with other versions: {others}")
    script = SAMPLES / "make_samples.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True)
    assert _files(tmp_path) == _files(SAMPLES)


def test_size_stays_small() -> None:
    assert sum(len(data) for data in _files(SAMPLES).values()) <= 8 * 2**20


def test_totals_add_up(expected: dict[str, Any]) -> None:
    items = expected["items"]
    assert expected["documents"] == len(items) >= 130
    assert sum(expected["dispositions"].values()) == len(items)
    found = Counter(item["disposition"] for item in items)
    assert {k: v for k, v in expected["dispositions"].items() if v} == found
    assert sum(expected["exceptions"].values()) == expected["dispositions"]["exception"]
    assert sum(c["files"] for c in expected["custodians"]) == expected["files_in"]
    pages = {item["sha256"]: item["ocr_pages"] for item in items}
    assert sum(pages.values()) == expected["ocr_pages"]


def test_files_on_disk_are_the_file_items(expected: dict[str, Any]) -> None:
    listed = {
        f"{item['custodian']}/{item['address']}": (item["size"], item["sha256"])
        for item in expected["items"]
        if item["role"] == "file"
    }
    on_disk = {
        path.relative_to(MATTER).as_posix(): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in MATTER.rglob("*")
        if path.is_file()
    }
    assert on_disk == listed
    assert len(on_disk) == expected["files_in"]


def test_every_item_has_its_parent_and_its_twin(expected: dict[str, Any]) -> None:
    places = {(item["custodian"], item["address"]): item for item in expected["items"]}
    assert len(places) == len(expected["items"])
    for item in expected["items"]:
        assert (item["custodian"], item["family"]) in places
        assert item["parent"] is None or (item["custodian"], item["parent"]) in places
        assert (item["duplicate_of"] is None) == (item["disposition"] != "duplicate")
        if item["duplicate_of"]:
            folder, _, address = item["duplicate_of"].partition("/")
            assert places[folder, address]["disposition"] in ("reviewable", "container")
    roots = [i for i in expected["items"] if i["family"] == i["address"]]
    twins = [i for i in roots if i["disposition"] == "duplicate"]
    assert len(twins) == expected["duplicate_families"]


def test_searches_name_kept_documents(expected: dict[str, Any]) -> None:
    kept = {
        f"{item['custodian']}/{item['address']}"
        for item in expected["items"]
        if item["disposition"] not in ("duplicate", "container")
    }
    assert len(expected["searches"]) >= 12
    for search in expected["searches"]:
        assert len(set(search["addresses"])) == search["count"] > 0
        assert set(search["addresses"]) <= kept
