"""Families read by the real child: every kind of document, limits, and readers that die."""

import gzip
import io
import os
import pickle
import random
import tarfile
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyzipper

from ingest.identity import mih
from process import worker
from process.interface import ExtractedItem
from records.codes import Code, Disposition, Role
from records.errors import DiskFullError
from records.fields import Address
from records.limits import Limits
from tests.process_samples import (
    Bench,
    codes,
    endless_tiff,
    holding_word,
    huge_png,
    locked_word,
    mail,
    page,
    pdf,
    picture,
    word,
    zipped,
)

LONG = "The parties agree that the closing shall take place on the first of June at noon. " * 5


@pytest.fixture(scope="module", autouse=True)
def _children() -> Iterator[None]:
    yield
    worker.close_children()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def shape(members: tuple[ExtractedItem, ...]) -> list[tuple[int | None, str, str, str]]:
    return [(each.parent, each.role, each.name, each.outcome) for each in members]


def test_plain_text_keeps_its_words_and_charset(bench: Bench) -> None:
    (item,) = bench.extract("Grüße aus Zürich\n".encode("utf-16"), "note.txt")
    assert bench.text(item) == "Grüße aus Zürich\n"
    assert (item.type, item.ext, item.outcome) == ("txt", "txt", Disposition.REVIEWABLE)
    assert (item.text.source, item.notes) == ("native", ())
    assert item.raw == {"charset": "utf-16-le", "charset_from": "bom"}
    assert pickle.loads(pickle.dumps(item)) == item


def test_undeclared_windows_text_says_that_its_charset_was_guessed(bench: Bench) -> None:
    (item,) = bench.extract("café “déjà”".encode("cp1252"), "note.txt")
    assert bench.text(item) == "café “déjà”"
    assert codes(item) == [("warning", Code.CHARSET_GUESSED, 1)]


def test_html_and_csv(bench: Bench) -> None:
    (html,) = bench.extract(b"<html><body><p>one<p>two<script>no</script>", "a.html")
    assert bench.text(html).split() == ["one", "two"]
    (table,) = bench.extract(b"name,sum\n=1+1,7\n", "a.csv")
    assert bench.text(table) == "name,sum\n=1+1,7\n"
    assert table.type == "csv"


def test_mail_with_all_kinds_of_parts(bench: Bench) -> None:
    inner = mail("The inner body.", ("list.csv", b"a,b\n1,2\n"), subject="Inner")
    outer = mail("The outer body.", ("nothing.dat", b""), ("pack.zip", zipped(("d/x.txt", b"x"))))
    outer.add_attachment(inner)
    members = bench.extract(outer.as_bytes(), "m.eml")
    assert shape(members) == [
        (None, Role.FILE, "m.eml", Disposition.REVIEWABLE),
        (0, Role.ATTACHMENT, "nothing.dat", Disposition.EMPTY),
        (0, Role.ATTACHMENT, "pack.zip", Disposition.CONTAINER),
        (2, Role.ATTACHMENT, "x.txt", Disposition.REVIEWABLE),
        (0, Role.ATTACHMENT, members[4].name, Disposition.REVIEWABLE),
        (4, Role.ATTACHMENT, "list.csv", Disposition.REVIEWABLE),
    ]
    root, nested = members[0], members[4]
    assert bench.text(root).strip() == "The outer body."
    assert bench.text(nested).strip() == "The inner body."
    assert root.fields.sender == (Address("Ann Ames", "ann@example.com"),)
    assert root.fields.sent_at == "2001-05-14T23:39:00Z"
    assert root.fields.sent_offset == -420
    assert root.mih == mih("<term-sheet-1@example.com>")
    assert root.dedup_hash is not None
    assert nested.dedup_hash is None
    assert nested.fields.subject == "Inner"
    assert members[3].raw["path"] == "d/x.txt"
    assert bench.data(members[3]) == b"x"
    assert not [note for each in members for note in each.notes]


def test_part_whose_name_lies_about_its_kind_says_so(bench: Bench) -> None:
    sent = mail("See attached.", ("table.xlsx", pdf("No table."))).as_bytes()
    _, part = bench.extract(sent, "m.eml")
    assert (part.type, part.ext) == ("pdf", "xlsx")
    assert codes(part) == [("warning", Code.TYPE_DISAGREES, 1)]


def test_same_mail_with_another_attachment_is_another_mail(bench: Bench) -> None:
    hashes = set()
    for data in (b"one", b"two", b"one"):
        sent = mail("Please see attached.", ("a.txt", data)).as_bytes()
        hashes.add(bench.extract(sent, "a.eml")[0].dedup_hash)
    assert len(hashes) == 2


