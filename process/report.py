"""Reads what the child reports of a family, trusting none of it.

A child that was taken over by what it read may answer anything. What makes no sense, or names
files that are not its own, is refused before any of it reaches the store.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from records.codes import Code, Disposition, Role
from records.errors import raise_if_full
from records.fields import Fields
from records.notes import Note


class ReportError(Exception):
    """A report that makes no sense."""


@dataclass(frozen=True, slots=True)
class Told:
    """One member as the child reports it; `values` are those that its record takes as they are.

    Its bytes are at `path`; its text is in `text`, or in the file `text_path`, or there is none.
    """

    values: dict[str, Any]
    path: Path
    text: str | None
    text_path: Path | None
    chars: int


_RUBBISH = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OSError)
_NONE = type(None)
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("role", "name", "name_bytes", "path", "mime", "type", "ext", "outcome"), str),
    **dict.fromkeys(("text", "text_path", "dedup_hash", "mih"), (str, _NONE)),
    **dict.fromkeys(("ocr_pages", "notes"), list),
    **dict.fromkeys(("fields", "raw"), dict),
    "chars": int,
    "pages": (int, _NONE),
}


def read_report(answer: dict[str, Any], own: Callable[[str], Path]) -> list[Told]:
    """The members that an answer describes, the root first; raises `ReportError`.

    `own` gives the path of a file that the child may name, and raises `ValueError` for others.
    """
    try:
        told = answer["members"] if "members" in answer else own(answer["report"]).read_bytes()
        found = json.loads(told)
        if not isinstance(found, list) or not found:
            raise TypeError("it is no list of members")
        return [_member(values, number, own) for number, values in enumerate(found)]
    except _RUBBISH as error:
        raise_if_full(error)
        raise ReportError(f"{type(error).__name__}: {error}"[:300]) from error


def _member(values: dict[str, Any], number: int, own: Callable[[str], Path]) -> Told:
    _check(values, number)
    path = own(values["path"])
    path.stat()
    text_path = None if values["text_path"] is None else own(values["text_path"])
    if text_path is not None:
        text_path.stat()
    kept = {
        "parent": values["parent"],
        "role": Role(values["role"]),
        "name": values["name"],
        "name_bytes": bytes.fromhex(values["name_bytes"]),
        "mime": values["mime"],
        "type": values["type"],
        "ext": values["ext"],
        "outcome": Disposition(values["outcome"]),
        "pages": values["pages"],
        "ocr_pages": tuple(values["ocr_pages"]),
        "fields": Fields.from_json(values["fields"]),
        "raw": values["raw"],
        "notes": tuple(Note(**note | {"code": Code(note["code"])}) for note in values["notes"]),
        "dedup_hash": values["dedup_hash"] if number == 0 else None,
        "mih": values["mih"],
    }
    return Told(kept, path, values["text"], text_path, values["chars"])


def _check(values: dict[str, Any], number: int) -> None:
    """Raise where a member's values are not of the kinds they must be."""
    for name, kind in _KINDS.items():
        if not isinstance(values[name], kind):
            raise TypeError(f"{name} is {type(values[name]).__name__}")
    parent = values["parent"]
    if not (parent is None if number == 0 else type(parent) is int and 0 <= parent < number):
        raise ValueError("a member has no holder before it")
    if not all(type(page) is int and page >= 0 for page in values["ocr_pages"]):
        raise TypeError("a page is no number")
