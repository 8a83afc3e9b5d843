"""What a PDF says of itself: its information dictionary, its XMP packet, and its layers.

Where the two disagree the information dictionary fills the typed field, being what readers show,
and both stay in what was found.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingest.passwords import in_order
from process.dates import Dates, iso_date, pdf_date
from process.metadata import split_keywords
from process.xmp import Value, every, first, read_xmp
from records.fields import Fields
from records.notes import Note

# it tells of each oddity of evidence, which nobody would read there
logging.getLogger("pikepdf").setLevel(logging.CRITICAL)

TOOL = "pikepdf"
VERSION = pikepdf.__version__
_MOST_XMP = 4 << 20
_MOST_ENTRIES = 200
_MOST_LAYERS = 10_000
_ERRORS = (
    pikepdf.PdfError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
    OSError,
    IndexError,
)
"""What pikepdf throws at a file that is not as it should be."""

_DATES = {
    "created_at": ("CreationDate", "xmp:CreateDate"),
    "modified_at": ("ModDate", "xmp:ModifyDate"),
}


@dataclass(slots=True)
class Described:
    """A PDF's own words about itself; `off` names the layers that are off when it opens."""

    fields: Fields = field(default_factory=Fields)
    raw: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    off: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Inside:
    """What only the file's objects tell."""

    info: dict[str, str] = field(default_factory=dict)
    xmp: dict[str, Value] = field(default_factory=dict)
    language: str = ""
    off: set[str] = field(default_factory=set)


def describe(document: pdfium.PdfDocument, path: Path, passwords: tuple[str, ...]) -> Described:
    """Metadata of an open document; `path` is its file, which one of `passwords` may open."""
    shown = {name: text for name, text in document.get_metadata_dict().items() if text}
    inside = _inside(path, passwords)
    info, xmp = {**inside.info, **shown}, inside.xmp
    dates = Dates()
    found: dict[str, str | None] = {}
    for name, (key, other) in _DATES.items():
        text = info.get(key, "")
        stated = pdf_date(text)
        if stated.at is None and (said := first(xmp, other)):
            text, stated = said, iso_date(said)
        found[name] = dates.take(name, text, stated)
    fields = Fields(
        title=info.get("Title", "") or first(xmp, "dc:title"),
        author=info.get("Author", "") or "; ".join(every(xmp, "dc:creator")),
        subject=info.get("Subject", "") or first(xmp, "dc:description"),
        keywords=split_keywords(info.get("Keywords", "")) or _keywords(xmp),
        company=info.get("Company", "") or first(xmp, "pdfx:Company"),
        application=info.get("Creator", "")
        or first(xmp, "xmp:CreatorTool")
        or info.get("Producer", ""),
        manager=info.get("Manager", ""),
        category=info.get("Category", ""),
        comments=info.get("Comments", ""),
        language=inside.language or first(xmp, "dc:language"),
        created_at=found["created_at"],
        modified_at=found["modified_at"],
        uncertain=tuple(dates.uncertain),
    )
    raw = info | ({"xmp": xmp} if xmp else {}) | _shape(document)
    return Described(fields, raw, dates.notes(TOOL, VERSION), frozenset(inside.off))


def _keywords(xmp: dict[str, Value]) -> tuple[str, ...]:
    return every(xmp, "dc:subject") or split_keywords(first(xmp, "pdf:Keywords"))


def _shape(document: pdfium.PdfDocument) -> dict[str, Any]:
    """The version and the kind of form, as PDFium tells them."""
    found: dict[str, Any] = {}
    form = document.get_formtype()
    if form != c.FORMTYPE_NONE:
        found["form"] = "acroform" if form == c.FORMTYPE_ACRO_FORM else "xfa"
    version = document.get_version()
    if version:
        found["pdf_version"] = f"{version // 10}.{version % 10}"
    return found


def _inside(path: Path, passwords: tuple[str, ...]) -> _Inside:
    """Read the objects; a file that pikepdf does not open as it is tells nothing here."""
    inside = _Inside()
    for password in ("", *in_order(passwords)):
        try:
            with pikepdf.open(
                path, password=password, attempt_recovery=False, suppress_warnings=True
            ) as opened:
                _fill(opened, inside)
        except pikepdf.PasswordError:
            continue
        except _ERRORS:
            return inside
        else:
            return inside
    return inside


def _fill(opened: pikepdf.Pdf, inside: _Inside) -> None:
    info = opened.trailer.get("/Info")
    if isinstance(info, pikepdf.Dictionary):
        for name in sorted(info.keys())[:_MOST_ENTRIES]:
            value = info.get(name)
            if isinstance(value, pikepdf.String | pikepdf.Name):
                inside.info[name.removeprefix("/")] = str(value)[:_MOST_XMP].strip("\0")
    root = opened.Root
    language = root.get("/Lang")
    if isinstance(language, pikepdf.String):
        inside.language = str(language)[:100]
    metadata = root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream) and int(metadata.get("/Length", 0)) <= _MOST_XMP:
        inside.xmp = read_xmp(metadata.read_bytes()[:_MOST_XMP])
    layers = root.get("/OCProperties")
    if isinstance(layers, pikepdf.Dictionary):
        inside.off = _off(layers)


def _off(layers: pikepdf.Dictionary) -> set[str]:
    """Names of the layers that the default configuration turns off (ISO 32000-1, 8.11.4.3)."""
    default = layers.get("/D")
    if not isinstance(default, pikepdf.Dictionary):
        return set()
    off = _names(default.get("/OFF"))
    if default.get("/BaseState") == pikepdf.Name.OFF:
        off |= _names(layers.get("/OCGs")) - _names(default.get("/ON"))
    return off


def _names(groups: Any) -> set[str]:
    if not isinstance(groups, pikepdf.Array):
        return set()
    found = set()
    for number in range(min(len(groups), _MOST_LAYERS)):
        group = groups[number]
        if isinstance(group, pikepdf.Dictionary) and isinstance(
            name := group.get("/Name"), pikepdf.String
        ):
            found.add(str(name))
    return found
