"""What stood in the fields that were redacted by hand."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import sqlalchemy as sa

from produce.record import AnyRow
from produce.selection import in_chunks
from produce.values import people
from records import tables
from records.fields import Fields

_D = tables.documents.c


def values_of(
    connection: sa.Connection, masked: Mapping[int, Iterable[str]]
) -> dict[int, list[str]]:
    """The words of masked fields by document; suffixes of file names are left out, for the names of
    produced files keep them.
    """
    rows = in_chunks(
        connection,
        lambda ids: sa.select(_D.id, _D.name, _D.address, _D.fields).where(_D.id.in_(ids)),
        set(masked),
    )
    return {row.id: _told(row, list(masked[row.id])) for row in rows}


def _told(row: AnyRow, names: Sequence[str]) -> list[str]:
    fields = Fields.from_json(row.fields)
    known = {
        "FileName": PurePosixPath(row.name).stem,
        "FilePath": str(PurePosixPath(row.address).with_suffix("")) if row.address else "",
        "EmailSubject": fields.subject,
        "Title": fields.title,
        "Author": fields.author,
        "LastAuthor": fields.last_author,
        "From": people(fields.sender),
        "To": people(fields.to),
        "CC": people(fields.cc),
        "BCC": people(fields.bcc),
    }
    return [known[name] for name in names if known.get(name)]
