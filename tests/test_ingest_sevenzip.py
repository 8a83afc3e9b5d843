"""7z archives opened as hostile: solid and not, locked, damaged, in volumes, bent by hand."""

import random
import shutil
import struct
import zlib
from pathlib import Path

import pytest

from ingest import sevenzip, sevenzip_listing, sevenzip_tool
from ingest.members import Member
from ingest.types import identify
from records.codes import Code
from records.limits import Limits
from records.notes import Note
from tests.archive_cases import (
    Got,
    always,
    each_cut,
    got,
    members,
    needs_7z,
    number,
    plain_7z,
    program_of,
    run,
    seven_zip,
    signed_7z,
)

pytestmark = needs_7z
RANDOM = random.Random(7).randbytes(40_000)
FILES = {"a.txt": b"alpha " * 500, "d/b.bin": RANDOM, "c.txt": b"gamma " * 500}
WHOLE = [Got(name, data) for name, data in FILES.items()]


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    "options",
    [
        ("-ms=on",), ("-ms=off",), ("-mx=0",), ("-m0=BCJ2", "-m1=LZMA", "-m2=LZMA", "-m3=LZMA",
        "-mb0:1", "-mb0s1:2", "-mb0s2:3"), ("-m0=PPMd",), ("-m0=Deflate64", "-ms=off"),
        ("-m0=BZip2",), ("-mhc=off",), ("-m0=ARM64", "-m1=LZMA2"),
    ],
)  # fmt: skip
def test_members_come_out_whole_and_in_order(tmp_path: Path, options: tuple[str, ...]) -> None:
    archive = seven_zip(tmp_path, "a.7z", FILES, *options)
    assert sorted(got(archive, "7z")[0], key=str) == sorted(WHOLE, key=str)
    assert got(archive, "7z")[1] == []


def test_dates_and_sizes(tmp_path: Path) -> None:
    archive = seven_zip(tmp_path, "a.7z", {"a": b"words"})
    [member] = members(archive, "7z")
    assert isinstance(member, Member)
    assert member.size == 5
    assert member.modified_at is not None
    assert member.modified_at.startswith("20")


@pytest.mark.parametrize("options", [(), ("-mhe=on",), ("-ms=off",), ("-ms=off", "-mhe=on")])
def test_passwords_are_tried_in_turn(tmp_path: Path, options: tuple[str, ...]) -> None:
    archive = seven_zip(tmp_path, "a.7z", FILES, "-pgrüße €", *options)
    found, codes = got(archive, "7z", ("wrong", "", "grüße €", "x"))
    assert sorted(found, key=str) == sorted(WHOLE, key=str)
    assert codes == []
    for passwords in ((), ("wrong", "other")):
        found, codes = got(archive, "7z", passwords)
        if "-mhe=on" in options:
            assert (found, codes) == ([], [Code.ENCRYPTED])
        else:
            assert codes == []
            assert sorted((each.name, each.data, each.codes) for each in found) == sorted(
                (name, None, (Code.ENCRYPTED,)) for name in FILES
            )


def test_members_of_several_passwords(tmp_path: Path) -> None:
    seven_zip(tmp_path, "a.7z", {"one": b"first " * 99}, "-pone")
    archive = seven_zip(tmp_path, "a.7z", {"two": b"second " * 99}, "-ptwo")
    found, codes = got(archive, "7z", ("two", "one"))
    assert sorted(found, key=str) == [Got("one", b"first " * 99), Got("two", b"second " * 99)]
    assert codes == []


def test_of_damaged_folders_the_others_come_out(tmp_path: Path) -> None:
    files = {f"{each}.bin": random.Random(each).randbytes(5000) for each in range(6)}
    archive = seven_zip(tmp_path, "a.7z", files, "-ms=off", "-mx=0")
    data = bytearray(archive.read_bytes())
    for each in (1, 4):
        data[data.index(files[f"{each}.bin"]) + 100] ^= 1
    found, codes = got(bytes(data), "7z")
    assert codes == []
    assert [each.codes for each in found] == [
        (Code.CORRUPT,) if each in (1, 4) else () for each in range(6)
    ]
    assert all(
        (each.data == files[each.name]) is (not each.codes) and len(each.data or b"") == 5000
        for each in found
    )


