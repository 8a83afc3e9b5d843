"""What the tests of archives share: openings, what came out, and archives made by hand."""

import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest import containers, libarchive_c, sevenzip_tool, unar
from ingest.members import Budget, Member, Opening
from records.codes import Code
from records.limits import Limits
from records.notes import Note

needs_7z = pytest.mark.skipif(sevenzip_tool.probe() is None, reason="there is no 7-Zip")
needs_unar = pytest.mark.skipif(not unar.probe(), reason="there is no unar")
needs_libarchive = pytest.mark.skipif(not libarchive_c.version(), reason="there is no libarchive")
needs_genisoimage = pytest.mark.skipif(
    shutil.which("genisoimage") is None, reason="there is no genisoimage"
)


@dataclass(frozen=True)
class Got:
    """A member that came out: name, bytes (None where there were none), codes of its notes."""

    name: str
    data: bytes | None
    codes: tuple[Code, ...] = ()


def _of(member: Member) -> Got:
    data = member.stream.read() if member.stream else None
    return Got(member.name, data, tuple(note.code for note in member.notes))


@contextmanager
def opening(
    paths: Sequence[Path],
    kind: str,
    passwords: Sequence[str] = (),
    limits: Limits | None = None,
    name: str = "archive.bin",
) -> Iterator[Opening]:
    """An opening with a folder to work in, which is gone afterwards."""
    limits = limits or Limits()
    scratch = Path(tempfile.mkdtemp(prefix="redwell-test-"))
    size = sum(each.stat().st_size for each in paths if each.exists())
    try:
        yield Opening(
            paths[0],
            name.encode(),
            kind,
            limits,
            tuple(passwords),
            Budget(size, limits),
            scratch,
            tuple(paths) if len(paths) > 1 else (),
        )
    finally:
        shutil.rmtree(scratch)


def members(
    source: bytes | Path | Sequence[Path],
    kind: str,
    passwords: Sequence[str] = (),
    limits: Limits | None = None,
    name: str = "archive.bin",
) -> list[Member | Note]:
    """All that an archive gives, the streams closed."""
    with _paths(source) as paths, opening(paths, kind, passwords, limits, name) as opened:
        return list(containers.expand(opened))


def got(
    source: bytes | Path | Sequence[Path],
    kind: str,
    passwords: Sequence[str] = (),
    limits: Limits | None = None,
    name: str = "archive.bin",
) -> tuple[list[Got], list[Code]]:
    """The members of an archive, and the codes of the notes about itself."""
    found: list[Got] = []
    codes: list[Code] = []
    with _paths(source) as paths, opening(paths, kind, passwords, limits, name) as opened:
        for each in containers.expand(opened):
            if isinstance(each, Note):
                codes.append(each.code)
            else:
                found.append(_of(each))
    return found, codes


@contextmanager
def _paths(source: bytes | Path | Sequence[Path]) -> Iterator[Sequence[Path]]:
    if isinstance(source, bytes):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "blob"
            path.write_bytes(source)
            yield [path]
    else:
        yield [source] if isinstance(source, Path) else source


# The age of every file that 7-Zip packs here, in seconds since 1970: the same bytes each time.
AGE = 1_000_000_000


def run(folder: Path, *command: str, typed: bytes = b"") -> None:
    """Run an outside program that makes a sample."""
    done = subprocess.run(command, cwd=folder, input=typed, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def seven_zip(folder: Path, archive: str, files: dict[str, bytes], *options: str) -> Path:
    """An archive that 7-Zip makes of files of one age, added one by one in their order."""
    program = sevenzip_tool.probe()
    assert program is not None
    source = folder / "source"
    for name, data in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (AGE, AGE))
    run(source, program.command, "a", "-bd", "-y", *options, str(folder / archive), *files)
    shutil.rmtree(source)
    return folder / archive


def number(value: int) -> bytes:
    """A number of a 7z header, in nine bytes."""
    return b"\xff" + struct.pack("<Q", value)


def plain_7z(files: Sequence[tuple[bytes, bytes]], attributes: Sequence[int] = ()) -> bytes:
    """A 7z archive of stored files, one folder each; the names in UTF-16LE, as they shall stand."""
    count = len(files)
    header = b"\x01\x04\x06" + number(0) + number(count) + b"\x09"
    header += b"".join(number(len(data)) for _, data in files) + b"\0\x07\x0b" + number(count)
    header += b"\0" + (number(1) + b"\x01\x00") * count + b"\x0c"
    header += b"".join(number(len(data)) for _, data in files) + b"\x0a\x01"
    header += b"".join(struct.pack("<I", zlib.crc32(data)) for _, data in files) + b"\0\0"
    names = b"\0" + b"".join(name + b"\0\0" for name, _ in files)
    header += b"\x05" + number(count) + b"\x11" + number(len(names)) + names
    if attributes:
        flags = b"\x01\0" + b"".join(struct.pack("<I", each) for each in attributes)
        header += b"\x15" + number(len(flags)) + flags
    return signed_7z(b"".join(data for _, data in files), header + b"\0\0")


def signed_7z(packed: bytes, header: bytes) -> bytes:
    """A 7z archive of packed data and a header."""
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    signature = b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start
    return signature + packed + header


