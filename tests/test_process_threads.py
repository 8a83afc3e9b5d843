"""Threads: what joins mails, what does not, and that the order of runs changes nothing."""

import base64
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from process import threads
from process.threads import forget, note_keys, relate_threads
from process.threads_affected import _followed, _swept
from process.threads_build import WINDOW, build
from process.threads_interface import Message, Placed
from process.threads_keys import conversation, keys_of
from process.threads_subject import parse_subject
from records import tables
from records.case import Case
from tests.process_mails import ANN, BOB, CAT, attach, clear, mail, reread, rows
from tests.produce_matter import matter

HEADER = bytes([1, 2, 3, 4, 5, 6]) + b"0123456789abcdef"
DAY = 24 * 3600


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        yield opened


def message(
    number: int,
    *references: str,
    name: str = "",
    subject: str = "",
    at: int | None = None,
    index: bytes = b"",
    sender: str = ANN,
    to: Sequence[str] = (BOB,),
    copy: str = "",
    attached: bool = False,
) -> Message:
    return Message(
        number, name or f"{number}@x", references, index, parse_subject(subject),
        number * 60 if at is None else at, (sender,), tuple(sorted(set(to))),
        copy or f"file:{number}", attached,
    )  # fmt: skip


def placed(*messages: Message) -> dict[int, tuple[int, int | None, int, int, str]]:
    return {
        each.document_id: (each.thread_id, each.parent_id, each.position, each.depth, each.basis)
        for each in build(messages)
    }


def thread_sets(found: Sequence[Placed]) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for each in found:
        groups.setdefault(each.thread_id, set()).add(each.document_id)
    return {frozenset(each) for each in groups.values()}


def test_references_make_a_tree_and_missing_mails_hold_it_together() -> None:
    found = placed(
        message(5, at=0),
        message(2, "5@x", at=100),
        message(7, "5@x", "lost@x", at=50),
        message(9, "5@x", "lost@x", "7@x", at=60),
        message(3, "elsewhere@x"),
        message(4, "elsewhere@x"),
        message(6),
    )
    assert found == {
        5: (2, None, 0, 0, "references"),
        7: (2, 5, 1, 1, "references"),
        9: (2, 7, 2, 2, "references"),
        2: (2, 5, 3, 1, "references"),
        3: (3, None, 0, 0, "references"),
        4: (3, None, 1, 0, "references"),
        6: (6, None, 0, 0, "none"),
    }


def test_a_chain_tells_the_parent_of_a_mail_that_names_none() -> None:
    found = placed(message(1), message(2), message(3, "1@x", "2@x"))
    assert [found[each][1] for each in (1, 2, 3)] == [None, 1, 2]


def test_what_a_mail_itself_says_goes_before_what_others_say_of_it() -> None:
    found = placed(message(1), message(2, "1@x"), message(3), message(4, "3@x", "2@x"))
    assert found[2][1] == 1
    assert found[4][1] == 2
    assert len({each[0] for each in found.values()}) == 1  # 4 names 3 as well


def test_loops_are_cut_where_they_begin() -> None:
    found = placed(message(1, "3@x"), message(2, "1@x"), message(3, "2@x"), message(4, "4@x"))
    assert [found[each][1] for each in (1, 2, 3, 4)] == [None, 1, 2, None]
    by_others = placed(message(1), message(2), message(3, "1@x", "2@x"), message(4, "2@x", "1@x"))
    assert by_others[3][1] == 2
    assert by_others[4][1] == 1
    assert {by_others[1][1], by_others[2][1]} in ({None, 1}, {None, 2})


def test_a_long_chain_needs_no_deep_stack() -> None:
    found = build([message(1), *(message(n, f"{n - 1}@x") for n in range(2, 5001))])
    assert found[-1].depth == 4999


def test_copies_stand_beside_each_other() -> None:
    found = placed(
        message(1, at=0),
        message(2, name="1@x", at=0),
        message(3, name="other@x", at=0, copy="file:1"),
        message(4, "other@x"),
    )
    assert [found[each] for each in (1, 2, 3, 4)] == [
        (1, None, 0, 0, "references"),
        (1, None, 1, 0, "references"),
        (1, None, 2, 0, "references"),
        (1, 1, 3, 1, "references"),
    ]
    assert placed(message(1, at=0), message(2, name="1@x", at=0))[2] == (1, None, 1, 0, "none")


def test_answers_are_put_under_the_mail_itself_and_not_under_its_attached_copy() -> None:
    found = placed(message(1, at=0, attached=True), message(2, name="1@x", at=0), message(3, "1@x"))
    assert found[3][1] == 2


