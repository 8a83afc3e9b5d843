"""Cabinets, ar, cpio, rpm, iso, lha, xar and compressed files; UDF, WIM; what nothing opens."""

import datetime as dt
import gzip
import io
import shutil
import struct
import time
import zlib
from pathlib import Path

import pytest

from ingest import libarchive
from ingest.members import Member
from ingest.types import HEAD, identify
from records import times
from records.codes import Code
from records.limits import Limits
from records.notes import Note
from tests.archive_cases import (
    AGE,
    Got,
    always,
    ar,
    cab,
    compress,
    cpio,
    each_cut,
    got,
    lha,
    members,
    needs_7z,
    needs_genisoimage,
    needs_libarchive,
    run,
    seven_zip,
)

pytestmark = needs_libarchive
REGULAR, FOLDER, SYMLINK, FIFO, DEVICE = 0o100644, 0o40755, 0o120777, 0o10644, 0o20644
TWO = [Got("a", b"first"), Got("d/b", b"second")]


def _rpm(payload: bytes) -> bytes:
    lead = b"\xed\xab\xee\xdb\x03\0" + bytes(90)
    empty = b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", 0, 0)
    return lead + empty + empty + payload


TWO_CPIO = cpio(
    (b"a", REGULAR, 1, 1, b"first"), (b"d", FOLDER, 2, 2, b""), (b"d/b", REGULAR, 3, 1, b"second")
)


@pytest.mark.parametrize(
    ("data", "mime", "second"),
    [
        (TWO_CPIO, "application/x-cpio", "d/b"),
        (ar((b"a", b"first"), (b"b", b"second")), "application/x-archive", "b"),
        (cab((b"a", b"first"), (b"d\\b", b"second")), "application/vnd.ms-cab-compressed", "d/b"),
        (lha((b"a", b"first"), (b"d/b", b"second")), "application/x-lzh-compressed", "d/b"),
        (_rpm(TWO_CPIO), "application/x-rpm", "d/b"),
        (_rpm(gzip.compress(TWO_CPIO, mtime=0)), "application/x-rpm", "d/b"),
        (ar((b"debian-binary", b"2.0\n")), "application/vnd.debian.binary-package", ""),
    ],
)
def test_members_in_order(data: bytes, mime: str, second: str) -> None:
    found = identify(data[:HEAD], "a.dat", io.BytesIO(data))
    assert (found.type, found.mime) == ("archive", mime)
    members_, codes = got(data, "archive")
    assert codes == []
    if second:
        assert members_ == [Got("a", b"first"), Got(second, b"second")]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("make", [cab, lha])
