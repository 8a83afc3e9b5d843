"""Real mail, indexed and searched, against a scan of the same texts by regular expressions."""

import email
import email.policy
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import search
from index.run import index_case
from records.case import Case
from records.engine import started
from records.fields import Fields
from tests.index_cases import Doc, case_with

MAIL = Path(__file__).parents[2] / "shared/corpus/matter-enron"
HOW_MANY = 600

pytestmark = [
    pytest.mark.slow,
    pytest.mark.corpus,
    pytest.mark.skipif(not MAIL.is_dir(), reason=f"no corpus at {MAIL}"),
]


def bodies() -> Iterator[tuple[str, str]]:
    """Subject and text of the first mails of one custodian."""
    (archive,) = MAIL.glob("farmer-d*.maildir.tar.gz")
    with tarfile.open(archive) as tar:
        files = (tar.extractfile(each) for each in tar if each.isfile())
        for _, file in zip(range(HOW_MANY), files, strict=False):
            assert file is not None
            message = email.message_from_bytes(file.read(), policy=email.policy.compat32)
            payload = message.get_payload(decode=True)
            assert isinstance(payload, bytes)
            yield str(message["subject"] or ""), payload.decode("cp1252", "replace")


@pytest.fixture(scope="module")
def mails() -> list[tuple[str, str]]:
    return list(bodies())


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, mails: list[tuple[str, str]]) -> Iterator[Case]:
    docs = [Doc(text, Fields(subject=subject)) for subject, text in mails]
    folder = tmp_path_factory.mktemp("corpus") / "case"
    with case_with(folder, docs) as case, started(2) as workers:
        summary = index_case(case, workers, lambda done, total: None)
        assert summary.in_index == summary.expected == HOW_MANY
        yield case


# A word boundary is anything but a letter or digit; `_` parts words too.
START, END, GAP = r"(?<![^\W_])", r"(?![^\W_])", r"[\W_]+"
WORD = r"[^\W_]+"


def within(first: str, second: str, distance: int) -> str:
    between = f"(?:{GAP}{WORD}){{0,{distance - 1}}}{GAP}"
    return f"{START}{first}{END}{between}{START}{second}{END}"


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ("gas", f"{START}gas{END}"),
        ("meter", f"{START}meter{END}"),
        ("nom*", f"{START}nom[^\\W_]*{END}"),
        ("*tion", f"{START}[^\\W_]*tion{END}"),
        ("19==", f"{START}19[0-9][0-9]{END}"),
        ('"natural gas"', f"{START}natural{GAP}gas{END}"),
        ("gas pre/5 for", within("gas", "for", 5)),
        (
            "gas w/3 daily",
            f"(?:{within('gas', 'daily', 3)})|(?:{within('daily', 'gas', 3)})",
        ),
        ("(deal OR contract*) w/2 ticket", None),
    ],
)
def test_counts_equal_those_of_a_scan(
    case: Case, mails: list[tuple[str, str]], query: str, expression: str | None
) -> None:
    if expression is None:
        either = "(?:deal|contract[^\\W_]*)"
        expression = f"{within(either, 'ticket', 2)}|{within('ticket', either, 2)}"
    regex = re.compile(expression)
    expected = {
        number for number, (_, text) in enumerate(mails, 1) if regex.search(text.casefold())
    }
    assert expected
    assert set(search(case, f"text:({query})").ids) == expected


def test_a_word_of_the_subject_is_found_without_a_field(
    case: Case, mails: list[tuple[str, str]]
) -> None:
    regex = re.compile(f"{START}nom{END}")
    expected = {
        number
        for number, texts in enumerate(mails, 1)
        if any(regex.search(text.casefold()) for text in texts)
    }
    assert set(search(case, "nom").ids) == expected
    assert len(search(case, "text:nom").ids) < len(expected)
