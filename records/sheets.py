"""CSV files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    Names and subjects are evidence and may be made to run something where they are opened.
    """
    return f"'{text}" if text.startswith(_STARTS) else text


class Sheet:
    """A CSV for people: UTF-8 with a byte order mark, nothing in it a formula."""

    def __init__(self, file: BinaryIO, columns: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._writer.writerow(columns)

    def row(self, *values: str) -> None:
        """Write a row."""
        self._writer.writerow([cell(each) for each in values])

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._text.detach()