def test_pdf_pages_attachment_and_metadata(bench: Bench) -> None:
    data = pdf(LONG[:80], "Second page", attached={"deal.txt": b"the deal"})
    members = bench.extract(data, "a.pdf")
    assert bench.text(members[0]).split("\f")[1].strip() == "Second page"
    assert LONG[:79] in bench.text(members[0])
    assert (members[0].pages, members[0].ocr_pages, members[0].notes) == (2, (), ())
    assert shape(members)[1] == (0, Role.EMBEDDED, "deal.txt", Disposition.REVIEWABLE)
    assert bench.text(members[1]) == "the deal"


def test_pdf_behind_a_password(bench: Bench) -> None:
    data = pdf("The secret price is 42.", password="opensesame")
    (closed,) = bench.extract(data, "a.pdf", passwords=("wrong",))
    assert (closed.outcome, codes(closed)) == (
        Disposition.EXCEPTION,
        [("exception", Code.ENCRYPTED, 1)],
    )
    assert closed.text.source == "none"
    (opened,) = bench.extract(data, "a.pdf", passwords=("wrong", "opensesame"))
    assert bench.text(opened).strip() == "The secret price is 42."


@pytest.mark.heavy
def test_pdf_cut_short_and_pdf_of_rubbish(bench: Bench) -> None:
    whole = pdf(*[LONG] * 3)
    (cut,) = bench.extract(whole[: len(whole) // 8], "cut.pdf")
    assert (cut.outcome, codes(cut)) == (
        Disposition.EXCEPTION,
        [("exception", Code.TRUNCATED, 1)],
    )
    (bad,) = bench.extract(b"%PDF-1.4\n" + b"rubbish " * 900 + b"\n%%EOF\n", "bad.pdf")
    assert (bad.outcome, codes(bad)) == (Disposition.EXCEPTION, [("exception", Code.CORRUPT, 1)])


def test_pictures_say_which_frames_want_ocr(bench: Bench) -> None:
    full, blank = page("Scanned words"), page()
    (tiff,) = bench.extract(picture(full, "TIFF", (blank, full)), "scan.tif")
    assert (tiff.pages, tiff.ocr_pages, tiff.text.source) == (3, (0, 2), "none")
    (dot,) = bench.extract(picture(full.resize((31, 400))), "dot.png")
    assert (dot.pages, dot.ocr_pages) == (1, ())
    (broken,) = bench.extract(picture(full)[:60], "broken.png")
    assert (broken.outcome, broken.ocr_pages) == (Disposition.EXCEPTION, ())


@pytest.mark.heavy
def test_word_document_and_its_picture(bench: Bench) -> None:
    data = word("A paragraph about the lease.", picture(page("Words in a picture")))
    members = bench.extract(data, "lease.docx")
    assert "A paragraph about the lease." in bench.text(members[0])
    assert (members[0].fields.author, members[0].fields.title) == ("Cora Case", "Draft")
    assert shape(members)[1:] == [(0, Role.INLINE, "image1.png", Disposition.REVIEWABLE)]
    assert members[1].ocr_pages == (0,)
    assert bench.data(members[1]) == picture(page("Words in a picture"))


@pytest.mark.heavy
def test_word_document_behind_a_password(bench: Bench) -> None:
    data = locked_word("The reserve price is nine.", "hunter2")
    sent = mail("See attached.", ("price.docx", data)).as_bytes()
    root, closed = bench.extract(sent, "m.eml", passwords=("wrong",))
    assert root.outcome is Disposition.REVIEWABLE
    assert (closed.outcome, codes(closed)) == (
        Disposition.EXCEPTION,
        [("exception", Code.ENCRYPTED, 1)],
    )
    _, opened = bench.extract(sent, "m.eml", passwords=("wrong", "hunter2"))
    assert "The reserve price is nine." in bench.text(opened)
    assert opened.digests == closed.digests


def test_zip_behind_a_password(bench: Bench) -> None:
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"letmein")
        archive.writestr("inside.txt", b"hidden words")
    sent = mail("See attached.", ("a.zip", out.getvalue())).as_bytes()
    root, closed, member = bench.extract(sent, "m.eml")
    assert root.outcome is Disposition.REVIEWABLE
    assert closed.outcome is member.outcome is Disposition.EXCEPTION
    assert ("exception", Code.ENCRYPTED, 1) in codes(closed)
    _, opened, member = bench.extract(sent, "m.eml", passwords=("letmein",))
    assert opened.outcome is Disposition.CONTAINER
    assert bench.text(member) == "hidden words"


def test_gzip_is_a_container_of_one(bench: Bench) -> None:
    members = bench.extract(gzip.compress(b"packed words"), "words.txt.gz")
    assert shape(members)[1] == (0, Role.ATTACHMENT, "words.txt", Disposition.REVIEWABLE)
    assert bench.text(members[1]) == "packed words"
    cut = bench.extract(gzip.compress(os.urandom(300_000))[:-2000], "words.gz")
    assert ("exception", Code.TRUNCATED, 1) in codes(cut[1])
    assert 290_000 < len(bench.data(cut[1])) < 300_000


def test_tar_gives_its_plain_files_only(bench: Bench) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("d/ok.txt", tarfile.REGTYPE),
            ("../escape.txt", tarfile.REGTYPE),
            ("link", tarfile.SYMTYPE),
            ("pipe", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type = kind
            member.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            member.size = 5 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"words"))
    root, *members = bench.extract(out.getvalue(), "a.tar")
    assert root.outcome is Disposition.CONTAINER
    assert [(each.name, each.outcome, each.notes and each.notes[0].code) for each in members] == [
        ("ok.txt", Disposition.REVIEWABLE, ()),
        ("escape.txt", Disposition.EXCEPTION, Code.UNSAFE_PATH),
        ("link", Disposition.EXCEPTION, Code.LINK),
        ("pipe", Disposition.EXCEPTION, Code.SPECIAL_FILE),
    ]
    cut = bench.extract(out.getvalue()[:700], "cut.tar")
    assert ("exception", Code.TRUNCATED, 1) in codes(cut[0]) + codes(cut[-1])


