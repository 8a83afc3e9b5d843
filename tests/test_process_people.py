"""People: one person's addresses put together with care, and the user's word above all."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from process.people import merge, relate_people, split
from process.people_commands import people_group
from process.people_names import Named, domain_of, full_name, persons
from process.threads import note_keys, relate_threads
from records import audit, tables
from records.case import Case
from records.errors import PeopleError
from tests.process_mails import clear, mail, people, reread, rows
from tests.produce_matter import matter

JANE = "Doe, Jane <jane.doe@kestrel.example>"
OTHER = "Jane Doe <jd@kestrel.example>"
AWAY = "jane doe <jane_doe@gmail.com>"
NAMESAKE = "Jane Doe <jdoe77@gmail.com>"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        yield opened


def relate(case: Case) -> Any:
    fresh = note_keys(case)
    found = relate_people(case, fresh)
    relate_threads(case, fresh)
    return found


def groups(case: Case) -> dict[str, list[str]]:
    """The addresses of each person, by name; two of one name are told apart by a mark."""
    a, p = tables.addresses.c, tables.people.c
    query = sa.select(p.id, p.name, a.address).join(tables.people, p.id == a.person_id)
    found: dict[int, tuple[str, list[str]]] = {}
    with case.read() as connection:
        for number, name, address in connection.execute(query.order_by(a.address)):
            found.setdefault(number, (name, []))[1].append(address)
    told: dict[str, list[str]] = {}
    for name, addresses in sorted(found.values(), key=lambda each: each[1]):
        told[name + "'" * sum(1 for each in told if each.rstrip("'") == name)] = addresses
    return told


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("Doe, Jane", "jane doe"),
        ("JANE DOE", "jane doe"),
        ("Doe, Jane A.", "jane a doe"),
        ("Jean-Luc O'Neill", "jean-luc o'neill"),
        ("Jane", ""),
        ("J. D.", ""),
        ("jane@kestrel.example", ""),
        ("Customer Service", ""),
        ("Jane Doe 2", ""),
        ("Doe, Jane, Esq.", ""),
        ("a b c d e f g h", ""),
        ("", ""),
    ],
)
def test_full_names(name: str, full: str) -> None:
    assert full_name(name) == full


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("jane@kestrel.example", "kestrel.example"),
        ("jane+tag@kestrel.example", "kestrel.example"),
        ("/o=kestrel/ou=exchange/cn=recipients/cn=jdoe", ""),
        ("jane", ""),
        ("@kestrel.example", ""),
    ],
)
def test_domains(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def _persons(*named: str) -> list[list[str]]:
    return persons(
        Named(each.address, domain_of(each.address), each.name) for each in people(*named)
    )


def test_one_person_with_several_addresses() -> None:
    assert _persons(JANE, OTHER, AWAY) == [
        ["jane.doe@kestrel.example", "jane_doe@gmail.com", "jd@kestrel.example"]
    ]


@pytest.mark.parametrize(
    "named",
    [
        (JANE, NAMESAKE),  # an open domain, another name there
        ("Jane Doe <a.doe@gmail.com>", NAMESAKE),
        ("Jane <jane.a@kestrel.example>", "Jane <jane.b@kestrel.example>"),
        ("Help Desk <help@kestrel.example>", "Help Desk <desk@kestrel.example>"),
        ("a@kestrel.example", "b@kestrel.example"),
        ("Jane Doe <jane@a.example>", "Jane Roe <jane@b.example>"),
        ("Jane Doe <info@a.example>", "Jane Doe <info@b.example>"),
        ("Jane Doe </o=x/cn=jdoe>", "Jane Doe </o=y/cn=jdoe>"),
    ],
)
def test_what_does_not_make_one_person(named: tuple[str, str]) -> None:
    assert len(_persons(*named)) == 2


def test_addresses_are_counted_with_the_name_most_shown(case: Case) -> None:
    mail(case, 1, sender=JANE, to=["bob@x.example", "Bob <bob@x.example>"])
    mail(case, 2, sender="Dr Jane Doe <jane.doe@kestrel.example>", to=[JANE])
    mail(case, 3, sender="bob@x.example", to=[JANE, "/o=k/cn=jdoe"])
    summary = relate(case)
    assert (summary.counted, summary.addresses, summary.people, summary.with_several) == (
        3,
        3,
        3,
        0,
    )
    a = tables.addresses.c
    with case.read() as connection:
        query = sa.select(a.address, a.domain, a.name, a.messages, a.origin).order_by(a.address)
        assert [tuple(row) for row in connection.execute(query)] == [
            ("/o=k/cn=jdoe", "", "", 1, "derived"),
            ("bob@x.example", "x.example", "Bob", 2, "derived"),
            ("jane.doe@kestrel.example", "kestrel.example", "Doe, Jane", 3, "derived"),
        ]


def test_several_runs_in_any_order_give_the_people_of_one(case: Case) -> None:
    chance = random.Random(3)
    parties = (JANE, OTHER, AWAY, NAMESAKE, "Jane <jd@kestrel.example>", "bob@x.example")
    mails = [(n, chance.choice(parties), chance.sample(parties, 2)) for n in range(1, 25)]
    for number, sender, to in mails:
        mail(case, number, sender=sender, to=to)
    relate(case)
    wanted, counts = groups(case), [row[:4] for row in rows(case, tables.addresses)]
    assert len(wanted) > 1
    for _ in range(3):
        clear(case, tables.documents)
        chance.shuffle(mails)
        for start in range(0, 24, 7):
            for number, sender, to in mails[start : start + 7]:
                mail(case, number, sender=sender, to=to)
            relate(case)
        assert groups(case) == wanted
        assert [row[:4] for row in rows(case, tables.addresses)] == counts


def test_a_mail_read_again_is_counted_once_and_its_old_addresses_go(case: Case) -> None:
    mail(case, 1, sender=JANE, to=[OTHER])
    mail(case, 2, sender=JANE, to=["gone@x.example"])
    relate(case)
    reread(case, 2, sender=[{"name": "Jane Roe", "address": "jane.doe@kestrel.example"}], to=[])
    reread(case, 1, to=[])
    relate(case)
    assert groups(case) == {"Doe, Jane": ["jane.doe@kestrel.example"]}
    assert rows(case, tables.addresses)[0][3] == 2
    assert relate(case).counted == 0


def test_names_that_no_terminal_or_database_takes_are_escaped(case: Case) -> None:
    mail(case, 1, sender="A\x1b[2J\0\ud800 <a@x.example>", to=["\0@x.example", "b\ud800@x.example"])
    relate(case)
    assert groups(case) == {
        "A\\x1b[2J\ufffd\ufffd": ["a@x.example"],
        "b\ufffd@x.example": ["b\ufffd@x.example"],
        "\ufffd@x.example": ["\ufffd@x.example"],
    }


def test_a_run_cut_off_after_the_keys_counts_later(case: Case) -> None:
    mail(case, 1, sender=JANE, to=["gone@x.example"])
    relate(case)
    reread(case, 1, to=[])
    note_keys(case)
    relate(case)
    assert [row[0] for row in rows(case, tables.addresses)] == ["jane.doe@kestrel.example"]


def test_the_users_word_stands(case: Case) -> None:
    mail(case, 1, sender=JANE, to=[OTHER, AWAY, NAMESAKE, "bob@x.example"])
    relate(case)
    assert merge(case, "Jane  Doe", ["JDOE77@gmail.com", "bob@x.example"]) == 2
    assert split(case, "jd@kestrel.example") == "Jane Doe"
    wanted = {
        "Jane Doe": ["bob@x.example", "jdoe77@gmail.com"],
        "Doe, Jane": ["jane.doe@kestrel.example", "jane_doe@gmail.com"],
        "Jane Doe'": ["jd@kestrel.example"],
    }
    assert groups(case) == wanted
    mail(case, 2, sender="Jane Doe <bob@x.example>", to=["Jane Doe <new@kestrel.example>", OTHER])
    relate(case)
    wanted["Doe, Jane"].append("new@kestrel.example")
    assert groups(case) == wanted
    assert merge(case, "Jane Doe", ["bob@x.example"]) == 0
    reread(case, 1, to=[], sender=[])
    reread(case, 2, to=[], sender=[])
    relate(case)
    assert {row[0]: row[3] for row in rows(case, tables.addresses)} == {
        "bob@x.example": 0, "jdoe77@gmail.com": 0, "jd@kestrel.example": 0,
    }  # fmt: skip
    with case.read() as connection:
        acts = [each for each in audit.entries(connection) if each.act.startswith("people")]
        audit.verify(connection)
    assert [each.act for each in acts] == ["people merged", "people split"]
    assert json.loads(acts[0].details)["addresses"] == ["jdoe77@gmail.com", "bob@x.example"]


def test_addresses_that_no_mail_has_are_refused(case: Case) -> None:
    mail(case, 1, sender=JANE)
    relate(case)
    before = rows(case, tables.addresses), rows(case, tables.people)
    with pytest.raises(PeopleError, match=r"nobody@x\.example"):
        merge(case, "Jane", ["jane.doe@kestrel.example", "nobody@x.example"])
    with pytest.raises(PeopleError, match="Name the person"):
        merge(case, " ", ["jane.doe@kestrel.example"])
    with pytest.raises(PeopleError):
        split(case, "nobody@x.example")
    assert (rows(case, tables.addresses), rows(case, tables.people)) == before


def _call(case: Case, *arguments: str) -> Any:
    return CliRunner().invoke(
        people_group, [*arguments, "--case", str(case.folder)], catch_exceptions=False
    )


def test_commands(case: Case) -> None:
    mail(case, 1, sender=JANE, to=[OTHER, "bob@x.example", "/o=k/cn=jdoe"])
    relate(case)
    assert _call(case, "list", "--domain", "@Kestrel.example").stdout.splitlines() == [
        "person\torigin\taddress\tshown as\tmails",
        "Doe, Jane\tderived\tjane.doe@kestrel.example\tDoe, Jane\t1",
        "Doe, Jane\tderived\tjd@kestrel.example\tJane Doe\t1",
    ]
    done = _call(case, "merge", "Jane Doe", "bob@x.example", "jd@kestrel.example")
    assert done.stdout == "2 of 2 addresses are Jane Doe's now, by your word\n"
    told = json.loads(_call(case, "list", "--json").stdout)
    assert [(each["name"], each["origin"], len(each["addresses"])) for each in told] == [
        ("/o=k/cn=jdoe", "derived", 1),
        ("Doe, Jane", "derived", 1),
        ("Jane Doe", "user", 2),
    ]
    assert "of its own now" in _call(case, "split", "bob@x.example").stdout
    assert _call(case, "domains").stdout.splitlines() == [
        "domain\taddresses\tmails", "kestrel.example\t2\t2", "(none)\t1\t1", "x.example\t1\t1",
    ]  # fmt: skip
    assert json.loads(_call(case, "domains", "--json").stdout)[0] == {
        "domain": "kestrel.example", "addresses": 2, "mails": 2,
    }  # fmt: skip
