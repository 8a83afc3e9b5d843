"""Rows of a volume in a scratch file: each is read again by its place, none is held in memory."""

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType


class Spool:
    """Takes rows in and gives them back by place; the file goes with the case's scratch folder."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w+b")
        self._offsets = array("q", [0])

    def add(self, data: int, values: Sequence[str], raw: str, fault: str) -> int:
        """Add a row of the mapping's file number `data`; its place."""
        line = json.dumps([data, list(values), raw if fault else "", fault]).encode() + b"\n"
        self._file.seek(self._offsets[-1])
        self._file.write(line)
        self._offsets.append(self._offsets[-1] + len(line))
        return len(self._offsets) - 2

    def get(self, place: int) -> tuple[int, list[str], str, str]:
        """File number, values, raw text and fault of a row."""
        begin, end = self._offsets[place], self._offsets[place + 1]
        self._file.seek(begin)
        data, values, raw, fault = json.loads(self._file.read(end - begin))
        return data, values, raw, fault

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._file.close()
