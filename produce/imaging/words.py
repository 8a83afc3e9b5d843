"""Short texts on a page: Helvetica where it has the letters, else embedded fonts."""

import functools
from dataclasses import dataclass

import pikepdf

from produce.imaging.fonts import FontSet

# Helvetica's widths in thousandths, characters 32 to 126 (Adobe Core 14 AFM).
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_WIDEST = 1015


@dataclass(frozen=True, slots=True)
class Words:
    """Text ready to be shown: its width in thousandths, and (font, hexadecimal codes) pieces."""

    width: float
    pieces: tuple[tuple[str, str], ...]

    def show(self, size: float, x: float, y: float) -> str:
        """The operators that print it with its left end at x, y."""
        runs = " ".join(
            f"/{font} {number_text(size)} Tf <{codes}> Tj" for font, codes in self.pieces
        )
        return f"q BT 0 g {number_text(x)} {number_text(y)} Td {runs} ET Q"


@functools.lru_cache(maxsize=256)
def latin(text: str) -> Words:
    """Text in Helvetica; raises `UnicodeEncodeError` for letters that WinAnsi lacks."""
    codes = text.encode("cp1252").hex()
    return Words(_text_width(text), (("RwFont", codes),) if codes else ())


def _text_width(text: str) -> float:
    """Width in thousandths of the type size."""
    return sum(_WIDTHS[ord(each) - 32] if 32 <= ord(each) < 127 else _WIDEST for each in text)


def number_text(value: float) -> str:
    """A number as PDF wants it: no exponent, no needless noughts."""
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


class Writer:
    """Sets short texts in one PDF; ask for its fonts once all of them are set."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._others: FontSet | None = None

    def words(self, text: str) -> Words:
        """`text`, set in Helvetica, or where that lacks a letter, in whatever fonts have it."""
        try:
            return latin(text)
        except UnicodeEncodeError:
            fonts = self._others = self._others or FontSet()
            glyphs = [fonts.glyph(char) for char in text if char.isprintable()]
            pieces = tuple((f"F{face}", f"{gid:04X}") for face, gid, _ in glyphs)
            return Words(sum(width for _, _, width in glyphs), pieces)

    def fonts(self) -> pikepdf.Dictionary:
        """The /Font resources; all objects in it are shared by the pages that use it."""
        fonts = self._others.resources(self._pdf) if self._others else pikepdf.Dictionary()
        fonts["/RwFont"] = self._pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type1,
                BaseFont=pikepdf.Name.Helvetica,
                Encoding=pikepdf.Name.WinAnsiEncoding,
            )
        )
        return fonts
