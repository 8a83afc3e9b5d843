"""Whether what a document hides stands in a file: looked for in every view of it.

In a text a word is looked for as a word. In bytes that only look like a text it must have six
characters, for shorter ones come about by chance, and words by which formats name their own parts
are left out. Letters that stand apart are put together, and so is what a hyphen parts at the end of
a line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from produce.imaging.saved_sheets import NO_VALUE
from produce.redaction.told import NOTHING, Hidden, tokens
from produce.redaction.views import View, views

_BY_CHANCE = 6
_APART = 4  # letters; fewer stand apart by chance
# Operands that move text or a picture and turn nothing (ISO 32000-1, 8.3.3): no digits of a word.
_MOVED = re.compile(r"\b1 0 0 1(?= -?[\d.]+ -?[\d.]+ (?:cm|Tm)\b)")
_HYPHEN = re.compile(r"[-\u00ad\u2010]\s*\n\s*")
# Names and operators by which PDF and TIFF files are built (ISO 32000-1, annex A and table 15).
_NAMES = (
    "obj endobj stream endstream xref trailer startxref eof pdf type page pages kids count parent "
    "root info size index prev filter flatedecode length subtype xobject image form matrix bbox "
    "width height colorspace devicegray devicergb bitspercomponent resources contents mediabox "
    "cropbox rotate font basefont encoding winansiencoding helvetica type0 type1 truetype "
    "cidfonttype2 cidsysteminfo cidtogidmap identity registry ordering supplement adobe "
    "descendantfonts fontdescriptor fontname flags fontbbox italicangle ascent descent capheight "
    "stemv fontfile2 tounicode catalog objstm first decodeparms predictor columns group "
    "transparency procset text imagec imageb xref rwpage rwtext rwfont im0 cidinit findresource "
    "begin dict begincmap endcmap cmapname currentdict defineresource cmap endcidrange "
    "begincodespacerange endcodespacerange beginbfchar endbfchar beginbfrange endbfrange def pop "
    "end ucs cmaptype metadata version producer creator title author dct dctdecode "
    "ccittfaxdecode blackis1 imagemask smask interpolate device gray rgb cmyk"
)
STRUCTURE = frozenset(_NAMES.split())


@dataclass(frozen=True, slots=True)
class Leak:
    """A word or phrase, and where in a file it stands."""

    where: str
    word: str


@dataclass(frozen=True, slots=True)
class Printed:
    """Lines that each page of a PDF shows of its volume; what is hidden and may stand in them."""

    lines: tuple[str, ...] = ()
    hidden: Hidden = NOTHING


NOT_PRINTED = Printed()


def leaks(data: bytes, hidden: Hidden, printed: Printed = NOT_PRINTED) -> Iterator[Leak]:
    """Where a file shows what is hidden, each word once a view.

    A text that several ways of reading give alike is looked at once, where it was first read. What
    pages say of their volume is a leak where a page says it oftener than its lines do.
    """
    told: set[tuple[str, str]] = set()
    seen: set[tuple[str, bool]] = set()
    sought, counted = Sought(hidden), Sought(printed.hidden)
    for view in views(data):
        if (view.text, view.sure) in seen:
            continue
        seen.add((view.text, view.sure))
        oftener = counted.oftener(view, printed.lines) if view.page else ()
        for word in (*sought.within(view), *oftener):
            if (view.where, word) not in told:
                told.add((view.where, word))
                yield Leak(view.where, word)


class Sought:
    """What is looked for, ready for many views."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        raw = {each for each in hidden.words if len(each) >= _BY_CHANCE} - STRUCTURE
        said = {each for each in hidden.phrases if sum(map(len, each)) >= _BY_CHANCE + 2}
        self._raw = Hidden(frozenset(raw), frozenset(said))
        long = {each for each in hidden.words if len(each) >= _APART}
        self._joined = long | {"".join(each) for each in hidden.phrases}
        forms = "|".join(re.escape(each) for each in sorted(self._joined, key=len, reverse=True))
        self._pattern = re.compile(forms) if forms else None

    def within(self, view: View) -> Iterator[str]:
        """The words of a view that are hidden."""
        said = view.text.replace(NO_VALUE, " ")  # ours, in the place of a result
        text = _HYPHEN.sub("", said) if view.sure else said
        found = tokens(said)
        if len(text) < len(said):
            found += tokens(text)
        yield from (self._hidden if view.sure else self._raw).among(found)
        if not view.sure and _MOVED.search(said):
            found = tokens(_MOVED.sub(" cm ", said))
        yield from self._apart(found)

    def oftener(self, view: View, lines: tuple[str, ...]) -> Iterator[str]:
        """Those words that a page says oftener than some lines; apart, no line says any."""
        if not self._hidden:
            return
        for text in dict.fromkeys((view.text, _HYPHEN.sub("", view.text))):
            yield from self._hidden.oftener(text, lines)
        yield from self._apart(tokens(view.text))

    def _apart(self, found: Iterable[str]) -> Iterator[str]:
        if self._pattern is None:
            return
        run: list[str] = []
        for each in (*found, "  "):
            if len(each) == 1:
                run.append(each)
                continue
            if len(run) >= _APART:
                for match in self._pattern.finditer("".join(run)):
                    yield f"{match.group()} (letters apart)"
            run = []