def vint(value: int) -> bytes:
    """A number of a RAR 5 header."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def rar5_block(kind: int, fields: bytes, extra: bytes = b"", data: bytes = b"") -> bytes:
    """A block of RAR 5 with its extra records and data."""
    flags = (1 if extra else 0) | (2 if data else 0)
    header = vint(kind) + vint(flags) + (vint(len(extra)) if extra else b"")
    header += (vint(len(data)) if data else b"") + fields + extra
    header = vint(len(header)) + header
    return struct.pack("<I", zlib.crc32(header)) + header + data


def rar5_file(
    name: bytes,
    data: bytes,
    extra: bytes = b"",
    packed: bytes | None = None,
    crc: int | None = None,
) -> bytes:
    """A stored file of RAR 5."""
    crc = zlib.crc32(data) if crc is None else crc
    fields = vint(4) + vint(len(data)) + vint(0o100644) + struct.pack("<I", crc)
    fields += vint(0) + vint(1) + vint(len(name)) + name
    return rar5_block(2, fields, extra, data if packed is None else packed)


def rar5_record(kind: int, data: bytes) -> bytes:
    """An extra record of RAR 5."""
    body = vint(kind) + data
    return vint(len(body)) + body


def rar5_link(kind: int, target: bytes) -> bytes:
    """The record of a link: 1 and 2 symbolic, 3 a junction, 4 hard, 5 a copy."""
    return rar5_record(5, vint(kind) + vint(0) + vint(len(target)) + target)


RAR5_START = b"Rar!\x1a\x07\x01\x00" + rar5_block(1, vint(0))
RAR5_END = rar5_block(5, vint(0))


def rar3_block(kind: int, flags: int, fields: bytes, data: bytes = b"") -> bytes:
    """A block of RAR 3 with its data."""
    header = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header + data


def rar3_file(
    name: bytes,
    data: bytes,
    flags: int = 0,
    mode: int = 0o100644,
    packed: bytes | None = None,
    salt: bytes = b"",
) -> bytes:
    """A stored file of RAR 3."""
    packed = data if packed is None else packed
    fields = struct.pack(
        "<IIBIIBBHI",
        len(packed), len(data), 3, zlib.crc32(data), 0x5821_6000, 29, 0x30, len(name), mode,
    )  # fmt: skip
    return rar3_block(0x74, 0x8000 | flags, fields + name + salt, packed)


RAR3_START = b"Rar!\x1a\x07\x00" + rar3_block(0x73, 0, bytes(6))
RAR3_END = rar3_block(0x7B, 0x4000, b"")


def cpio(*entries: tuple[bytes, int, int, int, bytes]) -> bytes:
    """A cpio archive (newc): name, mode, inode, links, content of each entry."""
    out = b""
    for name, mode, inode, links, data in (*entries, (b"TRAILER!!!", 0, 0, 1, b"")):
        numbers = (inode, mode, 0, 0, links, 981173106, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % each for each in numbers) + name + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


def ar(*entries: tuple[bytes, bytes]) -> bytes:
    """An ar archive: name and content of each entry."""
    out = b"!<arch>\n"
    for name, data in entries:
        out += b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name + b"/", 981173106, 0, 0, 0o644, len(data))
        out += data + b"\n" * (len(data) % 2)
    return out


def lha(*entries: tuple[bytes, bytes]) -> bytes:
    """An LHA archive of stored files with headers of level 0."""
    out = b""
    for name, data in entries:
        fields = b"-lh0-" + struct.pack("<II", len(data), len(data))
        fields += struct.pack("<I", 0x2A43_1183) + b"\x20\0" + bytes([len(name)]) + name
        fields += struct.pack("<H", _crc16(data))
        out += bytes([len(fields), sum(fields) & 0xFF]) + fields + data
    return out + b"\0"


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def cab(*entries: tuple[bytes, bytes]) -> bytes:
    """A cabinet ([MS-CAB]) of files that are stored in one folder of one block."""
    data = b"".join(each for _, each in entries)
    files, at = b"", 0
    for name, each in entries:
        files += struct.pack("<IIHHHH", len(each), at, 0, 0x2A43, 0x1183, 0x20) + name + b"\0"
        at += len(each)
    block = struct.pack("<HH", len(data), len(data)) + data
    checked = struct.pack("<I", _cab_sum(block[4:], _cab_sum(block[:4], 0))) + block
    head = 36 + 8
    total = head + len(files) + len(checked)
    header = b"MSCF" + struct.pack(
        "<IIIIIBBHHHHH", 0, total, 0, head, 0, 3, 1, 1, len(entries), 0, 1, 0
    )
    return header + struct.pack("<IHH", head + len(files), 1, 0) + files + checked


def _cab_sum(data: bytes, seed: int) -> int:
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        seed ^= struct.unpack_from("<I", data, at)[0]
    rest = data[whole:]
    return seed ^ int.from_bytes(rest, "big") if rest else seed


def compress(data: bytes) -> bytes:
    """What compress(1) makes of less than 256 bytes: every one a code of nine bits."""
    assert len(data) < 255
    bits = sum(byte << 9 * place for place, byte in enumerate(data))
    return b"\x1f\x9d\x90" + bits.to_bytes((9 * len(data) + 7) // 8, "little")


def program_of(body: bytes) -> bytes:
    """A program of Windows as short as can be: headers, one section."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 64)
    head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 0, 0x102)
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 0, 0, len(body), 512, 0, 0, 0, 0, 0)
    return (head + section).ljust(512, b"\0") + body


def each_cut(data: bytes, count: int) -> Iterator[bytes]:
    """The data cut short at so many places, evenly spread."""
    for place in range(1, count + 1):
        yield data[: max(1, len(data) * place // (count + 1))]


def always(value: object) -> Callable[[], object]:
    """A function that gives that value, for monkeypatching probes."""
    return lambda: value
