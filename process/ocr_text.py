"""The text of a document whose pages OCR read beside its own text, page by page.

Pages are parted by form feeds. Where a document has both sorts of text, what OCR read on a page
stands below the native text under a line with `MARK`, which holds no word that a search could
meet.
"""

from collections.abc import Mapping

PAGE_BREAK = "\f"
MARK = "\U0001f17e\U0001f172\U0001f181"
"""OCR in boxed letters, which are signs and no letters (Unicode, Enclosed Alphanumeric
Supplement)."""


def merge_pages(native: str, read: Mapping[int, str]) -> str:
    """Add each page's OCR text after its native text, marked where there is any native text."""
    mark = MARK if native.strip() else ""
    pages = native.split(PAGE_BREAK)
    pages += [""] * (max(read, default=-1) + 1 - len(pages))
    for page, text in read.items():
        if text.strip():
            parts = (pages[page].rstrip(), mark, text.strip())
            pages[page] = "\n".join(each for each in parts if each)
    return PAGE_BREAK.join(pages)


def native_pages(merged: str, read: Mapping[int, str]) -> str:
    """The native text again, given what OCR read; the space at the ends of pages may differ."""
    pages = merged.split(PAGE_BREAK)
    for page, text in read.items():
        if page < len(pages) and text.strip():
            pages[page] = _without(pages[page], text.strip())
    return PAGE_BREAK.join(pages)


def _without(page: str, text: str) -> str:
    if page == text:
        return ""
    for end in (f"{MARK}\n{text}", f"\n{text}"):  # older cases have no mark
        if page.endswith(end):
            return page.removesuffix(end).rstrip("\n")
    return page
