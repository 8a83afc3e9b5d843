"""Tag files of a bag: who sends what, and what could not be collected."""

import datetime as dt
import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import BinaryIO
from urllib.parse import quote_from_bytes

import sqlalchemy as sa

from ingest.addressing import path_address
from ingest.completed import Done
from ingest.names import shown
from records import audit, tables
from records.case import Case
from records.codes import Role
from records.control import control
from records.sheets import Sheet

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Labels:
    """What bag-info.txt says of who sends it; empty ones are left out."""

    organization: str = ""
    contact: str = ""
    email: str = ""
    phone: str = ""


def bag_info(case: Case, done: Done, labels: Labels, record: str, oxum: str) -> str:
    """The text of bag-info.txt (section 2.2.2); `record` is the custody record's hash."""
    info = case.info()
    values = {
        "Source-Organization": labels.organization,
        "Contact-Name": labels.contact or audit.actor(),
        "Contact-Email": labels.email,
        "Contact-Phone": labels.phone,
        "External-Description": f"Files of {done.custodian}, collected from {done.source}, for "
        f"{info.number}, {info.caption}",
        "Bagging-Date": dt.datetime.now(dt.UTC).date().isoformat(),
        "External-Identifier": f"{info.number} collection {done.id}",
        "Internal-Sender-Identifier": f"custody record sha256 {record}",
        "Payload-Oxum": oxum,
        "Bag-Software-Agent": f"redwell {importlib.metadata.version('redwell')}",
    }
    lines = {name: " ".join(value.split()) for name, value in values.items()}
    return "".join(f"{name}: {value}\n" for name, value in lines.items() if value)


def write_not_collected(case: Case, done: Done, lost: Sequence[bytes], file: BinaryIO) -> None:
    """What was in the source and is not in the bag, and why."""
    sheet = Sheet(file.write, ("path", "path, percent-encoded", "document", "code", "why"))
    with case.read() as connection:
        for some in batched(lost, _AT_ONCE):
            known = _reasons(connection, done, [path_address(path) for path in some])
            for path in some:
                found = known.get(path_address(path), ("", "", ""))
                sheet.row(shown(path), percent(path), *found)


def percent(path: bytes) -> str:
    """A path's bytes in ASCII; none of it a formula."""
    text = quote_from_bytes(path)
    return f"%2D{text[1:]}" if text.startswith("-") else text


def _reasons(
    connection: sa.Connection, done: Done, addresses: Sequence[str]
) -> dict[str, tuple[str, str, str]]:
    """Address → control number, code and message of why a file could not be collected."""
    d, n = tables.documents.c, tables.notes.c
    rows = connection.execute(
        sa.select(d.address, d.id, n.code, n.message)
        .join(tables.notes, n.document_id == d.id)
        .where(
            d.collection_id.in_(done.same_source),
            d.address.in_(addresses),
            d.role == Role.FILE,
            n.severity != "warning",
        )
        .order_by(n.id)
    )
    return {row.address: (control(row.id), row.code, row.message) for row in rows}
