"""Passwords: what a list means, in which order and how long they are tried, what they open."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pikepdf
import pypdfium2 as pdfium
import pytest
import pyzipper

from ingest import passwords
from ingest.containers import expand
from ingest.members import Budget, Member, Opening
from ingest.passwords import Trial, forms, in_order, opened_by
from process import worker
from process.pdf import LockedPdfError, open_pdf
from process.unlock import is_tested, opening
from records.codes import Disposition
from records.limits import Limits
from records.options import read_passwords
from tests.process_samples import Bench, locked_word, pdf, word


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_right", [])


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


def test_a_list_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes("\ufeffone\r\ntwo \n\nthr\x0bee\n   \nZürich\rone\n".encode())
    assert read_passwords(file) == ("one", "two ", "thr\x0bee", "   ", "Zürich", "two")


def test_what_opened_something_is_tried_first() -> None:
    assert in_order(["a", "b", "c"]) == ("a", "b", "c")
    opened_by("c")
    opened_by("b")
    opened_by("elsewhere")
    assert in_order(["a", "b", "c"]) == ("b", "c", "a")
    assert list(Trial(["a", "c"], 9)) == ["c", "a"]


def test_a_trial_ends_with_its_time_and_says_so() -> None:
    trial = Trial([str(number) for number in range(1000)], -1.0)
    assert list(trial) == ["0"]
    assert trial.said.startswith("1 of 1,000 passwords")
    whole = Trial(["a", "b"], 9)
    assert list(whole) == ["a", "b"]
    assert whole.said == "none of 2 passwords opens it"
    assert "secret" not in repr(Trial(["secret"], 9))


def test_a_password_as_windows_and_dos_wrote_it() -> None:
    assert forms("plain") == (b"plain",)
    assert forms("Zürich") == ("Zürich".encode(), b"Z\xfcrich", b"Z\x81rich")


@pytest.mark.parametrize("code", ["utf-8", "cp1252", "cp437"])
def test_archives_with_passwords_in_other_code_pages(tmp_path: Path, code: str) -> None:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword("Zürich".encode(code))
        archive.writestr("a.txt", b"opened")
    path = tmp_path / "a.zip"
    path.write_bytes(out.getvalue())
    limits = Limits()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    budget = Budget(path.stat().st_size, limits)
    given = Opening(path, b"a.zip", "zip", limits, ("wrong", "Zürich"), budget, scratch)
    [data] = [
        each.stream.read() for each in expand(given) if isinstance(each, Member) and each.stream
    ]
    assert data == b"opened"
    assert in_order(["wrong", "Zürich"]) == ("Zürich", "wrong")


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_pdf_opens_by_letters_beyond_ascii(tmp_path: Path, revision: Literal[3, 4, 6]) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf("words"))) as document:
        lock = pikepdf.Encryption(
            user="Zürich", owner="other", R=revision, aes=revision >= 4, metadata=revision >= 4
        )
        document.save(out, encryption=lock)
    path = tmp_path / "a.pdf"
    path.write_bytes(out.getvalue())
    document = open_pdf(path, ("wrong", "Zürich"))
    assert len(document) == 1
    document.close()
    with pytest.raises(LockedPdfError, match="none of 2 passwords"):
        open_pdf(path, ("wrong", "Zurich"))
    with pytest.raises(LockedPdfError, match="no password was given"):
        open_pdf(path, ())


def test_an_owner_password_alone_keeps_nobody_out(tmp_path: Path) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf("words"))) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user=""))
    (item,) = Bench(tmp_path).extract(out.getvalue(), "a.pdf")
    assert item.outcome is Disposition.REVIEWABLE


def test_a_pdf_that_takes_too_long_says_how_many_were_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf("words", password="right"))
    tried = []
    plain = pdfium.PdfDocument

    def opens(where: Path, password: str | None = None) -> Any:
        tried.append(password)
        return plain(where, password=password)

    monkeypatch.setattr(pdfium, "PdfDocument", opens)
    with pytest.raises(LockedPdfError, match="1 of 3 passwords"):
        open_pdf(path, ("a", "b", "right"), seconds=-1.0)
    assert tried == [None, "a"]


def test_an_office_file_is_opened_by_its_own_test(tmp_path: Path) -> None:
    locked, plain = tmp_path / "a.docx", tmp_path / "plain"
    locked.write_bytes(locked_word("the clause", "right"))
    assert is_tested(locked)
    trial = Trial(["wrong", "right", "never tried"], 60.0)
    assert next(opening(locked, plain, trial)) == "right"
    assert trial.tried == 2
    assert plain.read_bytes()[:2] == b"PK"
    assert list(opening(locked, plain, Trial(["wrong"], 60.0))) == []
    (tmp_path / "b.docx").write_bytes(word("open"))
    assert not is_tested(tmp_path / "b.docx")


def test_a_long_list_opens_and_an_exception_says_how_long(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    data = locked_word("the clause", "right")
    (item,) = bench.extract(data, "a.docx", passwords=("a", "b", "right"))
    assert "the clause" in bench.text(item)
    (item,) = bench.extract(data, "a.docx", passwords=("a", "b"))
    assert item.notes[0].message.endswith("none of 2 passwords opens it")
