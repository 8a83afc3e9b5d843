"""Makes queries of every form out of the words of a library, each with its meaning beside it."""

import random
import re
from collections.abc import Callable, Mapping, Sequence

from bench import brute
from bench.brute import DEFAULT, PEOPLE, Library, Part, Query
from index.words import scan

_OPERATORS = "and or not but within near adj onear xor andany butnot andnot contains"
_NAMES = "xfirstword xlastword title author subject from to cc bcc filename path text participants"
_RESERVED = frozenset((*_OPERATORS.split(" "), *_NAMES.split(" ")))
_ASCII = re.compile("[a-z0-9]+")
_LATIN = re.compile("[a-z0-9à-öø-ž]+")
_FIELDS = ("text", "subject", "from", "to", "cc", "title", "author", "filename", "path")


class Maker:
    """Makes queries; `values` are sets of documents by a query on a field of the database."""

    def __init__(
        self, library: Library, rng: random.Random, values: Mapping[str, frozenset[int]]
    ) -> None:
        self._library = library
        self.rng = rng
        self._values = sorted(values.items())
        self._ids = sorted(
            number
            for number, fields in library.documents.items()
            if any(len(table.words) > 1 for table in fields.values())
        )
        counts, whole = library.counts, library.whole
        self._rare = [w for w in whole if counts[w] == 1]
        self._some = [w for w in whole if 1 < counts[w] <= 200]
        self._frequent = [w for w in whole if counts[w] > 200] or self._some
        self._numbers = [w for w in whole if w.isdigit() and w.isascii() and len(w) < 12]
        self.forms: dict[str, Callable[[], Query]] = {
            "word": lambda: self._found(self._plain(self._word())),
            "wildcard": lambda: self._found(self._wildcard(self._word())),
            "stem": lambda: self._found(self._stem(self._word())),
            "fuzzy": lambda: self._found(self._fuzzy(self._word())),
            "numbers": lambda: self._found(self._number_range()),
            "regex": lambda: self._found(self._regex(self._word())),
            "phrase": lambda: self._found(self._phrase(plain=True)),
            "phrase of signs": lambda: self._found(self._phrase(plain=False)),
            "w/N": lambda: self._found(self._near(("w",), 0)),
            "pre/N": lambda: self._found(self._near(("pre",), 0)),
            "NOT w/N": lambda: self._found(self._near(("not w", "not pre"), 0)),
            "proximity of groups": lambda: self._found(self._near(("w", "pre", "not w"), 1)),
            "proximity nested": lambda: self._found(self._near(("w", "pre", "not w"), 2)),
            "AND in proximity": self._distributed,
            "start and end": self._edged,
            "field": self._fielded,
            "value": self._value,
            "AND, OR, NOT": lambda: self._boolean(2),
            "+ and -": self._signed,
            "list": self._list,
            "stemming on": lambda: Query("", frozenset()),
        }
        self.forms["stemming on"] = self._stemmed

    def make(self, form: str) -> Query:
        """A query of a form."""
        return self.forms[form]()

    def _found(self, part: Part) -> Query:
        return Query(part.written, brute.among(self._library, part, DEFAULT))

    # Words

    def _word(self) -> str:
        pool = self.rng.choices(
            (self._rare, self._some, self._frequent), (3, 5, 3 if self._frequent else 0)
        )[0]
        return self.rng.choice(pool or self._some or self._rare)

    def _neighbours(self, most: int) -> list[str]:
        """Some words in a row out of a document."""
        fields = self._library.documents[self.rng.choice(self._ids)]
        rows = [table.words for table in fields.values() if len(table.words) > 1]
        row = self.rng.choice(rows)
        start = self.rng.randrange(len(row) - 1)
        return row[start : start + most]

    def _misspell(self, word: str) -> str:
        at = self.rng.randrange(len(word))
        letter = self.rng.choice("aeioustrn1")
        kind = self.rng.randrange(4)
        if kind == 0:
            return word[:at] + letter + word[at:]
        if kind == 1:
            return word[:at] + letter + word[at + 1 :]
        if kind == 2 and at + 1 < len(word):
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word[:at] + word[at + 1 :] if len(word) > 1 else word

    def _case(self, word: str) -> str:
        changed = self.rng.choice((word, word, word.title(), word.upper()))
        return changed if [t.text for t in scan(changed)] == [word] else word

    def _plain(self, word: str, *, quoted: bool = False) -> Part:
        if self.rng.random() < 0.05 and _ASCII.fullmatch(word):
            word = self._misspell(word)
        part = brute.single(self._library, word, frozenset({word}))
        shown = self._case(word)
        single = [t.text for t in scan(word)] == [word]
        if not quoted and (word in _RESERVED or not single or self.rng.random() < 0.1):
            shown = self._quoted(shown)
        return Part(shown, part.occurs, part.ids)

    def _quoted(self, text: str) -> str:
        return self.rng.choice(('"{}"', '"{}"', "“{}”", "„{}“", "«{}»")).format(text)

    def _single(self, written: str, stands_for: Callable[[str], bool]) -> Part:
        return brute.single(self._library, written, self._library.forms(stands_for))

    def _wildcard(self, word: str, *, quoted: bool = False) -> Part:
        if not _ASCII.fullmatch(word) or len(word) < 3:
            return self._plain(word, quoted=quoted)
        a = self.rng.randrange(len(word))
        b = self.rng.randint(a, min(len(word), a + 4))
        kind = self.rng.randrange(6)
        pattern = (
            word[: max(a, 1)] + "*",
            "*" + word[min(a, len(word) - 1) :],
            word[:a] + "*" + word[b:],
            word[:a] + "?" + word[a + 1 :],
            "*" + word[:a] + "?" + word[a + 1 :],
            re.sub(r"\d", "=", word),
        )[kind]
        if not re.search("[a-z0-9]", pattern) or not re.search("[*?=]", pattern):
            return self._plain(word, quoted=quoted)
        return self._single(self._case_of(pattern), brute.wildcard(pattern))

    def _case_of(self, pattern: str) -> str:
        return self.rng.choice((pattern, pattern, pattern.upper()))

    def _stem(self, word: str, *, quoted: bool = False) -> Part:
        word = self.rng.choice((word, word, brute.stem(word), word + "s", word + "ing"))
        if not _LATIN.fullmatch(word):
            return self._plain(word, quoted=quoted)
        wanted = brute.stem(word)
        return self._single(f"{self._case(word)}~", lambda each: brute.stem(each) == wanted)

    def _fuzzy(self, word: str, *, quoted: bool = False) -> Part:
        if not _ASCII.fullmatch(word):
            return self._plain(word, quoted=quoted)
        most = self.rng.choice((1, 1, 1, 2, 2, 3))
        skip = min(self.rng.choice((0, 1, 1, 1, 2, 2, 3)), len(word) - 1)
        rest = word[skip:]
        for _ in range(self.rng.randint(0, most)):
            rest = self._misspell(rest) or rest
        prefix = word[:skip]
        stands_for = brute.misspelt(prefix, rest, most)
        if not skip and most < 3 and self.rng.random() < 0.3:
            return self._single(f"{rest}~{most}", stands_for)
        signs = "%" * most
        if most == 2 and self.rng.random() < 0.3:
            return self._single(
                f"{prefix}%{rest[:1]}%{rest[1:]}" if rest[1:] else f"{prefix}%%{rest}", stands_for
            )
        return self._single(f"{prefix}{signs}{rest}", stands_for)

    def _number_range(self) -> Part:
        if not self._numbers:
            return self._plain(self._word())
        number = int(self.rng.choice(self._numbers))
        low = max(0, number - self.rng.choice((0, 1, 5, 100)))
        high = number + self.rng.choice((0, 1, 5, 100, 100_000))
        return self._single(f"{low}~~{high}", brute.number_between(low, high))

    def _expression(self, word: str) -> str:
        a = self.rng.randrange(len(word))
        head, letter, tail = word[:a], word[a], word[a + 1 :]
        return self.rng.choice(
            (
                f"{head}.*",
                f"{head}.{{0,3}}{tail}",
                f"{head}({letter}|x|yz){tail}s?",
                f"{head}[a-m{letter}]{tail}",
                f"{head}[^aeiou]{tail}(ing|ed)?",
                f"(?:{head})?{letter}+{tail}",
                f"^{re.sub(r'[0-9]', '[0-9]', word)}$",
                f"[0-9]{{{self.rng.randint(1, 5)}}}",
                rf"\d+\D{{1,{self.rng.randint(1, 3)}}}",
                f"({head}|{tail}|q)*{letter}.?",
                f".*{letter}{tail}",
            )
        )

    def _regex(self, word: str, *, quoted: bool = False) -> Part:
        if not _ASCII.fullmatch(word) or len(word) > 40:
            return self._plain(word, quoted=quoted)
        expression = self._expression(word)
        compiled = re.compile(expression, re.ASCII)
        written = f"##{expression}" if quoted else f'##"{expression}"'
        return self._single(written, lambda each: compiled.fullmatch(each) is not None)

    def _any_single(self, word: str, *, quoted: bool = False) -> Part:
        if word.isdigit() and word.isascii() and len(word) < 12 and self.rng.random() < 0.5:
            number = int(word)
            low, high = max(0, number - 3), number + 3
            return self._single(f"{low}~~{high}", brute.number_between(low, high))
        kinds = (self._plain, self._wildcard, self._stem, self._fuzzy, self._regex)
        return self.rng.choices(kinds, (4, 2, 1, 1, 1))[0](word, quoted=quoted)

    # Phrases and proximity

    def _phrase(self, *, plain: bool) -> Part:
        words = self._neighbours(self.rng.choice((2, 2, 3, 4)))
        if self.rng.random() < 0.15:
            words.reverse()
        make = self._plain if plain else self._any_single
        parts = [make(word, quoted=True) for word in words]
        between = self.rng.choice((" ", " ", "  ", " - ", "-", ", ")) if plain else " "
        written = between.join(part.written for part in parts)
        # Signs that are written against a word and mean something else than a separator.
        if plain and not all(_ASCII.fullmatch(part.written.lower()) for part in parts):
            written = " ".join(part.written for part in parts)
        return brute.phrase(self._quoted(written), parts)

    def _operand(self, word: str, depth: int) -> Part:
        kind = self.rng.random()
        if depth == 0 or kind < 0.3:
            return self._any_single(word) if depth else self._plain(word)
        if kind < 0.5:
            return self._phrase(plain=self.rng.random() < 0.5)
        if kind < 0.8 or depth == 1:
            parts = [self._operand(word, depth - 1), self._operand(self._word(), depth - 1)]
            sign = self.rng.choice((" OR ", " or ", " || ", " | "))
            return brute.either(f"({sign.join(part.written for part in parts)})", parts)
        inner = self._near(("w", "pre", "not w"), depth - 1)
        return Part(f"({inner.written})", inner.occurs, inner.ids)

    def _near(self, kinds: Sequence[str], depth: int) -> Part:
        words = self._neighbours(self.rng.choice((3, 6, 12)))
        first, second = self.rng.choice(words), self.rng.choice(words)
        left, right = self._operand(first, depth), self._operand(second, depth)
        return self._joined(left, right, self.rng.choice(kinds))

    def _joined(self, left: Part, right: Part, kind: str) -> Part:
        distance = self.rng.choice((1, 2, 3, 5, 10, 25))
        sign = self.rng.choice(
            ("pre/{}", "PRE/{}")
            if kind.endswith("pre")
            else ("w/{}", "W/{}", "/{}", "within {}", "near/{}", "within {} words of")
        ).format(distance)
        if kind.startswith("not"):
            sign = self.rng.choice(("NOT ", "not ")) + sign
        written = f"{left.written} {sign} {right.written}"
        return brute.near(written, left, right, distance, kind)

    def _distributed(self) -> Query:
        words = self._neighbours(8)
        one, two, other = (self._any_single(self.rng.choice(words)) for _ in range(3))
        distance = self.rng.choice((1, 3, 8))
        pairs = [brute.near("", each, other, distance, "w") for each in (one, two)]
        found = [brute.among(self._library, each, DEFAULT) for each in pairs]
        both = self.rng.random() < 0.5
        joined = f"({one.written} {'AND' if both else 'OR'} {two.written}) w/{distance}"
        return Query(
            f"{joined} {other.written}", found[0] & found[1] if both else found[0] | found[1]
        )

    def _edged(self) -> Query:
        last = self.rng.random() < 0.5
        edge = brute.edge(
            self._library, self._case("xlastword" if last else "xfirstword"), last=last
        )
        kind = self.rng.choice(("w", "w", "pre", "not w"))
        other = self._operand(self._word(), self.rng.choice((0, 1)))
        if self.rng.random() < 0.1:
            other = brute.edge(self._library, "xfirstword", last=False)
        sides = (edge, other) if (kind == "pre") != last else (other, edge)
        return self._within_fields(self._joined(*sides, kind))

    # Whole queries

    def _within_fields(self, part: Part) -> Query:
        name = self.rng.choice((*_FIELDS, "participants", "text", "text"))
        fields = PEOPLE if name == "participants" else (name,)
        return Query(
            f"{self._case_of(name)}:({part.written})", brute.among(self._library, part, fields)
        )

    def _fielded(self) -> Query:
        words = self._neighbours(3)
        part = self.rng.choice(
            (
                lambda: self._any_single(words[0]),
                lambda: self._phrase(plain=True),
                lambda: self._near(("w", "pre", "not w"), 1),
            )
        )()
        return self._within_fields(part)

    def _value(self) -> Query:
        written, ids = self.rng.choice(self._values)
        return Query(written, ids)

    def _leaf(self) -> Query:
        kind = self.rng.random()
        if kind < 0.1 and self._values:
            return self._value()
        if kind < 0.3:
            return self._fielded()
        if kind < 0.7:
            return self._found(self._any_single(self._word()))
        part = self.rng.choice(
            (lambda: self._phrase(plain=True), lambda: self._near(("w", "pre", "not w"), 1))
        )()
        found = self._found(part)
        return Query(f"({found.written})", found.ids)

    def _boolean(self, depth: int) -> Query:
        if depth == 0 or self.rng.random() < 0.1:
            return self._leaf()
        one, two = self._boolean(depth - 1), self._boolean(depth - 1)
        kind = self.rng.choice(("AND", "and", "&&", "", "OR", "or", "||", "NOT", "AND NOT", "!"))
        if kind in ("NOT", "!") and self.rng.random() < 0.5:
            sign = "!" if kind == "!" else "NOT "
            return Query(f"({sign}({one.written}))", self._library.ids - one.ids)
        if kind == "!":
            return Query(f"(({one.written}) !({two.written}))", one.ids - two.ids)
        written = f"(({one.written}) {kind} ({two.written}))"
        if "NOT" in kind:
            return Query(written, one.ids - two.ids)
        if kind.lower() in ("or", "||"):
            return Query(written, one.ids | two.ids)
        return Query(written, one.ids & two.ids)

    def _signed(self) -> Query:
        words = self._neighbours(6)
        parts = [self._found(self._any_single(self.rng.choice(words))) for _ in range(3)]
        signs = self.rng.choice(("+++", "+-+", "++-", "+--", "-++", "  -", " --"))
        ids = self._library.ids
        for sign, part in zip(signs, parts, strict=True):
            ids = ids - part.ids if sign == "-" else ids & part.ids
        marked = (f"{s.strip()}({p.written})" for s, p in zip(signs, parts, strict=True))
        return Query(" ".join(marked), ids)

    def _list(self) -> Query:
        queries = [self._leaf() for _ in range(self.rng.choice((2, 3, 5)))]
        mark = self.rng.choice(("{}. ", "({}) ", "{})\t", "• ", "- ", "* "))
        end = self.rng.choice(("", ";", ",", " "))
        lines = [f"{mark.format(i)}{q.written}{end}" for i, q in enumerate(queries, 1)]
        if self.rng.random() < 0.2:
            lines = [line.replace(" OR ", " OR\n   ") for line in lines]
        return Query("\n".join(lines), frozenset().union(*(each.ids for each in queries)))

    def _stemmed(self) -> Query:
        """For a case that stems: a plain word, or a word in quotation marks, or both near."""
        words = self._neighbours(5)
        one, two = self.rng.choice(words), self.rng.choice(words)
        left, right = self._stems(one), brute.single(self._library, f'"{two}"', frozenset({two}))
        if self.rng.random() < 0.5:
            return self._found(left)
        return self._found(self._joined(left, right, self.rng.choice(("w", "pre"))))

    def _stems(self, word: str) -> Part:
        if word in _RESERVED or not word.isalpha():
            return brute.single(self._library, f'"{word}"', frozenset({word}))
        wanted = brute.stem(word)
        return self._single(self._case(word), lambda each: brute.stem(each) == wanted)
