"""What is selected by group, request and date; levels, coding, and the rule for each conflict."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from produce.check import check
from produce.commands import produce
from produce.facts import facts_of
from produce.plan import Plan, plan
from produce.reader import read_dat
from produce.record import items, production
from produce.run import run
from produce.specification import Specification, specify
from records import tables
from records.case import Case
from records.codes import Disposition
from records.errors import ProductionError, SpecificationError
from review.panel import Kind, add_group, change_tag
from tests.produce_matter import add, mail_family, matter, tag, workshop


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        for number in range(1, 7):
            add(opened, number, text=f"text {number}")
        yield opened


def _group(case: Case, name: str, tags: dict[str, list[int]], **rules: Any) -> None:
    """A group of tags, with the documents that bear them."""
    add_group(case, name, **rules)
    for each, ids in tags.items():
        tag(case, each, ids)
        change_tag(case, each, group=name)


def _spec(name: str = "VOL1", **values: Any) -> Specification:
    return specify(**({"name": name, "prefix": "ABC"} | values))


def _ids(found: Plan) -> list[int]:
    return [each.member.id for each in found.items]


def test_a_tag_in_its_group_or_all_of_the_group(case: Case) -> None:
    _group(case, "Responsiveness", {"Responsive": [1, 2], "Hot": [3]})
    tag(case, "Other", [4])
    both = _spec(tag="Responsive", group="Responsiveness")
    assert _ids(plan(case, both)) == [1, 2]
    assert _ids(plan(case, _spec("VOL2", group="Responsiveness"))) == [1, 2, 3]
    with pytest.raises(SpecificationError, match="no tag of the group"):
        plan(case, _spec("VOL3", tag="Other", group="Responsiveness"))
    with pytest.raises(SpecificationError, match="no group of tags 'Nothing'"):
        plan(case, _spec("VOL3", group="Nothing"))


def test_a_request_is_a_tag_of_a_group_of_issues(case: Case) -> None:
    _group(case, "Requests", {"RFP 1": [1, 5], "RFP 2": [2]}, kind=Kind.ISSUES)
    tag(case, "Loose", [3])
    assert _ids(plan(case, _spec(request="RFP 1"))) == [1, 5]
    with pytest.raises(SpecificationError, match="no request for production"):
        plan(case, _spec("VOL2", request="Loose"))
    with pytest.raises(SpecificationError, match="There is no tag 'RFP 9'"):
        plan(case, _spec("VOL2", request="RFP 9"))


def _dated(case: Case, dates: dict[int, str | None]) -> None:
    d = tables.documents
    with case.write() as connection:
        for number, date in dates.items():
            change = d.update().where(d.c.id == number)
            connection.execute(change.values(sent_at=date, modified_at=None))


def test_range_of_dates_is_of_families_in_the_zone_and_counts_what_it_leaves(case: Case) -> None:
    _dated(
        case,
        {
            1: "2024-03-01T04:59:00Z",  # the last minute of February in New York
            2: "2024-03-01T05:00:00Z",
            3: "2024-04-01T03:59:00Z",  # the last minute of March there
            4: "2024-04-01T04:00:00Z",
            5: None,
        },
    )
    tag(case, "R", range(1, 6))
    wanted: dict[str, Any] = {"tag": "R", "time_zone": "America/New_York"}
    wanted |= {"date_from": dt.date(2024, 3, 1), "date_to": dt.date(2024, 3, 31)}
    found = plan(case, _spec(**wanted))
    assert _ids(found) == [2, 3]
    assert found.counts["chosen"] == 5
    assert found.counts["left out: chosen, outside of the dates"] == 2
    assert found.counts["left out: chosen, without a date"] == 1
    assert found.conflicts["without a date"] == ("RW-00000005",)
    assert found.rules["without a date"] == "left out by the range of dates"
    kept = plan(case, _spec("VOL2", undated="keep", **wanted))
    assert _ids(kept) == [2, 3, 5]
    assert kept.counts["left out: chosen, without a date"] == 0
    with pytest.raises(SpecificationError, match="none is in the range of dates"):
        plan(case, _spec("VOL3", tag="R", date_from=dt.date(2030, 1, 1)))


def test_a_family_goes_by_its_root_whole(case: Case) -> None:
    mail_family(case, 10, day="12")
    tag(case, "R", [11])
    inside: dict[str, Any] = {"date_from": dt.date(2024, 3, 12), "date_to": dt.date(2024, 3, 12)}
    assert _ids(plan(case, _spec(tag="R", **inside))) == [10, 11]


def test_range_of_dates_on_the_command_line(case: Case) -> None:
    tag(case, "R", [1])
    call = ["plan", "V", "--tag", "R", "--from", "2024-03-05", "--to", "2024-03-05"]
    result = CliRunner().invoke(produce, [*call, "--case", str(case.folder), "--json"])
    assert result.exit_code == 0, result.exception
    with case.read() as connection:
        found = production(connection, "V").specification
    assert (found.date_from, found.date_to) == (dt.date(2024, 3, 5), dt.date(2024, 3, 5))


def test_group_of_privilege_withholds_but_for_those_that_deny_it(case: Case) -> None:
    group = {"Withhold": [1], "Privileged": [2], "Not privileged": [3]}
    _group(case, "Privilege", group)
    tag(case, "R", [1, 2, 3, 4])
    found = plan(case, _spec(tag="R", exclude_groups=("Privilege",)))
    treated = {each.member.id: str(each.treatment) for each in found.items}
    assert treated == {1: "withheld", 2: "withheld", 3: "image", 4: "image"}
    assert found.conflicts["withheld"] == ("RW-00000001", "RW-00000002")
    with pytest.raises(SpecificationError, match="no group of tags 'Nothing'"):
        plan(case, _spec("VOL2", tag="R", exclude_groups=("Nothing",)))


def test_tag_of_an_excluded_group_given_after_the_plan_stops_the_run(case: Case) -> None:
    _group(case, "Privilege", {"Withhold": [1]})
    tag(case, "R", [1, 2])
    plan(case, _spec(tag="R", exclude_groups=("Privilege",)))
    tag(case, "Withhold", [2])
    with pytest.raises(ProductionError, match="to be withheld since"):
        run(case, "VOL1", workshop())


LEVELS = {"Confidential": "CONFIDENTIAL", "AEO": "ATTORNEYS’ EYES ONLY"}


def _levelled(case: Case) -> None:
    levels = {"Confidential": [1, 2], "AEO": [3]}
    _group(case, "Confidentiality", levels, kind=Kind.CONFIDENTIALITY)
    tag(case, "R", [1, 2, 3, 4])


def test_each_document_bears_the_legend_of_its_level(case: Case) -> None:
    _levelled(case)
    add(case, 7, disposition=Disposition.DUPLICATE, duplicate_of=2)
    tag(case, "AEO", [7])  # a copy has the higher level
    spec = _spec(tag="R", levels=LEVELS, legend="PRODUCED")
    found = plan(case, spec)
    assert found.conflicts["without a level of confidentiality"] == ("RW-00000004",)
    volume = Path(run(case, "VOL1", workshop()).folder)
    rows = read_dat(volume / "DATA/VOL1.dat").records
    assert [each["Confidentiality"] for each in rows] == [
        *("CONFIDENTIAL", "ATTORNEYS’ EYES ONLY", "ATTORNEYS’ EYES ONLY", "PRODUCED"),
    ]
    with case.read() as connection:
        facts = facts_of(connection, production(connection, "VOL1"))
    assert check(volume, facts) == []
    dat = volume / "DATA/VOL1.dat"
    dat.write_bytes(dat.read_bytes().replace(b"PRODUCED", b"CONFIDENTIAL"))
    assert "registry-legend" in {each.code for each in check(volume, facts)}


def test_legend_of_each_document_is_on_its_pages(case: Case) -> None:
    _levelled(case)
    plain = {"Confidential": "CONFIDENTIAL", "AEO": "EYES ONLY"}
    plan(case, _spec(tag="R", levels=plain, kind="pdf"))
    volume = Path(run(case, "VOL1", workshop()).folder)
    with case.read() as connection:
        facts = facts_of(connection, production(connection, "VOL1"))
    pages = sorted(volume.glob("IMAGES/*/*.pdf"))
    pages[0].write_bytes(pages[3].read_bytes())
    assert "image-legend" in {each.code for each in check(volume, facts)}


def test_levels_that_cannot_be_are_refused(case: Case) -> None:
    _levelled(case)
    with pytest.raises(SpecificationError, match="'Secret', which is no tag"):
        plan(case, _spec(tag="R", levels=LEVELS | {"Secret": "S"}))
    with pytest.raises(SpecificationError, match=r"'AEO'.*gives it no legend"):
        plan(case, _spec(tag="R", levels={"Confidential": "C"}))


def test_level_that_changes_after_the_plan_stops_the_run(case: Case) -> None:
    _levelled(case)
    plan(case, _spec(tag="R", levels=LEVELS))
    tag(case, "Confidential", [4])
    with pytest.raises(ProductionError, match="another level of confidentiality"):
        run(case, "VOL1", workshop())
    plan(case, _spec(tag="R", levels=LEVELS))
    assert run(case, "VOL1", workshop()).counts["documents"] == 4


def test_what_nobody_coded_in_a_required_group_is_listed(case: Case) -> None:
    _group(case, "Responsiveness", {"Responsive": [1]}, required=True)
    _group(case, "Optional", {"Issue": []})
    tag(case, "R", [1, 2, 3])
    add(case, 7, disposition=Disposition.DUPLICATE, duplicate_of=2)
    tag(case, "Responsive", [7])  # a coded copy stands for the kept one
    found = plan(case, _spec(tag="R"))
    assert found.conflicts["unreviewed: no tag of Responsiveness"] == ("RW-00000003",)
    assert "unreviewed: no tag of Optional" not in found.conflicts


def test_every_conflict_has_its_rule_on_record_and_on_the_screen(case: Case) -> None:
    tag(case, "R", [1, 2, 3])
    tag(case, "Privileged", [1])
    add(case, 7, disposition=Disposition.DUPLICATE, duplicate_of=2)
    tag(case, "R", [7])
    tag(case, "Work product", [3])
    spec = _spec(tag="R", exclude_tags=("Privileged",), allow_tags=("Work product",))
    found = plan(case, spec)
    assert found.rules.keys() == found.conflicts.keys()
    assert found.conflicts["duplicates"] == ("RW-00000007",)
    assert found.conflicts["privileged, produced as allowed"] == ("RW-00000003",)
    with case.read() as connection:
        assert production(connection, "VOL1").counts["rules"] == found.rules
        assert {each.detail["legend"] for each in items(connection, 1)} == {""}
    call = ["plan", "VOL1", "--tag", "R", "--exclude-tag", "Privileged", "--allow-tag"]
    result = CliRunner().invoke(produce, [*call, "Work product", "--case", str(case.folder)])
    assert "duplicates, 1: left out: the kept copy stands for them" in result.stdout
