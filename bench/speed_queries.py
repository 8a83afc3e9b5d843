"""The queries that `bench.search_speed` times: every form, for others where they can say it.

All look in the text alone but where a field is named, so that the three compare. The stock
searcher takes Whoosh's own query objects over the very same segments; SQLite's FTS5 has no order,
no proximity of groups and no NOT by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from whoosh import query as wq
from whoosh.query import spans


@dataclass(frozen=True, slots=True)
class Timed:
    """A query as Redwell reads it, and the same for the others; None where they cannot say it."""

    written: str
    stock: Callable[[], Any] | None = None
    fts5: str | None = None
    leading: bool = False


def _t(word: str) -> Any:
    return wq.Term("text", word)


def _near(left: Any, right: Any, distance: int, *, ordered: bool = False) -> Any:
    return spans.SpanNear(left, right, slop=distance, ordered=ordered)


def _phrase(*words: str) -> Any:
    return wq.Phrase("text", list(words))


QUERIES = (
    Timed("text:price", lambda: _t("price"), "price"),
    Timed("text:the", lambda: _t("the"), "the"),
    Timed("text:arbitration", lambda: _t("arbitration"), "arbitration"),
    Timed("price"),
    Timed(
        "text:(merger AND price)", lambda: wq.And([_t("merger"), _t("price")]), "merger AND price"
    ),
    Timed(
        "text:(company AND NOT merger)",
        lambda: wq.AndNot(_t("company"), _t("merger")),
        "company NOT merger",
    ),
    Timed("text:(NOT gas)", lambda: wq.Not(_t("gas"))),
    Timed(
        "text:(gas OR power OR electricity)",
        lambda: wq.Or([_t("gas"), _t("power"), _t("electricity")]),
        "gas OR power OR electricity",
    ),
    Timed(
        "text:((gas OR power) AND (contract OR agreement) AND NOT draft)",
        lambda: wq.AndNot(
            wq.And([wq.Or([_t("gas"), _t("power")]), wq.Or([_t("contract"), _t("agreement")])]),
            _t("draft"),
        ),
        "((gas OR power) AND (contract OR agreement)) NOT draft",
    ),
    Timed('text:"natural gas"', lambda: _phrase("natural", "gas"), '"natural gas"'),
    Timed('text:"of the company"', lambda: _phrase("of", "the", "company"), '"of the company"'),
    Timed(
        'text:"in the event that"',
        lambda: _phrase("in", "the", "event", "that"),
        '"in the event that"',
    ),
    Timed('"term sheet"'),
    Timed(
        "text:(merger w/5 price)",
        lambda: _near(_t("merger"), _t("price"), 5),
        "NEAR(merger price, 4)",
    ),
    Timed(
        "text:(board pre/3 directors)",
        lambda: _near(_t("board"), _t("directors"), 3, ordered=True),
    ),
    Timed("text:(the w/5 of)", lambda: _near(_t("the"), _t("of"), 5), "NEAR(the of, 4)"),
    Timed("agreement NOT w/5 master"),
    Timed(
        'text:((merger OR acqui*) w/5 (price OR "term sheet"))',
        lambda: _near(
            wq.Or([_t("merger"), wq.Prefix("text", "acqui")]),
            wq.Or([_t("price"), _phrase("term", "sheet")]),
            5,
        ),
    ),
    Timed("contract w/10 (terminat* OR cancel*)"),
    Timed("(energy w/5 trading) w/10 risk"),
    Timed("(the w/10 of) w/5 gas"),
    Timed("(price OR cost*) NOT w/10 (increase OR rise)"),
    Timed("text:contract*", lambda: wq.Prefix("text", "contract"), "contract*"),
    Timed("text:c*", lambda: wq.Prefix("text", "c"), "c*"),
    Timed("text:organi?ation", lambda: wq.Wildcard("text", "organi?ation")),
    Timed("19=="),
    Timed("negotiat* w/3 settle*"),
    Timed("c* w/5 price"),
    Timed("apply~"),
    Timed("agre%ment"),
    Timed("12~~24"),
    Timed('##"199[0-9]"'),
    Timed(r'"##\d{3} ##\d{3} ##\d{4}"'),
    Timed("report w/10 xfirstword"),
    Timed("regards w/10 xlastword"),
    Timed(
        "subject:(gas OR power)",
        lambda: wq.Or([wq.Term("subject", "gas"), wq.Term("subject", "power")]),
    ),
    Timed("participants:enron AND subject:contract*"),
    Timed("date:2001-05"),
    Timed("sent:>=2001-05 AND price"),
    Timed("size:>10kb AND merger"),
    Timed("type:email AND custodian:corpus AND kernel"),
    Timed("gas AND NOT has:attachments"),
    Timed("tag:responsive AND price"),
    Timed(
        "text:*tion",
        lambda: wq.Wildcard("text", "*tion"),
        leading=True,
    ),
    Timed("*ment w/5 price", leading=True),
)

_HEADS = (
    *("agreement", "audit", "board", "bonus", "budget", "capacity", "claim", "contract", "credit"),
    *("deal", "delivery", "dispute", "energy", "estimate", "forecast", "invoice", "loss", "market"),
    *("merger", "patch", "payment", "pipeline", "price", "report", "risk"),
)


def report_terms() -> list[str]:
    """A hundred terms as parties negotiate them."""
    found: list[str] = []
    for at, head in enumerate(_HEADS):
        other = _HEADS[(at + 7) % len(_HEADS)]
        found += [head, f"{head}*", f"{head} w/10 {other}", f'"the {head}" AND NOT {other}*']
    return found
