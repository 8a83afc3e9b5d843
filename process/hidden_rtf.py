"""Hidden content of rich text: comments, changes, hidden text, objects. See RTF 1.9.1.

The words are those of the group or run itself, in the charset that the document declares at its
head; Tika's text has them too, and knows the charset of each font.
"""

import re
from dataclasses import dataclass, replace

from ingest.codepages import codec_of
from process.hidden import Findings, whose

_MOST_TOKENS = 3_000_000
_MOST_GROUPS = 10_000
_TELLING = re.compile(
    rb"\\(?:annotation|deleted|revised|v|objdata|objlink|objautlink|objemb|atnauthor|fldinst)\b"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)",
    re.S,
)
_CODEPAGE = re.compile(rb"\\ansicpg(\d{1,5})")
_LINK = re.compile(
    r"\b(?:(?<!PER)LINK\s+\S+|INCLUDEPICTURE|INCLUDETEXT|DDE(?:AUTO)?\s+\S+)\s+"
    r"(?:\"([^\"]{1,2000})\"|(\S{1,2000}))"
)
_SIGNS = {b"\\": b"\\", b"{": b"{", b"}": b"}", b"~": b" "}
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict themedata datastore latentstyles listtable "
    b"listoverridetable rsidtbl xmlnstbl objdata objclass filetbl blipuid fontemb".split()
)


@dataclass(slots=True)
class _Group:
    """What holds within one pair of braces."""

    hidden: bool = False
    deleted: bool = False
    inserted: bool = False
    silent: bool = False
    into: bytes = b""
    skip: int = 1


def look_rich_text(data: bytes, findings: Findings) -> None:
    """Find what is hidden in rich text."""
    if _TELLING.search(data) is None:
        return
    found = _CODEPAGE.search(data[:4096])
    charset = codec_of(int(found.group(1))) if found else None
    _Reader(findings, charset or "cp1252").read(data)


class _Reader:
    """Follows groups and the few control words that matter here."""

    def __init__(self, findings: Findings, charset: str) -> None:
        self._findings = findings
        self._charset = charset
        self._groups = [_Group()]
        self._author = ""
        self._unicode_left = 0
        self._words: dict[str, list[str]] = {}

    def read(self, data: bytes) -> None:
        """Walk all of it."""
        for number, token in enumerate(_TOKEN.finditer(data)):
            if number >= _MOST_TOKENS:
                self._findings.fault("there is too much of it")
                break
            word, value, code, sign, brace, plain = token.groups()
            if brace == b"{":
                if len(self._groups) < _MOST_GROUPS:
                    self._groups.append(replace(self._groups[-1]))
            elif brace == b"}":
                self._close()
            elif word is not None:
                self._control(word, int(value) if value else None)
            elif code is not None:
                self._put(bytes([int(code, 16)]))
            elif plain is not None or sign in _SIGNS:
                self._put(plain or _SIGNS[sign])
        for kind in list(self._words):
            self._flush(kind)

    def _control(self, word: bytes, value: int | None) -> None:
        group = self._groups[-1]
        match word:
            case b"v":
                group.hidden = value != 0
            case b"deleted":
                group.deleted = value != 0
            case b"revised":
                group.inserted = value != 0
            case b"plain":
                group.hidden = False
            case b"annotation" | b"atnauthor" | b"fldinst":
                group.into = word
                if word == b"annotation":
                    self._findings.flag("comments")
            case b"objemb" | b"objdata":
                self._findings.flag("embedded-objects")
                group.silent = word == b"objdata" or group.silent
            case b"objlink" | b"objautlink":
                self._findings.flag("linked-objects")
            case b"uc":
                group.skip = min(max(value or 0, 0), 10)
            case b"u" if value is not None:
                self._say(chr(value & 0xFFFF))
                self._unicode_left = group.skip
            case b"par" | b"line" | b"tab" | b"cell":
                self._say("\n" if word == b"par" else " ")
            case _ if word in _SILENT:
                group.silent = True

    def _put(self, data: bytes) -> None:
        if self._unicode_left:  # the fallback of a Unicode letter
            size = min(self._unicode_left, len(data))
            self._unicode_left -= size
            data = data[size:]
        if data:
            self._say(data.decode(self._charset, "replace"))

    def _say(self, text: str) -> None:
        group = self._groups[-1]
        if group.silent:
            return
        if group.into:
            self._words.setdefault(group.into.decode(), []).append(text)
            return
        for kind, on in (
            ("hidden-text", group.hidden),
            ("Deleted", group.deleted),
            ("Inserted", group.inserted),
        ):
            if on and text.strip() and kind != "hidden-text":
                self._findings.flag("tracked-changes")
            if on:
                self._words.setdefault(kind, []).append(text)
            elif kind in self._words:
                self._flush(kind)

    def _close(self) -> None:
        if len(self._groups) < 2:
            return
        closed = self._groups.pop()
        if closed.into and self._groups[-1].into != closed.into:
            self._flush(closed.into.decode())

    def _flush(self, kind: str) -> None:
        words = "".join(self._words.pop(kind, ())).encode("utf-16", "surrogatepass")
        text = words.decode("utf-16", "replace").strip()
        if kind == "atnauthor":
            self._author = text
        elif kind == "annotation":
            self._findings.say("comments", whose(self._author, ""), text)
        elif kind == "fldinst":
            for found in _LINK.finditer(text[:100_000]):
                self._findings.link((found.group(1) or found.group(2)).replace("\\\\", "\\"))
        elif kind == "hidden-text":
            self._findings.say(kind, "", text)
        else:
            self._findings.say("tracked-changes", kind, text)
