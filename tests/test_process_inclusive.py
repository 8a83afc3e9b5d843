"""Which mails say what no later one says, which are spare, and how threads are shown."""

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from process import threads_judged
from process.inclusive import Judged, ThreadBatch, judge_batch
from process.threads_commands import threads_group
from process.threads_run import relate_mail
from process.threads_text import LONGEST, is_quoted, read_text
from records import tables
from records.case import Case
from records.codes import Disposition
from records.errors import SelectionError
from tests.ingest_engines import Inline
from tests.process_mails import ANN, BOB, CAT, attach, clear, mail, reread, rows
from tests.produce_matter import matter

FIRST = "The tails are chafed.\nSend two new ones before the vessel sails on Monday.\n"
MARKED = "".join(f"> {line}\n" for line in FIRST.splitlines())
OUTLOOK = "From: Ann\nSent: Monday\nTo: Bob\nSubject: Tails\n\n"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "later",
    [
        f"They are on the way.\n\nOn 1 Jan 2024 at 12:00, Ann wrote:\n{MARKED}",
        f"On Mon, 1 Jan 2024, Ann <ann@kestrel.example>\nwrote:\n\n{MARKED}\nThey are on the way.",
        f"Am 1.1.2024 um 12:00 schrieb Ann:\n{MARKED}",
        f"On the way.\n-----Original Message-----\n{OUTLOOK}{FIRST}",
        f"On the way.\n________________\n{OUTLOOK}{FIRST}",
        f"On the way.\n\n{OUTLOOK}{FIRST}",
        f"On the way.\nOn 1 Jan 2024, Ann wrote:\n\n{FIRST}",
        "On the way.\n> The tails are\n> chafed. Send two new ones\n> before the vessel sails on "
        "Monday.",
        "> The tails are chafed.\nIndeed!\n> Send two new ones before the vessel sails on Monday.",
        "> The tails are chafed. Send two new ones before\nOr after?\n"
        "> the vessel sails on Monday.",
        "> > THE TAILS ARE CHAFED\n>> send two new ones before the vessel sails, on Monday\n",
        f"---------- Forwarded by Bob on 01/01/2024 ----------\n{OUTLOOK}{FIRST}",
        f"Hello\n-----Ursprüngliche Nachricht-----\nVon: Ann\nAn: Bob\nBetreff: Tails\n{FIRST}",
    ],
)
def test_what_quotes_all_of_a_mail(later: str) -> None:
    assert is_quoted(read_text(FIRST), read_text(later))


@pytest.mark.parametrize(
    "later",
    [
        "They are on the way.",
        FIRST,  # said, not quoted
        "On 1 Jan 2024, Ann wrote:\n> The tails are chafed.\n",
        f"On 1 Jan 2024, Ann wrote:\n{MARKED.replace('two', 'ten')}",
        "> Send two new ones before the vessel sails on Monday.\n> The tails are chafed.",
        f"{FIRST}\nOn 1 Jan 2024, Ann wrote:\n> Something else\n",
        "",
    ],
)
def test_what_does_not(later: str) -> None:
    assert not is_quoted(read_text(FIRST), read_text(later))


def test_a_few_words_must_be_lines_of_their_own() -> None:
    assert is_quoted(read_text("Thanks"), read_text("Welcome\n> Thanks!\n"))
    assert not is_quoted(read_text("Thanks"), read_text("Welcome\n> Thanks for the tails\n"))
    assert not is_quoted(read_text("Thanks"), read_text("Thanks\n> for the tails\n"))
    assert not is_quoted(read_text(" -- \n"), read_text("> -- \n"))


def test_a_chain_of_quotations_is_quoted_as_a_whole() -> None:
    second = f"On the way.\n\nOn 1 Jan 2024, Ann wrote:\n{MARKED}"
    third = "Good.\nOn 2 Jan 2024, Bob wrote:\n" + "".join(
        f"> {line}\n" for line in second.splitlines()
    )
    cut = "Good.\nOn 2 Jan 2024, Bob wrote:\n> On the way.\n"
    assert is_quoted(read_text(second), read_text(third))
    assert not is_quoted(read_text(second), read_text(cut))


def test_lists_of_questions_are_no_headers() -> None:
    found = read_text("A: one\nA: two\nA: three\nDate: four\n")
    assert found.lines == ("a one", "a two", "a three", "date four")
    assert read_text("From: a\nTo: b,\n c\nSubject: d\nwords").lines == ("c", "words")


def _judged(case: Case) -> dict[int, tuple[bool | None, str | None, int | None]]:
    found = relate_mail(case, Inline()).judged
    told = {row[0]: (row[6], row[7], row[8]) for row in rows(case, tables.threads)}
    assert found.inclusive == sum(1 for each in told.values() if each[0])
    assert found.spares == sum(1 for each in told.values() if each[2])
    assert found.inclusive + found.contained + found.spares == len(told)
    return told


