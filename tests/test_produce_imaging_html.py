"""Mail and HTML: nothing fetched, nothing hidden, nothing cut off; the same bytes each time."""

import base64
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from PIL import Image

from ingest.interface import MailPart, ParsedMail
from produce.imaging.errors import RenderError
from produce.imaging.html import Resource, html_pdf, svg_pdf
from produce.imaging.mail import mail_pdf, text_pdf
from produce.imaging.own_words import PLAIN
from records.codes import Role
from records.fields import Fields


def _text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return "\f".join(pages)


def _png(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (60, 60), colour).save(target, "PNG")
    return target.getvalue()


@contextmanager
def _listening() -> Iterator[tuple[int, list[bytes]]]:
    """A server that notes who calls."""
    calls: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(1)
                    calls.append(connection.recv(200))

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            done.set()
            thread.join()


HOSTILE = """<html><head><base href="{where}/"><link rel="stylesheet" href="{where}/a.css">
<link rel="attachment" href="{secret}"><link rel=icon href="{where}/i"><meta http-equiv=refresh
content="0;url={where}/r"><style>@import url({where}/b.css); @font-face {{ font-family: x;
src: url({where}/f.ttf) }} body {{ background: url({where}/bg.png); font-family: x }}
li {{ list-style-image: url({where}/li.png) }} p::before {{ content: url({where}/p.png) }}
</style></head><body background="{where}/body.png"><p>The words stay</p>
<img src="{where}/img.png"><img src="//127.0.0.1:{port}/x.png"><img srcset="{where}/s.png 2x">
<img src="{secret}"><img src="relative.png"><object data="{where}/o.svg"></object>
<embed src="{where}/e.svg"><iframe src="{where}/frame"></iframe>
<a href="{secret}" rel=attachment>x</a>
<svg><image href="{where}/svg.png"/><use href="{where}/u.svg#a"/></svg><input type=image
src="{where}/input.png"><video poster="{where}/v.png"></video>
<img src="data:image/svg+xml;base64,{nested}"><ul><li>item</ul></body></html>"""


