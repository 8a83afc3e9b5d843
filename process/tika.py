"""Apache Tika, in the child's own Java machine: text, metadata and embedded bytes in one pass.

Its Tesseract and outside-program parsers are left out (OCR is our own work), docx is read by the
SAX extractor (survives bombs), deleted and moved text and macros come along.
"""

import errno
import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jpype

from process.jvm import TIKA_VERSION, start_java
from records.codes import Code
from records.limits import Limits

TOOL = "tika"
VERSION = TIKA_VERSION
CONTENT = "X-TIKA:content"
_CONTAINER_EXCEPTION = "X-TIKA:EXCEPTION:container_exception"
_EMBEDDED_EXCEPTION = "X-TIKA:EXCEPTION:embedded_exception"
_STREAM_EXCEPTION = "X-TIKA:EXCEPTION:embedded_stream_exception"
_TOO_MANY = "X-TIKA:EXCEPTION:embedded_resource_limit_reached"
_CUT = "X-TIKA:EXCEPTION:write_limit_reached"

CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<properties>
  <service-loader initializableProblemHandler="ignore"/>
  <parsers>
    <parser class="org.apache.tika.parser.DefaultParser">
      <parser-exclude class="org.apache.tika.parser.ocr.TesseractOCRParser"/>
      <parser-exclude class="org.apache.tika.parser.external.CompositeExternalParser"/>
    </parser>
  </parsers>
</properties>
"""
"""Tika's configuration: without OCR and without parsers that run outside programs."""


@dataclass(slots=True)
class Node:
    """A document as Tika saw it: the root, or something embedded at any depth.

    `starved` marks what was embedded where the limit of characters, one for all, was reached:
    its text may be missing and must be read again.
    """

    id_path: str
    metadata: dict[str, Any]
    text: str
    data: Path | None
    children: list["Node"] = field(default_factory=list)
    starved: bool = False

    def get(self, *names: str) -> str:
        """The first value among these metadata names, or an empty string."""
        for name in names:
            value = self.metadata.get(name)
            if isinstance(value, list):
                value = value[0] if value else None
            if value:
                return str(value)
        return ""

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one metadata name."""
        value = self.metadata.get(name)
        if value is None:
            return ()
        return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)

    @property
    def resource(self) -> str:
        """Tika's kind of embedded resource: INLINE, ATTACHMENT, MACRO, THUMBNAIL, …."""
        return self.get("embeddedResourceType")

    @property
    def name(self) -> str:
        """The name it was embedded under, or an empty string."""
        return self.get("resourceName", "X-TIKA:origResourceName")

    @property
    def mime(self) -> str:
        """The type that Tika found, without parameters."""
        return self.get("Content-Type").split(";")[0].strip()

    @property
    def failure(self) -> tuple[Code, str] | None:
        """What went wrong inside this document, by the exception that Tika kept."""
        trace = self.get(_CONTAINER_EXCEPTION, _EMBEDDED_EXCEPTION)
        if not trace and _PROTECTED_IWORK in self.values("Content-Type"):
            return Code.ENCRYPTED, "The document is protected by a password"
        return understand(trace) if trace else None

    @property
    def lost(self) -> tuple[str, ...]:
        """Stack traces of what is embedded in it and could not be opened."""
        return self.values(_STREAM_EXCEPTION)

    @property
    def cut(self) -> bool:
        """Whether its text was cut at the limit of characters."""
        return self.get(_CUT) == "true"

    @property
    def too_many(self) -> bool:
        """Whether there was more embedded in it than the limit allows."""
        return self.get(_TOO_MANY) == "true"

    @property
    def understood(self) -> bool:
        """Whether a parser of its own, not the empty one, read it."""
        parsers = self.values("X-TIKA:Parsed-By")
        return any(not each.endswith(_NO_PARSERS) for each in parsers)


_NO_ROOM = os.strerror(errno.ENOSPC)
_PROTECTED_IWORK = "application/x-tika-iworks-protected"
_NO_PARSERS = ("EmptyParser", "DefaultParser", "RecursiveParserWrapper", "CompositeParser")
_KINDS = (
    ("EncryptedDocumentException", Code.ENCRYPTED, "is protected by a password"),
    ("Zip bomb detected", Code.BOMB, "unpacks or nests past all measure"),
    ("UnsupportedFormatException", Code.UNSUPPORTED, "is of a kind that Tika does not read"),
    ("Strict OOXML", Code.UNSUPPORTED, "is of a kind that Tika does not read"),
    ("TikaMemoryLimitException", Code.TOO_LARGE, "holds a part larger than its reader allows"),
    ("RecordFormatException: Tried to", Code.TOO_LARGE, "holds a part larger than allowed"),
    ("EntityLimit", Code.BOMB, "expands XML entities past all measure"),
    ("JAXP0001", Code.BOMB, "expands XML entities past all measure"),
    ("entity expansions", Code.BOMB, "expands XML entities past all measure"),
    ("EOFException", Code.TRUNCATED, "ends before its time"),
    ("Unexpected end of ZLIB", Code.TRUNCATED, "ends before its time"),
)


