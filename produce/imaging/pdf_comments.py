"""Words of the notes on a PDF's pages, which its pages do not show: only their marks are drawn."""

import pikepdf

from process.hidden import Findings, whose

# ISO 32000-1, 12.5.6.2; the words of free text are drawn themselves.
_MARKUP = frozenset(
    {
        *("/Text", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Ink"),
        *("/Stamp", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine", "/FileAttachment"),
        *("/Sound", "/Redact"),
    }
)
_UNSEEN = 1 << 1 | 1 << 5  # hidden, no view
_MOST = 2_000_000


def comments_of(pdf: pikepdf.Pdf) -> Findings:
    """The notes of all pages, those that are not to be seen apart."""
    findings = Findings(room=_MOST)
    for number, page in enumerate(pdf.pages, 1):
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array):
            continue
        for each in annotations.as_list():
            if isinstance(each, pikepdf.Dictionary):
                _look(each, f"Page {number}", findings)
    return findings


def _look(annotation: pikepdf.Dictionary, where: str, findings: Findings) -> None:
    if str(annotation.get("/Subtype")) not in _MARKUP:
        return
    flags = annotation.get("/F")
    unseen = isinstance(flags, int) and bool(flags & _UNSEEN)
    author, words, date = (_text(annotation.get(key)) for key in ("/T", "/Contents", "/M"))
    findings.say(
        "hidden-annotations" if unseen else "comments",
        whose(f"{where}, {author}" if author else where, date),
        words,
    )


def _text(value: object) -> str:
    return str(value) if isinstance(value, pikepdf.String) else ""
