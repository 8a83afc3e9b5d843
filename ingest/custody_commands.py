"""The command group `custody`: what was collected, and handing it over as a bag."""

import json
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from ingest.bag import HASHES, bag
from ingest.bag_tags import Labels
from ingest.completed import chosen
from ingest.custody_document import custody_of, print_custody
from ingest.referenced import Told, audited
from records import case as cases
from records import tables
from records.errors import CustodyError, StoreError
from records.options import (
    case_option,
    json_option,
    print_json,
    print_pairs,
    print_table,
    progress,
)
from store import open_store


@click.group()
def custody() -> None:
    """What was collected, from where, by whom; and handing it over."""


@custody.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the collections of the case, oldest first."""
    c, who = tables.collections.c, tables.custodians.c
    query = (
        sa.select(*c, who.name.label("custodian"))
        .join(tables.custodians, who.id == c.custodian_id)
        .order_by(c.id)
    )
    with cases.opened(case_folder) as case, case.read() as connection:
        found = connection.execute(query).all()
    rows = [
        {
            "collection": row.id,
            "custodian": row.custodian,
            "source": row.source,
            "state": row.state,
            "collected_by": row.actor,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "files": row.counts.get("files_found"),
            "items": row.counts.get("items"),
            "manifest_sha256": row.manifest_sha256,
        }
        for row in found
    ]
    if as_json:
        print_json(rows)
    else:
        names = ("collection", "custodian", "source", "state", "finished_at", "files", "items")
        print_table(names, [["" if r[n] is None else r[n] for n in names] for r in rows])


@custody.command("show")
@click.argument("what", metavar="N|RW-…")
@case_option
@json_option
def show_command(what: str, case_folder: Path | None, as_json: bool) -> None:
    """Show the custody record of a collection, as it was kept when it ended, or of a document.

    A collection's is read from the store and is refused where its hash is not the one in the audit
    chain. A document's says how it came here, and which files stood in its place.
    """
    with cases.opened(case_folder) as case:
        if not what.isdigit():
            print_custody(custody_of(case, what), as_json)
            return
        collection = int(what)
        chosen(case, collection)
        with case.read() as connection:
            told = audited(connection).get(collection)
        record = _record(case, collection, told)
    if as_json:
        print_json(record)
    else:
        print_pairs(_pairs(record))


def _record(case: cases.Case, collection: int, told: Told | None) -> dict[str, Any]:
    if told is None:
        raise CustodyError(f"The audit chain tells nothing of collection {collection}")
    store = open_store(case.store_address)
    if not store.verify(told.custody):
        raise StoreError(
            f"The custody record of collection {collection} is damaged: restore the blob "
            f"{told.custody} from a backup"
        )
    record: dict[str, Any] = json.loads(store.read_bytes(told.custody))
    return record | {"custody_sha256": told.custody}


def _pairs(record: dict[str, Any], before: str = "") -> dict[str, object]:
    """A record as names and values, what lies within others under both their names."""
    pairs: dict[str, object] = {}
    for name, value in record.items():
        title = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            pairs |= _pairs(value, f"{title}, ")
        else:
            pairs[title] = value
    return pairs


@custody.command("bag")
@click.argument("collection", type=click.IntRange(min=1))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--hashes",
    default="sha256",
    show_default=True,
    help="Manifests to write, parted by commas: sha256 (always), sha1, md5.",
)
@click.option("--organization", default="", help="Source-Organization of bag-info.txt.")
@click.option("--contact", default="", help="Contact-Name; else the user who acts.")
@click.option("--contact-email", "email", default="", help="Contact-Email.")
@click.option("--contact-phone", "phone", default="", help="Contact-Phone.")
@case_option
@json_option
def bag_command(
    collection: int,
    folder: Path,
    hashes: str,
    case_folder: Path | None,
    as_json: bool,
    **labels: str,
) -> None:
    """Write COLLECTION to FOLDER, which must not be there, as a bag (BagIt, RFC 8493).

    Its files stand under data/ by their paths, from the store, with manifests that `sha256sum -c`
    and every BagIt tool check; the custody record and what could not be collected under redwell/.
    """
    wanted = [each.strip() for each in hashes.split(",") if each.strip()]
    if unknown := sorted(set(wanted) - set(HASHES)):
        raise click.UsageError(f"--hashes takes {', '.join(HASHES)}, not {', '.join(unknown)}.")
    with cases.opened(case_folder) as case:
        [done] = chosen(case, collection)
        with progress("Bagging files", done.files) as advance:
            made = bag(case, done, folder, wanted, Labels(**labels), advance)
    if as_json:
        print_json(made.to_json())
        return
    print_pairs(
        {
            "bag": made.folder,
            "files": made.files,
            "bytes": made.bytes,
            "renamed on disk (redwell/names.csv)": made.renamed,
            "not collected (redwell/not-collected.csv)": made.not_collected,
            "tagmanifest SHA-256": made.tagmanifest_sha256,
        }
    )
