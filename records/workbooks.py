"""Workbooks (XLSX) for people: plain cells, nothing in them a formula, as many sheets as it takes.

The limits are those of the format's programs: 1,048,576 rows of a sheet, 32,767 characters of a
cell, 31 characters of a sheet's name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from records.sheets import cell

ROWS = 1_048_576
_CHARACTERS = 32_767
_CUT = " … [cut here: a cell holds no more]"
# What XML 1.0 cannot hold at all (section 2.2, Char), and half surrogates.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]]")
_BOLD = Font(bold=True)

type Value = str | int | float | None


class Book:
    """A workbook that is written row by row."""

    def __init__(self, rows: int = ROWS) -> None:
        self._book = Workbook(write_only=True)
        self._rows = rows

    def sheet(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Value]],
        widths: Sequence[int] = (),
    ) -> int:
        """Write a sheet with a heading, and further ones where one is full; how many there are."""
        left: Iterator[Sequence[Value]] | None = iter(rows)
        count = 0
        while left is not None:
            count += 1
            self._one(f"{title} {count}" if count > 1 else title, columns, left, widths)
            left = _more(left)
        return count

    def _one(
        self,
        title: str,
        columns: Sequence[str],
        rows: Iterator[Sequence[Value]],
        widths: Sequence[int],
    ) -> None:
        sheet = self._book.create_sheet(_NOT_IN_NAMES.sub(" ", title)[:31])
        sheet.freeze_panes = "A2"
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        heading = [WriteOnlyCell(sheet, value=_plain(each)) for each in columns]
        for each in heading:
            each.font = _BOLD
        sheet.append(heading)
        for row in islice(rows, self._rows - 1):
            sheet.append([_plain(each) for each in row])

    def save(self, file: BinaryIO) -> None:
        """Write all of it; nothing can be added after."""
        self._book.save(file)


def _more(rows: Iterator[Sequence[Value]]) -> Iterator[Sequence[Value]] | None:
    """The rest, if there is any."""
    for row in rows:
        return chain([row], rows)
    return None


def _plain(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    text = cell(_NO_CHARACTER.sub("\ufffd", value))
    return text if len(text) <= _CHARACTERS else text[: _CHARACTERS - len(_CUT)] + _CUT
