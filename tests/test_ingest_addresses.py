"""Address lists, in the forms of the standard and in those that are met."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.addresses import parse_addresses
from records.fields import Address


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(each.name, each.address) for each in parse_addresses(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ann@a.example", [("", "ann@a.example")]),
        ("Ann Lee <Ann@A.Example>", [("Ann Lee", "ann@a.example")]),
        ('"Lee, Ann" <ann@a.example>, bob@b.example', [
            ("Lee, Ann", "ann@a.example"), ("", "bob@b.example"),
        ]),
        ("ann@a.example (Ann (the boss) Lee)", [("Ann (the boss) Lee", "ann@a.example")]),
        ("Team: Ann <ann@a.example>, bob@b.example;, c@c.example", [
            ("Ann", "ann@a.example"), ("", "bob@b.example"), ("", "c@c.example"),
        ]),
        ("undisclosed-recipients:;", [("undisclosed-recipients", "")]),
        ("=?utf-8?q?J=C3=B6rg=2C_CEO?= <j@a.example>", [("Jörg, CEO", "j@a.example")]),
        ('"=?utf-8?b?SsO2cmc=?=" <j@a.example>', [("Jörg", "j@a.example")]),
        ("<@relay.example,@two.example:ann@a.example>", [("", "ann@a.example")]),
        ("'ann@a.example'", [("", "ann@a.example")]),
        ('"\'Ann Lee\'" <ann@a.example>', [("Ann Lee", "ann@a.example")]),
        # What broken programs write.
        ("Lee, Ann <ann@a.example>", [("Lee, Ann", "ann@a.example")]),
        ("ann@a.example bob@b.example", [("", "ann@a.example"), ("", "bob@b.example")]),
        ("ann@a.example; bob@b.example", [("", "ann@a.example"), ("", "bob@b.example")]),
        ("Ann Lee ann@a.example", [("Ann Lee", "ann@a.example")]),
        ("ann @ a.example", [("", "ann@a.example")]),
        ("Ann <ann@a.example", [("Ann", "ann@a.example")]),
        ('"Ann <ann@a.example>', [('" Ann', "ann@a.example")]),
        ("mailto:ann@a.example", [("", "ann@a.example")]),
        ("pete(his account)@silly.test", [("his account", "pete@silly.test")]),
        ("Pete <pete(home)@silly.test(host)>", [("Pete", "pete@silly.test")]),
        ("</O=ACME/OU=NA/CN=RECIPIENTS/CN=ALEE>", [("", "/o=acme/ou=na/cn=recipients/cn=alee")]),
        ("Ann Lee", [("Ann Lee", "")]),
        ("root", [("", "root")]),
        ("ann@[192.168.1.1]", [("", "ann@[192.168.1.1]")]),
        (",, ann@a.example,,", [("", "ann@a.example")]),
        ("", []),
    ],
)  # fmt: skip
def test_forms(text: str, pairs: list[tuple[str, str]]) -> None:
    assert _pairs(text) == pairs


LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-+_", min_size=1, max_size=12)
NAME = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=12)


@given(st.lists(st.tuples(NAME, LOCAL), min_size=1, max_size=8))
def test_what_was_written_properly_is_read_back(parties: list[tuple[str, str]]) -> None:
    written = ",\n ".join(f'"{name}, x" <{local}@a.example>' for name, local in parties)
    expected = tuple(Address(f"{name}, x", f"{local}@a.example") for name, local in parties)
    assert parse_addresses(written) == expected


@given(st.text('ab@.,;:<>()[]"\\ \t=?', max_size=60))
def test_nothing_breaks_it_and_no_address_is_lost(rubbish: str) -> None:
    parse_addresses(rubbish)
    found = parse_addresses(f"first@a.example, {rubbish}")
    assert found[0].address.startswith("first@a.example") or "first@a.example" in str(found)


def test_forty_thousand_recipients_take_seconds_at_most() -> None:
    text = ",\r\n ".join(f'"Person {each}" <p{each}@a.example>' for each in range(40_000))
    start = time.monotonic()
    assert len(parse_addresses(text)) == 40_000
    assert time.monotonic() - start < 5


def test_unclosed_quotes_and_comments_are_no_quadratic_trap() -> None:
    start = time.monotonic()
    for trap in ('"', "(", "<", "[", '\\"', "a,", ":", "(a", '"a\\'):
        parse_addresses(trap * 10_000)
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"Pete(A wonderful \) chap) <pete(his account)@silly.test>", ["Pete <pete@silly.test>"]),
        ("A (some): Jo <jo@a.example> (friend); (the end)", ["Jo <jo@a.example>"]),
        ("(start)Undisclosed recipients :(nobody(that I know)) ;", ["Undisclosed recipients"]),
        ("(nobody)", ["nobody"]),
        ("a@a.example, (b), c@c.example", ["a@a.example", "c@c.example"]),
        ("jo@a . example", ["jo@a.example"]),
        ("jo@a . b . example (Jo)", ["Jo <jo@a.b.example>"]),
        ("jo@a.example (unclosed, c@c.example", ["unclosed <jo@a.example>", "c@c.example"]),
    ],
)
def test_comments_and_blanks_within_addresses(text: str, wanted: list[str]) -> None:
    assert [str(each) for each in parse_addresses(text)] == wanted


@given(st.lists(st.text("ab @<>.,-'/ \té0_", max_size=12), max_size=5).map(",".join))
def test_plain_lists_are_read_as_all_others_are(text: str) -> None:
    """A quoted name at the start takes the list the long way, and changes nothing behind it."""
    assert _pairs(text) == _pairs(f'"Q" <q@q.example>, {text}')[1:]
