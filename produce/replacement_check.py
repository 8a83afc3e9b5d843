"""Compares a replacement with the volume that it replaces, both from the disk.

Every row must stand under a number of that volume and say the same of where the document stands:
its range and its family. Every page that stood must have a page again.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from produce.check_terms import Record, Terms, standard, terms_of
from produce.findings import Finding
from produce.loads import recorded
from produce.reader import UnreadableError, read_dat
from produce.record import Production
from produce.versions import volume_of
from records.case import Case

_KEPT = (
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "AttachRange", "ParentBates"),
    *("ChildBates", "AttachmentCount", "DocID", "ControlNumber"),
)


def check_replacement(case: Case, found: Production, volume: Path) -> list[Finding]:
    """All that is wrong with a replacement beside what it replaces; none for another volume."""
    if found.replaces is None:
        return []
    with case.read() as connection:
        original = volume_of(connection, found)
        if why := lost(case, connection, original):
            return [Finding("replaced-volume", original.name, why)]
        place = _dat_of(case, original)
    try:
        before = _rows(place, original)
        now = _rows(volume / found.specification.folders.data / f"{found.name}.dat", found)
    except OSError as error:
        message = f"cannot be read ({error.strerror}), so that nothing can be compared"
        return [Finding("replaced-volume", str(error.filename), message)]
    except UnreadableError as error:
        return [Finding("replaced-volume", found.name, str(error))]
    return list(_compared(before, now, original.name, terms_of(found.specification)))


def lost(case: Case, connection: sa.Connection, volume: Production) -> str:
    """Why a frozen volume cannot be compared with; empty where its DAT is what was frozen."""
    place = _dat_of(case, volume)
    path = place.relative_to(case.productions_folder / volume.name).as_posix()
    try:
        found = hashlib.sha256(place.read_bytes()).hexdigest()
    except OSError as error:
        return f"{place} cannot be read ({error.strerror}): put the frozen volume in its place"
    if found != recorded(connection, volume.id)[path][0]:
        return f"{place} is not the DAT that was frozen: put the volume back as it was"
    return ""


def _dat_of(case: Case, volume: Production) -> Path:
    folder = case.productions_folder / volume.name / volume.specification.folders.data
    return folder / f"{volume.name}.dat"


def _rows(path: Path, found: Production) -> tuple[tuple[str, ...], list[Record]]:
    terms = terms_of(found.specification)
    dat = read_dat(path, terms.encoding)
    due = tuple(name for name, _ in found.specification.fields)
    same = dat.header == due
    return dat.header, [standard(each, terms) for each in dat.records] if same else []


def _compared(
    before: tuple[tuple[str, ...], list[Record]],
    now: tuple[tuple[str, ...], list[Record]],
    name: str,
    terms: Terms,
) -> Iterator[Finding]:
    if before[0] != now[0]:
        yield Finding("replaced-columns", "DAT", f"its columns are not those of {name}")
        return
    known = {each["BegBates"]: each for each in before[1]}
    for record in now[1]:
        where = record["BegBates"]
        if where not in known:
            yield Finding("replaced-number", where, f"no document of {name} begins with it")
            continue
        was = known[where]
        for field in _KEPT:
            if record.get(field) != was.get(field):
                message = f"{field} is {record.get(field)!r}, and {was.get(field)!r} in {name}"
                yield Finding("replaced-kin", where, message)
        pages = (record.get("PageCount", ""), was.get("PageCount", ""))
        if all(each.isdecimal() for each in pages) and int(pages[0]) < int(pages[1]):
            message = f"has {pages[0]} pages where {pages[1]} stood: some would stay as they were"
            yield Finding("replaced-pages", where, message)
