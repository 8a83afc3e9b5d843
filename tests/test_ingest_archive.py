"""Archives opened as hostile: members, names, links, damage, passwords, bombs."""

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import zipfile
from dataclasses import dataclass

import pytest
import pyzipper
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.archive import expand_zip
from ingest.compressed import expand_compressed
from ingest.members import Budget, Member
from ingest.tar import expand_tar
from records.codes import Code
from records.limits import Limits
from records.notes import Note


@dataclass(frozen=True)
class Got:
    """What came out: name, bytes (None where there were none), codes of the notes."""

    name: str
    data: bytes | None
    codes: tuple[Code, ...]


def _got(found: list[Got | Note], each: Member | Note) -> None:
    if isinstance(each, Note):
        found.append(each)
    else:
        data = each.stream.read() if each.stream else None
        found.append(Got(each.name, data, tuple(note.code for note in each.notes)))


def _unzip(data: bytes, limits: Limits | None = None, *passwords: str) -> list[Got | Note]:
    found: list[Got | Note] = []
    for each in expand_zip(io.BytesIO(data), len(data), limits or Limits(), passwords):
        _got(found, each)
    return found


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def _special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def test_members_in_order_and_folders_left_out() -> None:
    data = _zip(("b.txt", b"b"), ("d/", b""), ("d/a.txt", b"a"), ("empty", b""))
    assert _unzip(data) == [Got("b.txt", b"b", ()), Got("d/a.txt", b"a", ()), Got("empty", b"", ())]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_equal_names_are_all_kept() -> None:
    assert _unzip(_zip(("a", b"1"), ("a", b"2"))) == [Got("a", b"1", ()), Got("a", b"2", ())]


@pytest.mark.parametrize(
    "name", ["../a", "d/../../a", "/etc/a", "\\a", "C:\\a", "c:a", "..\\a", "a\\..\\..\\b"]
)
def test_names_that_lead_out_come_without_bytes(name: str) -> None:
    got = _unzip(_zip((name, b"x"), ("ok", b"fine")))
    assert got == [Got(name, None, (Code.UNSAFE_PATH,)), Got("ok", b"fine", ())]


def test_a_name_with_a_nul_is_shown_escaped() -> None:
    data = _zip(("aXb", b"x")).replace(b"aXb", b"a\0b")
    assert _unzip(data) == [Got("a\\x00b", None, (Code.UNSAFE_PATH,))]


def test_a_name_in_an_old_charset_keeps_its_bytes() -> None:
    data = _zip(("Xber", b"x")).replace(b"Xber", b"\x81ber")
    [member] = expand_zip(io.BytesIO(data), len(data), Limits(), ())
    assert isinstance(member, Member)
    assert (member.name, member.name_bytes) == ("\\x81ber", b"\x81ber")


def test_links_and_special_files_are_recorded_not_followed() -> None:
    data = _zip(
        (_special("link", stat.S_IFLNK | 0o777), b"/etc/passwd"),
        (_special("pipe", stat.S_IFIFO | 0o644), b""),
    )
    assert _unzip(data) == [
        Got("link", None, (Code.LINK,)),
        Got("pipe", None, (Code.SPECIAL_FILE,)),
    ]


def test_a_wrong_checksum_spoils_one_member_and_keeps_its_bytes() -> None:
    data = bytearray(_zip(("a", b"first"), ("b", b"second")))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))
    data[at + 16] ^= 0xFF
    assert _unzip(bytes(data)) == [Got("a", b"first", (Code.CORRUPT,)), Got("b", b"second", ())]


def test_without_its_directory_the_members_are_salvaged() -> None:
    data = _zip(("a.txt", b"first" * 50), ("../b", b"x"), ("c.txt", b"third"))
    note, *members = _unzip(data[: data.index(b"PK\x01\x02") + 9])
    assert isinstance(note, Note)
    assert (note.severity, note.code) == ("exception", Code.TRUNCATED)
    assert members == [
        Got("a.txt", b"first" * 50, ()),
        Got("../b", None, (Code.UNSAFE_PATH,)),
        Got("c.txt", b"third", ()),
    ]


def test_a_member_cut_off_gives_what_is_there() -> None:
    data = _zip(("a.txt", b"whole"), ("b.txt", bytes(range(256)) * 8))
    cut = data[: data.index(b"b.txt") + 150]
    _, whole, part = _unzip(cut)
    assert whole == Got("a.txt", b"whole", ())
    assert isinstance(part, Got)
    assert part.codes == (Code.TRUNCATED,)
    assert part.data is not None
    assert (bytes(range(256)) * 8).startswith(part.data)
    assert part.data


