"""Compound files written and read back, also by olefile; damaged and hostile ones."""

import struct
from collections.abc import Mapping

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.compound import Compound, Entry, NotCompoundError
from ingest.compound_write import Storage, write_compound

_NONE = 0xFFFFFFFF
SIZES = (0, 1, 63, 64, 65, 4095, 4096, 4097, 70_000)
NAMES = st.text(st.characters(codec="ascii", exclude_characters="/\\:!\0"), min_size=1, max_size=31)
STREAMS = st.dictionaries(NAMES, st.sampled_from(SIZES), max_size=12)


def _storage(streams: dict[str, int], inner: dict[str, dict[str, int]]) -> Storage:
    taken = {name.upper() for name in streams}
    return Storage(
        [
            (name, bytes([number % 251]) * size)
            for number, (name, size) in enumerate(streams.items())
        ],
        [(name, _storage(some, {})) for name, some in inner.items() if name.upper() not in taken],
    )


def _unlike(names: Mapping[str, object]) -> bool:
    return len({each.upper() for each in names}) == len(names)


def _all(compound: Compound, storage: Entry) -> dict[str, object]:
    return {
        name: compound.stream(each) if each.is_stream else _all(compound, each)
        for name, each in compound.children(storage).items()
    }


def _wanted(storage: Storage) -> dict[str, object]:
    found: dict[str, object] = {name.upper(): data for name, data in storage.streams}
    return found | {name.upper(): _wanted(inner) for name, inner in storage.storages}


@given(
    STREAMS.filter(_unlike),
    st.dictionaries(NAMES, STREAMS.filter(_unlike), max_size=4).filter(_unlike),
)
def test_what_is_written_is_read(streams: dict[str, int], inner: dict[str, dict[str, int]]) -> None:
    storage = _storage(streams, inner)
    data = write_compound(storage)
    compound = Compound(data)
    assert _all(compound, compound.root) == _wanted(storage)
    assert compound.faults == []
    assert len(data) % 512 == 0
    assert write_compound(_storage(streams, inner)) == data


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 100, 1000])
def test_olefile_finds_no_defect(count: int) -> None:
    streams = [(f"__substg1.0_{number:08X}", b"x" * (number % 200)) for number in range(count)]
    inner = Storage([("one", b"1" * 5000)], clsid=bytes(range(16)), state=7)
    data = write_compound(Storage(streams, [("inner", inner)]))
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.parsing_issues == []
        for name, value in streams:
            assert ole.openstream(name).read() == value
        assert ole.openstream("inner/one").read() == b"1" * 5000
        assert ole.getclsid("inner") == "03020100-0504-0706-0809-0A0B0C0D0E0F"


@pytest.mark.parametrize("count", [*range(1, 40), 500])
def test_siblings_are_a_red_black_tree(count: int) -> None:
    """[MS-CFB] 2.6.4: sorted, no red node under a red one, as many black ones on every way."""
    names = [f"n{number * 7919 % 1000:03}" + "x" * (number % 3) for number in range(count)]
    data = write_compound(Storage([(name, b"") for name in dict.fromkeys(names)]))
    at = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    order: list[tuple[int, str]] = []

    def walk(number: int, is_under_red: bool) -> int:
        if number == _NONE:
            return 1
        raw, length, _, color, left, right = struct.unpack_from(
            "<64sHBBII", data, at + 128 * number
        )
        is_red = color == 0
        assert not (is_red and is_under_red)
        black = walk(left, is_red)
        name = raw[: length - 2].decode("utf-16-le")
        order.append((len(name), name.upper()))
        assert walk(right, is_red) == black
        return black + (not is_red)

    root = struct.unpack_from("<I", data, at + 76)[0]
    assert data[at + 128 * root + 67] == 1, "the root of a tree is black"
    walk(root, False)
    assert order == sorted(order)
    assert len(order) == len(set(names))


