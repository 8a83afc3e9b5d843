"""Address lists of mail headers (RFC 5322 section 3.4), broken ones included.

Linear in the length of the header: lists of tens of thousands of recipients occur.
"""

import re
from dataclasses import dataclass, field

from ingest.headers import Decoding, decode_words
from records.fields import Address

# Bounded: of what is never closed, each opening mark would otherwise look on to the end.
_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.){0,1000}")'
    r"|(?P<angle><[^<>]*>?)"
    r"|(?P<literal>\[[^\]\s,;]{0,100}\])"
    r"|(?P<mark>[,;:()])"
    r'|(?P<atom>[^\s",;:()<\[]+|["\[])'
    r"|(?P<space>\s+)",
    re.S,
)
# One party, of characters that mean nothing else: `a@b` or `A name <a@b>`.
_SIMPLE = re.compile(
    r"\s*+(?:([\w.&/+-]++(?:\s++[\w.&/+-]++)*+)?\s*+<([\w.&/+-]++@[\w.-]++)>|([\w.&/+-]++@[\w.-]++))\s*+",
    re.ASCII,
)
_IN_COMMENT = re.compile(r"\\.|[()]", re.S)
_WHOLE = re.compile(r"[^@]+@[^@]+")
_COMMENT = re.compile(r"\([^()]*\)")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(slots=True)
class _Entry:
    words: list[str] = field(default_factory=list)  # names, addresses without brackets
    gaps: list[bool] = field(default_factory=list)  # whether white space stood before each
    quoted: bool = False
    angle: str | None = None
    comments: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        return not (self.words or self.angle or self.comments)

    def is_named(self) -> bool:
        """Whether there is more than comments."""
        return bool(self.words or self.angle)

    def is_bare(self) -> bool:
        return (
            self.angle is None
            and bool(self.words)
            and not self.quoted
            and not self.comments
            and not any("@" in each for each in self.words)
        )


def parse_addresses(text: str, decoding: Decoding | None = None) -> tuple[Address, ...]:
    """The addresses of a header value, in order; groups give their members.

    Encoded words must still be encoded: what they hold may look like syntax. A group without
    members (`undisclosed-recipients:;`) gives its name alone. A name whose comma was not quoted
    (`Doe, Jane <jane@x>`) is put together again.
    """
    if (plain := _plain_list(text)) is not None:
        return plain
    decoding = decoding or Decoding()
    entries = _merge_split_names(_entries(text))
    found = (some for entry, _ in entries for some in _addresses(entry, decoding))
    return tuple(each for each in found if each.name or each.address)


def _plain_list(text: str) -> tuple[Address, ...] | None:
    """The same for lists as most are, without quotes, comments, groups or encoded words."""
    found: list[Address] = []
    for piece in text.split(","):
        match = _SIMPLE.fullmatch(piece)
        if match is None:
            return None
        name, angle, bare = match.groups()
        found.append(Address(" ".join((name or "").split()), (angle or bare).lower()))
    return tuple(found)


def _entries(text: str) -> list[tuple[_Entry, str]]:
    """Entries, each with the mark that ended it."""
    out: list[tuple[_Entry, str]] = []
    current, gap, at = _Entry(), False, 0
    in_group, is_closed = False, True
    while (match := _TOKEN.match(text, at)) is not None:
        kind, piece, at = match.lastgroup, match[0], match.end()
        if piece == "(":
            comment, end = _comment(text, at) if is_closed else ("", at)
            if end == at:  # nobody closed it: what follows are words
                is_closed, gap = False, True
                continue
            at = end
            current.comments.append(comment)
        elif kind == "space":
            gap = True
            continue
        elif kind == "angle":
            current.angle = piece.strip("<> \t\r\n")
        elif piece == ":":
            if current.words and current.words[-1].lower() in {"mailto", "smtp"}:
                current.words.pop()
                current.gaps.pop()
            elif not in_group and current.angle is None:
                in_group = True
                out.append((current, ":"))
                current = _Entry()
        elif piece in {",", ";"}:
            if not current.is_empty() or piece == ";":
                out.append((current, piece))
            in_group = in_group and piece != ";"
            current = _Entry()
        elif piece != ")":
            current.quoted = current.quoted or kind == "quoted"
            current.words.append(_ESCAPED.sub(r"\1", piece[1:-1]) if kind == "quoted" else piece)
            current.gaps.append(gap)
        gap = False
    out.append((current, ""))
    return _without_group_names(out)


