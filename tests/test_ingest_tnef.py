"""TNEF: attributes old and new, attachments, items in items, damage; the thirteen real files."""

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mapi import BINARY, OBJECT, TIME, UNICODE, Attachment, Bag, Item, Named, Property
from ingest.property_names import COMMON, PUBLIC_STRINGS, tag
from ingest.tnef import DEPTH, NotTnefError, read_tnef
from records.codes import Code
from tests.outlook_samples import bag, prop, recipient, ticks, tnef, tnef_properties

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
MESSAGE_ID = bytes.fromhex("0703020000000000C000000000000046")
RENDERING = (2, 0x69002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))


def _codes(item: Item) -> list[Code]:
    return [each.code for each in item.notes]


def _party(name: bytes, address: bytes) -> bytes:
    head = struct.pack("<4H", 4, 16 + len(name) + len(address), len(name) + 1, len(address) + 1)
    return head + name + b"\0" + address + b"\0" + bytes(8)


def test_old_attributes_become_properties() -> None:
    item = read_tnef(
        tnef(
            (1, 0x89006, struct.pack("<I", 0x10000)),
            (1, 0x69007, struct.pack("<II", 1251, 0)),
            (1, 0x78008, b"IPM.Microsoft Mail.Note\0"),
            (1, 0x08000, _party("Аня".encode("cp1251"), b"smtp:ann@a.example")),
            (1, 0x18004, b"Subject\0"),
            (1, 0x2800C, "Текст".encode("cp1251") + b"\0"),
            (1, 0x38005, struct.pack("<7H", 2001, 9, 9, 1, 46, 40, 0)),
            (1, 0x4800D, struct.pack("<H", 1)),
            (1, 0x18009, b"0A0B\0"),
            (1, 0x68007, b"\x20"),
        )
    )
    found = item.bag
    assert (found.codepage, _codes(item)) == ("cp1251", [])
    assert found.text(tag("MessageClass")) == "IPM.Note"
    assert found.text(tag("SenderName")) == "Аня"
    assert found.text(tag("SenderAddressType")) == "SMTP"
    assert found.text(tag("SenderEmailAddress")) == "ann@a.example"
    assert (found.text(tag("Subject")), found.text(tag("Body"))) == ("Subject", "Текст")
    assert found.find(tag("ClientSubmitTime")) == Property(0x39, TIME, ticks(1_000_000_000))
    assert found.integer(tag("Importance")) == 2
    assert found.binary(tag("SearchKey")) == b"\x0a\x0b"
    assert found.integer(tag("MessageFlags")) == 1


def test_properties_go_before_old_attributes() -> None:
    names = Bag(
        [
            prop(tag("Subject"), "new"),
            prop(Named(COMMON, 0x8530), "one", 0x8000),
            prop(Named(PUBLIC_STRINGS, "Größe"), "two", 0x8001),
            prop(Named(PUBLIC_STRINGS, "many"), ("a", "", "ccc"), 0x8002),
            Property(tag("Importance"), 3, struct.pack("<i", 0)),
            Property(0x63, 0x0B, struct.pack("<H", 1)),
        ]
    )
    item = read_tnef(tnef((1, 0x18004, b"old\0"), (1, 0x69003, tnef_properties(names))))
    assert tuple(item.bag) == tuple(names)
    assert _codes(item) == []


def test_names_under_one_id_are_kept_apart() -> None:
    one = prop(Named(COMMON, 1), "one", 0x8000)
    two = prop(Named(COMMON, 2), "two", 0x8000)
    data = struct.pack("<I", 2) + tnef_properties([one])[4:] + tnef_properties([two])[4:]
    found = read_tnef(tnef((1, 0x69003, data))).bag
    assert (found.text(Named(COMMON, 1)), found.text(Named(COMMON, 2))) == ("one", "two")


def test_recipients() -> None:
    rows = [recipient(1, "Ann", "ann@a.example"), recipient(2, "Bob", "bob@b.example")]
    data = struct.pack("<I", 2) + b"".join(tnef_properties(each) for each in rows)
    item = read_tnef(tnef((1, 0x69004, data)))
    assert [tuple(each) for each in item.recipients] == [tuple(each) for each in rows]


