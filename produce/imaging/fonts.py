"""Fonts of this machine, found through fontconfig and embedded as subsets (ISO 32000-1, 9.7)."""

import functools
import io
import subprocess
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pikepdf
from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

from produce.imaging.errors import RenderError
from records.codes import Code

# A typewriter face first: columns of plain text must stay columns.
PREFERRED = ("Liberation Mono", "DejaVu Sans Mono", "DejaVu Sans", "WenQuanYi Micro Hei Mono")
REPLACEMENT = "\ufffd"
_FORMAT = "%{fontformat}\t%{variable}\t%{index}\t%{file}\t%{family[0]}\t%{style[0]}\n"
_PLAIN = ("Regular", "Book", "Roman", "Medium", "Normal")


@functools.cache
def _listed(pattern: str) -> tuple[tuple[str, str, str, int], ...]:
    """(family, style, file, index) of static TrueType fonts that match a fontconfig pattern."""
    try:
        done = subprocess.run(
            ["fc-list", "--format", _FORMAT, pattern], capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RenderError(Code.UNSUPPORTED, "no fonts", f"fc-list: {error}") from error
    found = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        kind, variable, index, file, family, style = line.split("\t")
        if kind == "TrueType" and variable == "False":
            found.append((family, style, file, int(index)))
    return tuple(sorted(found, key=lambda each: (each[1] not in _PLAIN, each)))


class _Source:
    """A font file, read once: its characters and widths, and subsets that were made of it."""

    def __init__(self, file: str, index: int) -> None:
        self.file = file
        self.index = index
        font = TTFont(file, fontNumber=index, lazy=True)
        head, lines = font["head"], font["hhea"]
        scale = 1000 / head.unitsPerEm
        names: dict[int, str] = font.getBestCmap() or {}
        widths: dict[str, tuple[int, int]] = font["hmtx"].metrics
        self.gids = {code: font.getGlyphID(name) for code, name in names.items()}
        self.widths = {
            number: widths[name][0] * scale for number, name in enumerate(font.getGlyphOrder())
        }
        corners = (head.xMin, head.yMin, head.xMax, head.yMax)
        self.box = [round(each * scale) for each in corners]
        self.ascent, self.descent = round(lines.ascent * scale), round(lines.descent * scale)
        font.close()

    @functools.lru_cache(maxsize=32)  # noqa: B019 - sources live as long as the process
    def program(self, gids: frozenset[int]) -> bytes:
        """The font file with the outlines of `gids` alone, numbered as before."""
        options = subset.Options()
        options.retain_gids = True
        options.notdef_outline = True
        options.hinting = False
        options.layout_features = []
        options.drop_tables += ["GSUB", "GPOS", "GDEF", "FFTM", "name", "post", "kern", "OS/2"]
        worker = subset.Subsetter(options)
        worker.populate(gids=[0, *sorted(gids)])
        font = TTFont(self.file, fontNumber=self.index, recalcTimestamp=False)
        worker.subset(font)
        target = io.BytesIO()
        font.save(target, reorderTables=True)
        return target.getvalue()


@functools.cache
def _source(file: str, index: int) -> _Source:
    return _Source(file, index)


class Face:
    """One font in one PDF: the glyphs that were used of it."""

    def __init__(self, file: str, index: int) -> None:
        self._source = _source(file, index)
        self.used: dict[int, str] = {}

    def glyph(self, char: str) -> tuple[int, float] | None:
        """Number and width, in thousandths, of a character's glyph; None where there is none."""
        gid = self._source.gids.get(ord(char))
        return None if gid is None else (gid, self._source.widths[gid])

    def embed(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """A Type 0 font of the glyphs used, numbered as in the whole font.

        ASCII goes along always: most texts then share one subset, which takes long to make.
        """
        source = self._source
        ascii_gids = {source.gids[code] for code in range(32, 127) if code in source.gids}
        gids = frozenset(self.used) | ascii_gids
        stem = Path(source.file).stem.replace(" ", "")
        name = pikepdf.Name(f"/{_tag(gids)}+{stem}")
        descriptor = pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=name,
            Flags=4,
            FontBBox=source.box,
            ItalicAngle=0,
            Ascent=source.ascent,
            Descent=source.descent,
            CapHeight=source.ascent,
            StemV=80,
            FontFile2=pdf.make_stream(source.program(gids)),
        )
        descendant = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            W=self._widths(),
            CIDToGIDMap=pikepdf.Name.Identity,
        )
        return pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Font,
                Subtype=pikepdf.Name.Type0,
                BaseFont=name,
                Encoding=pikepdf.Name("/Identity-H"),
                DescendantFonts=[pdf.make_indirect(descendant)],
                ToUnicode=pdf.make_stream(_to_unicode(self.used)),
            )
        )

    def _widths(self) -> pikepdf.Array:
        rows: list[object] = []
        for gid in sorted(self.used):
            rows += [gid, pikepdf.Array([round(self._source.widths[gid])])]
        return pikepdf.Array(rows)


def _tag(used: Iterable[int]) -> str:
    """Six letters that name the subset by its glyphs (ISO 32000-1, 9.6.4)."""
    number = functools.reduce(lambda value, gid: (value * 31 + gid) % 26**6, sorted(used), 7)
    letters = []
    for _ in range(6):
        number, digit = divmod(number, 26)
        letters.append(chr(65 + digit))
    return "".join(letters)


def _to_unicode(used: dict[int, str]) -> bytes:
    rows = [f"<{gid:04X}> <{char.encode('utf-16-be').hex().upper()}>" for gid, char in used.items()]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    body = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


class FontSet:
    """The faces of one PDF file: a character goes to the first face that has it."""

    def __init__(self) -> None:
        self._faces: list[Face] = []
        self._known: dict[str, tuple[int, int, float]] = {}
        self._later = list(PREFERRED)
        self.missing: set[str] = set()
        while self._later and not self._faces:
            self._add(f":family={self._later.pop(0)}")
        if not self._faces and self._add(":charset=20 41 61") is None:
            raise RenderError(Code.UNSUPPORTED, "no fonts", "fontconfig knows no TrueType font")

    def _add(self, pattern: str) -> int | None:
        for _, _, file, index in _listed(pattern):
            try:
                self._faces.append(Face(file, index))
            except (TTLibError, OSError):
                continue
            return len(self._faces) - 1
        return None

    def glyph(self, char: str) -> tuple[int, int, float]:
        """(face, glyph, width) of `char`; the replacement character where no face has it."""
        known = self._known.get(char)
        if known is None:
            known = self._known[char] = self._find(char)
            self._faces[known[0]].used.setdefault(known[1], char)
        return known

    def _find(self, char: str) -> tuple[int, int, float]:
        for number, face in enumerate(self._faces):
            if found := face.glyph(char):
                return number, *found
        while self._later:
            added = self._add(f":family={self._later.pop(0)}")
            if added is not None and (found := self._faces[added].glyph(char)):
                return added, *found
        added = self._add(f":charset={ord(char):x}")
        if added is not None and (found := self._faces[added].glyph(char)):
            return added, *found
        if char != REPLACEMENT:
            self.missing.add(char)
            return self.glyph(REPLACEMENT)
        return 0, 0, 600.0

    def resources(self, pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
        """The /Font dictionary; call it once all text was drawn."""
        fonts = pikepdf.Dictionary()
        for number, face in enumerate(self._faces):
            if face.used:
                fonts[f"/F{number}"] = face.embed(pdf)
        return fonts


def cells(char: str) -> int:
    """Columns that a character takes: two for wide ones, none for marks and invisible ones."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
