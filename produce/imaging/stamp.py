"""Endorsements on every page of a PDF, in bands freed above and below the content.

The page is wrapped in a Form XObject, so that nothing that it leaves open reaches the stamp; its
visible box becomes the page, upright, with its size unchanged unless a paper is asked for; the
content shrinks by the height of the bands. Inside the page, texts stand where it is blank, and a
page that is blank nowhere is endorsed in its margin.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2

from produce.imaging.blank import on_blank
from produce.imaging.endorse import Layout, Style, filled, lay_out
from produce.imaging.errors import RenderError
from produce.imaging.geometry import View, inherited, view_of
from produce.imaging.raster import opened
from produce.imaging.words import Writer, number_text
from records.codes import Code

_USUAL = Style()


class Stamper:
    """Stamps pages of one PDF; font objects are shared by all of them."""

    def __init__(self, pdf: pikepdf.Pdf, legend: str, style: Style) -> None:
        self._pdf = pdf
        self._legend = legend
        self._style = style
        self._writer = Writer(pdf)
        self._resources: list[pikepdf.Object] = []

    def stamp(
        self, page: pikepdf.Dictionary, bates: str, seen: pypdfium2.PdfDocument | None, number: int
    ) -> bool:
        """Rewrite `page` in place: its old content, and the stamp.

        False where it should have been inside the page, and the page is blank nowhere.
        """
        view = view_of(page)
        place, inside = self._place(view, bates, seen, number)
        form = self._form(page, view)
        keep = {"/Type", "/Parent"}
        for key in [key for key in page.keys() if key not in keep]:  # noqa: SIM118
            del page[key]
        page["/MediaBox"] = pikepdf.Array([0, 0, _round(place.width), _round(place.height)])
        page["/CropBox"] = pikepdf.Array([0, 0, _round(place.width), _round(place.height)])
        page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(RwPage=form))
        page["/Contents"] = self._pdf.make_stream(_content(view, place))
        self._resources.append(page["/Resources"])
        return inside

    def _place(
        self, view: View, bates: str, seen: pypdfium2.PdfDocument | None, number: int
    ) -> tuple[Layout, bool]:
        texts = filled(self._style.zones, bates, self._legend)
        place = lay_out(view.size, texts, self._writer.words, self._style)
        if seen is None:
            return place, True
        moved = on_blank(seen, number, view.size, place)
        if moved is not None:
            return replace(place, texts=moved), True
        margin = replace(self._style, placement="margin")
        return lay_out(view.size, texts, self._writer.words, margin), False

    def finish(self) -> None:
        """Give the pages their fonts, once all texts are set."""
        fonts = self._writer.fonts()
        for each in self._resources:
            each["/Font"] = fonts

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


def _content(view: View, place: Layout) -> bytes:
    """Draw the old page by its form, then the texts."""
    s = place.scale
    a, b, c, d, e, f = view.upright()
    matrix = " ".join(
        number_text(each)
        for each in (a * s, b * s, c * s, d * s, e * s + place.dx, f * s + place.dy)
    )
    texts = [each.words.show(each.size, each.x, each.y) for each in place.texts]
    return "\n".join([f"q {matrix} cm /RwPage Do Q", *texts]).encode("ascii")


def _round(value: float) -> float:
    return round(value, 4)


def stamp_pdf(
    source: Path, target: Path, numbers: Sequence[str], legend: str, style: Style = _USUAL
) -> list[int]:
    """Stamp the pages of `source` with `numbers`, one each, into `target`; same in, same out.

    Gives the pages, from 0, that could not be endorsed inside and were in the margin.
    """
    refused = []
    with ExitStack() as stack:
        pdf = stack.enter_context(pikepdf.open(source))
        if len(pdf.pages) != len(numbers):
            raise RenderError(
                Code.CORRUPT, "pages disagree", f"{len(pdf.pages)} pages, {len(numbers)} numbers"
            )
        seen = stack.enter_context(opened(source)) if style.placement == "inside" else None
        stamper = Stamper(pdf, legend, style)
        for count, (page, number) in enumerate(zip(pdf.pages, numbers, strict=True)):
            if not stamper.stamp(page.obj, number, seen, count):
                refused.append(count)
        stamper.finish()
        pdf.save(
            target,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return refused
