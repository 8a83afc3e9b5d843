"""Search queries with the documents they must find, by going through all texts."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from samples.expect import Json, Outcome, place
from samples.facts import PELLOW
from samples.tree import Item

Test = Callable[[list[str]], bool]
_QUARTER = (dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 4, 1, tzinfo=dt.UTC))


@dataclass(frozen=True)
class Query:
    """A query over text; `only` when exactly one document may hold the word."""

    query: str
    why: str
    test: Test
    only: bool = False


def _has(word: str) -> Test:
    return lambda words: word in words


def _single(word: str, why: str) -> Query:
    return Query(word, why, _has(word), only=True)


def _phrase(*wanted: str) -> Test:
    return lambda words: any(tuple(words[i : i + len(wanted)]) == wanted for i in range(len(words)))


def _near(one: str, other: str, most: int) -> Test:
    return lambda words: any(
        abs(i - k) <= most
        for i, first in enumerate(words)
        if first == one
        for k, second in enumerate(words)
        if second == other
    )


_TEXT_QUERIES = (
    Query("demurrage", "a plain word", _has("demurrage")),
    Query("anchor AND swivel", "both words",
          lambda w: "anchor" in w and "swivel" in w),
    Query("hawser OR thimble", "either word, one of them in an embedded workbook",
          lambda w: "hawser" in w or "thimble" in w),
    Query("hawser AND NOT invoice", "one word without the other",
          lambda w: "hawser" in w and "invoice" not in w),
    Query('"notice of shortfall"', "a phrase", _phrase("notice", "of", "shortfall")),
    Query('"please see attached"', "two mails that differ in their attachment only",
          _phrase("please", "see", "attached")),
    Query("corro*", "a wildcard: corrosion, corroded, corrosive",
          lambda w: any(x.startswith("corro") for x in w)),
    Query("proof w/5 load", "near each other, in either order", _near("proof", "load", 5)),
    _single("fairlead", "only in a scanned PDF, read by OCR"),
    _single("capstan", "only on a page of a TIFF, read by OCR"),
    Query("lining", "on the scanned page of a PDF, kept as a loose file and as an attachment",
          _has("lining")),
    Query("windlass", "in a screenshot, kept as an attachment and as a loose file",
          _has("windlass")),
    _single("ringfenced", "only in the encrypted document whose password is listed"),
    _single("escrow", "only in the encrypted ZIP"),
    _single("gantry", "only in a ZIP inside a ZIP"),
    _single("mediator", "only in speaker notes"),
    _single("clawback", "only on a hidden sheet"),
    _single("turnbuckle", "only in a workbook embedded in a Word file"),
    _single("veterinary", "only in an HTML attachment"),
    _single("liegegebühren", "only in a text in Windows-1252"),
    _single("сварка", "a Cyrillic word, in one mail"),
    _single("السلاسل", "an Arabic word, in one mail"),
)  # fmt: skip


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:'\w+)?", text.lower())


def _everything(item: Item, address: str) -> str:
    """All text an index could hold of the item beside its own: names, headers, metadata."""
    parts = [item.text, item.aside, address, *(child.name for child in item.children)]
    if item.mail:
        parts += [item.mail.subject, item.mail.sender, *item.mail.to, *item.mail.cc]
    return "\n".join(parts)


def own_words(result: Outcome) -> list[str]:
    """The words of the document's own text."""
    return _words(result.found.item.text)


def all_words(result: Outcome) -> list[str]:
    """The words of everything an index could hold of the document."""
    return _words(_everything(result.found.item, result.found.address))


def searches(results: list[Outcome]) -> list[Json]:
    """The `searches` list; fails when an answer would depend on what the index takes in."""
    kept = [r for r in results if r.is_searchable]
    own = [own_words(r) for r in kept]
    wide = [all_words(r) for r in kept]
    found = []
    for query in _TEXT_QUERIES:
        hits = [r for r, words in zip(kept, own, strict=True) if query.test(words)]
        loose = [r for r, words in zip(kept, wide, strict=True) if query.test(words)]
        assert hits == loose, (query.query, [place(r.found) for r in loose if r not in hits])
        assert hits, query.query
        assert len(hits) == 1 or not query.only, (query.query, [place(r.found) for r in hits])
        found.append(_entry(query.query, query.why, hits))
    near = [[_near("proof", "load", most)(words) for words in own] for most in (4, 9)]
    assert near[0] == near[1], "w/5 must not depend on how the distance is counted"
    return found + [_entry(*entry) for entry in _mail_searches(kept)]


def _mail_searches(kept: list[Outcome]) -> list[tuple[str, str, list[Outcome]]]:
    chinese = [r for r in kept if "陈美玲" in r.found.item.text]
    mails = [(r, r.found.item.mail) for r in kept if r.found.item.mail]
    subject = [r for r, m in mails if m and "arbitration" in m.subject.lower()]
    assert subject == [r for r, m in mails if m and "venue" in m.subject.lower()]
    sender = [r for r, m in mails if m and m.sender == PELLOW.address]
    quarter = [r for r, m in mails if m and _QUARTER[0] <= m.sent < _QUARTER[1]]
    assert all(
        abs(m.sent - edge) > dt.timedelta(days=1) for _, m in mails if m for edge in _QUARTER
    )
    return [
        ("text:陈美玲", "a Chinese name in running text", chinese),
        ("subject:(arbitration venue)", "both words in the subject, answers too", subject),
        ("from:pellow", "a sender, also of attached messages", sender),
        ("type:email AND date:2024-01-01..2024-03-31", "sent in the first quarter", quarter),
    ]


def _entry(query: str, why: str, hits: list[Outcome]) -> Json:
    addresses = [place(r.found) for r in hits]
    return {"query": query, "count": len(hits), "addresses": addresses, "why": why}
