"""The commands as a script meets them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from produce.commands import produce
from produce.plan import plan
from produce.run import run
from records.case import Case
from records.errors import (
    CaseNotFoundError,
    CheckFailedError,
    ProductionError,
    SourceError,
    SpecificationError,
)
from tests.produce_matter import add, matter, specification, tag, workshop


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        add(opened, 1)
        add(opened, 2, type_="xlsx")
        tag(opened, "Responsive", [1, 2])
        yield opened


def _call(case: Case, *arguments: str) -> str:
    """Run a command and return stdout; what it raises is what `redwell` turns into a message."""
    whole = [*arguments, "--case", str(case.folder)]
    result = CliRunner().invoke(produce, whole, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _json(case: Case, *arguments: str) -> Any:
    return json.loads(_call(case, *arguments, "--json"))


def test_plan_takes_prefix_and_digits_of_the_case(case: Case) -> None:
    found = _json(case, "plan", "VOL1", "--tag", "Responsive")
    assert (found["first_bates"], found["dry_run"]) == ("ABC0000001", False)
    assert found["counts"]["documents"] == 2
    found = _json(
        case, "plan", "VOL1", "--tag", "Responsive", "--prefix", "D", "--digits", "5", "--dry-run"
    )
    assert (found["first_bates"], found["dry_run"]) == ("D00001", True)


def test_plan_for_a_person(case: Case) -> None:
    shown = _call(case, "plan", "VOL1", "--tag", "Responsive", "--dry-run")
    assert "produced as native" in shown
    assert "ABC0000001" in shown


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (["plan", "VOL1"], SpecificationError, 51),
        (["plan", "VOL,1", "--tag", "Responsive"], SpecificationError, 51),
        (["plan", "VOL1", "--tag", "Unknown"], SpecificationError, 51),
        (["plan", "VOL1", "--tag", "Responsive", "--prefix", "A,"], SpecificationError, 51),
        (["check", "VOL1"], ProductionError, 50),
    ],
)
def test_refusals_have_their_exit_codes(
    case: Case, arguments: list[str], error: type[Exception], code: int
) -> None:
    with pytest.raises(error) as caught:
        _call(case, *arguments)
    assert caught.value.exit_code == code  # type: ignore[attr-defined]


def test_run_of_an_unknown_production(case: Case) -> None:
    with pytest.raises(ProductionError, match="no production 'VOL9'"):
        _call(case, "run", "VOL9")
    with pytest.raises(SourceError):
        _call(case, "run", "VOL9", "--passwords", "/nowhere/list")


@pytest.mark.parametrize("name", ["\udcff", "a" * 300, "x/" + "a" * 300, "æ,þ\x14\n", "", "%"])
def test_odd_names_are_refused_in_words(case: Case, name: str) -> None:
    for arguments in (["check", name], ["run", name]):
        with pytest.raises(ProductionError):
            _call(case, *arguments)
    for given in (["--tag", "Responsive"], ["--tag", name], ["--query", name]):
        with pytest.raises(SpecificationError):
            _call(case, "plan", name, *given)
    with pytest.raises(SpecificationError):
        _call(case, "plan", "VOL1", "--tag", name)


def test_query_of_odd_bytes_is_refused(case: Case) -> None:
    with pytest.raises(SpecificationError):
        _call(case, "plan", "VOL1", "--query", "\udcff")


def test_check_of_what_is_no_volume(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "VOL.zip"
    file.write_bytes(b"x")
    for target in (file, file / "below"):
        with pytest.raises(ProductionError, match=str(file)):
            _call(case, "check", str(target))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckFailedError, match="missing-dat"):
        _call(case, "check", str(tmp_path / "empty"))


@pytest.mark.parametrize("what", ["", "DATA", "DATA/VOL1.dat", "TEXT/0001/ABC0000001.txt"])
def test_check_of_what_may_not_be_read(case: Case, what: str) -> None:
    plan(case, specification("VOL1"))
    volume = Path(run(case, "VOL1", workshop()).folder)
    mode = (volume / what).stat().st_mode
    (volume / what).chmod(0)
    try:
        if os.access(volume / what, os.R_OK):
            pytest.skip("this user reads everything")
        with pytest.raises(CheckFailedError, match="unreadable"):
            _call(case, "check", str(volume))
    finally:
        (volume / what).chmod(mode)


def test_list_and_check(case: Case) -> None:
    plan(case, specification("VOL1"))
    rows = _json(case, "list")
    assert [(each["name"], each["state"], each["pages"]) for each in rows] == [
        ("VOL1", "planned", None)
    ]
    made = run(case, "VOL1", workshop())
    assert _json(case, "list")[0]["pages"] == 2
    assert "VOL1\tfrozen\t2\t2" in _call(case, "list")
    assert _json(case, "check", "VOL1") == {"volume": made.folder, "findings": []}
    assert "holds all" in _call(case, "check", made.folder)
    (Path(made.folder) / "TEXT/0001/ABC0000001.txt").unlink()
    with pytest.raises(CheckFailedError, match="text-gone"):
        _call(case, "check", "VOL1")


def test_bare_volume_is_checked_without_a_case(case: Case, tmp_path: Path) -> None:
    plan(case, specification("VOL1"))
    made = run(case, "VOL1", workshop())
    elsewhere = tmp_path / "received"
    Path(made.folder).rename(elsewhere)
    result = CliRunner().invoke(produce, ["check", str(elsewhere)], catch_exceptions=False)
    assert result.exit_code == 0
    with pytest.raises(CaseNotFoundError):
        CliRunner().invoke(
            produce, ["check", "VOL1", "--case", str(tmp_path)], catch_exceptions=False
        )