def understand(trace: str) -> tuple[Code, str]:
    """Our code for a Java stack trace, and a message with the error's own first words."""
    causes = [line.strip() for line in trace.splitlines() if not line.startswith("\tat")]
    first = causes[0][:200] if causes else ""
    last = causes[-1].removeprefix("Caused by: ")[:200] if causes else ""
    said = first if first == last or last.startswith("...") else f"{first} / {last}"
    for mark, code, what in _KINDS:
        if mark in "\n".join(causes):
            return code, f"The document {what} ({said})"
    return Code.CORRUPT, f"The document cannot be read to its end ({said})"


def parse(
    path: Path, name: str, folder: Path, limits: Limits, password: str | None = None
) -> tuple[Node, tuple[int, ...]]:
    """Read a file by Tika; embedded bytes go to `folder`.

    Returns the root with its tree, and the ids of embedded bytes that the limits cut off.
    Never raises for what is in the document: see `Node.failure`.
    """
    start_java()
    taker = _Taker(folder, limits.unpacked_mb << 20)
    context = _context(taker, password)
    handler_type = jpype.JClass("org.apache.tika.sax.BasicContentHandlerFactory$HANDLER_TYPE").TEXT
    factory = jpype.JClass("org.apache.tika.sax.BasicContentHandlerFactory")(
        handler_type, limits.characters, False, context
    )
    handler = jpype.JClass("org.apache.tika.sax.RecursiveParserWrapperHandler")(
        factory, limits.embedded
    )
    metadata = jpype.JClass("org.apache.tika.metadata.Metadata")()
    metadata.set("resourceName", name)
    trace = _run(path, handler, metadata, context)
    return _tree(_as_json(handler, metadata), folder, trace), tuple(taker.cut)


def prepare() -> None:
    """Have Java and the parser stand before the first document comes; may take some seconds.

    Raises `ToolMissingError`.
    """
    start_java()
    _parser()


def _run(path: Path, handler: Any, metadata: Any, context: Any) -> str:
    """Run the parser; the stack trace of what it threw, or an empty string."""
    file = jpype.JClass("java.nio.file.Paths").get(str(path))
    stream = jpype.JClass("org.apache.tika.io.TikaInputStream").get(file, metadata)
    try:
        _parser().parse(stream, handler, metadata, context)
    except jpype.JException as error:
        # the item border to Java: whatever a parser throws is put on the document's record
        trace = str(error.stacktrace())
        if _NO_ROOM in trace:  # Java has no number for it
            raise OSError(errno.ENOSPC, _NO_ROOM) from None
        return trace
    finally:
        stream.close()
        # POI keeps the last password with the thread and would open the next document by it
        key = jpype.JClass("org.apache.poi.hssf.record.crypto.Biff8EncryptionKey")
        key.setCurrentUserPassword(None)
    return ""


def _as_json(handler: Any, metadata: Any) -> list[dict[str, Any]]:
    found = handler.getMetadataList()
    if found.isEmpty():
        found = jpype.JClass("java.util.ArrayList")()
        found.add(metadata)
    writer = jpype.JClass("java.io.StringWriter")()
    jpype.JClass("org.apache.tika.serialization.JsonMetadataList").toJson(found, writer)
    read: list[dict[str, Any]] = json.loads(str(writer.toString()))
    return read


def _tree(found: list[dict[str, Any]], folder: Path, trace: str) -> Node:
    """Join the flat list to a tree by Tika's id paths, in document order."""
    root = _node(found[0], folder)
    if trace and not root.metadata.get(_CONTAINER_EXCEPTION):
        root.metadata[_CONTAINER_EXCEPTION] = trace
    nodes = {"": root}
    others = [_node(each, folder) for each in found[1:]]
    starved = any(node.cut for node in (root, *others))
    for node in others:
        node.starved = starved
        nodes[node.id_path] = node
    for node in sorted(others, key=lambda each: [int(n) for n in each.id_path.split("/")[1:]]):
        nodes.get(node.id_path.rpartition("/")[0], root).children.append(node)
    return root


def _node(metadata: dict[str, Any], folder: Path) -> Node:
    text = metadata.pop(CONTENT, "")
    number = metadata.get("X-TIKA:embedded_id")
    data = folder / str(number) if number is not None else None
    if data is not None and not data.is_file():
        data = None
    content = text if isinstance(text, str) else "\n".join(text)
    return Node(str(metadata.get("X-TIKA:embedded_id_path", "")), metadata, content.strip(), data)


