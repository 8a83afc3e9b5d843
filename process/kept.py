"""What was suppressed in favour of which kept document, for reports."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from records import tables
from records.control import control

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept document: how many copies of it were suppressed, whose they were and where they lay.

    The custodians and paths are the kept document's own first, each once, as the load file of a
    production has them.
    """

    document: str
    family: str
    custodian: str
    path: str
    copies: int
    all_custodians: tuple[str, ...]
    all_paths: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        counts = {"custodians": len(self.all_custodians), "paths": len(self.all_paths)}
        return asdict(self) | counts


def kept_documents(connection: sa.Connection) -> Iterator[Kept]:
    """Every document in whose favour another was suppressed, by number; read as they are taken."""
    names = {row.id: row.name for row in connection.execute(sa.select(tables.custodians))}
    d, copy = tables.documents.c, tables.documents.alias("copy").c
    rows = connection.execute(
        sa.select(
            *(d.id, d.family_id, d.custodian_id, d.address),
            copy.custodian_id.label("copy_custodian"),
            copy.address.label("copy_address"),
        )
        .join(copy.id.table, copy.duplicate_of_id == d.id)
        .order_by(d.id, copy.id),
        execution_options={"stream_results": True, "yield_per": _PAGE},
    )
    for _, group in groupby(rows, key=lambda row: row.id):
        found = list(group)
        first = found[0]
        custodians = [first.custodian_id, *(row.copy_custodian for row in found)]
        yield Kept(
            document=control(first.id),
            family=control(first.family_id),
            custodian=names[first.custodian_id],
            path=first.address,
            copies=len(found),
            all_custodians=tuple(dict.fromkeys(names[each] for each in custodians)),
            all_paths=tuple(dict.fromkeys([first.address, *(row.copy_address for row in found)])),
        )
