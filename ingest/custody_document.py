"""The custody of one document: what it came from, step by step, and what stood in its place."""

from typing import Any

import sqlalchemy as sa

from records import tables
from records.case import Case
from records.control import control, parse_control
from records.errors import SelectionError
from records.options import print_json, print_pairs

_D, _C, _R = tables.documents.c, tables.collections.c, tables.replacements.c


def custody_of(case: Case, document: str) -> dict[str, Any]:
    """How a document came into the case, and all that became of its bytes.

    `held_in` are the containers and mails around it, the outermost first; `replaced` the files
    that were put in its place, the first first. Raises `SelectionError`.
    """
    try:
        number = parse_control(document)
    except ValueError as error:
        raise SelectionError(str(error)) from error
    with case.read() as connection:
        row = connection.execute(
            sa.select(
                *(_D.id, _D.address, _D.found_in_id, _D.sha256, _D.sha1, _D.md5, _D.size),
                *(_D.collection_id, _C.source, _C.actor, _C.started_at, _C.finished_at),
                tables.custodians.c.name.label("custodian"),
            )
            .join(tables.collections, _C.id == _D.collection_id)
            .join(tables.custodians, tables.custodians.c.id == _D.custodian_id)
            .where(_D.id == number)
        ).one_or_none()
        if row is None:
            raise SelectionError(f"The case has no document {control(number)}")
        return {
            "document": control(row.id),
            "custodian": row.custodian,
            "collection": row.collection_id,
            "source": row.source,
            "collected_by": row.actor,
            "collected_from": row.started_at,
            "collected_to": row.finished_at,
            "address": row.address,
            "held_in": _holders(connection, row.found_in_id),
            "size": row.size,
            "sha256": row.sha256,
            "sha1": row.sha1,
            "md5": row.md5,
            "replaced": _replaced(connection, row.id),
        }


def _holders(connection: sa.Connection, holder: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while holder is not None:
        query = sa.select(_D.id, _D.found_in_id, _D.address, _D.sha256).where(_D.id == holder)
        row = connection.execute(query).one()
        found.append({"document": control(row.id), "address": row.address, "sha256": row.sha256})
        holder = row.found_in_id
    return found[::-1]


def _replaced(connection: sa.Connection, document: int) -> list[dict[str, Any]]:
    names = ("old_sha256", "old_size", "new_sha256", "new_size", "source", "reason", "actor", "at")
    query = sa.select(*(_R[name] for name in names)).where(_R.document_id == document)
    rows = connection.execute(query.order_by(_R.id)).mappings()
    return [dict(row) for row in rows]


def print_custody(found: dict[str, Any], as_json: bool) -> None:
    """Print what `custody_of` gave."""
    if as_json:
        print_json(found)
        return
    pairs: dict[str, object] = {
        name.replace("_", " "): value
        for name, value in found.items()
        if name not in ("held_in", "replaced")
    }
    for each in found["held_in"]:
        pairs[f"held in {each['document']}"] = f"{each['address']} (SHA-256 {each['sha256']})"
    for number, each in enumerate(found["replaced"], 1):
        before, now = each["old_sha256"] or "no bytes", each["new_sha256"]
        pairs |= {
            f"replacement {number}": f"{each['at']} by {each['actor']}: {each['reason']}",
            f"  {number}: from": each["source"],
            f"  {number}: SHA-256 before": f"{before} ({each['old_size']:,} bytes)",
            f"  {number}: SHA-256 since": f"{now} ({each['new_size']:,} bytes)",
        }
    print_pairs(pairs)