class _Taker:
    """Takes embedded bytes as files named by Tika's embedded id, up to a limit in all."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.left = limit
        self.cut: list[int] = []

    def take(self, number: int, stream: Any) -> None:
        """Copy one embedded document; a cut one is removed and its number kept."""
        self.folder.mkdir(exist_ok=True)
        target = self.folder / str(number)
        bounded = jpype.JClass("org.apache.commons.io.input.BoundedInputStream").builder()
        bounded = bounded.setInputStream(stream).setMaxCount(self.left + 1)
        bounded = bounded.setPropagateClose(False).get()
        files = jpype.JClass("java.nio.file.Files")
        replace = jpype.JClass("java.nio.file.StandardCopyOption").REPLACE_EXISTING
        size = int(files.copy(bounded, jpype.java.io.File(str(target)).toPath(), replace))
        if size > self.left:
            target.unlink()
            self.cut.append(number)
        else:
            self.left -= size


@cache
def _handler_class() -> Any:
    """Tika's interface for embedded bytes, implemented here; made once Java runs."""

    @jpype.JImplements("org.apache.tika.extractor.EmbeddedDocumentBytesHandler")
    class BytesHandler:
        """Hands embedded bytes to a `_Taker`."""

        def __init__(self, taker: _Taker) -> None:
            self.taker = taker
            self.ids = jpype.JClass("java.util.ArrayList")()

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def add(self, number: int, metadata: Any, stream: Any) -> None:
            """Take one embedded document's bytes."""
            self.taker.take(int(number), stream)
            self.ids.add(jpype.JInt(number))

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def getIds(self) -> Any:  # noqa: N802 - Java's name
            """What was taken."""
            return self.ids

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def close(self) -> None:
            """Nothing is held open."""

    return BytesHandler


@cache
def _password_class() -> Any:
    @jpype.JImplements("org.apache.tika.parser.PasswordProvider")
    class Password:
        """Answers every question for a password with the same one."""

        def __init__(self, password: str) -> None:
            self.password = password

        @jpype.JOverride  # type: ignore[untyped-decorator]
        def getPassword(self, metadata: Any) -> str:  # noqa: N802 - Java's name
            """The password."""
            return self.password

    return Password


@cache
def _parser() -> Any:
    """The recursive parser on our configuration; costs a second, so made once."""
    zone = jpype.JClass("java.util.TimeZone")
    zone.setDefault(zone.getTimeZone("UTC"))  # else dates without a zone depend on this machine
    source = jpype.JClass("java.io.ByteArrayInputStream")(CONFIG.encode())
    config = jpype.JClass("org.apache.tika.config.TikaConfig")(source)
    parser = jpype.JClass("org.apache.tika.parser.AutoDetectParser")(config)
    factory = jpype.JClass("org.apache.tika.extractor.RUnpackExtractorFactory")()
    factory.setWriteFileNameToContent(False)
    factory.setMaxEmbeddedBytesForExtraction(jpype.JLong(1 << 50))  # `_Taker` holds the limit
    parser.getAutoDetectParserConfig().setEmbeddedDocumentExtractorFactory(factory)
    return jpype.JClass("org.apache.tika.parser.RecursiveParserWrapper")(parser)


def _context(taker: _Taker, password: str | None) -> Any:
    context = jpype.JClass("org.apache.tika.parser.ParseContext")()
    wanted = jpype.JClass("org.apache.tika.pipes.extractor.EmbeddedDocumentBytesConfig")(True)
    context.set(wanted.getClass(), wanted)
    interface = jpype.JClass("org.apache.tika.extractor.EmbeddedDocumentBytesHandler")
    context.set(interface, jpype.JObject(_handler_class()(taker), interface))
    office = _office_config()
    context.set(office.getClass(), office)
    pdf = _pdf_config()
    context.set(pdf.getClass(), pdf)
    if password is not None:
        asker = jpype.JClass("org.apache.tika.parser.PasswordProvider")
        context.set(asker, jpype.JObject(_password_class()(password), asker))
    return context


def _office_config() -> Any:
    config = jpype.JClass("org.apache.tika.parser.microsoft.OfficeParserConfig")()
    config.setUseSAXDocxExtractor(True)
    config.setUseSAXPptxExtractor(False)  # it loses a twentieth of the words
    config.setIncludeDeletedContent(True)
    config.setIncludeMoveFromContent(True)
    config.setExtractMacros(True)
    config.setWriteSelectHeadersInBody(False)  # they are fields of their own
    return config


def _pdf_config() -> Any:
    config = jpype.JClass("org.apache.tika.parser.pdf.PDFParserConfig")()
    config.setOcrStrategy("NO_OCR")
    config.setExtractInlineImages(False)
    config.setExtractActions(True)
    return config
