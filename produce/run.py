"""Runs a planned production to its frozen volume; taken up again where it was cut off.

1. Render: pages of imaged documents into the store (a commit a batch), first of those that are
   redacted, whose redactions are burned in (a commit a batch): what does not fit is told early.
2. Number: one number a page, reserved and given out in one transaction; in a replacement each
   document keeps the numbers that it has.
3. Stamp: pages written into `productions/.NAME.partial` (a commit a batch).
4. Deliver: texts and natives (a commit a batch), then load files and manifest.
5. Check: other code reads the volume from the disk.
6. Freeze: sync, rename to `productions/NAME`, and one transaction that makes it real.

Nothing in the volume depends on when or in how many runs it was made.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce import deliver, rendering, stamping
from produce.check import Finding, check, verify_manifest
from produce.facts import facts_of, refuse_changes, refuse_newly_excluded
from produce.layout import places
from produce.loadfile import Remark
from produce.loads import recorded
from produce.numbering import ranges, reserve, span_of
from produce.record import (
    Image,
    Mapper,
    PlannedItem,
    Production,
    Render,
    items,
    production,
    update_items,
)
from produce.redaction.apply import redact, require_redacted
from produce.redaction.verify import verify
from produce.replacement_check import check_replacement
from produce.treatment import Treatment
from produce.versions import mark_replaced, numbers_taken, told, volume_of
from records import audit, tables, times
from records.case import Case
from records.errors import CheckFailedError, ProductionError, ToolMissingError
from records.options import Advance
from store import sync_path, working

_SHOWN = 20
_QC_KEPT = 1000

type Progress = Callable[[str, int], AbstractContextManager[Advance]]


@dataclass(frozen=True, slots=True)
class Workshop:
    """The means of a run: workers, what they do, where progress is shown, whether LibreOffice is
    there.
    """

    workers: Callable[[], AbstractContextManager[Mapper]]
    render: Render
    image: Image
    progress: Progress
    office: Callable[[], bool]
    passwords: tuple[str, ...] = ()
    slip_missing: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run made, or found made."""

    name: str
    folder: str
    already_frozen: bool
    first_bates: str
    last_bates: str
    counts: dict[str, int]
    manifest_sha256: str
    qc: int
    replaces: str = ""  # the volume that its numbers are of, where it is a replacement

    def to_json(self) -> dict[str, Any]:
        """All of it, for `--json`."""
        return asdict(self)


def run(case: Case, name: str, workshop: Workshop) -> Summary:
    """Run a production to its end. Of a frozen one, verify that it still is what was frozen."""
    with working(case, "produce"):
        with case.read() as connection:
            found = production(connection, name)
        if found.state == "frozen":
            return _verified(case, found)
        _take_back(case, found)
        _prepare(case, found, workshop)
        return _made(case, found, workshop)


def final_folder(case: Case, found: Production) -> Path:
    """Where the volume stands once it is frozen."""
    return case.productions_folder / found.name


def partial_folder(case: Case, found: Production) -> Path:
    """Where the volume is made."""
    return case.productions_folder / f".{found.name}.partial"


def _take_back(case: Case, found: Production) -> None:
    """Where a run was cut off between the rename and its commit, undo the rename.

    The volume is then checked like any other before it is frozen; its bytes stay the same.
    """
    final, partial = final_folder(case, found), partial_folder(case, found)
    if not final.exists():
        return
    with case.read() as connection:
        ours = span_of(connection, found.id) is not None
    if partial.exists() or not ours:
        raise ProductionError(
            f"{final} is there already, and the production {found.name} did not make it: move it "
            "away and run again"
        )
    final.rename(partial)


def _prepare(case: Case, found: Production, workshop: Workshop) -> None:
    """Refuse what can be refused before long work, then put the start on record."""
    with case.read() as connection:
        refuse_newly_excluded(case, connection, found)
        if span_of(connection, found.id) is None:
            refuse_changes(connection, found)
        office = rendering.office_waiting(connection, found)
    if office and not workshop.office():
        if not workshop.slip_missing:
            raise ToolMissingError(
                f"{len(office)} office documents are to be imaged or converted, and LibreOffice is "
                "not installed: install it (apt-get install libreoffice-writer-nogui "
                "libreoffice-calc-nogui libreoffice-impress-nogui), or run with --slip-missing to "
                "produce them natively with slip sheets (those that are redacted by a slip sheet "
                "alone)"
            )
        rendering.slip_office(case, found)
    if found.state == "planned":
        with case.write() as connection:
            _set_state(connection, found, state="running")
            audit.append(connection, "production started", name=found.name)


