"""A mail as it is produced: header block, body, names of its attachments.

A formatted body is laid out. Where the plain one says more (an alternative that its sender wrote
anew, what a mail client added), it comes behind, whole: nothing that is searched is on no page.
"""

import html as markup
import re
from collections.abc import Sequence
from pathlib import Path

from index.words import folded
from ingest.cids import cid_key
from ingest.html import html_string_text
from ingest.interface import ParsedMail
from produce.imaging import text
from produce.imaging.html import Resource, html_pdf, not_shown
from produce.imaging.own_words import APPENDED, PLAIN
from produce.imaging.raster import opened
from records.codes import Role

Header = Sequence[Sequence[str]]
MAX_HTML = 1_500_000
_SHAPED_CHUNK = 60_000
# What stands for a link or a picture in a plain text.
_ADDRESS = re.compile(
    r"<[^<>\s]*>|\[(?:cid|image|img)\b[^\]]*\]|(?:www\.|\w+:(?=[^\s:]))\S+|\S+@\S+", re.IGNORECASE
)
_SHORTEST = 3  # of words that tell


def with_attachments(header: Header, mail: ParsedMail) -> list[tuple[str, str]]:
    """The header lines, ending with the names of the attachments unless they are there already."""
    lines = [(str(label), str(value)) for label, value in header]
    names = [part.name for part in mail.parts if part.role is Role.ATTACHMENT]
    if names and not any(label.casefold().startswith("attachment") for label, _ in lines):
        lines.append(("Attachments", "; ".join(names)))
    return lines


def mail_pdf(mail: ParsedMail, header: Header, target: Path) -> tuple[int, list[str]]:
    """Lay the mail out; the number of pages, and what was odd."""
    lines = with_attachments(header, mail)
    if mail.html and len(mail.html) <= MAX_HTML:
        parts = {
            cid_key(part.content_id): Resource(part.content_type, part.data)
            for part in mail.parts
            if part.role is Role.INLINE  # an attachment may be withheld: never served
        }
        top = head_html(lines) + (_paragraphs(mail.entry) if mail.entry else "")
        pages, refused = html_pdf(top + mail.html, target, parts)
        odd = not_shown(refused)
        if not _says_more(mail, target):
            return pages, odd
        pages, more = append(target, PLAIN, mail.body)
        return pages, [*odd, *more]
    pages, odd = text_pdf(mail.body, lines, target)
    return pages, [*odd, "printed as plain text: its HTML is too long"] if mail.html else odd


def _says_more(mail: ParsedMail, pages: Path) -> bool:
    """Whether the plain text has words that the pages of the formatted one do not show."""
    words = {each for each in folded(_ADDRESS.sub(" ", mail.body)) if len(each) >= _SHORTEST}
    if not words:
        return False
    with opened(pages) as document:
        shown = folded("\n".join(page.get_textpage().get_text_range() for page in document))
    words -= set(shown)
    together = "".join(shown)
    missing = {each for each in words if each not in together}
    joined = {each for each in missing if text.needs_shaping(each)}  # a PDF garbles their letters
    return bool(missing - joined) or not joined.issubset(folded(html_string_text(mail.html or "")))


def append(pages: Path, title: str, said: str) -> tuple[int, list[str]]:
    """Put a text behind the pages of a PDF; how many there are then, and what is odd of it."""
    own, behind = (pages.with_name(f"{pages.name}.{each}") for each in ("pages", "behind"))
    _, odd = text_pdf(said, [(APPENDED, title)], behind)
    pages.rename(own)
    return text.join([own, behind], pages), odd


def text_pdf(body: str, header: Header, target: Path) -> tuple[int, list[str]]:
    """Print text below a header block; scripts that join their letters go through WeasyPrint."""
    if text.needs_shaping(body) or any(text.needs_shaping(value) for _, value in header):
        return _shaped_pdf(body, header, target), []
    pages, missing = text.write_pdf(body, text.header_lines(header), target)
    return pages, [f"no font has {len(missing)} of its characters"] if missing else []


def _shaped_pdf(body: str, header: Header, target: Path) -> int:
    """Lay out piece by piece, so that a long text takes time in proportion."""
    pieces = _pieces(body)
    targets = []
    for number, piece in enumerate(pieces):
        part = target.with_name(f"{target.name}.{number}")
        head = head_html(header) if number == 0 else ""
        html_pdf(head + _paragraphs(piece), part, {})
        targets.append(part)
    return text.join(targets, target)


def _pieces(body: str) -> list[str]:
    pieces, size = [[]], 0  # type: list[list[str]], int
    for line in body.replace("\f", "\n").splitlines():
        if size > _SHAPED_CHUNK:
            pieces.append([])
            size = 0
        pieces[-1].append(line)
        size += len(line) + 1
    return ["\n".join(each) for each in pieces]


def _paragraphs(body: str) -> str:
    rows = (
        f'<div dir="{"rtl" if text.is_right_to_left(line) else "ltr"}">{markup.escape(line)}</div>'
        if line.strip()
        else "<div>&nbsp;</div>"
        for line in body.splitlines()
    )
    return f'<div class="redwell-text">{"".join(rows)}</div>'


def head_html(header: Header) -> str:
    """The header block as HTML that comes before the body's own."""
    rows = "".join(
        f"<tr><td>{markup.escape(label)}:</td><td>{markup.escape(value)}</td></tr>"
        for label, value in header
    )
    table = f'<table class="redwell-head">{rows}</table>' if rows else ""
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{table}'
