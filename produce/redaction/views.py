"""Every way in which a file may be read: what each of them says is a view of it.

- As text: UTF-8, UTF-16 and cp1252; markup without its tags, and with its entities and percent
  signs resolved; hexadecimal digits and base64 decoded.
- As bytes: runs of printable characters, as `strings` finds them, in one byte and in two; runs of
  UTF-8, and of ASCII and letters in cp1252.
- PDF: the text of its pages by two readers, all strings and names of all objects, every stream
  unpacked, those that no object refers to included, with the escapes of strings resolved.
- ZIP and so OOXML: the names and contents of all members. Pictures: their tags and comments.
"""

import base64
import binascii
import hashlib
import html
import io
import re
import urllib.parse
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pikepdf
import pypdf
import pypdfium2
from PIL import Image, UnidentifiedImageError
from pypdf.errors import PyPdfError

# Bytes by their kind, `a` what is printed, `0` the zero, `.` all else: patterns over kinds begin
# with letters, for which `re` looks twenty times as fast as for one of many.
_KINDS = bytes(
    ord("a" if byte in b"\t\r\n" or 0x20 <= byte < 0x7F else "." if byte else "0")
    for byte in range(256)
)
_RUN = re.compile(rb"aaaaa*")
_WIDE = (
    (re.compile(rb"a0a0a0a0(?:a0)*"), "utf-16-le"),
    (re.compile(rb"0a0a0a0a(?:0a)*"), "utf-16-be"),
)
# What is no UTF-8 (RFC 3629, section 4) was decoded to surrogates.
_UTF8 = re.compile("[\t\r\n\x20-\x7e\x80-\ud7ff\ue000-\U0010ffff]{6,}")
_CP1252 = re.compile(rb"[\t\r\n\x20-\x7e\x83\x8a\x8c\x8e\x9a\x9c\x9e\x9f\xaa\xb5\xba\xc0-\xff]{6,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}\s?){4,}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}\s?){4,}(?:[A-Za-z0-9+/]{2,3}={0,2})?")
_TAG = re.compile(r"<[^<>]*>")
_COMMENT = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_ATTRIBUTE = re.compile(r"[\w:.-]+\s*=\s*(\"[^\"]*\"|'[^']*')")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|[\r\n]|.)", re.DOTALL)
_LITERAL = re.compile(rb"\(((?:\\.|[^()\\])*)\)", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n")
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_NO_PICTURE = (
    *(UnidentifiedImageError, OSError, ValueError, SyntaxError),
    Image.DecompressionBombError,
)
_DEEPEST = 4
_NESTED = 16
_LARGEST = 256 << 20


@dataclass(frozen=True, slots=True)
class View:
    """A text, and where in the file it was read; not `sure` where bytes only look like one.

    `page` where it is all that a page of the PDF shows.
    """

    where: str
    text: str
    sure: bool
    page: bool = False


def views(data: bytes, where: str = "", depth: int = 0) -> Iterator[View]:
    """All views of a file."""
    if data.startswith(b"%PDF-") or b"%PDF-" in data[:1024]:
        yield from _pdf(data, where, depth)
    elif data.startswith(b"PK\x03\x04") and depth < _DEEPEST:
        yield from _zip(data, where, depth)
    elif (text := _decoded(data)) is not None:
        yield from _text(text, where or "text", depth)
        return
    else:
        yield from _picture(data, where)
    yield from _raw(data, f"{where} bytes".strip())


def _decoded(data: bytes) -> str | None:
    """A text file's text; None for what is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\x00" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        controls = sum(data.count(bytes([each])) for each in (*range(1, 9), *range(14, 32)))
        return data.decode("cp1252", "replace") if not controls else None


def _text(text: str, where: str, depth: int) -> Iterator[View]:
    if not text.lstrip().startswith("<"):
        yield View(where, text, True)
    if "<" in text:
        for between in ("", " "):  # a word may be cut by tags, and two may be parted by them alone
            bare = html.unescape(_TAG.sub(between, text))
            yield View(f"{where} without tags", bare, True)
        comments = " ".join(_COMMENT.findall(text))
        yield View(f"{where} comments", comments, True)
        attributes = " ".join(found.group(1) for found in _ATTRIBUTE.finditer(text))
        yield View(f"{where} attributes", html.unescape(attributes), True)
    if "&" in text:
        yield View(f"{where} entities", html.unescape(text), True)
    if "%" in text:
        yield View(f"{where} percent signs", urllib.parse.unquote(text), True)
    if depth < _DEEPEST:
        yield from _packed(text, where)


def _packed(text: str, where: str) -> Iterator[View]:
    for found in _HEX.finditer(text):
        data = bytes.fromhex("".join(found.group().split()))
        yield View(f"{where} hexadecimal", data.decode("cp1252", "replace"), False)
        yield View(f"{where} hexadecimal", data.decode("utf-16-be", "replace"), False)
        yield View(f"{where} hexadecimal", data.decode("utf-16-le", "replace"), False)
    for found in _BASE64.finditer(text):
        packed = "".join(found.group().split())
        try:
            data = base64.b64decode(packed + "=" * (-len(packed) % 4))
        except binascii.Error:
            continue
        yield View(f"{where} base64", data.decode("utf-8", "replace"), False)


def _raw(data: bytes, where: str) -> Iterator[View]:
    """Bytes as texts."""
    kinds = data.translate(_KINDS)
    runs = b"\n".join(_found(_RUN, kinds, data))
    yield View(where, runs.decode("ascii"), False)
    yield View(f"{where} escapes", unescaped(runs).decode("cp1252", "replace"), False)
    yield from (
        View(f"{where} hexadecimal", each.text, False)
        for each in _packed(runs.decode("ascii"), where)
        if each.where.endswith("hexadecimal")
    )
    for pattern, encoding in _WIDE:
        wide = [each.decode(encoding, "replace") for each in _found(pattern, kinds, data)]
        yield View(f"{where} {encoding}", "\n".join(wide), False)
    if len(data) <= 1 << 20:  # what is larger is a picture, unpacked elsewhere
        said = _UTF8.findall(data.decode("utf-8", "surrogateescape"))
        beyond = "\n".join(each for each in said if not each.isascii())
        yield View(f"{where} utf-8", beyond, False)
        western = b"\n".join(each for each in _CP1252.findall(data) if not each.isascii())
        yield View(f"{where} cp1252", western.decode("cp1252"), False)


def _found(pattern: re.Pattern[bytes], kinds: bytes, data: bytes) -> Iterator[bytes]:
    """What stands in `data` where a pattern is found in the kinds of its bytes."""
    return (data[found.start() : found.end()] for found in pattern.finditer(kinds))


def unescaped(data: bytes) -> bytes:
    """PDF strings with their escapes resolved (ISO 32000-1, 7.3.4.2)."""

    def resolved(found: re.Match[bytes]) -> bytes:
        said = found.group(1)
        if said[:1].isdigit() and said[:1] < b"8":
            return bytes([int(said, 8) & 255])
        if said in (b"\r\n", b"\r", b"\n"):
            return b""
        return _LETTERS.get(said, said)

    return _ESCAPE.sub(resolved, data)


def _zip(data: bytes, where: str, depth: int) -> Iterator[View]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield View(f"{where} comment".strip(), archive.comment.decode("utf-8", "replace"), True)
            for info in archive.infolist():
                inner = f"{where}!{info.filename}".lstrip("!")
                yield View(f"name of {inner}", info.filename, True)
                yield View(f"comment of {inner}", info.comment.decode("utf-8", "replace"), True)
                if info.file_size <= _LARGEST:
                    yield from views(archive.read(info), inner, depth + 1)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error):
        return


def _picture(data: bytes, where: str) -> Iterator[View]:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            told: list[tuple[object, object]] = [*image.info.items(), *image.getexif().items()]
            told += list(getattr(image, "tag_v2", {}).items())
    except _NO_PICTURE:
        return
    for name, value in told:
        shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        yield View(f"{where} tag {name}".strip(), shown, True)


def _pdf(data: bytes, where: str, depth: int) -> Iterator[View]:
    yield from _pdf_pages(data, where)
    seen: set[bytes] = set()
    yield from _pdf_objects(data, where, depth, seen)
    whole = memoryview(data)
    for found in _STREAM.finditer(data):
        try:
            plain = zlib.decompressobj().decompress(whole[found.end() :], _LARGEST)
        except zlib.error:
            continue
        if _is_new(plain, seen):
            yield from _stream(plain, f"{where} stream at {found.start()}".strip())


def _is_new(data: bytes, seen: set[bytes]) -> bool:
    """Whether bytes were not seen in this file; now they are."""
    digest = hashlib.sha256(data).digest()
    new = digest not in seen
    seen.add(digest)
    return new


def _pdf_pages(data: bytes, where: str) -> Iterator[View]:
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for number in range(len(document)):
                with closing(document[number]) as page, closing(page.get_textpage()) as text:
                    shown = text.get_text_range()
                    yield View(f"{where} page {number + 1}".strip(), shown, True, not where)
    except pypdfium2.PdfiumError:
        pass
    try:
        for number, page in enumerate(pypdf.PdfReader(io.BytesIO(data), strict=False).pages, 1):
            shown = page.extract_text()
            yield View(f"{where} page {number} by pypdf".strip(), shown, True, not where)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        pass


def _pdf_objects(data: bytes, where: str, depth: int, seen: set[bytes]) -> Iterator[View]:
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            for each in (*pdf.objects, pdf.trailer):
                strings: list[str] = []
                names: list[str] = []
                _gather(each, strings, names, 0)
                yield View(f"{where} strings".strip(), "\n".join(strings), True)
                yield View(f"{where} names".strip(), "\n".join(names), False)
                if isinstance(each, pikepdf.Stream):
                    yield from _pdf_stream(each, where, depth, seen)
    except (pikepdf.PdfError, pikepdf.PasswordError):
        return


def _pdf_stream(stream: pikepdf.Stream, where: str, depth: int, seen: set[bytes]) -> Iterator[View]:
    try:
        data = stream.read_bytes()
    except pikepdf.PdfError:
        data = stream.read_raw_bytes()
    if stream.get("/Type") == "/EmbeddedFile" and depth < _DEEPEST:
        yield from views(data, f"{where} embedded file".strip(), depth + 1)
    if _is_new(data, seen):
        yield from _stream(data, f"{where} stream {stream.objgen[0]}".strip())


def _stream(data: bytes, where: str) -> Iterator[View]:
    """An unpacked stream; the strings of a content stream are put together, too."""
    yield from _raw(data, where)
    if b"Tj" in data or b"TJ" in data:
        said = b"".join(unescaped(found) for found in _LITERAL.findall(data))
        yield View(f"{where} shown strings", said.decode("cp1252", "replace"), False)


def _gather(each: object, strings: list[str], names: list[str], depth: int) -> None:
    """All strings and names of an object, but for those of objects that it refers to."""
    if depth > _NESTED:
        return
    if isinstance(each, pikepdf.String):
        strings += [str(each), bytes(each).decode("cp1252", "replace")]
    elif isinstance(each, pikepdf.Name):
        names.append(str(each))
    elif isinstance(each, pikepdf.Array):
        _gather_all(each.as_list(), strings, names, depth)
    elif isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
        names += [str(name) for name, _ in each.items()]
        _gather_all((value for _, value in each.items()), strings, names, depth)


def _gather_all(values: Iterable[object], strings: list[str], names: list[str], depth: int) -> None:
    for each in values:
        if not getattr(each, "is_indirect", False):
            _gather(each, strings, names, depth + 1)
