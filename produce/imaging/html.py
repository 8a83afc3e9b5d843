"""HTML to PDF by WeasyPrint, with nothing fetched from anywhere.

Only `data:` addresses and the document's own `cid:` parts are served. Style that hides, crops or
lays content over other content is neutralised; what is wider than the page is laid out again on a
larger page and shrunk to Letter.
"""

import base64
import logging
import re
import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import weasyprint
from PIL import ImageFile
from weasyprint.urls import URLFetcher, URLFetcherResponse

from ingest.cids import cid_key
from produce.imaging.errors import RenderError
from records.codes import Code

PAGE_WIDTH, PAGE_HEIGHT = 816.0, 1056.0  # Letter in CSS pixels
SIDE = 72.0
LEAST_ZOOM = 0.35
MAX_CHARACTERS = 3_000_000
FAMILIES = (
    '"Liberation Sans", "DejaVu Sans", "Noto Sans", "Noto Naskh Arabic", "WenQuanYi Micro Hei", '
    "sans-serif"
)
_GUARD = f"""
html, body {{ display: block !important; visibility: visible !important; width: auto !important;
  height: auto !important; margin: 0 !important; padding: 0 !important; columns: auto !important }}
html {{ font: 11pt {FAMILIES} }}
* {{ position: static !important; overflow: visible !important; max-height: none !important;
  transform: none !important; clip: auto !important; clip-path: none !important;
  opacity: 1 !important; text-indent: 0 !important; overflow-wrap: break-word;
  page: auto !important;
  visibility: visible !important }}
div, p, span, section, article, blockquote, center, font, a, ul, ol, li {{
  height: auto !important }}
img {{ max-width: 100%; max-height: 900px !important }}
pre {{ white-space: pre-wrap !important; font-family: "Liberation Mono", "DejaVu Sans Mono",
  monospace }}
table {{ page-break-inside: auto !important }}
.redwell-head, .redwell-head * {{ font: 10.5pt {FAMILIES} !important; color: #000 !important;
  background: #fff !important; border: 0 !important; text-align: left !important;
  float: none !important }}
.redwell-head {{ display: table !important; width: 100% !important;
  border-bottom: 1.5pt solid #000 !important; margin: 0 0 12pt 0 !important }}
.redwell-head td {{ display: table-cell !important; padding: 1pt 8pt 1pt 0 !important;
  vertical-align: top !important; white-space: pre-wrap !important }}
.redwell-head td:first-child {{ font-weight: bold !important; width: 1% !important;
  white-space: nowrap !important }}
.redwell-text {{ white-space: pre-wrap !important; font: 10.5pt {FAMILIES} !important }}
"""
_EMOJI = re.compile(
    r"""["']?\s*(?:apple color emoji|segoe ui emoji|segoe ui symbol|noto color emoji|noto emoji"""
    r"""|twemoji(?: mozilla)?|emojione(?: mozilla)?|android emoji)\s*["']?\s*,?""",
    re.IGNORECASE,
)
_FAMILY = re.compile(r"font(?:-family)?\s*:[^;}<>]*", re.IGNORECASE)
_IMPORT = re.compile(rb"@import\b[^;<]*;?", re.IGNORECASE)
_PAGE_RULE = re.compile(r"@page\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Resource:
    """A part of the mail that its HTML may show."""

    content_type: str
    data: bytes


_NOTHING: Mapping[str, Resource] = {}


class Fetcher(URLFetcher):  # type: ignore[misc]
    """Serves parts by `ingest.cids.cid_key`, what was saved of other places by their addresses, and
    `data:`; all else is refused and counted.
    """

    def __init__(
        self, parts: Mapping[str, Resource], places: Mapping[str, Resource] = _NOTHING
    ) -> None:
        # A context without authorities: none is loaded, since none will be asked.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(ssl_context=context, allowed_protocols=("data",), allow_redirects=False)
        self._parts = parts
        self._places = places
        self.refused: set[str] = set()

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Answer one address; raises `ValueError` for what is not ours to show."""
        scheme, _, rest = url.partition(":")
        if scheme.lower() == "data":
            return super().fetch(url, headers)
        if scheme.lower() == "cid":
            part = self._parts.get(cid_key(rest))
            if part is not None:
                return URLFetcherResponse(url, part.data, {"Content-Type": part.content_type})
        if url in self._places:
            part = self._places[url]
            return URLFetcherResponse(url, part.data, {"Content-Type": part.content_type})
        self.refused.add(url[:200])
        raise ValueError("outside of the document")


class _Damaged(logging.Handler):
    """Addresses of pictures that were served and cannot be drawn, as WeasyPrint's log has them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.addresses: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Take one message."""
        if str(record.msg).startswith("Failed to load image") and isinstance(record.args, tuple):
            self.addresses.add(str(record.args[0])[:200])


@contextmanager
def _damaged() -> Iterator[_Damaged]:
    for name, level in (("weasyprint", logging.ERROR), ("fontTools", logging.CRITICAL)):
        logging.getLogger(name).setLevel(level)
    logger, handler = logging.getLogger("weasyprint"), _Damaged()
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


def html_pdf(
    html: str,
    target: Path,
    parts: Mapping[str, Resource],
    places: Mapping[str, Resource] = _NOTHING,
    base: str = "",
) -> tuple[int, frozenset[str]]:
    """Lay out `html`; the number of pages, and the addresses of what is not shown.

    `places` are things saved with the page, by their address; `base` is the page's own.
    """
    if len(html) > MAX_CHARACTERS:
        raise RenderError(Code.TOO_LARGE, "HTML too long to lay out")
    with _damaged() as damaged:
        pages, refused = _laid_out(html, target, Fetcher(parts, places), base)
    return pages, frozenset(refused | damaged.addresses)


def svg_pdf(svg: bytes, target: Path) -> tuple[int, frozenset[str]]:
    """Draw an SVG file across a page; the addresses of what is not shown."""
    drawing = _IMPORT.sub(b"", svg)  # else WeasyPrint gives the whole drawing up
    address = "data:image/svg+xml;base64," + base64.b64encode(drawing).decode()
    body = f'<!DOCTYPE html><body><img style="width:100%" src="{address}"></body>'
    pages, missing = html_pdf(body, target, {})
    if address[:200] in missing:
        raise RenderError(Code.CORRUPT, "damaged drawing")
    return pages, missing


def not_shown(addresses: Collection[str]) -> list[str]:
    """What to put on record where pictures or the like are missing."""
    return [f"{len(addresses)} remote, missing or damaged pictures not shown"] if addresses else []


def _laid_out(html: str, target: Path, fetcher: Fetcher, base: str) -> tuple[int, set[str]]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True  # a damaged picture in a mail shows what it has
    safe = _tamed(html)
    document = _rendered(safe, fetcher, PAGE_WIDTH, PAGE_HEIGHT, base)
    zoom = 1.0
    widest = _widest(document)
    if widest > PAGE_WIDTH - SIDE / 2:  # too wide: Letter on its side, smaller as need be
        zoom = min(1.0, max(LEAST_ZOOM, PAGE_HEIGHT / (widest + SIDE)))
        document = _rendered(safe, fetcher, PAGE_HEIGHT / zoom, PAGE_WIDTH / zoom, base)
    document.metadata = type(document.metadata)()
    document.write_pdf(target, zoom=zoom, pdf_identifier=b"redwell")
    return len(document.pages), fetcher.refused


def _tamed(html: str) -> str:
    """Without emoji fonts, which space out digits, and without page rules of its own."""
    cleaned = _FAMILY.sub(lambda match: _EMOJI.sub("", match[0]), html)
    return _PAGE_RULE.sub("@media nothing", cleaned)


def _rendered(html: str, fetcher: Fetcher, width: float, height: float, base: str) -> Any:
    page = f"@page {{ size: {width}px {height}px !important; margin: {SIDE}px !important }}"
    guard = weasyprint.CSS(string=page + _GUARD, url_fetcher=fetcher)
    # Screen rules, as the mail was read: print rules are where things are hidden from a printer.
    source = weasyprint.HTML(
        string=html, base_url=base or "about:blank", url_fetcher=fetcher, media_type="screen"
    )
    return source.render(stylesheets=[guard], presentational_hints=True)


def _widest(document: Any) -> float:
    """The right edge of whatever reaches furthest, in CSS pixels."""
    right = 0.0
    for page in document.pages:
        pending = list(page._page_box.children)
        while pending:
            box = pending.pop()
            pending.extend(getattr(box, "children", ()))
            width = box.width if isinstance(box.width, int | float) else 0.0
            right = max(right, (box.position_x or 0.0) + width)
    return right
