"""Containers opened in a child that hangs, dies half-way through a member, and goes on."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import opener
from ingest.members import Budget, Member
from records.codes import Code
from records.errors import DiskFullError
from records.limits import Limits
from records.notes import Note

type Got = tuple[str, bytes | None] | Code


@pytest.fixture(autouse=True)
def bad_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opener.close_children()
    monkeypatch.setattr(opener, "MODULE", "tests.ingest_bad_opener")
    yield
    opener.close_children()


def _zip(folder: Path, **members: bytes) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path = folder / "archive"
    path.write_bytes(out.getvalue())
    return path


def _opened(path: Path, budget: Budget | None = None, seconds: int = 20) -> list[Got]:
    """Names and bytes of what comes; of a member whose stream broke, nothing but its comeback."""
    limits = Limits(seconds=seconds)
    container = opener.Container(path, b"a.zip", "zip", limits, ())
    got: list[Got] = []
    for found in opener.members_of(container, budget or Budget(path.stat().st_size, limits)):
        if isinstance(found, Note):
            got.append(found.code)
            continue
        try:
            data = None if found.stream is None else found.stream.read()
            while found.stream is not None and (more := found.stream.read()):
                data = (data or b"") + more
        except opener.LostMemberError:
            continue
        got.append((found.name, data))
    return got


def test_members_come_whole_and_in_order(tmp_path: Path) -> None:
    big = bytes(range(256)) * 10_000
    path = _zip(tmp_path, one=b"1", big=big, empty=b"", last=b"9")
    assert _opened(path) == [("one", b"1"), ("big", big), ("empty", b""), ("last", b"9")]


def test_a_member_that_is_not_read_is_passed_over(tmp_path: Path) -> None:
    path = _zip(tmp_path, big=b"b" * 3_000_000, last=b"9")
    limits = Limits()
    container = opener.Container(path, b"a.zip", "zip", limits, ())
    found = [
        each.name
        for each in opener.members_of(container, Budget(10_000_000, limits))
        if isinstance(each, Member)
    ]
    assert found == ["big", "last"]


def test_a_member_that_kills_its_reader_costs_only_itself(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1", die=b"x", two=b"2", die_too=b"x", three=b"3")
    assert _opened(path) == [
        ("one", b"1"),
        ("die", None),
        ("two", b"2"),
        ("die_too", None),
        ("three", b"3"),
    ]


def test_a_member_that_hangs_costs_only_itself(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1", hang=b"x", two=b"2")
    assert _opened(path, seconds=1) == [("one", b"1"), ("hang", None), ("two", b"2")]


def test_a_reader_that_dies_within_a_member_gives_no_half_of_it(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1", midway=b"x", two=b"2")
    assert _opened(path) == [("one", b"1"), ("midway", None), ("two", b"2")]


def test_where_there_is_no_way_on_the_container_says_so(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1", stubborn=b"x", two=b"2")
    assert _opened(path) == [("one", b"1"), Code.CRASH]


def test_a_full_disk_is_no_fault_of_a_member(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1", full=b"x", two=b"2")
    with pytest.raises(DiskFullError, match="/scratch"):
        _opened(path)
    assert _opened(_zip(tmp_path, one=b"1")) == [("one", b"1")]


def test_what_was_spent_is_spent_once(tmp_path: Path) -> None:
    path = _zip(tmp_path, one=b"1" * 1000, die=b"x" * 10, two=b"2" * 500)
    budget = Budget(0, Limits())
    before = budget.left
    _opened(path, budget)
    assert before - budget.left == 1510
    assert not budget.ended


def test_a_bomb_ends_the_budget_of_all(tmp_path: Path) -> None:
    path = _zip(tmp_path, big=bytes(80 << 20), after=b"x")
    budget = Budget(100, Limits())
    found = _opened(path, budget)
    assert found == [("big", None), ("after", None), Code.BOMB]
    assert budget.ended


def test_a_mailbox_whose_planner_dies_is_opened_whole(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"no mailbox")
    container = opener.Container(path, b"box", "no such type", Limits(), ())
    assert opener.parts_of(container) == ()
