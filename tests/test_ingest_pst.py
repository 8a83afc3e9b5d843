"""PST and OST mailboxes: files that the tests write, in every layout, sound and damaged."""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypff
import pytest

from ingest import mapi, pst_crypt
from ingest.mapi import Item, Named
from ingest.members import Budget, Member, Opening
from ingest.msgfile import read_msg
from ingest.pst import MSG, expand_pst, plan_pst
from ingest.pst_folders import runs, safe_name, unrolled
from ingest.pst_header import ANSI, UNICODE, UNICODE_4K, Layout
from records.codes import Code, Role
from records.limits import Limits
from records.notes import Note
from tests.ingest_pst_maker import ROOT, TOP, Attached, Maker, number, text

LAYOUTS = {"ansi": ANSI, "unicode": UNICODE, "4k": UNICODE_4K}
CIPHERS = (pst_crypt.NONE, pst_crypt.PERMUTE, pst_crypt.CYCLIC)
GUID = bytes(range(16))
INBOX = 0x8042
BLOB = bytes(range(256)) * 100


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Opening]:
    def opened(data: bytes, part: dict[str, Any] | None = None, **limits: int) -> Opening:
        path = tmp_path / "a.pst"
        path.write_bytes(data)
        some = Limits(**limits)
        return Opening(
            path, b"a.pst", "pst", some, (), Budget(len(data), some), tmp_path, part=part
        )

    return opened


def _maker(layout: Layout = UNICODE, crypt: int = pst_crypt.PERMUTE, **more: Any) -> Maker:
    maker = Maker(layout, crypt, **more).start()
    maker.folder(TOP, ROOT, "Top")
    maker.folder(INBOX, TOP, "Inbox")
    return maker


def _taken(came: Iterator[Member | Note]) -> tuple[list[Member], list[Note], list[Item | None]]:
    members, notes, items = list[Member](), list[Note](), list[Item | None]()
    for each in came:
        if isinstance(each, Note):
            notes.append(each)
            continue
        members.append(each)
        items.append(None if each.stream is None else read_msg(each.stream.read()))
    return members, notes, items


def _item(items: list[Item | None], at: int = 0) -> Item:
    item = items[at]
    assert item is not None
    return item


def _full(maker: Maker) -> bytes:
    """A mailbox with one item that has everything."""
    named = maker.named(GUID, "Colour")
    numbered = maker.named(GUID, 0x8501)
    maker.message(
        INBOX,
        [
            text(0x001A, "IPM.Note"),
            text(0x0037, "\x01\x05RE: grapes"),
            text(0x1000, "word " * 5000),
            text(named, "red"),
            number(numbered, 7),
            number(0x0E07, 1),
            (0x3008, mapi.TIME, struct.pack("<Q", 130_000_000_000_000_000)),
            (0x6001, mapi.BOOLEAN, b"\1"),
            (0x6002, mapi.INTEGER32 | mapi.MULTIPLE, struct.pack("<3i", 1, 2, 3)),
            (0x6003, mapi.BINARY | mapi.MULTIPLE, struct.pack("<3I", 2, 12, 14) + b"abcde"),
        ],
        [
            [
                number(0x0C15, 1),
                text(0x3001, "Ann"),
                text(0x39FE, "ann@a.example"),
                number(0x3900, 0),
            ],
            [number(0x0C15, 2), text(0x3001, "Bo"), text(0x3003, "/o=x/cn=bo")],
        ],
        [
            Attached((text(0x3707, "a.bin"),), BLOB),
            Attached((text(0x3001, "inner"),), message=(text(0x0037, "inside"),)),
        ],
    )
    return maker.done()


