"""ZIP archives that Python alone does not open: methods, sets, names; and TAR's hard links."""

import io
import random
import shutil
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from ingest import zipmethods
from ingest.members import Member
from ingest.types import HEAD, identify
from records.codes import Code
from records.limits import Limits
from tests.archive_cases import Got, always, got, members, needs_7z, program_of, seven_zip

RANDOM = random.Random(11).randbytes(30_000)
FILES = {"a.txt": b"alpha " * 500, "d/b.bin": RANDOM, "c.txt": b"gamma " * 500}
WHOLE = [Got(name, data) for name, data in FILES.items()]


def _zip(files: dict[str, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.comment = comment
    return out.getvalue()


@needs_7z
@pytest.mark.parametrize("method", ["Deflate64", "PPMd", "xz", "LZMA", "BZip2", "Copy"])
@pytest.mark.parametrize("encryption", ["", "ZipCrypto", "AES256"])
def test_all_methods(tmp_path: Path, method: str, encryption: str) -> None:
    locked = (f"-mem={encryption}", "-psecret") if encryption else ()
    archive = seven_zip(tmp_path, "a.zip", FILES, "-tzip", f"-mm={method}", *locked)
    found, codes = got(archive, "zip", ("wrong", "secret"))
    assert (sorted(found, key=str), codes) == (sorted(WHOLE, key=str), [])
    if encryption:
        found, codes = got(archive, "zip", ("wrong",))
        assert codes == []
        assert {each.codes for each in found} == {(Code.ENCRYPTED,)}


def zstd_frame(data: bytes) -> bytes:
    """A frame of Zstandard with one block, stored (RFC 8878)."""
    assert len(data) < 256
    block = (len(data) << 3 | 1).to_bytes(3, "little") + data
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + block


@needs_7z
def test_zstandard() -> None:
    data, name = b"words of today", b"a.txt"
    packed = zstd_frame(data)
    common = (20, 0, 93, 0, 0x21, zlib.crc32(data), len(packed), len(data), len(name), 0)
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *common) + name + packed
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, *common, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
    assert got(local + entry + end, "zip") == ([Got("a.txt", data)], [])


@needs_7z
def test_what_is_locked_and_large_is_left_to_seven_zip(tmp_path: Path) -> None:
    data = random.Random(3).randbytes(2 << 20)
    for encryption in ("ZipCrypto", "AES256"):
        options = ("-tzip", "-psecret", f"-mem={encryption}", "-mx=0")
        archive = seven_zip(tmp_path, f"{encryption}.zip", {"a": data}, *options)
        assert got(archive, "zip", ("wrong", "secret")) == ([Got("a", data)], [])
        assert got(archive, "zip", ("wrong",)) == ([Got("a", None, (Code.ENCRYPTED,))], [])


@needs_7z
def test_a_bomb_of_another_method_ends_at_the_limits(tmp_path: Path) -> None:
    files = {"a": bytes(3 << 20), "b": b"after"}
    archive = seven_zip(tmp_path, "a.zip", files, "-tzip", "-mm=Deflate64")
    found, codes = got(archive, "zip", limits=Limits(unpacked_mb=2))
    assert [each.codes for each in found] == [(Code.BOMB,), (Code.BOMB,)]
    assert codes == [Code.BOMB]


@needs_7z
def test_without_the_program_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = seven_zip(tmp_path, "a.zip", FILES, "-tzip", "-mm=Deflate64")
    monkeypatch.setattr(zipmethods, "probe", always(None))
    found = members(archive, "zip")
    packed = [each for each in found if isinstance(each, Member) and each.notes]
    assert packed
    assert {each.notes[0].code for each in packed} == {Code.UNSUPPORTED}
    assert "apt-get install 7zip" in packed[0].notes[0].message


def _spanned(folder: Path, size: int, comment: bytes = b"") -> list[Path]:
    """A set as Info-ZIP makes it: positions count from the start of their volume."""
    whole = bytearray(b"PK\x07\x08" + _zip(FILES, comment))
    cuts = [whole[at : at + size] for at in range(0, len(whole), size)]
    end = whole.rindex(b"PK\x05\x06")
    count, length, at = struct.unpack_from("<10xHII", whole, end)
    begin = at + 4
    place = begin
    for _ in range(count):
        names, extras, comments = struct.unpack_from("<28xHHH", whole, place)
        offset = struct.unpack_from("<I", whole, place + 42)[0] + 4
        struct.pack_into("<H", whole, place + 34, offset // size)
        struct.pack_into("<I", whole, place + 42, offset % size)
        place += 46 + names + extras + comments
    last = len(cuts) - 1
    struct.pack_into("<HHHHII", whole, end + 4, last, begin // size, 1, count, length, begin % size)
    paths = []
    for number in range(len(cuts)):
        paths.append(folder / f"blob-{number}")
        paths[-1].write_bytes(whole[number * size : (number + 1) * size])
    return paths


@pytest.mark.parametrize("size", [3000, 10_000, 30_000])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_a_set_whose_positions_count_by_volume(tmp_path: Path, size: int, comment: bytes) -> None:
    paths = _spanned(tmp_path, size, comment)
    assert len(paths) > 1
    assert got(paths, "zip") == (WHOLE, [])


def test_a_set_that_lacks_some(tmp_path: Path) -> None:
    paths = _spanned(tmp_path, 10_000)
    data = paths[-1].read_bytes()
    assert identify(data[:HEAD], "a", io.BytesIO(data)).type == "zip"
    found, codes = got(paths[-1], "zip")
    assert codes == [Code.VOLUME_MISSING]
    assert found[0] == Got("a.txt", None, (Code.VOLUME_MISSING,))
    found, codes = got(paths[0], "zip")
    assert codes == [Code.VOLUME_MISSING]
    assert found[0] == WHOLE[0]
    paths[1].unlink()
    found, codes = got(paths, "zip")
    assert codes == [Code.VOLUME_MISSING]
    assert found[0] == WHOLE[0]
    assert found[1].codes == (Code.CORRUPT,)
    assert found[2] == WHOLE[2]


def test_a_set_cut_without_regard_to_the_format(tmp_path: Path) -> None:
    data = _zip(FILES)
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"blob-{number}")
        paths[-1].write_bytes(data[number * 9000 : (number + 1) * 9000])
    assert got(paths, "zip") == (WHOLE, [])


def test_the_unicode_name_is_shown_and_the_other_kept() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, crc in (("plain1", zlib.crc32(b"plain1")), ("plain2", 1)):
            info = zipfile.ZipInfo(name)
            field = struct.pack("<BI", 1, crc) + "grün.txt".encode()
            info.extra = struct.pack("<HH", 0x7075, len(field)) + field
            archive.writestr(info, b"words")
    found = [each for each in members(out.getvalue(), "zip") if isinstance(each, Member)]
    assert [(each.name, each.name_bytes) for each in found] == [
        ("grün.txt", b"plain1"), ("plain2", b"plain2"),
    ]  # fmt: skip


@needs_7z
def test_a_name_that_is_not_the_utf_8_it_is_said_to_be() -> None:
    data = _zip({"grü": b"words", "ok": b"fine"}).replace("grü".encode(), b"gr\xfcx")
    found = [each for each in members(data, "zip") if isinstance(each, Member)]
    assert [each.name_bytes for each in found] == [b"gr\xfcx", b"ok"]
    wanted = Got("gr\\xfcx", b"words", (Code.CHARSET_GUESSED,))
    assert got(data, "zip") == ([wanted, Got("ok", b"fine")], [])


@needs_7z
def test_a_member_whose_own_header_has_another_name() -> None:
    data = _zip({"name": b"words"}).replace(b"name", b"eman", 1)
    assert got(data, "zip") == ([Got("name", b"words", (Code.CORRUPT,))], [])
    [member] = members(data, "zip")
    assert isinstance(member, Member)
    assert [note.severity for note in member.notes] == ["warning"]


def test_a_directory_that_is_said_to_list_more(tmp_path: Path) -> None:
    data = bytearray(_zip({"a": b"first", "b": b"second"}))
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, 3, 3)
    found, codes = got(bytes(data), "zip")
    assert found == [Got("a", b"first"), Got("b", b"second")]
    assert codes == [Code.CORRUPT]


def test_behind_a_program_it_is_found(tmp_path: Path) -> None:
    data = program_of(b"unpacks itself") + _zip(FILES)
    assert identify(data[:HEAD], "a.exe", io.BytesIO(data)).type == "zip"
    assert got(data, "zip") == (WHOLE, [])
    plain = program_of(b"only a program") + b"and what it carries along"
    assert identify(plain[:HEAD], "a.exe", io.BytesIO(plain)).type == "executable"


def test_zip64_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"words")
    assert got(path, "zip") == ([Got("a", b"words")], [])


def test_hard_links_of_a_tar_have_their_bytes() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("true")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"words"))
        for name, target in (("hard", "true"), ("again", "hard"), ("lost", "/etc/passwd")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.LNKTYPE, target
            archive.addfile(info)
    assert got(out.getvalue(), "tar") == (
        [
            Got("true", b"words"), Got("hard", b"words"), Got("again", b"words"),
            Got("lost", None, (Code.LINK,)),
        ],
        [],
    )  # fmt: skip


def test_a_tar_in_volumes(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    whole = out.getvalue()
    paths = []
    for number in range(5):
        paths.append(tmp_path / f"blob-{number}")
        paths[-1].write_bytes(whole[number * 10_000 : (number + 1) * 10_000])
    assert got(paths, "tar") == (WHOLE, [])
