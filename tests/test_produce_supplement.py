"""Supplemental productions: what was not produced yet, and families that were produced in part."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from produce.check import check
from produce.commands import produce
from produce.crossref import references
from produce.facts import facts_of
from produce.history import history
from produce.plan import Plan, plan
from produce.reader import read_dat
from produce.record import items, production
from produce.replacement import Wish, plan_replacement
from produce.replacement_check import check_replacement
from produce.run import run
from produce.specification import Specification
from produce.supplement import BEFORE, IN_PART, OTHERWISE, SHOWN_NOW
from records import tables
from records.case import Case
from records.codes import Role
from records.errors import ProductionError, SpecificationError
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop

OLD, NEW = "ABC_PROD001", "ABC_SUP001"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Mail 1 with 2 is ABC 1 to 3, file 7 is 4, withheld, mail 4 with 5 is 5 to 7."""
    with matter(tmp_path) as opened:
        mail_family(opened, 1, day="01")
        add(opened, 7, name="memo.txt", text="a\fb")
        mail_family(opened, 4, day="28")
        tag(opened, "Responsive", [1, 4, 7])
        tag(opened, "Privileged", [7])
        plan(opened, specification(exclude_tags=("Privileged",)))
        run(opened, OLD, workshop())
        yield opened


def supplement(name: str = NEW, **values: Any) -> Specification:
    return specification(name, **({"exclude_tags": ("Privileged",), "supplements": OLD} | values))


def made(case: Case, name: str = NEW, **values: Any) -> tuple[Plan, Path]:
    found = plan(case, supplement(name, **values))
    return found, Path(run(case, name, workshop()).folder)


def rows(folder: Path) -> dict[str, dict[str, str]]:
    found = read_dat(folder / "DATA" / f"{folder.name}.dat").records
    return {each["ControlNumber"][-2:]: dict(each) for each in found}


def codes(case: Case, folder: Path, name: str = NEW) -> list[str]:
    with case.read() as connection:
        found = production(connection, name)
        findings = [*check(folder, facts_of(connection, found))]
    return sorted({each.code for each in [*findings, *check_replacement(case, found, folder)]})


def untag(case: Case, document: int) -> None:
    t = tables.document_tags
    with case.write() as connection:
        connection.execute(t.delete().where(t.c.document_id == document, t.c.tag_id == 2))


def test_only_what_is_new_is_produced(case: Case) -> None:
    add(case, 20, name="late.txt", text="late")
    mail_family(case, 21, day="15")
    tag(case, "Responsive", [20, 21])
    found, folder = made(case)
    assert found.counts["left out: produced before"] == 5
    assert found.counts["chosen"] == 5
    assert [(r["BegBates"], r["ControlNumber"][-2:]) for r in rows(folder).values()] == [
        ("ABC0000008", "20"),
        ("ABC0000009", "21"),
        ("ABC0000011", "22"),
    ]
    assert "produced before" not in found.conflicts
    assert codes(case, folder) == []
    assert check(folder) == []


def test_a_family_that_was_produced_in_part_names_its_parent_there(case: Case) -> None:
    add(case, 20, name="late.xlsx", type_="xlsx", family=1, found_in=1, position=3,
        role=Role.ATTACHMENT, text="late")  # fmt: skip
    add(case, 21, name="in.txt", family=1, found_in=20, position=4, role=Role.EMBEDDED, text="in")
    found, folder = made(case, load_files=("dat", "opt", "lfp", "edrm"))
    assert found.conflicts[IN_PART] == ("RW-00000020", "RW-00000021")
    told = rows(folder)
    kin = ("BegAttach", "EndAttach", "ParentBates", "ChildBates", "AttachmentCount")
    assert [told["20"][each] for each in kin] == [
        *("ABC0000008", "ABC0000009", "ABC0000001", "ABC0000009", "1"),
    ]
    assert told["21"]["ParentBates"] == "ABC0000008"
    assert codes(case, folder) == []
    assert {each.code for each in check(folder)} == {"family-parent"}  # of the bare volume
    dat = folder / f"DATA/{NEW}.dat"
    good = dat.read_bytes()
    dat.write_bytes(good.replace(b"ABC0000001", b"ABC0000005"))
    assert {"registry-parent", "family-parent"} <= {*codes(case, folder)}
    dat.write_bytes(good)
    lfp = (folder / f"DATA/{NEW}.lfp").read_text()
    assert lfp.startswith("IM,ABC0000008,C,")