def test_of_a_damaged_solid_folder_come_those_before_the_damage(tmp_path: Path) -> None:
    files = {f"{each}.bin": random.Random(each).randbytes(50_000) for each in range(4)}
    archive = seven_zip(tmp_path, "a.7z", files, "-ms=on", "-m0=LZMA")
    data = bytearray(archive.read_bytes())
    data[120_000] ^= 0xFF
    found, codes = got(bytes(data), "7z")
    assert codes == []
    good = [each for each in found if not each.codes]
    assert [each.name for each in good] == ["0.bin", "1.bin"]
    assert all(each.data == files[each.name] for each in good)
    assert all(each.codes == (Code.CORRUPT,) for each in found[2:])


def test_cut_short_it_always_says_so(tmp_path: Path) -> None:
    data = seven_zip(tmp_path, "a.7z", FILES).read_bytes()
    for cut in each_cut(data, 20):
        found, codes = got(cut, "7z")
        assert found == []
        assert codes in ([Code.TRUNCATED], [Code.CORRUPT])


def test_a_set_of_volumes_and_one_that_lacks_some(tmp_path: Path) -> None:
    seven_zip(tmp_path, "a.7z", FILES, "-v9k", "-ms=off", "-mx=0")
    paths = sorted(tmp_path.glob("a.7z.*"))
    assert len(paths) == 6
    found, codes = got(paths, "7z")
    assert (sorted(found, key=str), codes) == (sorted(WHOLE, key=str), [])
    paths[2].rename(tmp_path / "elsewhere")
    found, codes = got(paths, "7z")
    assert codes == [Code.VOLUME_MISSING]
    assert {each.name: each.codes for each in found} == {
        "a.txt": (), "c.txt": (), "d/b.bin": (Code.CORRUPT,)
    }  # fmt: skip
    paths[-1].unlink()
    found, codes = got(paths, "7z")
    assert found == []
    assert codes == [Code.VOLUME_MISSING, Code.CORRUPT]


def test_links_and_special_files_are_recorded_not_followed() -> None:
    unix = 0x8000
    data = plain_7z(
        [(_utf16("link"), b"/etc/passwd"), (_utf16("pipe"), b"x"), (_utf16("ok"), b"fine"),
         (_utf16("junction"), b"")],
        [0o120777 << 16 | unix, 0o010644 << 16 | unix, 0o100644 << 16 | unix, 0x400],
    )  # fmt: skip
    found, codes = got(data, "7z")
    assert codes == []
    assert found == [
        Got("link", None, (Code.LINK,)),
        Got("pipe", None, (Code.SPECIAL_FILE,)),
        Got("ok", b"fine"),
        Got("junction", None, (Code.LINK,)),
    ]
    link = members(data, "7z")[0]
    assert isinstance(link, Member)
    assert "/etc/passwd" in link.notes[0].message


def test_names_never_reach_the_program_and_are_kept_as_they_are() -> None:
    names = ["../out", "/etc/x", "C:\\x", "a\nb", "rtl\u202egpj.exe", "y" * 10_000, "*", "-so",
             "@list", "same", "same", "\ud800lone"]  # fmt: skip
    data = plain_7z([(_utf16(name), name.encode("utf-8", "replace")) for name in names])
    found = members(data, "7z")
    assert all(isinstance(each, Member) for each in found)
    raw = [each.name_bytes for each in found if isinstance(each, Member)]
    assert raw == [name.encode("utf-8", "surrogatepass") for name in names]
    got_, codes = got(data, "7z")
    assert codes == []
    assert [each.codes for each in got_] == [(Code.UNSAFE_PATH,)] * 3 + [()] * 9
    assert [each.data for each in got_[3:]] == [n.encode("utf-8", "replace") for n in names[3:]]


