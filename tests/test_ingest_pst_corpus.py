"""The corpus's PST and OST files: exact counts, and the same by libpff and readpst."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypff
import pytest

from ingest import mapi
from ingest.mapi import Bag, Item
from ingest.members import Budget, Member, Opening
from ingest.msgfile import read_msg
from ingest.pst import expand_pst, plan_pst
from ingest.pst_blocks import Store
from ingest.pst_folders import survey, unrolled
from ingest.pst_items import Items
from records.codes import Code
from records.limits import Limits
from records.notes import Note

MAIL = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "mail"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not MAIL.is_dir(), reason="../shared/corpus is not there"),
]
FREE_BUSY = "IPM.Microsoft.ScheduleData.FreeBusy"
# Folders, attachments, recipients, embedded messages, properties, named ones of them, hidden
# entries; then the items by class.
KNOWN: dict[str, tuple[tuple[int, ...], dict[str, int]]] = {
    "ost/SampleOstFile.ost": (
        (45, 39, 98, 1, 6710, 1237, 21),
        {
            "IPM.Note": 80,
            "IPM.Appointment": 5,
            "IPM.Schedule.Meeting.Request": 6,
            "REPORT.IPM.Note.NotSupportedICal.NDR": 1,
        },
    ),
    "pst/32-bit-ansi.pst": ((5, 0, 7, 0, 147, 84, 0), {"IPM.Appointment": 1}),
    "pst/MapiNote.pst": ((6, 0, 0, 0, 54, 15, 0), {"IPM.StickyNote": 3}),
    "pst/Outlook.pst": (
        (27, 34, 14, 4, 1284, 503, 10),
        {"IPM.Note": 14, "IPM.Appointment": 1, "IPM.Contact": 1, FREE_BUSY: 1},
    ),
    "pst/SampleContacts.pst": ((6, 0, 0, 0, 129, 49, 0), {"IPM.Contact": 6}),
    "pst/Test_part1.pst": (
        (19, 43, 31, 10, 4228, 1031, 0),
        {"IPM.Note": 31, "IPM.Appointment": 9, "IPM.Contact": 21},
    ),
    "pst/dist-list.pst": (
        (24, 2, 0, 2, 293, 143, 3),
        {"IPM.Appointment": 1, "IPM.DistList": 1, "IPM.Contact": 1, FREE_BUSY: 1},
    ),
    "pst/empty-new.pst": ((6, 0, 0, 0, 0, 0, 0), {}),
    "pst/passworded.pst": (
        (24, 0, 0, 0, 201, 89, 13),
        {"IPM.DistList": 1, "IPM.Contact": 1, FREE_BUSY: 1},
    ),
    "pst/testPST.pst": ((5, 0, 7, 0, 613, 124, 0), {"IPM.Note": 6}),
}
# Mails, calendar entries, contacts that readpst writes, and the items that it says it skips;
# folders count among these. It leaves out distribution lists, free/busy and sticky notes.
READPST = {
    "ost/SampleOstFile.ost": (87, 5, 0),
    "pst/32-bit-ansi.pst": (0, 1, 0),
    "pst/MapiNote.pst": (0, 0, 0),
    "pst/Outlook.pst": (14, 1, 1),
    "pst/SampleContacts.pst": (0, 0, 6),
    "pst/Test_part1.pst": (31, 9, 19),
    "pst/dist-list.pst": (0, 1, 1),
    "pst/empty-new.pst": (0, 0, 0),
    "pst/passworded.pst": (0, 0, 1),
    "pst/testPST.pst": (6, 0, 0),
}
NOT_WRITTEN_BY_READPST = {
    "pst/MapiNote.pst": 3,
    "pst/Outlook.pst": 1,
    "pst/Test_part1.pst": 2,
    "pst/dist-list.pst": 2,
    "pst/passworded.pst": 2,
}
# Items in which libpff meets a property of type 0 and gives up.
LOST_BY_LIBPFF = {"pst/Test_part1.pst": 12}


def _opening(name: str, tmp_path: Path) -> Opening:
    path = MAIL / name
    limits = Limits()
    budget = Budget(path.stat().st_size, limits)
    return Opening(path, path.name.encode(), "pst", limits, (), budget, tmp_path)


def _expanded(name: str, tmp_path: Path) -> tuple[list[Member], list[Item], list[Note]]:
    members, items, notes = list[Member](), list[Item](), list[Note]()
    for each in expand_pst(_opening(name, tmp_path)):
        if isinstance(each, Note):
            notes.append(each)
        else:
            assert each.stream is not None
            members.append(each)
            items.append(read_msg(each.stream.read()))
    return members, items, notes


def _embedded(item: Item) -> int:
    inner = [each.message for each in item.attachments if each.message is not None]
    return len(inner) + sum(map(_embedded, inner))


@pytest.mark.parametrize("name", KNOWN)
def test_all_items_come_sound(name: str, tmp_path: Path) -> None:
    numbers, classes = KNOWN[name]
    members, items, notes = _expanded(name, tmp_path)
    assert [each.notes for each in members] == [()] * sum(classes.values())
    assert len({each.name_bytes for each in members}) == len(members)
    assert Counter(each.bag.text(0x001A) for each in items) == classes
    assert not any(each.severity == "exception" for each in notes)
    with Store(MAIL / name) as store:
        found = survey(store)
        some = [_stored(store, nid) for nid in found.items.tolist()]
        assert (store.trees.bad_pages, store.doubtful) == (0, 0)
    counted = (
        len(found.parents) + found.search_folders,
        sum(len(each.attachments) for each in items),
        sum(len(each.recipients) for each in items),
        sum(map(_embedded, items)),
        sum(len(each.bag) for each in some),
        sum(one.named is not None for each in some for one in each.bag),
        found.associated,
    )
    assert counted == numbers


def _stored(store: Store, nid: int) -> Item:
    node = store.node(nid)
    assert node is not None
    return Items(store, Limits()).item(node)


@pytest.mark.parametrize("name", KNOWN)
def test_the_plan_counts_what_comes(name: str, tmp_path: Path) -> None:
    parts = plan_pst(_opening(name, tmp_path), part_items=7)
    planned = [int(str(each["items"])) for each in parts]
    assert sum(planned) == sum(KNOWN[name][1].values())
    assert all(each == 7 for each in planned[:-1])


def _planned(name: str, tmp_path: Path) -> list[int]:
    """The ids of all items in the order in which they come."""
    parts: tuple[dict[str, Any], ...] = plan_pst(_opening(name, tmp_path))
    segments = [segment for part in parts for segment in part["segments"]]
    return [nid for segment in segments for nid in unrolled(segment["runs"])]


@pytest.mark.parametrize("name", KNOWN)
def test_the_msg_files_have_what_the_mailbox_has(name: str, tmp_path: Path) -> None:
    """Every property, recipient and attachment, byte for byte, through the file written."""
    _, written, _ = _expanded(name, tmp_path)
    with Store(MAIL / name) as store:
        for nid, item in zip(_planned(name, tmp_path), written, strict=True):
            _hold_the_same(_stored(store, nid), item)


def _hold_the_same(stored: Item, written: Item) -> None:
    _is_within(stored.bag, written.bag)
    for mine, other in zip(stored.recipients, written.recipients, strict=True):
        _is_within(mine, other)
    for first, second in zip(stored.attachments, written.attachments, strict=True):
        _is_within(first.bag, second.bag)
        assert (first.message is None) == (second.message is None)
        if first.message is not None and second.message is not None:
            _hold_the_same(first.message, second.message)


def _is_within(stored: Bag, written: Bag) -> None:
    """Ids of named properties are the file's own; an OLE object becomes storages and back."""
    is_ole = stored.integer(0x3705) == 6
    there = {(each.named or each.id, each.type, each.data) for each in written}
    values = {(each.type, each.data) for each in written}
    for each in stored:
        if each.id == 0x3701 and is_ole:
            assert written.find(0x3701, each.type) is not None
        elif each.named is None and each.id >= 0x8000:
            assert (each.type, each.data) in values
        else:
            assert (each.named or each.id, each.type, each.data) in there


