"""MSG files: what is written is read, named properties, code pages, damage."""

import io
import struct
from pathlib import Path
from uuid import UUID

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.compound import Compound
from ingest.compound_write import Storage, write_compound
from ingest.interface import FileType
from ingest.mapi import (
    BINARY,
    FIXED,
    GUID,
    INTEGER32,
    MULTIPLE,
    OBJECT,
    STRING8,
    UNICODE,
    Attachment,
    Bag,
    Item,
    Named,
    Property,
)
from ingest.msgfile import DEPTH, NotMsgError, read_msg
from ingest.msgnames import Names, TooManyNamesError
from ingest.msgwrite import write_msg
from ingest.property_names import COMMON, INTERNET_HEADERS, PUBLIC_STRINGS
from ingest.types import identify
from records.codes import Code
from tests.outlook_samples import attached, bag, contents, embedded, prop, recipient, ticks

GUIDS = st.sampled_from([COMMON, PUBLIC_STRINGS, INTERNET_HEADERS, UUID(int=5)])
NAMES = st.builds(Named, GUIDS, st.one_of(st.integers(0, 0xFFFFFFFF), st.text(max_size=8)))
BYTES = st.one_of(st.binary(max_size=20), st.sampled_from([b"x" * 4096, b"y" * 9000]))


@st.composite
def properties(draw: st.DrawFn) -> Property:
    """Any property that an item could have."""
    named = draw(st.one_of(st.none(), NAMES))
    id = draw(st.integers(0x8000, 0x8005) if named else st.integers(1, 0x7FFF))
    type = draw(st.sampled_from([*FIXED, GUID, STRING8, UNICODE, BINARY]))
    width = 16 if type == GUID else FIXED.get(type)
    value = BYTES if width is None else st.binary(min_size=width, max_size=width)
    if draw(st.booleans()):
        return Property(id, type, draw(value), named)
    return Property(id, type | MULTIPLE, tuple(draw(st.lists(value, max_size=3))), named)


BAGS = st.lists(properties(), max_size=8).map(Bag)


def _items(inner: st.SearchStrategy[Item | None]) -> st.SearchStrategy[Item]:
    attachments = st.builds(Attachment, BAGS, inner)
    return st.builds(
        Item,
        BAGS,
        st.lists(BAGS, max_size=3).map(tuple),
        st.lists(attachments, max_size=3).map(tuple),
    )


ITEMS = _items(st.one_of(st.none(), _items(st.none())))


@settings(max_examples=50)
@given(ITEMS)
def test_what_is_written_is_read(item: Item) -> None:
    data = write_msg(item)
    assert write_msg(item) == data
    found = read_msg(data)
    assert contents(found) == contents(item)
    assert found.notes == ()
    assert write_msg(found) == data


def _mail() -> Item:
    return Item(
        bag(
            ("MessageClass", "IPM.Note"),
            ("Subject", "Größe"),
            ("ClientSubmitTime", ticks(1_000_000_000)),
            ("Body", "x" * 5000),
            ("@VerbResponse", "Yes"),
            ("@Companies", ("one", "", "three")),
            ("@PercentComplete", 0.5),
        ),
        (recipient(1, "Ann", "ann@a.example"), recipient(2, "Bob", "bob@b.example")),
        (
            attached("a.bin", bytes(range(256)) * 30),
            embedded(Item(bag(("Subject", "inner"), ("@Location", "room")))),
        ),
    )


def test_a_mail_is_a_file_that_olefile_reads_without_defects() -> None:
    data = write_msg(_mail())
    assert identify(data[:65536], "", io.BytesIO(data)) == FileType(
        "application/vnd.ms-outlook", "msg"
    )
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.parsing_issues == []
        assert ole.root.clsid == "00020D0B-0000-0000-C000-000000000046"
        assert ole.openstream("__substg1.0_0037001F").read() == "Größe".encode("utf-16-le")
        assert ole.openstream("__properties_version1.0").read()[:32] == struct.pack(
            "<8xIIII8x", 2, 2, 2, 2
        )
        inner = "__attach_version1.0_#00000001/__substg1.0_3701000D/"
        assert ole.openstream(inner + "__substg1.0_0037001F").read() == "inner".encode("utf-16-le")
        header = ole.openstream(inner + "__properties_version1.0").read()[:24]
        assert header == bytes(24)
        assert ole.openstream("__recip_version1.0_#00000001/__substg1.0_3003001F").size == 26


