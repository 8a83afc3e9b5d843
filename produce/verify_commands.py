"""The commands that look: `redact verify` into a volume, `redact inspect` into any PDF."""

from pathlib import Path

import click

from produce.imaging.bad_boxes import COVERED
from produce.record import Production, production
from produce.redaction import show
from produce.redaction.verify import verify, verify_words
from produce.run import failed, final_folder
from records.case import Case, opened
from records.errors import CheckFailedError, ProductionError, RedactionError, SelectionError
from records.options import case_option, json_option, print_json, print_table, progress, say


def read_lines(path: Path | None) -> list[str]:
    """The lines of a text file, none where there is no file; raises `SelectionError`."""
    if path is None:
        return []
    try:
        return path.read_bytes().decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SelectionError(f"{path} cannot be read: {error}. Save it as UTF-8 text") from error


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def inspect_command(file: Path, as_json: bool) -> None:
    """Look into any PDF for redactions that hide nothing: unseen text that can be copied."""
    found = show.unseen_in(file)
    if as_json:
        print_json({"file": str(file), "unseen": found})
        return
    rows = [
        [each["page"], each["kind"], ",".join(f"{one:.0f}" for one in each["box"]), each["text"]]
        for each in found
    ]
    print_table(("page", "hidden how", "box", "text that can be copied"), rows)
    bad = sum(1 for each in found if each["kind"] == COVERED)
    say(
        f"{bad} places where text lies under a box, and can be copied"
        if bad
        else "No text lies under a box"
    )


@click.command("verify")
@click.argument("volume", metavar="NAME|PATH")
@click.option(
    "--words",
    "words_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Look for the words and phrases of this file, one a line, in any folder.",
)
@case_option
@json_option
def verify_command(
    volume: str, words_file: Path | None, case_folder: Path | None, as_json: bool
) -> None:
    """Look for what was redacted in every byte, stream, text, field and name of a volume.

    NAME is a frozen production of the case. PATH is a folder: a copy of such a volume, known by the
    name in its load file, or with --words any folder.
    """
    path = Path(volume)
    if words_file is not None:
        with progress("Looking for words", 0) as advance:
            findings = verify_words(path, read_lines(words_file), advance)
    else:
        with opened(case_folder) as case:
            path, found = _volume(case, volume)
            with progress("Looking for what was redacted", 0) as advance:
                findings = verify(case, found, path, advance)
    if as_json:
        rows = [{"code": f.code, "where": f.where, "message": f.message} for f in findings]
        print_json({"volume": str(path), "findings": rows})
    if findings:
        raise CheckFailedError(failed(path.name, path, findings, "redact verify"))
    if not as_json:
        click.echo(f"Nothing of what was redacted stands in {path}")


def _volume(case: Case, name: str) -> tuple[Path, Production]:
    path = Path(name)
    if path.is_dir():
        loads = sorted(path.glob("DATA/*.dat"))
        if len(loads) != 1:
            raise RedactionError(f"{path} holds {len(loads)} load files (DATA/*.dat), not one")
        name = loads[0].stem
    with case.read() as connection:
        found = production(connection, name)
    if not path.is_dir():
        if found.state != "frozen":
            raise ProductionError(
                f"The production {name} is {found.state}, so there is no volume to look into yet: "
                f"'redwell produce run {name}' makes one"
            )
        path = final_folder(case, found)
    return path, found
