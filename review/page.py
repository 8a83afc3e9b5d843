"""Prints a document to be read: its head, coding, family and thread, and its text, hits marked."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.text import Text

from index.hits import units
from index.reading import Opened, Part, Relative, around
from index.searching import read as read_query
from index.snippets import Piece, clean, excerpts, first_lines, marked, shown
from index.telling import bold, starred
from index.tree import Node
from records import times
from records.case import Case
from records.codes import REVIEWED, Disposition
from records.control import control
from records.errors import QueryError
from records.options import say
from review.history import Borne
from review.reading import Reading

_WIDTH = 12  # of the titles
_FIELDS = {
    "from": "From",
    "to": "To",
    "cc": "Cc",
    "bcc": "Bcc",
    "author": "Author",
    "subject": "Subject",
    "title": "Title",
    "filename": "File name",
}
_OPTIONS = (
    click.option("--lines", type=click.IntRange(min=0), help="Print so many lines of the text."),
    click.option(
        "--pager/--no-pager",
        default=False,
        help="Read it page by page; hits stand between stars there.",
    ),
)

_END = Piece("\n", False)

type Row = tuple[str, Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class Form:
    """How a document is printed: `text` is whole, hits or none; `lines` None prints all of them.

    `reach` is how many neighbours of the family and thread are shown on each side.
    """

    zone: ZoneInfo
    lines: int | None = None
    pager: bool = False
    text: str = "whole"
    reach: int = 5


def page_options[F: Callable[..., Any]](command: F) -> F:
    """Give a command the options `lines` and `pager`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def marking(case: Case, query: str, *, blind: bool = False) -> Node | None:
    """The query that documents were taken by, to mark its hits; None where it asks for no words.

    One that cannot be read any more, as it names a saved search that is gone, is None too, and that
    is said; to the `blind` without a reason, which might tell what they are not to know.
    """
    try:
        tree = read_query(case, query)
    except QueryError as error:
        why = "" if blind else f": {str(error).splitlines()[0]}"
        say(f"No hits are marked: the search that it comes from cannot be read any more{why}")
        return None
    return tree if any(units(tree)) else None


def print_reading(reading: Reading, form: Form, above: Iterable[tuple[str, str]] = ()) -> None:
    """Print a document below the titled lines `above`: styled on a terminal, else in plain text."""
    rows = [_said(title, text) for title, text in above]
    rows += [*_head(reading, form), *_text(reading, form)]
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    if form.pager:
        click.echo_via_pager("\n".join(map(_plain, rows)))
        return
    for row in rows:
        if console.is_terminal:
            title = (_title(row[0]), "dim")
            console.print(Text.assemble(title, bold(row[1], indent="")))
        else:
            click.echo(_plain(row))


def _plain(row: Row) -> str:
    return _title(row[0]) + starred(row[1])


def _title(title: str) -> str:
    return f"{title + ':':<{_WIDTH}}" if title else ""


def _said(title: str, text: str) -> Row:
    return title, (Piece(text, False),)


def _head(reading: Reading, form: Form) -> Iterator[Row]:
    """What stands above the text; what is empty is left out."""
    found, facts = reading.document, reading.document.facts
    yield _said("Document", _document(found))
    yield from _facts(found, {"custodians": "Custodian"})
    parts = {part.name: part for part in found.parts}
    yield from _field(parts, "path", "Found at")
    yield from _facts(found, {"date": "Date"})
    for name, title in _FIELDS.items():
        yield from _field(parts, name, title)
    yield from _facts(found, {"near": "Near", "exceptions": "Exceptions", "warnings": "Warnings"})
    if waiting := facts["waiting_for_ocr"]:
        told = "1 page waits" if waiting == 1 else f"{waiting} pages wait"
        yield _said("OCR", f"{told} for it: the text lacks what stands there")
    yield from _facts(found, {"bates": "Bates"})
    if reading.coding is not None:
        yield _said("Coding", "; ".join(map(_coded, reading.coding)) or "none")
    for note in reading.notes:
        at = times.zoned(note.at, form.zone)
        yield _said("Note", f"{clean(note.text)} ({clean(note.actor)}, {at})")
    yield from _relatives(found, found.family, "Family", form.reach)
    yield from _relatives(found, found.thread, "Thread", form.reach)
    if reading.tree is not None:
        yield _said("Hits", _counts(found))


