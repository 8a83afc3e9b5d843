"""What a file is: by its content first, by its name only among kinds of plain text."""

import io
import re
import struct
import zipfile
import zlib
from typing import BinaryIO

import magic

from ingest import ole
from ingest.interface import FileType
from ingest.kinds import (
    BY_EXTENSION,
    BY_MAGIC,
    EXTENSIONS,
    KINDS,
    KNOWN_EXTENSIONS,
    TEXT_KINDS,
)
from ingest.mailheads import looks_like_mail, looks_like_mbox
from ingest.salvage import directory_size
from ingest.selfextract import archive_within
from ingest.signatures import archive_format
from ingest.text import looks_like_text
from ingest.zipview import ends_as_zip

HEAD = 65536
"""How much of a file `identify` wants to see."""

_MOST_DIRECTORY = 64 << 20
_MAIL = frozenset({"email", "mbox", "mhtml"})
_MAIL_NAMES = EXTENSIONS["email"] | EXTENSIONS["mhtml"] | {"msg"}
_MIMES = {mime: kind for kind, (mime, _) in KINDS.items()}
_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"!BDN", "pst"),
    (b"\x78\x9f\x3e\x22", "tnef"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\xff\xd8\xff", "jpg"),
)
_OPEN_XML = (
    (b"ms-word.document.macroEnabled", "docm"),
    (b"ms-word.template.macroEnabled", "docm"),
    (b"wordprocessingml.document.main", "docx"),
    (b"wordprocessingml.template.main", "docx"),
    (b"ms-excel.sheet.macroEnabled", "xlsm"),
    (b"ms-excel.template.macroEnabled", "xlsm"),
    (b"ms-excel.addin.macroEnabled", "xlsm"),
    (b"ms-excel.sheet.binary.macroEnabled", "xlsb"),
    (b"spreadsheetml.sheet.main", "xlsx"),
    (b"spreadsheetml.template.main", "xlsx"),
    (b"ms-powerpoint.presentation.macroEnabled", "pptm"),
    (b"ms-powerpoint.slideshow.macroEnabled", "pptm"),
    (b"ms-powerpoint.template.macroEnabled", "pptm"),
    (b"ms-powerpoint.addin.macroEnabled", "pptm"),
    (b"presentationml.presentation.main", "pptx"),
    (b"presentationml.slideshow.main", "pptx"),
    (b"presentationml.template.main", "pptx"),
    (b"ms-visio.", "vsdx"),
)
_OPEN_XML_FOLDERS = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"), ("visio/", "vsdx"))
_OPEN_DOCUMENT = (
    ("application/epub+zip", "epub"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument", "odf"),
    ("application/vnd.sun.xml.writer", "odt"),
    ("application/vnd.sun.xml.calc", "ods"),
    ("application/vnd.sun.xml.impress", "odp"),
)
_OLE_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("WORKBOOK", "xls"),
    ("BOOK", "xls"),
    ("PowerPoint Document", "ppt"),
    ("PP40", "ppt"),
    ("VisioDocument", "vsd"),
    ("Quill", "pub"),
    ("Props12", "mpp"),
    ("Props14", "mpp"),
    ("Props9", "mpp"),
)
_HTML = re.compile(
    rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*+-->\s*)*+(?:<!doctype\s+html|<html[\s>]|<head[\s>]"
    rb"|<body[\s>])",
    re.I | re.S,
)
_EMLX_COUNT = re.compile(rb"\A\d{1,10}[ \t]*\r?\n")  # Apple Mail's, before the message
_PICTURE = re.compile(rb"P[1-6]\s")  # Netpbm, which may be all digits
_CARD = re.compile(rb"\s*BEGIN:V(?:CALENDAR|CARD)\s", re.I)
_OLM_FOLDER = "com.microsoft.__"  # of messages, and of the attachments beside them
_SVG = re.compile(rb"<svg[\s>]", re.I)


# Types that may be an archive which shows only behind or at the end.
_MAY_HOLD = frozenset({"executable", "unknown"})

# Types that are no better known than this, so that no name can belie them.
_VAGUE = frozenset({"empty", "ole", "ooxml"})


def extension(name: str) -> str:
    """The extension of a name, in lower case without its dot; empty where there is none."""
    base = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, ext = base.rpartition(".")
    if not dot or not stem or not 1 <= len(ext) <= 10 or not ext.isalnum():
        return ""
    return ext.lower()


def disagrees(type: str, ext: str) -> bool:
    """Tell whether an extension that we know promises another kind than the content has."""
    if not ext or type in _VAGUE or ext not in KNOWN_EXTENSIONS or ext in EXTENSIONS[type]:
        return False
    if type in _MAIL and BY_EXTENSION[ext] in _MAIL:
        return False
    if type == "txt":  # much that has a name of its own is plain text
        return BY_EXTENSION[ext] not in TEXT_KINDS
    return not (type == "gz" and ext == "svgz")


def identify(head: bytes, name: str, stream: BinaryIO | None = None) -> FileType:
    """Tell what a file is from its first bytes (`HEAD` of them) and, for zip and OLE, `stream`.

    `stream` is the whole file, seekable, and is left anywhere. The name decides only among
    kinds of plain text, which content alone cannot tell apart.
    """
    kind, mime = _kind(head, extension(name), stream)
    if stream is not None and kind in _MAY_HOLD:
        packed = archive_within(stream) if kind == "executable" else None
        kind, mime = (packed[0], "") if packed else (kind, mime)
        if kind == "unknown" and ends_as_zip(stream):
            kind, mime = "zip", ""
    return FileType(mime or KINDS[kind][0], kind)


