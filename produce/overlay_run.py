"""Writes overlays: a DAT that platforms load over the volume, a CSV for people, and the record.

The files are made in a folder beside their place; the store keeps them, the folder is renamed,
and the transaction that ends the run makes the overlay one that was told.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce import overlay
from produce.loadfile import Remark, write_dat
from produce.overlay import STAGE, Change, Tally
from produce.record import Production, productions
from produce.selection import pending
from produce.targets import new_folder
from records import tables
from records.case import Case
from records.control import control
from records.errors import ProductionError
from records.runs import recorded
from records.sheets import Sheet
from store import Store, open_store, sync_path, working

_COLUMNS = ("production", "BegBates", "document")


@dataclass(frozen=True, slots=True)
class Overlaid:
    """What the overlay of one production holds; `files` are empty where nothing changed.

    `withheld` documents were left out because the tags of today withhold them; `hidden` counts
    copies whose path is not told, since it would name a document that is withheld; `remarks`
    values that the load file cannot carry quite as they are.
    """

    production: str
    documents: int
    changed: int
    withheld: int
    hidden: int
    remarks: int
    dat: str
    dat_sha256: str
    csv: str
    csv_sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an overlay of custodians came to; `folder` is empty where nothing was written."""

    folder: str
    dry_run: bool
    productions: tuple[Overlaid, ...]

    @property
    def changed(self) -> int:
        """Rows of all productions."""
        return sum(each.changed for each in self.productions)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "changed": self.changed}


def overlay_custodians(
    case: Case,
    name: str | None = None,
    since: str | None = None,
    out: Path | None = None,
    *,
    dry_run: bool = False,
    allow_unprocessed: bool = False,
) -> Report:
    """Write what later collections changed of frozen productions. Raises `ProductionError`."""
    with working(case, "overlay"):
        with case.read() as connection:
            _refuse_unprocessed(connection, allow_unprocessed)
            asked = overlay.wanted(productions(connection), name, since)
            earlier = _earlier(connection)
        target = _target(case, out)
        partial = case.scratch_folder / "overlay"
        if out is not None and not dry_run:
            partial = target.with_name(f".{target.name}.redwell-new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            made = tuple(
                _written(case, each, earlier.get(each.name, []), partial) for each in asked
            )
            if dry_run or not any(each.changed for each in made):
                return Report("", dry_run, made)
            made = _make_real(case, partial, target, made)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Report(str(target), dry_run, made)


def _refuse_unprocessed(connection: sa.Connection, allowed: bool) -> None:
    waiting = pending(connection)
    if waiting and not allowed:
        raise ProductionError(
            f"{len(waiting)} documents of the case are not processed yet (as "
            f"{control(waiting[0])}), and any of them may be a copy of a produced one or carry a "
            "tag that withholds it: run 'redwell process' first, or say --allow-unprocessed"
        )


def _target(case: Case, out: Path | None) -> Path:
    """The folder to be made; in the case, the next one of its kind."""
    if out is None:
        home = case.folder / "overlays"
        numbers = [int(each.name[-4:]) for each in home.glob("custodians-[0-9][0-9][0-9][0-9]")]
        return home / f"custodians-{max(numbers, default=0) + 1:04d}"
    return new_folder(case, out, "the overlay")


def _earlier(connection: sa.Connection) -> dict[str, list[str]]:
    """Production → hashes of the overlays that were written of it, oldest first."""
    r = tables.runs.c
    rows = connection.execute(
        sa.select(r.summary).where(r.stage == STAGE, r.state == "complete").order_by(r.id)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        for each in row.summary["productions"]:
            if each["dat_sha256"]:
                found.setdefault(each["production"], []).append(each["dat_sha256"])
    return found


def _written(case: Case, found: Production, earlier: Sequence[str], folder: Path) -> Overlaid:
    """Write the two files of a production; they are removed where nothing changed."""
    tally = Tally(fields=overlay.fields_of(case, found))
    base = f"{found.name}_CUSTODIANS_{len(earlier) + 1:03d}"
    dat, sheet = folder / f"{base}.dat", folder / f"{base}.csv"
    remarks: tuple[Remark, ...] = ()
    with case.read() as connection, dat.open("xb") as target, sheet.open("xb") as people:
        store = open_store(case.store_address)
        changes = overlay.changes(case, connection, store, found, earlier, tally)
        writer = Sheet(people.write, _header(tally.fields))
        rows = _rows(found, changes, tally, writer)
        columns = overlay.columns_of(found, tally.fields)
        remarks = write_dat(target, columns, rows, found.specification.dat_encoding)
    if not tally.changed:
        dat.unlink()
        sheet.unlink()
    return Overlaid(
        production=found.name,
        documents=tally.looked_at,
        changed=tally.changed,
        withheld=tally.withheld,
        hidden=tally.hidden,
        remarks=len(remarks),
        dat=dat.name if tally.changed else "",
        dat_sha256="",
        csv=sheet.name if tally.changed else "",
        csv_sha256="",
    )


def _header(fields: Sequence[str]) -> tuple[str, ...]:
    names = [f"{name} {when}" for name in fields for when in ("added", "was", "now")]
    return (*_COLUMNS, *names)


def _rows(
    found: Production, changes: Iterator[Change], tally: Tally, writer: Sheet
) -> Iterator[list[str]]:
    """Rows of the DAT; each goes into the sheet for people as it passes by."""
    for each in changes:
        values = [found.name, each.beg, control(each.document_id)]
        for was, now in zip(each.was, each.now, strict=True):
            old, new = was.split(";"), now.split(";")
            values.append("; ".join(value for value in new if value not in old))
            values.extend((was, now))
        writer.row(*values)
        yield [each.beg, *each.now]


def _make_real(
    case: Case, partial: Path, target: Path, made: tuple[Overlaid, ...]
) -> tuple[Overlaid, ...]:
    """Keep, rename, and say so on record."""
    store = open_store(case.store_address)
    kept = tuple(_kept(store, partial, each) if each.changed else each for each in made)
    os.sync()
    told = [each for each in kept if each.changed]
    names = [each.production for each in told]
    with recorded(case, STAGE, productions=names, folder=str(target)) as summary:
        target.parent.mkdir(exist_ok=True)
        partial.rename(target)
        sync_path(target.parent)
        blobs = [sha256 for each in told for sha256 in (each.dat_sha256, each.csv_sha256)]
        summary.update({"productions": [asdict(each) for each in told], "blobs": blobs})
    return kept


def _kept(store: Store, folder: Path, made: Overlaid) -> Overlaid:
    """Put the files of a production's overlay into the store, durably, before it is told."""
    with store.writing() as writer:
        with (folder / made.dat).open("rb") as file:
            dat = writer.put_stream(file).sha256
        with (folder / made.csv).open("rb") as file:
            sheet = writer.put_stream(file).sha256
    return replace(made, dat_sha256=dat, csv_sha256=sheet)