def test_attachments() -> None:
    more = bag(("AttachMethod", 1), ("AttachLongFilename", "long name.bin"))
    item = read_tnef(
        tnef(
            RENDERING,
            (2, 0x18010, b"SHORT.BIN\0"),
            (2, 0x6800F, b"first"),
            (2, 0x69005, tnef_properties(more)),
            RENDERING,
            (2, 0x6800F, b"second"),
        )
    )
    first, second = (each.bag for each in item.attachments)
    assert first.text(tag("AttachLongFilename")) == "long name.bin"
    assert first.text(tag("AttachFilename")) == "SHORT.BIN"
    assert first.binary(tag("AttachDataBinary")) == b"first"
    assert second.binary(tag("AttachDataBinary")) == b"second"
    assert second.integer(tag("AttachMethod")) == 1


def _holding(inner: bytes) -> bytes:
    """TNEF with another in an attachment."""
    held = Bag([prop(tag("AttachMethod"), 5), Property(0x3701, OBJECT, MESSAGE_ID + inner)])
    return tnef(RENDERING, (2, 0x69005, tnef_properties(held)))


def test_an_item_in_an_item() -> None:
    (found,) = read_tnef(_holding(tnef((1, 0x18004, b"inner\0")))).attachments
    assert found.message is not None
    assert found.message.bag.text(tag("Subject")) == "inner"
    assert found.bag.find(0x3701) is None


def test_items_in_items_to_a_depth() -> None:
    data = tnef((1, 0x18004, b"innermost\0"))
    for _ in range(DEPTH + 2):
        data = _holding(data)
    at, depth = read_tnef(data), 0
    while (message := at.attachments[0].message) is not None:
        at, depth = message, depth + 1
    assert depth == DEPTH
    assert _codes(at) == [Code.TOO_DEEP]
    rest = at.attachments[0].bag.find(0x3701, BINARY)
    assert rest is not None
    assert isinstance(rest.data, bytes)
    assert read_tnef(rest.data).attachments[0].message is not None


def test_an_item_that_cannot_be_read_keeps_its_bytes() -> None:
    item = read_tnef(_holding(b"not TNEF"))
    assert item.attachments[0].bag.binary(0x3701) == b"not TNEF"
    assert _codes(item) == [Code.EMBEDDED_LOST]


def test_an_object_loses_the_interface_before_it() -> None:
    held = Bag([Property(0x3701, OBJECT, bytes(16) + b"object")])
    item = read_tnef(tnef(RENDERING, (2, 0x69005, tnef_properties(held))))
    assert item.attachments[0].bag.find(0x3701) == Property(0x3701, OBJECT, b"object")


def test_damage_is_noted_and_what_there_is_is_kept() -> None:
    wrong = read_tnef(tnef((1, 0x18004, b"x\0"), checksum=1))
    assert (wrong.bag.text(tag("Subject")), _codes(wrong)) == ("x", [Code.MALFORMED_MAIL])
    whole = tnef((1, 0x18004, b"x\0"), RENDERING, (2, 0x6800F, b"0123456789"))
    cut = read_tnef(whole[:-5])
    assert cut.attachments[0].bag.binary(0x3701) == b"0123456"
    assert _codes(cut) == [Code.TRUNCATED]
    followed = read_tnef(whole + b"rubbish that is no attribute")
    assert _codes(followed) == [Code.PARTIAL]
    padded = read_tnef(whole + bytes(5))
    assert _codes(padded) == []
    lost = read_tnef(tnef((2, 0x6800F, b"data")))
    assert lost.attachments[0].bag.binary(0x3701) == b"data"
    assert _codes(lost) == [Code.MALFORMED_MAIL]


def test_a_list_that_is_cut_gives_what_there_is() -> None:
    data = tnef_properties(bag(("Subject", "kept"), ("ConversationTopic", "lost")))
    item = read_tnef(tnef((1, 0x69003, data[:-6])))
    assert [each.type for each in item.bag] == [UNICODE]
    assert _codes(item) == [Code.PARTIAL]
    endless = read_tnef(tnef((1, 0x69003, struct.pack("<I", 0xFFFFFFFF))))
    assert (len(endless.bag), _codes(endless)) == (0, [Code.PARTIAL])


@pytest.mark.parametrize("data", [b"", b"\x78\x9f", b"plain text"])
def test_what_is_no_tnef_says_so(data: bytes) -> None:
    with pytest.raises(NotTnefError):
        read_tnef(data)


@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    whole = _holding(
        tnef((1, 0x69003, tnef_properties(bag(("Subject", "x"), ("@Companies", "y")))))
    )
    harmed = bytearray(whole[: data.draw(st.integers(4, len(whole)))])
    for _ in range(data.draw(st.integers(0, 20))):
        if len(harmed) > 4:
            harmed[data.draw(st.integers(4, len(harmed) - 1))] = data.draw(st.integers(0, 255))
    read_tnef(bytes(harmed))


