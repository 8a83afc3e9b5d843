"""Saved web pages (RFC 2557): their HTML laid out with the pictures and styles saved beside it."""

import email
import email.policy
from pathlib import Path

from ingest.cids import cid_key
from ingest.text import decode_text
from produce.imaging.errors import RenderError
from produce.imaging.html import Resource, html_pdf, not_shown
from records.codes import Code

_HTML = frozenset({"text/html", "application/xhtml+xml"})


def mhtml_pdf(source: Path, target: Path) -> tuple[int, list[str]]:
    """Lay out the first HTML of the file; what it names is served from the file alone."""
    message = email.message_from_bytes(source.read_bytes(), policy=email.policy.compat32)
    html, base = "", ""
    parts: dict[str, Resource] = {}
    places: dict[str, Resource] = {}
    for part in message.walk():
        if part.is_multipart():
            continue
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            continue
        place = str(part.get("Content-Location", "")).strip()
        if part.get_content_type() in _HTML and not html:
            html, base = decode_text(data, part.get_content_charset())[0], place
        resource = Resource(part.get_content_type(), data)
        if place:
            places.setdefault(place, resource)
        if name := part.get("Content-ID"):
            parts.setdefault(cid_key(str(name).strip()), resource)
    if not html:
        raise RenderError(Code.CORRUPT, "no page in it")
    pages, missing = html_pdf(html, target, parts, places, base)
    return pages, not_shown(missing)
