"""The `ingest` command: collect a source for a custodian."""

from dataclasses import asdict
from pathlib import Path

import click

from ingest import run
from ingest.archivers import require_worker_archivers
from ingest.plan import Survey, checked_source, survey
from ingest.record import custodian_id
from records import case as cases
from records.options import (
    Advance,
    case_option,
    engine_for,
    json_option,
    passwords_option,
    print_json,
    print_pairs,
    progress,
    read_passwords,
    say,
    scheduler_option,
    workers_option,
)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--custodian", required=True, help="Whose documents they are, as the case names it.")
@passwords_option
@click.option(
    "--recover",
    is_flag=True,
    help="Also take what PST and OST files hold in deleted space and outside their folders.",
)
@click.option(
    "--dry-run", is_flag=True, help="Count what the source holds, collected or not; write nothing."
)
@workers_option
@scheduler_option
@json_option
@case_option
def ingest(
    source: Path,
    custodian: str,
    passwords_file: Path | None,
    recover: bool,
    dry_run: bool,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    case_folder: Path | None,
) -> None:
    """Collect SOURCE, a folder or a file, for a custodian.

    Every file is copied into the case's store while it is hashed; mailboxes (PST, OST, MBOX, OLM)
    and archives (ZIP, 7z, RAR, TAR and many more) are opened, also inside each other. Links are
    recorded, not followed; nothing is written to SOURCE. Running it again collects only what is
    new; a run that was cut off is taken up.
    """
    with cases.opened(case_folder) as case:
        custodian_id(case, custodian)
        place = checked_source(case, source)
        passwords = read_passwords(passwords_file)
        found = survey(source.resolve())
        if dry_run:
            _print_survey(found, as_json)
            return
        with (
            engine_for(case, workers, scheduler, place) as engine,
            progress("Collecting files", found.files) as advance,
        ):
            require_worker_archivers(engine)
            summary = run.ingest(
                *(case, engine, source, custodian, passwords, _counting(advance)), recover=recover
            )
    if as_json:
        print_json(summary.to_json())
    else:
        _print_summary(summary)
        _say_next(summary)


def _counting(advance: Advance) -> run.Report:
    """Show, beside the files, how many items they and their containers gave."""
    found = 0

    def report(files: int, items: int) -> None:
        nonlocal found
        found += items
        advance(files, f"({found:,} items)")

    return report


def _say_next(summary: run.Summary) -> None:
    if not summary.files_found:
        say(f"Nothing was found in {summary.source}: is it the right folder, and is it mounted?")
    elif summary.outcomes.get("pending") or summary.items_mended:
        say("Next: redwell process")


def _print_survey(found: Survey, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    pairs: dict[str, object] = {"Files found": found.files, "Bytes": found.bytes}
    print_pairs(pairs | {f"  {kind}": count for kind, count in found.kinds.items()})


def _print_summary(summary: run.Summary) -> None:
    """Print counts that add up: files found = new + taken up + already collected."""
    pairs: dict[str, object] = {
        "Collection": f"{summary.collection} ({summary.custodian}: {summary.source})",
        "Files found": summary.files_found,
        "  collected": summary.files_new,
        "  taken up from a run cut off": summary.files_taken_up,
        "  already collected": summary.files_already_collected,
        "Bytes": summary.bytes_found,
        "Items new on record": summary.items,
    }
    for title, counts in (("  from a ", summary.by_role), ("  of them ", summary.outcomes)):
        pairs |= {f"{title}{name}": count for name, count in counts.items()}
    pairs |= {
        "Items on record before": summary.items_already_collected,
        "  mended, by a password or a volume": summary.items_mended,
    }
    for title, counts in (
        ("Documents with exception ", summary.exceptions),
        ("Documents with warning ", summary.warnings),
    ):
        pairs |= {f"{title}{name}": count for name, count in counts.items()}
    pairs["Manifest SHA-256"] = summary.manifest_sha256
    print_pairs(pairs)
