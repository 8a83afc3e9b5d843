"""What a document holds beside what its pages show, as sheets of our own behind its pages.

LibreOffice prints neither comments nor hidden text, and who changed what and when is on no page.
`process.hidden_look` finds all this; here it is set out by the rule of the production, and what
the rule leaves out, or nothing can show, is told for the record.
"""

from dataclasses import dataclass
from pathlib import Path

import pikepdf

from process.hidden import Findings
from process.hidden_look import LOOKED, look
from produce.imaging.mail import append
from produce.imaging.own_words import SECTIONS, TITLE
from produce.interface import OfficeRule

_MOST = 2_000_000  # characters of sheets
_HIDDEN = (
    *("hidden-rows", "hidden-columns", "hidden-sheets", "hidden-slides", "hidden-text"),
    *("white-text", "off-page", "invisible-text", "hidden-layers", "hidden-annotations"),
    *("hidden-headers", "hidden-names"),
)


@dataclass(frozen=True, slots=True)
class Sheets:
    """The text of the sheets, empty for none, and what is not shown anywhere.

    `by_rule` tells that the rule keeps something off the pages, or might.
    """

    text: str
    odd: tuple[str, ...]
    by_rule: bool


def findings_of(path: Path, kind: str) -> Findings:
    """What is hidden in a file of this type; nothing where the type is not looked into."""
    findings = Findings(room=_MOST)
    if kind in LOOKED:
        look(path, kind, findings)
    return findings


def sheets_of(findings: Findings, rule: OfficeRule, on_pages: frozenset[str]) -> Sheets:
    """Set out what was found; `on_pages` are kinds that the pages show in full already."""
    sections, odd = [], []
    by_rule = bool(findings.faults or findings.cut) and rule != OfficeRule()
    for kind, title in SECTIONS.items():
        if kind not in findings.kinds or kind in on_pages:
            continue
        passages = findings.passages.get(kind, [])
        if not rule.shows(kind):
            odd.append(_left_out(kind, title, len(passages)))
            by_rule = True
        elif passages:
            sections.append("\n".join((title.upper(), "", *passages)))
        elif kind != "tracked-changes":  # of format alone: the pages show what it is now
            odd.append(f"not shown: {title.lower()} without words")
    if findings.linked:
        odd.append(f"not shown: {len(findings.linked)} things that it only links to")
    if findings.cut:
        odd.append("not shown: more hidden content than its sheets take")
    odd += [f"what it hides may not be shown: {each}" for each in findings.faults]
    return Sheets("\n\n\n".join(sections), tuple(odd), by_rule)


def _left_out(kind: str, title: str, count: int) -> str:
    if kind == "tracked-changes":
        return "shown as if its tracked changes were accepted"
    return f"not shown by rule: {title.lower()}" + (f" ({count})" if count else "")


def append_sheets(pages: Path, sheets: Sheets) -> tuple[int, list[str]]:
    """Put the sheets behind the pages of a PDF; how many pages it has, and what is odd of them."""
    return append(pages, TITLE, sheets.text) if sheets.text else (_count(pages), [])


def _count(pages: Path) -> int:
    with pikepdf.open(pages) as pdf:
        return len(pdf.pages)