def _damaged_aes(offset: int, value: int) -> bytes:
    """Two AES members, `value` standing at `offset` of the first one's entry in the directory."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"secret")
        archive.writestr("a.txt", b"locked words " * 90)
        archive.writestr("b.txt", b"more")
    data = bytearray(out.getvalue())
    data[data.index(b"PK\x01\x02") + offset] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("offset", "value"),
    [(24, 7), (25, 1), (8, 0), (46 + 5 + 8, 9), (46 + 5 + 9, 0)],
    ids=["size", "size-above", "not-encrypted", "strength", "method"],
)
def test_a_damaged_entry_of_an_encrypted_member_is_told(offset: int, value: int) -> None:
    first, second = _unzip(_damaged_aes(offset, value), None, "secret")
    assert isinstance(first, Got)
    assert first.codes == (Code.CORRUPT,)
    assert second == Got("b.txt", b"more", ())
    whole, _ = _unzip(_damaged_aes(24, 146), None, "secret")
    assert whole == Got("a.txt", b"locked words " * 90, ())


@pytest.mark.parametrize("method", [None, pyzipper.WZ_AES])
def test_passwords_are_tried_in_turn(method: int | None) -> None:
    out = io.BytesIO()
    if method is None:
        data = bytes.fromhex(ZIPCRYPTO)
    else:
        with pyzipper.AESZipFile(out, "w", encryption=method) as archive:
            archive.setpassword(b"letmein")
            archive.writestr("memo.txt", b"for counsel only")
        data = out.getvalue()
    assert _unzip(data, None, "wrong", "letmein") == [Got("memo.txt", b"for counsel only", ())]
    assert _unzip(data, None, "wrong") == [Got("memo.txt", None, (Code.ENCRYPTED,))]
    assert _unzip(data) == [Got("memo.txt", None, (Code.ENCRYPTED,))]


def test_a_wrong_password_that_passes_the_first_check_is_still_wrong() -> None:
    """ZipCrypto checks one byte: one wrong password in 256 shows only by the checksum."""
    data = bytes.fromhex(ZIPCRYPTO)
    assert _unzip(data, None, *(f"wrong{each}" for each in range(2000))) == [
        Got("memo.txt", None, (Code.ENCRYPTED,))
    ]


def test_past_the_count_the_rest_is_left_out_and_said_so() -> None:
    data = _zip(*((str(each), b"x") for each in range(5)))
    note, *members = _unzip(data, Limits(members=3))
    assert isinstance(note, Note)
    assert (note.severity, note.code) == ("exception", Code.TOO_MANY)
    assert "2 past the limit of 3" in note.message
    assert [each.name for each in members if isinstance(each, Got)] == ["0", "1", "2"]


def test_a_bomb_ends_at_the_limits_and_every_member_is_named() -> None:
    data = _zip(("small", b"s"), ("zeros", bytes(3 << 20)), ("after", b"a"))
    *members, note = _unzip(data, Limits(unpacked_mb=2))
    assert members == [
        Got("small", b"s", ()),
        Got("zeros", None, (Code.BOMB,)),
        Got("after", None, (Code.BOMB,)),
    ]
    assert isinstance(note, Note)
    assert (note.severity, note.code) == ("warning", Code.BOMB)


def test_the_ratio_makes_a_bomb_only_of_what_is_large() -> None:
    budget = Budget(1000, Limits(ratio=2))
    budget.spend(64 << 20)
    assert not budget.ended
    data = _zip(("zeros", bytes(65 << 20)))
    first, _ = _unzip(data, Limits(ratio=2))
    assert first == Got("zeros", None, (Code.BOMB,))


def test_members_that_share_their_bytes_are_a_bomb() -> None:
    data = bytearray(_zip(("a", b"one one one"), ("b", b"two")))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    got = _unzip(bytes(data))
    assert any(isinstance(each, Got) and each.codes == (Code.BOMB,) for each in got)


@settings(max_examples=60)
@given(st.data())
def test_damage_anywhere_never_raises(data: st.DataObject) -> None:
    archive = bytearray(_zip(("a.txt", b"hello " * 20), ("d/b.txt", b"world")))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(archive)))
    _unzip(bytes(archive))
    _unzip(bytes(archive[:cut]))


@pytest.mark.parametrize(
    ("kind", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_compressed_files_hold_one_member(kind: str, compress: object) -> None:
    assert callable(compress)
    packed = compress(b"words " * 1000)
    assert _decompress(packed, kind, f"a.txt.{kind}") == [Got("a.txt", b"words " * 1000, ())]
    cut = _decompress(packed[:-6], kind, f"a.{kind}")
    assert [each.codes for each in cut if isinstance(each, Got)] in ([(Code.TRUNCATED,)], [])
    assert all(each.code is Code.TRUNCATED for each in cut if isinstance(each, Note))


def test_the_names_of_what_compressed_files_hold() -> None:
    packed = gzip.compress(b"x")
    for name, inner in (("a.tgz", "a.tar"), ("a.tar.gz", "a.tar"), ("box", "box.unpacked")):
        [got] = _decompress(packed, "gz", name)
        assert isinstance(got, Got)
        assert got.name == inner


def _decompress(data: bytes, kind: str, name: str) -> list[Got | Note]:
    found: list[Got | Note] = []
    budget = Budget(len(data), Limits())
    for each in expand_compressed(io.BytesIO(data), kind, name.encode(), budget):
        _got(found, each)
    return found


def _tar(*infos: tuple[str, bytes, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, data in infos:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _untar(data: bytes, limits: Limits | None = None) -> list[Got | Note]:
    found: list[Got | Note] = []
    limits = limits or Limits()
    for each in expand_tar(io.BytesIO(data), limits, Budget(len(data), limits)):
        _got(found, each)
    return found


def test_a_tar_gives_files_only() -> None:
    data = _tar(
        ("d", tarfile.DIRTYPE, b""),
        ("d/ok.txt", tarfile.REGTYPE, b"fine"),
        ("../out", tarfile.REGTYPE, b"x"),
        ("link", tarfile.SYMTYPE, b""),
        ("hard", tarfile.LNKTYPE, b""),
        ("pipe", tarfile.FIFOTYPE, b""),
    )
    assert _untar(data) == [
        Got("d/ok.txt", b"fine", ()),
        Got("../out", None, (Code.UNSAFE_PATH,)),
        Got("link", None, (Code.LINK,)),
        Got("hard", None, (Code.LINK,)),
        Got("pipe", None, (Code.SPECIAL_FILE,)),
    ]


def test_a_tar_cut_off_or_too_long_says_so() -> None:
    data = _tar(*((str(each), tarfile.REGTYPE, b"x" * 600) for each in range(4)))
    *members, note = _untar(data, Limits(members=2))
    assert len(members) == 2
    assert isinstance(note, Note)
    assert note.code is Code.TOO_MANY
    cut = _untar(data[:2900])
    assert {code for each in cut if isinstance(each, Got) for code in each.codes} <= {
        Code.TRUNCATED
    }
    assert any(isinstance(each, Note) or each.codes for each in cut)


@pytest.mark.parametrize(
    ("damage", "names", "code"),
    [
        ("header", ["0"], Code.CORRUPT),
        ("within a header", ["0", "1"], Code.TRUNCATED),
        ("between members", ["0", "1"], Code.TRUNCATED),
        ("another archive", ["0", "1", "2", "3"], Code.CORRUPT),
    ],
)
def test_a_tar_that_ends_as_none_does_says_so(damage: str, names: list[str], code: Code) -> None:
    whole = _tar(*((str(each), tarfile.REGTYPE, b"x" * 600) for each in range(4)))
    step = 512 + 1024
    broken = bytearray(whole)
    broken[step + 10] ^= 0xFF
    data = {
        "header": bytes(broken),
        "within a header": whole[: 2 * step + 300],
        "between members": whole[: 2 * step],
        "another archive": whole + whole,
    }[damage]
    *members, note = _untar(data)
    assert [each.name for each in members if isinstance(each, Got)] == names
    assert isinstance(note, Note)
    assert (note.severity, note.code) == ("exception", code)


def test_what_the_directory_does_not_list_comes_out_all_the_same() -> None:
    first, second = _zip(("a.txt", b"a" * 90), ("b.txt", b"b")), _zip(("c.txt", b"c"))
    wanted = [Got("a.txt", b"a" * 90, ()), Got("b.txt", b"b", ()), Got("c.txt", b"c", ())]
    for between in (b"", b"PK\x03\x04 is no header " * 9):
        note, *members = _unzip(first + between + second)
        assert isinstance(note, Note)
        assert (note.severity, note.code) == ("exception", Code.CORRUPT)
        assert members == wanted
    short = bytearray(_zip(("a.txt", b"a" * 90), ("b.txt", b"b"), ("c.txt", b"c")))
    end = short.rfind(b"PK\x05\x06")
    struct.pack_into("<I", short, end + 12, struct.unpack_from("<I", short, end + 12)[0] - 51)
    note, *members = _unzip(bytes(short))
    assert isinstance(note, Note)
    assert members == wanted


def test_the_program_before_a_self_extractor_is_no_member() -> None:
    program = b"MZ" + b"looks for PK\x03\x04 in itself" * 20000
    assert _unzip(program + _zip(("a.txt", b"words"))) == [Got("a.txt", b"words", ())]


@pytest.mark.parametrize(
    ("kind", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_of_a_compressed_file_cut_off_comes_what_is_there(kind: str, compress: object) -> None:
    assert callable(compress)
    words = random.Random(5).randbytes(1_000_000).hex().encode()
    [got] = _decompress(compress(words)[:-1000], kind, f"a.txt.{kind}")
    assert isinstance(got, Got)
    assert got.codes == (Code.TRUNCATED,)
    assert got.data is not None
    assert words.startswith(got.data)
    assert len(got.data) > 800_000


# Made by Info-ZIP: zip -P letmein, one stored member memo.txt.
ZIPCRYPTO = (
    "504b03040a000900000096b5755de124b8b41c00000010000000080000006d656d6f2e74787487a62e313c71"
    "27411f902facbc9446bd707c1f1b72c92a4ba7b3b481504b0708e124b8b41c00000010000000504b01021e03"
    "0a000900000096b5755de124b8b41c00000010000000080000000000000000000000a481000000006d656d6f"
    "2e747874504b0506000000000100010036000000520000000000"
)