def _messages(folder: Any) -> Iterator[Any]:
    """All messages that libpff can read, and None for each of the others."""
    for at in range(folder.number_of_sub_messages):
        try:
            message = folder.get_sub_message(at)
            _entries(message)
        except OSError:
            yield None
            continue
        yield message
    for at in range(folder.number_of_sub_folders):
        yield from _messages(folder.get_sub_folder(at))


def _entries(thing: Any) -> list[list[tuple[int, int, bytes]]]:
    return [
        [(each.entry_type, each.value_type, each.data or b"") for each in some.entries]
        for some in thing.record_sets
    ]


@pytest.mark.parametrize("name", KNOWN)
def test_libpff_has_the_same_properties(name: str) -> None:
    """Of tables libpff gives cells too that the row says are not set; those are left out."""
    file = pypff.open(str(MAIL / name))
    compared = lost = 0
    with Store(MAIL / name) as store:
        for message in _messages(file.root_folder):
            if message is None:
                lost += 1
                continue
            item = _stored(store, message.identifier)
            (entries,) = _entries(message)
            compared += _agrees(item.bag, entries, all_of_them=True)
            recipients = getattr(message, "recipients", None)
            rows = [] if recipients is None else _entries(recipients)
            for bag, row in zip(item.recipients, rows, strict=True):
                compared += _agrees(bag, row)
            theirs = list(getattr(message, "attachments", ()))
            for mine, other in zip(item.attachments, theirs, strict=True):
                compared += _agrees(mine.bag, _entries(other)[0])
                if mine.message is None:
                    assert other.read_buffer(other.size) == mine.bag.binary(0x3701)
        orphans = file.number_of_orphan_items
    file.close()
    assert (lost, orphans) == (LOST_BY_LIBPFF.get(name, 0), 0)
    assert compared >= sum(KNOWN[name][1].values()) * 7 - lost * 7


