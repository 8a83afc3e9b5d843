"""A document as a reviewer reads it: who, when, what, how it is coded, and its text."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pyroaring import BitMap

from index.snippets import clean
from records import tables, times
from records.case import Case
from records.control import control
from records.fields import Address, Fields
from review import document_notes
from review.history import standing
from review.targets import require_known
from store import open_store

_D, _T, _N = tables.documents.c, tables.threads.c, tables.near_duplicates.c
_KEPT = "\n\t\u200c\u200d"  # joiners belong to words of some scripts


@dataclass(frozen=True, slots=True)
class Reading:
    """A document for a person or a script; dates in the case's zone, lists ready to be shown.

    `family` are the control numbers of its family in their order, itself included.
    """

    control: str
    custodian: str
    type: str
    disposition: str
    date: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    title: str
    address: str
    pages: int | None
    family: tuple[str, ...]
    thread: str | None
    near: str | None
    tags: tuple[str, ...]
    notes: tuple[str, ...]
    waiting_for_ocr: int
    text: str

    def head(self) -> list[tuple[str, str]]:
        """What stands above the text, as names and values; empty ones are left out."""
        pages = [] if self.pages is None else [f"{self.pages} pages"]
        family = ", ".join(self.family) if len(self.family) > 1 else ""
        waiting = f"{self.waiting_for_ocr} pages wait for it: the text lacks them"
        pairs = [
            ("Document", ", ".join([self.control, self.type, self.disposition, *pages])),
            ("Custodian", self.custodian),
            ("Found at", self.address),
            ("Date", self.date),
            ("From", self.sender),
            ("To", "; ".join(self.to)),
            ("Cc", "; ".join(self.cc)),
            ("Bcc", "; ".join(self.bcc)),
            ("Subject", self.title),
            ("Family", family),
            ("Thread", self.thread or ""),
            ("Near", self.near or ""),
            ("OCR", waiting if self.waiting_for_ocr else ""),
            ("Tags", ", ".join(self.tags)),
            *(("Note", each) for each in self.notes),
        ]
        return [(name, value) for name, value in pairs if value]


def read(case: Case, document: int, *, with_tags: bool = True) -> Reading:
    """Read a document; without its tags and notes for who is to judge it unbiased.

    Raises `SelectionError` where there is none of this number.
    """
    with case.read() as connection:
        require_known(connection, BitMap([document]))
        row = connection.execute(sa.select(tables.documents).where(_D.id == document)).one()
        c = tables.custodians.c
        named = sa.select(c.name).where(c.id == row.custodian_id)
        custodian = connection.execute(named).scalar_one()
        family = sa.select(_D.id).where(_D.family_id == row.family_id).order_by(_D.position, _D.id)
        members = tuple(control(each) for each in connection.execute(family).scalars())
        thread = _first(connection, sa.select(_T.thread_id).where(_T.document_id == document))
        near = sa.select(_N.principal_id).where(_N.document_id == document)
        principal = _first(connection, near)
    text = ""
    if row.text_sha256 is not None:
        text = open_store(case.store_address).read_bytes(row.text_sha256).decode("utf-8", "replace")
    fields = Fields.from_json(row.fields)
    date = row.sent_at or fields.modified_at or row.modified_at or fields.created_at
    return Reading(
        control=control(document),
        custodian=clean(custodian),
        type=clean(row.type),
        disposition=row.disposition,
        date=_shown(date, case.settings.zone),
        sender=clean("; ".join(str(each) for each in fields.sender) or fields.author),
        to=_people(fields.to),
        cc=_people(fields.cc),
        bcc=_people(fields.bcc),
        title=clean(fields.subject or fields.title or row.name),
        address=clean(row.address),
        pages=row.pages,
        family=members,
        thread=thread,
        near=principal,
        tags=tuple(_tags(case, document)) if with_tags else (),
        notes=tuple(_notes(case, document)) if with_tags else (),
        waiting_for_ocr=len(row.ocr_pages),
        text=plain(text),
    )


def _first(connection: sa.Connection, query: sa.Select[int]) -> str | None:
    found = connection.execute(query).scalar()
    return None if found is None else control(found)


def _shown(date: str | None, zone: ZoneInfo) -> str:
    return times.parse(date).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if date else ""


def _people(people: tuple[Address, ...]) -> tuple[str, ...]:
    return tuple(clean(str(each)) for each in people)


def _tags(case: Case, document: int) -> Iterator[str]:
    for each in standing(case, document):
        group = f"{each.group}: " if each.group else ""
        basis = f" ({each.basis})" if each.basis else ""
        yield f"{group}{each.tag}{basis}"


def _notes(case: Case, document: int) -> Iterator[str]:
    for each in document_notes.listing(case, [document]):
        yield clean(f"{each.actor} at {each.at}: {each.text}")


def plain(text: str) -> str:
    """Evidence on a terminal: lines stay, other control characters become spaces."""
    lines = re.sub("\r\n?|[\v\f\x85\u2028\u2029]", "\n", text)
    return "".join(
        " " if unicodedata.category(each).startswith("C") and each not in _KEPT else each
        for each in lines
    )
