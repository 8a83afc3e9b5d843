"""What of the imaging's outside parts is there, for `redwell doctor`."""

import importlib
import importlib.metadata
from dataclasses import dataclass

from produce.imaging import libreoffice
from produce.imaging.errors import RenderError


@dataclass(frozen=True, slots=True)
class Probe:
    """An outside part: whether it is there, in which version, and what is lost without it."""

    name: str
    found: bool
    version: str
    cost: str


_SAMPLES = (
    ("fonts, Latin", "Aé", "nothing can be imaged (apt: fonts-liberation fonts-dejavu-core)"),
    ("fonts, Cyrillic and Greek", "Жλ", "such text prints as boxes (apt: fonts-dejavu-core)"),
    ("fonts, Arabic and Hebrew", "مש", "such text prints as boxes (apt: fonts-noto-core)"),
    ("fonts, Indic and Thai", "हท", "such text prints as boxes (apt: fonts-noto-core)"),
    ("fonts, Chinese, Japanese, Korean", "中あ한", "prints as boxes (apt: fonts-wqy-microhei)"),
)


def probes() -> tuple[Probe, ...]:
    """All of them."""
    return (probe_libreoffice(), probe_weasyprint(), *probe_fonts())


def probe_libreoffice() -> Probe:
    """LibreOffice, by asking it."""
    version = libreoffice.version()
    cost = (
        "office documents are produced natively with a slip sheet (apt: "
        "libreoffice-writer-nogui libreoffice-impress-nogui libreoffice-draw-nogui)"
    )
    return Probe("LibreOffice", bool(version), version, cost)


def probe_weasyprint() -> Probe:
    """WeasyPrint and the Pango libraries that it loads."""
    cost = "HTML mails print as plain text (apt: libpango-1.0-0 libpangoft2-1.0-0)"
    try:
        ffi = importlib.import_module("weasyprint.text.ffi")
        number = int(ffi.pango.pango_version())
    except (ImportError, OSError, AttributeError):
        return Probe("WeasyPrint", False, "", cost)
    version = (
        f"{importlib.metadata.version('weasyprint')}, Pango {number // 10000}.{number // 100 % 100}"
    )
    return Probe("WeasyPrint", True, version, cost)


def probe_fonts() -> tuple[Probe, ...]:
    """Whether each group of scripts has a font."""
    return tuple(
        Probe(name, all(map(_has_font, sample)), "", cost) for name, sample, cost in _SAMPLES
    )


def _has_font(char: str) -> bool:
    from produce.imaging.fonts import FontSet

    try:
        fonts = FontSet()
    except RenderError:
        return False
    fonts.glyph(char)
    return not fonts.missing