@pytest.mark.heavy
def test_limit_of_one_text_takes_nothing_from_what_is_embedded(bench: Bench) -> None:
    inner = [word("long words " * 80 + f"the-last-of-{name}") for name in ("one", "two")]
    members = bench.extract(holding_word("Holder.", *inner), "h.docx", Limits(characters=1000))
    assert len(members) == 3
    assert sorted(bench.text(each).split()[-1] for each in members[1:]) == [
        "the-last-of-one",
        "the-last-of-two",
    ]


def test_bombs_end_as_exceptions(bench: Bench) -> None:
    zeros = bytes(80 << 20)
    _, packed = bench.extract(gzip.compress(zeros), "bomb.gz")
    assert codes(packed) == [("exception", Code.BOMB, 1)]
    assert packed.outcome is Disposition.EXCEPTION
    members = bench.extract(zipped(("zeros.bin", zeros)), "bomb.zip", Limits(unpacked_mb=8))
    assert ("exception", Code.BOMB, 1) in codes(members[1])
    assert members[1].outcome is Disposition.EXCEPTION


@pytest.mark.heavy
def test_what_nobody_reads_is_on_record(bench: Bench) -> None:
    (noise,) = bench.extract(random.Random(7).randbytes(5000), "noise.bin")
    assert (noise.outcome, codes(noise)) == (
        Disposition.EXCEPTION,
        [("exception", Code.UNSUPPORTED, 1)],
    )
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    (voice,) = bench.extract(sound.getvalue(), "voicemail.wav")
    assert (voice.outcome, codes(voice)) == (
        Disposition.REVIEWABLE,
        [("warning", Code.NO_TEXT, 1)],
    )


def test_depth_limit_keeps_the_words_of_what_it_does_not_open(bench: Bench) -> None:
    message = mail("THE-INNERMOST", subject="level 5")
    for level in range(4, -1, -1):
        outer = mail(f"body {level}", subject=f"level {level}")
        outer.add_attachment(message)
        message = outer
    members = bench.extract(message.as_bytes(), "deep.eml", Limits(depth=3))
    assert [each.parent for each in members] == [None, 0, 1, 2, 3]
    assert [each.outcome for each in members[:4]] == [Disposition.REVIEWABLE] * 4
    assert codes(members[4]) == [("exception", Code.TOO_DEEP, 1)]
    assert "THE-INNERMOST" in bench.text(members[4])


def test_count_limit_is_said_and_keeps_what_came_before(bench: Bench) -> None:
    sent = mail("many", *[(f"{n}.txt", b"text") for n in range(9)]).as_bytes()
    members = bench.extract(sent, "m.eml", Limits(embedded=4))
    assert len(members) == 5
    assert codes(members[0]) == [("warning", Code.TOO_MANY, 1)]


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.pdf", "a.docx", "a.eml"])
def test_text_past_the_limit_is_cut_and_says_so(bench: Bench, name: str) -> None:
    words = "\n".join("word by word" for _ in range(400))
    data = {
        "a.txt": words.encode(),
        "a.html": f"<html><p>{words}".encode(),
        "a.pdf": pdf(*[words[:600]] * 8),
        "a.docx": word(words),
        "a.eml": mail(words).as_bytes(),
    }[name]
    (item,) = bench.extract(data, name, Limits(characters=1000))
    assert item.text.chars <= 1010
    assert codes(item) == [("warning", Code.TEXT_CUT, 1)]
    assert item.outcome is Disposition.REVIEWABLE


