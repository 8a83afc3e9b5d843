"""The command group `verify`: the store and the sources against the record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ingest import referenced, verify_source, verify_store
from ingest.completed import chosen
from ingest.findings import Findings
from ingest.verify_source import SourceReport
from ingest.verify_store import StoreReport
from records import case as cases
from records.errors import DamageError, SourceChangedError, SourceError
from records.options import (
    case_option,
    engine_for,
    json_option,
    print_pairs,
    progress,
    scheduler_option,
    workers_option,
)

_HOLDERS_SHOWN = 10


@click.group()
def verify() -> None:
    """Prove that the store, or a source, still holds what was collected."""


@verify.command("store")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    help="Hash only so many blobs, drawn by lot; all are still looked for.",
)
@workers_option
@scheduler_option
@case_option
@json_option
def store_command(
    sample: int | None,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Hash again all that the record refers to, and compare.

    Originals by SHA-256, SHA-1, MD5 and size, texts, words, rendered pages and manifests by
    SHA-256; then each collection's manifest with its documents. Blobs that nothing refers to are
    listed and are no damage: runs that were cut off leave them, and texts that OCR replaced.
    """
    with cases.opened(case_folder) as case, Findings() as findings:
        with case.exclusive("verify"), engine_for(case, workers, scheduler) as engine:
            with case.read() as connection:
                total = referenced.count(connection)
            with progress("Hashing blobs", total if sample is None else min(sample, total)) as step:
                report = verify_store.verify_store(case, engine, findings, sample, step)
        rows = verify_store.described(case, findings)
        if as_json:
            _print_json(report.to_json(), rows)
        else:
            _print_rows(rows)
            print_pairs(_store_pairs(report))
    if not report.holds:
        raise DamageError(_damage(report))


def _store_pairs(report: StoreReport) -> dict[str, object]:
    return {
        "blobs on record": report.expected,
        "  hashed again": report.hashed,
        "  bytes": report.bytes,
        "missing": report.missing,
        "damaged": report.damaged,
        "not hashed": report.not_hashed,
        "not on record": report.extra,
        "files that are no blobs": report.strays,
        "collections": report.collections,
        "  faults of their manifests": report.manifest_faults,
        **({} if report.seed is None else {"seed of the sample": report.seed}),
    }


def _damage(report: StoreReport) -> str:
    return (
        f"The store is not what the record says: {report.missing} blobs missing, "
        f"{report.damaged} damaged, {report.not_hashed} not hashed, {report.manifest_faults} "
        "faults of manifests. Restore what is named above from a backup (the blob's file is its "
        "hash: aa/bb/aabb…), then verify again"
    )


@verify.command("source")
@click.argument("collection", type=click.IntRange(min=1), required=False)
@click.argument("source_path", type=click.Path(path_type=Path), required=False)
@click.option("--all", "everything", is_flag=True, help="Every complete collection.")
@workers_option
@scheduler_option
@case_option
@json_option
def source_command(
    collection: int | None,
    source_path: Path | None,
    everything: bool,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Hash the files of a source again, without touching it, and compare.

    COLLECTION is the number that 'redwell custody list' shows; SOURCE_PATH says where its source
    stands now, where that is not where it was collected.
    """
    if (collection is None) != everything:
        raise click.UsageError("Name a collection, or say --all.")
    with cases.opened(case_folder) as case, Findings() as findings:
        wanted = chosen(case, collection)
        places = [source_path or Path(each.source) for each in wanted]
        if not everything and not places[0].exists():
            raise SourceError(
                f"The source {places[0]} is not there: mount it, or say where it stands now with "
                f"'redwell verify source {collection} PATH'"
            )
        reports = []
        there = [each.resolve() for each in places if each.exists()]
        with engine_for(case, workers, scheduler, *there) as engine:
            for done, place in zip(wanted, places, strict=True):
                with progress(f"Hashing collection {done.id}", done.files) as step:
                    reports.append(
                        verify_source.verify_source(case, engine, done, place, findings, step)
                    )
        rows = verify_store.described(case, findings)
        if as_json:
            _print_json({"collections": [each.to_json() for each in reports]}, rows)
        else:
            _print_rows(rows)
            for each in reports:
                _print_source(each)
    odd = [each for each in reports if not each.holds]
    if odd:
        raise SourceChangedError(_changed(odd))


def _print_source(report: SourceReport) -> None:
    click.echo(f"\nCollection {report.collection}, {report.custodian}: {report.source}")
    if not report.there:
        click.echo("  not there: nothing was compared")
        return
    names = ("collected", "same", "changed", "gone", "unreadable", "new", "not_collected")
    told = report.to_json()
    print_pairs({f"  {name.replace('_', ' ')}": told[name] for name in names})


def _changed(reports: list[SourceReport]) -> str:
    parts = [
        f"collection {each.collection}: {each.changed} changed, {each.gone} gone, "
        f"{each.unreadable} unreadable"
        for each in reports
    ]
    return (
        f"Sources are not what was collected from them ({'; '.join(parts)}). What was collected "
        "stands in the store as it was; 'redwell ingest' collects what is new"
    )


def _print_json(report: dict[str, Any], rows: Iterator[dict[str, Any]]) -> None:
    """One JSON value, its findings written as they come."""
    head = json.dumps(report, ensure_ascii=False, indent=2)
    click.echo(head.removesuffix("\n}") + ',\n  "findings": [', nl=False)
    for number, row in enumerate(rows):
        click.echo(
            ("," if number else "") + "\n    " + json.dumps(row, ensure_ascii=False), nl=False
        )
    click.echo("\n  ]\n}")


def _print_rows(rows: Iterator[dict[str, Any]]) -> None:
    """A line a finding, and below it a line for each document that it concerns."""
    for row in rows:
        where = f"collection {row['collection']}: " if "collection" in row else ""
        text = f": {row['message']}" if "message" in row else ""
        click.echo(f"{row['state']}  {where}{row['what']}{text}")
        held = row.get("held_by", [])
        for each in held[:_HOLDERS_SHOWN]:
            click.echo(f"    {each['what']}: {each['document']} {each['address']}".rstrip())
        if len(held) > _HOLDERS_SHOWN:
            click.echo(f"    … and {len(held) - _HOLDERS_SHOWN} more (--json lists all)")