def _comment(text: str, at: int) -> tuple[str, int]:
    """A comment from behind its mark on, and where it ends; nothing, if nobody closed it."""
    begin, depth = at, 1
    for match in _IN_COMMENT.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return _ESCAPED.sub(r"\1", text[begin : match.start()]).strip(), match.end()
    return "", at


def _without_group_names(entries: list[tuple[_Entry, str]]) -> list[tuple[_Entry, str]]:
    """Drop the name of a group that has members; keep that of one that has none."""
    kept: list[tuple[_Entry, str]] = []
    for number, (entry, mark) in enumerate(entries):
        following = entries[number + 1][0] if number + 1 < len(entries) else _Entry()
        if mark == ":" and following.is_named():
            continue
        if entry.is_named() or (entry.comments and len(entries) == 1):
            name = _Entry([" ".join(entry.words)], [False], quoted=True)
            kept.append((name if mark == ":" else entry, mark))
    return kept


def _merge_split_names(entries: list[tuple[_Entry, str]]) -> list[tuple[_Entry, str]]:
    kept: list[tuple[_Entry, str]] = []
    for entry, mark in entries:
        before = kept[-1] if kept else None
        named = entry.angle and entry.words and not entry.quoted
        if before and before[1] == "," and before[0].is_bare() and named:
            surname = " ".join(before[0].words) + ","
            entry.words.insert(0, surname)
            entry.gaps.insert(0, False)
            kept[-1] = (entry, mark)
        else:
            kept.append((entry, mark))
    return kept


def _addresses(entry: _Entry, decoding: Decoding) -> list[Address]:
    """What an entry names: one party, or several where the commas were forgotten."""
    whole = [each for each in entry.words if _WHOLE.fullmatch(each)]
    if entry.angle is None and len(whole) > 1 and len(whole) == len(entry.words):
        return [Address("", _plain(each)) for each in whole]
    comments = " ".join(entry.comments)
    if entry.angle is not None:
        address = _COMMENT.sub("", entry.angle)
        if address.startswith("@") and ":" in address:
            address = address.rpartition(":")[2]  # an obsolete route
        name = " ".join(entry.words) or comments
    else:
        address, name = _bare(entry)
        name = name or comments
    name = " ".join(decode_words(name, decoding).split())
    if name.startswith("'") and name.endswith("'") and len(name) > 1:
        name = name[1:-1]
    return [Address(name, _plain(address))]


def _plain(address: str) -> str:
    address = address.strip().strip("'\"").lower()
    address = address.removeprefix("mailto:").removeprefix("smtp:")
    return "".join(address.split()) if "@" in address else address


def _join_domain(entry: _Entry) -> None:
    """Put an address together whose dots have white space around them (obs-domain)."""
    if entry.quoted:
        return
    words: list[str] = []
    gaps: list[bool] = []
    joined: list[str] = []  # of the word under way
    for word, gap in zip(entry.words, entry.gaps, strict=True):
        goes_on = joined and (word.startswith(".") or joined[-1] == ".") and "@" in joined[0]
        if not goes_on:
            words += ["".join(joined)] if joined else []
            gaps.append(gap)
            joined = []
        joined.append(word)
    entry.words, entry.gaps = [*words, "".join(joined)], gaps


def _bare(entry: _Entry) -> tuple[str, str]:
    """Address and name of an entry without angle brackets."""
    if len(entry.words) > 1:
        _join_domain(entry)
    with_at = [each for each in entry.words if "@" in each]
    if not with_at:
        if len(entry.words) == 1 and not entry.quoted:
            return entry.words[0], ""
        return "", " ".join(entry.words)
    if len(with_at) == 1 and len(with_at[0].strip("@")) == len(with_at[0]) and any(entry.gaps[1:]):
        others = [each for each in entry.words if each is not with_at[0]]
        return with_at[0], " ".join(others)
    return "".join(entry.words), ""
