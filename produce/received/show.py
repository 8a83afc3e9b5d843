"""One received document: its row as it stood, its pages and files, and these written out."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa

from ingest.plan import own_folders
from produce.received.numbers import key, number
from records import tables
from records.case import Case
from records.control import control
from records.errors import OutputError, ReceiptError
from store import Store, open_store

_R, _D, _V = tables.received_documents.c, tables.documents.c, tables.received.c
_P = tables.received_pages.c


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page image: `sha256` is None where the file did not come."""

    page: int
    key: str
    path: str
    frame: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A received document; `columns` are those of its row that hold something."""

    control: str
    volume: str
    party: str
    beg: str
    end: str
    replaced_by: str | None
    family: str
    position: int
    type: str
    sha256: str | None
    text_sha256: str | None
    columns: dict[str, str]
    pages: tuple[ShownPage, ...]


def show(case: Case, bates: str, target: Path | None = None) -> list[Shown]:
    """The documents whose range holds a number; raises `ReceiptError` where there is none.

    With `target` the files are written into it, a new folder. Raises `OutputError`.
    """
    with case.read() as connection:
        rows = connection.execute(_holding(bates)).all()
        if not rows:
            raise ReceiptError(f"Nothing was received under the number {bates!r}")
        found = [_shown(connection, row) for row in rows]
    if target is not None:
        _write(case, found, target)
    return found


def _holding(bates: str) -> sa.Select[Any]:
    parsed = number(bates)
    exact = sa.func.lower(_R.beg_bates) == key(bates)
    if parsed is not None:
        within = sa.and_(
            sa.func.lower(_R.prefix) == parsed.prefix.casefold(),
            _R.first <= parsed.value,
            _R.last >= parsed.value,
        )
        exact = sa.or_(exact, within)
    columns = (_D.family_id, _D.position, _D.type, _D.sha256, _D.text_sha256)
    return (
        sa.select(*_R, *columns, _V.name.label("volume"), _V.party)
        .join(tables.documents, _D.id == _R.document_id)
        .join(tables.received, _V.id == _R.volume_id)
        .where(exact)
        .order_by(_R.replaced_by_id.is_not(None), _R.document_id)
    )


def _shown(connection: sa.Connection, row: "sa.Row[Any]") -> Shown:
    raw = connection.execute(
        sa.select(tables.raw_metadata.c.found).where(
            tables.raw_metadata.c.document_id == row.document_id
        )
    ).scalar()
    pages = connection.execute(
        sa.select(_P.page, _P.key, _P.path, _P.frame, _P.sha256)
        .where(_P.document_id == row.document_id)
        .order_by(_P.page)
    )
    return Shown(
        control=control(row.document_id),
        volume=row.volume,
        party=row.party,
        beg=row.beg_bates,
        end=row.end_bates,
        replaced_by=row.replaced_by_id and control(row.replaced_by_id),
        family=control(row.family_id),
        position=row.position,
        type=row.type,
        sha256=row.sha256,
        text_sha256=row.text_sha256,
        columns=dict(raw or {}),
        pages=tuple(ShownPage(*each) for each in pages),
    )


def _write(case: Case, found: list[Shown], target: Path) -> None:
    """Every file of these documents by its control number, in a folder that is made for them."""
    if any(ours in target.resolve().parents for ours in own_folders(case)):
        raise OutputError(f"{target} lies in the case's own folder; name a folder elsewhere")
    try:
        target.mkdir()
    except OSError as error:
        raise OutputError(f"The folder {target} cannot be made: {error.strerror}") from error
    store = open_store(case.store_address)
    for each in found:
        for page in each.pages:
            if page.sha256:
                suffix = PurePosixPath(page.path).suffix.lower()
                _copy(store, page.sha256, target / f"{each.control}-{page.page:05d}{suffix}")
        if each.sha256:
            _copy(store, each.sha256, target / f"{each.control}.{each.type or 'bin'}")
        if each.text_sha256:
            _copy(store, each.text_sha256, target / f"{each.control}-text.txt")


def _copy(store: Store, sha256: str, path: Path) -> None:
    try:
        with store.open(sha256) as source, path.open("xb") as file:
            while data := source.read(1 << 20):
                file.write(data)
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error
