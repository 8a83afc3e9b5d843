"""The text of a mail as words, and whether another mail quotes all of it.

Quote marks, the lines that introduce a quotation and the headers repeated above it are no words of
anybody's. What is left of each line is its letters and digits, in NFKC and small letters.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

LONGEST = 1 << 20
"""Of characters: a longer text is compared with none."""

_FEW_WORDS = 8
_NEAR = 4  # lines between two headers of one block, as where a list of recipients is wrapped
_FEWEST_HEADERS = 3
_LONGEST_LINE = 400
_MOST_ABOVE = 2

_MARK = re.compile(r"(?:[ \t]*>)+")
_WORD = re.compile(r"[^\W_]+")

_RULE = re.compile(
    r"\s*[-_=*]{2,}\s*(?:original (?:message|appointment)|(?:begin )?forwarded\b.*|"
    r"weitergeleitete nachricht|ursprüngliche nachricht|originalnachricht|message d'origine|"
    r"message transféré|mensaje original|mensaje reenviado|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|doorgestuurd bericht|ursprungligt meddelande|oprindelig meddelelse|"
    r"opprinnelig melding|alkuperäinen viesti)\s*[-_=*]*\s*\Z"
)
_HEADER = re.compile(
    r"\s*\**(?:from|to|cc|bcc|sent|date|subject|reply-to|importance|attachments|sent by|sent to|"
    r"von|an|kopie|gesendet|datum|betreff|antwort an|de|à|objet|envoyé|pour|para|asunto|enviado|"
    r"fecha|assunto|da|a|oggetto|inviato|data|van|aan|verzonden|onderwerp|från|till|skickat|ämne|"
    r"fra|til|sendt|emne)\**\s*:"
)
_WROTE = re.compile(
    r".*\b(?:wrote|writes|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|kirjoitti)"
    r"\b[^:]{0,100}:\s*\Z"
)
_ON = re.compile(r"\s*(?:on|am|le|el|em|il|op|den|på|at|quoting)\b.*\d")


@dataclass(frozen=True, slots=True)
class Read:
    """A mail's text: the words of each line, and the words of the lines that it quotes."""

    lines: tuple[str, ...]
    quoted: tuple[str, ...]

    def size(self) -> int:
        """How much memory it takes, roughly."""
        return sum(map(len, self.lines)) + 64 * len(self.lines)

    def words(self) -> str:
        """All of them in a line."""
        return " ".join(self.lines)


def read_text(text: str) -> Read:
    """Take a mail's text apart."""
    bare, depths = [], []
    for line in unicodedata.normalize("NFKC", text[:LONGEST]).casefold().splitlines():
        mark = _MARK.match(line)
        depths.append(mark[0].count(">") if mark else 0)
        bare.append(line[mark.end() :] if mark else line)
    dropped, opening = _introductions(bare, depths)
    lines, quoted = [], []
    for number, line in enumerate(bare):
        if number not in dropped and (words := " ".join(_WORD.findall(line))):
            lines.append(words)
            if depths[number] or number > opening:
                quoted.append(words)
    return Read(tuple(lines), tuple(quoted))


def is_quoted(inner: Read, outer: Read) -> bool:
    """Whether all lines of `inner` stand, in their order, in what `outer` quotes.

    Lines may be wrapped otherwise there, and words may stand between them; those of a text of a few
    words must be lines there too, as they could stand by chance in others.
    """
    if not inner.lines:
        return False
    if sum(line.count(" ") + 1 for line in inner.lines) < _FEW_WORDS:
        rest = iter(outer.quoted)
        return all(line in rest for line in inner.lines)
    text, at = f" {' '.join(outer.quoted)} ", 0
    for line in inner.lines:
        at = text.find(f" {line} ", at)
        if at < 0:
            return False
        at += len(line) + 1
    return True


def _introductions(bare: Sequence[str], depths: Sequence[int]) -> tuple[set[int], int]:
    """Lines that are nobody's words, and the one behind which all is quoted (the last, if none).

    A rule ("-----Original Message-----") or a block of headers opens a quotation to the end; a line
    that says who wrote does where no quote marks follow it.
    """
    dropped: set[int] = set()
    openings: list[int] = []
    for block in _blocks(bare):
        dropped.update(block)
        openings += [block[0]] * (depths[block[0]] == 0)
    for number, line in enumerate(bare):
        if len(line) > _LONGEST_LINE:
            continue
        if _RULE.match(line):
            dropped.add(number)
            openings += [number] * (depths[number] == 0)
        elif _WROTE.match(line):
            dropped.update(_sentence(bare, depths, number))
            openings += [number] * (
                depths[number] == 0 and not _is_marked_after(bare, depths, number)
            )
    return dropped, min(openings, default=len(bare))


def _blocks(bare: Sequence[str]) -> Iterator[list[int]]:
    """Lines that look like headers, where enough of them stand together."""
    names = {n: m[0] for n, line in enumerate(bare) if (m := _HEADER.match(line[:80]))}
    found = list(names)
    near = [False] + [
        after - before <= _NEAR + 1 and all(line.strip() for line in bare[before:after])
        for before, after in pairwise(found)
    ]
    block: list[int] = []
    for number, joins in [*zip(found, near, strict=False), (len(bare), False)]:
        if not joins:
            if len({names[each].strip() for each in block}) >= _FEWEST_HEADERS:
                yield block
            block = []
        block.append(number)


def _sentence(bare: Sequence[str], depths: Sequence[int], last: int) -> range:
    """The lines of "On … wrote:", which may be wrapped."""
    for first in range(last, max(last - _MOST_ABOVE, 0) - 1, -1):
        if depths[first] != depths[last] or not bare[first].strip():
            break
        if _ON.match(bare[first][:_LONGEST_LINE]):
            return range(first, last + 1)
    return range(last, last + 1)


def _is_marked_after(bare: Sequence[str], depths: Sequence[int], number: int) -> bool:
    """Whether the next line that holds anything bears a quote mark."""
    for at in range(number + 1, len(bare)):
        if depths[at] or bare[at].strip():
            return depths[at] > 0
    return False
