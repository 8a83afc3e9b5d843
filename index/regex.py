"""Regular expressions on one word, in time that is bounded whatever the expression.

An expression becomes an automaton (Thompson's construction), whose states are worked out when a
word first needs them; no word is ever read twice, so there is no backtracking and nothing that
runs away. What makes it grow is counted and refused: an expression of more than `MOST_PLACES`
places, or one that needs more than `MOST_STEPS` different steps over the words of a case.

Taken: letters and digits, `.`, `[...]`, `[^...]`, `\\d \\D \\w \\W`, `( )`, `(?: )`, `|`, and
`* + ? {n} {n,} {n,m}` after any of them. The whole word must answer; `^` and `$` may stand at the
ends and change nothing. Upper and lower case are one, as everywhere.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock

MOST_PLACES = 500
MOST_STEPS = 50_000

_SKIPPED = 4  # letters, and one, that are looked for at once in the words that come
_LAST = "\U0010ffff"
_REPEAT = re.compile(r"\{(\d{1,3})(,(\d{1,3})?)?\}", re.ASCII)
_CLASSES: dict[str, Callable[[str], bool]] = {
    "d": lambda c: c in "0123456789",
    "w": lambda c: True,  # a word of the index holds nothing else
    "D": lambda c: c not in "0123456789",
    "W": lambda c: False,
}
_UNKNOWN = frozenset("bBAZzsSnrtfvpPuxNkK0123456789")


class RegexError(ValueError):
    """An expression that cannot be taken; `at` is the offset in it."""

    def __init__(self, at: int, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.at = at
        self.expected = expected


class RegexSizeError(ValueError):
    """An expression whose automaton grows past `MOST_STEPS` over the words it is compared with."""


@dataclass(slots=True)
class _Place:
    """A place of the automaton: what it takes to go on, and where; without a test a free step."""

    test: Callable[[str], bool] | None = None
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the expression; as it may be repeated, it is built anew each time."""

    build: "Callable[[_Builder, int], int]"
    size: int


class _Builder:
    def __init__(self) -> None:
        self.places: list[_Place] = []

    def place(self, test: Callable[[str], bool] | None = None) -> int:
        self.places.append(_Place(test))
        return len(self.places) - 1