def test_a_sheet_is_followed_by_the_document_that_may_be_shown_now(case: Case) -> None:
    with pytest.raises(SpecificationError, match="have produced all that is selected"):
        plan(case, supplement())
    untag(case, 7)
    found, folder = made(case)
    assert found.conflicts[SHOWN_NOW] == ("RW-00000007",)
    assert [(r["BegBates"], r["EndBates"]) for r in rows(folder).values()] == [
        ("ABC0000008", "ABC0000009")
    ]
    assert codes(case, folder) == []
    assert history(case, "ABC0000004").elsewhere == (f"{NEW} ABC0000008 - ABC0000009",)
    with case.read() as connection:
        told = [(each.control[-1], each.beg) for each in references(connection)]
    assert [beg for control, beg in told if control == "7"] == ["ABC0000004", "ABC0000008"]


def test_what_was_produced_and_is_privileged_now_is_pointed_out(case: Case) -> None:
    add(case, 20, name="late.xlsx", type_="xlsx", family=1, found_in=1, position=3,
        role=Role.ATTACHMENT, text="late")  # fmt: skip
    tag(case, "Privileged", [2])
    found, folder = made(case)
    assert found.conflicts[OTHERWISE] == ("RW-00000001", "RW-00000002")
    assert [*rows(folder)] == ["20"]
    assert BEFORE == "produced before"


def test_a_second_supplement_leaves_out_what_the_first_has(case: Case) -> None:
    add(case, 20, name="late.txt", text="late")
    tag(case, "Responsive", [20])
    made(case)
    add(case, 21, name="later.txt", text="later")
    tag(case, "Responsive", [21])
    found, folder = made(case, "ABC_SUP002", supplements=NEW)  # the same as naming the volume
    with case.read() as connection:
        assert production(connection, "ABC_SUP002").specification.supplements == OLD
    assert [*rows(folder)] == ["21"]
    assert found.counts["left out: produced before"] == 6


def test_a_replacement_counts_as_the_volume_it_replaces(case: Case) -> None:
    tag(case, "Privileged", [5])
    plan_replacement(case, Wish(OLD, "ABC_REP001", frozenset([5]), "r"))
    run(case, "ABC_REP001", workshop())
    untag(case, 5)
    found, folder = made(case, supplements="ABC_REP001")
    assert found.conflicts[SHOWN_NOW] == ("RW-00000005",)
    assert rows(folder)["05"]["ParentBates"] == "ABC0000005"
    assert codes(case, folder) == []


def test_a_supplement_may_be_replaced(case: Case) -> None:
    add(case, 20, name="late.xlsx", type_="xlsx", family=1, found_in=1, position=3,
        role=Role.ATTACHMENT, text="late")  # fmt: skip
    made(case)
    tag(case, "Privileged", [20])
    plan_replacement(case, Wish(NEW, "ABC_REP001", frozenset([20]), "r"))
    folder = Path(run(case, "ABC_REP001", workshop()).folder)
    assert rows(folder)["20"]["ParentBates"] == "ABC0000001"
    assert codes(case, folder, "ABC_REP001") == []


def test_what_was_produced_since_the_plan_stops_it(case: Case) -> None:
    add(case, 20, name="late.txt", text="late")
    tag(case, "Responsive", [20])
    plan(case, supplement())
    plan(case, supplement("ABC_SUP002"))
    run(case, NEW, workshop())
    with pytest.raises(ProductionError, match=f"RW-00000020, in {NEW}"):
        run(case, "ABC_SUP002", workshop())


def test_a_supplement_that_runs_is_ended_before_the_next(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(case, 20, name="late.txt", text="late")
    tag(case, "Responsive", [20])
    plan(case, supplement())
    with monkeypatch.context() as patch:
        patch.setattr("produce.run.check", lambda *_, **__: (_ for _ in ()).throw(KeyError()))
        with pytest.raises(KeyError):
            run(case, NEW, workshop())
    with pytest.raises(ProductionError, match=f"{NEW} supplements {OLD} too"):
        plan(case, supplement("ABC_SUP002"))
    run(case, NEW, workshop())
    with pytest.raises(SpecificationError, match="have produced all"):
        plan(case, supplement("ABC_SUP002"))


def test_only_a_frozen_volume_is_supplemented(case: Case) -> None:
    plan(case, specification("ABC_PROD002", exclude_tags=("Privileged",)))
    for name in ("ABC_PROD002", "NOPE"):
        with pytest.raises(ProductionError):
            plan(case, supplement(supplements=name))


def test_the_command_takes_over_the_specification(case: Case) -> None:
    add(case, 20, name="late.txt", text="late")
    tag(case, "Responsive", [20])
    result = CliRunner().invoke(
        produce,
        ["plan", NEW, "--supplements", OLD, "--case", str(case.folder)],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    assert "left out: produced before" in result.output
    with case.read() as connection:
        old = production(connection, OLD).specification.model_dump()
        new = production(connection, NEW).specification.model_dump()
        assert [each.document_id for each in items(connection, 2)] == [20]
    assert {key for key in new if new[key] != old[key]} == {"name", "supplements"}