def test_attachment_that_kills_its_reader_is_left_out_alone(bench: Bench) -> None:
    sent = mail("The body stands.", ("killer.png", huge_png()), ("after.txt", b"after"))
    limits = Limits(memory_mb=256)
    root, killer, after = bench.extract(sent.as_bytes(), "m.eml", limits)
    assert bench.text(root).strip() == "The body stands."
    assert root.dedup_hash == bench.extract(sent.as_bytes(), "m.eml")[0].dedup_hash
    assert (killer.name, killer.outcome) == ("killer.png", Disposition.EXCEPTION)
    assert codes(killer) == [("exception", Code.MEMORY, 2)]
    assert "killer.png" in killer.notes[0].message
    assert bench.text(after) == "after"


@pytest.fixture
def bad_reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worker.close_children()
    monkeypatch.setattr(worker, "MODULE", "tests.process_bad_reader")
    yield
    worker.close_children()


@pytest.mark.usefixtures("bad_reader")
def test_a_family_may_take_long_where_no_document_of_it_does(bench: Bench) -> None:
    data = zipped(*[(f"{number}.txt", b"SLOW words") for number in range(12)])
    root, *members = bench.extract(data, "a.zip", Limits(seconds=1))
    assert root.outcome is Disposition.CONTAINER
    assert [bench.text(each) for each in members] == ["SLOW words"] * 12


@pytest.mark.usefixtures("bad_reader")
def test_many_that_kill_their_reader_take_nothing_from_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("fine", "DIE", "fine", "DIE", "fine", "DIE", "lost")
    data = zipped(*[(f"{number}.txt", name.encode()) for number, name in enumerate(names)])
    one_by_one = bench.extract(data, "a.zip")
    assert [bench.text(each) for each in one_by_one[1:]] == [
        "fine",
        "",
        "fine",
        "",
        "fine",
        "",
        "lost",
    ]
    monkeypatch.setattr(worker, "_MOST_AVOIDED", 2)
    members = bench.extract(data, "a.zip")
    assert [bench.text(each) for each in members[1:]] == ["fine", "", "fine", "", "fine", "", ""]
    assert [codes(each) for each in members[1:]] == [
        [],
        [("exception", Code.CRASH, 2)],
        [],
        [("exception", Code.CRASH, 2)],
        [],
        [("exception", Code.CRASH, 1)],
        [("exception", Code.CRASH, 1)],
    ]
    assert all(each.digests is not None for each in members)


@pytest.mark.usefixtures("bad_reader")
def test_a_holder_that_kills_its_reader_midway_keeps_what_came_before(bench: Bench) -> None:
    data = zipped(*[(f"{number}.txt", b"words") for number in range(4)])
    root, first, second = bench.extract(data, "fatal.zip")
    assert codes(root) == [("exception", Code.EMBEDDED_LOST, 1)]
    assert bench.text(first) == "words"
    assert second.digests is not None


@pytest.mark.usefixtures("bad_reader")
def test_a_full_disk_stops_the_run_and_blames_no_document(bench: Bench) -> None:
    data = zipped(("a.txt", b"words"), ("b.txt", b"FULL"))
    with pytest.raises(DiskFullError, match="/scratch"):
        bench.extract(data, "a.zip")
    assert bench.text(bench.extract(b"words", "c.txt")[0]) == "words"


def test_a_tar_with_a_damaged_header_says_so(bench: Bench) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("a.txt", "b.txt"):
            member = tarfile.TarInfo(name)
            member.size = 5
            archive.addfile(member, io.BytesIO(b"words"))
    data = bytearray(out.getvalue())
    whole = bench.extract(bytes(data), "a.tar")
    assert [codes(each) for each in whole] == [[], [], []]
    data[1024 + 10] ^= 0xFF
    root, first = bench.extract(bytes(data), "a.tar")
    assert codes(root) == [("exception", Code.CORRUPT, 1)]
    assert bench.text(first) == "words"
    root, first = bench.extract(bytes(data[:1024]), "a.tar")
    assert codes(root) == [("exception", Code.TRUNCATED, 1)]
    assert bench.text(first) == "words"


def test_document_that_takes_too_long_is_tried_twice(bench: Bench) -> None:
    (item,) = bench.extract(endless_tiff(), "endless.tif", Limits(seconds=1))
    assert (item.outcome, codes(item)) == (
        Disposition.EXCEPTION,
        [("exception", Code.TIMEOUT, 2)],
    )
    assert item.type == "tiff"
    (fine,) = bench.extract(b"the next document", "fine.txt", Limits(seconds=1))
    assert bench.text(fine) == "the next document"


def test_names_that_no_database_takes_are_made_safe(bench: Bench) -> None:
    members = bench.extract(
        zipped(("a\udcff.txt".encode("utf-8", "surrogateescape").decode("latin-1"), b"x")),
        "\ud800odd\0.zip",
    )
    for each in members:
        each.name.encode()
        assert "\0" not in each.name