@pytest.mark.parametrize("crypt", CIPHERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_item_comes_whole(layout: str, crypt: int, opened: Callable[..., Opening]) -> None:
    data = _full(_maker(LAYOUTS[layout], crypt, compress=layout == "4k"))
    members, notes, items = _taken(expand_pst(opened(data)))
    assert notes == []
    (member,) = members
    assert member.name_bytes == b"Top/Inbox/message-00001.msg"
    assert (member.role, member.known, member.notes) == (Role.MESSAGE, MSG, ())
    assert (member.fields.folder, member.fields.is_read) == ("Top/Inbox", True)
    assert member.modified_at == "2012-12-14T23:06:40Z"
    item = _item(items)
    bag = item.bag
    assert (bag.text(0x0037), bag.text(0x003D), bag.text(0x0E1D)) == (
        "RE: grapes",
        "RE: ",
        "grapes",
    )
    assert bag.text(0x1000) == "word " * 5000
    by_name = {each.named.name: each for each in bag if each.named is not None}
    assert by_name["Colour"].data == "red".encode("utf-16-le")
    assert bag.integer(by_name[0x8501].id) == 7
    assert {each.guid.bytes_le for each in map(_named, by_name.values())} == {GUID}
    assert bag.boolean(0x6001) is True
    several = {each.id: each.data for each in bag if each.type & mapi.MULTIPLE}
    assert several[0x6002] == tuple(struct.pack("<i", each) for each in (1, 2, 3))
    assert several[0x6003] == (b"ab", b"cde")
    assert [each.text(0x3001) for each in item.recipients] == ["Ann", "Bo"]
    assert [each.text(0x39FE) for each in item.recipients] == ["ann@a.example", ""]
    assert [each.integer(0x3900) for each in item.recipients] == [0, None]
    first, second = item.attachments
    assert first.bag.binary(0x3701) == BLOB
    assert second.message is not None
    assert second.message.bag.text(0x0037) == "inside"


def _named(each: mapi.Property) -> Named:
    assert each.named is not None
    return each.named


@pytest.mark.parametrize("crypt", CIPHERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_libpff_reads_the_same(layout: str, crypt: int, opened: Callable[..., Opening]) -> None:
    """What the maker writes is what another reader of the format takes it for.

    Of compressed blocks libpff deciphers only as many bytes as are stored, so there is no cipher.
    """
    compress = layout == "4k" and crypt == pst_crypt.NONE
    opening = opened(_full(_maker(LAYOUTS[layout], crypt, compress=compress)))
    file = pypff.open(str(opening.path))
    inbox = file.root_folder.get_sub_folder(0).get_sub_folder(0)
    assert (inbox.name, inbox.number_of_sub_messages) == ("Inbox", 1)
    message = inbox.get_sub_message(0)
    assert message.subject == "RE: grapes"
    attachment = message.get_attachment(0)
    assert attachment.read_buffer(attachment.size) == BLOB
    assert message.recipients.number_of_recipients == 2
    file.close()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_trees_and_lists_of_several_levels(layout: str, opened: Callable[..., Opening]) -> None:
    """Heaps of several blocks, trees in them of two levels, XXBLOCK and SIBLOCK; as libpff too."""
    maker = _maker(LAYOUTS[layout])
    maker.named(GUID, "Colour")  # libpff opens no file without names
    for at in range(1200):
        maker.message(INBOX, [text(0x001A, "IPM.Note"), text(0x0037, f"number {at}")])
    large = bytes(range(251)) * 40_000
    many = [text(0x3000 + at, f"value {at}") for at in range(700)]
    names = [text(0x3707, f"{at}.bin") for at in range(400)]
    files = [Attached((each,), large if not at else b"small") for at, each in enumerate(names)]
    maker.message(INBOX, [text(0x001A, "IPM.Note"), *many], [], files)
    opening = opened(maker.done())
    members, notes, items = _taken(expand_pst(opening))
    assert (len(members), notes) == (1201, [])
    assert [_item(items, at).bag.text(0x0037) for at in (0, 1199)] == ["number 0", "number 1199"]
    last = _item(items, 1200)
    assert [last.bag.text(id) for id, _, _ in many] == [f"value {at}" for at in range(700)]
    assert [each.bag.text(0x3707) for each in last.attachments] == [f"{n}.bin" for n in range(400)]
    assert last.attachments[0].bag.binary(0x3701) == large
    file = pypff.open(str(opening.path))
    inbox = file.root_folder.get_sub_folder(0).get_sub_folder(0)
    assert inbox.number_of_sub_messages == 1201
    message = inbox.get_sub_message(1200)
    assert (message.number_of_attachments, message.attachments[0].size) == (400, len(large))
    assert message.attachments[0].read_buffer(len(large)) == large
    file.close()


def test_every_class_of_item_comes(opened: Callable[..., Opening]) -> None:
    classes = ("IPM.Contact", "IPM.Task", "IPM.StickyNote", "REPORT.IPM.Note.NDR", "IPM.X", "")
    maker = _maker()
    for name in classes:
        maker.message(INBOX, [text(0x001A, name)])
    _, _, items = _taken(expand_pst(opened(maker.done())))
    assert [_item(items, at).bag.text(0x001A) for at in range(len(items))] == list(classes)


def test_folder_names_are_safe_and_told_apart(opened: Callable[..., Opening]) -> None:
    names = ("a/b", "a", "a", "a (2)", "..", "", "x\x07y\\z", "b")
    maker = _maker()
    for at, name in enumerate(names):
        maker.folder(0x8082 + 0x20 * at, TOP, name)
        maker.message(0x8082 + 0x20 * at, [text(0x001A, "IPM.Note")])
    maker.message(ROOT, [text(0x001A, "IPM.Note")])
    members, notes, _ = _taken(expand_pst(opened(maker.done())))
    assert notes == []
    assert [each.fields.folder for each in members] == [
        "(root)",
        "Top/a\\x2fb",
        "Top/a",
        "Top/a (2)",
        "Top/a (2) (2)",
        "Top/\\x2e\\x2e",
        "Top/(no name)",
        "Top/x\\x07y\\x5cz",
        "Top/b",
    ]
    assert len({each.name_bytes for each in members}) == len(members)


@pytest.mark.parametrize("name", ["/", "..", "\ud800", "\0", "x" * 1000, " "])
def test_a_safe_name_is_one_part(name: str) -> None:
    safe = safe_name(name)
    assert safe not in {"", ".", ".."}
    assert not set(safe) & set("/\0")
    assert len(safe.encode()) <= 800


def test_parts_together_are_the_whole(opened: Callable[..., Opening]) -> None:
    maker = _maker()
    for at in range(30):
        maker.message(INBOX, [text(0x0037, f"number {at}")])
    for at in range(5):
        maker.folder(0x8082 + 0x20 * at, TOP, f"folder {at}")
        maker.message(0x8082 + 0x20 * at, [text(0x0037, f"other {at}")])
    data = maker.done()
    parts = plan_pst(opened(data), part_items=12)
    assert parts == plan_pst(opened(data), part_items=12)
    assert [each["items"] for each in parts] == [12, 12, 11]
    parts = tuple(json.loads(json.dumps(parts)))
    names: list[bytes] = []
    for part in parts:
        members, notes, _ = _taken(expand_pst(opened(data, part)))
        assert (len(members), notes) == (part["items"], [])
        names += [each.name_bytes for each in members]
    whole, _, _ = _taken(expand_pst(opened(data)))
    assert names == [each.name_bytes for each in whole]
    assert names[11:13] == [b"Top/Inbox/message-00012.msg", b"Top/Inbox/message-00013.msg"]


def test_runs_are_undone() -> None:
    ids = [0x200004, 0x200024, 0x200044, 0x300004, 0x300044]
    assert runs(ids) == [[0x200004, 3], [0x300004, 1], [0x300044, 1]]
    assert list(unrolled(runs(ids))) == ids


def test_notes_on_the_mailbox_come_once(opened: Callable[..., Opening]) -> None:
    maker = Maker().start(number(0x67FF, 0x1234))
    maker.folder(INBOX, ROOT, "Inbox")
    for _ in range(4):
        maker.message(INBOX, [text(0x001A, "IPM.Note")])
    maker.node(0x8008, maker.context([text(0x001A, "IPM.Rule")]), INBOX)
    data = maker.done()
    parts: tuple[dict[str, Any], ...] = plan_pst(opened(data), part_items=2)
    said = [_taken(expand_pst(opened(data, part)))[1] for part in parts]
    assert [[each.code for each in notes] for notes in said] == [
        [Code.UNLOCKED, Code.HIDDEN_ENTRIES],
        [],
    ]
    assert "1 hidden entries" in said[0][1].message


def test_the_code_page_of_an_ansi_mailbox(opened: Callable[..., Opening]) -> None:
    maker = _maker(ANSI)
    russian = "Привет".encode("cp1251")
    maker.message(
        INBOX,
        [(0x0037, mapi.STRING8, b"\1\1" + russian), number(0x3FFD, 1251)],
        [[(0x3001, mapi.STRING8, russian)]],
        [Attached(((0x3707, mapi.STRING8, russian),), b"x")],
    )
    _, _, items = _taken(expand_pst(opened(maker.done())))
    item = _item(items)
    assert item.bag.find(0x0037, mapi.STRING8) is not None
    told = (item.bag.text(0x0037), item.recipients[0].text(0x3001))
    assert (*told, item.attachments[0].bag.text(0x3707)) == ("Привет",) * 3


class TestOutsideOfFolders:
    """Items that no folder lists."""

    def _made(self) -> bytes:
        maker = _maker()
        maker.message(INBOX, [text(0x0037, "listed")])
        maker.message(INBOX, [text(0x0037, "unlisted")], listed=False)
        maker.message(0x9002, [text(0x0037, "homeless")], listed=False)
        maker.folder(0xA002, 0xA022, "one")
        maker.folder(0xA022, 0xA002, "two")
        maker.message(0xA022, [text(0x0037, "in a circle")])
        return maker.done()

    def test_they_are_counted(self, opened: Callable[..., Opening]) -> None:
        members, notes, _ = _taken(expand_pst(opened(self._made())))
        assert [each.name for each in members] == ["Top/Inbox/message-00001.msg"]
        assert [(each.code, each.severity) for each in notes] == [(Code.PARTIAL, "warning")]
        assert notes[0].message.startswith("3 items lie outside of all folders")

    def test_they_come_where_asked(self, opened: Callable[..., Opening]) -> None:
        opening = replace(opened(self._made()), recover=True)
        members, _, items = _taken(expand_pst(opening))
        assert [each.name for each in members] == [
            "Top/Inbox/message-00001.msg",
            "(recovered)/Top/Inbox/message-00001.msg",
            "(recovered)/(unknown folder)/message-00001.msg",
            "(recovered)/one/two/message-00001.msg",
        ]
        subjects = [_item(items, at).bag.text(0x0037) for at in range(4)]
        assert subjects == ["listed", "unlisted", "homeless", "in a circle"]
        codes = [[note.code for note in each.notes] for each in members]
        assert codes == [[], *[[Code.RECOVERED]] * 3]

    def test_deleted_ones_are_found(self, opened: Callable[..., Opening]) -> None:
        """An old page of the index, which nothing leads to any more, still has the item."""
        maker = _maker()
        kept = maker.message(INBOX, [text(0x0037, "kept")])
        gone = maker.message(INBOX, [text(0x0037, "gone")], listed=False)
        row = struct.pack("<QQQII", gone, *maker.nodes[gone], 0)
        maker.page(0x81, [row], len(row), 0)
        del maker.nodes[gone]
        data = maker.done()
        members, notes, _ = _taken(expand_pst(opened(data)))
        assert (len(members), notes) == (1, [])
        members, _, items = _taken(expand_pst(replace(opened(data), recover=True)))
        assert [_item(items, at).bag.text(0x0037) for at in range(2)] == ["kept", "gone"]
        assert [note.code for note in members[1].notes] == [Code.RECOVERED]
        assert kept != gone


class TestDamage:
    """Mailboxes that break the rules."""

    def test_an_item_that_is_gone_is_said(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        maker.message(INBOX, [text(0x0037, "one")])
        gone = maker.message(INBOX, [text(0x0037, "two")])
        del maker.nodes[gone]
        members, _, items = _taken(expand_pst(opened(maker.done())))
        assert [each is None for each in items] == [False, True]
        (note,) = members[1].notes
        assert (note.severity, note.code) == ("exception", Code.CORRUPT)
        assert "the mailbox has no such item" in note.message
        assert members[1].name == "Top/Inbox/message-00002.msg"
        assert members[1].fields.folder == "Top/Inbox"

    def test_one_bad_item_leaves_the_others(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        nids = [maker.message(INBOX, [text(0x0037, "some")]) for _ in range(3)]
        maker.nodes[nids[1]] = (maker.block(b"no heap"), 0, INBOX)
        members, notes, _ = _taken(expand_pst(opened(maker.done())))
        assert [each.failed for each in members] == [False, True, False]
        assert notes == []

    def test_a_lost_body_is_an_exception_and_the_rest_comes(
        self, opened: Callable[..., Opening]
    ) -> None:
        maker = _maker()
        nid = maker.message(INBOX, [text(0x0037, "some"), text(0x1000, "x" * 5000)])
        data, _, home = maker.nodes[nid]
        maker.nodes[nid] = (data, 0, home)
        members, _, items = _taken(expand_pst(opened(maker.done())))
        assert _item(items).bag.text(0x0037) == "some"
        codes = [(each.severity, each.code) for each in members[0].notes]
        assert codes == [("exception", Code.CORRUPT), ("warning", Code.PARTIAL)]

    def test_another_items_bytes_are_not_taken_for_its_own(
        self, opened: Callable[..., Opening]
    ) -> None:
        maker = _maker()
        nids = [maker.message(INBOX, [text(0x0037, each)]) for each in ("mine", "ours")]
        (mine, size), (ours, same) = (maker.blocks[maker.nodes[each][0]] for each in nids)
        assert size == same
        data = bytearray(maker.done())
        data[mine : mine + 64] = data[ours : ours + 64]
        members, _, items = _taken(expand_pst(opened(bytes(data))))
        assert [each.failed for each in members] == [True, False]
        assert _item(items, 1).bag.text(0x0037) == "ours"

    def test_a_lost_attachment_keeps_its_name(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        maker.message(INBOX, [text(0x0037, "x")], [], [Attached((text(0x3707, "a.doc"),), BLOB)])
        lost = next(bid for bid, (_, size) in maker.blocks.items() if bid & 2 and size > 20)
        at, size = maker.blocks[lost]
        data = bytearray(maker.done())
        data[at : at + size] = bytes(size)
        members, _, items = _taken(expand_pst(opened(bytes(data))))
        assert [each.bag.text(0x3707) for each in _item(items).attachments] == ["a.doc"]
        assert Code.EMBEDDED_LOST in {each.code for each in members[0].notes}
        assert any("a.doc" in each.message for each in members[0].notes)

    def test_an_attachment_without_bytes(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        inner = {0x8025: maker.context([text(0x3707, "late.doc"), number(0x3705, 1)])}
        inner[0x671] = maker.table({0x8025: ()})
        nid = maker.message(INBOX, [])
        maker.nodes[nid] = (*maker.context([text(0x0037, "x")], inner), INBOX)
        members, _, _ = _taken(expand_pst(opened(maker.done())))
        (note,) = members[0].notes
        assert note.code == Code.EMBEDDED_LOST
        assert "'late.doc' has no bytes in the mailbox" in note.message

    def test_a_damaged_list_of_items(self, opened: Callable[..., Opening]) -> None:
        """Items that name a folder as theirs come where its own list cannot be read."""
        maker = _maker()
        maker.message(INBOX, [text(0x0037, "one")])
        maker.node(INBOX & ~0x1F | 0x0E, (maker.block(b"no heap"), 0))
        members, notes, _ = _taken(expand_pst(opened(maker.done())))
        assert [each.name for each in members] == ["Top/Inbox/message-00001.msg"]
        assert [(each.code, each.severity) for each in notes] == [(Code.PARTIAL, "exception")]

    def test_a_folder_that_states_more(self, opened: Callable[..., Opening]) -> None:
        maker = Maker().start()
        maker.folder(INBOX, ROOT, "Inbox", number(0x3602, 7))
        maker.message(INBOX, [text(0x0037, "one")])
        _, notes, _ = _taken(expand_pst(opened(maker.done())))
        assert [(each.code, each.severity) for each in notes] == [(Code.PARTIAL, "exception")]
        assert "Inbox: 1 of 7" in notes[0].message

    @pytest.mark.parametrize("root_at", [224, 240], ids=["nodes", "blocks"])
    def test_a_damaged_page_of_the_index(
        self, opened: Callable[..., Opening], root_at: int
    ) -> None:
        """All leaves of a tree are found without the page above them."""
        maker = _maker()
        for at in range(60):
            maker.message(INBOX, [text(0x0037, f"number {at}")])
        data = bytearray(maker.done())
        top = struct.unpack_from("<Q", data, root_at)[0]
        data[top : top + 512] = bytes(512)
        members, notes, items = _taken(expand_pst(opened(bytes(data))))
        assert len(members) == 60
        assert all(each.stream is not None for each in members)
        assert _item(items, 59).bag.text(0x0037) == "number 59"
        assert notes[0].severity == "exception"
        assert "1 pages of the mailbox's index are damaged" in notes[0].message

    def test_trees_that_lead_in_circles(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        for at in range(60):
            maker.message(INBOX, [text(0x0037, f"number {at}")])
        data = bytearray(maker.done())
        top = struct.unpack_from("<Q", data, 224)[0]
        bid = struct.unpack_from("<Q", data, top + 504)[0]
        for at in range(data[top + 488]):
            struct.pack_into("<QQ", data, top + 24 * at + 8, bid, top)
        members, notes, _ = _taken(expand_pst(opened(bytes(data))))
        assert len(members) == 60
        assert any(each.severity == "exception" for each in notes)

    def test_messages_that_hold_themselves(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        nid = maker.message(INBOX, [text(0x0037, "outer")])
        data = maker.nodes[nid][0]
        rows = {0x671: maker.table({0x8025: (), 0x8045: ()})}
        held = (0x3701, mapi.OBJECT, struct.pack("<II", 0x9004, 1))
        inner = maker.context([number(0x3705, 5), held])[0]
        loop = maker.next | 2  # the id that the list of subnodes is about to have
        below = maker.subnodes({0x9004: (data, loop + 4)})
        rows |= {0x8025: (inner, below), 0x8045: (inner, below)}
        assert maker.subnodes(rows) == loop + 4
        maker.nodes[nid] = (data, loop + 4, INBOX)
        members, _, _ = _taken(expand_pst(opened(maker.done(), depth=4)))
        assert members[0].stream is not None
        messages = [each.message for each in members[0].notes]
        assert sum("messages nest deeper than limits.depth of 4" in each for each in messages) == 32

    def test_an_index_of_absurd_counts(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        nid = maker.message(INBOX, [text(0x0037, "x")])
        heap = maker.blocks[maker.nodes[nid][0]][0]
        data = bytearray(maker.done())
        data[heap : heap + 2] = b"\xff\xff"
        members, _, _ = _taken(expand_pst(opened(bytes(data))))
        assert [each.failed for each in members] == [True]


class TestOpening:
    """Files that cannot be opened, each with its reason."""

    @pytest.mark.parametrize(
        ("change", "code", "says"),
        [
            (lambda data: b"This is no mailbox" * 100, Code.CORRUPT, "Not a PST or OST file"),
            (lambda data: bytes(4096), Code.CORRUPT, "begins with zeros"),
            (lambda data: data[:200], Code.TRUNCATED, "not even its whole header"),
            (lambda data: data[:10] + b"\x63\0" + data[12:], Code.UNSUPPORTED, "Version 99"),
            (lambda data: data[:513] + b"\x10" + data[514:], Code.ENCRYPTED, "Information Prot"),
            (lambda data: data[:513] + b"\x07" + data[514:], Code.CORRUPT, "encryption 7"),
        ],
    )
    def test_why_it_cannot_be_opened(
        self,
        opened: Callable[..., Opening],
        change: Callable[[bytes], bytes],
        code: Code,
        says: str,
    ) -> None:
        data = change(_full(_maker()))
        (part,) = plan_pst(opened(data))
        assert part["items"] == 0
        for opening in (opened(data), opened(data, part)):
            members, notes, _ = _taken(expand_pst(opening))
            assert members == []
            assert [(each.code, each.severity) for each in notes] == [(code, "exception")]
            assert says in notes[0].message

    def test_a_file_cut_off(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        for at in range(100):
            maker.message(INBOX, [text(0x0037, f"number {at}")])
        data = maker.done()
        _, notes, _ = _taken(expand_pst(opened(data[: len(data) // 2])))
        assert (notes[0].code, notes[0].severity) == (Code.TRUNCATED, "exception")
        assert (
            f"{len(data)} bytes by its own header, {len(data) // 2} are there" in notes[0].message
        )


class TestLimits:
    """What one item and one mailbox may cost."""

    def test_items_past_the_budget_are_said(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        for _ in range(3):
            maker.message(INBOX, [], [], [Attached((text(0x3707, "a"),), BLOB * 30)])
        opening = opened(maker.done(), unpacked_mb=1)
        members, _, _ = _taken(expand_pst(opening))
        assert [each.stream is None for each in members] == [False, True, True]
        assert {note.code for each in members[1:] for note in each.notes} == {Code.BOMB}

    def test_an_attachment_past_the_limit(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        some = [Attached((text(0x3707, "big"),), BLOB * 50), Attached((), b"small")]
        maker.message(INBOX, [text(0x0037, "x")], [], some)
        opening = opened(maker.done(), unpacked_mb=1)
        opening = replace(opening, budget=Budget(1 << 30, Limits()))
        members, _, items = _taken(expand_pst(opening))
        big, small = _item(items).attachments
        assert (big.bag.text(0x3707), big.bag.binary(0x3701)) == ("big", b"")
        assert small.bag.binary(0x3701) == b"small"
        assert [each.code for each in members[0].notes] == [Code.TOO_LARGE]

    def test_more_recipients_than_the_limit(self, opened: Callable[..., Opening]) -> None:
        maker = _maker()
        maker.message(INBOX, [], [[number(0x0C15, 1)]] * 30)
        members, _, items = _taken(expand_pst(opened(maker.done(), embedded=10)))
        assert len(_item(items).recipients) == 10
        assert [each.code for each in members[0].notes] == [Code.TOO_MANY]

    @pytest.mark.parametrize("lies", [False, True])
    def test_a_stream_that_is_one_block_a_million_times(
        self, opened: Callable[..., Opening], lies: bool
    ) -> None:
        """Blocks named over and over cost what they give, whatever total is stated for them."""
        maker = _maker()
        one = maker.block(bytes(8176))
        maker.lengths[one] *= not lies
        huge = maker.joined([maker.joined([one] * 1000)] * 1000)
        data = maker.context([number(0x3705, 1), (0x3701, mapi.BINARY, bytes(4000))])[0]
        inner = {0x8025: (data, maker.subnodes({0x3F: (huge, 0)}))}
        nid = maker.message(INBOX, [])
        maker.nodes[nid] = (*maker.context([text(0x0037, "x")], inner), INBOX)
        members, _, items = _taken(expand_pst(opened(maker.done(), unpacked_mb=4)))
        assert _item(items).bag.text(0x0037) == "x"
        assert Code.TOO_LARGE in {each.code for each in members[0].notes}