class Automaton:
    """Tells whether words answer an expression; raises `RegexError` if it cannot be read."""

    def __init__(self, pattern: str) -> None:
        builder = _Builder()
        piece = _Reader(pattern).read()
        start = builder.place()
        self._end = piece.build(builder, start)
        self._places = builder.places
        self._numbers: dict[frozenset[int], int] = {}
        self._sets: list[frozenset[int]] = []
        self._steps: list[dict[str, int]] = []
        self._final: list[bool] = []
        self._count = 0
        self._lock = Lock()  # automatons are kept, and threads may share them
        self._dead = self._state(frozenset())
        self._first = self._state(self._closed([start]))

    def answers(self, words: list[str]) -> Iterator[str]:
        """Those of some words, which stand in order, that answer whole.

        Raises `RegexSizeError`.
        """
        # Neighbours in order begin alike: their states are kept, and go on from where they part.
        before, states = "", [self._first]
        at = 0
        while at < len(words):
            word = words[at]
            shared = 0
            most = min(len(states) - 1, len(word))
            while shared < most and word[shared] == before[shared]:
                shared += 1
            del states[shared + 1 :]
            state = states[-1]
            for char in word[shared:]:
                if state == self._dead:
                    break
                known = self._steps[state].get(char)
                state = self._step(state, char) if known is None else known
                states.append(state)
            before = word
            if self._final[state]:
                yield word
            at += 1
            if state == self._dead and len(states) <= _SKIPPED:
                # Whatever else begins so cannot answer either.
                at = bisect_right(words, word[: len(states) - 1] + _LAST, at)

    def _step(self, state: int, char: str) -> int:
        with self._lock:
            return self._worked_out(state, char)

    def _worked_out(self, state: int, char: str) -> int:
        self._count += 1
        if self._count > MOST_STEPS:
            raise RegexSizeError
        reached = [
            after
            for at in self._sets[state]
            if (test := self._places[at].test) is not None and test(char)
            for after in self._places[at].next
        ]
        found = self._state(self._closed(reached))
        self._steps[state][char] = found
        return found

    def _state(self, places: frozenset[int]) -> int:
        if places not in self._numbers:
            self._numbers[places] = len(self._sets)
            self._sets.append(places)
            self._steps.append({})
            self._final.append(self._end in places)
        return self._numbers[places]

    def _closed(self, places: list[int]) -> frozenset[int]:
        found: set[int] = set()
        waiting = places
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                if self._places[at].test is None:
                    waiting.extend(self._places[at].next)
        return frozenset(found)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0

    def read(self) -> _Piece:
        if not self._pattern.strip("^$"):
            raise RegexError(0, "the regular expression is empty", "an expression for one word")
        if self._pattern.startswith("^"):
            self._at = 1
        piece = self._either()
        if self._at < len(self._pattern):
            raise RegexError(self._at, "this ) was never opened", "the end of the expression")
        return piece

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _either(self) -> _Piece:
        parts = [self._row()]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else _any_of(parts)

    def _row(self) -> _Piece:
        parts: list[_Piece] = []
        while (char := self._peek()) and char not in "|)":
            if char == "$" and self._at == len(self._pattern) - 1:
                self._at += 1
                break
            start = self._at
            parts.append(self._repeated(self._one(), start))
        return self._sized(_row_of(parts), self._at)

    def _one(self) -> _Piece:
        at, char = self._at, self._peek()
        self._at += 1
        if char == "(":
            return self._group(at)
        if char == "[":
            return _single(self._class(at))
        if char == ".":
            return _single(lambda c: True)
        if char == "\\":
            return _single(self._escape(at))
        if char in "*+?{":
            raise RegexError(at, f"{char} has nothing to repeat", "a letter or group before it")
        if char in "^$":
            raise RegexError(at, f"{char} stands inside the expression", "it at an end, or nowhere")
        return _single(self._literal(char, at))

    def _group(self, at: int) -> _Piece:
        self._depth += 1
        if self._depth > 50:
            raise RegexError(at, "groups nest too deep", "at most 50 levels")
        if self._peek() == "?":
            if self._pattern[self._at : self._at + 2] != "?:":
                raise RegexError(at, "(? begins what is not supported", "( or (?:")
            self._at += 2
        piece = self._either()
        if self._peek() != ")":
            raise RegexError(at, "this ( is never closed", "a closing one")
        self._at += 1
        self._depth -= 1
        return piece

    def _repeated(self, piece: _Piece, start: int) -> _Piece:
        at, char = self._at, self._peek()
        if not char or char not in "*+?{":
            return piece
        if char == "{":
            found = _REPEAT.match(self._pattern, at)
            if found is None:
                raise RegexError(at, "{ does not begin a number of times", "{2}, {2,} or {2,5}")
            low = int(found.group(1))
            high = low if found.group(2) is None else int(found.group(3) or -1)
            self._at = found.end()
        else:
            low, high = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[char]
            self._at += 1
        if 0 <= high < low:
            raise RegexError(at, "the second number of times is below the first", "as in {2,5}")
        if self._peek() and self._peek() in "*+?{":
            raise RegexError(self._at, "two repeats in a row", "one, or a group around the first")
        return self._sized(_times(piece, low, high), start)

    def _sized(self, piece: _Piece, at: int) -> _Piece:
        if piece.size > MOST_PLACES:
            raise RegexError(
                at, "the expression is too large", f"at most {MOST_PLACES} letters, repeats counted"
            )
        return piece

    def _literal(self, char: str, at: int) -> Callable[[str], bool]:
        if not (char.isalnum() or unicodedata.category(char).startswith("M")):
            raise RegexError(
                at,
                f"{char!r} is never inside a word",
                'an expression for each word, as in "##[0-9]{3} ##[0-9]{2}"',
            )
        return _letters({char})

    def _escape(self, at: int) -> Callable[[str], bool]:
        char = self._peek()
        self._at += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if not char or char in _UNKNOWN:
            raise RegexError(at, f"\\{char} is not supported", "\\d, \\D, \\w or \\W")
        return self._literal(char, at)

    def _class(self, at: int) -> Callable[[str], bool]:
        negated = self._peek() == "^"
        self._at += negated
        tests: list[Callable[[str], bool]] = []
        first = self._at
        while (char := self._peek()) != "]" or self._at == first:
            if not char:
                raise RegexError(at, "this [ is never closed", "a closing ]")
            tests.append(self._member())
        self._at += 1
        return lambda c: any(test(c) for test in tests) != negated

    def _member(self) -> Callable[[str], bool]:
        at, char = self._at, self._peek()
        self._at += 1
        if char == "\\":
            escaped = self._peek()
            self._at += 1
            if escaped in _CLASSES:
                return _CLASSES[escaped]
            if not escaped or escaped in _UNKNOWN:
                raise RegexError(at, f"\\{escaped} is not supported", "\\d, \\D, \\w or \\W")
            char = escaped
        upper = self._pattern[self._at + 1 : self._at + 2]
        if self._peek() != "-" or not upper or upper == "]":
            return _letters({char})
        if upper in "\\[" or upper < char:
            raise RegexError(at, "this range has no two ends in order", "as in [a-z]")
        self._at += 2
        return lambda c: any(char <= each <= upper for each in _cases(c))


def _cases(char: str) -> set[str]:
    return {each for each in (char, char.upper(), char.lower()) if len(each) == 1}


def _letters(wanted: set[str]) -> Callable[[str], bool]:
    folded = frozenset(form for each in wanted for form in _cases(each))
    return lambda c: c in folded


def _single(test: Callable[[str], bool]) -> _Piece:
    def build(builder: _Builder, start: int) -> int:
        at, end = builder.place(test), builder.place()
        builder.places[start].next.append(at)
        builder.places[at].next.append(end)
        return end

    return _Piece(build, 1)


def _row_of(parts: list[_Piece]) -> _Piece:
    def build(builder: _Builder, start: int) -> int:
        for each in parts:
            start = each.build(builder, start)
        return start

    return _Piece(build, sum(each.size for each in parts))


def _any_of(parts: list[_Piece]) -> _Piece:
    def build(builder: _Builder, start: int) -> int:
        end = builder.place()
        for each in parts:
            begin = builder.place()
            builder.places[start].next.append(begin)
            builder.places[each.build(builder, begin)].next.append(end)
        return end

    return _Piece(build, sum(each.size for each in parts) + 1)


def _times(piece: _Piece, low: int, high: int) -> _Piece:
    """A piece `low` to `high` times; any number from `low` if `high` is negative."""

    def build(builder: _Builder, start: int) -> int:
        for _ in range(low):
            start = piece.build(builder, start)
        end = builder.place()
        if high < 0:
            again = builder.place()
            builder.places[start].next.append(again)
            builder.places[piece.build(builder, again)].next.append(again)
            builder.places[again].next.append(end)
            return end
        for _ in range(high - low):
            builder.places[start].next.append(end)
            begin = builder.place()
            builder.places[start].next.append(begin)
            start = piece.build(builder, begin)
        builder.places[start].next.append(end)
        return end

    return _Piece(build, (piece.size + 1) * max(low + (high < 0), high, 1))
