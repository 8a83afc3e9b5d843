"""Hidden content of PowerPoint's old presentations ([MS-PPT]): slides, notes, comments.

A file keeps older states of what was changed; only what its last list of objects names counts.
"""

import struct
from collections.abc import Iterator

from ingest.compound import Compound
from process.hidden import Findings, whose

_MOST_RECORDS = 1_000_000
_MOST_EDITS = 1000
_DEPTH = 20
_DOCUMENT, _SLIDE, _NOTES, _LIST, _PERSIST = 0x03E8, 0x03EE, 0x03F0, 0x0FF0, 0x03F3
_SHOW, _EDIT, _DIRECTORY = 0x03F9, 0x0FF5, 0x1772
_WIDE, _NARROW, _HEADER, _COMMENT, _STRING = 0x0FA0, 0x0FA8, 0x0F9F, 0x2EE0, 0x0FBA
_EMBEDDED, _LINKED = 0x0FCC, 0x0FCE
_MACROS = 0x0400
_BLOB = 0x138B  # holds records, though it is none of the containers
_HIDDEN = 0x0004
_NOTES_LIST = 2


class _Records:
    """The records of the stream, each as (number, instance, body) with those within it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _MOST_RECORDS

    def at(self, place: int) -> tuple[int, int, int, int] | None:
        """The record at a place: its number, its instance, where its body begins and ends."""
        if not 0 <= place <= len(self.data) - 8:
            return None
        flags, number, size = struct.unpack_from("<HHI", self.data, place)
        return number, flags >> 4, place + 8, min(place + 8 + size, len(self.data))

    def within(self, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int, int, int]]:
        """All records in a range, those within containers after them."""
        while start + 8 <= end and self.left > 0:
            self.left -= 1
            found = self.at(start)
            if found is None:
                return
            yield found
            holds = self.data[start] & 0x0F == 0x0F or found[0] == _BLOB
            if holds and depth < _DEPTH:
                yield from self.within(found[2], min(found[3], end), depth + 1)
            start = found[3]


def look_ppt(compound: Compound, findings: Findings) -> None:
    """Find what is hidden in a presentation."""
    top = compound.children(compound.root)
    main, user = top.get("POWERPOINT DOCUMENT"), top.get("CURRENT USER")
    if main is None or not main.is_stream:
        return
    records = _Records(compound.stream(main))
    try:
        current = compound.stream(user) if user is not None and user.is_stream else b""
        places = _directory(records, struct.unpack_from("<I", current, 16)[0])
        _look(records, places, findings)
    except struct.error:
        findings.fault("its list of slides is damaged")


def _directory(records: _Records, edit: int) -> dict[int, int]:
    """Where each object lies by the last edit that says so (2.3.4, 2.3.3)."""
    places: dict[int, int] = {}
    for _ in range(_MOST_EDITS):
        found = records.at(edit)
        if found is None or found[0] != _EDIT:
            break
        before, directory = struct.unpack_from("<II", records.data, found[2] + 8)
        listed = records.at(directory)
        if listed is not None and listed[0] == _DIRECTORY:
            for number, place in _entries(records.data[listed[2] : listed[3]]):
                places.setdefault(number, place)
        if before == 0 or before >= edit:
            break
        edit = before
    return places


def _entries(data: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while at + 4 <= len(data):
        word = struct.unpack_from("<I", data, at)[0]
        first, count = word & 0xFFFFF, word >> 20
        at += 4
        for number in range(min(count, (len(data) - at) // 4)):
            yield first + number, struct.unpack_from("<I", data, at + 4 * number)[0]
        at += 4 * count


def _look(records: _Records, places: dict[int, int], findings: Findings) -> None:
    slides: list[int] = []
    notes: list[int] = []
    for place in places.values():
        found = records.at(place)
        if found is None or found[0] != _DOCUMENT:
            continue
        instance = -1
        for number, kind, start, _ in records.within(found[2], found[3]):
            if number == _LIST:
                instance = kind
            elif number == _PERSIST and instance in (0, _NOTES_LIST):
                reference = struct.unpack_from("<I", records.data, start)[0]
                (slides if instance == 0 else notes).append(places.get(reference, -1))
            elif number == _EMBEDDED:
                findings.flag("embedded-objects")
            elif number == _LINKED:
                findings.flag("linked-objects")
            elif number == _MACROS and struct.unpack_from("<I", records.data, start + 4)[0]:
                findings.flag("macros")
    for order, place in enumerate(slides, 1):
        _slide(records, place, f"Slide {order}", findings)
    for place in notes:
        _notes(records, place, findings)


def _slide(records: _Records, place: int, where: str, findings: Findings) -> None:
    found = records.at(place)
    if found is None or found[0] != _SLIDE:
        return
    hidden, words = False, list[str]()
    said = ["", ""]  # author and words of the present comment (2.5.3); none is open yet
    for number, instance, start, end in records.within(found[2], found[3]):
        if number == _SHOW and end - start >= 12:
            hidden |= bool(struct.unpack_from("<H", records.data, start + 10)[0] & _HIDDEN)
        elif number == _COMMENT:
            said = []
            findings.flag("comments")
        elif number == _STRING and instance in (0, 1) and len(said) == instance:
            said.append(_text(records.data[start:end], wide=True))
            if instance == 1:
                findings.say("comments", whose(f"{where}, {said[0]}", ""), said[-1])
        elif number in (_WIDE, _NARROW):
            words.append(_text(records.data[start:end], wide=number == _WIDE))
    if hidden:
        findings.flag("hidden-slides")
        findings.say("hidden-slides", where, "\n".join(words))


def _notes(records: _Records, place: int, findings: Findings) -> None:
    """The words of a page of notes; text of type 2 (notes) is the speaker's (2.13.33)."""
    found = records.at(place)
    if found is None or found[0] != _NOTES:
        return
    words: list[str] = []
    own = False
    for number, _, start, end in records.within(found[2], found[3]):
        if number == _HEADER and end - start >= 4:
            own = struct.unpack_from("<I", records.data, start)[0] == 2
        elif number in (_WIDE, _NARROW) and own:
            words.append(_text(records.data[start:end], wide=number == _WIDE))
    findings.say("speaker-notes", "", "\n".join(words))


def _text(data: bytes, *, wide: bool) -> str:
    text = data.decode("utf-16-le" if wide else "latin-1", "replace")
    return text.replace("\r", "\n").replace("\x0b", "\n")
