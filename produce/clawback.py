"""Asks produced documents back: the notice, and the list of what the other side must return.

Rule 26(b)(5)(B) of the Federal Rules of Civil Procedure: after being notified, a party must return,
sequester or destroy the information and any copies, and not use it until the claim is resolved. An
order under Fed. R. Evid. 502(d), where there is one, is named. The list has every range under which
a document went out in any volume, with each of its files and their hashes; beside them what else
may tell the same: produced files that contain it, and produced documents of the same bytes.
"""

import csv
import hashlib
import io
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.deliver import deliveries
from produce.letters import Letter
from produce.loads import recorded
from produce.record import PlannedItem, Production, items, productions
from produce.selection import in_chunks
from produce.targets import new_folder
from produce.treatment import Treatment
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.errors import ProductionError, raise_if_full
from records.numbers import next_number
from records.roles import UserRole

CLAIMED, CONTAINS, SAME = "clawed back", "contains it", "same bytes"
LIST, NOTICE, NOTICE_TEXT = "return-list.csv", "clawback-notice.pdf", "clawback-notice.txt"
_COLUMNS = ("Why", "Production", "BegBates", "EndBates", "File", "SHA256", "ControlNumber")
_D = tables.documents.c


@dataclass(frozen=True, slots=True)
class Range:
    """One document in one volume: its numbers, its files (path and hash), why it is listed."""

    why: str
    production_id: int
    production: str
    document: int
    beg: str
    end: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Clawback:
    """What was asked back. `documents` are control numbers; `ranges` of all volumes."""

    number: int
    folder: str
    documents: tuple[str, ...]
    ranges: tuple[str, ...]
    consider: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self)


def claw_back(
    case: Case,
    documents: Iterable[int],
    recipient: str,
    sender: str,
    reason: str,
    folder: Path,
    order: str | None = None,
) -> Clawback:
    """Write notice and list into a new folder, and put the claim on record.

    `order` None takes that of the case's settings. Raises `ProductionError` for a document that was
    not produced, or only as a sheet that says it was withheld.
    """
    target = new_folder(case, folder, "the notice")
    if not reason.strip() or not recipient.strip():
        raise ProductionError("A notice states to whom it goes and on what ground: --to, --reason")
    order = case.settings.order_502d if order is None else order
    chosen = sorted(set(documents))
    with case.exclusive("produce"):
        with case.read() as connection:
            found = ranges_of(connection, chosen)
        _refuse_unproduced(chosen, found)
        claimed = [each for each in found if each.why == CLAIMED]
        letter = notice(case, claimed, recipient, sender, reason, order)
        papers = {
            LIST: return_list(found),
            NOTICE: letter.pdf(),
            NOTICE_TEXT: letter.text().encode("utf-8"),
        }
        partial = target.with_name(f".{target.name}.redwell-new")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir()
            for name, data in papers.items():
                (partial / name).write_bytes(data)
            os.sync()
            with case.write(UserRole.ADMIN) as connection:
                number = _record(connection, claimed, recipient, reason, order, papers)
                partial.rename(target)
        except OSError as error:
            raise_if_full(error, target.parent)
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Clawback(
        number,
        str(target),
        tuple(control(each) for each in chosen),
        tuple(_told(each) for each in claimed),
        tuple(f"{_told(each)} ({each.why})" for each in found if each.why != CLAIMED),
    )


def _refuse_unproduced(chosen: Sequence[int], found: Sequence[Range]) -> None:
    if not chosen:
        raise ProductionError("No document is named to be asked back")
    out = {each.document for each in found if each.why == CLAIMED}
    never = [each for each in chosen if each not in out]
    if never:
        raise ProductionError(
            f"{control(never[0])} was never produced but as a sheet that says it was withheld"
            + (f", and {len(never) - 1} more" if len(never) > 1 else "")
            + ": there is nothing to ask back"
        )


def ranges_of(connection: sa.Connection, documents: Sequence[int]) -> list[Range]:
    """Where documents went out, in all frozen volumes, and what else there tells the same."""
    wanted = set(documents)
    same = same_bytes(connection, wanted)
    above = holders(connection, wanted)
    found: list[Range] = []
    for production in productions(connection):
        if production.state != "frozen":
            continue
        whys = {
            item.document_id: why
            for item in items(connection, production.id)
            if (why := _why(item, wanted, above, same))
        }
        if whys:
            found.extend(_ranges(connection, production, whys))
    return found


def _why(item: PlannedItem, wanted: set[int], above: set[int], same: set[int]) -> str:
    if item.treatment is Treatment.WITHHELD:
        return ""
    if item.document_id in wanted:
        return CLAIMED
    if item.document_id in above and item.treatment is Treatment.NATIVE:
        return CONTAINS
    return SAME if item.document_id in same else ""


