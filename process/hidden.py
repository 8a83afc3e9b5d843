"""Content that a reader of a document does not see: kinds, and what was found of each.

What is found goes to the end of the document's text, in one marked section for each kind. Tika's
text stays whole, so that nothing is lost where both read it; the words are then there twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

VERSION = "1"
TOOL = "hidden"

KINDS: Mapping[str, str] = {
    "tracked-changes": "Insertions, deletions and moves, and changes of format, still on record",
    "comments": "Comments of reviewers; notes and marks with words on PDF pages",
    "hidden-rows": "Rows of a sheet that are hidden, filtered away or of no height",
    "hidden-columns": "Columns of a sheet that are hidden or of no width",
    "hidden-sheets": "Sheets that are hidden, also those that only a program can show",
    "hidden-slides": "Slides that are left out of the show",
    "speaker-notes": "Notes of the speaker below a slide",
    "hidden-text": "Text marked as hidden, hidden shapes, cells whose format shows nothing",
    "white-text": "White letters where nothing dark is behind them",
    "off-page": "Text outside the page",
    "invisible-text": "Text of a PDF drawn without ink",
    "hidden-layers": "Text of PDF layers that are off when the document opens",
    "hidden-annotations": "Notes and fields of a PDF that are not shown",
    "hidden-headers": "Headers and footers that no page shows",
    "hidden-names": "Defined names of a workbook that its lists do not show",
    "macros": "Programs inside the document",
    "embedded-objects": "Documents or objects inside the document",
    "linked-objects": "What is shown or used from elsewhere; see the field `linked`",
    "ocr-layer": "Invisible text over the picture of a page: words that OCR read before",
}
"""Every kind in the order of its section, with what it means."""

UNSEEN = frozenset(KINDS) - {"ocr-layer", "embedded-objects", "linked-objects", "macros"}
"""Kinds that are words which a person looking at the document would miss."""

_BLANKS = re.compile(r"[^\S\t]+")  # a passage is one line; tabs part the cells of a row
_MOST_LINKED = 1000
_MOST_LINK = 2000


@dataclass(slots=True)
class Findings:
    """What was found hidden in one document, up to `room` characters of it.

    `faults` is what hindered the look; `cut` tells that there was more.
    """

    room: int = 1_000_000
    kinds: set[str] = field(default_factory=set)
    passages: dict[str, list[str]] = field(default_factory=dict)
    linked: dict[str, None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    cut: bool = False

    def flag(self, kind: str) -> None:
        """There is something of this kind, whether it has words or not."""
        assert kind in KINDS, kind
        self.kinds.add(kind)

    def say(self, kind: str, where: str, text: str) -> None:
        """Words of this kind, and where or whose they are; no words are not listed."""
        words = _BLANKS.sub(" ", text).strip()
        if not words:
            return
        self.flag(kind)
        line = f"{where}: {words}" if where else words
        if len(line) + 1 > self.room:
            self.cut = True
            line = line[: max(0, self.room - 1)]
        if line:
            self.room -= len(line) + 1
            self.passages.setdefault(kind, []).append(line)

    def link(self, target: str) -> None:
        """Something that is shown or used from elsewhere; it is never fetched."""
        self.flag("linked-objects")
        if len(self.linked) < _MOST_LINKED:
            self.linked[" ".join(target.split())[:_MOST_LINK]] = None
        else:
            self.cut = True

    def fault(self, text: str) -> None:
        """Put what hindered the look on the list, once."""
        if text not in self.faults and len(self.faults) < 20:
            self.faults.append(text)

    def sections(self) -> str:
        """The words found, as marked sections to stand at the end of the text."""
        return "\n\n".join(
            "\n".join((f"[Hidden: {kind}]", *self.passages[kind]))
            for kind in KINDS
            if kind in self.passages
        )


def whose(author: str, date: str) -> str:
    """Author and date as a passage shows them."""
    return ", ".join(each for each in (author.strip(), date.strip()) if each)
