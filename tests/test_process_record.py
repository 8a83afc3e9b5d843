"""What processing writes into the record: families, duplicates, OCR texts."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from process.batches import batched_by_cost
from process.families import commit_families
from process.interface import ExtractedItem, FamilyResult, Text
from process.ocr_text import MARK, merge_pages
from process.relate import relate
from records import case as cases
from records import notes, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.fields import Fields
from records.status import status_of
from store import Digests


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    info = cases.CaseInfo("1", "c", "", "UTC", "ABC", 7)
    cases.create(tmp_path / "case", info, [], ["One", "Two"])
    with cases.opened(tmp_path / "case") as opened:
        with opened.write() as connection:
            connection.execute(
                tables.collections.insert().values(
                    id=1,
                    custodian_id=1,
                    source="/s",
                    state="complete",
                    actor="a",
                    started_at="t",
                    settings={},
                    tools={},
                    counts={},
                )
            )
        yield opened


def _collected(case: Case, number: int, *, custodian: int = 1, address: str = "") -> None:
    with case.write() as connection:
        connection.execute(
            tables.documents.insert().values(
                id=number,
                collection_id=1,
                custodian_id=custodian,
                family_id=number,
                position=0,
                role=Role.FILE,
                address=address or f"f{number}",
                name=f"f{number}",
                name_bytes=b"",
                sha256=None,
                size=1,
                mime="",
                type="",
                ext="",
                state="collected",
                outcome=Disposition.PENDING,
                disposition=Disposition.PENDING,
                text_source="none",
                text_chars=0,
                ocr_pages=[],
                fields={},
                revision=1,
            )
        )
        connection.execute(
            tables.documents.update()
            .where(tables.documents.c.id == number)
            .values(sha256=hashlib.sha256(str(number).encode()).hexdigest())
        )


def _item(parent: int | None, name: str, content: str = "", **more: Any) -> ExtractedItem:
    values: dict[str, Any] = {
        "parent": parent,
        "role": Role.FILE if parent is None else Role.ATTACHMENT,
        "name": name,
        "name_bytes": name.encode(),
        "digests": Digests(hashlib.sha256((content or name).encode()).hexdigest(), "1", "5", 9),
        "mime": "text/plain",
        "type": "txt",
        "ext": "txt",
        "outcome": Disposition.REVIEWABLE,
        "text": Text(None, "none", 0),
        "pages": None,
        "ocr_pages": (),
        "fields": Fields(),
        "raw": {},
        "notes": (),
        "dedup_hash": None,
        "mih": None,
    }
    return ExtractedItem(**(values | more))


def _rows(case: Case, *names: str) -> list[tuple[Any, ...]]:
    c = tables.documents.c
    with case.read() as connection:
        query = sa.select(*(c[name] for name in names)).order_by(c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_children_follow_in_order_and_keep_their_place(case: Case) -> None:
    _collected(case, 1, address="mail.eml")
    _collected(case, 2)
    members = (_item(None, "mail"), _item(0, "a.zip"), _item(1, "x"), _item(1, "x"), _item(0, "b"))
    assert commit_families(case, [FamilyResult(1, members)]).documents == 5
    assert _rows(case, "id", "found_in_id", "family_id", "position", "address", "state") == [
        (1, None, 1, 0, "mail.eml", "processed"),
        (2, None, 2, 0, "f2", "collected"),
        (3, 1, 1, 1, "mail.eml!/a.zip", "processed"),
        (4, 3, 1, 2, "mail.eml!/a.zip!/x", "processed"),
        (5, 3, 1, 3, "mail.eml!/a.zip!/x#2", "processed"),
        (6, 1, 1, 4, "mail.eml!/b", "processed"),
    ]


def test_notes_and_raw_metadata_are_kept(case: Case) -> None:
    _collected(case, 1)
    note = notes.exception(Code.ENCRYPTED, "needs a password", "tika", "3")
    item = _item(None, "a", outcome=Disposition.EXCEPTION, notes=(note,), raw={"k": ["v"]})
    commit_families(case, [FamilyResult(1, (item,))])
    with case.read() as connection:
        assert connection.execute(sa.select(tables.raw_metadata)).all() == [(1, {"k": ["v"]})]
    assert status_of(case).exceptions == {"encrypted": 1}
    assert status_of(case).dispositions == {"exception": 1}


def _family(case: Case, number: int, key: str | None, *contents: str, custodian: int = 1) -> None:
    _collected(case, number, custodian=custodian)
    root = _item(None, f"m{number}", dedup_hash=key)
    children = tuple(_item(0, f"c{i}", content) for i, content in enumerate(contents))
    commit_families(case, [FamilyResult(number, (root, *children))])


def test_a_family_is_suppressed_whole_and_twins_are_named(case: Case) -> None:
    _family(case, 1, "k", "one", "two")  # children 2, 3
    _family(case, 4, "k", "two", "one")  # children 5, 6
    assert _rows(case, "id", "disposition", "duplicate_of_id") == [
        (1, "reviewable", None),
        (2, "reviewable", None),
        (3, "reviewable", None),
        (4, "duplicate", 1),
        (5, "duplicate", 3),
        (6, "duplicate", 2),
    ]
    found = relate(case)
    assert (found.families, found.documents, found.changed) == (1, 3, 0)


def test_an_unreadable_copy_never_suppresses_a_readable_one(case: Case) -> None:
    for number in range(1, 5):
        _collected(case, number)
    with case.write() as connection:
        connection.execute(tables.documents.update().values(sha256="ab"))
    outcomes = (Disposition.EXCEPTION, Disposition.REVIEWABLE) * 2
    for number, outcome in enumerate(outcomes, 1):
        commit_families(case, [FamilyResult(number, (_item(None, "same", outcome=outcome),))])
    assert _rows(case, "id", "disposition", "duplicate_of_id") == [
        (1, "exception", None),
        (2, "reviewable", None),
        (3, "duplicate", 1),
        (4, "duplicate", 2),
    ]


def _read_in_part(case: Case, number: int, *members: ExtractedItem) -> None:
    _collected(case, number)
    commit_families(
        case, [FamilyResult(number, (_item(None, f"m{number}", dedup_hash="k"), *members))]
    )


@pytest.mark.parametrize("scope", ["global", "custodian"])
def test_what_only_one_copy_gave_is_never_put_aside(case: Case, scope: str) -> None:
    """The archive in the first mail took too long: its text is in the second mail only."""
    case.settings = case.settings.model_copy(update={"dedup_scope": scope})
    packed, inside = _item(0, "a.zip"), _item(1, "inside")
    _read_in_part(case, 1, packed)
    _read_in_part(case, 3, packed, inside)
    _read_in_part(case, 6, packed)
    assert _rows(case, "id", "disposition", "duplicate_of_id") == [
        *((1, "reviewable", None), (2, "reviewable", None)),
        *((3, "reviewable", None), (4, "reviewable", None), (5, "reviewable", None)),
        *((6, "duplicate", 1), (7, "duplicate", 2)),
    ]
    assert relate(case).changed == 0


def test_a_member_that_only_one_copy_could_read_is_never_put_aside(case: Case) -> None:
    unread = _item(0, "a.doc", outcome=Disposition.EXCEPTION)
    _read_in_part(case, 1, unread)
    _read_in_part(case, 3, _item(0, "a.doc"))
    _read_in_part(case, 5, unread)
    assert _rows(case, "id", "disposition", "duplicate_of_id")[2:] == [
        *((3, "reviewable", None), (4, "reviewable", None)),
        *((5, "duplicate", 1), (6, "duplicate", 2)),
    ]
    assert relate(case).changed == 0


def test_a_copy_that_was_put_aside_for_less_than_it_holds_comes_back(case: Case) -> None:
    """As cases have it in which this was done before."""
    _read_in_part(case, 1)
    _read_in_part(case, 2, _item(0, "only here"))
    with case.write() as connection:
        d = tables.documents
        values = {"disposition": "duplicate", "duplicate_of_id": 1}
        connection.execute(d.update().where(d.c.family_id == 2).values(values))
        connection.execute(d.update().where(d.c.id == 1).values(dedup_hash="other"))
    assert relate(case).changed == 1
    assert {row[1] for row in _rows(case, "id", "disposition")} == {"reviewable"}


def test_an_archive_opened_while_processing_is_compared(case: Case) -> None:
    for number in (1, 2):
        _collected(case, number)
    with case.write() as connection:
        connection.execute(tables.documents.update().values(sha256="ab"))
    root = _item(None, "a.7z", outcome=Disposition.CONTAINER)
    for number in (1, 2):
        commit_families(case, [FamilyResult(number, (root, _item(0, "x")))])
    assert _rows(case, "id", "disposition") == [
        (1, "container"),
        (2, "duplicate"),
        (3, "reviewable"),
        (4, "duplicate"),
    ]


def test_scopes(case: Case) -> None:
    _family(case, 1, "k")
    _family(case, 2, "k", custodian=2)
    _family(case, 3, "k", custodian=2)
    for scope, expected in (("global", 2), ("custodian", 1), ("none", 0), ("global", 2)):
        case.settings = case.settings.model_copy(update={"dedup_scope": scope})
        assert relate(case).families == expected


def test_an_attachment_never_equals_a_loose_file(case: Case) -> None:
    _family(case, 1, "k", "same")
    _collected(case, 3)
    loose = _item(None, "loose", "same")
    commit_families(case, [FamilyResult(3, (loose,))])
    assert relate(case).families == 0


@pytest.mark.parametrize("outcome", [Disposition.EMPTY, Disposition.CONTAINER])
def test_empty_files_and_containers_are_never_duplicates(case: Case, outcome: Disposition) -> None:
    for number in (1, 2):
        _collected(case, number)
    same = [FamilyResult(n, (_item(None, "s", "same", outcome=outcome),)) for n in (1, 2)]
    with case.write() as connection:
        connection.execute(tables.documents.update().values(sha256="ab"))
    with pytest.raises(Exception, match="UNIQUE"), case.write() as connection:
        connection.execute(tables.documents.update().values(address="same"))
    commit_families(case, same)
    assert relate(case).families == 0


@pytest.mark.parametrize(
    ("native", "read", "expected"),
    [
        ("", {0: "scan"}, "scan"),
        ("one\ftwo", {1: "stamp"}, f"one\ftwo\n{MARK}\nstamp"),
        ("one\f\fthree", {1: "scan\n"}, f"one\f{MARK}\nscan\fthree"),
        ("", {0: "a", 2: "c"}, "a\f\fc"),
        ("kept", {0: ""}, "kept"),
    ],
)
def test_ocr_text_goes_to_its_page(native: str, read: dict[int, str], expected: str) -> None:
    assert merge_pages(native, read) == expected


def test_batches_keep_order_and_limits() -> None:
    found = list(batched_by_cost(iter([5, 5, 1, 20, 1, 1, 1]), lambda cost: cost, 10, 2))
    assert found == [(5, 5), (1,), (20,), (1, 1), (1,)]
    assert list(batched_by_cost(iter([]), lambda cost: cost, 10, 2)) == []