def test_an_id_that_several_mails_claim_stays_with_the_first() -> None:
    found = placed(
        message(1, name="same@x", at=0), message(2, name="same@x", at=50), message(3, "same@x")
    )
    assert found[2] == (2, None, 0, 0, "none")
    assert found[3][:2] == (1, 1)


def test_conversation_index_joins_and_tells_the_parent() -> None:
    found = placed(
        message(1, index=HEADER),
        message(2, index=HEADER + b"aaaaa"),
        message(3, index=HEADER + b"aaaaabbbbbccccc"),
        message(4, index=HEADER + b"zzzzz"),
        message(5, index=HEADER[:-1] + b"!"),
        message(6, "9@x", index=HEADER + b"aaaaa"),
        message(7, "3@x"),
    )
    assert {n: each[:2] for n, each in found.items()} == {
        1: (1, None), 2: (1, 1), 3: (1, 2), 4: (1, 1), 5: (5, None), 6: (1, 1), 7: (1, 3),
    }  # fmt: skip
    assert found[2][4] == "conversation-index"
    assert found[7][4] == "references"
    assert found[5][4] == "none"


def test_a_conversation_whose_first_mail_is_missing_is_one() -> None:
    found = placed(message(1, index=HEADER + b"aaaaa"), message(2, index=HEADER + b"bbbbb"))
    assert [each[0] for each in found.values()] == [1, 1]
    assert {each[4] for each in found.values()} == {"conversation-index"}


def test_index_and_references_that_contradict_make_no_loop() -> None:
    found = placed(message(1, "2@x", index=HEADER), message(2, index=HEADER + b"aaaaa"))
    assert (found[1][1], found[2][1]) == (2, None)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (base64.b64encode(HEADER).decode(), 22),
        (base64.b64encode(HEADER + b"aaaaabb").decode(), 27),
        (base64.b64encode(HEADER + b"aaaaa").decode().rstrip("="), 27),
        (" ".join(base64.b64encode(HEADER).decode()) + "\r\n", 22),
        (base64.urlsafe_b64encode(b"\x01\xff\xfb" + HEADER).decode(), 22),
        ("!" + base64.b64encode(HEADER).decode(), 22),
        (HEADER.hex(), 22),
        (base64.b64encode(HEADER[:21]).decode(), 0),
        (base64.b64encode(bytes(22)).decode(), 0),
        ("A", 0),
        ("", 0),
    ],
)
def test_conversation_index_is_read_as_far_as_it_goes(text: str, length: int) -> None:
    found = conversation(text)
    assert len(found) == length
    assert not found or found.startswith(b"\x01")


@pytest.mark.parametrize(
    ("text", "base", "answers"),
    [
        ("Mooring tails", "mooring tails", False),
        ("Re: AW: [list-name] FW: Mooring  tails", "mooring tails", True),
        ("RE[2]: Re(3): re^4 : Mooring tails", "mooring tails", True),
        ("[list] Mooring tails (fwd)", "mooring tails", True),
        ("Antw: WG: SV: TR: Vs: Mooring, tails!", "mooring tails", True),
        ("回复：系泊缆绳", "系泊缆绳", True),
        ("Regarding: the tails", "regarding the tails", False),
        ("Re: lunch", "", True),
        ("Re:", "", True),
        ("Re: 12345", "", True),
        ("", "", False),
        ("Re: " * 60 + "x", "re re re re re re re re re re x", True),
    ],
)
def test_base_subjects(text: str, base: str, answers: bool) -> None:
    found = parse_subject(text)
    assert (found.base, found.answers) == (base, answers)


def test_an_answer_without_headers_is_joined_by_subject_and_people() -> None:
    found = placed(
        message(1, subject="Mooring tails"),
        message(2, subject="RE: mooring tails", sender=BOB, to=[ANN]),
        message(3, subject="Fw: Mooring tails", sender=BOB, to=[CAT]),
        message(4, subject="AW: Mooring tails", sender=CAT, to=[BOB]),
    )
    assert found == {
        1: (1, None, 0, 0, "subject"),
        2: (1, 1, 1, 1, "subject"),
        3: (1, 2, 2, 2, "subject"),
        4: (1, 3, 3, 3, "subject"),
    }


FIRST = message(1, subject="Mooring tails", at=0)


@pytest.mark.parametrize(
    "other",
    [
        message(2, subject="Mooring tails", at=60),  # no answer
        message(2, subject="Re: Mooring tails", at=WINDOW + 1, sender=BOB, to=[ANN]),
        message(2, subject="Re: Mooring tails", at=60, sender=CAT, to=["dan@x"]),
        message(2, subject="Re: Mooring tails", at=60, sender=CAT, to=[BOB]),
        message(2, subject="Re: Mooring lines", at=60, sender=BOB, to=[ANN]),
        message(2, subject="Re: Mooring tails", at=-60, sender=BOB, to=[ANN]),
    ],
)
def test_a_subject_alone_joins_nothing(other: Message) -> None:
    assert placed(FIRST, other)[2][0] == 2


