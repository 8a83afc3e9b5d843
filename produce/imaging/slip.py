"""Slip sheets: lines of text in the middle of a Letter page."""

import html as markup
from collections.abc import Sequence
from pathlib import Path

import pikepdf

from produce.imaging import text
from produce.imaging.geometry import LETTER
from produce.imaging.html import html_pdf
from produce.imaging.words import Words, Writer

SIZE, LEADING, WIDTH = 14.0, 20.0, 480.0
_MOST_LINES = 28


def slip_pdf(lines: Sequence[str], target: Path) -> None:
    """Write one page that shows `lines`, centred; long ones are broken, too many cut with an …."""
    if any(map(text.needs_shaping, lines)):
        _shaped(lines, target)
        return
    rows = [row for line in lines for row in text.wrap(line, int(WIDTH / (SIZE * 0.6)))]
    if len(rows) > _MOST_LINES:
        rows = [*rows[: _MOST_LINES - 1], "…"]
    pdf = pikepdf.new()
    writer = Writer(pdf)
    top = (LETTER[1] + LEADING * len(rows)) / 2 - SIZE
    shown = [_centred(writer.words(row), top - LEADING * n) for n, row in enumerate(rows) if row]
    page = pikepdf.Dictionary(
        Type=pikepdf.Name.Page,
        MediaBox=[0, 0, *LETTER],
        Resources=pikepdf.Dictionary(Font=writer.fonts()),
        Contents=pdf.make_stream("\n".join(shown).encode("ascii")),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(target, deterministic_id=True)


def _centred(words: Words, y: float) -> str:
    return words.show(SIZE, (LETTER[0] - words.width * SIZE / 1000) / 2, y)


def _shaped(lines: Sequence[str], target: Path) -> None:
    """The same by WeasyPrint, for scripts that join their letters."""
    rows = "".join(f"<div>{markup.escape(line) or '&nbsp;'}</div>" for line in lines[:_MOST_LINES])
    style = "text-align:center;font-size:14pt;line-height:1.4;margin-top:360px"
    html_pdf(f'<!DOCTYPE html><body><div style="{style}">{rows}</div></body>', target, {})
    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        del pdf.pages[1:]
        pdf.save(target, deterministic_id=True)
