"""RAR archives opened as hostile: links, damage, passwords, volumes, made by hand."""

import hashlib
import hmac
import io
import struct
import zlib
from pathlib import Path

import pytest
import rarfile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ingest import rar, rar_headers, unar
from ingest.members import Member
from ingest.types import HEAD, identify
from records.codes import Code
from records.limits import Limits
from records.notes import Note
from tests.archive_cases import (
    RAR3_END,
    RAR3_START,
    RAR5_END,
    RAR5_START,
    Got,
    always,
    each_cut,
    got,
    members,
    program_of,
    rar3_block,
    rar3_file,
    rar5_block,
    rar5_file,
    rar5_link,
    rar5_record,
    vint,
)

SALT, VECTOR = bytes(range(16)), bytes(range(16, 32))
ROUNDS = 4
TWO5 = RAR5_START + rar5_file(b"a", b"first") + rar5_file(b"d/b", b"second") + RAR5_END
TWO3 = RAR3_START + rar3_file(b"a", b"first") + rar3_file(b"d\\b", b"second") + RAR3_END


def _aes(key: bytes, vector: bytes, data: bytes) -> bytes:
    padded = data + bytes(-len(data) % 16)
    return Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor().update(padded)


def _key5(password: str, more: int = 0) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, (1 << ROUNDS) + more)


def _check5(password: str) -> bytes:
    folded = bytearray(8)
    for place, value in enumerate(_key5(password, 32)):
        folded[place % 8] ^= value
    return bytes(folded) + hashlib.sha256(folded).digest()[:4]


def _locked5(data: bytes, password: str, *, check: bool, tweaked: bool) -> bytes:
    record = vint(0) + vint((1 if check else 0) | (2 if tweaked else 0)) + bytes([ROUNDS])
    record += SALT + VECTOR + (_check5(password) if check else b"")
    crc = zlib.crc32(data)
    if tweaked:
        digest = hmac.digest(_key5(password, 16), struct.pack("<I", crc), "sha256")
        crc = 0
        for word in struct.unpack("<8I", digest):
            crc ^= word
    packed = _aes(_key5(password), VECTOR, data)
    return rar5_file(b"locked", data, rar5_record(1, record), packed, crc)


@pytest.mark.parametrize(("data", "second"), [(TWO5, "d/b"), (TWO3, "d\\b")])
def test_members_in_order(data: bytes, second: str) -> None:
    assert got(data, "rar") == ([Got("a", b"first"), Got(second, b"second")], [])


def test_folders_are_no_members_and_equal_names_are_all_kept() -> None:
    folder = rar5_block(2, vint(1) + vint(0) + vint(0o40755) + vint(0) + vint(1) + vint(1) + b"d")
    data = RAR5_START + folder + rar5_file(b"x", b"1") + rar5_file(b"x", b"2") + RAR5_END
    assert got(data, "rar") == ([Got("x", b"1"), Got("x", b"2")], [])


def test_links_are_recorded_and_hard_ones_resolved() -> None:
    data = RAR5_START + rar5_file(b"true", b"words") + b"".join(
        rar5_file(name, b"", rar5_link(kind, target))
        for name, kind, target in (
            (b"soft", 1, b"/etc/passwd"), (b"windows", 2, b"..\\x"), (b"junction", 3, b"C:\\x"),
            (b"hard", 4, b"true"), (b"copy", 5, b"true"), (b"lost", 4, b"nowhere"),
            (b"odd", 9, b"?"),
        )
    ) + RAR5_END  # fmt: skip
    assert got(data, "rar") == (
        [
            Got("true", b"words"),
            Got("soft", None, (Code.LINK,)),
            Got("windows", None, (Code.LINK,)),
            Got("junction", None, (Code.LINK,)),
            Got("hard", b"words"),
            Got("copy", b"words"),
            Got("lost", None, (Code.LINK,)),
            Got("odd", None, (Code.LINK,)),
        ],
        [],
    )


def test_hard_links_spend_what_they_hold() -> None:
    links = b"".join(rar5_file(b"%d" % each, b"", rar5_link(4, b"true")) for each in range(9))
    data = RAR5_START + rar5_file(b"true", bytes(300_000)) + links + RAR5_END
    found, codes = got(data, "rar", limits=Limits(unpacked_mb=1))
    assert [each.codes for each in found] == [()] * 3 + [(Code.BOMB,)] * 7
    assert codes == [Code.BOMB]


def test_the_link_of_rar_3_is_its_content() -> None:
    data = RAR3_START + rar3_file(b"link", b"../../etc", 0, 0o120777) + RAR3_END
    [link] = members(data, "rar")
    assert isinstance(link, Member)
    assert link.stream is None
    assert link.notes[0].code is Code.LINK
    assert "../../etc" in link.notes[0].message


def test_names_that_lead_out_and_odd_ones() -> None:
    names = [b"../x", b"/x", b"C:\\x", b"a\nb", b"y" * 10_000, b"\xff", "rtl\u202ex".encode()]
    data = RAR5_START + b"".join(rar5_file(each, each) for each in names) + RAR5_END
    found = members(data, "rar")
    assert [each.name_bytes for each in found if isinstance(each, Member)] == names
    assert [each.data for each in got(data, "rar")[0]] == [None, None, None, *names[3:]]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("tweaked", [True, False])
