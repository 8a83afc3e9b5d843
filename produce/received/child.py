"""The child that opens images of a received volume: they came from others, and may be hostile.

Run as `python -m produce.received.child` by `ingest.child.Child`.
"""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import img2pdf
import pikepdf
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from ingest.child_loop import progress, serve

_COMPRESSION = 259
_NAMES = {1: "none", 2: "g3", 3: "g3", 4: "g4", 5: "lzw", 6: "jpeg", 7: "jpeg", 8: "deflate"}
_TIFF = (b"II*\0", b"MM\0*")
_MOST_PIXELS = 400_000_000
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Look at images ("look"), or bind pages to one file ("bind")."""
    if request["what"] == "bind":
        return _bind(request)
    found = []
    for path in request["paths"]:
        progress(path)
        found.append(look(Path(path)))
    return {"found": found}


def look(path: Path) -> dict[str, Any]:
    """What an image is: format, compression, resolution, pages, size; or why it does not open."""
    try:
        if path.open("rb").read(5) == b"%PDF-":
            with pikepdf.open(path) as document:
                return {"image": ("PDF", "", 0.0, 0.0, len(document.pages), 0, 0)}
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            tags: Any = getattr(image, "tag_v2", {})
            frames = int(getattr(image, "n_frames", 1))
            dpi = image.info.get("dpi", (0, 0))
            image.load()
            code = int(tags.get(_COMPRESSION, 0) or 0)
            kind = _NAMES.get(code, str(code)) if code else ""
            across, down = (round(float(each), 2) for each in dpi[:2])
            return {"image": (str(image.format), kind, across, down, frames, *image.size)}
    except Exception as error:  # noqa: BLE001 - the item border: it becomes a record
        return {"why": f"{type(error).__name__}: {error}"[:300]}


def _bind(request: dict[str, Any]) -> dict[str, Any]:
    """Write the pages, given as (file, page of it from 1 or 0 for all), as one file."""
    pages = [(Path(path), frame) for path, frame in request["pages"]]
    try:
        data = one_tiff(pages)
        kind = "tiff" if data else "pdf"
        Path(request["out"]).write_bytes(data or bind(pages))
    except Exception as error:  # noqa: BLE001 - the item border: it becomes a record
        return {"why": f"{type(error).__name__}: {error}"[:300]}
    return {"why": "", "type": kind}


def one_tiff(pages: Sequence[tuple[Path, int]]) -> bytes:
    """Single-page TIFF as one TIFF of several pages: their strips are copied, none is decoded.

    Empty where some page is of another kind, or the files do not go together.
    """
    out = io.BytesIO()
    try:
        with AppendingTiffWriter(out, new=True) as writer:
            for path, frame in pages:
                data = path.read_bytes()
                if frame > 1 or data[:4] not in _TIFF:
                    return b""
                writer.write(data)
                writer.newFrame()
        found = out.getvalue()
        with Image.open(io.BytesIO(found)) as image:
            return found if int(getattr(image, "n_frames", 1)) == len(pages) else b""
    except Exception:  # noqa: BLE001 - an odd file among them: all are bound by another way
        return b""


def bind(pages: Sequence[tuple[Path, int]]) -> bytes:
    """One PDF of these pages; images go in without being coded again where PDF can hold them.

    The same pages give the same bytes.
    """
    if not any(_is_pdf(path) for path, _ in pages):
        return _pdf_of([_piece(path, frame) for path, frame in pages])
    with pikepdf.new() as whole:
        for path, frame in pages:
            data = io.BytesIO(
                path.read_bytes() if _is_pdf(path) else _pdf_of([_piece(path, frame)])
            )
            with pikepdf.open(data) as part:
                chosen = part.pages if not frame or not _is_pdf(path) else [part.pages[frame - 1]]
                whole.pages.extend(chosen)
        out = io.BytesIO()
        whole.save(out, deterministic_id=True)
    return out.getvalue()


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"%PDF-"


def _piece(path: Path, frame: int) -> bytes:
    """The bytes of one page; of a file of several, this one, coded anew without loss."""
    data = path.read_bytes()
    if not frame:
        return data
    with Image.open(io.BytesIO(data)) as image:
        if int(getattr(image, "n_frames", 1)) == 1:
            return data
        image.seek(frame - 1)
        return _png(image)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    plain = image if image.mode in ("1", "L", "RGB") else image.convert("RGB")
    plain.save(out, "PNG", dpi=image.info.get("dpi", (300, 300)))
    return out.getvalue()


def _pdf_of(pieces: Sequence[bytes]) -> bytes:
    options: dict[str, Any] = {
        "nodate": True,
        "engine": img2pdf.Engine.internal,
        "rotation": img2pdf.Rotation.ifvalid,
    }
    try:
        return bytes(img2pdf.convert(list(pieces), **options))
    except (img2pdf.AlphaChannelError, img2pdf.ImageOpenError, img2pdf.JpegColorspaceError):
        plain = []
        for piece in pieces:
            with Image.open(io.BytesIO(piece)) as image:
                plain.append(_png(image))
        return bytes(img2pdf.convert(plain, **options))


if __name__ == "__main__":
    serve(handle)