def test_a_file_that_needs_a_difat() -> None:
    big = bytes(range(256)) * 40_000
    data = write_compound(Storage([("big", big), ("small", b"s")]))
    assert len(data) > 6_900_000
    assert struct.unpack_from("<I", data, 72)[0] == 1, "one DIFAT sector"
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as ole:
        assert ole.parsing_issues == []
        assert ole.openstream("big").read() == big
    compound = Compound(data)
    assert _all(compound, compound.root) == {"BIG": big, "SMALL": b"s"}


def _entry_at(data: bytes | bytearray, name: str) -> int:
    return data.index(name.encode("utf-16-le"))


def test_a_stream_larger_than_its_chain_gives_what_there_is() -> None:
    data = bytearray(write_compound(Storage([("one", b"x" * 5000), ("two", b"y" * 5000)])))
    struct.pack_into("<I", data, _entry_at(data, "one") + 120, 0xFFFFFFF0)
    compound = Compound(bytes(data))
    found = compound.stream(compound.children(compound.root)["ONE"])
    assert found == b"x" * 5000 + bytes(120)
    assert compound.faults == ["some of its streams are cut short"]


def test_a_chain_that_loops_ends() -> None:
    data = bytearray(write_compound(Storage([("one", b"x" * 5000)])))
    start = struct.unpack_from("<I", data, _entry_at(data, "one") + 116)[0]
    fat = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, 512 * (1 + fat) + 4 * start, start)
    struct.pack_into("<I", data, _entry_at(data, "one") + 120, 1 << 30)
    compound = Compound(bytes(data))
    assert len(compound.stream(compound.children(compound.root)["ONE"])) <= len(data)
    assert compound.faults == ["some of its streams are cut short"]


def test_a_directory_that_loops_ends() -> None:
    data = bytearray(write_compound(Storage([(f"s{number}", b"") for number in range(9)])))
    for number in range(9):
        struct.pack_into("<I", data, _entry_at(data, f"s{number}") + 68, 5)
    compound = Compound(bytes(data))
    assert len(compound.children(compound.root)) < 9
    assert compound.faults == ["its directory is damaged"]


def test_siblings_chained_like_a_list_are_all_found() -> None:
    """Deeper than Python's stack: some writers make no tree."""
    count = 5000
    data = bytearray(write_compound(Storage([(f"s{number:05}", b"") for number in range(count)])))
    at = 512 * (1 + struct.unpack_from("<I", data, 48)[0])
    struct.pack_into("<I", data, at + 76, 1)
    for number in range(1, count + 1):
        after = number + 1 if number < count else _NONE
        struct.pack_into("<II", data, at + 128 * number + 68, _NONE, after)
    compound = Compound(bytes(data))
    assert len(compound.children(compound.root)) == count
    assert compound.faults == []


def test_streams_that_share_their_sectors_give_no_more_than_the_file_can() -> None:
    names = [f"s{number:03}" for number in range(200)]
    data = bytearray(write_compound(Storage([(name, b"z" * 50_000) for name in names])))
    start = struct.unpack_from("<I", data, _entry_at(data, "s000") + 116)[0]
    for name in names:
        struct.pack_into("<I", data, _entry_at(data, name) + 116, start)
        struct.pack_into("<I", data, _entry_at(data, name) + 120, len(data))
    compound = Compound(bytes(data))
    found = sum(len(compound.stream(each)) for each in compound.children(compound.root).values())
    assert found <= 2 * len(data) + (1 << 20)


@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0", b"x" * 1000])
def test_what_is_no_compound_file_says_so(data: bytes) -> None:
    with pytest.raises(NotCompoundError):
        Compound(data)


@given(st.data())
def test_no_damage_raises_anything_else(data: st.DataObject) -> None:
    whole = write_compound(
        Storage([("a", b"1" * 100), ("b", b"2" * 9000)], [("c", Storage([("d", b"3")]))])
    )
    harmed = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 20))):
        if harmed:
            harmed[data.draw(st.integers(0, len(harmed) - 1))] = data.draw(st.integers(0, 255))
    try:
        compound = Compound(bytes(harmed))
        _all(compound, compound.root)
    except NotCompoundError:
        pass