def _set_state(connection: sa.Connection, found: Production, **values: Any) -> None:
    p = tables.productions
    connection.execute(p.update().where(p.c.id == found.id).values(**values))


def _made(case: Case, found: Production, workshop: Workshop) -> Summary:
    volume = partial_folder(case, found)
    volume.mkdir(parents=True, exist_ok=True)
    _forget_lost_files(case, found, volume)
    _pages(case, found, volume, workshop)
    with case.read() as connection:
        wanted = deliver.deliveries(connection, found)
    with workshop.progress("Writing texts and natives", len(wanted)) as advance:
        deliver.write_all(case, found, volume, wanted, advance)
    rows, remarks = deliver.write_load_files(case, found, volume, wanted)
    _sweep(case, found, volume, rows)
    return _freeze(case, found, volume, workshop, rows, remarks)


def _pages(case: Case, found: Production, volume: Path, workshop: Workshop) -> None:
    """Render, number and stamp; the workers are started only when there is work for them."""
    with case.read() as connection:
        left = rendering.waiting(connection, found.id)
        numbered = span_of(connection, found.id) is not None
        stamp_left = not numbered or bool(stamping.waiting(connection, found))
    if numbered and not stamp_left:
        return
    with workshop.workers() as mapper:
        if not numbered:
            redacted = [each for each in left if each.detail.get("redactions")]
            others = [each for each in left if not each.detail.get("redactions")]
            _render(case, found, mapper, workshop, redacted, "Imaging redacted documents")
            redact(case, found, mapper, workshop.progress)
            _render(case, found, mapper, workshop, others, "Imaging documents")
            number(case, found)
        with case.read() as connection:
            pages = sum(each.item.pages for each in stamping.waiting(connection, found))
        with workshop.progress("Stamping pages", pages) as advance:
            stamping.stamp_all(case, found, volume, mapper, workshop.image, advance)


def _render(
    case: Case,
    found: Production,
    mapper: Mapper,
    workshop: Workshop,
    pending: Sequence[PlannedItem],
    what: str,
) -> None:
    if pending:
        with workshop.progress(what, len(pending)) as advance:
            rendering.render_all(
                case, found, mapper, workshop.render, workshop.passwords, pending, advance
            )


def number(case: Case, found: Production) -> None:
    """Give every document its numbers; reservation, numbers and audit entry become real as one."""
    with case.write() as connection:
        refuse_newly_excluded(case, connection, found)
        refuse_changes(connection, found)
        planned = items(connection, found.id)
        if any(each.treatment is Treatment.IMAGE and each.state != "rendered" for each in planned):
            raise ProductionError(f"Not every document of {found.name} is imaged yet; run again")
        require_redacted(found, planned)
        state = "done" if found.specification.kind == "none" else "rendered"
        if found.replaces is None:
            act, rows = "Bates numbers reserved", _new_numbers(connection, found, planned, state)
        else:
            act, rows = "Bates numbers kept", numbers_taken(connection, found, planned, state)
        update_items(connection, found.id, rows)
        audit.append(
            connection,
            act,
            production=found.name,
            first=rows[0]["beg_bates"],
            last=rows[-1]["end_bates"],
            **told(connection, found),
        )


def _new_numbers(
    connection: sa.Connection, found: Production, planned: list[PlannedItem], state: str
) -> list[dict[str, Any]]:
    """The rows that give each document the next numbers, which are reserved."""
    pages = [_page_count(each) for each in planned]
    by_page = found.specification.number_by == "page"
    numbers = pages if by_page else [1] * len(pages)
    first = reserve(connection, found.id, found.specification, sum(numbers))
    bates = found.specification.bates
    return [
        {
            "position": each.position,
            "state": state,
            "pages": count,
            "beg_bates": bates(beg),
            "end_bates": bates(end),
        }
        for each, count, (beg, end) in zip(planned, pages, ranges(first, numbers), strict=True)
    ]


def _page_count(item: PlannedItem) -> int:
    return item.pages if item.treatment is Treatment.IMAGE else 1


def _forget_lost_files(case: Case, found: Production, volume: Path) -> None:
    """Where files on record are gone or cut short, take them off it, so that they are made anew."""
    with case.read() as connection:
        listed = recorded(connection, found.id)
        if not listed:
            return
        placed = list(places(found.specification, items(connection, found.id), listed))
    lost = {path for path, (_, size) in listed.items() if not _is_whole(volume / path, size)}
    if not lost:
        return
    again = [place for place in placed if lost.intersection(place.images)]
    lost.update(path for place in again for path in place.images)
    f = tables.production_files
    with case.write() as connection:
        connection.execute(
            f.delete().where(f.c.production_id == found.id, f.c.path == sa.bindparam("lost_path")),
            [{"lost_path": path} for path in sorted(lost)],
        )
        update_items(
            connection,
            found.id,
            [{"position": place.item.position, "state": "rendered"} for place in again],
        )


