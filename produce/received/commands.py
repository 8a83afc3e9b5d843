"""The command group `receive`: productions of other parties, into the case."""

from dataclasses import asdict
from pathlib import Path

import click

from produce.received import record
from produce.received.letter import letter, named, write_letter
from produce.received.load import Summary, load
from produce.received.look import Look, look
from produce.received.mapping import read_mapping, write_mapping
from produce.received.show import Shown, show
from records import case as cases
from records.errors import ReceiptError
from records.options import (
    case_option,
    engine_for,
    json_option,
    print_json,
    print_pairs,
    print_table,
    say,
    scheduler_option,
    workers_option,
)

_SHOWN = 40


@click.group("receive")
def receive_group() -> None:
    """Take in what other parties produced: look at a volume, load it, answer with its defects."""


@receive_group.command("look")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--map", "map_path", type=click.Path(path_type=Path), help="Write a mapping file to edit."
)
@json_option
def look_command(folder: Path, map_path: Path | None, as_json: bool) -> None:
    """Say what the volume in FOLDER holds and how its load files would be read.

    Encoding, delimiter, qualifier, sign for line breaks, dates, time zone and the meaning of each
    column are found by looking. Nothing is loaded, and nothing is written into FOLDER.
    """
    found = look(folder)
    if map_path is not None:
        if folder.resolve() in map_path.resolve().parents:
            raise ReceiptError(f"{map_path} lies in the volume's folder: write it elsewhere")
        said = [f"{data.file}: {each}" for data in found.data for each in data.said]
        write_mapping(map_path, found.mapping, (*said, *found.doubts, *found.questions))
    if as_json:
        print_json(found.to_json())
    else:
        _print_look(found)
        if map_path is not None:
            say(f"Written: {map_path}")


def _print_look(found: Look) -> None:
    print_pairs({"Volume": found.folder, "Files": len(found.files)})
    for file in found.files:
        if file.use != "other":
            click.echo(f"  {file.path}: {file.use.replace('-', ' ')}, by {file.why}")
    for data, mapped in zip(found.data, found.mapping.data, strict=True):
        click.echo(f"\n{data.file}: {data.rows} rows, {data.first} to {data.last}")
        if data.unread:
            click.echo(f"  {data.unread} rows cannot be read whole")
        for each in data.said:
            click.echo(f"  {each}")
        for ours, column in mapped.fields.items():
            click.echo(f"  {ours} = {column}")
        if data.unmapped:
            click.echo(f"  kept as they are: {', '.join(data.unmapped)}")
    for images in found.images:
        click.echo(
            f"\n{images.file}: {images.kind.upper()}, {images.images} images of "
            f"{images.documents} documents, {images.unread} lines that cannot be read"
        )
    for text in found.doubts:
        click.echo(f"\nIn doubt: {text}")
    for text in found.questions:
        click.echo(f"\nTo be settled: {text}")