# Per file: properties, notes, and of each attachment the name, size and start of its SHA-256
# (an item in an item: its class and number of properties), compared with tnefparse 1.4. That one
# takes the NULs off the end of bytes in lists of properties, and leaves the 16 bytes of the
# interface before objects.
FILES: dict[str, tuple[int, list[Code], list[tuple[str, int, str]]]] = {
    "MAPI_ATTACH_DATA_OBJ.tnef": (
        53,
        [],
        [
            ("VIA_Nytt_1402.doc", 61952, "9955935516d1407e"),
            ("VIA_Nytt_1402.pdf", 213685, "968c9c4a8a6a02ff"),
            ("VIA_Nytt_14021.htm", 68919, "c2ee04f99e59079a"),
        ],
    ),
    "bad_checksum.tnef": (
        80,
        [Code.TRUNCATED],
        [("image001.png", 1533127, "b9bdadaf568ade34")],
    ),
    "body.tnef": (
        53,
        [],
        [],
    ),
    "christmas.tnef": (
        106,
        [],
        [
            ("kitten-playing-with-a-christmas-tree.jpg", 375081, "f79d79bf20d19d17"),
            ("IPM.Task", 86, "0 in it"),
            ("IPM.Appointment", 119, "1 in it"),
        ],
    ),
    "duplicate_filename.tnef": (
        53,
        [Code.MALFORMED_MAIL],
        [
            ("file_abcdefgh.txt", 61952, "9955935516d1407e"),
            ("file_abcdefgh.txt", 213685, "968c9c4a8a6a02ff"),
            ("VIA_Nytt_14021.htm", 68919, "c2ee04f99e59079a"),
        ],
    ),
    "minimal_attachment.tnef": (
        0,
        [],
        [("", 16, "2052d1c219c8a17b")],
    ),
    "missing-filenames.tnef": (
        54,
        [],
        [
            ("generpts.src", 61210, "69ebd0e9c298f62d"),
            ("TechlibDEC99.doc", 33792, "d1a592c2e3729270"),
            ("TechlibDEC99-JAN00.doc", 34304, "360db5c11b1f21c6"),
            ("TechlibNOV99.doc", 33792, "b1e6b103cc5a9b75"),
        ],
    ),
    "multi-name-property.tnef": (
        95,
        [],
        [],
    ),
    "one-file.tnef": (
        60,
        [],
        [("AUTHORS", 244, "36c47da7d11846ca")],
    ),
    "panic.tnef": (
        81,
        [Code.PARTIAL],
        [
            ("image001.jpg", 11250, "ee9bec688ebc6b53"),
            ("image002.jpg", 9583, "a497dd22b4a1f2de"),
            ("image003.png", 7147, "7c65885b27f3cd66"),
        ],
    ),
    "testWINMAIL.dat": (
        55,
        [],
        [
            ("quick.doc", 19968, "1240639edc264abf"),
            ("quick.html", 428, "5e7daab0b3edcfee"),
            ("quick.pdf", 18638, "263bea348ce44185"),
            ("quick.txt", 235, "becf39adaa5a3526"),
            ("quick.xml", 143, "cc1704ac3bf0c4b8"),
        ],
    ),
    "unicode-mapi-attr.tnef": (
        59,
        [],
        [("example.dat", 1024, "b188960490adc658")],
    ),
    "winmail.tnef": (
        37,
        [],
        [
            ("Untitled Attachment", 29184, "385d3d54e32f7f72"),
            ("Untitled Attachment", 68608, "f95862718f98d9aa"),
        ],
    ),
}


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_real_file(name: str) -> None:
    item = read_tnef((CORPUS / "mail" / "tnef" / name).read_bytes())
    found = [_told(each) for each in item.attachments]
    assert (len(item.bag), _codes(item), found) == FILES[name]


def _told(attachment: Attachment) -> tuple[str, int, str]:
    if attachment.message is not None:
        inner = attachment.message
        return (
            inner.bag.text(tag("MessageClass")),
            len(inner.bag),
            f"{len(inner.attachments)} in it",
        )
    names = ("AttachLongFilename", "AttachFilename", "DisplayName")
    name = next((found for each in names if (found := attachment.bag.text(tag(each)))), "")
    data = attachment.bag.binary(tag("AttachDataBinary"))
    return name, len(data), hashlib.sha256(data).hexdigest()[:16]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_all_real_files_are_known() -> None:
    assert {each.name for each in (CORPUS / "mail" / "tnef").iterdir()} == set(FILES)