def _quoting(text: str) -> str:
    return "On the way.\n" + "".join(f"> {line}\n" for line in text.splitlines())


def test_a_mail_is_inclusive_until_a_later_one_of_its_branch_holds_it(case: Case) -> None:
    mail(case, 1, FIRST)
    mail(case, 2, _quoting(FIRST), references=("<1@x>",), day=1)
    mail(case, 3, "No quotation at all, only words.", references=("<1@x>",), day=2)
    mail(case, 4, _quoting(_quoting(FIRST)), references=("<1@x>", "<2@x>"), day=3)
    mail(case, 5, "Alone.")
    assert _judged(case) == {
        1: (False, "RW-00000002", None),
        2: (False, "RW-00000004", None),
        3: (True, "last", None),
        4: (True, "last", None),
        5: (True, "last", None),
    }


def test_another_branch_does_not_hold_it(case: Case) -> None:
    mail(case, 1, "Which vessel sails first on Monday, and from which berth?")
    mail(case, 2, FIRST, references=("<1@x>",), day=1)
    mail(case, 3, _quoting(FIRST), references=("<1@x>",), day=2)
    told = _judged(case)
    assert told[1] == (True, "text", None)
    assert told[2] == (True, "last", None)


def test_an_attachment_that_is_not_carried_on_makes_a_mail_inclusive(case: Case) -> None:
    mail(case, 1, FIRST)
    attach(case, 2, 1, b"price list")
    mail(case, 3, _quoting(FIRST), references=("<1@x>",), day=1)
    assert _judged(case)[1] == (True, "attachment", None)
    mail(case, 4, _quoting(FIRST), references=("<1@x>",), day=2)
    attach(case, 5, 4, b"price list")
    assert _judged(case)[1] == (False, "RW-00000004", None)


def test_in_doubt_a_mail_is_inclusive(case: Case) -> None:
    for first, text, lost in ((1, None, False), (10, "...", False), (20, FIRST, True)):
        disposition = Disposition.EXCEPTION if lost else Disposition.REVIEWABLE
        mail(case, first, text, extra={"disposition": disposition})
        mail(case, first + 1, _quoting(text or ""), references=(f"<{first}@x>",), day=1)
    long = "word " * (LONGEST // 5 + 1)
    mail(case, 30, long)
    mail(case, 31, _quoting(long), references=("<30@x>",))
    told = _judged(case)
    assert {told[each] for each in (1, 10, 20, 30)} == {(True, "text", None)}


def test_an_attached_mail_is_looked_at_with_its_family(case: Case) -> None:
    mail(case, 1, "See what is attached.")
    add = {"family": 1, "found_in": 1, "position": 1}
    mail(case, 2, FIRST, message_id="<2@x>", extra=add)
    mail(case, 3, FIRST, message_id="<2@x>")
    mail(case, 4, _quoting(FIRST), references=("<2@x>",), day=1)
    told = _judged(case)
    assert told[2] == (True, "attached", None)
    assert told[3] == (False, "RW-00000004", None)


def _same_hash(case: Case, *documents: int) -> None:
    d = tables.documents
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id.in_(documents)).values(dedup_hash="h"))


def test_equal_mails_leave_spares_of_the_lowest(case: Case) -> None:
    for number in (1, 2, 3):
        mail(case, number, FIRST, message_id=f"<copy{number}@x>")
    mail(case, 4, _quoting(FIRST), references=("<copy3@x>",), day=1)
    _same_hash(case, 1, 2, 3)
    assert _judged(case) == {
        1: (False, "RW-00000004", None),
        2: (False, "RW-00000001", 1),
        3: (False, "RW-00000001", 1),
        4: (True, "last", None),
    }


def test_equal_words_make_spares_only_with_all_attachments_and_recipients(case: Case) -> None:
    same: dict[str, Any] = {"message_id": "<1@x>", "subject": "Tails"}
    mail(case, 1, FIRST, **same)
    mail(case, 2, FIRST.replace("\n", " \n\n").upper(), **same)
    mail(case, 3, FIRST, **same)
    attach(case, 4, 3, b"price list")
    mail(case, 5, FIRST, to=(BOB, CAT), **same)
    mail(case, 6, FIRST + "More.", **same)
    mail(case, 7, FIRST, message_id="<1@x>", subject="Other")
    mail(case, 8, FIRST, sender=CAT, **same)
    mail(case, 9, None, **same)
    mail(case, 10, None, **same)
    told = _judged(case)
    assert {each: row[2] for each, row in told.items()} == {
        1: None, 2: 1, 3: None, 5: None, 6: None, 7: None, 8: None, 9: None, 10: None,
    }  # fmt: skip