@receive_group.command("load")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--party", required=True, help="Who produced it; their documents stand under it.")
@click.option(
    "--map", "map_path", type=click.Path(path_type=Path), help="A mapping file, as 'look' writes."
)
@click.option("--name", help="The volume's name in this case; else that of the folder.")
@click.option("--replaces", help="A volume of this party whose documents of the same numbers go.")
@workers_option
@scheduler_option
@case_option
@json_option
def load_command(
    folder: Path,
    party: str,
    map_path: Path | None,
    name: str | None,
    replaces: str | None,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Load the volume in FOLDER: a document for each row, with its family, text, pages and native.

    Run it again after it was cut off: it goes on where it stood. Run on a volume that is loaded it
    does nothing. Nothing is written into FOLDER.
    """
    mapping = None if map_path is None else read_mapping(map_path)
    with cases.opened(case_folder) as case:
        place = folder.resolve()
        if not place.is_dir():
            raise ReceiptError(f"{folder} is no folder: name the folder of the volume")
        with engine_for(case, workers, scheduler, place) as engine:
            summary = load(case, engine, folder, party, mapping, name, replaces)
    if as_json:
        print_json(summary.to_json())
    else:
        _print_summary(summary)


def _print_summary(made: Summary) -> None:
    if made.already:
        say(f"{made.volume} was loaded already; nothing was done")
    pairs: dict[str, object] = {
        "Volume": f"{made.volume} of {made.party}, collection {made.collection}"
    }
    for name, value in made.counts.items():
        if isinstance(value, dict):
            pairs |= {f"  {kind}": count for kind, count in value.items()}
        else:
            pairs[name] = value
    pairs["Defects"] = sum(made.defects.values())
    pairs |= {f"  {code}": count for code, count in made.defects.items()}
    pairs["Manifest SHA-256"] = made.manifest_sha256
    print_pairs(pairs)
    if made.defects:
        say(f"See what is wrong: redwell receive defects {made.volume} --letter FILE")
    say("Next: redwell process (for OCR and relations), then redwell index")


@receive_group.command("list")
@case_option
@json_option
def list_command(case_folder: Path | None, as_json: bool) -> None:
    """List the volumes that were received, oldest first."""
    with cases.opened(case_folder) as case, case.read() as connection:
        found = record.volumes(connection)
        rows = [
            {
                "volume": each.name,
                "party": each.party,
                "state": each.state,
                "documents": each.counts.get("documents"),
                "pages": each.counts.get("pages"),
                "defects": len(record.defects_of(connection, each.id)),
                "collection": each.collection,
                "received_at": each.at,
                "source": each.source,
                "replaces": next((o.name for o in found if o.id == each.replaces), None),
            }
            for each in found
        ]
    if as_json:
        print_json(rows)
    else:
        names = ("volume", "party", "state", "documents", "pages", "defects", "received_at")
        print_table(names, [["" if r[n] is None else r[n] for n in names] for r in rows])


@receive_group.command("defects")
@click.argument("name")
@click.option(
    "--letter",
    "letter_path",
    type=click.Path(path_type=Path),
    help="Write the draft of a letter: Markdown, or PDF where the name ends in .pdf.",
)
@case_option
@json_option
def defects_command(
    name: str, letter_path: Path | None, case_folder: Path | None, as_json: bool
) -> None:
    """List what is wrong with the volume NAME, as it was found when it was loaded."""
    with cases.opened(case_folder) as case:
        with case.read() as connection:
            found = record.volume(connection, name)
            defects = record.defects_of(connection, found.id)
        if found.state != "complete":
            raise ReceiptError(
                f"{found.name} is not loaded to its end: run its 'redwell receive load' again"
            )
        if letter_path is not None:
            info = case.info()
            text = letter(
                *(found.name, found.party, f"{info.caption}, {info.number}"),
                *(found.finished_at or found.at, defects),
            )
            write_letter(letter_path, text)
    if as_json:
        print_json({"volume": found.name, "defects": [asdict(each) for each in defects]})
        return
    for code, count in record.by_code(defects).items():
        click.echo(f"{code}: {count}")
    for each in defects[:_SHOWN]:
        click.echo(f"  {each.code}  {named(each)}: {each.message}")
    if len(defects) > _SHOWN:
        say(f"… and {len(defects) - _SHOWN} more (--json or --letter has all)")
    if letter_path is not None:
        say(f"Written: {letter_path}")


@receive_group.command("show")
@click.argument("bates")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="Write its page images, native and text into a new folder.",
)
@case_option
@json_option
def show_command(bates: str, target: Path | None, case_folder: Path | None, as_json: bool) -> None:
    """Show what was received under the number BATES: the row as it stood, its pages and files."""
    with cases.opened(case_folder) as case:
        found = show(case, bates, target)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        _print_shown(each)


def _print_shown(each: Shown) -> None:
    pairs: dict[str, object] = {
        "Document": each.control,
        "Volume": f"{each.volume} of {each.party}",
        "Numbers": f"{each.beg} to {each.end}",
        "Replaced by": each.replaced_by or "none",
        "Family": f"{each.family}, member {each.position + 1}",
    }
    print_pairs(pairs | dict(each.columns))
    for page in each.pages:
        click.echo(f"  page {page.page} {page.key}: {page.path or 'did not come'}")