def same_bytes(connection: sa.Connection, wanted: set[int]) -> set[int]:
    """All other documents that have the bytes of one of them."""
    hashes = {
        row.sha256
        for row in in_chunks(
            connection, lambda some: sa.select(_D.sha256).where(_D.id.in_(some)), wanted
        )
        if row.sha256
    }
    found: set[int] = set()
    for sha256 in sorted(hashes):
        found.update(connection.execute(sa.select(_D.id).where(_D.sha256 == sha256)).scalars())
    return found - wanted


def holders(connection: sa.Connection, wanted: set[int]) -> set[int]:
    """Everything that contains one of the documents, however deep."""
    found: set[int] = set()
    level = wanted
    while level:
        rows = in_chunks(
            connection, lambda some: sa.select(_D.found_in_id).where(_D.id.in_(some)), level
        )
        level = {row.found_in_id for row in rows if row.found_in_id is not None} - found
        found |= level
    return found - wanted


def _ranges(
    connection: sa.Connection, production: Production, whys: dict[int, str]
) -> Iterable[Range]:
    hashes = recorded(connection, production.id)
    for each in deliveries(connection, production):
        item = each.place.item
        if item.document_id not in whys:
            continue
        paths = (*each.place.images, each.place.text, *([each.native] if each.native else []))
        yield Range(
            whys[item.document_id],
            production.id,
            production.name,
            item.document_id,
            item.first,
            item.last,
            tuple((path, hashes[path][0]) for path in paths),
        )


def _told(each: Range) -> str:
    numbers = each.beg if each.beg == each.end else f"{each.beg} - {each.end}"
    return f"{each.production} {numbers}"


def return_list(found: Sequence[Range]) -> bytes:
    """A row for each file that is to be returned or destroyed, the claimed ones first."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for each in sorted(found, key=lambda one: one.why != CLAIMED):
        for path, sha256 in each.files:
            row = (each.production, each.beg, each.end, path, sha256, control(each.document))
            writer.writerow((each.why, *row))
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def notice(
    case: Case,
    claimed: Sequence[Range],
    recipient: str,
    sender: str,
    reason: str,
    order: str,
) -> Letter:
    """The notice of Rule 26(b)(5)(B): which documents, the claim and its basis, what is asked."""
    info = case.info()
    by_production: dict[str, list[Range]] = defaultdict(list)
    for each in claimed:
        by_production[each.production].append(each)
    rows = tuple(
        (each.production, _told(each).removeprefix(f"{each.production} "), str(len(each.files)))
        for some in by_production.values()
        for each in some
    )
    ground = (
        f"The production of these documents does not waive the privilege or protection: {order}, "
        "entered under Federal Rule of Evidence 502(d)."
        if order
        else "Their production was inadvertent and waives nothing (Fed. R. Evid. 502(b))."
    )
    return Letter(
        "Notice of privileged or protected material",
        (
            f"{times.now()[:10]}\n\nTo: {recipient}\nFrom: {sender}",
            f"Re: {info.caption}, {info.number}",
            "Under Federal Rule of Civil Procedure 26(b)(5)(B) you are notified that the following "
            "documents, which were produced to you, are subject to a claim of privilege or of "
            f"protection as trial-preparation material. The basis of the claim: {reason}",
            rows,
            ground,
            "Please promptly return, sequester or destroy these documents and all copies of them, "
            "images, texts, natives, load-file entries, and what was made of them, with those whom "
            "you gave them to; do not use or disclose them until the claim is resolved; and tell "
            f"us in writing when that is done. {LIST} names each file with its hash, and beside "
            "them produced files that contain these documents or have the same bytes.",
        ),
        (("Volume", "Bates numbers", "Files"),),
    )


def _record(
    connection: sa.Connection,
    claimed: Sequence[Range],
    recipient: str,
    reason: str,
    order: str,
    papers: dict[str, bytes],
) -> int:
    c = tables.clawbacks
    number = next_number(connection, c.c.id)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in papers.items()}
    connection.execute(
        c.insert().values(
            id=number,
            recipient=recipient,
            reason=reason,
            order_reference=order,
            notice_sha256=hashes[NOTICE],
            list_sha256=hashes[LIST],
            actor=audit.actor(),
            at=times.now(),
        )
    )
    connection.execute(
        tables.clawback_documents.insert(),
        [
            {
                "clawback_id": number,
                "production_id": each.production_id,
                "document_id": each.document,
                "beg_bates": each.beg,
                "end_bates": each.end,
            }
            for each in claimed
        ],
    )
    audit.append(
        connection,
        "documents clawed back",
        clawback=number,
        recipient=recipient,
        reason=reason,
        order=order,
        ranges=[_told(each) for each in claimed],
        files=hashes,
    )
    return number