def test_passwords_of_rar_5(check: bool, tweaked: bool) -> None:
    text = b"for counsel only, and long enough for two blocks"
    locked = _locked5(text, "létmein", check=check, tweaked=tweaked)
    data = RAR5_START + rar5_file(b"open", b"free") + locked + RAR5_END
    free = Got("open", b"free")
    assert got(data, "rar", ("wrong", "létmein")) == ([free, Got("locked", text)], [])
    for passwords in ((), ("wrong", "x")):
        assert got(data, "rar", passwords) == ([free, Got("locked", None, (Code.ENCRYPTED,))], [])


def test_the_right_password_on_damaged_data_gives_what_can_be_read() -> None:
    text = b"for counsel only" * 4
    data = bytearray(RAR5_START + _locked5(text, "x", check=True, tweaked=False) + RAR5_END)
    data[-len(RAR5_END) - 3] ^= 1
    [member], codes = got(bytes(data), "rar", ("x",))
    assert codes == []
    assert member.codes == (Code.CORRUPT,)
    assert member.data is not None
    assert member.data[:48] == text[:48]


@pytest.mark.parametrize("password", ["letmein", "a password of more than 28 letters"])
def test_passwords_of_rar_3(password: str) -> None:
    text, salt = b"for counsel only", b"saltsalt"
    key, vector = rarfile.rar3_s2k(password, salt)
    file = rar3_file(b"a", text, 0x404, packed=_aes(key, vector, text), salt=salt)
    data = RAR3_START + file + RAR3_END
    assert got(data, "rar", ("wrong", password)) == ([Got("a", text)], [])
    assert got(data, "rar", ("wrong",)) == ([Got("a", None, (Code.ENCRYPTED,))], [])


def test_encrypted_headers_of_rar_3() -> None:
    key, vector = rarfile.rar3_s2k("letmein", b"saltsalt")
    start = b"Rar!\x1a\x07\x00" + rar3_block(0x73, 0x80, bytes(6))
    header = rar3_file(b"a", b"words")[: -len(b"words")]
    data = start + b"saltsalt" + _aes(key, vector, header) + b"words"
    data += b"saltsalt" + _aes(key, vector, RAR3_END)
    assert got(data, "rar", ("wrong", "letmein")) == ([Got("a", b"words")], [])
    assert got(data, "rar", ("wrong",)) == ([], [Code.ENCRYPTED])
    assert got(data, "rar") == ([], [Code.ENCRYPTED])


@pytest.mark.parametrize("check", [True, False])
def test_encrypted_headers_of_rar_5(check: bool) -> None:
    crypt = vint(0) + vint(1 if check else 0) + bytes([ROUNDS]) + SALT
    data = b"Rar!\x1a\x07\x01\x00" + rar5_block(4, crypt + (_check5("x") if check else b""))
    for block, body in (
        (rar5_block(1, vint(0)), b""),
        (rar5_file(b"a", b"words")[: -len(b"words")], b"words"),
        (RAR5_END, b""),
    ):
        data += VECTOR + _aes(_key5("x"), VECTOR, block) + body
    assert got(data, "rar", ("wrong", "x")) == ([Got("a", b"words")], [])
    assert got(data, "rar", ("wrong",)) == ([], [Code.ENCRYPTED])


def test_a_key_of_endless_rounds_is_not_computed() -> None:
    crypt = vint(0) + vint(0) + bytes([63]) + SALT
    data = b"Rar!\x1a\x07\x01\x00" + rar5_block(4, crypt) + bytes(64)
    assert got(data, "rar", ("x",)) == ([], [Code.UNSUPPORTED])
    record = vint(0) + vint(0) + bytes([63]) + SALT + VECTOR
    file = rar5_file(b"a", b"words", rar5_record(1, record), bytes(16))
    found, codes = got(RAR5_START + file + RAR5_END, "rar", ("x",))
    assert [each.codes for each in found] == [(Code.UNSUPPORTED,)]
    assert codes == []


@pytest.mark.parametrize(("data", "names"), [(TWO5, ["a", "d/b"]), (TWO3, ["a", "d\\b"])])
def test_past_a_damaged_header_the_next_is_found(data: bytes, names: list[str]) -> None:
    broken = bytearray(data)
    broken[data.index(b"first") - 3] ^= 0xFF
    found, codes = got(bytes(broken), "rar")
    assert codes == [Code.CORRUPT]
    assert found == [Got(names[1], b"second")]


@pytest.mark.parametrize("data", [TWO5, TWO3])
def test_a_wrong_checksum_spoils_one_member_and_keeps_its_bytes(data: bytes) -> None:
    broken = data.replace(b"first", b"worst")
    found, codes = got(broken, "rar")
    assert codes == []
    assert found[0] == Got("a", b"worst", (Code.CORRUPT,))
    assert found[1].codes == ()