def _kind(head: bytes, ext: str, stream: BinaryIO | None) -> tuple[str, str]:
    """Short type and, where it is more than the type's own, the MIME type."""
    if not head:
        return "empty", ""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04", b"PK\x07\x08PK")):
        return _zip_kind(head, ext, stream), ""
    if head.startswith(ole.MAGIC):
        return _ole_kind(head, ext, stream), ""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind, ""
    if (archive := archive_format(head)) is not None:
        return "archive", archive.mime
    if b"%PDF-" in head[:1024]:
        return "pdf", ""
    if looks_like_mbox(head):
        return "mbox", ""
    if ext == "emlx":
        head = _EMLX_COUNT.sub(b"", head, count=1)
    if looks_like_mail(head, surely=ext not in _MAIL_NAMES):
        return ("mhtml" if ext in EXTENSIONS["mhtml"] else "email"), ""
    return _by_magic(head, ext)


def _by_magic(head: bytes, ext: str) -> tuple[str, str]:
    if _CARD.match(head) or (looks_like_text(head) and not _PICTURE.match(head)):
        return _text_kind(head, ext), ""
    mime = magic.from_buffer(head, mime=True)
    if mime in ("text/html", "image/svg+xml", "application/xml", "text/xml"):
        return _text_kind(head, ext), ""
    kind = BY_MAGIC.get(mime) or _MIMES.get(mime)
    if kind in TEXT_KINDS:
        kind = None  # a guess about bytes that are no text
    family = mime.partition("/")[0]
    if kind is None and family in {"image", "audio", "video"}:
        return family, mime
    if kind is None or kind in {"email", "mbox"}:
        return "unknown", "" if mime.startswith("text/") else mime
    return kind, mime if kind in {"archive", "executable", "audio", "unknown"} else ""


def _text_kind(head: bytes, ext: str) -> str:
    start = _narrow(head[:8192]).lstrip(b"\xef\xbb\xbf \t\r\n\0").lower()
    if start.startswith(b"begin:vcalendar"):
        return "ics"
    if start.startswith(b"begin:vcard"):
        return "vcf"
    if _HTML.match(start):
        return "html"
    if start.startswith((b"<?xml", b"<!doctype", b"<svg")) or ext == "svg":
        if _SVG.search(start):
            return "svg"
        if b"<html" in start:
            return "html"
        if start.startswith(b"<"):
            return "xml"
    wanted = BY_EXTENSION.get(ext)
    if wanted in {"csv", "ics", "vcf"} or (wanted in {"html", "xml"} and b"<" in start):
        return wanted
    return "txt"


def _narrow(data: bytes) -> bytes:
    """UTF-16 made readable for a look at its ASCII."""
    return data.replace(b"\0", b"") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data


def _ole_kind(head: bytes, ext: str, stream: BinaryIO | None) -> str:
    names = ole.top_names(stream or io.BytesIO(head))
    if "EncryptedPackage" in names:  # an Office file behind a password; only its name says which
        by_name = BY_EXTENSION.get(ext, "")
        return by_name if by_name in {each for _, each in _OPEN_XML} else "ole"
    for name, kind in _OLE_STREAMS:
        if name in names or f"{name}\0" in names:
            return kind
    return "msg" if any(each.startswith("__substg1.0_") for each in names) else "ole"


def _zip_kind(head: bytes, ext: str, stream: BinaryIO | None) -> str:
    """A document format that is a zip underneath, else "zip"."""
    names, main = _zip_look(stream) if stream is not None else (set(), b"")
    names = names or _local_names(head)
    if "mimetype" in names:
        kind = _open_document(head[30:200] + main)
        if kind:
            return kind
    if "[Content_Types].xml" in names or "_rels/.rels" in names:
        for marker, kind in _OPEN_XML:
            if marker in main:
                return kind
        for folder, kind in _OPEN_XML_FOLDERS:
            if any(each.startswith(folder) for each in names):
                return kind
        return "ooxml"
    if any(each.endswith((".iwa", "index.apxl", "index.xml.gz")) for each in names) or (
        "index.xml" in names and ext in EXTENSIONS["iwork"]
    ):
        return "iwork"
    return "olm" if any(_OLM_FOLDER in each for each in names) else "zip"


def _open_document(mimetype: bytes) -> str:
    declared = mimetype.decode("latin-1")
    for mime, kind in _OPEN_DOCUMENT:
        if mime in declared:
            return kind
    return ""


def _zip_look(stream: BinaryIO) -> tuple[set[str], bytes]:
    """The member names, and what the telling one says: content types, or the MIME type.

    Nothing where the directory is damaged.
    """
    try:
        stream.seek(0)
        if directory_size(stream) > _MOST_DIRECTORY:
            return set(), b""
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            telling = {"[Content_Types].xml", "mimetype"} & names
            if not telling:
                return names, b""
            with archive.open(min(telling)) as member:
                return names, member.read(1 << 20)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        EOFError,
        IndexError,
    ):
        return set(), b""


def _local_names(head: bytes) -> set[str]:
    """Names in the local headers that the head shows: of a stream, or of a damaged file."""
    names: set[str] = set()
    at = head.find(b"PK\x03\x04")
    while 0 <= at <= len(head) - 30:
        length = struct.unpack_from("<H", head, at + 26)[0]
        names.add(head[at + 30 : at + 30 + length].decode("utf-8", "replace"))
        at = head.find(b"PK\x03\x04", at + 30)
    return names