def test_a_member_without_a_name_is_called_as_the_archive() -> None:
    data = plain_7z([(b"", b"one"), (b"", b"two")])
    found, codes = got(data, "7z", name="letter.7z")
    assert (found, codes) == ([Got("letter", b"one"), Got("letter", b"two")], [])


def test_past_the_count_the_rest_is_left_out_and_said_so() -> None:
    data = plain_7z([(_utf16(str(each)), b"%d" % each) for each in range(5)])
    found, codes = got(data, "7z", limits=Limits(members=3))
    assert [each.name for each in found] == ["0", "1", "2"]
    assert codes == [Code.TOO_MANY]


def test_a_bomb_ends_at_the_limits_and_every_member_is_named(tmp_path: Path) -> None:
    files = {"a": b"small", "b": bytes(3 << 20), "c": b"after"}
    for options in (("-ms=on",), ("-ms=off",), ("-psecret",), ("-psecret", "-mhe=on")):
        archive = seven_zip(tmp_path, "a.7z", files, *options)
        found, codes = got(archive, "7z", ("secret",), Limits(unpacked_mb=2))
        archive.unlink()
        assert sorted(each.name for each in found) == ["a", "b", "c"]
        assert next(each for each in found if each.name == "b").codes == (Code.BOMB,)
        assert codes == [Code.BOMB]


@pytest.mark.slow
def test_a_gigabyte_of_zeros_takes_neither_disk_nor_time(tmp_path: Path) -> None:
    with (tmp_path / "zeros").open("wb") as file:
        file.truncate(1 << 30)
    program = shutil.which("7zz") or shutil.which("7z")
    assert program is not None
    run(tmp_path, program, "a", "-bd", "-y", "-mx=1", "a.7z", "zeros")
    (tmp_path / "zeros").unlink()
    inner = (tmp_path / "a.7z").read_bytes()
    found, codes = got(inner, "7z", limits=Limits(unpacked_mb=64))
    assert (found, codes) == ([Got("zeros", None, (Code.BOMB,))], [Code.BOMB])
    nested = plain_7z([(_utf16(f"{each}.7z"), inner) for each in range(8)])
    found, codes = got(nested, "7z")
    assert [each.data for each in found] == [inner] * 8


@pytest.mark.parametrize(
    "header",
    [
        b"", b"\x01", b"\x17\x06", b"\x01\x05" + number(1 << 60), b"\x01\x04\x06" + number(1 << 62),
        b"\x01\x04\x06" + number(0) + number(1 << 50) + b"\x09", b"\x99" * 50, b"\x17\x00",
        b"\x01\x04\x06" + number(0) + number(1) + b"\x09" + number(5) + b"\0\x07\x0b"
        + number(1 << 40) + b"\0",
        b"\x01\x04\x06" + number(0) + number(1) + b"\x09" + number(1 << 40) + b"\0\x07\x0b"
        + number(1) + b"\0" + number(33) + b"\x01\0",
        b"\x01\x05" + number(3) + b"\x11" + number(3) + b"\0a\0\0\0",
        b"\x01\x05" + number(1) + b"\x11" + number(1 << 33),
    ],
)  # fmt: skip
def test_headers_bent_by_hand_are_damage(header: bytes) -> None:
    found, codes = got(signed_7z(b"12345", header), "7z")
    assert found == []
    assert codes == [Code.CORRUPT]