def _document(found: Opened) -> str:
    facts = found.facts
    pages, language = facts["pages"], facts["language"]
    told = (
        *(facts["control"], facts["type"], facts["disposition"]),
        f"language {language}" if language else None,
        None if pages is None else "1 page" if pages == 1 else f"{pages} pages",
        f"{facts['size']:,} bytes",
    )
    return ", ".join(clean(str(each)) for each in told if each)


def _facts(found: Opened, titles: dict[str, str]) -> Iterator[Row]:
    for name, title in titles.items():
        if value := found.facts.get(name):
            yield _said(title, clean(str(value)))


def _field(parts: dict[str, Part], name: str, title: str) -> Iterator[Row]:
    part = parts.get(name)
    if part is None or (name == "filename" and _told_already(part, parts)):
        return
    yield title, [shown(each, flat=True) for each in marked(part.text, part.marks)]


def _told_already(name: Part, parts: dict[str, Part]) -> bool:
    """Whether a file name is the end of the address, and no hit of its own is to be marked."""
    return not name.marks and "path" in parts and parts["path"].text.endswith(name.text)


def _coded(borne: Borne) -> str:
    group = f"{borne.group}: " if borne.group else ""
    return clean(f"{group}{borne.tag}" + (f" ({borne.basis})" if borne.basis else ""))


def _relatives(
    found: Opened, relatives: Sequence[Relative], title: str, reach: int
) -> Iterator[Row]:
    if len(relatives) < 2:
        return
    first, after = around(relatives, found.id, reach)
    left = len(relatives) - (after - first)
    query = f"{title.lower()}:{control(found.id)}"
    more = f", {left} of them not shown: redwell search {query}" if left else ""
    yield _said(title, f"{len(relatives)} documents{more}")
    for each in relatives[first:after]:
        mark = ">" if each.id == found.id else " "
        depth = "  " * min(each.depth, 8)
        kind = each.type if each.disposition in REVIEWED else f"{each.type}, {each.disposition}"
        yield _said("", f" {mark} {each.control}  {depth}{kind}  {each.told}")


def _counts(found: Opened) -> str:
    parts = [f"{part.name} {len(part.marks):,}" for part in found.parts if part.marks]
    return f"{found.hits:,}" + (f" ({', '.join(parts)})" if parts else "")


def _text(reading: Reading, form: Form) -> Iterator[Row]:
    if form.text == "none":
        return
    yield "", ()
    part = next((each for each in reading.document.parts if each.name == "text"), None)
    pieces = _pieces(part, reading, form)
    if part is None or not "".join(each.text for each in pieces).strip():
        yield _said("", _without_text(reading, form))
        return
    if form.lines is None:
        yield "", pieces
        return
    kept, left = first_lines(pieces, form.lines)
    if form.lines:
        yield "", kept
    if left:
        yield _said("", _more(left))


def _without_text(reading: Reading, form: Form) -> str:
    if reading.document.facts["disposition"] == Disposition.PENDING:
        return "(not read yet: run redwell process)"
    return "(no text)" if form.text == "whole" else "(no hits in the text)"


def _pieces(part: Part | None, reading: Reading, form: Form) -> list[Piece]:
    """The text, or the surroundings of its hits, without empty lines at its end."""
    if part is None:
        return []
    if form.text == "hits" and reading.tree is not None:
        found = excerpts(part.text, reading.tree, "text")
        pieces = [each for one in found for each in (Piece("    ", False), *one, _END)]
    else:
        pieces = [shown(each) for each in marked(part.text, part.marks)]
    if pieces:
        pieces[-1] = Piece(pieces[-1].text.rstrip("\n"), pieces[-1].hit)
    return pieces


def _more(left: Sequence[Piece]) -> str:
    lines = 1 + sum(each.text.count("\n") for each in left)
    hits = sum(each.hit and bool(each.text) for each in left)
    told = "1 more line" if lines == 1 else f"{lines:,} more lines"
    within = ", 1 hit in them" if hits == 1 else f", {hits:,} hits in them" if hits else ""
    return f"… {told}{within}"
