"""A document as a reviewer reads it: what the index says of it, how it is coded, and the notes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.reading import Opened, Relative, opened_document
from index.tree import Node
from records.case import Case
from review import document_notes
from review.document_notes import Note
from review.history import Borne, standing


@dataclass(frozen=True, slots=True)
class Reading:
    """A document with its coding and notes; `coding` is None for who is to judge it unbiased.

    `tree` is the query whose hits are marked.
    """

    document: Opened
    tree: Node | None
    coding: tuple[Borne, ...] | None
    notes: tuple[Note, ...]


def read(case: Case, number: int, tree: Node | None = None, *, blind: bool = False) -> Reading:
    """Read a document; `blind` without its coding and notes, and the Bates numbers that show it.

    Raises `SelectionError` where there is none of this number.
    """
    found = opened_document(case, number, tree)
    if not blind:
        notes = document_notes.listing(case, [number])
        return Reading(found, tree, tuple(standing(case, number)), tuple(notes))
    facts = {name: value for name, value in found.facts.items() if name != "bates"}
    return Reading(Opened(number, facts, found.parts, found.family, found.thread), tree, None, ())


def json_of(reading: Reading, *, with_text: bool = True) -> dict[str, Any]:
    """All of it for `--json`; places of hits are in characters of the text as it is stored."""
    found = reading.document
    return {
        **found.facts,
        "hits": None if reading.tree is None else found.hits,
        "parts": [
            {
                "name": part.name,
                "hits": [{"start": start, "end": end} for start, end in part.marks],
                "text": part.text,
            }
            for part in found.parts
            if with_text or part.name != "text"
        ],
        "family": _relatives(found.family),
        "thread": _relatives(found.thread),
        "coding": None if reading.coding is None else [asdict(each) for each in reading.coding],
        "notes": [
            {"number": each.number, "at": each.at, "actor": each.actor, "text": each.text}
            for each in reading.notes
        ],
    }


def _relatives(group: Sequence[Relative]) -> list[dict[str, Any]]:
    return [
        {
            "control": each.control,
            "depth": each.depth,
            "type": each.type,
            "disposition": each.disposition,
            "told": each.told,
        }
        for each in group
    ]