def test_form_letters_to_one_person_are_no_thread() -> None:
    letters = [message(n, subject="Demand", sender=f"{n}@x", to=[CAT]) for n in range(1, 9)] + [
        message(9, subject="Re: Demand", sender="9@x", to=[CAT])
    ]
    assert len({each[0] for each in placed(*letters).values()}) == 9


def test_subjects_never_merge_what_headers_made_different() -> None:
    one = [FIRST, message(2, "1@x", subject="Re: Mooring tails", at=60)]
    answer = message(3, subject="Re: Mooring tails", at=120, sender=BOB, to=[ANN])
    below = message(4, "3@x", subject="Re: Mooring tails", at=180)
    assert placed(*one, answer)[3][0] == 1  # a mail alone
    assert placed(FIRST, answer, below)[3][0] == 1  # one thread of several
    assert placed(*one, answer, below)[3][0] == 3  # two of several
    bridge = message(5, subject="Re: Mooring tails", at=100, sender=BOB, to=[ANN])
    found = placed(*one, answer, below, bridge)
    assert found[5][0] == 1
    assert found[3][0] == 3
    own = message(3, "lost@x", subject="Re: Mooring tails", at=120, sender=BOB, to=[ANN])
    beside = message(4, "lost@x", subject="Something else", at=130)
    assert placed(FIRST, own)[3][0] == 1
    assert placed(FIRST, own, beside)[3][0] == 3  # it is of the thread of what is lost


def test_subjects_never_join_two_conversations() -> None:
    one = message(1, subject="Mooring tails", at=0, index=HEADER)
    other = message(
        2, subject="Re: Mooring tails", at=60, sender=BOB, to=[ANN], index=b"\x01" + HEADER[:21]
    )
    assert placed(one, other)[2][0] == 2


