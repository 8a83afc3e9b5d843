"""Workers that were started elsewhere are asked whether they are able, and refused by name."""

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest import archivers
from process import tools
from process.tesseract import TesseractProbe
from records import cluster
from records.cluster import Asked, Worker, look, require_able
from records.engine import Engine
from records.errors import SchedulerError, StoreError, ToolMissingError

GOOD, BAD = "tcp://10.0.0.1:1", "tcp://10.0.0.2:2"


class Crew(Engine):
    """Two workers that answer from this process; what `other` is set to the second one changes."""

    elsewhere = True

    def __init__(self, **other: Any) -> None:
        self.other = other
        self.asked: list[Asked] = []

    def on_each(self, function: Any, *arguments: Any) -> dict[str, Any]:
        if function is not look:
            found = self.other.get("installed", True) and function(*arguments)
            return {GOOD: function(*arguments), BAD: found or None}
        assert pickle.loads(pickle.dumps((function, arguments))) == (function, arguments)
        self.asked.append(arguments[0])
        mine = look(*arguments)
        changed = {name: each for name, each in self.other.items() if name != "installed"}
        failure = changed.pop("failure", None)
        return {GOOD: mine, BAD: failure or replace(mine, **changed)}


@pytest.fixture(params=["", "file://"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}{tmp_path}/store"


def test_able_workers_are_taken_and_nothing_is_left(store: str, tmp_path: Path) -> None:
    folder, source = tmp_path / "case", tmp_path / "source"
    folder.mkdir()
    source.mkdir()
    (source / "a").touch()
    assert require_able(Crew(), store, folder, [source, source / "a"])
    assert not require_able(Crew(sees_folder=False), store, folder)
    assert list(folder.iterdir()) == []
    assert [each for each in (tmp_path / "store").rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"installed": False}, f"have no Redwell, .*: {BAD}.*Install"),
        ({"code": "0" * 16}, f"run another Redwell than this one: {BAD}"),
        ({"python": "2.7.18"}, rf"run Python 2\.7\.18, and not 3.*: {BAD}"),
        ({"libraries": {"pypdfium2": "0.1"}}, rf"other libraries .*\(pypdfium2 0\.1\): {BAD}"),
        ({"unsafe_path": "/mnt/evidence"}, f"/mnt/evidence.*: {BAD}.*PYTHONSAFEPATH=1"),
        ({"trouble": "OSError: no\nsuch host"}, rf"store \(OSError: no such host\): {BAD}"),
        ({"places": ("other",)}, f"do not see /.*/source as it is here: {BAD}.*Mount it"),
        ({"failure": ValueError("odd")}, f"could not answer: odd: {BAD}"),
    ],
)
def test_one_that_is_not_able_is_named(
    other: Mapping[str, Any], what: str, store: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(SchedulerError, match=what) as caught:
        require_able(Crew(**other), store, tmp_path, [source])
    assert GOOD not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_store_that_the_worker_does_not_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asked = Asked(f"file://{tmp_path}/none", "sent/x/asked.part", "/nowhere")
    found = look(asked)
    assert found.trouble.startswith("FileNotFoundError")
    assert not found.sees_folder
    with pytest.raises(StoreError, match="cannot be written to"):
        require_able(Crew(), f"{tmp_path}/file", tmp_path)


def test_a_source_that_changed_is_not_the_same(tmp_path: Path) -> None:
    before = cluster.listing(tmp_path)
    (tmp_path / "b\udcff").touch()
    after = cluster.listing(tmp_path)
    assert before != after == cluster.listing(tmp_path)
    assert cluster.listing(tmp_path / "none").startswith("cannot be seen")


def test_facts_are_plain_values() -> None:
    facts = Worker("c", "3.12", {"a": "1"}, "", True, ("p",), "")
    assert pickle.loads(pickle.dumps(facts)) == facts
    assert len(cluster.code()) == 16


HERE = tools.Tools("17", False, True, "", "3.2", TesseractProbe("5.3.0", ("deu", "eng")))


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (HERE, ""),
        (replace(HERE, java_trouble="no Java"), "no Java"),
        (replace(HERE, tika="1.0"), r"it has Tika 1\.0, and this machine 3\.2"),
        (replace(HERE, tesseract=TesseractProbe("", ())), "no Tesseract"),
        (replace(HERE, tesseract=TesseractProbe("5.3.0", ("eng",))), "lacks the language deu"),
        (replace(HERE, tesseract=TesseractProbe("4.1", ("deu", "eng"))), "Tesseract 4.1, and this"),
        (OSError("no room"), "OSError: no room"),
    ],
)
def test_a_worker_without_the_tools_is_named(found: Any, what: str) -> None:
    class Tooled(Crew):
        def on_each(self, function: Any, *arguments: Any) -> dict[str, Any]:
            assert function is tools.probe
            return {GOOD: HERE, BAD: found}

    if not what:
        tools.require_worker_tools(Tooled(), HERE, "eng+deu")
        return
    with pytest.raises(ToolMissingError, match=f"{BAD}.*{what}"):
        tools.require_worker_tools(Tooled(), HERE, "eng+deu")
    if "Tesseract" in what or "language" in what:
        tools.require_worker_tools(Tooled(), HERE, None)  # no OCR is wanted


def test_a_worker_with_other_archivers_is_named() -> None:
    class Packed(Crew):
        def on_each(self, function: Any, *arguments: Any) -> dict[str, Any]:
            other = tuple(replace(each, version="") for each in function())
            return {GOOD: function(), BAD: other if self.other else function()}

    archivers.require_worker_archivers(Packed())
    with pytest.raises(ToolMissingError, match=f"{BAD} has .* not at all, and this machine"):
        archivers.require_worker_archivers(Packed(other=True))
