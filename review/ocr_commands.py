"""The command group `ocr`."""

from dataclasses import asdict
from pathlib import Path

import click

from index.commands import warn_incomplete
from index.searching import search
from process import ocr_redo, ocr_status
from process.interface import OcrWish
from process.ocr_redo import Redo
from process.ocr_status import OcrStatus, ShownPage
from process.tools import require_tools
from records.case import opened
from records.control import control
from records.options import (
    case_option,
    counted,
    engine_for,
    json_option,
    passwords_option,
    print_json,
    print_pairs,
    read_passwords,
    say,
    scheduler_option,
    workers_option,
)
from records.runs import recorded
from review.targets import read_ids
from store import working

_MODES = tuple(str(mode) for mode in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13))


@click.group("ocr")
def ocr_group() -> None:
    """Where OCR stands, what it read, and reading again with other settings.

    `redwell process` reads what waits.
    """


@ocr_group.command("redo")
@click.argument("query")
@click.option("--languages", help="Tesseract languages, as eng+deu; else those of the case.")
@click.option(
    "--dpi",
    type=click.IntRange(70, 1200),
    help="Dots an inch at which pages are read; else the usual.",
)
@click.option(
    "--psm",
    type=click.Choice(_MODES),
    default="3",
    help="Tesseract's page segmentation mode: 4 one column, 6 one block, 11 sparse text.",
)
@click.option("--all-pages", is_flag=True, help="Read pages that have a text of their own, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be read; change nothing.")
@passwords_option
@workers_option
@scheduler_option
@case_option
@json_option
def redo_command(
    query: str,
    languages: str | None,
    dpi: int | None,
    psm: str,
    all_pages: bool,
    dry_run: bool,
    passwords_file: Path | None,
    workers: int | None,
    scheduler: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Read again, with other settings, the pages of the documents that answer QUERY.

    New readings take the place of earlier ones as they are committed, with all documents of the
    same bytes; one that fails leaves the earlier as it was. Run again after a kill, it goes on
    where it stood. The index takes the new texts up at the next `redwell index`.
    """
    passwords = read_passwords(passwords_file)
    with opened(case_folder) as case:
        wish = OcrWish(languages or case.settings.ocr_languages, dpi, int(psm))
        require_tools(wish.languages)
        found = search(case, query)
        warn_incomplete(found)
        with working(case, "ocr redo"):
            redo = ocr_redo.plan(case, found.ids, all_pages=all_pages)
            told = _planned(redo) | {"dry_run": dry_run}
            if not dry_run:
                settings = {"query": query, "all_pages": all_pages, **asdict(wish), **told}
                with (
                    engine_for(case, workers, scheduler) as engine,
                    recorded(case, "ocr redo", **settings) as summary,
                ):
                    summary.update(asdict(ocr_redo.run(case, engine, redo, wish, passwords)))
                told |= {"done": dict(summary)}
    _print_redo(told, as_json)


def _planned(redo: Redo) -> dict[str, object]:
    return {"documents": redo.documents, "pages": redo.pages, "without_pages": redo.without}


def _print_redo(told: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    pairs = {
        "Documents": told["documents"],
        "Pages": told["pages"],
        "Documents without such pages": told["without_pages"],
    }
    done = told.get("done")
    if isinstance(done, dict):
        pairs |= {f"  {name}": done[name] for name in ("read", "cached", "blank", "failed")}
        say("Next: redwell index")
    print_pairs(pairs)
    if told["dry_run"]:
        say("Nothing was changed: this was a dry run")


@ocr_group.command("status")
@case_option
@json_option
def status_command(case_folder: Path | None, as_json: bool) -> None:
    """Count the pages that wait, were read, are blank, failed or were read badly."""
    with opened(case_folder) as case:
        found = ocr_status.status_of(case)
    if as_json:
        print_json(asdict(found))
    else:
        _print_status(found)


def _print_status(found: OcrStatus) -> None:
    pairs: dict[str, object] = {
        "Waiting": f"{found.waiting_pages} pages of {counted(found.waiting_documents)}",
        "Read": found.read,
        "  with low confidence": found.low_confidence,
    }
    for languages, (pages, confidence) in found.by_languages.items():
        pairs[f"  in {languages or 'unknown'}"] = f"{pages}, mean confidence {confidence}"
    pairs |= {
        "Blank": found.blank,
        "Failed": found.failed,
        "Distinct pictures remembered": found.pictures,
    }
    print_pairs(pairs)
    if found.waiting_pages:
        say("Next: redwell process")


@ocr_group.command("show")
@click.argument("document")
@click.option("--page", type=click.IntRange(min=1), help="Only this page, counted from 1.")
@click.option("--words", is_flag=True, help="Print each word with its box instead of the text.")
@case_option
@json_option
def show_command(
    document: str, page: int | None, words: bool, case_folder: Path | None, as_json: bool
) -> None:
    """Show what OCR read of DOCUMENT, named by its control number.

    Boxes are left, top, width and height in pixels at the page's dots an inch, before it was
    straightened.
    """
    with opened(case_folder) as case:
        number = next(iter(read_ids([document])))
        found = list(ocr_status.shown(case, number, page))
    if as_json:
        print_json({"document": control(number), "pages": [asdict(each) for each in found]})
        return
    for each in found:
        _print_page(each, words=words)


def _print_page(page: ShownPage, *, words: bool) -> None:
    click.echo(
        f"Page {page.page}: {page.state}, confidence {page.confidence:g}, {page.dpi} dots an inch, "
        f"rotation {page.rotation}, skew {page.skew:g}, {page.languages or '-'}, {page.engine}"
    )
    if not words:
        click.echo(page.text)
        return
    for left, top, width, height, confidence, word in page.words:
        click.echo(f"{left}\t{top}\t{width}\t{height}\t{confidence:g}\t{word}")