def _is_whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _sweep(case: Case, found: Production, volume: Path, rows: list[dict[str, Any]]) -> None:
    """Remove what an interrupted writer left beside the files on record."""
    with case.read() as connection:
        known = {*recorded(connection, found.id), *(row["path"] for row in rows)}
    known.add(deliver.MANIFEST)
    for path in sorted(volume.rglob("*")):
        if not path.is_dir() and path.relative_to(volume).as_posix() not in known:
            path.unlink()


def _freeze(
    case: Case,
    found: Production,
    volume: Path,
    workshop: Workshop,
    rows: list[dict[str, Any]],
    remarks: tuple[Remark, ...],
) -> Summary:
    """Check, sync, rename, commit. A crash between the rename and the commit leaves a volume that
    the next run takes back, checks again and freezes.
    """
    with case.read() as connection:
        facts = facts_of(connection, found)
    with workshop.progress("Checking the volume", 0) as advance:
        findings = check(volume, facts, advance=advance)
    with workshop.progress("Looking for what was redacted", 0) as advance:
        findings += verify(case, found, volume, advance)
    findings += check_replacement(case, found, volume)
    if findings:
        raise CheckFailedError(failed(found.name, volume, findings))
    os.sync()
    final = final_folder(case, found)
    with case.write() as connection:  # nobody can tag while this transaction is open
        refuse_newly_excluded(case, connection, found)
        volume.rename(final)
        sync_path(final.parent)
        frozen = _commit_frozen(connection, found, final, rows, remarks)
    return _summary(case, frozen, already=False)


def _commit_frozen(
    connection: sa.Connection,
    found: Production,
    final: Path,
    rows: list[dict[str, Any]],
    remarks: tuple[Remark, ...],
) -> Production:
    connection.execute(
        tables.production_files.insert(), [row | {"production_id": found.id} for row in rows]
    )
    digest = hashlib.sha256((final / deliver.MANIFEST).read_bytes()).hexdigest()
    counts = found.counts | {
        "made": _counts(items(connection, found.id)),
        "qc": [asdict(each) for each in remarks[:_QC_KEPT]],
        "qc_remarks": len(remarks),
    }
    frozen = replace(
        found, state="frozen", frozen_at=times.now(), counts=counts, manifest_sha256=digest
    )
    _set_state(
        connection,
        found,
        state="frozen",
        frozen_at=frozen.frozen_at,
        counts=counts,
        manifest_sha256=digest,
    )
    mark_replaced(connection, found)
    span = span_of(connection, found.id)
    assert span is not None
    audit.append(
        connection,
        "production frozen",
        name=found.name,
        manifest_sha256=digest,
        first=span[0],
        last=span[1],
        counts=counts["made"],
        **told(connection, found),
    )
    return frozen


def _counts(planned: list[PlannedItem]) -> dict[str, int]:
    return {
        "documents": len(planned),
        "pages": sum(each.pages for each in planned),
        **{
            f"produced as {treatment}": sum(1 for each in planned if each.treatment is treatment)
            for treatment in Treatment
        },
    }


def _verified(case: Case, found: Production) -> Summary:
    folder = final_folder(case, found)
    findings = verify_manifest(folder, found.manifest_sha256)
    if findings:
        raise CheckFailedError(failed(found.name, folder, findings))
    return _summary(case, found, already=True)


def failed(name: str, folder: Path, findings: list[Finding], command: str = "produce check") -> str:
    """The message of a check that failed: how many findings, and the first of them."""
    lines = [f"  {each.code}  {each.where}: {each.message}" for each in findings[:_SHOWN]]
    more = len(findings) - len(lines)
    return "\n".join(
        (
            f"The volume {name} in {folder} does not hold what a receiving party checks: "
            f"{len(findings)} findings",
            *lines,
            *([f"  … and {more} more: redwell {command} {folder} --json"] if more else []),
        )
    )


def _summary(case: Case, found: Production, already: bool) -> Summary:
    with case.read() as connection:
        span = span_of(connection, found.id)
        replaces = volume_of(connection, found).name if found.replaces else ""
    assert span is not None
    assert found.manifest_sha256 is not None
    return Summary(
        name=found.name,
        folder=str(final_folder(case, found)),
        already_frozen=already,
        first_bates=span[0],
        last_bates=span[1],
        counts=found.counts["made"],
        manifest_sha256=found.manifest_sha256,
        qc=found.counts["qc_remarks"],
        replaces=replaces,
    )