def test_the_entries_of_the_property_list() -> None:
    """[MS-OXMSG] 2.4.2: short values inline, the lengths of others with their closing NUL."""
    item = Item(Bag([prop(0x17, 2), prop(0x37, "abc"), prop(0x7F, b"12345")]))
    with olefile.OleFileIO(write_msg(item)) as ole:
        table = ole.openstream("__properties_version1.0").read()[32:]
    assert table == (
        struct.pack("<HHIQ", 3, 0x17, 6, 2)
        + struct.pack("<HHIII", 0x1F, 0x37, 6, 8, 0)
        + struct.pack("<HHIII", 0x102, 0x7F, 6, 5, 0)
        + struct.pack("<HHIQ", 3, 0x340D, 6, 0x40000)
    )


def test_strings_of_eight_bits_are_not_said_to_be_unicode() -> None:
    item = Item(Bag([Property(0x37, STRING8, b"abc")]))
    assert read_msg(write_msg(item)).bag.integer(0x340D) == 0


def test_a_support_mask_of_its_own_stays() -> None:
    item = Item(Bag([prop(0x340D, 5)]))
    assert tuple(read_msg(write_msg(item)).bag) == tuple(item.bag)


def test_one_name_has_one_id_throughout() -> None:
    inner = Item(Bag([prop(Named(COMMON, 0x8530), "a", 0x9123)]))
    outer = Item(Bag([prop(Named(COMMON, 0x8530), "b", 0x8001)]), (), (embedded(inner),))
    names = Names(outer)
    named = Named(COMMON, 0x8530)
    assert names.ids(outer.bag) == {(0x8001, named): 0x8000}
    assert names.ids(inner.bag) == {(0x9123, named): 0x8000}


def test_ids_without_a_name_keep_clear_of_the_others() -> None:
    item = Item(Bag([Property(0x8000, INTEGER32, b"1234"), prop(Named(COMMON, 1), 5, 0x8001)]))
    found = read_msg(write_msg(item)).bag
    assert [(each.id, each.named) for each in found][:2] == [
        (0x8001, None),
        (0x8000, Named(COMMON, 1)),
    ]


def test_more_names_than_ids() -> None:
    many = [prop(Named(COMMON, number), 1, 0x8000 + number) for number in range(0x7FFF)]
    with pytest.raises(TooManyNamesError):
        write_msg(Item(Bag(many)))


def test_buckets_of_names_are_those_of_the_specification() -> None:
    """[MS-OXMSG] 3.2.1 and 3.2.2 by hand: 0x8530 in set 3, and a string."""
    item = Item(
        Bag([prop(Named(COMMON, 0x8530), 1), prop(Named(PUBLIC_STRINGS, "Keywords"), "x", 0x8001)])
    )
    data = write_msg(item)
    compound = Compound(data)
    top = compound.children(compound.root)
    inside = compound.children(top["__NAMEID_VERSION1.0"])
    streams = {name: compound.stream(each) for name, each in inside.items()}
    assert streams["__SUBSTG1.0_00020102"] == COMMON.bytes_le
    assert streams["__SUBSTG1.0_00030102"] == struct.pack("<IHHIHH", 0x8530, 6, 0, 0, 5, 1)
    assert streams["__SUBSTG1.0_00040102"] == struct.pack("<I", 16) + "Keywords".encode("utf-16-le")
    assert streams[f"__SUBSTG1.0_{0x1000 + (0x8530 ^ 6) % 31:04X}0102"] == struct.pack(
        "<IHH", 0x8530, 6, 0
    )


@pytest.mark.parametrize(
    ("pairs", "codepage"),
    [
        ((), "cp1252"),
        (((0x3FFD, 1251),), "cp1251"),
        (((0x3FDE, 932),), "cp932"),
        (((0x3FDE, 65001), (0x3FFD, 1250)), "cp1250"),
        (((0x3FF1, 0x0419),), "cp1251"),
        (((0x3FF1, 0x0404),), "cp950"),
        (((0x3FFD, 99999), (0x3FDE, 1253)), "cp1253"),
    ],
)
def test_code_pages(pairs: tuple[tuple[int, int], ...], codepage: str) -> None:
    item = Item(Bag([prop(key, value) for key, value in pairs]))
    assert read_msg(write_msg(item)).bag.codepage == codepage


