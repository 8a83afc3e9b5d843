"""Reads what stands for words in a query: plain ones, phrases, and all that is marked by a sign."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index import words
from index.expand import automaton
from index.habits import FOREIGN_WORDS
from index.lexer import Token, refuse
from index.regex import RegexError
from index.tree import Fuzzy, Leaf, Numbers, Phrase, Regex, Single, Stem, Wildcard, Word
from records.errors import QueryError

OPERAND = "a word, a quoted phrase, field:value or a group in parentheses"
MOST_EDITS = 10

_PIECE = re.compile(r"\S+")
_NUMBERS = re.compile(r"([0-9]{1,255})~~([0-9]{1,255})[,.;:]?")
_LUCENE = re.compile(r"(.*\w)~([0-9][0-9.]*)")
# In quotation marks a percent sign is one behind a number, and with nothing beside it.
_PERCENT = re.compile(r"(?<=\d)%(?![\w%])|(?<![\w%])%(?![\w%])")
# A swung dash stems only at the end of a word.
_DASH = re.compile(r"~(?=\w)|(?<![\w~*?=%])~")


@dataclass(frozen=True, slots=True)
class LeafReader:
    """Reads the words of one query; `stemming`: plain words outside quotation marks are stemmed."""

    query: str
    stemming: bool = False

    def regex(self, token: Token) -> Leaf:
        """A regular expression on one word."""
        return self._regex(token.text, token.column)

    def phrase(self, token: Token) -> Leaf:
        """What stands in quotation marks."""
        parts = [
            leaf
            for piece in _PIECE.finditer(token.text)
            for leaf in self._quoted(piece.group(), token.column + 1 + piece.start())
        ]
        return self._joined(token, parts)

    def word(self, token: Token) -> Leaf:
        """What stands without quotation marks, and without a space in it."""
        for pattern, problem, expected in FOREIGN_WORDS:
            if pattern.fullmatch(token.text):
                raise self._refuse(token.column, problem, expected)
        return self._joined(token, list(self._bare(token.text, token.column)))

    def _refuse(self, column: int, problem: str, expected: str) -> QueryError:
        return refuse(self.query, column, problem, expected)

    def _joined(self, token: Token, parts: Sequence[Single]) -> Leaf:
        if not parts:
            raise self._refuse(
                token.column, f"{token.text!r} holds no letter or digit to search for", OPERAND
            )
        return parts[0] if len(parts) == 1 else Phrase(tuple(parts), token.column)

    def _quoted(self, text: str, column: int) -> Iterator[Single]:
        if text.startswith("##"):
            yield self._regex(text[2:], column + 2)
            return
        if "~~" not in text and not _LUCENE.fullmatch(text):
            text = _DASH.sub(" ", _PERCENT.sub(" ", text))
        yield from self._signed(text, column)

    def _bare(self, text: str, column: int) -> Iterator[Single]:
        if "~~" not in text and not _LUCENE.fullmatch(text):
            if found := _PERCENT.search(text):
                raise self._refuse(
                    column + found.start(),
                    "% stands behind a number or alone",
                    "quotation marks, for a percent sign; for other spellings letters behind it",
                )
            if found := _DASH.search(text):
                raise self._refuse(
                    column + found.start(), "~ stands before a letter", "it behind a word: apply~"
                )
        for leaf in self._signed(text, column):
            if self.stemming and isinstance(leaf, Word) and leaf.text.isalpha():
                yield Stem(leaf.text, leaf.column)
            else:
                yield leaf

    def _signed(self, text: str, column: int) -> Iterator[Single]:
        if "~~" in text:
            yield self._numbers(text, column)
        elif "~" in text or "%" in text:
            yield from self._marked(text, column)
        else:
            yield from self._plain(text, column)

    def _numbers(self, text: str, column: int) -> Numbers:
        found = _NUMBERS.fullmatch(text)
        if found is None:
            raise self._refuse(
                column,
                f"{text!r} is no range of numbers",
                "two whole numbers without signs, as 12~~24",
            )
        low, high = int(found.group(1)), int(found.group(2))
        if high < low:
            raise self._refuse(column, f"{high} is less than {low}", "the smaller number first")
        return Numbers(low, high, column)

    def _regex(self, pattern: str, column: int) -> Regex:
        try:
            automaton(pattern)
        except RegexError as error:
            raise self._refuse(column + error.at, str(error), error.expected) from error
        return Regex(pattern, column)

    def _marked(self, text: str, column: int) -> Iterator[Single]:
        if found := _LUCENE.fullmatch(text):
            yield self._lucene(found.group(1), found.group(2), column)
            return
        if "//" in text:
            raise self._refuse(
                column, f"{text!r} is an address with a sign in it", "the words of it, in quotes"
            )
        for token in words.signed(text):
            at = column + token.start
            if "%" in token.text:
                yield self._fuzzy(token.text, at)
            elif "~" in token.text:
                yield self._stem(token.text, at)
            else:
                yield from self._plain(text[token.start : token.end], at)

    def _lucene(self, text: str, edits: str, column: int) -> Fuzzy:
        found = words.pattern_words(text)
        if edits not in ("1", "2") or len(found) != 1 or not _is_plain(found[0]):
            raise self._refuse(
                column, f"{text}~{edits} is no fuzzy word here", "word~1, word~2, or % in the word"
            )
        return Fuzzy("", found[0], int(edits), column)

    def _fuzzy(self, text: str, column: int) -> Fuzzy:
        prefix, _, rest = text.partition("%")
        edits, rest = text.count("%"), rest.replace("%", "")
        if not _is_plain(prefix + rest):
            raise self._refuse(
                column, f"{text!r} holds no word of letters and % alone", "a form such as ba%nana"
            )
        if edits > MOST_EDITS:
            raise self._refuse(column, f"{text!r} allows too many edits", f"at most {MOST_EDITS}")
        return Fuzzy(prefix, rest, edits, column)

    def _stem(self, text: str, column: int) -> Stem:
        word = text.removesuffix("~")
        if not _is_plain(word):
            raise self._refuse(
                column, f"{text!r} holds no word of letters and one ~", "a form such as apply~"
            )
        return Stem(word, column)

    def _plain(self, text: str, column: int) -> Iterator[Single]:
        found = list(words.scan(text, words.WILDCARDS))
        for i, each in enumerate(found):
            if any(c.isalnum() for c in each.text):
                yield _leaf(each.text, column + each.start)
            elif not (set(each.text) == {"*"} and _touches(found, i)):
                raise self._refuse(
                    column + each.start,
                    f"the wildcard {each.text!r} stands alone",
                    "a letter or digit beside it; for every document write docid:>=1",
                )


def _leaf(text: str, column: int) -> Word | Wildcard:
    return Wildcard(text, column) if set(text) & set(words.WILDCARDS) else Word(text, column)


def _is_plain(text: str) -> bool:
    return any(c.isalnum() for c in text) and not set(text) & set(words.SIGNS)


def _touches(found: Sequence[words.Token], at: int) -> bool:
    """A `*` right beside a character that is a word by itself, as in `中*`: nothing to add."""
    before = at > 0 and found[at - 1].end == found[at].start
    after = at + 1 < len(found) and found[at + 1].start == found[at].end
    return before or after
