"""Calendars and cards as a page to read: each entry a block of labelled lines, times written out.

Every line of an entry is there, the well-known ones first. Times stand as the file has them, with
the zone that it names. What defines time zones, and bookkeeping of programs, stays out.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.contentlines import Component, Line, read_components
from ingest.text import decode_text
from produce.imaging import text
from produce.imaging.mail import text_pdf
from produce.imaging.own_words import ELSEWHERE, ENTRIES, FIRST, LATER, REMINDER

_LABELS = FIRST | LATER
_ORDER = {name: number for number, name in enumerate(_LABELS)}
# The calendar's own bookkeeping, and how Outlook draws a card: nothing that a person wrote.
_SILENT = frozenset({"VERSION", "PRODID", "X-MS-OL-DESIGN"})
_IN_PARTS = frozenset({"N", "ADR", "ORG"})
_TOLD = frozenset({"CN", "TYPE", "ROLE", "PARTSTAT", "TZID"})
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?\Z")
_MAILTO = re.compile(r"\Amailto:", re.IGNORECASE)

Pairs = list[tuple[str, str]]


def entries_pdf(source: Path, target: Path) -> tuple[int, list[str]]:
    """Print a calendar or a file of cards; a file without an entry is printed as it is."""
    data = source.read_bytes()
    blocks = list(_blocks(read_components(data)))
    if not any(kind for kind, _ in blocks):
        return text_pdf(decode_text(data)[0], [], target)
    if any(text.needs_shaping(value) for _, pairs in blocks for _, value in pairs):
        body = "\n".join(_plain(pairs) for _, pairs in blocks)
        return text_pdf(body, [], target)
    pages, missing = text.write_pdf("", _together([pairs for _, pairs in blocks]), target)
    return pages, [f"no font has {len(missing)} of its characters"] if missing else []


def _together(blocks: Sequence[Pairs]) -> list[text.Line]:
    """The lines of all blocks; one that would be parted by the end of a page begins the next."""
    lines: list[text.Line] = []
    for pairs in blocks:
        block = text.header_lines(pairs)
        room = text.LINES - len(lines) % text.LINES
        if room < len(block) - 1 and len(block) <= text.LINES:
            lines += [text.Line("")] * room
        lines += block
    return lines


def _plain(pairs: Pairs) -> str:
    return "\n".join(f"{label}: {value}" for label, value in pairs) + "\n"


def _blocks(component: Component) -> Iterator[tuple[str, Pairs]]:
    """(kind, labelled lines) of each entry, and of what stands outside of entries, in order."""
    own = [each for each in component.order if isinstance(each, Line)]
    loose = [(_label(each), _value(each)) for each in own if each.name not in _SILENT]
    if loose := [(label, value) for label, value in loose if value]:
        yield "", loose
    for child in component.children:
        if child.name in ENTRIES:
            yield child.name, [(ENTRIES[child.name], ""), *_pairs(child)]
        elif child.name != "VTIMEZONE":
            yield from _blocks(child)


def _pairs(entry: Component) -> Iterator[tuple[str, str]]:
    lines = [each for each in entry.order if isinstance(each, Line)]
    for line in sorted(lines, key=lambda each: _ORDER.get(_base(each), len(_ORDER))):
        if line.name not in _SILENT and (value := _value(line)):
            yield _label(line), value
    for child in entry.children:
        inner = "; ".join(f"{label} {value}" for label, value in _pairs(child))
        yield (REMINDER if child.name == "VALARM" else child.written), inner


def _base(line: Line) -> str:
    """The line's name without the group that a card may put before it."""
    return line.name.rpartition(".")[2]


def _label(line: Line) -> str:
    name = _base(line)
    return _LABELS.get(name) or name.removeprefix("X-").replace("-", " ").capitalize() or "Line"


def _value(line: Line) -> str:
    if line.data is not None:
        return f"[{len(line.data):,} bytes, {ELSEWHERE}]"
    name = _base(line)
    if name in _IN_PARTS:
        value = ", ".join(each for each in line.pieces(";") if each)
    else:
        value = _MAILTO.sub("", _moments(line.text).strip())
    told = [text for key, text in line.parameters.items() if key in _TOLD and text]
    return f"{value} ({', '.join(told)})" if told and value else value


def _moments(value: str) -> str:
    """Times in a value, parted by commas, written out; other text as it is."""
    pieces = value.split(",")
    found = [_MOMENT.match(each.strip()) for each in pieces]
    if not all(found):
        return value
    return ", ".join(_moment(each) for each in found if each is not None)


def _moment(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, utc = found.groups()
    date = f"{year}-{month}-{day}"
    if hour is None:
        return date
    return f"{date} {hour}:{minute}:{second or '00'}" + (" UTC" if utc else "")
