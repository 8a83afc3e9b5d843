"""Volumes of others become documents: whole, once, resumable, replaced only when told."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from index.catalog import SqlCatalog
from ingest.findings import Findings
from ingest.verify_manifests import verify_manifests
from process.relate import relate
from process.replace import check
from process.retry_plan import plan_of
from produce.plan import plan
from produce.received import load as loading
from produce.received.interface import Defect
from produce.received.look import look
from produce.received.record import defects_of, volume
from produce.received.show import show
from produce.specification import specify
from records import audit, tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.engine import TaskFailure
from records.errors import (
    CustodianError,
    OutputError,
    ReceiptError,
    ReplacementError,
    SpecificationError,
)
from records.fields import Address, Fields
from store import open_store
from tests.produce_matter import tag, tiff
from tests.received_volumes import Crew, concordance, documents, new_case, small, take, write


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with new_case(tmp_path) as opened:
        yield opened


def _defects(case: Case, name: str = "vol") -> list[Defect]:
    with case.read() as connection:
        return defects_of(connection, volume(connection, name).id)


def _rows(case: Case, table: sa.Table) -> int:
    with case.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_each_row_is_a_document_with_all_that_came(case: Case, tmp_path: Path) -> None:
    made = take(case, small(tmp_path / "vol"))
    assert made.counts == {
        "image lines": 4,
        "pages": 4,
        "rows": 3,
        "documents": 3,
        "families": 2,
        "files": 10,
        "files by use": {"image": 4, "load file": 2, "native": 1, "text": 3},
        "files not read": 0,
    }
    assert _defects(case) == []
    mail, sheet, letter = documents(case)
    assert Fields.from_json(mail["fields"]) == Fields(
        subject="Tails",
        sender=(Address("Amy", "amy@x.example"),),
        sent_at="2024-03-25T10:30:00Z",
    )
    assert (mail["text"], mail["type"], mail["pages"]) == ("mooring tails\nand more", "tiff", 2)
    assert (mail["role"], mail["beg_bates"], mail["end_bates"]) == (Role.RECEIVED, "X001", "X002")
    assert (sheet["found_in_id"], sheet["family_id"], sheet["position"]) == (1, 1, 1)
    assert (sheet["role"], sheet["type"], sheet["size"]) == (Role.ATTACHMENT, "csv", 6)
    assert (letter["family_id"], letter["type"], letter["pages"]) == (3, "tiff", 1)
    assert {each["disposition"] for each in documents(case)} == {Disposition.REVIEWABLE}
    assert not any(each["ocr_pages"] for each in documents(case))


def test_the_custody_of_a_volume_is_that_of_a_collection(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    made = take(case, folder)
    manifest = (case.folder / "logs/collection-0001/manifest-sha256.txt").read_text().splitlines()
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert sorted(line[66:] for line in manifest) == sorted(
        each.relative_to(folder).as_posix() for each in files
    )
    assert made.counts["files"] == len(files)
    with Findings() as findings, case.read() as connection:
        store = open_store(case.store_address)
        assert verify_manifests(case, connection, store, findings) == 1
        assert list(findings) == []
        assert audit.verify(connection)
        names = connection.execute(sa.select(tables.custodians.c.name)).scalars().all()
    assert names == ["Ann", "Acme"]


def test_numbers_are_searched_for_as_our_own(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    catalog = SqlCatalog(case)
    assert list(catalog.select("bates", "=", "x002", None)) == [1]
    assert list(catalog.select("bates", "range", "X0003", "X9999")) == [2, 3]
    assert list(catalog.select("received", "=", "yes", None)) == [1, 2, 3]
    assert list(catalog.select("received", "=", "acme", None)) == [1, 2, 3]
    assert list(catalog.select("received", "=", "no", None)) == []
    with pytest.raises(ValueError, match="vol"):
        catalog.select("received", "=", "other", None)


def test_pages_without_text_wait_for_ocr(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol", TEXT__X001_txt="", TEXT__X004_txt=None))
    mail, _, letter = documents(case)
    assert (mail["ocr_pages"], letter["ocr_pages"]) == ([0, 1], [0])
    assert (mail["text_source"], mail["type"]) == ("none", "tiff")
    assert [each.code for each in _defects(case)] == ["text-missing"]


def test_a_native_without_text_is_read_and_said(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol", TEXT__X003_txt=""))
    sheet = documents(case)[1]
    assert (sheet["text"] or "").split() == ["10,20"]
    assert [(each.code, each.beg) for each in _defects(case)] == [("text-empty", "X003")]


def test_what_did_not_come_at_all_is_an_exception(case: Case, tmp_path: Path) -> None:
    files = {"a.dat": concordance([("BEGDOC", "ENDDOC", "SUBJECT"), ("X1", "X2", "Gone")])}
    take(case, write(tmp_path / "vol", files))  # type: ignore[arg-type]  # bytes are enough
    (only,) = documents(case)
    assert (only["disposition"], only["sha256"]) == (Disposition.EXCEPTION, None)
    assert Fields.from_json(only["fields"]).subject == "Gone"
    with case.read() as connection:
        (note,) = connection.execute(sa.select(tables.notes)).all()
    assert (note.code, note.severity) == (Code.NOT_RECEIVED, "exception")


def test_a_broken_row_is_kept_raw_and_its_document_is_there(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    path = folder / "DATA/vol.dat"
    lines = path.read_bytes().split(b"\r\n")
    lines[2] = lines[2][:40]
    lines.insert(3, "torn þ piece".encode())
    path.write_bytes(b"\r\n".join(lines))
    made = take(case, folder)
    assert (made.counts["rows"], made.counts["rows kept raw"], made.counts["documents"]) == (
        4,
        1,
        3,
    )
    found = {each.code: each for each in _defects(case)}
    assert found["row-broken"].beg == "X003"
    assert found["row-unreadable"].where == "DATA/vol.dat line 4"
    assert "torn þ piece" in found["row-unreadable"].message
    (shown,) = show(case, "X003")
    assert shown.columns["row as received"].startswith("þX003þ")
    assert documents(case)[1]["pages"] == 1


def test_images_that_no_row_names_are_a_document(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol", IMAGES__X005_tif=tiff("X005"))
    with (folder / "DATA/vol.opt").open("a") as file:
        file.write("X005,VOL,IMAGES\\X005.tif,Y,,,1\r\n")
    take(case, folder)
    assert documents(case)[3]["beg_bates"] == "X005"
    codes = Counter(each.code for each in _defects(case))
    assert codes["image-without-row"] == 1


class _Dying(Crew):
    """Lets so many batches through, then is killed."""

    def __init__(self, left: int) -> None:
        self.left = left

    def map_ordered[T, R](
        self,
        function: Callable[[T], R],
        batches: Iterable[T],
        *,
        pieces: Callable[[T], Sequence[T]] = lambda _batch: (),
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        for each in super().map_ordered(function, batches, pieces=pieces):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            yield each


def test_a_killed_run_is_taken_up_and_nothing_is_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small(tmp_path / "vol", TEXT__X003_txt="")
    monkeypatch.setattr(loading, "_FILES", 2)
    monkeypatch.setattr(loading, "_DOCUMENTS", 1)
    with new_case(tmp_path, "whole") as whole:
        take(whole, folder)
        expected = documents(whole)
    with new_case(tmp_path, "killed") as killed:
        for left in range(9):
            try:
                made = loading.load(killed, _Dying(left), folder, "Acme")
            except KeyboardInterrupt:
                continue
            break
        assert made.resumed
        assert _same(documents(killed)) == _same(expected)
        assert _rows(killed, tables.received) == _rows(killed, tables.collections) == 1
        assert _defects(killed) == _defects_of(tmp_path, "whole")
        again = take(killed, folder)
        assert again.already
        assert _same(documents(killed)) == _same(expected)


def _defects_of(folder: Path, name: str) -> list[Defect]:
    from records import case as cases

    with cases.opened(folder / name) as opened:
        return _defects(opened)


def _same(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in each.items() if k != "collection_id"} for each in found]


def test_numbers_of_the_same_party_are_refused_or_replace(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    second = small(tmp_path / "vol2", TEXT__X004_txt="a better letter")
    before = _rows(case, tables.documents)
    with pytest.raises(ReceiptError, match=r"3 in vol \(as X001\).*--replaces vol"):
        take(case, second)
    assert _rows(case, tables.documents) == before
    made = take(case, second, replaces="VOL")
    assert made.counts["documents"] == 3
    assert "earlier-overlap" not in made.defects
    old, new = documents(case)[:3], documents(case)[3:]
    assert [each["replaced_by_id"] for each in old] == [4, 5, 6]
    assert {each["disposition"] for each in old} == {Disposition.DUPLICATE}
    assert {each["disposition"] for each in new} == {Disposition.REVIEWABLE}
    relate(case)
    assert {each["disposition"] for each in documents(case)[:3]} == {Disposition.DUPLICATE}
    assert [each.control for each in show(case, "X004")] == ["RW-00000006", "RW-00000003"]
    with pytest.raises(ReceiptError, match="not from Beta"):
        take(case, second, party="Beta", name="b", replaces="vol2")
    other = take(case, second, party="Beta", name="b")
    assert other.defects["earlier-overlap"] == 3


@pytest.mark.parametrize("left", ["X003", "X001"])
def test_a_family_may_be_replaced_in_part(case: Case, tmp_path: Path, left: str) -> None:
    take(case, small(tmp_path / "vol"))
    folder = small(tmp_path / "part")
    lines = (folder / "DATA/vol.dat").read_text(encoding="utf-8-sig").splitlines(keepends=True)
    kept = [each for each in lines if each.startswith(("þBEG", f"þ{left}"))]
    (folder / "DATA/vol.dat").write_text("".join(kept), encoding="utf-8-sig", newline="")
    (folder / "DATA/vol.opt").unlink()
    made = take(case, folder, replaces="vol")
    assert made.counts["documents"] == 1
    assert "family-parent-missing" not in made.defects
    mail, sheet, _, new = documents(case)
    if left == "X003":
        assert (new["family_id"], new["found_in_id"], new["role"]) == (1, 1, Role.ATTACHMENT)
        assert (sheet["replaced_by_id"], mail["replaced_by_id"]) == (4, None)
    else:
        assert (new["family_id"], new["found_in_id"], new["role"]) == (4, None, Role.RECEIVED)
        assert (sheet["family_id"], sheet["found_in_id"], mail["replaced_by_id"]) == (4, 4, 4)


def test_columns_alone_replace_nothing(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    folder = tmp_path / "overlay"
    write(folder, {"o.dat": concordance([("BEGDOC#", "CUSTODIAN"), ("X001", "Other")])})
    with pytest.raises(ReceiptError, match=r"1 documents come without.*as X001.*whole"):
        take(case, folder, replaces="vol")


def test_links_are_recorded_and_not_followed(case: Case, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not theirs")
    folder = small(tmp_path / "vol", TEXT__X004_txt=None)
    (folder / "TEXT/X004.txt").symlink_to(secret)
    made = take(case, folder)
    assert (made.counts["files not read"], made.defects["file-unreadable"]) == (1, 1)
    assert documents(case)[2]["text"] is None
    (folder / "DATA/vol.opt").rename(tmp_path / "list.opt")
    (folder / "DATA/vol.opt").symlink_to(tmp_path / "list.opt")
    with pytest.raises(ReceiptError, match="a link"):
        take(case, folder, name="other", mapping=look(small(tmp_path / "v2")).mapping)


def test_what_was_received_is_not_produced_as_ours(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    tag(case, "Responsive", [1, 3])
    values: dict[str, Any] = {"name": "P1", "prefix": "ROE", "tag": "Responsive"}
    with pytest.raises(SpecificationError, match=r"3 documents.*another party.*--allow-received"):
        plan(case, specify(**values))
    found = plan(case, specify(**values, allow_received=True), dry_run=True)
    assert found.conflicts["produced by another party"] == (
        *("RW-00000001", "RW-00000002", "RW-00000003"),
    )


def test_reading_again_and_replacing_leave_them_alone(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    with case.read() as connection:
        found = plan_of(connection, (), [1, 2, 3])
    assert (found.families, found.containers, found.sources) == ([], {}, [])
    with pytest.raises(ReplacementError, match="another party"):
        check(case, 3, tmp_path / "vol/TEXT/X004.txt", "better")


def test_a_party_is_no_custodian_of_ours(case: Case, tmp_path: Path) -> None:
    with case.write() as connection:
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
    with pytest.raises(CustodianError, match="another name"):
        take(case, small(tmp_path / "vol"), party="ann")
    with pytest.raises(CustodianError, match="no name"):
        take(case, small(tmp_path / "vol"), party=" ")


def test_pages_of_other_kinds_are_bound(case: Case, tmp_path: Path) -> None:
    folder = small(tmp_path / "vol")
    Image.new("RGBA", (60, 80), "#80ff0080").save(folder / "IMAGES/X002.png")
    opt = (folder / "DATA/vol.opt").read_text().replace("X002.tif", "X002.png")
    (folder / "DATA/vol.opt").write_text(opt)
    take(case, folder)
    assert (documents(case)[0]["type"], documents(case)[0]["pages"]) == ("pdf", 2)
    with case.read() as connection:
        notes = connection.execute(sa.select(tables.notes.c.message)).all()
    assert notes == []


def test_a_received_document_is_shown_and_written_out(case: Case, tmp_path: Path) -> None:
    take(case, small(tmp_path / "vol"))
    target = tmp_path / "out"
    (found,) = show(case, "x002", target)
    assert [(page.key, page.path) for page in found.pages] == [
        ("X001", "IMAGES/X001.tif"), ("X002", "IMAGES/X002.tif"),
    ]  # fmt: skip
    assert found.columns["CUSTODIAN"] == "Lee"
    assert (target / "RW-00000001-00002.tif").read_bytes() == tiff("X002")
    with pytest.raises(OutputError, match="cannot be made"):
        show(case, "X001", target)
    with pytest.raises(ReceiptError, match="Nothing was received"):
        show(case, "Y1")


def test_a_volume_that_cannot_be_loaded_leaves_nothing(case: Case, tmp_path: Path) -> None:
    folder = write(tmp_path / "vol", {"a.txt": "no load file"})
    with pytest.raises(ReceiptError, match="No load file was found"):
        take(case, folder)
    mapping = look(small(tmp_path / "good")).mapping
    with pytest.raises(ReceiptError, match="no file of"):
        take(case, folder, mapping=mapping)
    shutil.copytree(tmp_path / "good", folder, dirs_exist_ok=True)
    wrong = mapping.data[0].model_copy(update={"fields": {"BegBates": "NOPE"}})
    with pytest.raises(ReceiptError, match="has not; its columns"):
        take(case, folder, mapping=mapping.model_copy(update={"data": (wrong,)}))
    assert _rows(case, tables.received) == _rows(case, tables.collections) == 0
    assert _rows(case, tables.custodians) == 1
