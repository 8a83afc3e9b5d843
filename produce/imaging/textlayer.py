"""An invisible text upon a page's picture: words where they are seen, in a font without glyphs.

The font is numbered by the characters that are used, in order of code point, and tells them by its
ToUnicode map alone (ISO 32000-1, 9.10.3); rendering mode 3 paints nothing (9.3.6).
"""

from collections.abc import Iterable, Iterator, Sequence

import pikepdf

from produce.imaging.characters import Box
from produce.imaging.words import number_text

_CELL = 500  # thousandths of the type size that each character is wide
_GAP = 0.6  # of a line's height; a wider gap parts words
_BLOCK = 100  # lines that a CMap's block may hold

type Placed = tuple[str, Box | None]


class Layer:
    """The text of all pages of one PDF; `finish` makes the font that they share."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._pages: list[tuple[pikepdf.Object, float, list[list[tuple[str, Box]]]]] = []

    def write(self, page: pikepdf.Object, height: float, characters: Sequence[Placed]) -> None:
        """Put characters on a page of our own; boxes are those of the frame that is seen."""
        self._pages.append((page, height, list(_words(characters))))

    def finish(self) -> None:
        """Write all of it; the same characters give the same bytes."""
        used = {char for _, _, words in self._pages for word in words for char, _ in word} | {" "}
        codes = {char: number for number, char in enumerate(sorted(used), 1)}
        font = self._font(codes)
        for page, height, words in self._pages:
            if not words:
                continue
            page.Resources.Font = pikepdf.Dictionary(RwText=font)
            body = "\n".join(_shown(word, height, codes) for word in words)
            text = f"\nBT 3 Tr\n{body}\nET".encode("ascii")
            page.Contents = self._pdf.make_stream(b"q " + page.Contents.read_bytes() + b" Q" + text)

    def _font(self, codes: dict[str, int]) -> pikepdf.Object:
        descriptor = pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=pikepdf.Name.RwText,
            Flags=5,
            FontBBox=[0, -200, _CELL, 800],
            ItalicAngle=0,
            Ascent=800,
            Descent=-200,
            CapHeight=800,
            StemV=80,
        )
        descendant = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.CIDFontType2,
            BaseFont=pikepdf.Name.RwText,
            CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=self._pdf.make_indirect(descriptor),
            DW=_CELL,
            CIDToGIDMap=pikepdf.Name.Identity,
        )
        return self._pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type0,
                BaseFont=pikepdf.Name.RwText,
                Encoding=pikepdf.Name("/Identity-H"),
                DescendantFonts=[self._pdf.make_indirect(descendant)],
                ToUnicode=self._pdf.make_stream(_map(codes)),
            )
        )


def _words(characters: Iterable[Placed]) -> Iterator[list[tuple[str, Box]]]:
    """Runs of characters that stand side by side on one line, whichever way it runs."""
    word: list[tuple[str, Box]] = []
    for char, box in characters:
        if box is None or char.isspace():
            if word:
                yield word
            word = []
            continue
        if word and not _goes_on(word, box):
            yield word
            word = []
        word.append((char, box))
    if word:
        yield word


def _goes_on(word: Sequence[tuple[str, Box]], box: Box) -> bool:
    way = _way(word[-1][1], box)
    return way != "" and (len(word) == 1 or way == _way(word[-2][1], word[-1][1]))


def _way(last: Box, box: Box) -> str:
    """Which way a line runs from one letter to the next: right, down, up, or not at all."""
    if _in_row(last, box):
        return "right"
    if _in_row(_flat(last), _flat(box)):
        return "down"
    return "up" if _in_row(_flat(box), _flat(last)) else ""


def _flat(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _in_row(left: Box, right: Box) -> bool:
    height = max(left[3] - left[1], right[3] - right[1], 1.0)
    level = abs((left[1] + left[3]) - (right[1] + right[3])) / 2 <= height
    return level and -0.5 * height <= right[0] - left[2] <= _GAP * height


def _shown(word: Sequence[tuple[str, Box]], height: float, codes: dict[str, int]) -> str:
    """The operators of a run; a blank ends it, so that readers part it from the next."""
    boxes = [box for _, box in word]
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    top, bottom = height - min(box[1] for box in boxes), height - max(box[3] for box in boxes)
    way = _way(boxes[0], boxes[1]) if len(word) > 1 else "right"
    size = max(top - bottom if way == "right" else right - left, 1.0)
    long = max(right - left if way == "right" else top - bottom, 0.5)
    wide = long / (len(word) * size * _CELL / 1000) * 100
    turn, x, y = {
        "down": ("0 -1 1 0", left + 0.2 * size, top),
        "up": ("0 1 -1 0", right - 0.2 * size, bottom),
    }.get(way, ("1 0 0 1", left, bottom + 0.2 * size))
    text = "".join(f"{codes[char]:04X}" for char, _ in word) + f"{codes[' ']:04X}"
    place = f"{turn} {number_text(x)} {number_text(y)} Tm"
    return f"/RwText {number_text(size)} Tf {number_text(wide)} Tz {place} <{text}> Tj"


def _map(codes: dict[str, int]) -> bytes:
    rows = [
        f"<{code:04X}> <{char.encode('utf-16-be', 'replace').hex().upper()}>"
        for char, code in codes.items()
    ]
    blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
    body = "".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
