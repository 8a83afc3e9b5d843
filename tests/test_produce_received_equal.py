"""A volume of our own, received into another case, comes back equal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from produce.plan import plan
from produce.received.record import defects_of, volume
from produce.run import run
from records import tables
from records.case import Case
from records.codes import Disposition, Role
from records.fields import Address, Fields
from store import open_store
from tests.produce_matter import add, mail_family, matter, specification, tag, workshop
from tests.received_volumes import documents, new_case, take

SAME = (
    *("title", "author", "last_author", "created_at", "subject", "sender", "to", "cc", "bcc"),
    *("sent_at", "received_at", "message_id", "in_reply_to", "conversation_index", "printed_at"),
)


@pytest.fixture(params=["tiff", "pdf"], scope="module")
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Case, Case, Path]]:
    """A case that produced, one that received, and the volume."""
    tmp_path = tmp_path_factory.mktemp("pair")
    (tmp_path / "ours").mkdir()
    with matter(tmp_path / "ours") as ours, new_case(tmp_path) as theirs:
        mail_family(ours, 1, day="12")
        mail_family(ours, 4, day="10")
        add(ours, 7, text="alone\r\nand short", name="bad, name.txt")
        fields = Fields(
            title="A ; title",
            author="þorn",
            cc=(Address("", "x@y.example"), Address("Only Name", "")),
            created_at="2021-07-01T03:04:05Z",
            sent_at="2021-07-01T23:04:05Z",
            received_at="2021-07-02T01:00:00Z",
            in_reply_to="<a@b>",
        )
        add(ours, 8, type_="docx", text="a\fb\fc", fields=fields, sent_at=fields.sent_at)
        add(ours, 9, text="lawyer's advice", name="advice.txt")
        tag(ours, "Responsive", [1, 4, 7, 8, 9])
        tag(ours, "Privileged", [9])
        given: dict[str, Any] = {"kind": request.param, "exclude_tags": ("Privileged",)}
        plan(ours, specification(**given))
        made = run(ours, "ABC_PROD001", workshop(office=lambda: True))
        take(theirs, Path(made.folder), "Doe")
        yield ours, theirs, Path(made.folder)


def _produced(case: Case) -> list[Any]:
    i, d = tables.production_items.c, tables.documents.c
    query = (
        sa.select(*d, i.treatment, i.beg_bates, i.end_bates, i.detail, i.pages.label("made"))
        .join(tables.production_items, i.document_id == d.id)
        .order_by(i.position)
    )
    with case.read() as connection:
        return list(connection.execute(query))


def test_nothing_is_wrong_with_it(pair: tuple[Case, Case, Path]) -> None:
    _, theirs, folder = pair
    with theirs.read() as connection:
        assert defects_of(connection, volume(connection, folder.name).id) == []


def test_fields_numbers_and_texts_are_the_same(pair: tuple[Case, Case, Path]) -> None:
    ours, theirs, _ = pair
    sent, got = _produced(ours), documents(theirs)
    assert [(r.beg_bates, r.end_bates) for r in sent] == [
        (r["beg_bates"], r["end_bates"]) for r in got
    ]
    store = open_store(ours.store_address)
    for one, other in zip(sent, got, strict=True):
        if one.treatment == "withheld":
            assert other["text"].strip() == "Document Withheld - Privileged"
            assert Fields.from_json(other["fields"]) == Fields()
            continue
        before, after = Fields.from_json(one.fields), Fields.from_json(other["fields"])
        assert {n: getattr(after, n) for n in SAME} == {n: getattr(before, n) for n in SAME}
        text = store.read_bytes(one.text_sha256).decode() if one.text_sha256 else None
        assert other["text"] == (text and text.replace("\r\n", "\n"))
        assert (other["name"], other["ext"]) == (one.name, one.ext)
        assert after.uncertain == ()


def test_natives_and_families_are_the_same(pair: tuple[Case, Case, Path]) -> None:
    ours, theirs, _ = pair
    sent, got = _produced(ours), documents(theirs)
    places = {row.id: at for at, row in enumerate(sent)}
    theirs_places = {row["id"]: at for at, row in enumerate(got)}
    for one, other in zip(sent, got, strict=True):
        if one.treatment == "native":
            assert (other["sha256"], other["md5"]) == (one.sha256, one.md5)
        assert theirs_places[other["family_id"]] == places[one.family_id]
        parent = one.detail["parent"]
        found_in = other["found_in_id"]
        assert (found_in and theirs_places[found_in]) == (parent and places[parent])
        assert other["role"] == (Role.ATTACHMENT if parent else Role.RECEIVED)
        assert other["disposition"] == Disposition.REVIEWABLE


def test_pages_are_the_files_of_the_volume(pair: tuple[Case, Case, Path]) -> None:
    ours, theirs, folder = pair
    f, p = tables.production_files.c, tables.received_pages.c
    with ours.read() as connection:
        query = sa.select(f.path, f.sha256).where(f.path.startswith("IMAGES/"))
        images = {row.path: row.sha256 for row in connection.execute(query)}
    with theirs.read() as connection:
        pages = {row.path: row.sha256 for row in connection.execute(sa.select(p.path, p.sha256))}
    assert pages == images
    multipage = folder.joinpath("IMAGES").rglob("*.pdf")
    assert [row["pages"] for row in documents(theirs) if row["type"] == "pdf"] or not [*multipage]
