"""What is painted on a PDF page, object by object."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pypdfium2.raw as c


def objects(page: Any, most: int, forms: int) -> Iterator[tuple[Any, int, int]]:
    """The first `most` objects of a raw page, in the order of painting, as (object, kind, depth).

    What stands within a form comes after it, down to `forms` forms within forms.
    """
    return islice(
        _within(page, c.FPDFPage_CountObjects(page), c.FPDFPage_GetObject, 0, forms), most
    )


def _within(
    holder: Any, count: int, get: Callable[[Any, int], Any], depth: int, forms: int
) -> Iterator[tuple[Any, int, int]]:
    for at in range(count):
        if thing := get(holder, at):
            kind = c.FPDFPageObj_GetType(thing)
            yield thing, kind, depth
            if kind == c.FPDF_PAGEOBJ_FORM and depth < forms:
                held = c.FPDFFormObj_CountObjects(thing)
                yield from _within(thing, held, c.FPDFFormObj_GetObject, depth + 1, forms)