def test_an_embedded_message_has_a_code_page_of_its_own() -> None:
    inner = Item(Bag([prop(0x3FFD, 1251), Property(0x37, STRING8, "Привет".encode("cp1251"))]))
    item = Item(Bag([prop(0x3FFD, 932)]), (recipient(1, "a", "b"),), (embedded(inner),))
    found = read_msg(write_msg(item))
    assert found.recipients[0].codepage == found.attachments[0].bag.codepage == "cp932"
    message = found.attachments[0].message
    assert message is not None
    assert message.bag.text(0x37) == "Привет"


def test_an_ole_object_becomes_a_storage_and_a_file_again() -> None:
    held = write_compound(Storage([("Contents", b"c" * 5000)], [("In", Storage([("x", b"1")]))]))
    item = Item(Bag(), (), (Attachment(Bag([Property(0x3701, OBJECT, held)])),))
    data = write_msg(item)
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as ole:
        path = "__attach_version1.0_#00000000/__substg1.0_3701000D/Contents"
        assert ole.openstream(path).read() == b"c" * 5000
    assert read_msg(data).attachments[0].bag.binary(0x3701) == held


def test_messages_in_messages_to_a_depth() -> None:
    item = Item(bag(("Subject", "innermost")))
    for _ in range(DEPTH + 3):
        item = Item(bag(("Subject", "outer")), (), (embedded(item),))
    found = read_msg(write_msg(item))
    assert [each.code for each in found.notes] == [Code.TOO_DEEP]
    at, depth = found, 0
    while (message := at.attachments[0].message) is not None:
        at, depth = message, depth + 1
    assert depth == DEPTH
    rest = read_msg(at.attachments[0].bag.binary(0x3701))
    assert rest.attachments[0].message is not None


def _damaged(item: Item, old: str, new: str) -> Item:
    """The item read from a file in which one name stands for another."""
    data = write_msg(item)
    before, after = old.encode("utf-16-le"), new.encode("utf-16-le")
    assert len(before) == len(after)
    assert data.count(before) == 1
    return read_msg(data.replace(before, after))


def test_without_its_list_the_values_that_have_streams_are_read() -> None:
    item = Item(Bag([prop(0x17, 2), prop(0x37, "abc"), prop(0x7F, b"12345")]))
    found = _damaged(item, "__properties_version1.0", "__properties_version9.9")
    assert [(each.id, each.data) for each in found.bag] == [
        (0x37, "abc".encode("utf-16-le")),
        (0x7F, b"12345"),
    ]
    assert [each.code for each in found.notes] == [Code.PARTIAL, Code.MALFORMED_MAIL]


def test_a_value_that_is_missing_is_noted() -> None:
    item = Item(Bag([prop(0x37, "abc"), prop(0x7F, b"12345")]))
    found = _damaged(item, "__substg1.0_007F0102", "__lost00001_007F0102")
    assert [each.id for each in found.bag] == [0x37, 0x340D]
    assert [each.code for each in found.notes] == [Code.PARTIAL]


@pytest.mark.parametrize(
    "data", [b"", b"no", write_compound(Storage([("WordDocument", b"x" * 100)]))]
)
def test_what_is_no_message_says_so(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(NotMsgError):
        read_msg(data)
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(NotMsgError):
        read_msg(path)


def test_a_path_and_a_file_and_bytes_are_read_alike(tmp_path: Path) -> None:
    data = write_msg(_mail())
    path = tmp_path / "x"
    path.write_bytes(data)
    assert read_msg(path) == read_msg(io.BytesIO(data)) == read_msg(data)


@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    whole = write_msg(_mail())
    harmed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 20))):
        if harmed:
            harmed[data.draw(st.integers(0, len(harmed) - 1))] = data.draw(st.integers(0, 255))
    try:
        item = read_msg(bytes(harmed))
    except NotMsgError:
        return
    assert contents(read_msg(write_msg(item))) == contents(item)