def _agrees(bag: Bag, entries: list[tuple[int, int, bytes]], *, all_of_them: bool = False) -> int:
    """Compare what is not named, nor the subject, which PST marks, nor of several values."""
    ours = {(each.id, each.type): each.data for each in bag}
    count = 0
    for id, type, data in entries:
        if id is None or id >= 0x8000 or id in (0x0037, 0x3701) or type & mapi.MULTIPLE:
            continue
        mine = ours.get((id, type))
        if mine is None:
            assert not all_of_them
            continue
        size = {mapi.BOOLEAN: 1, mapi.INTEGER16: 2}.get(type, len(data))
        assert mine[:size] == data[:size]
        assert len(mine) == len(data) or type in (mapi.BOOLEAN, mapi.INTEGER16)
        count += 1
    return count


@pytest.mark.skipif(shutil.which("readpst") is None, reason="readpst is not installed (pst-utils)")
@pytest.mark.parametrize("name", KNOWN)
def test_readpst_writes_no_more(name: str, tmp_path: Path) -> None:
    command = ["readpst", "-j", "0", "-e", "-D", "-b", "-q", "-o", str(tmp_path), str(MAIL / name)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    kinds = Counter(each.suffix for each in tmp_path.rglob("*") if each.is_file())
    assert (kinds[".eml"], kinds[".ics"], kinds[".vcf"]) == READPST[name]
    left_out = sum(KNOWN[name][1].values()) - sum(READPST[name])
    assert left_out == NOT_WRITTEN_BY_READPST.get(name, 0)


def test_a_password_is_no_hindrance(tmp_path: Path) -> None:
    _, _, notes = _expanded("pst/passworded.pst", tmp_path)
    assert [(each.code, each.severity) for each in notes] == [
        (Code.UNLOCKED, "warning"),
        (Code.HIDDEN_ENTRIES, "warning"),
    ]


def test_files_that_are_broken(tmp_path: Path) -> None:
    (note,) = expand_pst(_opening("pst/corrupt/not-a.pst", tmp_path))
    assert isinstance(note, Note)
    assert (note.code, note.severity) == (Code.CORRUPT, "exception")
    members, _, notes = _expanded("pst/corrupt/testPST_truncated.pst", tmp_path)
    assert members == []
    assert [each.code for each in notes if each.severity == "exception"] == [
        Code.TRUNCATED,
        Code.CORRUPT,
        Code.PARTIAL,
    ]
    assert "271360 bytes by its own header, 150000 are there" in notes[0].message
    assert ": 0 of 6)" in notes[-1].message
