"""What a specification refuses, and what a plan selects, orders, withholds and lists."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from produce.facts import refuse_changes
from produce.numbering import ranges, reserve
from produce.plan import Plan, plan
from produce.record import items, production
from produce.treatment import Treatment, slip_lines, stampable
from records import audit, tables
from records.case import Case
from records.codes import Disposition, Role
from records.errors import CaseBusyError, ProductionError, QueryError, SpecificationError
from tests.index_cases import index_here
from tests.produce_matter import add, mail_family, matter, note, specification, tag


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        yield opened


def _items(found: Plan) -> list[tuple[int, str, str]]:
    return [(each.member.id, each.treatment, each.reason) for each in found.items]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"prefix": "A,B"}, "holds ','"),
        ({"prefix": ""}, "holds nothing"),
        ({"prefix": "-A"}, "begin with a letter"),
        ({"name": "VOL,1"}, "a comma"),
        ({"name": "VOL 1"}, "letters, digits"),
        ({"name": "../VOL"}, "letters, digits"),
        ({"name": "_VOL"}, "begin with a letter"),
        ({"name": "Bänd"}, "letters, digits"),
        ({"legend": "СЕКРЕТНО"}, "the stamp's font lacks"),
        ({"legend": "a\nb"}, "one line"),
        ({"legend": " a"}, "one line"),
        ({"digits": 3}, "greater than or equal to 4"),
        ({"digits": 4, "start": 12345}, "does not fit"),
        ({"start": 0}, "greater than or equal to 1"),
        ({"kind": "jpg"}, "'tiff', 'pdf' or 'none'"),
        ({"dpi": 20}, "greater than or equal to 150"),
        ({"tag": None}, "one of them"),
        ({"tag": "a", "query": "b"}, "one of them"),
        ({"exclude_tags": ("P",), "allow_tags": ("P",)}, "both excluded and allowed"),
        ({"color": True}, "Extra inputs"),
        ({"colour": True}, "'auto', 'never' or 'always'"),
    ],
)
def test_specification_that_the_other_side_could_not_load(values: dict[str, Any], why: str) -> None:
    with pytest.raises(SpecificationError, match=why):
        specification(values.pop("name", "VOL1"), **values)


def test_specification_reads_back_from_the_record(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    wanted = specification(legend="CONFIDENTIAL – attorneys’ eyes only", max_files=10)
    plan(case, wanted)
    with case.read() as connection:
        assert production(connection, "ABC_PROD001").specification == wanted


def test_families_by_date_then_members_in_their_order(case: Case) -> None:
    mail_family(case, 1, day="12")
    mail_family(case, 4, day="10")
    mail_family(case, 7, day="10")
    add(case, 10)  # no mail: by its modification date, 2024-03-05
    tag(case, "Responsive", [2, 6, 7, 10])  # any member brings its family
    found = plan(case, specification())
    assert _items(found) == [
        (10, "image", ""),
        (4, "image", ""),
        (5, "native", "type xlsx"),
        (7, "image", ""),
        (8, "native", "type xlsx"),
        (1, "image", ""),
        (2, "native", "type xlsx"),
    ]
    assert found.counts["chosen"] + found.counts["brought along by families"] == 10
    assert found.counts["documents"] + found.counts["left out: inline, shown in its parent"] == 10
    assert found.first_bates == "ABC0000001"


def test_documents_without_any_date_come_last(case: Case) -> None:
    add(case, 1)
    with case.write() as connection:
        connection.execute(tables.documents.update().values(modified_at=None))
    add(case, 2, sent_at="2030-01-01T00:00:00Z")
    tag(case, "Responsive", [1, 2])
    assert [each[0] for each in _items(plan(case, specification()))] == [2, 1]


def test_no_families_takes_only_what_was_chosen(case: Case) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [2])
    found = plan(case, specification(families=False))
    assert _items(found) == [(2, "native", "type xlsx")]
    assert found.conflicts["family not whole"] == ("RW-00000001", "RW-00000003")


def test_inline_picture_alone_is_produced_and_on_request_always(case: Case) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [3])
    assert _items(plan(case, specification(families=False))) == [(3, "image", "")]
    found = plan(case, specification("OTHER", inline="own"))
    assert [each[0] for each in _items(found)] == [1, 2, 3]


def test_excluded_member_is_withheld_and_the_rest_produced(case: Case) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert _items(found) == [(1, "image", ""), (2, "withheld", "tagged")]
    assert found.conflicts["withheld"] == ("RW-00000002",)
    assert [each.holds_withheld for each in found.items] == [True, False]


def test_mail_that_shows_a_withheld_picture_is_withheld_too(case: Case) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [3])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert _items(found) == [
        (1, "withheld", "shows what is tagged"),
        (2, "native", "type xlsx"),
    ]


def test_parts_shown_in_a_withheld_document_are_withheld(case: Case) -> None:
    add(case, 1, type_="docx")
    add(case, 2, family=1, found_in=1, position=1, role=Role.EMBEDDED, type_="xlsx")
    add(case, 3, family=1, found_in=2, position=2, role=Role.EMBEDDED, type_="png")
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [1])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert [each[1] for each in _items(found)] == ["withheld"] * 3


def test_native_that_holds_a_withheld_document_is_not_produced(case: Case) -> None:
    add(case, 1, type_="email")
    add(case, 2, family=1, found_in=1, position=1, role=Role.ATTACHMENT, type_="xlsx")
    add(case, 3, family=1, found_in=2, position=2, role=Role.ATTACHMENT, type_="docx")
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [3])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert _items(found) == [
        (1, "image", ""),
        (2, "slip", "type xlsx; the file holds a withheld document"),
        (3, "withheld", "tagged"),
    ]


def test_path_below_a_withheld_mail_is_hidden(case: Case) -> None:
    add(case, 1, type_="email")
    add(case, 2, family=1, found_in=1, position=1, role=Role.ATTACHMENT, type_="email")
    add(case, 3, family=1, found_in=2, position=2, role=Role.ATTACHMENT)
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert [(each.member.id, each.hide_path, each.parent) for each in found.items] == [
        (1, False, None),
        (2, False, 1),
        (3, True, 2),
    ]


def test_names_on_a_mail_are_masked_though_nothing_of_it_is_on_the_plan(case: Case) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",), families=False))
    assert [(each.member.id, each.attachments) for each in found.items] == [(1, ("[withheld]",))]


def test_tag_on_a_suppressed_copy_withholds_the_kept_one(case: Case) -> None:
    add(case, 1)
    add(case, 2, disposition=Disposition.DUPLICATE, duplicate_of=1)
    tag(case, "Responsive", [1])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert _items(found) == [(1, "withheld", "tagged")]


def test_same_bytes_as_a_withheld_document_are_listed(case: Case) -> None:
    add(case, 1, data=b"advice")
    add(case, 2, data=b"advice")
    add(case, 3, data=b"other")
    tag(case, "Responsive", [1, 3])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert found.conflicts["same bytes as a withheld document"] == ("RW-00000001",)


@pytest.mark.parametrize("name", ["Privileged", "Attorney-client", "work product", "Priv"])
def test_privilege_by_its_name_must_be_settled(case: Case, name: str) -> None:
    mail_family(case, 1)
    tag(case, "Responsive", [1])
    tag(case, name, [2])
    with pytest.raises(SpecificationError, match="--exclude-tag"):
        plan(case, specification())
    assert len(plan(case, specification(allow_tags=(name,))).items) == 2


@pytest.mark.parametrize("name", ["Not privileged", "Non-privileged", "No privilege", "Private"])
def test_names_that_deny_privilege_do_not_hinder(case: Case, name: str) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    tag(case, name, [1])
    assert len(plan(case, specification()).items) == 1


def test_suppressed_duplicates_and_containers_are_left_out_and_told(case: Case) -> None:
    add(case, 1)
    add(case, 2, disposition=Disposition.DUPLICATE, duplicate_of=1)
    add(case, 3, disposition=Disposition.CONTAINER, type_="zip")
    add(case, 4)
    tag(case, "Responsive", [2, 3, 4])
    found = plan(case, specification())
    assert [each[0] for each in _items(found)] == [4]
    assert found.counts["left out: suppressed duplicate"] == 1
    assert found.counts["left out: container, contents stand alone"] == 1
    assert found.conflicts["duplicate whose kept copy is not selected"] == ("RW-00000002",)
    assert (
        found.counts["chosen"]
        == 3
        == sum(
            found.counts[each]
            for each in (
                "documents",
                "left out: suppressed duplicate",
                "left out: container, contents stand alone",
            )
        )
    )


def test_attached_container_gets_a_slip_sheet_alone(case: Case) -> None:
    add(case, 1, type_="email")
    add(case, 2, family=1, found_in=1, position=1, role=Role.ATTACHMENT, type_="zip",
        disposition=Disposition.CONTAINER)  # fmt: skip
    add(case, 3, family=1, found_in=2, position=2, role=Role.MEMBER)
    tag(case, "Responsive", [1])
    assert _items(plan(case, specification())) == [
        (1, "image", ""),
        (2, "slip", "container"),
        (3, "image", ""),
    ]
    assert slip_lines(Treatment.SLIP, "container", specification()) == (
        "Container - Contents Produced Separately",
    )


@pytest.mark.parametrize(("code", "held"), [("bomb", [3]), ("", [])])
def test_container_not_opened_whole_is_produced_natively(
    case: Case, code: str, held: list[int]
) -> None:
    add(case, 1, type_="email")
    add(case, 2, family=1, found_in=1, position=1, role=Role.ATTACHMENT, type_="zip",
        disposition=Disposition.CONTAINER)  # fmt: skip
    for number in held:
        add(case, number, family=1, found_in=2, position=2, role=Role.MEMBER)
    if code:
        note(case, 2, code, "warning")
    tag(case, "Responsive", [1])
    assert _items(plan(case, specification()))[1] == (2, "native", "container, not opened whole")
    tag(case, "Privileged", held)
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert found.items[1].treatment == ("slip" if held else "native")


def test_media_go_native_by_content(case: Case) -> None:
    add(case, 1, type_="amr", mime="audio/amr")
    add(case, 2, type_="csv", mime="text/csv")
    tag(case, "Responsive", [1, 2])
    assert _items(plan(case, specification())) == [
        (1, "native", "type audio"),
        (2, "native", "type csv"),
    ]
    assert {each[1] for each in _items(plan(case, specification(native_types=())))} == {
        "image",
        "native",
    }


def test_documents_not_read_whole_are_listed(case: Case) -> None:
    add(case, 1, type_="email")
    add(case, 2)
    note(case, 1, "embedded-lost", "warning")
    note(case, 2, "weak-date", "warning")
    tag(case, "Responsive", [1, 2])
    found = plan(case, specification())
    assert found.conflicts == {"imaged, but not read whole": ("RW-00000001",)}


def test_exceptions_are_listed(case: Case) -> None:
    add(case, 1, disposition=Disposition.EXCEPTION)
    tag(case, "Responsive", [1])
    found = plan(case, specification())
    assert found.conflicts["exceptions"] == ("RW-00000001",)


@pytest.mark.parametrize("state", [[], [1, 2]])
def test_nothing_to_produce_is_refused(case: Case, state: list[int]) -> None:
    add(case, 1, disposition=Disposition.CONTAINER)
    add(case, 2, disposition=Disposition.DUPLICATE, duplicate_of=1)
    tag(case, "Responsive", [])
    if state:
        tag(case, "Responsive", state)
    with pytest.raises(SpecificationError, match="Nothing to produce"):
        plan(case, specification())


def test_unknown_tags_are_refused(case: Case) -> None:
    add(case, 1)
    with pytest.raises(SpecificationError, match=r"no tag 'Responsive'.*none"):
        plan(case, specification())
    tag(case, "Responsive", [1])
    with pytest.raises(SpecificationError, match="no tag 'Priviledged'"):
        plan(case, specification(exclude_tags=("Priviledged",)))


def test_query_that_cannot_be_read_is_refused(case: Case) -> None:
    with pytest.raises(QueryError):
        plan(case, specification(query="(rope AND"))


def test_unprocessed_members_are_refused(case: Case) -> None:
    add(case, 1, disposition=Disposition.PENDING)
    tag(case, "Responsive", [1])
    with pytest.raises(SpecificationError, match="redwell process"):
        plan(case, specification())


def test_documents_that_wait_anywhere_are_refused_or_told(case: Case) -> None:
    add(case, 1)
    add(case, 2, disposition=Disposition.PENDING)  # perhaps a copy that carries a tag
    tag(case, "Responsive", [1])
    with pytest.raises(SpecificationError, match=r"1 documents of the case.*RW-00000002.*process"):
        plan(case, specification())
    found = plan(case, specification(allow_unprocessed=True))
    assert found.conflicts["of the case, not processed yet"] == ("RW-00000002",)
    tag(case, "Responsive", [2])  # what is selected itself is never planned unread
    with pytest.raises(SpecificationError, match="1 selected documents"):
        plan(case, specification(allow_unprocessed=True))


def _damaged_archive(case: Case) -> None:
    """An archive that could be read in part, within another: its members are families."""
    add(case, 1, type_="zip", disposition=Disposition.CONTAINER)
    add(case, 2, type_="zip", disposition=Disposition.EXCEPTION, found_in=1, role=Role.MEMBER)
    note(case, 2, "truncated")
    add(case, 3, found_in=2, role=Role.MEMBER, name="memo.txt")
    add(case, 4, found_in=2, role=Role.MEMBER)
    tag(case, "Responsive", [2, 4])


@pytest.mark.parametrize("privileged", [[], [3]])
def test_archive_whose_members_stand_alone_never_goes_out(
    case: Case, privileged: list[int]
) -> None:
    _damaged_archive(case)
    tag(case, "Privileged", privileged)
    found = plan(case, specification(exclude_tags=("Privileged",)))
    reason = "truncated; its contents are separate documents"
    assert _items(found) == [(2, "slip", reason), (4, "image", "")]
    assert found.items[0].holds_withheld == bool(privileged)


def test_mailbox_taken_for_a_text_is_not_imaged_beside_its_messages(case: Case) -> None:
    add(case, 1, text="From a\nall of it")
    add(case, 2, found_in=1, role=Role.MESSAGE, type_="email")
    tag(case, "Responsive", [1])
    assert _items(plan(case, specification())) == [
        (1, "slip", "its contents are separate documents")
    ]


def test_what_holds_the_copy_of_a_withheld_document_holds_a_withheld_one(case: Case) -> None:
    _damaged_archive(case)
    add(case, 5, disposition=Disposition.EXCEPTION, type_="zip")
    add(case, 6, found_in=5, role=Role.MEMBER, disposition=Disposition.DUPLICATE, duplicate_of=3)
    tag(case, "Responsive", [5])
    tag(case, "Privileged", [3])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert {each.member.id: each.holds_withheld for each in found.items} == {
        2: True,
        4: False,
        5: True,
    }


def test_path_below_a_withheld_archive_is_hidden_across_families_and_copies(case: Case) -> None:
    _damaged_archive(case)
    add(case, 5, name="same.txt")
    add(case, 6, found_in=2, role=Role.MEMBER, disposition=Disposition.DUPLICATE, duplicate_of=5)
    add(case, 7, name="free.txt")
    tag(case, "Responsive", [5, 7])
    tag(case, "Privileged", [2])
    found = plan(case, specification(exclude_tags=("Privileged",)))
    assert {each.member.id: each.hide_path for each in found.items} == {
        2: False,
        4: True,
        5: True,
        7: False,
    }


def test_dry_run_writes_nothing(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    with case.read() as connection:
        before = audit.verify(connection)
    found = plan(case, specification(), dry_run=True)
    assert len(found.items) == 1
    with case.read() as connection:
        assert audit.verify(connection) == before
        count = sa.select(sa.func.count()).select_from(tables.productions)
        assert connection.execute(count).scalar() == 0


def test_planning_again_replaces_the_plan(case: Case) -> None:
    add(case, 1)
    add(case, 2)
    tag(case, "Responsive", [1])
    plan(case, specification())
    tag(case, "Responsive", [2])
    plan(case, specification(legend="SECRET"))
    with case.read() as connection:
        found = production(connection, "ABC_PROD001")
        assert (found.id, found.specification.legend) == (1, "SECRET")
        assert len(items(connection, found.id)) == 2
        assert [each.act for each in audit.entries(connection)][-2:] == [
            "production planned",
            "production planned again",
        ]


def test_name_that_differs_in_case_only_is_refused(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    plan(case, specification("Vol1"))
    with pytest.raises(SpecificationError, match="differs from VOL1 in case only"):
        plan(case, specification("VOL1"))


def test_folder_in_the_way_is_refused(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    (case.productions_folder / "ABC_PROD001").mkdir()
    with pytest.raises(ProductionError, match="is there already"):
        plan(case, specification())


def test_numbers_used_before(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    plan(case, specification())
    with case.write() as connection:
        assert reserve(connection, 1, specification(), 10) == 1
    for values, why in (
        ({"start": 10}, "the next free one with the prefix ABC is ABC0000011"),
        ({"prefix": "ABC1", "digits": 6}, "numbers that read like those of ABC"),
        ({"prefix": "abc"}, "numbers that read like those of ABC"),
    ):
        with pytest.raises(SpecificationError, match=why):
            plan(case, specification("VOL2", **values))
    assert plan(case, specification("VOL2", start=50)).first_bates == "ABC0000050"
    assert plan(case, specification("VOL3", prefix="XYZ")).first_bates == "XYZ0000001"


def test_numbers_are_contiguous() -> None:
    assert list(ranges(7, [1, 3, 1])) == [(7, 7), (8, 10), (11, 11)]


def test_reservations_at_once_never_share_a_number(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    names = [f"V{number}" for number in range(12)]
    for name in names:
        plan(case, specification(name))

    def take(number: int) -> int:
        with case.write() as connection:
            return reserve(connection, number + 1, specification(names[number]), 5)

    with ThreadPoolExecutor(6) as pool:
        firsts = list(pool.map(take, range(12)))
    assert sorted(firsts) == list(range(1, 61, 5))


def test_second_process_is_refused(case: Case) -> None:
    add(case, 1)
    tag(case, "Responsive", [1])
    with case.exclusive("another"), pytest.raises(CaseBusyError):
        plan(case, specification())


def test_slip_sheet_reasons_fit_the_stamp() -> None:
    assert slip_lines(Treatment.WITHHELD, "advice of Ирина", specification()) == (
        "Document Withheld - Privileged",
    )
    assert slip_lines(Treatment.NATIVE, "type xlsx", specification()) == (
        "Document Produced Natively",
        "Reason: type xlsx",
    )
    assert stampable("пароль\n" + "x" * 200) == "?????? " + "x" * 83


def _cull(case: Case, *roots: int) -> None:
    with case.write() as connection:
        connection.execute(
            tables.cull_rules.insert().values(
                id=1, name="r", condition={}, state="active", actor="a", at="t"
            )
        )
        rows = [{"rule_id": 1, "document_id": each} for each in roots]
        connection.execute(tables.culled.insert(), rows)


def test_what_was_put_aside_is_listed_as_a_conflict(case: Case) -> None:
    mail_family(case, 1)
    add(case, 4)
    add(case, 5, disposition=Disposition.SYSTEM_FILE)
    tag(case, "Responsive", [1, 4, 5])
    _cull(case, 1)
    found = plan(case, specification())
    assert found.conflicts == {
        "put aside by culling": ("RW-00000001", "RW-00000002"),
        "system files": ("RW-00000005",),
    }
    with case.read() as connection:
        made = production(connection, "ABC_PROD001")
        refuse_changes(connection, made)  # all of it was known when it was planned
        aside = {each.document_id: each.detail["aside"] for each in items(connection, made.id)}
    assert aside == {1: True, 2: True, 4: False, 5: True}


@pytest.mark.parametrize("how", ["culled", "known"])
def test_what_is_put_aside_after_the_plan_stops_the_run(case: Case, how: str) -> None:
    mail_family(case, 1)
    add(case, 4)
    tag(case, "Responsive", [1, 4])
    plan(case, specification())
    if how == "culled":
        _cull(case, 4)
    else:
        with case.write() as connection:
            c = tables.documents.c
            values = {"disposition": Disposition.SYSTEM_FILE}
            connection.execute(tables.documents.update().where(c.id == 4).values(values))
    with case.read() as connection:
        made = production(connection, "ABC_PROD001")
        with pytest.raises(ProductionError, match=r"1 documents .* put aside .*RW-00000004"):
            refuse_changes(connection, made)
    plan(case, specification())
    with case.read() as connection:
        refuse_changes(connection, production(connection, "ABC_PROD001"))


def test_a_query_does_not_select_what_was_put_aside(case: Case) -> None:
    mail_family(case, 1)
    add(case, 4)
    index_here(case)
    _cull(case, 1)
    found = plan(case, specification(query="size:>=0"), dry_run=True)
    assert [each.member.id for each in found.items] == [4]
    asked = plan(case, specification(query="is:culled"), dry_run=True)
    assert list(asked.conflicts) == ["put aside by culling"]