@pytest.mark.parametrize("data", [TWO5, TWO3])
def test_cut_short_it_always_says_so(data: bytes) -> None:
    for cut in each_cut(data, 20):
        found, codes = got(cut, "rar")
        assert codes
        assert set(codes) <= {Code.TRUNCATED, Code.CORRUPT}
        assert all(each.data in (b"first", b"second") or each.codes for each in found)


def _volumes5(folder: Path) -> list[Path]:
    """One file over three volumes, another in the last."""

    def part(data: bytes, flags: int, whole: bytes) -> bytes:
        fields = vint(4) + vint(len(whole)) + vint(0o100644) + struct.pack("<I", zlib.crc32(whole))
        fields += vint(0) + vint(1) + vint(3) + b"big"
        header = vint(2) + vint(2 | flags) + vint(len(data)) + fields
        header = vint(len(header)) + header
        return struct.pack("<I", zlib.crc32(header)) + header + data

    whole = bytes(range(256)) * 3
    more, last = rar5_block(5, vint(1)), RAR5_END
    contents = [
        RAR5_START.replace(rar5_block(1, vint(0)), rar5_block(1, vint(1)))
        + part(whole[:256], 0x10, whole) + more,
        b"Rar!\x1a\x07\x01\x00" + rar5_block(1, vint(3) + vint(1))
        + part(whole[256:512], 0x18, whole) + more,
        b"Rar!\x1a\x07\x01\x00" + rar5_block(1, vint(3) + vint(2))
        + part(whole[512:], 0x08, whole) + rar5_file(b"small", b"words") + last,
    ]  # fmt: skip
    paths = [folder / f"blob-{number}" for number in range(3)]
    for path, data in zip(paths, contents, strict=True):
        path.write_bytes(data)
    return paths


def test_a_set_of_volumes_and_one_that_lacks_some(tmp_path: Path) -> None:
    paths = _volumes5(tmp_path)
    big, small = Got("big", bytes(range(256)) * 3), Got("small", b"words")
    assert got(paths, "rar") == ([big, small], [])
    part = Got("big", bytes(range(256)), (Code.VOLUME_MISSING,))
    tail = Got("big", None, (Code.VOLUME_MISSING,))
    assert got(paths[0], "rar") == ([part], [Code.VOLUME_MISSING])
    assert got(paths[2], "rar") == ([tail, small], [Code.VOLUME_MISSING])
    paths[1].unlink()
    assert got(paths, "rar") == ([part, tail, small], [Code.VOLUME_MISSING])


def test_limits_on_number_and_bytes() -> None:
    many = RAR5_START + b"".join(rar5_file(b"%d" % n, b"x") for n in range(5)) + RAR5_END
    found, codes = got(many, "rar", limits=Limits(members=3))
    assert [each.name for each in found] == ["0", "1", "2"]
    assert codes == [Code.TOO_MANY]
    large = RAR5_START + rar5_file(b"a", bytes(2 << 20)) + rar5_file(b"b", b"x") + RAR5_END
    found, codes = got(large, "rar", limits=Limits(unpacked_mb=1))
    assert [each.codes for each in found] == [(Code.BOMB,), (Code.BOMB,)]
    assert codes == [Code.BOMB]


def test_streams_of_files_are_said_to_be_there() -> None:
    stream = rar5_block(3, vint(0) + vint(5) + vint(0) + vint(0) + vint(0) + vint(3) + b"STM")
    data = RAR5_START + rar5_file(b"a", b"words") + stream + RAR5_END
    found = members(data, "rar")
    assert isinstance(found[0], Note)
    assert (found[0].severity, found[0].code) == ("warning", Code.PARTIAL)


def test_without_the_program_only_what_is_stored_comes_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unar, "probe", always(""))
    fields = vint(0) + vint(9) + vint(0) + vint(3 << 7) + vint(1) + vint(1) + b"b"
    packed = rar5_block(2, fields, data=b"second")
    first, last = members(RAR5_START + rar5_file(b"a", b"first") + packed + RAR5_END, "rar")
    assert isinstance(first, Member)
    assert first.notes == ()
    assert isinstance(last, Member)
    assert last.notes[0].code is Code.UNSUPPORTED
    assert "apt-get install unar" in last.notes[0].message


def test_behind_a_program_it_is_found() -> None:
    data = program_of(b"Rar!\x1a\x07\x00 is looked for by every such program") + TWO5
    assert identify(data[:HEAD], "a.exe", io.BytesIO(data)).type == "rar"
    assert got(data, "rar") == ([Got("a", b"first"), Got("d/b", b"second")], [])


def test_not_more_headers_are_read_than_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rar, rar_headers):
        monkeypatch.setattr(module, "MOST_FILES", 2)
    data = RAR5_START + b"".join(rar5_file(b"%d" % n, b"x") for n in range(5)) + RAR5_END
    found, codes = got(data, "rar")
    assert [each.name for each in found] == ["0", "1", "2"]
    assert codes == [Code.TOO_MANY]
