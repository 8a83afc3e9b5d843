"""Plan to frozen volume, and what a run that was cut off leaves and takes up."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from produce.check import check
from produce.facts import facts_of
from produce.imaging.route import OFFICE
from produce.interface import ImageBatch, ImageResult, RenderBatch, RenderResult
from produce.numbering import next_free, reservations
from produce.plan import plan
from produce.reader import read_dat, read_opt
from produce.record import items, production
from produce.run import Summary, run
from produce.treatment import OFFICE_TYPES
from records import audit, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.engine import TaskFailure
from records.errors import (
    CheckFailedError,
    ProductionError,
    StoreError,
    ToolMissingError,
)
from records.notes import exception
from tests.produce_matter import (
    Here,
    add,
    mail_family,
    matter,
    note,
    plain_image,
    plain_render,
    specification,
    tag,
    workshop,
)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        mail_family(opened, 1, day="12")
        mail_family(opened, 4, day="10")
        add(opened, 7, text="alone\r\nand short", name="bad, name.txt")
        add(opened, 8, type_="docx", text="a\fb\fc")
        tag(opened, "Responsive", [1, 4, 7, 8])
        yield opened


def _tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _made(case: Case, **values: Any) -> tuple[Summary, Path]:
    plan(case, specification(**values))
    found = run(case, values.get("name", "ABC_PROD001"), workshop(office=lambda: True))
    return found, Path(found.folder)


def test_volume_holds_every_document_in_order(case: Case) -> None:
    found, folder = _made(case)
    rows = read_dat(folder / "DATA/ABC_PROD001.dat").records
    assert [(row["ControlNumber"], row["BegBates"], row["PageCount"]) for row in rows] == [
        ("RW-00000007", "ABC0000001", "1"),  # undated by mail, modified on the 5th
        ("RW-00000008", "ABC0000002", "3"),
        ("RW-00000004", "ABC0000005", "2"),
        ("RW-00000005", "ABC0000007", "1"),
        ("RW-00000001", "ABC0000008", "2"),
        ("RW-00000002", "ABC0000010", "1"),
    ]
    assert found.counts == {
        "documents": 6,
        "pages": 10,
        "produced as image": 3,
        "produced as native": 3,
        "produced as slip": 0,
        "produced as withheld": 0,
    }
    assert len(read_opt(folder / "DATA/ABC_PROD001.opt")) == 10
    assert (folder / "TEXT/0001/ABC0000001.txt").read_bytes() == b"alone\r\nand short"
    assert (folder / "TEXT/0001/ABC0000005.txt").read_bytes() == b"the body\x0cpage two"
    assert (folder / "NATIVES/0001/ABC0000007.xlsx").read_bytes() == b"bytes of 5"


def test_volume_passes_sha256sum_and_the_check(case: Case) -> None:
    found, folder = _made(case)
    outcome = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    assert check(folder) == []
    with case.read() as connection:
        assert check(folder, facts_of(connection, production(connection, found.name))) == []


def test_row_of_a_mail_in_full(case: Case) -> None:
    _, folder = _made(case)
    row = read_dat(folder / "DATA/ABC_PROD001.dat").records[2]
    digest = hashlib.sha256(b"bytes of 4").hexdigest()
    told = {name: value for name, value in row.items() if value}
    assert told == {
        "BegBates": "ABC0000005",
        "EndBates": "ABC0000006",
        "BegAttach": "ABC0000005",
        "EndAttach": "ABC0000007",
        "ChildBates": "ABC0000007",
        "AttachmentNames": "prices.xlsx",
        "AttachmentCount": "1",
        "Custodian": "Okafor, Amara",
        "AllCustodians": "Okafor, Amara",
        "FilePath": "folder/4/mail.eml",
        "AllPaths": "folder/4/mail.eml",
        "From": "Okafor, Amara <amara@kestrel.example>",
        "To": "Lev <lev@kestrel.example>",
        "EmailSubject": "Mooring tails; þ ® and more",
        "DateSent": "03/09/2024",
        "TimeSent": "21:30:00",
        "MessageID": "<4@kestrel.example>",
        "FileName": "mail.eml",
        "FileExt": "eml",
        "FileSize": "10",
        "PageCount": "2",
        "MD5": hashlib.md5(b"bytes of 4").hexdigest(),
        "SHA1": hashlib.sha1(b"bytes of 4").hexdigest(),
        "SHA256": digest,
        "Confidentiality": "CONFIDENTIAL",
        "Redacted": "N",
        "Withheld": "N",
        "DocType": "email",
        "TimeZone": "America/New_York",
        "ProdVolume": "ABC_PROD001",
        "TextLink": ".\\TEXT\\0001\\ABC0000005.txt",
        "ControlNumber": "RW-00000004",
    }


def test_folders_hold_at_most_max_files(case: Case) -> None:
    _, folder = _made(case, max_files=4)
    sizes = {
        each.relative_to(folder).as_posix(): len(list(each.iterdir()))
        for each in sorted(folder.glob("*/0*"))
    }
    assert sizes == {
        "IMAGES/0001": 4,
        "IMAGES/0002": 4,
        "IMAGES/0003": 2,
        "TEXT/0001": 4,
        "TEXT/0002": 2,
        "NATIVES/0001": 3,
    }


def test_pdf_production_has_one_file_a_document(case: Case) -> None:
    _, folder = _made(case, kind="pdf")
    lines = read_opt(folder / "DATA/ABC_PROD001.opt")
    assert [(each.key, each.path, each.page_count) for each in lines][1:3] == [
        ("ABC0000002", ".\\IMAGES\\0001\\ABC0000002.pdf", "3"),
        ("ABC0000005", ".\\IMAGES\\0001\\ABC0000005.pdf", "2"),
    ]
    assert check(folder) == []


def test_second_production_starts_after_the_first(case: Case) -> None:
    plan(case, specification())
    plan(case, specification("ABC_PROD002"))  # both planned before either has numbers
    first = run(case, "ABC_PROD001", workshop(office=lambda: True))
    second = run(case, "ABC_PROD002", workshop(office=lambda: True))
    assert (first.first_bates, first.last_bates) == ("ABC0000001", "ABC0000010")
    assert (second.first_bates, second.last_bates) == ("ABC0000011", "ABC0000020")
    with case.read() as connection:
        assert [(each.first, each.last) for each in reservations(connection)] == [(1, 10), (11, 20)]
        assert next_free(connection, "ABC") == 21
        assert next_free(connection, "XYZ") == 1
        assert audit.verify(connection)[0] > 0


def test_two_plans_with_one_start_cannot_share_numbers(case: Case) -> None:
    plan(case, specification(start=5))
    plan(case, specification("ABC_PROD002", start=7))
    run(case, "ABC_PROD001", workshop(office=lambda: True))
    with pytest.raises(Exception, match="overlaps numbers that are used") as caught:
        run(case, "ABC_PROD002", workshop(office=lambda: True))
    assert type(caught.value).__name__ == "SpecificationError"
    plan(case, specification("ABC_PROD002"))  # planning it again is the way out
    assert run(case, "ABC_PROD002", workshop(office=lambda: True)).first_bates == "ABC0000015"


def test_too_few_digits_reserve_nothing(case: Case) -> None:
    plan(case, specification(digits=4, start=9995))
    with pytest.raises(ProductionError, match="do not fit in 4 digits"):
        run(case, "ABC_PROD001", workshop(office=lambda: True))
    with case.read() as connection:
        assert reservations(connection) == []


def test_frozen_production_is_verified_not_made_again(case: Case) -> None:
    _, folder = _made(case)
    before = _tree(folder)

    def never(_batch: object) -> Any:
        raise AssertionError("a frozen production was worked on")

    again = run(case, "ABC_PROD001", workshop(render=never, image=never))
    assert again.already_frozen
    assert _tree(folder) == before
    (folder / "TEXT/0001/ABC0000001.txt").write_bytes(b"changed")
    with pytest.raises(CheckFailedError, match=r"manifest-hash  TEXT/0001/ABC0000001\.txt"):
        run(case, "ABC_PROD001", workshop())


class _StopError(Exception):
    pass


def _stopping(kind: str, at: int) -> dict[str, Any]:
    """An imager that fails at its nth batch."""
    seen = 0

    def render(batch: RenderBatch) -> tuple[RenderResult, ...]:
        nonlocal seen
        seen += 1
        if kind == "render" and seen == at:
            raise _StopError
        return plain_render(batch)

    def image(batch: ImageBatch) -> tuple[ImageResult, ...]:
        nonlocal seen
        seen += 1
        result = plain_image(batch)
        if kind == "image" and seen == at:
            raise _StopError  # its files are written, its rows are not
        return result

    return {"render": render, "image": image}


@pytest.mark.parametrize(("kind", "at"), [("render", 1), ("render", 2), ("image", 3), ("image", 5)])
def test_resumed_run_gives_the_same_bytes(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, at: int
) -> None:
    monkeypatch.setattr("produce.rendering._JOBS", 2)
    monkeypatch.setattr("produce.stamping._JOBS", 1)
    plan(case, specification())
    with pytest.raises(_StopError):
        run(case, "ABC_PROD001", workshop(office=lambda: True, **_stopping(kind, at)))
    with pytest.raises(ProductionError) if kind == "image" else _planned_again(case):
        plan(case, specification())
    found = run(case, "ABC_PROD001", workshop(office=lambda: True))
    with matter(tmp_path / "other") as other:
        mail_family(other, 1, day="12")
        mail_family(other, 4, day="10")
        add(other, 7, text="alone\r\nand short", name="bad, name.txt")
        add(other, 8, type_="docx", text="a\fb\fc")
        tag(other, "Responsive", [1, 4, 7, 8])
        _, folder = _made(other)
        assert _tree(Path(found.folder)) == _tree(folder)


def _planned_again(_case: Case) -> Any:
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize(
    "step",
    [
        "produce.run.number",
        "produce.deliver._record",
        "produce.run.deliver.write_load_files",
        "produce.run._sweep",
        "produce.run.check",
        "produce.run.sync_path",
        "produce.run._commit_frozen",
    ],
)
def test_run_cut_off_at_a_step_goes_on(
    case: Case, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    plan(case, specification())

    def stop(*_args: object, **_named: object) -> None:
        raise _StopError

    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        with pytest.raises(_StopError):
            run(case, "ABC_PROD001", workshop(office=lambda: True))
    found = run(case, "ABC_PROD001", workshop(office=lambda: True))
    assert (found.already_frozen, found.counts["pages"]) == (False, 10)
    assert [each.name for each in case.productions_folder.iterdir()] == ["ABC_PROD001"]
    with case.read() as connection:
        assert len(reservations(connection)) == 1
        files = connection.execute(sa.select(tables.production_files.c.path)).scalars().all()
    disk = set(_tree(Path(found.folder))) - {"MANIFEST.sha256"}
    assert (set(files), len(files)) == (disk, len(disk))


def test_files_lost_between_two_runs_are_made_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(case, specification())
    with monkeypatch.context() as patch:
        patch.setattr("produce.run._sweep", lambda *_: (_ for _ in ()).throw(_StopError()))
        with pytest.raises(_StopError):
            run(case, "ABC_PROD001", workshop(office=lambda: True))
    partial = case.productions_folder / ".ABC_PROD001.partial"
    before = _tree(partial)
    (partial / "IMAGES/0001/ABC0000003.tif").unlink()
    (partial / "TEXT/0001/ABC0000002.txt").write_bytes(b"")
    (partial / "NATIVES/0001/ABC0000007.xlsx").unlink()
    (partial / "IMAGES/0001/left-over.tmp").write_bytes(b"x")
    found = run(case, "ABC_PROD001", workshop(office=lambda: True))
    assert _tree(Path(found.folder)) == before


class _Deadly(Here):
    """Workers that die of one document."""

    def __init__(self, document_id: int, work: str) -> None:
        self._deadly, self._work = document_id, work

    def map_ordered(self, function: Any, batches: Any, window: int | None = None) -> Any:
        """Fail each batch that holds the document."""
        for batch in batches:
            if function.__name__ == self._work and any(
                job.document_id == self._deadly for job in batch.jobs
            ):
                yield batch, TaskFailure("killed")
            else:
                yield batch, function(batch)


def test_document_that_kills_its_worker_becomes_a_native(case: Case) -> None:
    from contextlib import nullcontext
    from dataclasses import replace

    plan(case, specification())
    deadly = replace(
        workshop(office=lambda: True), workers=lambda: nullcontext(_Deadly(8, "plain_render"))
    )
    found = run(case, "ABC_PROD001", deadly)
    assert found.counts["produced as native"] == 4
    with case.read() as connection:
        made = {each.document_id: each for each in items(connection, 1)}
    assert made[8].reason == "imaging it ended the worker process"
    assert made[4].treatment == "image"


def test_worker_that_dies_of_stamping_stops_the_run_and_it_goes_on(case: Case) -> None:
    from contextlib import nullcontext
    from dataclasses import replace

    plan(case, specification())
    deadly = replace(
        workshop(office=lambda: True), workers=lambda: nullcontext(_Deadly(4, "plain_image"))
    )
    with pytest.raises(ProductionError, match="Stamping ABC0000005"):
        run(case, "ABC_PROD001", deadly)
    assert run(case, "ABC_PROD001", workshop(office=lambda: True)).counts["pages"] == 10


def test_without_libreoffice_it_stops_before_work_or_slips(case: Case) -> None:
    plan(case, specification())
    with pytest.raises(ToolMissingError, match="--slip-missing"):
        run(case, "ABC_PROD001", workshop(office=lambda: False))
    with case.read() as connection:
        assert production(connection, "ABC_PROD001").state == "planned"
    found = run(case, "ABC_PROD001", workshop(office=lambda: False, slip_missing=True))
    assert found.counts["produced as native"] == 4


def test_tag_given_after_the_plan_stops_the_run_at_every_door(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(case, specification())
    tag(case, "Privileged", [5])
    with pytest.raises(ProductionError, match="RW-00000004"):  # the mail's file holds it
        run(case, "ABC_PROD001", workshop(office=lambda: True))
    plan(case, specification(exclude_tags=("Privileged",)))

    def late(*_args: object, **_named: object) -> list[object]:
        tag(case, "Privileged", [8])
        return []

    with monkeypatch.context() as patch:
        patch.setattr("produce.run.check", late)
        with pytest.raises(ProductionError, match="RW-00000008"):
            run(case, "ABC_PROD001", workshop(office=lambda: True))
    assert not (case.productions_folder / "ABC_PROD001").exists()
    with case.read() as connection:
        assert production(connection, "ABC_PROD001").state == "running"


def test_family_that_grew_after_the_plan_stops_the_run(case: Case) -> None:
    plan(case, specification())
    add(case, 9, family=4, position=3, found_in=4, role=Role.ATTACHMENT)
    with pytest.raises(ProductionError, match="RW-00000009"):
        run(case, "ABC_PROD001", workshop(office=lambda: True))


def _damaged_archive(case: Case) -> None:
    add(case, 20, name="all.zip", type_="zip", disposition=Disposition.EXCEPTION,
        data=b"the archive holds secret-memo.txt", text="secret-memo.txt")  # fmt: skip
    note(case, 20, "truncated")
    add(case, 21, name="secret-memo.txt", found_in=20, role=Role.MEMBER, text="secret-memo.txt")
    add(case, 22, name="lunch.txt", found_in=20, role=Role.MEMBER, text="lunch")
    tag(case, "Responsive", [20, 21, 22])


def test_archive_with_a_withheld_member_tells_nothing_of_it(case: Case) -> None:
    _damaged_archive(case)
    tag(case, "Privileged", [21])
    _, folder = _made(case, exclude_tags=("Privileged",))
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"secret-memo" not in everything
    assert b"lunch.txt" in everything


def test_archive_planned_natively_by_an_earlier_program_is_stopped(case: Case) -> None:
    _damaged_archive(case)
    plan(case, specification())
    i = tables.production_items
    with case.write() as connection:
        archive = i.c.document_id == 20
        connection.execute(i.update().where(archive).values(treatment="native", reason="truncated"))
    with pytest.raises(ProductionError, match="RW-00000020"):
        run(case, "ABC_PROD001", workshop())


def test_native_of_an_archive_in_a_frozen_volume_is_found(case: Case) -> None:
    add(case, 20, name="all.zip", type_="zip", disposition=Disposition.EXCEPTION)
    tag(case, "Responsive", [20])
    _, folder = _made(case)
    add(case, 21, found_in=20, role=Role.MEMBER)
    with case.read() as connection:
        facts = facts_of(connection, production(connection, "ABC_PROD001"))
    assert [each.code for each in check(folder, facts)] == ["privileged"]


def test_privilege_on_an_archive_around_the_selection_hides_its_path(case: Case) -> None:
    add(case, 20, name="counsel.zip", type_="zip", disposition=Disposition.CONTAINER)
    add(case, 21, found_in=20, role=Role.MEMBER)
    tag(case, "Responsive", [21])
    tag(case, "Privileged", [20])  # neither excluded nor allowed; what it is on is not selected
    planned = {each.member.id: each for each in plan(case, specification()).items}
    assert planned[21].hide_path
    _, folder = _made(case)
    assert b"folder/21" not in (folder / "DATA/ABC_PROD001.dat").read_bytes()


def test_tag_on_an_archive_stops_what_would_tell_its_path(case: Case) -> None:
    _damaged_archive(case)
    with case.write() as connection:
        d = tables.documents
        connection.execute(d.update().where(d.c.id == 20).values(disposition="container"))
    plan(case, specification())
    tag(case, "Privileged", [20])
    with pytest.raises(ProductionError, match=r"RW-0000002[12]"):
        run(case, "ABC_PROD001", workshop())


def test_text_of_an_archive_that_holds_a_withheld_file_stays_back(case: Case) -> None:
    add(case, 20, name="m.eml", type_="email", text="the mail")
    add(case, 21, family=20, position=1, found_in=20, role=Role.ATTACHMENT, type_="7z",
        disposition=Disposition.CONTAINER, text="list: advice.docx")  # fmt: skip
    add(case, 22, family=20, position=2, found_in=21, role=Role.ATTACHMENT, name="advice.docx")
    tag(case, "Responsive", [20])
    tag(case, "Privileged", [22])
    _, folder = _made(case, exclude_tags=("Privileged",))
    texts = [path.read_bytes() for path in sorted((folder / "TEXT/0001").iterdir())]
    assert b"the mail" in texts
    assert not any(b"advice" in each for each in texts)


def test_documents_collected_after_the_plan_stop_it_until_processed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(case, specification())

    def collecting(batch: RenderBatch) -> tuple[RenderResult, ...]:
        if batch.jobs[0].document_id == 7:
            add(case, 30, disposition=Disposition.PENDING)
        return plain_render(batch)

    monkeypatch.setattr("produce.rendering._JOBS", 1)
    with pytest.raises(ProductionError, match=r"RW-00000030.*redwell process"):
        run(case, "ABC_PROD001", workshop(render=collecting))
    with case.read() as connection:
        assert reservations(connection) == []
    with pytest.raises(ProductionError, match="RW-00000030"):  # before any work, too
        run(case, "ABC_PROD001", workshop())
    plan(case, specification(allow_unprocessed=True))
    assert run(case, "ABC_PROD001", workshop()).counts["documents"] == 6


def test_damaged_native_in_the_store_stops_the_run(case: Case) -> None:
    digest = hashlib.sha256(b"bytes of 5").hexdigest()
    plan(case, specification())
    blob = next(path for path in Path(case.store_address).rglob(digest))
    blob.chmod(0o644)
    blob.write_bytes(b"bytes of X")
    with pytest.raises(StoreError, match=digest):
        run(case, "ABC_PROD001", workshop(office=lambda: True))


def test_withheld_member_tells_nothing_anywhere(case: Case) -> None:
    tag(case, "Privileged", [2])
    found, folder = _made(case, exclude_tags=("Privileged",))
    assert found.counts["produced as withheld"] == 1
    row = read_dat(folder / "DATA/ABC_PROD001.dat").records[5]
    assert {name: value for name, value in row.items() if value} == {
        "BegBates": "ABC0000010",
        "EndBates": "ABC0000010",
        "BegAttach": "ABC0000008",
        "EndAttach": "ABC0000010",
        "ParentBates": "ABC0000008",
        "AttachmentCount": "0",
        "Custodian": "Okafor, Amara",
        "PageCount": "1",
        "Confidentiality": "CONFIDENTIAL",
        "Redacted": "N",
        "Withheld": "Y",
        "PrivReason": "Privileged",
        "TimeZone": "America/New_York",
        "ProdVolume": "ABC_PROD001",
        "TextLink": ".\\TEXT\\0001\\ABC0000010.txt",
        "ControlNumber": "RW-00000002",
    }
    text = (folder / "TEXT/0001/ABC0000010.txt").read_bytes()
    assert text == b"Document Withheld - Privileged\r\n"
    assert [each.name for each in (folder / "NATIVES/0001").iterdir()] != []
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert everything.count(b"prices.xlsx") == 4  # of the other family
    assert b"folder/2/" not in everything
    assert hashlib.md5(b"bytes of 2").hexdigest().encode() not in everything
    with case.read() as connection:
        planned = {each.document_id: each for each in items(connection, 1)}
    header = Path(case.store_address)
    assert planned[1].render_sha256 is not None
    rendered = next(header.rglob(planned[1].render_sha256)).read_text()
    assert "[withheld]" in rendered
    assert "prices" not in rendered


def test_render_failure_of_what_holds_a_withheld_file_gives_no_native(case: Case) -> None:
    add(case, 20, name="bad.eml", type_="email", text="x")
    add(case, 21, family=20, position=1, found_in=20, role=Role.ATTACHMENT, name="memo.txt")
    tag(case, "Secret", [21])
    tag(case, "Responsive", [20])
    _, folder = _made(case, exclude_tags=("Secret",))
    with case.read() as connection:
        made = {each.document_id: each for each in items(connection, 1)}
    assert made[20].treatment == "slip"
    row = next(
        each
        for each in read_dat(folder / "DATA/ABC_PROD001.dat").records
        if each["ControlNumber"] == "RW-00000020"
    )
    assert (row["NativeLink"], row["PageCount"]) == ("", "1")


def test_exceptions_empty_files_and_lost_bytes_get_slip_sheets(case: Case) -> None:
    add(case, 20, type_="pdf", disposition=Disposition.EXCEPTION)
    add(case, 21, disposition=Disposition.EXCEPTION, data=None)
    add(case, 22, disposition=Disposition.EMPTY)
    tag(case, "Responsive", [20, 21, 22])
    note(case, 20, "encrypted")
    _made(case)
    with case.read() as connection:
        made = {each.document_id: each for each in items(connection, 1)}
    assert (made[20].treatment, made[20].reason) == ("native", "encrypted")
    assert (made[21].treatment, made[21].reason) == ("slip", "exception")
    assert (made[22].treatment, made[22].reason) == ("native", "empty file")


def test_page_that_cannot_be_stamped_brings_its_native(case: Case) -> None:
    from dataclasses import replace

    def image(batch: ImageBatch) -> tuple[ImageResult, ...]:
        bad = exception(Code.CORRUPT, "ABC0000003: a page", "pikepdf", "1")
        return tuple(
            replace(each, notes=(bad,)) if each.document_id == 8 else each
            for each in plain_image(batch)
        )

    plan(case, specification())
    found = run(case, "ABC_PROD001", workshop(image=image))
    assert (found.counts["produced as native"], found.counts["pages"]) == (4, 10)
    row = read_dat(Path(found.folder) / "DATA/ABC_PROD001.dat").records[1]
    assert (row["PageCount"], row["NativeLink"]) == ("3", ".\\NATIVES\\0001\\ABC0000002.docx")
    with case.read() as connection:
        messages = connection.execute(sa.select(tables.notes.c.message)).scalars().all()
    assert messages == ["ABC0000003: a page"]


def test_office_types_are_those_that_imaging_gives_to_libreoffice() -> None:
    assert OFFICE - {"emf", "wmf"} == OFFICE_TYPES  # which stand under the type image
