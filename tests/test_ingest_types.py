"""What a file is: content first, the name only among kinds of plain text."""

import bz2
import gzip
import io
import lzma
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.kinds import KINDS
from ingest.types import HEAD, disagrees, extension, identify

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
MAIL = b"Message-ID: <1@a.example>\r\nFrom: ann@a.example\r\nSubject: x\r\n\r\nbody"


def _zip(*names: str, **contents: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, contents.get(name.partition(".")[0].strip("[]"), "x"))
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def _type(data: bytes, name: str) -> str:
    return identify(data[:HEAD], name, io.BytesIO(data)).type


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "a.docx", "empty"),
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\n\njunk %PDF-1.7\n", "a", "pdf"),
        (b"{\\rtf1 x}", "a.doc", "rtf"),
        (_zip("a.txt"), "a.docx", "zip"),
        (_zip("[Content_Types].xml", "word/document.xml", Content_Types=WORD), "a.zip", "docx"),
        (_zip("[Content_Types].xml", "word/document.xml", Content_Types=MACRO), "a", "docm"),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), "a", "xlsx"),
        (_zip("x", "mimetype", mimetype="application/vnd.oasis.opendocument.text"), "a", "odt"),
        (_zip("mimetype", mimetype="application/epub+zip"), "a", "epub"),
        (gzip.compress(b"x", mtime=0), "a.txt", "gz"),
        (bz2.compress(b"x"), "a", "bz2"),
        (lzma.compress(b"x"), "a", "xz"),
        (_tar(), "a.bin", "tar"),
        (b"<!-- x -->\n<!DOCTYPE html><p>x", "a.txt", "html"),
        (b"\xef\xbb\xbf<html><body>x", "a", "html"),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", "a.xml", "svg"),
        (b"<?xml version='1.0'?><a/>", "a", "xml"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "a.txt", "ics"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "a", "vcf"),
        (b"P1\n# x\n2 2\n0 1\n1 0\n", "a.pbm", "image"),
        (b"a,b\n1,2\n", "a.csv", "csv"),
        (b"a,b\n1,2\n", "a.txt", "txt"),
        ("breit".encode("utf-16-le") * 9, "a.txt", "txt"),
        (b"#!/usr/bin/python\nimport os\n", "a.py", "txt"),
        (b"\x00\x01\x02\x03" * 50, "a.csv", "unknown"),
        (b"\x00\x01\x02\x03" * 50, "a.eml", "unknown"),
    ],
)
def test_content_tells(data: bytes, name: str, kind: str) -> None:
    assert _type(data, name) == kind


@pytest.mark.parametrize("name", ["1.", "123.", "a.eml", "a.txt", "noname"])
def test_a_raw_message_is_mail_whatever_its_name(name: str) -> None:
    assert _type(MAIL, name) == "email"
    assert _type(b"From a@b Mon Jan  1 00:00:00 2001\n" + MAIL, name) == "mbox"


@pytest.mark.parametrize(
    "text",
    [
        b"From: Ann Lee\nSent: Monday, May 14, 2001\nTo: Bob\nSubject: x\n\nbody",
        b"Subject: a memo\nTo: file\nFrom: Ann\n\nbody",
        b"From: Ann\nDate: May 14\nTo: Bob\nSubject: x\n\nbody",
        b"def f(x):\n    return x\n",
        b"Note: all files here are drafts\nDate: 1 May\n",
        b"http://example.com/\nreferences: none\n",
        b"From Monday on: closed\n",
    ],
)
def test_text_that_only_looks_like_mail_is_text(text: bytes) -> None:
    assert _type(text, "a.txt") == "txt"


def test_under_a_mail_name_one_field_is_enough() -> None:
    assert _type(b"Subject: a draft\n\nbody", "a.eml") == "email"
    assert _type(b"just words", "a.eml") == "txt"
    assert _type(b"1795      \n" + MAIL, "a.emlx") == "email"


@pytest.mark.parametrize(
    ("name", "ext"),
    [
        ("a.PDF", "pdf"), ("a.tar.gz", "gz"), ("123.", ""), (".profile", ""), ("none", ""),
        ("a.b c", ""), ("dir.x/plain", ""), ("a.averyverylongone", ""), ("C:\\x\\y.Doc", "doc"),
    ],
)  # fmt: skip
def test_extensions(name: str, ext: str) -> None:
    assert extension(name) == ext


@pytest.mark.parametrize(
    ("kind", "ext", "expected"),
    [
        ("pdf", "txt", True), ("pdf", "pdf", False), ("pdf", "", False), ("pdf", "xyz", False),
        ("txt", "py", False), ("txt", "html", False), ("txt", "docx", True),
        ("jpg", "jpeg", False), ("empty", "docx", False), ("mbox", "eml", False),
        ("unknown", "pdf", True), ("docx", "doc", True),
    ],
)  # fmt: skip
def test_names_that_promise_something_else(kind: str, ext: str, expected: bool) -> None:
    assert disagrees(kind, ext) is expected


@pytest.mark.parametrize("trap", [b"<!---->", b"<!--", b"<!-- x -->\n", b" ", b"From a Mon "])
def test_no_head_takes_long(trap: bytes) -> None:
    start = time.monotonic()
    identify((trap * HEAD)[:HEAD], "a.html")
    assert time.monotonic() - start < 2


@given(st.binary(max_size=300), st.sampled_from(["", "PK\x03\x04", "PK\x05\x06", "\xd0\xcf"]))
def test_no_bytes_break_it(data: bytes, start: str) -> None:
    found = identify(start.encode("latin-1") + data, "a.doc", io.BytesIO(data))
    assert found.type in KINDS


@given(st.binary(min_size=1, max_size=1500))
def test_no_ole_file_breaks_it(data: bytes) -> None:
    whole = bytes.fromhex("D0CF11E0A1B11AE1") + data
    assert identify(whole, "a.doc", io.BytesIO(whole)).type in KINDS


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize(
    ("pattern", "kind", "at_least"),
    [
        ("office/tika/*.docx", "docx", 20), ("office/tika/*.xls", "xls", 20),
        ("office/tika/*.doc", "doc", 20), ("office/tika/*.ppt", "ppt", 5),
        ("office/tika/*.pptx", "pptx", 5), ("office/tika/*.xlsx", "xlsx", 15),
        ("mail/msg/*.msg", "msg", 58), ("mail/pst/*.pst", "pst", 8), ("pdf/**/*.pdf", "pdf", 200),
        ("mail/tnef/*", "tnef", 12), ("archives/7z/*.7z", "7z", 30),
        ("office/encrypted/*password*.docx", "docx", 1),
    ],
)  # fmt: skip
def test_kinds_of_the_corpus(pattern: str, kind: str, at_least: int) -> None:
    found = 0
    for path in CORPUS.glob(pattern):
        with path.open("rb") as file:
            found += identify(file.read(HEAD), path.name, file).type == kind
    assert found >= at_least