def test_nothing_is_fetched_and_no_local_file_gets_in(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("THE-SECRET")
    with _listening() as (port, calls):
        where = f"http://127.0.0.1:{port}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{where}/n.png"/></svg>'
        html = HOSTILE.format(
            where=where,
            port=port,
            secret=secret.as_uri(),
            nested=base64.b64encode(svg.encode()).decode(),
        )
        _, refused = html_pdf(html, tmp_path / "a.pdf", {})
    assert calls == []
    assert len(refused) > 5
    assert "The words stay" in _text(tmp_path / "a.pdf")
    reader = pypdf.PdfReader(tmp_path / "a.pdf")
    assert not reader.attachments
    assert "THE-SECRET" not in _text(tmp_path / "a.pdf")
    reader.close()


def test_own_parts_and_data_are_shown(tmp_path: Path) -> None:
    inline = "data:image/png;base64," + base64.b64encode(_png("blue")).decode()
    html = f'<img src="cid:one%40x"><img src="{inline}"><img src="cid:other@x">'
    _, refused = html_pdf(html, tmp_path / "a.pdf", {"one@x": Resource("image/png", _png("red"))})
    assert refused == {"cid:other@x"}
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    colours = {colour for _, colour in document[0].render().to_pil().getcolors(1 << 24)}
    document.close()
    assert {(255, 0, 0), (0, 0, 255)} <= colours


@pytest.mark.parametrize("role", [Role.INLINE, Role.ATTACHMENT])
def test_an_attachment_is_never_shown_on_its_mails_page(role: Role, tmp_path: Path) -> None:
    part = MailPart("a.png", b"", role, "image/png", "a@x", _png("red"))
    html = '<img src="cid:a@x"><img src="cid:a%40x">'
    mail = ParsedMail(Fields(), "", html, (), (part,), ())
    _, odd = mail_pdf(mail, (("Attachments", "[withheld]"),), tmp_path / "a.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    colours = {colour for _, colour in document[0].render().to_pil().getcolors(1 << 24)}
    document.close()
    assert ((255, 0, 0) in colours) is (role is Role.INLINE)
    assert odd == (
        [] if role is Role.INLINE else ["2 remote, missing or damaged pictures not shown"]
    )


def test_tricks_that_hide_words_do_not(tmp_path: Path) -> None:
    html = """<style>@page { size: 10px 10px; margin: 0 } @media print { body { display: none } }
    body { visibility: hidden; height: 10px; overflow: hidden } .a { max-height: 1px;
    overflow: hidden } .b { position: absolute; left: -9999px } .c { opacity: 0 }
    .d { transform: scale(0) } .e { clip-path: inset(100%) }</style>
    <div class=a>alpha</div><div class=b>beta</div><div class=c>gamma</div><div class=d>delta</div>
    <div class=e>epsilon</div>"""
    pages, _ = html_pdf(html, tmp_path / "a.pdf", {})
    text = _text(tmp_path / "a.pdf")
    assert pages == 1
    assert all(word in text for word in ("alpha", "beta", "gamma", "delta", "epsilon"))
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    page = document[0]
    assert page.get_size() == (612, 792)
    words = page.get_textpage()
    for index in range(words.count_chars()):
        if words.get_text_range(index, 1).strip():
            left, bottom, right, top = words.get_charbox(index)
            assert left >= 0
            assert bottom >= 0
            assert right <= 612
            assert top <= 792
    document.close()


def test_a_wide_table_comes_whole_on_letter(tmp_path: Path) -> None:
    cells = "".join(f"<td>unbreakable_value_{number}</td>" for number in range(9))
    pages, _ = html_pdf(f"<table><tr>{cells}</tr></table>", tmp_path / "a.pdf", {})
    document = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    page = document[0]
    assert pages == 1
    assert page.get_size() == pytest.approx((792, 612))
    text = page.get_textpage()
    boxes = [text.get_charbox(index) for index in range(text.count_chars())]
    assert "unbreakable_value_8" in text.get_text_range()
    assert max(box[2] for box in boxes) < 792
    document.close()


def _mail(html: str | None = None, body: str = "") -> ParsedMail:
    parts = (
        MailPart("Договор.docx", b"", Role.ATTACHMENT, "application/octet-stream", "", b""),
        MailPart("logo.png", b"", Role.INLINE, "image/png", "logo@x", _png("red")),
    )
    return ParsedMail(Fields(), body, html, (), parts, ())


HEADER = (("From", "Иван Петров <ivan@example.com>"), ("Subject", "The <b>price</b> & more"))


@pytest.mark.parametrize("kind", ["html", "text"])
def test_a_mail_has_its_header_its_body_and_its_attachments_names(
    kind: str, tmp_path: Path
) -> None:
    body = "The price is 1234567890."
    mail = _mail(f"<p>{body}</p>") if kind == "html" else _mail(body=body)
    pages, odd = mail_pdf(mail, HEADER, tmp_path / "a.pdf")
    text = _text(tmp_path / "a.pdf")
    assert (pages, odd) == (1, [])
    for words in ("Иван Петров <ivan@example.com>", "The <b>price</b> & more", body):
        assert words in text
    assert "Договор.docx" in text
    assert "logo.png" not in text
    assert text.index("From") < text.index("Subject") < text.index("Attachments") < text.index(body)


@pytest.mark.parametrize(
    ("html", "body", "pages"),
    [
        ("<p>The price is <b>9</b>", "The *price* is 9", 1),
        ("<p><a href='https://x.example/a'>Here</a>", "Here <https://x.example/a>", 1),
        ("<p>Logo<img src='cid:logo@x'>", "Logo [cid:logo@x] mailto:a@x.example", 1),
        ("<p style='width:40px'>extraordinary", "extra\u00adordinary", 1),
        ("<p>السلام عليكم ورحمة الله <p>नमस्ते हिन्दी", "السلام عليكم ورحمة الله\nनमस्ते हिन्दी", 1),
        ("<p>The price is nine", "The price is nine, dear", 2),
        ("<p>السلام", "السلام عليكم", 2),
        ("", "Dear all", 1),
        (" ", "Dear all", 2),
    ],
)
def test_a_plain_text_that_says_more_stands_behind(
    html: str, body: str, pages: int, tmp_path: Path
) -> None:
    count, odd = mail_pdf(_mail(html, body), HEADER, tmp_path / "a.pdf")
    assert (count, odd) == (pages, [])
    assert (PLAIN in _text(tmp_path / "a.pdf")) is (pages == 2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.pdf"]


def test_an_appointment_shows_its_times_above_its_body(tmp_path: Path) -> None:
    entry = "Location: Room 5\nStart: 2017-02-28T18:30:00Z"
    html = "<style>@page s { size: a4 } div { page: s }</style><div>About the mine</div>"
    mail = replace(_mail(html, f"{entry}\n\nAbout the mine"), entry=entry)
    assert mail_pdf(mail, HEADER, tmp_path / "a.pdf") == (1, [])
    said = _text(tmp_path / "a.pdf")
    assert said.index("Subject") < said.index("Room 5") < said.index("18:30") < said.index("mine")


@pytest.mark.parametrize("body", ["Привет, 世界.\nSecond", "مرحبا بالعالم\nשלום עולם\nनमस्ते", ""])
def test_text_in_any_script_twice_the_same(body: str, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        pages, odd = text_pdf(body, HEADER, tmp_path / name)
        assert (pages, odd) == (1, [])
    if body.startswith("П"):
        assert "Привет, 世界." in _text(tmp_path / "a.pdf")


def test_an_emoji_font_does_not_space_out_digits(tmp_path: Path) -> None:
    for name, family in (
        ("a.pdf", "'Noto Color Emoji', 'Liberation Sans'"),
        ("b.pdf", "'Liberation Sans'"),
    ):
        html_pdf(f'<p style="font-family: {family}">1234567890</p>', tmp_path / name, {})
    boxes = []
    for name in ("a.pdf", "b.pdf"):
        document = pypdfium2.PdfDocument(tmp_path / name)
        text = document[0].get_textpage()
        boxes.append(text.get_charbox(9))
        document.close()
    assert boxes[0] == boxes[1]


def test_pictures_that_cannot_be_drawn_are_told(tmp_path: Path) -> None:
    damaged = base64.b64encode(_png("red")[:40]).decode()
    html = f'<p>words</p><img src="data:image/png;base64,{damaged}"><img src="cid:gone">'
    _, missing = html_pdf(html, tmp_path / "a.pdf", {})
    assert len(missing) == 2


def test_a_drawing_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    text = '<text y="30">drawnword</text>'
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">{text}</svg>'
    imports = whole.replace("<text", "<style>@import url(http://x.test/a.css);</style><text")
    for drawing in (whole, imports):
        svg_pdf(drawing.encode(), tmp_path / "a.pdf")
        assert "drawnword" in _text(tmp_path / "a.pdf")
    with pytest.raises(RenderError, match="damaged drawing"):
        svg_pdf(whole[:60].encode(), tmp_path / "a.pdf")