def test_dates_of_no_zone_do_not_depend_on_ours(
    zone: str, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert callable(make)
        [member] = members(make((b"a", b"words")), "archive")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert isinstance(member, Member)
    assert member.modified_at == "2001-02-03T02:12:06Z"


def test_links_and_special_files_are_recorded_not_followed() -> None:
    data = cpio(
        (b"link", SYMLINK, 1, 1, b"/etc/passwd"), (b"pipe", FIFO, 2, 1, b""),
        (b"device", DEVICE, 3, 1, b""), (b"../out", REGULAR, 4, 1, b"x"),
        (b"/abs", REGULAR, 5, 1, b"x"), (b"ok", REGULAR, 6, 1, b"fine"),
    )  # fmt: skip
    assert got(data, "archive") == (
        [
            Got("link", None, (Code.LINK,)),
            Got("pipe", None, (Code.SPECIAL_FILE,)),
            Got("device", None, (Code.SPECIAL_FILE,)),
            Got("../out", None, (Code.UNSAFE_PATH,)),
            Got("/abs", None, (Code.UNSAFE_PATH,)),
            Got("ok", b"fine"),
        ],
        [],
    )


def test_hard_links_have_their_bytes_wherever_those_stand() -> None:
    late = cpio(
        (b"one", REGULAR, 7, 3, b""), (b"two", REGULAR, 7, 3, b""), (b"three", REGULAR, 7, 3, b"w"),
        (b"empty", REGULAR, 8, 1, b""),
    )  # fmt: skip
    wanted = [Got("one", b"w"), Got("two", b"w"), Got("three", b"w"), Got("empty", b"")]
    assert got(late, "archive") == (wanted, [])
    early = cpio((b"one", REGULAR, 7, 2, b"w"), (b"two", REGULAR, 7, 2, b""))
    assert got(early, "archive") == ([Got("one", b"w"), Got("two", b"w")], [])


def test_odd_names_are_kept() -> None:
    names = [b"a\nb", b"\xff\xfe", "rtl\u202egpj.exe".encode(), b"y" * 4000, b"same", b"same"]
    data = cpio(*((each, REGULAR, n, 1, b"%d" % n) for n, each in enumerate(names, 1)))
    found = members(data, "archive")
    assert [each.name_bytes for each in found if isinstance(each, Member)] == names
    assert [each.data for each in got(data, "archive")[0]] == [b"%d" % n for n in range(1, 7)]


@pytest.mark.parametrize("data", [TWO_CPIO, _rpm(gzip.compress(TWO_CPIO, mtime=0))])
def test_cut_short_it_says_so(data: bytes) -> None:
    for cut in each_cut(data[:-300] if data is TWO_CPIO else data, 20):
        found, codes = got(cut, "archive")
        assert codes or any(each.codes for each in found)


def test_a_cabinet_cut_short_says_so() -> None:
    for cut in each_cut(cab((b"a", b"first" * 100), (b"b", b"second")), 20):
        if cut.startswith(b"MSCF\0\0\0\0"):
            assert Code.TRUNCATED in got(cut, "archive")[1]


def test_limits_on_number_and_bytes() -> None:
    many = cpio(*((b"%d" % n, REGULAR, n, 1, b"x") for n in range(5)))
    found, codes = got(many, "archive", limits=Limits(members=3))
    assert [each.name for each in found] == ["0", "1", "2"]
    assert codes == [Code.TOO_MANY]
    large = cpio((b"a", REGULAR, 1, 1, bytes(2 << 20)), (b"b", REGULAR, 2, 1, b"x"))
    found, codes = got(large, "archive", limits=Limits(unpacked_mb=1))
    assert [each.codes for each in found] == [(Code.BOMB,), (Code.BOMB,)]
    assert codes == [Code.BOMB]


def test_compress_has_one_member() -> None:
    data = compress(b"words of old")
    assert identify(data, "a.tar.Z").mime == "application/x-compress"
    assert got(data, "archive", name="a.taz") == ([Got("a.tar", b"words of old")], [])


@pytest.mark.parametrize(
    ("program", "kind", "ext"),
    [("zstd", "zstd", "zst"), ("lz4", "archive", "lz4")],
)
def test_compressed_files_have_one_member(
    tmp_path: Path, program: str, kind: str, ext: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    (tmp_path / "a.txt").write_bytes(b"words " * 1000)
    run(tmp_path, program, "-q", "a.txt", f"a.txt.{ext}")
    data = (tmp_path / f"a.txt.{ext}").read_bytes()
    assert identify(data, "a").type == kind
    assert got(data, kind, name=f"a.txt.{ext}") == ([Got("a.txt", b"words " * 1000)], [])
    for cut in each_cut(data, 20):
        found, codes = got(cut, kind)
        assert codes or found[0].codes
    [member], codes = got(data, kind, limits=Limits(unpacked_mb=1, ratio=2))
    assert (member.codes, codes) == ((), [])


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_bare_zlib_stream_has_one_member(level: int) -> None:
    text = b"words that are plain to see, " * 9
    data = zlib.compress(text, level)
    assert identify(data, "a.zlib").mime == "application/zlib"
    assert got(data, "archive", name="a.txt.zlib") == ([Got("a.txt", text)], [])
    [member], codes = got(data + b"more", "archive", name="a.zlib")
    assert (member.data, member.codes, codes) == (text, (Code.CORRUPT,), [])


def test_a_zlib_stream_longer_than_a_look_is_one_too() -> None:
    text = bytes(range(256)) * 4096
    data = zlib.compress(text, 0)
    assert identify(data[:HEAD], "a").mime == "application/zlib"
    [member], codes = got(data[:-2000], "archive")
    assert (member.codes, codes) == ((Code.TRUNCATED,), [])
    assert member.data is not None
    assert text.startswith(member.data)


@needs_genisoimage
def test_an_image_of_a_disc(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    (source / "a").write_bytes(b"first")
    (source / "d" / "grün.txt").write_bytes(b"second")
    run(tmp_path, "genisoimage", "-quiet", "-J", "-R", "-o", "a.iso", "source")
    data = (tmp_path / "a.iso").read_bytes()
    assert identify(data[:HEAD], "a.bin").mime == "application/x-iso9660-image"
    wanted = [Got("a", b"first"), Got("d/grün.txt", b"second")]
    assert got(data, "archive") == (wanted, [])
    assert Code.TRUNCATED in got(data[:150_000], "archive")[1]
    assert got([_cut(tmp_path, data, n) for n in range(4)], "archive") == (wanted, [])


def _cut(folder: Path, data: bytes, number: int) -> Path:
    path = folder / f"part-{number}"
    step = len(data) // 4 + 1
    path.write_bytes(data[number * step : (number + 1) * step])
    return path


@needs_genisoimage
@needs_7z
def test_a_disc_with_two_directories_gives_what_either_has(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, data in (("both.txt", b"both"), ("iso-only.txt", b"iso"), ("udf-only.txt", b"udf")):
        (source / name).write_bytes(data)
    run(
        tmp_path, "genisoimage", "-quiet", "-R", "-udf", "-hide", "*udf-only*",
        "-hide-joliet", "*iso-only*", "-o", "a.iso", "source",
    )  # fmt: skip
    found, codes = got(tmp_path / "a.iso", "archive")
    assert codes == []
    assert sorted(found, key=str) == [
        Got("both.txt", b"both"), Got("iso-only.txt", b"iso"), Got("udf-only.txt", b"udf"),
    ]  # fmt: skip


@needs_7z
def test_a_windows_image(tmp_path: Path) -> None:
    archive = seven_zip(tmp_path, "a.wim", {"a": b"first", "d/b": b"second"}, "-twim")
    data = archive.read_bytes()
    assert identify(data, "a").mime == "application/x-ms-wim"
    assert got(data, "archive") == (TWO, [])
    broken = data.replace(b"first", b"worst")
    found, codes = got(broken, "archive")
    assert codes == []
    assert (Code.CORRUPT,) in [each.codes for each in found]


@needs_7z
@pytest.mark.parametrize("place", ["table", "images", "flags", "part", "count", "folders"])
def test_a_windows_image_whose_tables_are_damaged_says_so(tmp_path: Path, place: str) -> None:
    data = bytearray(
        seven_zip(tmp_path, "a.wim", {"a": b"first", "d/b": b"second"}, "-twim").read_bytes()
    )
    (table,) = struct.unpack_from("<Q", data, 56)
    last = table + 2 * 50
    (folders,) = struct.unpack_from("<Q", data, last + 8)
    at = {
        "table": 56,
        "images": 44,
        "flags": last + 7,
        "part": last + 24,
        "count": last + 26,
        "folders": folders + 9,
    }
    data[at[place]] ^= 2
    _, codes = got(bytes(data), "archive")
    assert Code.CORRUPT in codes


@needs_7z
def test_dates_that_seven_zip_lists_do_not_depend_on_our_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = seven_zip(tmp_path, "a.wim", {"a": b"words"}, "-twim")
    monkeypatch.setenv("TZ", "America/New_York")
    [member] = members(archive, "archive")
    assert isinstance(member, Member)
    assert member.modified_at is not None
    assert times.parse(member.modified_at) == dt.datetime.fromtimestamp(AGE, dt.UTC)


def test_what_no_tool_opens_says_so() -> None:
    data = b"SIT!\0\1\0\0\0\x30rLau" + bytes(100)
    assert identify(data, "a.sit").mime == "application/x-stuffit"
    [note] = members(data, "archive")
    assert isinstance(note, Note)
    assert note.code is Code.UNSUPPORTED
    assert "stuffit" in note.message


def test_without_the_library_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "version", always(""))
    [note] = members(TWO_CPIO, "archive")
    assert isinstance(note, Note)
    assert note.code is Code.UNSUPPORTED
    assert "apt-get install libarchive-tools" in note.message


@pytest.mark.parametrize(
    "text",
    [
        b"070701 is the first of a list of numbers\n" * 9, b"ZOO opening hours\n" * 9,
        b"SIT! said the trainer\n" * 9, b"!<arch> is a beginning\n" * 9, b"x^2 + y^2\n" * 9,
        b"a -lh5- method of old, by name\n" * 9, b"]\0\0 and more" * 9, b"x\x9cnothing packed" * 9,
        b"\x60\xea" + bytes(100),
    ],
)  # fmt: skip
def test_what_only_begins_like_an_archive(text: bytes) -> None:
    assert identify(text, "a.dat", io.BytesIO(text)).type != "archive"
