"""Replacement of documents in a frozen volume: plan, run, check, and what tells of it after."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from index.columns import COLUMNS
from produce.check import check
from produce.check_terms import Terms
from produce.clawback import ranges_of
from produce.commands import produce
from produce.crossref import references
from produce.facts import facts_of
from produce.history import history
from produce.numbering import reservations
from produce.overlay_run import overlay_custodians
from produce.plan import plan
from produce.privilege_log import log_of
from produce.reader import read_dat, read_opt
from produce.record import items, production
from produce.replacement import Replacement, Wish, plan_replacement
from produce.replacement_changes import CONTAINS, ELSEWHERE, SAME, UNCHOSEN
from produce.replacement_check import check_replacement
from produce.report import report
from produce.run import run
from records import audit, tables
from records.case import Case
from records.errors import CheckFailedError, ProductionError, SpecificationError
from store import open_store
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop

OLD, NEW = "ABC_PROD001", "ABC_REP001"


def _make_old(case: Case) -> None:
    mail_family(case, 1, day="01")
    add(case, 7, name="alone.txt", text="alone with a falcon")
    add(case, 8, name="three.txt", text="falcon\fb\fc")
    mail_family(case, 4, day="28")
    tag(case, "Responsive", [1, 4, 7, 8])
    plan(case, specification())
    run(case, OLD, workshop())


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """Mail 1 with 2 is ABC 1 to 3, file 7 is 4, 8 is 5 to 7, mail 4 with 5 is 8 to 10."""
    with matter(tmp_path) as opened:
        _make_old(opened)
        yield opened


def replaced(case: Case, documents: Sequence[int], name: str = NEW, **values: Any) -> Replacement:
    wish = Wish(OLD, name, frozenset(documents), "produced by mistake", **values)
    return plan_replacement(case, wish)


def made(case: Case, documents: Sequence[int], name: str = NEW, **values: Any) -> Path:
    replaced(case, documents, name, **values)
    return Path(run(case, name, workshop()).folder)


def rows(folder: Path) -> dict[str, dict[str, str]]:
    found = read_dat(folder / "DATA" / f"{folder.name}.dat").records
    return {each["ControlNumber"]: dict(each) for each in found}


def retext(case: Case, document: int, text: str) -> None:
    """Give a document another text, as OCR done again would."""
    with open_store(case.store_address).writing() as writer:
        digest = writer.put_bytes(text.encode()).sha256
    d = tables.documents
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id == document).values(text_sha256=digest))


def codes(case: Case, folder: Path, name: str = NEW) -> list[str]:
    with case.read() as connection:
        found = production(connection, name)
        findings = [*check(folder, facts_of(connection, found))]
    return sorted({each.code for each in [*findings, *check_replacement(case, found, folder)]})


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_matter_is_as_told(case: Case) -> None:
    with case.read() as connection:
        ranges = {i.document_id: (i.first[-2:], i.last[-2:]) for i in items(connection, 1)}
    assert ranges == {
        1: ("01", "02"),
        2: ("03", "03"),
        7: ("04", "04"),
        8: ("05", "07"),
        4: ("08", "09"),
        5: ("10", "10"),
    }


def test_withheld_after_the_production(case: Case) -> None:
    before = rows(case.productions_folder / OLD)
    tag(case, "Privileged", [8])
    found = replaced(case, [8], exclude_tags=("Privileged",))
    [change] = found.changes
    assert (change.was, change.now, change.pages, change.differs) == (
        "image",
        "withheld",
        3,
        ("treatment",),
    )
    summary = run(case, NEW, workshop())
    folder = Path(summary.folder)
    assert (summary.replaces, summary.first_bates, summary.last_bates) == (
        OLD,
        "ABC0000005",
        "ABC0000007",
    )
    assert summary.counts["pages"] == 3
    row = rows(folder)["RW-00000008"]
    told = {name for name, value in row.items() if value and before["RW-00000008"][name] != value}
    assert told == {"Withheld", "PrivReason", "ProdVolume"}
    assert (row["PageCount"], row["FileName"], row["MD5"]) == ("3", "", "")
    lines = read_opt(folder / "DATA/ABC_REP001.opt")
    assert [(each.key, each.doc_break, each.page_count) for each in lines] == [
        ("ABC0000005", "Y", "3"),
        ("ABC0000006", "", ""),
        ("ABC0000007", "", ""),
    ]
    text = (folder / "TEXT/0001/ABC0000005.txt").read_bytes()
    assert text == b"Document Withheld - Privileged\r\n"
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (b"falcon", b"three", b"bytes of 8", hashlib.md5(b"bytes of 8").hexdigest()):
        assert (word if isinstance(word, bytes) else word.encode()) not in everything
    assert codes(case, folder) == []
    assert {each.code for each in check(folder)} == {"withheld-pages"}
    assert check(folder, terms=Terms(replacement=True)) == []


def test_no_number_is_reserved_and_the_next_volume_goes_on(case: Case) -> None:
    made(case, [7, 4])
    with case.read() as connection:
        assert [(each.first, each.last) for each in reservations(connection)] == [(1, 10)]
        acts = [each.act for each in audit.entries(connection)]
    assert acts[-4:] == [
        "production planned",
        "production started",
        "Bates numbers kept",
        "production frozen",
    ]
    plan(case, specification("ABC_PROD002"))
    assert run(case, "ABC_PROD002", workshop()).first_bates == "ABC0000011"


def test_family_fields_stay_as_they_were(case: Case) -> None:
    before = rows(case.productions_folder / OLD)
    after = rows(made(case, [5, 1]))
    assert list(after) == ["RW-00000001", "RW-00000005"]  # in the order of the numbers
    kin = ("BegAttach", "EndAttach", "ParentBates", "ChildBates", "AttachmentCount")
    for each in after:
        assert {n: after[each][n] for n in kin} == {n: before[each][n] for n in kin}
    assert after["RW-00000001"]["AttachmentNames"] == "prices.xlsx"
    assert codes(case, case.productions_folder / NEW) == []


def test_a_parent_masks_the_attachment_that_was_withheld_before_it(case: Case) -> None:
    tag(case, "Privileged", [2])
    first = replaced(case, [2], exclude_tags=("Privileged",))
    key = UNCHOSEN
    assert first.plan.conflicts[key] == ("RW-00000001",)  # its header names the attachment
    run(case, NEW, workshop())
    folder = made(case, [1], "ABC_REP002", exclude_tags=("Privileged",))
    assert rows(folder)["RW-00000001"]["AttachmentNames"] == "[withheld]"
    assert b"prices" not in (folder / "DATA/ABC_REP002.dat").read_bytes()


def test_fewer_pages_are_filled_with_sheets(case: Case) -> None:
    retext(case, 8, "one page now")
    seen: list[Any] = []

    def image(batch: Any) -> Any:
        from tests.produce_matter import plain_image

        seen.extend(batch.jobs)
        return plain_image(batch)

    replaced(case, [8])
    folder = Path(run(case, NEW, workshop(image=image)).folder)
    [job] = seen
    assert (len(job.bates), job.sheets, job.slip) == (
        3,
        2,
        ("Page Intentionally Left Blank in Replacement",),
    )
    assert rows(folder)["RW-00000008"]["PageCount"] == "3"
    assert (folder / "TEXT/0001/ABC0000005.txt").read_bytes() == b"one page now"
    assert codes(case, folder) == []
    sections = {each.title: each.rows for each in report(case, NEW)}
    assert sections["Replacements"] == (
        ("ABC0000005", "ABC0000007", f"image in {OLD}", "image", "2", "RW-00000008"),
    )


def test_more_pages_are_refused_and_planned_again_without(case: Case) -> None:
    retext(case, 8, "a\fb\fc\fd")
    replaced(case, [8, 7])
    with pytest.raises(ProductionError, match=r"RW-00000008 has 4 pages.*ABC0000007 are 3"):
        run(case, NEW, workshop())
    with case.read() as connection:
        assert {each.first for each in items(connection, 2)} == {""}
    replaced(case, [7])
    assert run(case, NEW, workshop()).counts["documents"] == 1


def test_numbers_by_document_take_more_pages_and_keep_the_old_ones(case: Case) -> None:
    plan(case, specification("ABC_PROD002", number_by="document"))
    run(case, "ABC_PROD002", workshop())
    retext(case, 8, "a\fb\fc\fd")
    retext(case, 4, "short")
    wish = Wish("ABC_PROD002", "ABC_REP002", frozenset([8, 4]), "better copies")
    plan_replacement(case, wish)
    folder = Path(run(case, "ABC_REP002", workshop()).folder)
    found = rows(folder)
    assert found["RW-00000008"]["PageCount"] == "4"
    assert found["RW-00000004"]["PageCount"] == "2"
    keys = [each.key for each in read_opt(folder / "DATA/ABC_REP002.opt")]
    own = found["RW-00000008"]["BegBates"]
    assert keys[:4] == [own, f"{own}_0002", f"{own}_0003", f"{own}_0004"]
    assert codes(case, folder, "ABC_REP002") == []
    assert history(case, f"{own}_0004").page == 4


def test_a_replacement_of_a_replacement(case: Case) -> None:
    tag(case, "Privileged", [8])
    made(case, [8, 7], exclude_tags=("Privileged",))
    with pytest.raises(SpecificationError, match="both excluded and allowed"):
        plan_replacement(
            case,
            Wish(NEW, "ABC_REP002", frozenset([8]), "no claim", allow_tags=("Privileged",)),
        )
    second = plan_replacement(case, Wish(NEW, "ABC_REP002", frozenset([8]), "no claim"))
    assert second.changes[0].stands_in == NEW
    assert (second.changes[0].was, second.changes[0].now) == ("withheld", "withheld")
    assert second.changes[0].differs == ()
    t = tables.document_tags
    with case.write() as connection:
        connection.execute(t.delete().where(t.c.document_id == 8, t.c.tag_id == 2))
    wish = Wish(OLD, "ABC_REP002", frozenset([8]), "claim withdrawn")
    again = plan_replacement(case, wish)
    assert again.changes[0].stands_in == NEW
    assert (again.changes[0].was, again.changes[0].now) == ("withheld", "image")
    folder = Path(run(case, "ABC_REP002", workshop()).folder)
    assert codes(case, folder, "ABC_REP002") == []
    found = history(case, "abc6")
    assert (found.production, found.treatment, found.page) == ("ABC_REP002", "image", 2)
    assert found.elsewhere == ()
    assert found.versions == (
        f"{OLD} (replaced): image, 3 pages",
        f"{NEW} (replaced): withheld, 3 pages",
        "ABC_REP002 (frozen): image, 3 pages",
    )
    what = [each.what.partition(",")[0] for each in found.events]
    assert what == [
        f"{OLD} planned",
        f"ABC0000001 - ABC0000010 reserved for {OLD}",
        f"{OLD} frozen",
        f"{NEW} planned to replace this document: produced by mistake",
        f"{NEW} frozen",
        "ABC_REP002 planned to replace this document: claim withdrawn",
        "ABC_REP002 frozen",
    ]
    names = (OLD, "ABC_REP002")  # the one between them is not asked for
    assert log_of(case, names).entries == ()
    assert [each.production for each in log_of(case, (OLD, NEW)).entries] == [NEW]
    with case.read() as connection:
        newer = {i.document_id: i.replaced_by for i in items(connection, 1)}
        assert newer == {1: None, 2: None, 7: 2, 8: 2, 4: None, 5: None}
        assert {i.document_id: i.replaced_by for i in items(connection, 2)} == {7: None, 8: 3}


def test_of_two_plans_the_later_is_planned_again(case: Case) -> None:
    replaced(case, [7, 8], "ABC_REP001")
    replaced(case, [8], "ABC_REP002")
    run(case, "ABC_REP001", workshop())
    with pytest.raises(ProductionError, match="RW-00000008, by ABC_REP001"):
        run(case, "ABC_REP002", workshop())
    replaced(case, [8], "ABC_REP002")
    run(case, "ABC_REP002", workshop())
    assert history(case, "ABC0000005").production == "ABC_REP002"


def test_overtaken_at_the_very_end(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(case, [8], "ABC_REP002")
    real = check

    def late(*args: Any, **named: Any) -> Any:
        found = real(*args, **named)
        monkeypatch.undo()
        with case.write() as connection:  # as another process would have
            i = tables.production_items
            p = tables.productions
            row = connection.execute(sa.select(p).where(p.c.id == 1)).mappings().one()
            connection.execute(p.insert().values({**row, "id": 9, "name": "ABC_REP009",
                                                  "replaces_id": 1, "reason": "r"}))  # fmt: skip
            old = connection.execute(
                sa.select(i).where(i.c.production_id == 1, i.c.document_id == 8)
            ).mappings().one()  # fmt: skip
            connection.execute(i.insert().values({**old, "production_id": 9, "position": 0}))
            connection.execute(
                i.update()
                .where(i.c.production_id == 1, i.c.document_id == 8)
                .values(replaced_by_id=9)
            )
        return found

    monkeypatch.setattr("produce.run.check", late)
    with pytest.raises(ProductionError, match="by ABC_REP009"):
        run(case, "ABC_REP002", workshop())
    assert not (case.productions_folder / "ABC_REP002").exists()


class _StopError(Exception):
    pass


@pytest.mark.parametrize(
    "step",
    [
        "produce.run.number",
        "produce.run.numbers_taken",
        "produce.stamping._commit",
        "produce.deliver._record",
        "produce.run.deliver.write_load_files",
        "produce.run.check",
        "produce.run.sync_path",
        "produce.run.mark_replaced",
        "produce.run._commit_frozen",
    ],
)
def test_a_run_cut_off_goes_on_to_the_same_bytes(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    tag(case, "Privileged", [8])
    retext(case, 4, "short")
    replaced(case, [8, 4, 5], exclude_tags=("Privileged",))

    def stop(*_args: object, **_named: object) -> None:
        raise _StopError

    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        with pytest.raises(_StopError):
            run(case, NEW, workshop())
    with case.read() as connection:
        assert all(each.replaced_by is None for each in items(connection, 1))
        assert production(connection, NEW).state == "running"
    found = run(case, NEW, workshop())
    assert not found.already_frozen
    assert sorted(each.name for each in case.productions_folder.iterdir()) == [OLD, NEW]
    with matter(tmp_path / "other") as other:
        _make_old(other)
        tag(other, "Privileged", [8])
        retext(other, 4, "short")
        folder = made(other, [8, 4, 5], exclude_tags=("Privileged",))
        assert tree(Path(found.folder)) == tree(folder)


def test_planned_again_while_it_runs(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(case, [7, 8])
    with monkeypatch.context() as patch:
        patch.setattr("produce.run._sweep", lambda *_: (_ for _ in ()).throw(_StopError()))
        with pytest.raises(_StopError):
            run(case, NEW, workshop())
    folder = made(case, [7])
    assert [path for path in tree(folder) if "0000005" in path] == []
    assert codes(case, folder) == []
    assert run(case, NEW, workshop()).already_frozen
    with pytest.raises(ProductionError, match="cannot be planned again"):
        replaced(case, [8])


def test_redactions_withheld_and_levels_of_today_stop_a_stale_plan(case: Case) -> None:
    replaced(case, [8])
    tag(case, "Privileged", [8])
    with pytest.raises(ProductionError, match=r"RW-00000008.*redwell produce replace"):
        run(case, NEW, workshop())


def test_a_tag_of_privilege_must_be_settled(case: Case) -> None:
    tag(case, "Privileged", [8])
    with pytest.raises(SpecificationError, match="--exclude-tag 'Privileged'"):
        replaced(case, [8])


def test_the_check_finds_damage(case: Case) -> None:
    folder = made(case, [8, 5])
    dat = folder / "DATA/ABC_REP001.dat"
    good = dat.read_bytes()
    assert codes(case, folder) == []
    dat.write_bytes(good.replace(b"ABC0000005", b"ABC0000004"))  # not of the original range
    assert {"registry-documents", "page-count", "replaced-kin"} <= {*codes(case, folder)}
    dat.write_bytes(good.replace(b"RW-00000008", b"RW-00000007"))  # a document not chosen
    assert {"registry-documents", "replaced-kin"} <= {*codes(case, folder)}
    dat.write_bytes(good.replace(b"ABC0000008", b"ABC0000009"))  # the parent and span of 5
    assert "replaced-kin" in codes(case, folder)
    dat.write_bytes(good.replace(b"ABC0000010", b"ABC0000011"))
    assert {"replaced-number", "registry-documents"} <= {*codes(case, folder)}
    dat.write_bytes(good)
    shutil.rmtree(case.productions_folder / OLD)
    assert codes(case, folder) == ["replaced-volume"]
    with pytest.raises(ProductionError, match="put the frozen volume in its place"):
        replaced(case, [7], "ABC_REP002")


def test_a_range_of_another_volume_overlaps(case: Case) -> None:
    plan(case, specification("ABC_PROD002"))
    run(case, "ABC_PROD002", workshop())
    folder = made(case, [8])
    dat = folder / "DATA/ABC_REP001.dat"
    data = dat.read_bytes()
    for number in (5, 6, 7):
        data = data.replace(f"ABC000000{number}".encode(), f"ABC000001{number}".encode())
    dat.write_bytes(data)
    assert {"overlap", "replaced-number"} <= {*codes(case, folder)}


def test_readers_count_no_number_twice(case: Case, tmp_path: Path) -> None:
    tag(case, "Privileged", [8])
    made(case, [8, 7], exclude_tags=("Privileged",))
    with case.read() as connection:
        told = {r.control[-1]: (r.production, r.treatment) for r in references(connection)}
        assert len([*references(connection)]) == len(told) == 6
        assert (told["7"], told["8"]) == ((NEW, "image"), (NEW, "withheld"))
        assert told["1"] == (OLD, "image")
        newer = {r.control[-1]: r.replaced_by for r in references(connection, 1)}
        assert newer == {"1": "", "2": "", "4": "", "5": "", "7": NEW, "8": NEW}
        back = ranges_of(connection, [8])
        assert [(each.production, each.beg) for each in back] == [(OLD, "ABC0000005")]
        back = ranges_of(connection, [7])
        assert [each.production for each in back] == [OLD, NEW]  # both went out
        assert COLUMNS["bates"].load is not None
        told_there = COLUMNS["bates"].load(connection, [7, 8])
    assert told_there == {7: "ABC0000004 - ABC0000004", 8: "ABC0000005 - ABC0000007"}
    log = log_of(case, ())
    assert [(each.production, each.beg) for each in log.entries] == [(NEW, "ABC0000005")]
    add(case, 20, custodian=2, duplicate_of=7, name="alone.txt")
    add(case, 21, custodian=2, duplicate_of=8, name="three.txt")
    found = overlay_custodians(case, out=tmp_path / "overlay")
    assert {each.production: (each.documents, each.changed) for each in found.productions} == {
        OLD: (4, 0),
        NEW: (1, 1),
    }
    again = plan(case, specification("ABC_PROD003", exclude_tags=("Privileged",)))
    assert len(again.conflicts["produced before"]) == 6


def test_the_log_keeps_its_numbers(case: Case) -> None:
    tag(case, "Work Product", [5])
    tag(case, "Privileged", [8])
    plan(case, specification("ABC_PROD002", exclude_tags=("Privileged", "Work Product")))
    run(case, "ABC_PROD002", workshop())
    before = {each.document: each.log_id for each in log_of(case, ()).entries}
    wish = Wish("ABC_PROD002", "ABC_REP002", frozenset([5]), "sheet spelled wrong")
    plan_replacement(case, wish)
    run(case, "ABC_REP002", workshop())
    after = {each.document: (each.log_id, each.production) for each in log_of(case, ()).entries}
    assert len(log_of(case, ()).entries) == len(after) == 2
    assert after[8] == (before[8], "ABC_PROD002")
    assert after[5] == ("PRIV-00003", "ABC_REP002")
    assert [each.document for each in log_of(case, ["ABC_PROD002"]).entries] == [*before]
    with case.read() as connection:
        first = {each.document_id: each.first for each in items(connection, 2)}
    assert {each.document: each.family for each in log_of(case, ()).entries}[5] == first[4]


def test_what_tells_of_the_same_is_pointed_out(case: Case) -> None:
    add(case, 30, name="twin.txt", data=b"bytes of 8", text="falcon")
    add(case, 31, name="box.msg", type_="xlsx", text="x")
    add(case, 32, name="inner.txt", found_in=31, family=31, position=1, text="inner falcon")
    tag(case, "Responsive", [30, 31])
    plan(case, specification("ABC_PROD002"))
    run(case, "ABC_PROD002", workshop())
    tag(case, "Privileged", [8, 32])
    found = replaced(case, [8], exclude_tags=("Privileged",)).plan.conflicts
    assert found[ELSEWHERE] == ("RW-00000008",)
    assert found[SAME] == ("RW-00000030",)
    wish = Wish("ABC_PROD002", "ABC_REP002", frozenset([32]), "r", exclude_tags=("Privileged",))
    inner = plan_replacement(case, wish, dry_run=True).plan.conflicts
    assert inner[CONTAINS] == ("RW-00000031",)
    assert inner[UNCHOSEN] == ("RW-00000031",)
    wish = changed(wish, documents=frozenset([31, 32]))
    both = plan_replacement(case, wish)
    assert {each.control[-2:]: each.now for each in both.changes} == {
        "31": "slip",
        "32": "withheld",
    }
    assert CONTAINS not in both.plan.conflicts
    folder = Path(run(case, "ABC_REP002", workshop()).folder)
    assert not (folder / "NATIVES").exists()
    assert codes(case, folder, "ABC_REP002") == []


def test_what_was_asked_back_is_shown_again_only_if_allowed(case: Case) -> None:
    from produce.clawback import claw_back

    claw_back(case, [7], "Counsel for Roe", "us", "privileged", case.folder.parent / "notice", "")
    with pytest.raises(SpecificationError, match="asked back"):
        replaced(case, [7])
    assert replaced(case, [7], allow_clawed_back=True).plan.conflicts["asked back before"]
    events = [each.what for each in history(case, "ABC0000004").events]
    assert any(each.startswith("asked back of Counsel for Roe") for each in events)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"documents": frozenset([3])}, "RW-00000003"),  # shown in its parent, without a number
        ({"documents": frozenset([3]), "strict": False}, "Nothing to replace"),
        ({"volume": "NOPE"}, "no production"),
        ({"reason": " \n"}, "--reason"),
        ({"reason": "x" * 1001}, "--reason"),
        ({"name": OLD}, "planned as another thing"),
        ({"name": "abc_prod001"}, "in case only"),
        ({"name": "a,b"}, "comma"),
    ],
)
def test_what_cannot_be_replaced(case: Case, changes: dict[str, Any], why: str) -> None:
    wish = changed(Wish(OLD, NEW, frozenset([8]), "reason"), **changes)
    with pytest.raises((ProductionError, SpecificationError), match=why):
        plan_replacement(case, wish)
    with case.read() as connection:
        assert len(connection.execute(sa.select(tables.productions)).all()) == 1


def test_only_what_is_frozen_is_replaced_and_names_stay_apart(case: Case) -> None:
    plan(case, specification("ABC_PROD002"))
    with pytest.raises(ProductionError, match="only what is frozen"):
        plan_replacement(case, Wish("ABC_PROD002", NEW, frozenset([8]), "reason"))
    with pytest.raises(ProductionError, match="another thing"):
        replaced(case, [8], "ABC_PROD002")
    replaced(case, [8])
    with pytest.raises(ProductionError, match="another thing"):
        plan(case, specification(NEW))


def test_commands(case: Case) -> None:
    here = ["--case", str(case.folder)]

    def told(*args: str, code: int = 0) -> str:
        result = CliRunner().invoke(produce, [*args, *here])
        assert result.exit_code == code, result.output
        return result.output

    common = ("replace", OLD, NEW, "--reason", "a better copy")
    shown = json.loads(told(*common, "--bates", "ABC6, abc0000008..ABC0000008", "--dry-run",
                            "--json"))  # fmt: skip
    assert (shown["replaces"], shown["reason"], shown["dry_run"]) == (OLD, "a better copy", True)
    assert [(each["control"], each["was"]) for each in shown["changes"]] == [
        ("RW-00000008", "image"),
        ("RW-00000004", "image"),
    ]
    assert shown["counts"]["decided as before"] == 2
    with case.read() as connection:
        assert len(connection.execute(sa.select(tables.productions)).all()) == 1
    printed = told(*common, "--ids", "7,5")
    assert "ABC0000004" in printed
    assert "nothing on record differs" in printed
    listed = json.loads(told("list", "--json"))
    assert [(each["name"], each["replaces"]) for each in listed] == [(OLD, ""), (NEW, OLD)]
    for bad in ("ABC99", "XYZ1..XYZ2", "ABC9..ABC8", " , "):
        result = CliRunner().invoke(produce, [*common, "--bates", bad, *here])
        assert isinstance(result.exception, ProductionError), bad
    assert CliRunner().invoke(produce, [*common, *here]).exit_code == 2
    run(case, NEW, workshop())
    assert "holds all" in told("check", NEW)
    path = str(case.productions_folder / NEW)
    assert "holds all" in told("check", path, "--replacement")
    bare = CliRunner().invoke(produce, ["check", path, *here])
    assert isinstance(bare.exception, CheckFailedError)  # its numbers have a gap
    assert "bates-gap" in str(bare.exception)
    assert "versions" in told("history", "ABC0000004")


def test_names_that_are_kept_back_today_do_not_show_in_a_parent(case: Case) -> None:
    tag(case, "Privileged", [2])
    found = replaced(case, [1], exclude_tags=("Privileged",))
    assert found.plan.conflicts[UNCHOSEN] == ("RW-00000002",)
    folder = Path(run(case, NEW, workshop()).folder)
    assert rows(folder)["RW-00000001"]["AttachmentNames"] == "[withheld]"
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"prices" not in everything
    assert codes(case, folder) == []


def test_a_tag_on_an_attachment_that_is_not_chosen_stops_its_parent(case: Case) -> None:
    replaced(case, [1])
    tag(case, "Privileged", [2])
    with pytest.raises(ProductionError, match=r"RW-00000001.*redwell produce replace"):
        run(case, NEW, workshop())


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "pdf", "load_files": ("dat", "opt", "lfp", "edrm")},
        {"kind": "none", "load_files": ("dat", "edrm")},
        {"max_pages": 2, "load_files": ("dat", "opt", "lfp", "edrm")},
        {"lone_family": "empty", "number_by": "document", "dat_encoding": "cp1252",
         "fields": {"FIRST": "BegBates", "LAST": "EndBates", "RANGE": "AttachRange",
                    "PGS": "PageCount", "FILE": "FileName", "OCR": "TextLink"}},
    ],
)  # fmt: skip
def test_volumes_of_every_form(case: Case, values: dict[str, Any]) -> None:
    tag(case, "Privileged", [5])
    plan(case, specification("ABC_PROD002", allow_tags=("Privileged",), **values))
    run(case, "ABC_PROD002", workshop())
    retext(case, 8, "shorter")
    wish = Wish("ABC_PROD002", "ABC_REP002", frozenset([5, 7, 8]), "r",
                exclude_tags=("Privileged",))  # fmt: skip
    plan_replacement(case, wish)
    folder = Path(run(case, "ABC_REP002", workshop()).folder)
    assert codes(case, folder, "ABC_REP002") == []
    with case.read() as connection:
        found = {each.document_id: each for each in items(connection, 3)}
        old = {each.document_id: each for each in items(connection, 2)}
    assert found[5].treatment == "withheld"
    for each in found.values():
        was = old[each.document_id]
        assert (each.first, each.last, each.pages) == (was.first, was.last, was.pages)


def test_a_level_that_was_raised(case: Case) -> None:
    found = replaced(case, [8], legend="ATTORNEYS' EYES ONLY")
    assert found.changes[0].differs == ("legend",)
    folder = Path(run(case, NEW, workshop()).folder)
    row = rows(folder)["RW-00000008"]
    assert row["Confidentiality"] == "ATTORNEYS' EYES ONLY"
    assert codes(case, folder) == []


def test_a_copy_or_duplicate_of_today_keeps_its_number(case: Case) -> None:
    d = tables.documents
    with case.write() as connection:
        values = {"disposition": "duplicate", "duplicate_of_id": 8}
        connection.execute(d.update().where(d.c.id == 7).values(**values))
    folder = made(case, [7])
    assert rows(folder)["RW-00000007"]["BegBates"] == "ABC0000004"


def test_rows_tell_the_kin_of_any_part(case: Case) -> None:
    folder = made(case, [5, 1])
    dat = folder / "DATA/ABC_REP001.dat"
    good, terms = dat.read_bytes(), Terms(replacement=True)
    for old, new, code in (
        (b"ABC0000010", b"ABC0000007", "attach-range"),
        (b"ABC0000003", b"ABC0000001", "family-children"),
    ):
        dat.write_bytes(good.replace(old, new))
        assert code in {each.code for each in check(folder, terms=terms)}, old
    dat.write_bytes(good)
    assert check(folder, terms=terms) == []