def test_a_folder_that_feeds_itself_ends() -> None:
    bound = number(2) + b"\x01\0\x01\0" + number(0) + number(0)
    header = b"\x01\x04\x06" + number(0) + number(1) + b"\x09" + number(5) + b"\0\x07\x0b"
    header += number(1) + b"\0" + bound + b"\x0c" + number(5) + number(5) + b"\0\0\x05" + number(1)
    names = b"\0a\0\0\0"
    header += b"\x11" + number(len(names)) + names + b"\0\0"
    found, codes = got(signed_7z(b"12345", header), "7z")
    assert [(each.data, each.codes) for each in found] == [(None, (Code.UNSUPPORTED,))]
    assert codes == []


def test_more_members_than_names_are_said() -> None:
    data = plain_7z([(_utf16("a"), b"one"), (_utf16("b"), b"two")])
    start = struct.unpack_from("<QQ", data, 12)
    header = data[32 + start[0] :]
    names = b"\0" + _utf16("a") + b"\0\0"
    at = header.index(b"\x05" + number(2) + b"\x11")
    header = header[:at] + b"\x05" + number(1) + b"\x11" + number(len(names)) + names + b"\0\0"
    found, codes = got(signed_7z(b"onetwo", header), "7z")
    assert found == [Got("a", b"one")]
    assert codes == [Code.CORRUPT]


def test_an_unknown_method_is_told_by_its_number() -> None:
    data = plain_7z([(_utf16("a"), b"one")])
    size = struct.unpack_from("<QQ", data, 12)[0]
    header = data[32 + size :].replace(number(1) + b"\x01\x00", number(1) + b"\x02\x7f\x77", 1)
    [member] = members(signed_7z(b"one", header), "7z")
    assert isinstance(member, Member)
    assert member.stream is None
    assert member.notes[0].code is Code.UNSUPPORTED
    assert "7f77" in member.notes[0].message


def test_behind_a_program_it_is_found(tmp_path: Path) -> None:
    archive = seven_zip(tmp_path, "a.7z", FILES).read_bytes()
    program = program_of(b"7z\xbc\xaf\x27\x1c is looked for by every such program")
    data = program + b";!@Install@!UTF-8!\n;!@InstallEnd@!" + archive
    path = tmp_path / "setup.exe"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert identify(data[:65536], "setup.exe", file).type == "7z"
    found, codes = got(path, "7z")
    assert sorted(found, key=str) == sorted(WHOLE, key=str)
    assert codes == []


def test_without_the_program_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sevenzip, "probe", always(None))
    monkeypatch.setattr(sevenzip_listing, "probe", always(None))
    for kind, data in (("7z", plain_7z([(_utf16("a"), b"one")])), ("archive", b"MSWIM\0\0\0")):
        [note] = members(data, kind)
        assert isinstance(note, Note)
        assert note.code is Code.UNSUPPORTED
        assert "apt-get install 7zip" in note.message


def test_an_empty_archive_is_no_damage() -> None:
    start = struct.pack("<QQI", 0, 0, 0)
    data = b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start
    assert got(data, "7z") == ([], [])


def test_what_stands_behind_the_end_is_told() -> None:
    data = plain_7z([(_utf16("a"), b"one")])
    assert got(data + b"more", "7z") == ([Got("a", b"one")], [Code.PARTIAL])
    note = members(data + b"more", "7z")[0]
    assert isinstance(note, Note)
    assert note.severity == "warning"
    assert "4 bytes" in note.message


def test_the_methods_that_the_program_lists() -> None:
    said = """
Codecs:
   4ED   303011B BCJ2
    EDF  3030103 BCJ
    E        BAD OnlyPacks
 0  ED        21 LZMA2
    ED     30101 LZMA
    ED         0 Copy

Hashers:
      4        1 CRC32
"""
    wanted = ("0303011B", "03030103", "21", "030101", "")
    assert sevenzip_tool._methods(said) == frozenset(bytes.fromhex(each) for each in wanted)
    assert bytes.fromhex("040109") in sevenzip_tool._methods("a list in another form")
    program = sevenzip_tool.probe()
    assert program is not None
    assert bytes.fromhex("040109") in program.methods
