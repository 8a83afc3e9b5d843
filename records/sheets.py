"""CSV files that people open in a spreadsheet."""

import csv
from collections.abc import Callable, Sequence

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Names and subjects are evidence and may be made to run something where they are opened.
    """
    return f"'{text}" if text.startswith(_STARTS) else text


class Sheet:
    """A CSV for people: UTF-8 with a byte order mark, nothing in it a formula."""

    def __init__(self, write: Callable[[bytes], object], columns: Sequence[str]) -> None:
        self._write = write
        self._writer = csv.writer(self)
        self.write("\ufeff")
        self._writer.writerow(columns)

    def row(self, *values: str) -> None:
        """Write a row."""
        self._writer.writerow([cell(each) for each in values])

    def write(self, text: str) -> None:
        """What csv writes to."""
        self._write(text.encode("utf-8", "backslashreplace"))
