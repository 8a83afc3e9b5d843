"""Whether a page's characters are what is seen: none invisible, covered, or said to be others."""

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

INVISIBLE, COVERED, ACTUAL_TEXT = "invisible text", "covered text", "ActualText"
_UNSEEN_MODES = frozenset({3, 7})  # neither filled nor stroked (ISO 32000-1, table 106)
_DEPTH = 16
_LEAST_WIDTH = 1.0  # points; less covers no letter
_LEAST_SHARE = 0.5  # of a letter's height; an underline covers less
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

type Matrix = tuple[float, float, float, float, float, float]


def doubts(
    document: pypdfium2.PdfDocument, number: int, page: pikepdf.Dictionary
) -> tuple[str, ...]:
    """Why the characters of a page may not be what is seen; empty where they are."""
    with_page = document[number]
    try:
        texts, covers, unseen = _objects(with_page)
    finally:
        with_page.close()
    found = [INVISIBLE] if unseen else []
    if _any_covered(texts, covers):
        found.append(COVERED)
    if _says_otherwise(page):
        found.append(ACTUAL_TEXT)
    return tuple(found)


def _objects(page: Any) -> tuple[list[list[float]], list[list[float]], bool]:
    """Bounds of text and of what may lie upon it, each with its place in the order of painting."""
    texts, covers, unseen = [], [], False
    for place, (each, matrix) in enumerate(_walk(page.raw, None, _IDENTITY, 0)):
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            unseen = unseen or pdfium.FPDFTextObj_GetTextRenderMode(each) in _UNSEEN_MODES
            texts.append([place, *_bounds(each, matrix)])
        elif _covers(each, kind):
            covers.append([place, *_bounds(each, matrix)])
    return texts, covers, unseen


def _walk(page: Any, form: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
    """Objects in the order of painting, those of forms in their place."""
    count = (
        pdfium.FPDFPage_CountObjects(page)
        if form is None
        else pdfium.FPDFFormObj_CountObjects(form)
    )
    for index in range(count):
        each = (
            pdfium.FPDFPage_GetObject(page, index)
            if form is None
            else pdfium.FPDFFormObj_GetObject(form, index)
        )
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEPTH:
            yield from _walk(page, each, _times(_matrix(each), matrix), depth + 1)
        else:
            yield each, matrix


def _matrix(each: Any) -> Matrix:
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(each, found):
        return _IDENTITY
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(m: Matrix, n: Matrix) -> Matrix:
    """First `m`, then `n` (ISO 32000-1, 8.3.4)."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _bounds(each: Any, matrix: Matrix) -> list[float]:
    edges = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(each, *edges):
        return [0.0, 0.0, 0.0, 0.0]
    left, bottom, right, top = (edge.value for edge in edges)
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (left, right) for y in (bottom, top)]
    ys = [b * x + d * y + f for x in (left, right) for y in (bottom, top)]
    return [min(xs), min(ys), max(xs), max(ys)]


def _covers(each: Any, kind: int) -> bool:
    if kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
        return True
    if kind != pdfium.FPDF_PAGEOBJ_PATH:
        return False
    mode, stroke = ctypes.c_int(), pdfium.FPDF_BOOL()
    pdfium.FPDFPath_GetDrawMode(each, mode, stroke)
    return bool(mode.value != pdfium.FPDF_FILLMODE_NONE)


def _any_covered(texts: list[list[float]], covers: list[list[float]]) -> bool:
    if not texts or not covers:
        return False
    below = np.array(texts)
    return any(_covered(below, cover) for cover in covers)


def _covered(texts: NDArray[np.float64], cover: list[float]) -> bool:
    place, left, bottom, right, top = cover
    wide = np.minimum(texts[:, 3], right) - np.maximum(texts[:, 1], left)
    high = np.minimum(texts[:, 4], top) - np.maximum(texts[:, 2], bottom)
    enough = _LEAST_SHARE * np.maximum(texts[:, 4] - texts[:, 2], 0.1)
    return bool(np.any((texts[:, 0] < place) & (wide >= _LEAST_WIDTH) & (high >= enough)))


def _says_otherwise(page: pikepdf.Dictionary) -> bool:
    """Whether marked content tells a text of its own (ISO 32000-1, 14.9.4)."""
    return any(b"ActualText" in each for each in _streams(page)) or _in_properties(page)


def _streams(page: pikepdf.Dictionary) -> Iterator[bytes]:
    contents = page.get("/Contents")
    parts = contents.as_list() if isinstance(contents, pikepdf.Array) else [contents]
    resources = page.get("/Resources")
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if isinstance(named, pikepdf.Dictionary):
        forms = (named[key] for key in named.keys())  # noqa: SIM118
        parts = [*parts, *(each for each in forms if each.get("/Subtype") == "/Form")]
    for each in parts:
        if isinstance(each, pikepdf.Stream):
            yield each.read_bytes()


def _in_properties(page: pikepdf.Dictionary) -> bool:
    resources = page.get("/Resources")
    named = resources.get("/Properties") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return False
    values = [named[key] for key in named.keys()]  # noqa: SIM118
    return any(isinstance(each, pikepdf.Dictionary) and "/ActualText" in each for each in values)
