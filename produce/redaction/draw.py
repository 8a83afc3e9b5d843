"""Redactions drawn by hand, and suggested by terms and by the form of personal data."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pyroaring import BitMap

from produce.columns import STANDARD
from produce.imaging.characters import PageCharacters
from produce.record import Production
from produce.redaction import record, scope
from produce.redaction.codes import find_code
from produce.redaction.finding import Hit, boxes_of, context_of, find_term, text_under
from produce.redaction.pages import Prepared, pages_of, prepare
from produce.redaction.personal import find_personal
from produce.redaction.record import Box, Drawn, Kind, Origin, Redaction, State
from records.case import Case
from records.control import control
from records.errors import RedactionError
from records.options import Advance
from review.targets import require_known

PLACED = frozenset(
    {
        *("BegBates", "EndBates", "BegAttach", "EndAttach", "ParentBates", "ChildBates"),
        *("AttachmentCount", "PageCount", "Confidentiality", "Redacted", "Withheld", "PrivReason"),
        *("TimeZone", "ProdVolume", "NativeLink", "TextLink", "ControlNumber"),
        *("Custodian", "AllCustodians", "AttachRange", "DocID", "ProducingParty", "Properties"),
    }
)
"""Fields that tell where a document stands in a volume and from whom it comes, which is told even
of a withheld one.
"""

type Look = Callable[[PageCharacters], Iterator[Hit]]


def draw(
    case: Case,
    document: int,
    pages: Sequence[int],
    boxes: Sequence[Box],
    code: str,
    remark: str = "",
    production: Production | None = None,
) -> list[Redaction]:
    """Draw boxes on pages of a document, or without boxes cover the pages whole; confirmed at once.

    Raises `RedactionError` for a page that is not there or a box that covers nothing of it.
    """
    _require(case, [document], code)
    prepared = pages_of(case, document, production, scope.unnamed(case))
    drawn = [
        _drawn(prepared, number, boxes, remark)
        for number in (pages or range(1, len(prepared.pages) + 1))
    ]
    return record.add(case, code, drawn, State.CONFIRMED)


def _require(case: Case, documents: Iterable[int], code: str) -> None:
    """Refuse what can be refused before pages are made."""
    with case.read() as connection:
        require_known(connection, BitMap(documents))
        find_code(connection, code)


def _drawn(prepared: Prepared, number: int, boxes: Sequence[Box], remark: str) -> Drawn:
    if not 1 <= number <= len(prepared.pages):
        raise RedactionError(
            f"{control(prepared.document)} has no page {number}: it has {len(prepared.pages)}"
        )
    page = prepared.pages[number - 1]
    whole = (0.0, 0.0, page.width, page.height)
    placed = tuple(_clipped(each, page, prepared.document, number) for each in boxes) or (whole,)
    return Drawn(
        prepared.document,
        Kind.BOX if boxes else Kind.PAGE,
        Origin.HAND,
        number,
        placed,
        found=text_under(page, placed),
        reason=remark,
        render_sha256=prepared.render_sha256,
        picture_sha256=page.picture_sha256,
    )


def _clipped(box: Box, page: PageCharacters, document: int, number: int) -> Box:
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(page.width, box[2]), min(page.height, box[3])
    if right - left < 1 or bottom - top < 1:
        raise RedactionError(
            f"The box {','.join(f'{each:g}' for each in box)} covers nothing of page {number} of "
            f"{control(document)}, which is {page.width:g} by {page.height:g} points: give LEFT,"
            "TOP,RIGHT,BOTTOM from the upper left corner"
        )
    return left, top, right, bottom


def suggest(
    case: Case,
    documents: Sequence[int],
    code: str,
    terms: Sequence[str],
    personal: tuple[str, ...],
    advance: Advance,
    production: Production | None = None,
) -> tuple[list[Redaction], dict[int, str]]:
    """Look for terms and personal data on the pages of documents, and suggest what is found.

    A batch of pages is one commit. Gives what is new, and documents without pages with the reason.
    """
    _require(case, documents, code)
    looks = [(Origin.TERM, _term(each)) for each in terms]
    if personal:
        looks.append((Origin.PATTERN, lambda page: find_personal(page, personal)))
    made: list[Redaction] = []
    unseen: dict[int, str] = {}
    for prepared in prepare(case, documents, production, scope.unnamed(case)):
        if prepared.reason:
            unseen[prepared.document] = prepared.reason
        drawn = list(_found(prepared, looks))
        if drawn:
            made += record.add(case, code, drawn, State.SUGGESTED)
        advance(1)
    return made, unseen


def _term(term: str) -> Look:
    return lambda page: find_term(page, term)


def _found(prepared: Prepared, looks: Sequence[tuple[Origin, Look]]) -> Iterator[Drawn]:
    for number, page in enumerate(prepared.pages, 1):
        for origin, look in looks:
            for hit in look(page):
                boxes = boxes_of(page, hit.start, hit.end)
                if boxes:
                    yield Drawn(
                        prepared.document,
                        Kind.BOX,
                        origin,
                        number,
                        boxes,
                        found=page.text[hit.start : hit.end],
                        context=context_of(page, hit.start, hit.end),
                        reason=hit.reason,
                        confidence=hit.confidence,
                        render_sha256=prepared.render_sha256,
                        picture_sha256=page.picture_sha256,
                    )


def redact_fields(
    case: Case, document: int, names: Sequence[str], code: str, remark: str = ""
) -> list[Redaction]:
    """Mask fields of a document in the load file, by hand; raises `RedactionError` for others."""
    known = {each.casefold(): each for each in STANDARD if each not in PLACED}
    odd = [each for each in names if each.casefold() not in known]
    if odd or not names:
        raise RedactionError(
            f"{', '.join(odd) or 'Nothing'} is no field that can be redacted; these can: "
            f"{', '.join(known.values())}"
        )
    _require(case, [document], code)
    drawn = [
        Drawn(document, Kind.FIELD, Origin.HAND, place=known[each.casefold()], reason=remark)
        for each in names
    ]
    return record.add(case, code, drawn, State.CONFIRMED)


def page_marks(redactions: Iterable[Redaction]) -> dict[int, list[tuple[Box, str]]]:
    """Boxes and codes by page, in the order of the page: as the imaging takes them."""
    found: dict[int, list[tuple[Box, str]]] = {}
    for each in redactions:
        if each.drawn.page is not None:
            told = [(box, each.code) for box in each.drawn.boxes]
            found.setdefault(each.drawn.page, []).extend(told)
    return {page: sorted(marks, key=_order) for page, marks in sorted(found.items())}


def _order(mark: tuple[Box, str]) -> Any:
    return mark[0][1], mark[0][0], mark
