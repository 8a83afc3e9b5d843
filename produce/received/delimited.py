"""Delimited load files of any vendor: how they are written, found by looking; no row is lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from produce.received import decode
from produce.received.interface import Dialect, Row
from produce.received.names import known_names

_LOOKED_AT = 200  # lines
_JOINED = 2000  # lines that one record may take
_PLAIN = ("|", "\t", ";", ",", "^", "~")
_QUALIFIERS = ('"', "^", "~", "'")


def dialect_of(path: Path) -> Dialect:
    """How a file is written, by its bytes and its first lines."""
    charset = decode.charset_of(path)
    head = [line for line, _ in islice(decode.lines(path, charset.name, charset.mark), _LOOKED_AT)]
    head = [line for line in head if line.strip()]
    thorn, registered, pilcrow = decode.signs_of(charset.name)
    said = [f"encoding {charset.name}: {charset.why}"]
    delimiter, why = _delimiter(head, thorn, pilcrow)
    said.append(f"delimiter {named(delimiter)}: {why}")
    qualifier, why = _qualifier(head, delimiter, thorn)
    said.append(f"qualifier {named(qualifier)}: {why}")
    newline = registered if delimiter in ("\x14", pilcrow) or qualifier == thorn else ""
    said.append(f"line breaks within values: {named(newline)}")
    header = bool(head) and _is_header(split(head[0], delimiter, qualifier)[0])
    said.append("the first line names the fields" if header else "there is no line of field names")
    return Dialect(
        charset.name, delimiter, qualifier, newline, header, charset.mark > 0, tuple(said)
    )


def named(sign: str) -> str:
    """A sign as people are told of it."""
    words = {"\t": "tab", "": "none"}
    shown = f"{sign!r} " if sign.isprintable() and sign else ""
    return words.get(sign) or f"{shown}U+{ord(sign):04X}"


def _delimiter(head: Sequence[str], thorn: str, pilcrow: str) -> tuple[str, str]:
    first = head[0] if head else ""
    if "\x14" in first:
        return "\x14", "it stands in the first line"
    if pilcrow in first and (thorn in first or first.count(pilcrow) > 2):
        return pilcrow, "a vendor's error for U+0014, taken as it is"
    for qualifier in (thorn, *_QUALIFIERS):
        between = _between(first, qualifier)
        if between:
            return between, "it stands between qualified values"
    scores = {each: _steady(head, each) for each in _PLAIN}
    best = max(_PLAIN, key=lambda each: scores[each])
    if scores[best] <= 0:
        return ",", "no sign parts the first line: taken as one field"
    return best, "it parts the lines most evenly"


def _between(first: str, qualifier: str) -> str:
    """The one sign between two qualifiers, in a line that begins and ends with one."""
    if len(first) < 2 or not first[0] == first[-1] == qualifier:
        return ""
    parts = set(first.split(qualifier)[2:-1:2])
    (sign, *others) = parts or {""}
    return sign if not others and len(sign) == 1 else ""


def _steady(head: Sequence[str], sign: str) -> float:
    """How many of the lines have as many signs as the first, weighed by their number."""
    counts = [_bare(line, sign) for line in head]
    if not counts or not counts[0]:
        return 0.0
    same = sum(1 for each in counts if each == counts[0]) / len(counts)
    known = len(known_names([each.strip('"') for each in head[0].split(sign)]))
    return same * min(counts[0], 20) / 20 + known


def _bare(line: str, sign: str) -> int:
    """Signs outside double quotes."""
    return sum(part.count(sign) for part in line.split('"')[::2])


def _qualifier(head: Sequence[str], delimiter: str, thorn: str) -> tuple[str, str]:
    fields = [each for line in head[:50] for each in line.split(delimiter)]
    full = [each for each in fields if len(each) > 1]
    for sign in (thorn, *_QUALIFIERS):
        if sign == delimiter:
            continue
        wrapped = sum(1 for each in full if each[0] == each[-1] == sign)
        opened = sum(1 for each in full if each[0] == sign or each[-1] == sign)
        enough = wrapped or (sign == '"' and opened)
        if enough and (sign in (thorn, '"') or wrapped > len(full) // 2):
            every = "every value" if wrapped == len(full) else "some values"
            return sign, f"{every} of the first lines stand within it"
    return "", "no value stands within signs"


def _is_header(values: Sequence[str]) -> bool:
    """Whether a first row names fields: two that are known, or one where there are few."""
    known = known_names(values)
    return len(known) >= min(2, len(values)) or (len(known) == 1 and len(values) <= 3)


def split(line: str, delimiter: str, qualifier: str) -> tuple[list[str], bool]:
    """The values of a line, and whether the last qualified one was closed.

    Qualified and bare values may stand side by side; a doubled qualifier within qualified ones is
    one. A qualifier that closes before neither delimiter nor end is taken as a letter.
    """
    if not qualifier or qualifier not in line:
        return line.split(delimiter), True
    if len(line) > 1 and line[0] == line[-1] == qualifier:
        values = line[1:-1].split(f"{qualifier}{delimiter}{qualifier}")
        if not any(qualifier in each for each in values):
            return values, True
    return _scanned(line, delimiter, qualifier)


def _scanned(line: str, delimiter: str, qualifier: str) -> tuple[list[str], bool]:
    values: list[str] = []
    at, size = 0, len(line)
    while at <= size:
        if line.startswith(qualifier, at):
            value, at, closed = _qualified(line, at + 1, delimiter, qualifier)
            values.append(value)
            if not closed:
                return values, False
        else:
            stop = line.find(delimiter, at)
            stop = size if stop < 0 else stop
            values.append(line[at:stop])
            at = stop + 1
    return values, True


def _qualified(line: str, at: int, delimiter: str, qualifier: str) -> tuple[str, int, bool]:
    """A qualified value from behind its first sign, where the next begins, and if it closed."""
    parts = []
    begin = at
    while (stop := line.find(qualifier, at)) >= 0:
        after = stop + 1
        if after == len(line) or line.startswith(delimiter, after):
            parts.append(line[begin:stop])
            return "".join(parts), after + 1, True
        parts.append(line[begin:after])
        at = begin = after + 1 if line.startswith(qualifier, after) else after
    parts.append(line[begin:])
    return "".join(parts), len(line) + 1, False


def rows(path: Path, dialect: Dialect, width: int) -> Iterator[Row]:
    """All records of a file, its line of names left out; each line that is not blank is in one.

    A record may take several lines where a value holds bare line breaks. What gives no `width`
    values, alone or joined, comes as a row with a fault.
    """
    mark = len(_mark(dialect)) if dialect.bom else 0
    source = _Lines(decode.lines(path, dialect.encoding, mark))
    if dialect.header:
        source.skip_header()
    while (first := source.take()) is not None:
        yield _record(source, first, dialect, width)


def header_of(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """The names of the fields; columns without a name, or of one name, are told by their place."""
    mark = len(_mark(dialect)) if dialect.bom else 0
    first = ""
    for line, _ in decode.lines(path, dialect.encoding, mark):
        if line.strip():
            first = line
            break
    values = [each.strip() for each in split(first, dialect.delimiter, dialect.qualifier)[0]]
    if not dialect.header:
        return tuple(f"Column {number}" for number in range(1, len(values) + 1))
    seen: Counter[str] = Counter()
    names = []
    for number, value in enumerate(values, 1):
        name = value or f"Column {number}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _mark(dialect: Dialect) -> bytes:
    return "\ufeff".encode(dialect.encoding)


class _Lines:
    """Lines that can be looked at before they are taken; blank ones are no records."""

    def __init__(self, lines: Iterator[tuple[str, bool]]) -> None:
        self._lines = enumerate(lines, 1)
        self._ahead: list[tuple[int, str, bool]] = []

    def take(self) -> tuple[int, str, bool] | None:
        """The next line that is not blank."""
        while True:
            if self._ahead:
                found = self._ahead.pop(0)
            else:
                number, (text, sound) = next(self._lines, (0, ("", True)))
                if not number:
                    return None
                found = (number, text, sound)
            if found[1].strip():
                return found

    def peek(self, index: int) -> tuple[int, str, bool] | None:
        """The line so many ahead, blank or not."""
        while len(self._ahead) <= index:
            number, (text, sound) = next(self._lines, (0, ("", True)))
            if not number:
                return None
            self._ahead.append((number, text, sound))
        return self._ahead[index]

    def drop(self, count: int) -> None:
        """Take so many lines that were looked at."""
        del self._ahead[:count]

    def skip_header(self) -> None:
        """Leave out the line of names."""
        self.take()


def _record(source: _Lines, first: tuple[int, str, bool], dialect: Dialect, width: int) -> Row:
    number, text, sound = first
    remarks = () if sound else ("bytes that do not decode",)
    values, closed = split(text, dialect.delimiter, dialect.qualifier)
    if closed and len(values) == width:
        return Row(number, tuple(values), text, remarks=remarks)
    if closed and len(values) == width + 1 and not values[-1].strip():
        return Row(number, tuple(values[:-1]), text, remarks=(*remarks, "a delimiter at its end"))
    if not closed or len(values) < width:
        joined = _joined(source, text, dialect, width)
        if joined is not None:
            whole, taken = joined
            source.drop(taken)
            values, _ = split(whole, dialect.delimiter, dialect.qualifier)
            remarks = (*remarks, f"bare line breaks: it takes {taken + 1} lines")
            return Row(number, tuple(values), whole, remarks=remarks)
    why = f"{len(values)} fields where the header has {width}"
    if not closed:
        why += ", and a qualified value that is not closed"
    return Row(number, tuple(values), text, why, remarks)


def _joined(source: _Lines, text: str, dialect: Dialect, width: int) -> tuple[str, int] | None:
    """The record and so many lines behind it as one, if they give it the fields that are due.

    A line that is a record by itself is never taken into another.
    """
    parts = [text]
    for count in range(_JOINED):
        ahead = source.peek(count)
        if ahead is None:
            return None
        alone, closed = split(ahead[1], dialect.delimiter, dialect.qualifier)
        if closed and len(alone) == width and width > 1:
            return None
        parts.append(ahead[1])
        if (dialect.qualifier or dialect.delimiter) not in ahead[1]:
            continue  # it ends nothing
        whole = "\n".join(parts)
        values, closed = split(whole, dialect.delimiter, dialect.qualifier)
        if closed and len(values) == width:
            return whole, count + 1
        if len(values) > width:
            return None
    return None
