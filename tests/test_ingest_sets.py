"""Archives kept in several files are one container, in a folder or in another archive."""

import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.collect import collect_batch, sets_of
from ingest.interface import CollectBatch, CollectedItem, SourceFile
from ingest.plan import Planned, batches, cost
from ingest.run import ingest
from ingest.walk import root_of, walk
from records import case as cases
from records import tables
from records.case import CaseInfo
from records.codes import Code
from records.limits import Limits
from tests.ingest_engines import Inline

INFO = CaseInfo("1:24-cv-1", "Doe v. Roe", "", "UTC", "ABC", 7)


def _whole() -> bytes:
    """A ZIP of two members that do not get smaller."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("one.txt", "one " * 700)
        archive.writestr("two.txt", "two " * 700)
    return out.getvalue()


def _cut(folder: Path, stem: str = "big.zip", size: int = 2500) -> list[str]:
    data = _whole()
    names = []
    for number, at in enumerate(range(0, len(data), size), 1):
        names.append(f"{stem}.{number:03}")
        (folder / names[-1]).write_bytes(data[at : at + size])
    return names


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def _collected(source: Path, store: Path) -> tuple[CollectedItem, ...]:
    batch = CollectBatch(root_of(source), tuple(walk(source)), str(store), Limits(), ())
    return collect_batch(batch).items


def _codes(item: CollectedItem) -> list[Code]:
    return [note.code for note in item.notes]


def _told(items: tuple[CollectedItem, ...]) -> list[tuple[str, str, list[Code], int | None]]:
    return [(each.address, each.outcome.value, _codes(each), each.found_in) for each in items]


def test_a_set_is_opened_once_under_its_first_volume(source: Path, tmp_path: Path) -> None:
    assert len(_cut(source)) == 3
    (source / "big.zip.notes.txt").write_bytes(b"between by its name")
    assert _told(_collected(source, tmp_path / "store")) == [
        ("big.zip.001", "container", [], None),
        ("big.zip.001!/one.txt", "pending", [], 0),
        ("big.zip.001!/two.txt", "pending", [], 0),
        ("big.zip.002", "container", [Code.VOLUME], None),
        ("big.zip.003", "container", [Code.VOLUME], None),
        ("big.zip.notes.txt", "pending", [], None),
    ]


def test_volumes_stay_together_however_small_the_batches(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.plan.BATCH_FILES", 1)
    names = _cut(source)
    (source / "a.txt").write_bytes(b"x")
    planned = (Planned(each, False, None) for each in walk(source))
    found = [[each.file.path.decode() for each in batch] for batch in batches(planned)]
    assert found == [["a.txt"], names]
    assert [len(each) for each in sets_of(tuple(walk(source)))] == [1, 3]


def test_files_that_only_look_like_volumes_stay_what_they_are(source: Path, tmp_path: Path) -> None:
    for number in range(1, 4):
        (source / f"fax.{number:03}").write_bytes(b"page %d" % number)
    items = _collected(source, tmp_path / "store")
    assert [(each.address, each.outcome.value) for each in items] == [
        (f"fax.{number:03}", "pending") for number in range(1, 4)
    ]


def test_a_set_whose_names_say_so_may_have_volumes_of_any_size(
    source: Path, tmp_path: Path
) -> None:
    data = _whole()
    for stem in ("cut.zip", "cut"):
        (source / f"{stem}.001").write_bytes(data[:1000])
        (source / f"{stem}.002").write_bytes(data[1000:])
    items = {each.address: each for each in _collected(source, tmp_path / "store")}
    volumes = {name for name, each in items.items() if Code.VOLUME in _codes(each)}
    assert "cut.zip.001!/two.txt" in items
    assert volumes == {"cut.zip.002"}


def test_a_set_inside_an_archive_is_one_container_too(source: Path, tmp_path: Path) -> None:
    names = _cut(tmp_path)
    with zipfile.ZipFile(source / "outer.zip", "w") as archive:
        for name in reversed(names):
            archive.write(tmp_path / name, f"parts/{name}")
    assert _told(_collected(source, tmp_path / "store")) == [
        ("outer.zip", "container", [], None),
        ("outer.zip!/parts/big.zip.003", "container", [Code.VOLUME], 0),
        ("outer.zip!/parts/big.zip.002", "container", [Code.VOLUME], 0),
        ("outer.zip!/parts/big.zip.001", "container", [], 0),
        ("outer.zip!/parts/big.zip.001!/one.txt", "pending", [], 3),
        ("outer.zip!/parts/big.zip.001!/two.txt", "pending", [], 3),
    ]


def test_a_volume_that_comes_later_mends_the_set(source: Path, tmp_path: Path) -> None:
    names = _cut(source)
    late = (source / names[1]).read_bytes()
    (source / names[1]).unlink()
    cases.create(tmp_path / "case", INFO, [], ["Ann Lee"])
    with cases.opened(tmp_path / "case") as case:
        first = ingest(case, Inline(), source, "Ann Lee")
        assert first.exceptions["volume-missing"] == 1
        (source / names[1]).write_bytes(late)
        ingest(case, Inline(), source, "Ann Lee")
        c, n = tables.documents.c, tables.notes.c
        with case.read() as connection:
            rows = connection.execute(sa.select(c.address, c.disposition, c.found_in_id)).all()
            left = connection.execute(
                sa.select(n.document_id, n.code).where(n.severity == "exception")
            ).all()
    found = {row.address: (row.disposition, row.found_in_id) for row in rows}
    assert found["big.zip.001"] == ("container", None)
    assert found["big.zip.001!/one.txt"] == ("pending", 1)
    assert found["big.zip.001!/two.txt"] == ("pending", 1)
    assert [row for row in left if row.document_id == 1] == []
    assert len(found) == 5


def test_containers_are_spread_over_batches_and_plain_files_are_not() -> None:
    def of(ext: str, size: int) -> list[list[int]]:
        files = (SourceFile(b"%d.%s" % (each, ext.encode()), "file", size, 0) for each in range(90))
        made = list(batches(Planned(each, False, None) for each in files))
        return [[int(each.file.path.split(b".")[0]) for each in batch] for batch in made]

    assert of("txt", 1000) == [list(range(90))]
    spread = of("7z", 1000)
    assert len(spread) > 3
    assert [number for batch in spread for number in batch] == list(range(90))
    assert of("zip", 10 << 20) == [[number] for number in range(90)]
    assert cost(SourceFile(b"a.pst", "file", 1 << 20, 0)) > cost(
        SourceFile(b"a.pdf", "file", 1 << 20, 0)
    )