def test_several_runs_give_the_judgement_of_one(case: Case) -> None:
    def put(number: int) -> None:
        text = FIRST
        for _ in range(1, number):
            text = _quoting(text)
        known = tuple(f"<{each}@x>" for each in range(1, number))
        mail(case, number, text, references=known, day=number)

    for number in (3, 1, 2):
        put(number)
        relate_mail(case, Inline())
    told = _judged(case)
    assert [told[each][1] for each in (1, 2, 3)] == ["RW-00000002", "RW-00000003", "last"]
    clear(case)
    assert _judged(case) == told
    before = rows(case, tables.threads)
    assert relate_mail(case, Inline()).judged.judged == 0
    assert rows(case, tables.threads) == before
    reread(case, 2, title="x")
    assert relate_mail(case, Inline()).judged.judged == 3


def test_a_thread_that_kills_its_worker_is_inclusive_and_the_others_do_not_suffer(
    case: Case,
) -> None:
    class Deadly(Inline):
        def kills(self, _function: Callable[[Any], Any], batch: Any) -> bool:
            assert isinstance(batch, ThreadBatch)
            return any(mails[0].id == 1 for mails in batch.threads)

    for first in (1, 11):
        mail(case, first, FIRST)
        mail(case, first + 1, _quoting(FIRST), references=(f"<{first}@x>",), day=1)
    relate_mail(case, Deadly())
    told = {row[0]: row[6:8] for row in rows(case, tables.threads)}
    assert told[1] == (True, "text")
    assert told[11] == (False, "RW-00000012")


def test_what_crosses_to_a_worker_can_be_pickled(case: Case) -> None:
    mail(case, 1, FIRST)
    mail(case, 2, _quoting(FIRST), references=("<1@x>",))
    relate_mail(case, Inline())
    threads = tuple(threads_judged._threads(case, iter([(1, 2)])))
    batch = ThreadBatch(threads, case.store_address)
    assert pickle.loads(pickle.dumps(batch)) == batch
    found = judge_batch(batch)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found[0] == Judged(1, False, 2, "", None)


def _call(case: Case, *arguments: str) -> Any:
    return CliRunner().invoke(
        threads_group, [*arguments, "--case", str(case.folder)], catch_exceptions=False
    )


def test_commands(case: Case) -> None:
    mail(case, 2, FIRST, subject="Tails")
    mail(case, 1, _quoting(FIRST), subject="Re: Tails", references=("<2@x>",), day=1, sender=BOB)
    mail(case, 3, FIRST, subject="Tails", message_id="<3@x>")
    _same_hash(case, 2, 3)
    mail(case, 4, "Alone.")
    relate_mail(case, Inline())
    assert _call(case, "list").stdout.splitlines() == [
        "thread\tmessages\tfirst\tlast\tsubject\tbasis",
        "RW-00000001\t3\t2024-01-01T12:00:00Z\t2024-01-02T12:00:00Z\tTails\treferences",
    ]
    told = json.loads(_call(case, "list", "--all", "--json").stdout)
    assert [(each["thread"], each["messages"], each["basis"]) for each in told] == [
        ("RW-00000001", 3, ["references"]),
        ("RW-00000004", 1, ["none"]),
    ]
    assert _call(case, "show", "rw-3").stdout.splitlines() == [
        f"  RW-00000002  2024-01-01T12:00:00Z  {ANN}  Tails  (RW-00000001)",
        f"= RW-00000003  2024-01-01T12:00:00Z  {ANN}  Tails  (RW-00000002)",
        f"* RW-00000001    2024-01-02T12:00:00Z  {BOB}  Re: Tails  (last)",
    ]
    lines = json.loads(_call(case, "show", "1", "--json").stdout)
    assert [(each["parent"], each["spare_of"]) for each in lines] == [
        (None, None), (None, "RW-00000002"), ("RW-00000002", None),
    ]  # fmt: skip
    for wrong in ("9", "nonsense"):
        with pytest.raises(SelectionError):
            _call(case, "show", wrong)


def test_no_subject_steers_a_terminal(case: Case) -> None:
    mail(case, 1, FIRST, subject="Tails\x1b[2J\ud800")
    relate_mail(case, Inline())
    assert "Tails\\x1b[2J\ufffd" in _call(case, "show", "1").stdout
    assert "\\x1b" in _call(case, "list", "--all").stdout


def test_a_thread_not_judged_yet_says_so(case: Case) -> None:
    mail(case, 1, FIRST)
    mail(case, 2, "x", references=("<1@x>",))
    relate_mail(case, Inline())
    with case.write() as connection:
        t = tables.threads
        connection.execute(t.update().values(inclusive=None, contained_in=None))
        assert connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() == 2
    assert _call(case, "show", "1").stdout.count("(not judged yet)") == 2
