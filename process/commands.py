"""Commands of processing: process, denist."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from process import denist as known_files
from process.denist import Denisted, KnownDocument, Lifted
from process.relate_commands import relate_on_record
from process.retry import hints
from process.run import process_case
from process.tools import checked_in, require_installed
from records import case as cases
from records.codes import Disposition
from records.engine import Engine
from records.errors import RedwellError
from records.options import (
    case_option,
    counted,
    engine_for,
    json_option,
    no_relations_option,
    passwords_option,
    print_csv,
    print_json,
    print_pairs,
    read_passwords,
    say,
    scheduler_option,
    workers_option,
)
from records.runs import recorded
from records.status import Status, status_of
from store import working


@click.command()
@case_option
@passwords_option
@click.option(
    "--no-ocr",
    is_flag=True,
    help="Leave pages without text waiting; a later run without this flag reads them.",
)
@no_relations_option
@workers_option
@scheduler_option
@json_option
def process(
    case_folder: Path | None,
    passwords_file: Path | None,
    no_ocr: bool,
    no_relations: bool,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Read what was collected and not yet read.

    Takes text and metadata of everything, attached and embedded items included, runs OCR where
    there is no text, suppresses duplicate families, and finds near-duplicates, threads and people.
    Run again after a kill, it goes on where it stood.
    """
    passwords = read_passwords(passwords_file)
    with cases.opened(case_folder) as case:
        languages = case.settings.ocr_languages if not no_ocr else None
        require_installed(languages)
        with working(case, "process"), engine_for(case, workers, scheduler) as engine:
            checked_in(engine, case.settings.limits, languages, everywhere=True)()
            summary = read_on_record(case, engine, passwords, ocr=not no_ocr)
            relations = {} if no_relations else relate_on_record(case, engine)
        found = status_of(case)
    require_balance(found)
    shown = summary | {
        "dispositions": found.dispositions,
        "exceptions": found.exceptions,
        "waiting_for_ocr": found.ocr_waiting,
        "relations": relations,
    }
    if as_json:
        print_json(shown)
    else:
        _print_summary(shown)
    for hint in hints(found.exceptions):
        say(hint)


def read_on_record(
    case: cases.Case, engine: Engine, passwords: Sequence[str], *, ocr: bool
) -> dict[str, object]:
    """Process, within the case's lock, as a run on record; its counts."""
    with recorded(case, "process", workers=engine.workers, ocr=ocr) as summary:
        summary.update(asdict(process_case(case, engine, passwords, ocr=ocr)))
    return summary


def require_balance(found: Status) -> None:
    """Every document has one final disposition now; anything else is our own fault."""
    pending = found.dispositions.get(Disposition.PENDING, 0)
    if pending:
        raise RedwellError(f"{pending} documents were left without a disposition; report this")


_OF_RUN = ("read", "documents", "ocr_pages", "ocr_cached", "ocr_blank", "ocr_failed")


def _print_summary(shown: dict[str, object]) -> None:
    """What this run did, and then how the whole case stands."""
    for title, of_run in (("This run", True), ("The case now", False)):
        click.echo(title)
        for name, value in shown.items():
            if (name in _OF_RUN) is not of_run:
                continue
            label = f"  {name.replace('_', ' ')}"
            if value == {}:
                continue
            if isinstance(value, dict):
                total = "" if name == "relations" else f" {sum(value.values())}"
                click.echo(f"{label}:{total}")
                print_pairs({f"    {key}": count for key, count in value.items()})
            else:
                click.echo(f"{label}: {value}")


@click.command()
@click.argument("list_file", metavar="[LIST]", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="What to call the list; its file's name unless given.")
@click.option("--dry-run", is_flag=True, help="Say what would be put aside; change nothing.")
@click.option("--lift", metavar="NAME", help="Take the list NAME back.")
@click.option(
    "--report",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="List the documents on the list NAME, or on any, as CSV.",
)
@case_option
@json_option
def denist(
    list_file: Path | None,
    name: str | None,
    dry_run: bool,
    lift: str | None,
    report: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Put known files aside: those on LIST, of the NSRL or in its form.

    LIST is an RDSv3 database or an NSRLFile.txt. A match is put on record for every document; a
    family becomes a system file where all of it is known, and no family is broken: what is known
    in one that is not stays with it. Run again with the same list for what was collected since.
    """
    if sum(each is not None for each in (list_file, lift, report)) != 1:
        raise click.UsageError("Name a LIST to apply, or use one of --lift and --report.")
    if list_file is None and (name is not None or dry_run):
        raise click.UsageError("--name and --dry-run go with a LIST.")
    with cases.opened(case_folder) as case:
        if list_file is not None:
            _print_denisted(
                known_files.denist(case, list_file, name, dry_run=dry_run), dry_run, as_json
            )
        elif lift is not None:
            _print_lifted(known_files.lift(case, lift), as_json)
        else:
            _print_known(known_files.report(case, report or None), as_json)


def _print_denisted(done: Denisted, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done) | {"dry_run": dry_run})
        return
    pairs: dict[str, object] = {
        "List": f"{done.name} ({done.kind}, {done.entries:,} entries)",
        "SHA-256 of the list": done.sha256,
        "Compared by": f"{done.by.upper()}, {counted(done.compared)}",
        "On the list": counted(done.known + done.on_other_lists),
        "  new": done.new,
    }
    pairs |= {f"  {name}": count for name, count in done.became.items()}
    if done.special:
        pairs["Entries not known to be good, left out"] = done.special
    if done.on_other_lists:
        pairs["  on record under a list applied before"] = done.on_other_lists
    pairs["System files in the case"] = (
        f"{done.system_documents} in {done.system_families} families"
    )
    print_pairs(pairs)
    if dry_run:
        say("Nothing was changed: this was a dry run")
    elif done.became.get(Disposition.PENDING):
        say("Some are not processed yet; they are put aside when they are: redwell process")


def _print_lifted(done: Lifted, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"Lifted {done.name}: {counted(done.documents)} stood on it, {done.changed_families} "
        f"families stand differently now, {counted(done.system_documents)} are still system files"
    )
    for each in done.to_repeat:
        say(f"What stood on {done.name} may stand on {each} too: apply {each} again")


def _print_known(found: Iterable[KnownDocument], as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in found])
        return
    columns = KnownDocument.__slots__
    print_csv(columns, ([getattr(each, name) for name in columns] for each in found))
