"""PDF documents: what a reader sees of them, and nothing else.

Forms and annotations are drawn into the pages; scripts, actions, embedded files, layers that are
off and metadata stay behind. What cannot be drawn that way goes to the raster path, where pdfium
paints each page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from process.hidden import Findings
from produce.imaging.errors import RenderError
from produce.imaging.geometry import inherited
from produce.imaging.pdf_comments import comments_of
from produce.imaging.raster import rasterise
from records.codes import Code

MAX_PAGES = 20_000
_PAGE_KEYS = (
    "/Type",
    "/MediaBox",
    "/CropBox",
    "/Rotate",
    "/UserUnit",
    "/Resources",
    "/Contents",
    "/Group",
)
_CARRIED = ("/Metadata", "/PieceInfo", "/AF", "/Thumb", "/OPI")
_HIDDEN = 1 << 1  # annotation flags, ISO 32000-1, 12.5.3
_NO_VIEW = 1 << 5
_NEVER_DRAWN = frozenset({"/Popup", "/Link"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The number of pages, whether they are pictures now, and notes whose words none shows."""

    pages: int
    raster: bool
    notes: Findings


def clean_pdf(source: Path, target: Path, passwords: Sequence[str]) -> Cleaned:
    """Write the visible pages of `source`."""
    pdf, password = _open(source, passwords)
    with pdf:
        _refuse(pdf)
        notes = comments_of(pdf)
        if not (_has_hidden_layers(pdf) or _has_undrawn(pdf)):
            pdf.flatten_annotations("screen")
            return Cleaned(_copy_pages(pdf, target), False, notes)
    return Cleaned(rasterise(source, password, target), True, notes)


def normalise(source: Path, target: Path) -> int:
    """Copy the pages of a PDF of our own tools' making; without dates, ids or metadata."""
    with pikepdf.open(source) as pdf:
        return _copy_pages(pdf, target)


def _open(source: Path, passwords: Sequence[str]) -> tuple[pikepdf.Pdf, str]:
    for password in ("", *passwords):
        try:
            return pikepdf.open(source, password=password), password
        except pikepdf.PasswordError:
            continue
        except (pikepdf.PdfError, pikepdf.DataDecodingError) as error:
            raise RenderError(Code.CORRUPT, "damaged PDF", str(error)) from error
    raise RenderError(Code.ENCRYPTED, "encrypted PDF", "no password fits")


def _refuse(pdf: pikepdf.Pdf) -> None:
    count = len(pdf.pages)
    if not count:
        raise RenderError(Code.CORRUPT, "PDF without pages")
    if count > MAX_PAGES:
        raise RenderError(Code.TOO_LARGE, f"more than {MAX_PAGES:,} pages")
    if _is_true(pdf.Root.get("/NeedsRendering")):
        raise RenderError(Code.UNSUPPORTED, "dynamic XFA form", "its pages are made by a script")


def _has_hidden_layers(pdf: pikepdf.Pdf) -> bool:
    """Whether a layer is off when the document is opened (ISO 32000-1, 8.11.4)."""
    properties = pdf.Root.get("/OCProperties")
    if not isinstance(properties, pikepdf.Dictionary):
        return False
    default = properties.get("/D")
    if not isinstance(default, pikepdf.Dictionary):
        return False
    off = default.get("/OFF")
    base = default.get("/BaseState")
    return bool(isinstance(off, pikepdf.Array) and len(off)) or base == pikepdf.Name.OFF


def _has_undrawn(pdf: pikepdf.Pdf) -> bool:
    """Whether something visible has no appearance stream of its own to flatten."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and _is_true(form.get("/NeedAppearances")):
        return True
    return any(_undrawn(each) for page in pdf.pages for each in _annotations(page.obj))


def _is_true(value: object) -> bool:
    return isinstance(value, bool) and value


def _annotations(page: pikepdf.Dictionary) -> list[pikepdf.Dictionary]:
    annotations = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return []
    return [each for each in annotations.as_list() if isinstance(each, pikepdf.Dictionary)]


def _undrawn(annotation: pikepdf.Dictionary) -> bool:
    if str(annotation.get("/Subtype")) in _NEVER_DRAWN:
        return False
    flags = annotation.get("/F")
    if isinstance(flags, int) and flags & (_HIDDEN | _NO_VIEW):
        return False
    if str(annotation.get("/Subtype")) == "/Widget" and _without_value(annotation):
        return False
    appearance = annotation.get("/AP")
    return not (isinstance(appearance, pikepdf.Dictionary) and "/N" in appearance)


def _without_value(widget: pikepdf.Dictionary) -> bool:
    """A field that is empty shows nothing that could be lost, a button's caption apart."""
    kind = str(inherited(widget, "/FT"))
    return kind in ("/Tx", "/Ch", "/Sig") and not str(inherited(widget, "/V") or "").strip()


def _copy_pages(pdf: pikepdf.Pdf, target: Path) -> int:
    """Copy bare pages into a new file: what only the old catalog refers to is not carried over."""
    fresh = pikepdf.new()
    for page in pdf.pages:
        bare = pikepdf.Dictionary(
            {
                key: value
                for key in _PAGE_KEYS
                if (value := _own_or_inherited(page.obj, key)) is not None
            }
        )
        page_object = pdf.make_indirect(bare)
        fresh.pages.append(pikepdf.Page(page_object))
    _strip(fresh)
    _strip(fresh)
    fresh.save(
        target,
        deterministic_id=True,
        compress_streams=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return len(fresh.pages)


def _strip(pdf: pikepdf.Pdf) -> None:
    """Drop what pictures and forms carry beside what they show."""
    for each in pdf.objects:
        if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for key in _CARRIED:
                if key in each:
                    del each[key]


def _own_or_inherited(page: pikepdf.Dictionary, key: str) -> pikepdf.Object | None:
    """A page attribute; only those that ISO 32000-1, table 30, lets be inherited are."""
    if key in ("/MediaBox", "/CropBox", "/Rotate", "/Resources"):
        return inherited(page, key)
    return page.get(key)
