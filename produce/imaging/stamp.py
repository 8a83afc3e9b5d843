"""Bates number and legend on every page of a PDF, in a band freed below the content.

The page is wrapped in a Form XObject, so that nothing that it leaves open reaches the stamp; its
visible box becomes the page, upright, with its size unchanged; the content shrinks towards the
top by the height of the band.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from produce.imaging.errors import RenderError
from produce.imaging.geometry import View, inherited, view_of
from produce.imaging.words import Words, Writer, latin, number_text
from records.codes import Code

BAND = 0.025  # of the page's height
_LEAST_BAND = 14.0  # points, on pages that are tall enough for it
_MOST_BAND = 0.15


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things go on a page of a given size, in points."""

    width: float
    height: float
    band: float
    size: float
    margin: float

    @property
    def scale(self) -> float:
        """By how much the content shrinks."""
        return 1 - self.band / self.height

    @property
    def baseline(self) -> float:
        """Of number and legend, above the lower edge."""
        return self.band * 0.38


def layout(width: float, height: float, number: Words, legend: Words) -> Layout:
    """The band and a size of type in which number and legend stand side by side."""
    band = max(BAND * height, min(_LEAST_BAND, _MOST_BAND * height))
    margin = min(0.03 * width, 36.0)
    gap = 2.0 if legend.pieces else 0.0  # ems between the two
    fitting = (width - 2 * margin) / ((number.width + legend.width) / 1000 + gap)
    return Layout(width, height, band, min(band * 0.55, fitting), margin)


class Stamper:
    """Stamps pages of one PDF; font objects are shared by all of them."""

    def __init__(self, pdf: pikepdf.Pdf, legend: str) -> None:
        self._pdf = pdf
        writer = Writer(pdf)
        self._legend = writer.words(legend)
        self._fonts = writer.fonts()

    def stamp(self, page: pikepdf.Dictionary, bates: str) -> None:
        """Rewrite `page` in place: its old content, shrunk, and the stamp."""
        view = view_of(page)
        width, height = view.size
        form = self._form(page, view)
        number = latin(bates)
        place = layout(width, height, number, self._legend)
        content = _content(view, place, number, self._legend)
        keep = {"/Type", "/Parent"}
        for key in [key for key in page.keys() if key not in keep]:  # noqa: SIM118
            del page[key]
        page["/MediaBox"] = pikepdf.Array([0, 0, _round(width), _round(height)])
        page["/CropBox"] = pikepdf.Array([0, 0, _round(width), _round(height)])
        page["/Resources"] = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(RwPage=form), Font=self._fonts
        )
        page["/Contents"] = self._pdf.make_stream(content)

    def _form(self, page: pikepdf.Dictionary, view: View) -> pikepdf.Object:
        form = _copied_content(self._pdf, page.get("/Contents"))
        form["/Type"] = pikepdf.Name.XObject
        form["/Subtype"] = pikepdf.Name.Form
        form["/BBox"] = pikepdf.Array(
            [
                _round(each)
                for each in (view.box.left, view.box.bottom, view.box.right, view.box.top)
            ]
        )
        form["/Resources"] = inherited(page, "/Resources") or pikepdf.Dictionary()
        group = page.get("/Group")
        if isinstance(group, pikepdf.Dictionary):
            form["/Group"] = group
        return form


def _copied_content(pdf: pikepdf.Pdf, contents: pikepdf.Object | None) -> pikepdf.Stream:
    """The page's content as one new stream; a single one is taken over still compressed."""
    if isinstance(contents, pikepdf.Stream):
        copied = pikepdf.Stream(pdf, contents.read_raw_bytes())
        for key in ("/Filter", "/DecodeParms"):
            if key in contents:
                copied[key] = contents[key]
        return copied
    parts = list(contents.as_list()) if isinstance(contents, pikepdf.Array) else []
    streams = [each for each in parts if isinstance(each, pikepdf.Stream)]
    return pikepdf.Stream(pdf, b"\n".join(each.read_bytes() for each in streams))


def _content(view: View, place: Layout, number: Words, legend: Words) -> bytes:
    """Draw the old page by its form, then number and legend in the band."""
    a, b, c, d, e, f = view.upright()
    s = place.scale
    dx, dy = (1 - s) / 2 * place.width, place.band
    matrix = " ".join(
        number_text(each) for each in (a * s, b * s, c * s, d * s, e * s + dx, f * s + dy)
    )
    right = place.width - place.margin - number.width * place.size / 1000
    lines = [f"q {matrix} cm /RwPage Do Q"]
    for words, x in ((legend, place.margin), (number, right)):
        if words.pieces:
            lines.append(words.show(place.size, x, place.baseline))
    return "\n".join(lines).encode("ascii")


def _round(value: float) -> float:
    return round(value, 4)


def stamp_pdf(source: Path, target: Path, numbers: Sequence[str], legend: str) -> None:
    """Stamp the pages of `source` with `numbers`, one each, into `target`; same in, same out."""
    with pikepdf.open(source) as pdf:
        if len(pdf.pages) != len(numbers):
            raise RenderError(
                Code.CORRUPT, "pages disagree", f"{len(pdf.pages)} pages, {len(numbers)} numbers"
            )
        stamper = Stamper(pdf, legend)
        for page, number in zip(pdf.pages, numbers, strict=True):
            stamper.stamp(page.obj, number)
        pdf.save(
            target,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