MAILS = st.lists(
    st.builds(
        lambda name, references, subject, at, index, sender, to, copy: message(
            0, *references, name=f"{name}@x", subject=subject, at=at,
            index=HEADER + index if index is not None else b"", sender=sender, to=to,
            copy=copy,
        ),
        st.integers(1, 12),
        st.lists(st.integers(1, 15).map("{}@x".format), max_size=4, unique=True),
        st.sampled_from(["Mooring tails", "Re: Mooring tails", "Fw: Tails", "Tails", "", "Re: hi"]),
        st.integers(0, 8).map(lambda day: day * 10 * DAY),
        st.none() | st.sampled_from([b"", b"aaaaa", b"aaaaabbbbb"]),
        st.sampled_from([ANN, BOB, CAT]),
        st.lists(st.sampled_from([ANN, BOB, CAT]), max_size=2),
        st.sampled_from(["", "", "", "mail:a", "mail:b"]),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


def _numbered(mails: list[Message]) -> list[Message]:
    return [
        message(
            n, *each.references, name=each.message_id, at=each.sent, index=each.index,
            sender=min(each.sender), to=sorted(each.recipients),
            copy=each.copy if each.copy.startswith("mail") else "",
            subject=("Re: " * each.subject.answers) + each.subject.base,
        )
        for n, each in enumerate(mails, 1)
    ]  # fmt: skip


@given(MAILS, st.randoms(use_true_random=False))
def test_every_mail_once_in_a_sound_tree_whatever_the_order(
    mails: list[Message], chance: random.Random
) -> None:
    mails = _numbered(mails)
    found = build(mails)
    chance.shuffle(mails)
    assert build(mails) == found
    assert [each.document_id for each in found] == list(range(1, len(mails) + 1))
    by_id = {each.document_id: each for each in found}
    for group in thread_sets(found):
        assert {by_id[each].thread_id for each in group} == {min(group)}
        assert sorted(by_id[each].position for each in group) == list(range(len(group)))
    for each in found:
        above = by_id[each.parent_id] if each.parent_id else None
        assert each.depth == (above.depth + 1 if above else 0)
        assert above is None or above.position < each.position


@given(MAILS)
def test_threads_by_headers_are_those_of_an_independent_union(mails: list[Message]) -> None:
    mails = [
        message(n, *each.references, name=f"{n}@x", at=each.sent) for n, each in enumerate(mails, 1)
    ]
    sets = [{each.message_id, *each.references} for each in mails]
    merged = True
    while merged:
        merged = False
        for one, other in itertools.combinations(sets, 2):
            if one & other:
                sets = [each for each in sets if each not in (one, other)] + [one | other]
                merged = True
                break
    wanted = {frozenset(n.id for n in mails if n.message_id in each) for each in sets}
    assert thread_sets(build(mails)) == wanted


# From here on, on record.


def _mails(case: Case, mails: Sequence[Message]) -> None:
    for each in mails:
        mail(
            case, each.id, sender=min(each.sender), to=sorted(each.recipients),
            message_id=f"<{each.message_id}>",
            subject=("Re: " * each.subject.answers) + each.subject.base,
            references=tuple(f"<{one}>" for one in each.references),
            conversation_index=base64.b64encode(each.index).decode(),
            day=(each.sent or 0) // DAY,
        )  # fmt: skip


def _joins(case: Case) -> list[Any]:
    return [row[:6] for row in rows(case, tables.threads)]


SLOW = settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@SLOW
@given(MAILS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_several_runs_in_any_order_give_the_rows_of_one(
    case: Case, mails: list[Message], chance: random.Random, runs: int
) -> None:
    clear(case, tables.documents)
    mails = _numbered(mails)
    _mails(case, mails)
    relate_threads(case)
    wanted, keys = _joins(case), rows(case, tables.mail_keys)
    assert len(wanted) == len(mails)
    clear(case, tables.documents)
    chance.shuffle(mails)
    for number in range(runs):
        _mails(case, mails[number::runs])
        relate_threads(case)
    assert _joins(case) == wanted
    assert rows(case, tables.mail_keys) == keys


@SLOW
@given(MAILS, st.data())
def test_mails_that_are_read_again_move_as_if_they_had_been_so(
    case: Case, mails: list[Message], data: st.DataObject
) -> None:
    clear(case, tables.documents)
    mails = _numbered(mails)
    _mails(case, mails)
    relate_threads(case)
    numbers = st.lists(st.integers(1, len(mails)), min_size=1, max_size=3, unique=True)
    for number in data.draw(numbers):
        name = data.draw(st.integers(1, 15))
        subject = data.draw(st.sampled_from(["Re: Tails", "Mooring tails"]))
        reread(case, number, message_id=f"<{name}@x>", references=(), subject=subject)
    relate_threads(case)
    found = _joins(case)
    clear(case)
    relate_threads(case)
    assert found == _joins(case)


def test_what_a_mail_read_again_no_longer_joins_falls_apart(case: Case) -> None:
    mail(case, 1)
    mail(case, 2, references=("<1@x>",))
    mail(case, 3, references=("<2@x>",))
    relate_threads(case)
    assert [row[1] for row in _joins(case)] == [1, 1, 1]
    reread(case, 2, message_id="<other@x>", references=())
    relate_threads(case)
    assert [row[1:3] for row in _joins(case)] == [(1, None), (2, None), (3, None)]


def test_only_what_a_new_mail_reaches_is_computed(case: Case) -> None:
    for number in range(1, 8):
        mail(case, number, subject=f"Matter of ship {chr(96 + number)}")
    assert relate_threads(case).computed == 7
    mail(case, 8, references=("<3@x>",), sender=BOB, to=[ANN])
    summary = relate_threads(case)
    assert (summary.fresh, summary.computed, summary.threads, summary.of_several) == (1, 2, 7, 1)
    before = rows(case, tables.threads), rows(case, tables.mail_keys)
    assert relate_threads(case).fresh == 0
    assert (rows(case, tables.threads), rows(case, tables.mail_keys)) == before


def test_only_a_thread_that_changed_is_judged_again(case: Case) -> None:
    mail(case, 1)
    mail(case, 2)
    mail(case, 3, references=("<2@x>",))
    relate_threads(case)
    with case.write() as connection:
        connection.execute(tables.threads.update().values(inclusive=True))
    reread(case, 3, title="other")
    relate_threads(case)
    t = tables.threads.c
    with case.read() as connection:
        unset = sa.select(t.document_id).where(t.inclusive.is_(None)).order_by(t.document_id)
        assert list(connection.execute(unset).scalars()) == [2, 3]


def test_attached_mails_have_a_place_and_other_items_none(case: Case) -> None:
    mail(case, 1)
    attach(case, 2, 1, type_="email")
    mail(case, 3, kind="contact")
    attach(case, 4, 1)
    relate_threads(case)
    assert [row[0] for row in _joins(case)] == [1, 2]
    assert relate_threads(case).fresh == 0
    reread(case, 1, kind="contact")
    relate_threads(case)
    assert [row[0] for row in _joins(case)] == [2]


def test_a_suppressed_copy_is_of_the_thread_of_its_kept_one(case: Case) -> None:
    mail(case, 1)
    mail(case, 2, references=("<1@x>",))
    mail(case, 3, custodian=2, message_id="<other@x>")
    d = tables.documents
    with case.write() as connection:
        connection.execute(d.update().where(d.c.id.in_((1, 3))).values(dedup_hash="h"))
    relate_threads(case)
    assert {row[0]: row[1] for row in _joins(case)} == {1: 1, 2: 1, 3: 1}


def test_a_thread_falls_apart_when_the_mail_between_is_forgotten(case: Case) -> None:
    mail(case, 1)
    mail(case, 2, references=("<1@x>",))
    mail(case, 3, references=("<2@x>",))
    relate_threads(case)
    d = tables.documents
    with case.write() as connection:
        forget(connection, [2])
        connection.execute(d.delete().where(d.c.id == 2))
    relate_threads(case)
    found = _joins(case)
    assert [row[:3] for row in found] == [(1, 1, None), (3, 3, None)]
    clear(case)
    relate_threads(case)
    assert _joins(case) == found


@pytest.mark.parametrize("end", range(1, 9))
def test_a_run_that_is_cut_off_is_made_good(
    case: Case, monkeypatch: pytest.MonkeyPatch, end: int
) -> None:
    _many(case)
    relate_threads(case)
    with case.write() as connection:
        connection.execute(tables.threads.update().values(inclusive=True))
    for number in (2, 5):
        reread(case, number, references=("<1@x>",), message_id="<20@x>", subject="Other")
    monkeypatch.setattr(threads, "_PAGE", 3)
    monkeypatch.setattr(threads, "_ROWS", 2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        _break(case, patch, end)
        relate_threads(case)
    relate_threads(case)
    found, keys = _joins(case), rows(case, tables.mail_keys)
    assert [row[0] for row in rows(case, tables.threads) if row[6] is None] == list(range(1, 9))
    clear(case)
    relate_threads(case)
    assert found == _joins(case)
    assert keys == rows(case, tables.mail_keys)


def _many(case: Case) -> None:
    mail(case, 1, subject="Tails", day=0)
    for number in range(2, 9):
        mail(case, number, subject="Re: Tails", references=(f"<{number - 1}@x>",), day=number)


def _break(case: Case, patch: pytest.MonkeyPatch, end: int) -> None:
    """Let the transaction number `end` be the last that comes about."""
    write, done = case.write, itertools.count(1)

    def breaking() -> Any:
        if next(done) > end:
            raise KeyboardInterrupt
        return write()

    patch.setattr(case, "write", breaking)


def test_few_and_many_seeds_lead_to_the_same_mails(case: Case) -> None:
    chance = random.Random(7)
    for number in range(1, 61):
        known = (f"<{chance.randint(1, 90)}@x>",) if chance.random() < 0.4 else ()
        mail(
            case,
            number,
            references=known,
            subject=f"Ship number {chance.choice('abcdef')}{number // 3}",
        )
    note_keys(case)
    with case.read() as connection:
        for seeds in ([1], [5, 17], [60], list(range(1, 61))):
            found = list(_followed(connection, seeds))
            assert found == list(_swept(connection, BitMap(seeds)))
            assert found == sorted(sorted(group) for group in found)
            assert set(seeds) <= {each for group in found for each in group}
        assert sum(map(len, found)) == 60
        assert len(found) > 3


def test_keys_are_short_and_printable_however_odd_the_mail() -> None:
    odd = message(1, "r@x", name="n@x", subject="word " * 300)
    assert {kind for kind, _ in keys_of(odd)} == {"id", "reference", "copy", "subject"}
    assert len(next(key for kind, key in keys_of(odd) if kind == "subject")) < 100


def test_ids_as_odd_mails_write_them(case: Case) -> None:
    mail(case, 1, message_id="<a b@x> (comment)")
    mail(case, 2, in_reply_to="<ab@x>")
    mail(case, 3, references=("<q@x><ab@x>", "word"), message_id="<" + "m" * 900 + ">")
    mail(case, 4, in_reply_to="<" + "m" * 900 + ">")
    mail(case, 5, message_id="bare@x")
    mail(case, 6, references=("bare@x",))
    mail(case, 7, message_id="<\ud800\0@x>")
    mail(case, 8, in_reply_to="<\ud800\0@x>")
    relate_threads(case)
    assert {row[0]: row[2] for row in _joins(case)} == {
        1: None, 2: 1, 3: 1, 4: 3, 5: None, 6: 5, 7: None, 8: 7,
    }  # fmt: skip
