"""The header of a 7z archive, read and, for one folder of it at a time, written anew.

Names and numbers are those of 7zFormat.txt in the LZMA SDK (public domain). A *folder* there is
no directory but one run of compressed data, with all the files that lie in it.
"""

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
START = 32
"""Bytes of the signature header; positions in the archive count from its end."""

MOST_HEADER = 256 << 20
AES = b"\x06\xf1\x07\x01"
_MOST_CODERS = 32
_END, _HEADER, _MAIN_STREAMS, _FILES, _PACK, _UNPACK, _SUB = 0, 1, 4, 5, 6, 7, 8
_SIZES, _CRCS, _FOLDERS, _CODER_SIZES, _COUNTS = 9, 10, 11, 12, 13
_EMPTY_STREAM, _EMPTY_FILE, _ANTI, _NAMES, _MTIME, _ATTRIBUTES = 14, 15, 16, 17, 20, 21
_ENCODED = 0x17


class DamagedError(Exception):
    """The header breaks the rules of the format."""


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of unpacking: its method and how many streams go in and come out.

    `method` is a number in as few bytes as it needs, none for a mere copy.
    """

    method: bytes
    ins: int
    outs: int
    properties: bytes | None


@dataclass(frozen=True, slots=True)
class Folder:
    """A run of compressed data: where it lies, how it is unpacked, what comes out of it.

    `packed` are positions and sizes of its streams; `streams` sizes and checksums (None where
    there is none) of the files in it.
    """

    coders: tuple[Coder, ...]
    binds: tuple[tuple[int, int], ...]
    inputs: tuple[int, ...]
    sizes: tuple[int, ...]
    packed: tuple[tuple[int, int], ...]
    crc: int | None
    streams: tuple[tuple[int, int | None], ...]

    @property
    def size(self) -> int:
        """Bytes that come out of the whole."""
        bound = {out for _, out in self.binds}
        return next(size for number, size in enumerate(self.sizes) if number not in bound)

    @property
    def methods(self) -> frozenset[bytes]:
        """The methods of its coders."""
        return frozenset(each.method for each in self.coders)

    @property
    def encrypted(self) -> bool:
        """Whether a password is needed."""
        return AES in self.methods


@dataclass(frozen=True, slots=True)
class File:
    """One entry; `folder` and `size` are None and 0 for what has no bytes.

    `modified` is in 100 ns since 1601; `attributes` those of Windows, with a Unix mode above
    0x8000 where bit 15 is set.
    """

    name: bytes
    is_folder: bool
    is_anti: bool
    modified: int | None
    attributes: int | None
    folder: int | None
    size: int
    crc: int | None


@dataclass(frozen=True, slots=True)
class Start:
    """The signature header: where the header lies, counted from behind it."""

    at: int
    size: int
    crc: int


class _Reader:
    """Numbers and bytes of a header, never past its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self.data) - self.at:
            raise DamagedError("it ends in the middle of a field")
        self.at += size
        return self.data[self.at - size : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """The number of leading ones in the first byte says how many bytes follow."""
        first, value, mask = self.byte(), 0, 0x80
        for place in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * place)
            value |= self.byte() << (8 * place)
            mask >>= 1
        return value

    def count(self) -> int:
        """A number of things, each of which takes a byte or more."""
        value = self.number()
        if value > len(self.data):
            raise DamagedError(f"it claims to describe {value} things")
        return value

    def bits(self, count: int) -> list[bool]:
        data = self.take((count + 7) // 8)
        return [bool(data[number >> 3] & 0x80 >> (number & 7)) for number in range(count)]

    def defined(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)

    def crcs(self, count: int) -> list[int | None]:
        defined = self.defined(count)
        return [struct.unpack("<I", self.take(4))[0] if each else None for each in defined]

    def expect(self, kind: int) -> None:
        if self.byte() != kind:
            raise DamagedError("a field is not where it should be")


def read_start(data: bytes) -> Start:
    """The signature header; raises `DamagedError`."""
    if len(data) < START or not data.startswith(SIGNATURE):
        raise DamagedError("it ends within its first 32 bytes")
    crc, at, size, header_crc = struct.unpack_from("<IQQI", data, 8)
    if zlib.crc32(data[12:START]) != crc:
        raise DamagedError("the checksum of its first 32 bytes is wrong")
    return Start(at, size, header_crc)


def encoded(header: bytes) -> Folder | None:
    """How the true header is packed, where this one only says so."""
    reader = _Reader(header)
    if not header or reader.byte() != _ENCODED:
        return None
    folders = _streams(reader)
    if not folders:
        raise DamagedError("its header is packed, and nothing says where")
    return folders[0]


def parse(header: bytes) -> tuple[list[Folder], Iterator[File]]:
    """Folders and files of an unpacked header, the files one by one; raises `DamagedError`."""
    reader = _Reader(header)
    reader.expect(_HEADER)
    folders: list[Folder] = []
    while (kind := reader.byte()) != _END:
        if kind == _MAIN_STREAMS:
            folders = _streams(reader)
        elif kind == _FILES:
            return folders, _files(reader, folders)
        else:
            raise DamagedError(f"it holds a field {kind} that is not known")
    return folders, iter(())


def _streams(reader: _Reader) -> list[Folder]:
    at, packed, folders = 0, list[int](), list[Folder]()
    while (kind := reader.byte()) != _END:
        if kind == _PACK:
            at, packed = _pack_info(reader)
        elif kind == _UNPACK:
            folders = _unpack_info(reader, at, packed)
        elif kind == _SUB:
            folders = _sub_streams(reader, folders)
        else:
            raise DamagedError(f"it holds a field {kind} among its streams")
    return folders


def _pack_info(reader: _Reader) -> tuple[int, list[int]]:
    at, count, sizes = reader.number(), reader.count(), list[int]()
    while (kind := reader.byte()) != _END:
        if kind == _SIZES:
            sizes = [reader.number() for _ in range(count)]
        elif kind == _CRCS:
            reader.crcs(count)
        else:
            raise DamagedError(f"it holds a field {kind} among its packed streams")
    return at, sizes


def _unpack_info(reader: _Reader, at: int, packed: list[int]) -> list[Folder]:
    reader.expect(_FOLDERS)
    count = reader.count()
    if reader.byte():
        raise DamagedError("its folders are described elsewhere")
    bare = [_folder(reader) for _ in range(count)]
    reader.expect(_CODER_SIZES)
    sizes = [
        tuple(reader.number() for _ in range(sum(each.outs for each in coders)))
        for coders, _, _ in bare
    ]
    crcs: list[int | None] = [None] * count
    while (kind := reader.byte()) != _END:
        if kind != _CRCS:
            raise DamagedError(f"it holds a field {kind} among its folders")
        crcs = reader.crcs(count)
    positions = list(zip(itertools.accumulate(packed, initial=at), packed, strict=False))
    folders, used = list[Folder](), 0
    for (coders, binds, inputs), out, crc in zip(bare, sizes, crcs, strict=True):
        mine = tuple(positions[used : used + len(inputs)])
        used += len(inputs)
        if len(mine) < len(inputs):
            raise DamagedError("a folder has no packed data")
        folder = Folder(coders, binds, inputs, out, mine, crc, ())
        folders.append(replace(folder, streams=((folder.size, crc),)))
    return folders


def _folder(
    reader: _Reader,
) -> tuple[tuple[Coder, ...], tuple[tuple[int, int], ...], tuple[int, ...]]:
    count = reader.number()
    if not 0 < count <= _MOST_CODERS:
        raise DamagedError(f"a folder is unpacked in {count} steps")
    coders = tuple(_coder(reader) for _ in range(count))
    ins, outs = sum(each.ins for each in coders), sum(each.outs for each in coders)
    if not 0 < outs <= ins + 1 or ins > _MOST_CODERS:
        raise DamagedError("the steps of a folder do not fit together")
    binds = tuple((reader.number(), reader.number()) for _ in range(outs - 1))
    bound_in, bound_out = {each for each, _ in binds}, {each for _, each in binds}
    left = ins - len(binds)
    if not bound_in <= set(range(ins)) or not bound_out < set(range(outs)) or left < 1:
        raise DamagedError("the steps of a folder do not fit together")
    if left == 1:
        inputs = tuple(number for number in range(ins) if number not in bound_in)
    else:
        inputs = tuple(reader.number() for _ in range(left))
    if len(inputs) != left or len(bound_in) != len(binds):
        raise DamagedError("the steps of a folder do not fit together")
    return coders, binds, inputs


def _coder(reader: _Reader) -> Coder:
    flags = reader.byte()
    if flags & 0xC0:
        raise DamagedError("a step of unpacking is written in an unknown way")
    method = reader.take(flags & 0x0F).lstrip(b"\0")
    ins, outs = (reader.number(), reader.number()) if flags & 0x10 else (1, 1)
    if not (0 < ins <= _MOST_CODERS and 0 < outs <= _MOST_CODERS):
        raise DamagedError("a step of unpacking has too many streams")
    return Coder(method, ins, outs, reader.take(reader.number()) if flags & 0x20 else None)


def _sub_streams(reader: _Reader, folders: list[Folder]) -> list[Folder]:
    kind = reader.byte()
    counts = [1] * len(folders)
    if kind == _COUNTS:
        counts = [reader.count() for _ in folders]
        kind = reader.byte()
    if sum(counts) > len(reader.data):
        raise DamagedError(f"it claims to hold {sum(counts)} files")
    sizes = [_sizes_of(reader, *each, kind == _SIZES) for each in zip(folders, counts, strict=True)]
    if kind == _SIZES:
        kind = reader.byte()
    known = [
        count == 1 and each.crc is not None for each, count in zip(folders, counts, strict=True)
    ]
    wanted = sum(count for count, each in zip(counts, known, strict=True) if not each)
    crcs: list[int | None] = [None] * wanted
    while kind != _END:
        if kind == _CRCS:
            crcs = reader.crcs(wanted)
        else:
            raise DamagedError(f"it holds a field {kind} among its files' sizes")
        kind = reader.byte()
    at, found = 0, list[Folder]()
    for folder, mine, is_known in zip(folders, sizes, known, strict=True):
        own = [folder.crc] if is_known else crcs[at : at + len(mine)]
        at += 0 if is_known else len(mine)
        found.append(replace(folder, streams=tuple(zip(mine, own, strict=True))))
    return found


def _sizes_of(reader: _Reader, folder: Folder, count: int, written: bool) -> list[int]:
    """Sizes of the files of a folder: all but the last are written."""
    if not count:
        return []
    if count > 1 and not written:
        raise DamagedError("the sizes of its files are missing")
    sizes = [reader.number() for _ in range(count - 1)]
    if sum(sizes) > folder.size:
        raise DamagedError("its files are larger than what holds them")
    return [*sizes, folder.size - sum(sizes)]


def _files(reader: _Reader, folders: Sequence[Folder]) -> Iterator[File]:
    count = reader.count()
    empty, empty_file, anti = [False] * count, list[bool](), list[bool]()
    names: Iterator[bytes] = itertools.repeat(b"")
    times: list[int | None] = [None] * count
    attributes: list[int | None] = [None] * count
    while (kind := reader.number()) != _END:
        field = _Reader(reader.take(reader.number()))
        if kind == _EMPTY_STREAM:
            empty = field.bits(count)
        elif kind == _EMPTY_FILE:
            empty_file = field.bits(sum(empty))
        elif kind == _ANTI:
            anti = field.bits(sum(empty))
        elif kind == _NAMES:
            names = _names(field)
        elif kind == _MTIME:
            times = _values(field, count, "<Q")
        elif kind == _ATTRIBUTES:
            attributes = _values(field, count, "<I")
    streams = ((number, *each) for number, folder in enumerate(folders) for each in folder.streams)
    kinds = zip(empty_file or [False] * count, anti or [False] * count, strict=False)
    for number in range(count):
        name = next(names, None)
        if name is None:
            raise DamagedError("names of its files are missing")
        is_file, is_anti = next(kinds, (False, False)) if empty[number] else (True, False)
        where = (None, 0, None) if empty[number] else next(streams, None)
        if where is None:
            raise DamagedError("it names more files than it holds")
        yield File(name, not is_file, is_anti, times[number], attributes[number], *where)


def _names(field: _Reader) -> Iterator[bytes]:
    """Names end with a zero, in UTF-16LE; given as UTF-8, which keeps lone surrogates."""
    if field.byte():
        raise DamagedError("its names are kept elsewhere")
    data, at = field.data, 1
    while at < len(data):
        end = data.find(b"\0\0", at)
        while end >= 0 and (end - at) % 2:
            end = data.find(b"\0\0", end + 1)
        if end < 0:
            raise DamagedError("a name of its files has no end")
        text = data[at:end].decode("utf-16-le", "surrogatepass")
        yield text.encode("utf-8", "surrogatepass")
        at = end + 2


def _values(field: _Reader, count: int, form: str) -> list[int | None]:
    defined = field.defined(count)
    if field.byte():
        raise DamagedError("a property of its files is kept elsewhere")
    size = struct.calcsize(form)
    return [struct.unpack(form, field.take(size))[0] if each else None for each in defined]


def archive_of(folders: Sequence[Folder], origin: int, size: int) -> tuple[bytes, bytes]:
    """Head and tail of an archive in which each of the folders is one file, named by a number.

    Between the two stands the whole archive of the folders as it is: `size` bytes, in which
    their positions count from `origin`. So nothing is copied, and no name of the archive reaches
    the program that unpacks. The folders stand in a row.
    """
    packed = [each for folder in folders for each in folder.packed]
    header = bytes([_HEADER, _MAIN_STREAMS, _PACK]) + _number(origin + packed[0][0])
    header += _number(len(packed)) + bytes([_SIZES])
    header += b"".join(_number(each) for _, each in packed) + bytes([_END])
    header += bytes([_UNPACK, _FOLDERS]) + _number(len(folders)) + b"\0"
    header += b"".join(_written(each) for each in folders) + bytes([_CODER_SIZES])
    header += b"".join(_number(size) for each in folders for size in each.sizes)
    header += bytes([_END, _END, _FILES]) + _number(len(folders))
    names = b"\0" + "".join(f"{number}\0" for number in range(len(folders))).encode("utf-16-le")
    header += bytes([_NAMES]) + _number(len(names)) + names + bytes([_END, _END])
    start = struct.pack("<QQI", size, len(header), zlib.crc32(header))
    return SIGNATURE + struct.pack("<BBI", 0, 4, zlib.crc32(start)) + start, header


def _written(folder: Folder) -> bytes:
    data = _number(len(folder.coders))
    for each in folder.coders:
        several = (each.ins, each.outs) != (1, 1)
        flags = len(each.method) | (0x10 if several else 0)
        data += bytes([flags | (0x20 if each.properties is not None else 0)]) + each.method
        if several:
            data += _number(each.ins) + _number(each.outs)
        if each.properties is not None:
            data += _number(len(each.properties)) + each.properties
    data += b"".join(_number(number) for bind in folder.binds for number in bind)
    if len(folder.inputs) > 1:
        data += b"".join(_number(each) for each in folder.inputs)
    return data


def _number(value: int) -> bytes:
    return b"\xff" + struct.pack("<Q", value)
