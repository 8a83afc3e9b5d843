"""A PDF of our own that hides one word in as many places as we know; see docs/redaction.md.

Each place is added by a function of its own, so that each can be shown to hold the word by itself.
"""

import io
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image, ImageDraw, ImageFont

WORD = "Nightjar"
SIZE = (612, 792)


def _text(x: float, y: float, text: str, size: float = 12, before: str = "") -> str:
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET Q\n"


def _show(pdf: Pdf, content: str) -> None:
    page = pdf.pages[0]
    old = page.Contents.read_bytes()
    page.Contents = pdf.make_stream(old + content.encode("latin-1"))


def visible(pdf: Pdf) -> None:
    _show(pdf, _text(72, 700, f"The case of {WORD} against others"))


def letters_apart(pdf: Pdf) -> None:
    _show(pdf, _text(72, 680, " ".join(WORD)))


def hyphenated(pdf: Pdf) -> None:
    _show(pdf, _text(72, 660, f"and then there was the {WORD[:5]}-") + _text(72, 645, WORD[5:]))


def accented(pdf: Pdf) -> None:
    _show(pdf, _text(72, 625, WORD.replace("a", "\xe1")))


def octal(pdf: Pdf) -> None:
    _show(pdf, _text(72, 605, "".join(f"\\{ord(char):03o}" for char in WORD)))


def hexadecimal(pdf: Pdf) -> None:
    _show(pdf, f"BT /F1 12 Tf 72 585 Td <{WORD.encode().hex()}> Tj ET\n")


def in_pieces(pdf: Pdf) -> None:
    pieces = " 2 ".join(f"({char})" for char in WORD)
    _show(pdf, f"BT /F1 12 Tf 72 565 Td [{pieces}] TJ ET\n")


def invisible(pdf: Pdf) -> None:
    _show(pdf, _text(300, 700, WORD, before="3 Tr"))


def white(pdf: Pdf) -> None:
    _show(pdf, _text(300, 680, WORD, before="1 g"))


def under_black(pdf: Pdf) -> None:
    _show(pdf, _text(300, 660, WORD) + "0 g 295 655 80 16 re f\n")


def under_white(pdf: Pdf) -> None:
    _show(pdf, _text(300, 640, WORD) + "q 1 g 295 635 80 16 re f Q\n")


def under_picture(pdf: Pdf) -> None:
    picture = Stream(pdf, bytes([128]) * 64, _picture_keys(8, 8))
    pdf.pages[0].Resources.XObject.Cover = picture
    _show(pdf, _text(300, 620, WORD) + "q 80 0 0 16 295 615 cm /Cover Do Q\n")


def _picture_keys(width: int, height: int) -> dict[str, object]:
    return {
        "/Type": Name.XObject,
        "/Subtype": Name.Image,
        "/Width": width,
        "/Height": height,
        "/BitsPerComponent": 8,
        "/ColorSpace": Name.DeviceGray,
    }


def off_the_page(pdf: Pdf) -> None:
    _show(pdf, _text(900, 1200, WORD))


def cropped(pdf: Pdf) -> None:
    _show(pdf, _text(72, 5, WORD))


def tiny(pdf: Pdf) -> None:
    _show(pdf, _text(300, 600, WORD, size=0.3))


def clipped(pdf: Pdf) -> None:
    _show(pdf, _text(300, 580, WORD, before="0 0 1 1 re W n"))


def actual_text(pdf: Pdf) -> None:
    _show(pdf, f"/Span <</ActualText ({WORD})>> BDC {_text(300, 560, 'another')} EMC\n")


def property_list(pdf: Pdf) -> None:
    pdf.pages[0].Resources.Properties = Dictionary(P1=Dictionary(Secret=String(WORD)))
    _show(pdf, "/P /P1 BDC EMC\n")


def comment_in_content(pdf: Pdf) -> None:
    _show(pdf, f"% {WORD}\n")


def alternative_text(pdf: Pdf) -> None:
    pdf.Root.StructTreeRoot = pdf.make_indirect(
        Dictionary(Type=Name.StructTreeRoot, K=Dictionary(S=Name.Figure, Alt=String(WORD)))
    )


def note(pdf: Pdf) -> None:
    _annotate(pdf, Subtype=Name.Text, Contents=String(f"See {WORD}"), F=2)


def link(pdf: Pdf) -> None:
    _annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(f"http://h/{WORD}")))


def _annotate(pdf: Pdf, **keys: object) -> None:
    page = pdf.pages[0].obj
    if "/Annots" not in page:
        page.Annots = Array()
    made = Dictionary(Type=Name.Annot, Rect=[400, 400, 420, 420])
    for name, value in keys.items():
        made[f"/{name}"] = value
    page.Annots.append(pdf.make_indirect(made))


def form_field(pdf: Pdf) -> None:
    field = pdf.make_indirect(
        Dictionary(FT=Name.Tx, T=String(f"{WORD} field"), TU=String(WORD), V=String(WORD))
    )
    pdf.Root.AcroForm = Dictionary(Fields=[field])


def attachment(pdf: Pdf) -> None:
    _attach(pdf, "plain.txt", f"All about {WORD}".encode())


def attachment_name(pdf: Pdf) -> None:
    _attach(pdf, f"{WORD}.txt", b"x")


def _attach(pdf: Pdf, name: str, data: bytes) -> None:
    pdf.attachments[name] = pikepdf.AttachedFileSpec(
        pdf,
        data,
        filename=name,
        description="",
        mime_type="text/plain",
        creation_date="",
        mod_date="",
    )


def title(pdf: Pdf) -> None:
    pdf.docinfo["/Title"] = String(WORD)


def custom_property(pdf: Pdf) -> None:
    pdf.docinfo[f"/{WORD}"] = String("x")


def xmp(pdf: Pdf) -> None:
    packet = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><d>{WORD}</d></x:xmpmeta>"
    stream = Stream(pdf, packet.encode())
    stream.Type, stream.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = stream


def bookmark(pdf: Pdf) -> None:
    item = pdf.make_indirect(Dictionary(Title=String(WORD), Dest=[pdf.pages[0].obj, Name.Fit]))
    pdf.Root.Outlines = Dictionary(Type=Name.Outlines, First=item, Last=item, Count=1)


def destination(pdf: Pdf) -> None:
    pdf.Root.Dests = Dictionary({f"/{WORD}": Array([pdf.pages[0].obj, Name.Fit])})


def script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{WORD}')"))


def page_label(pdf: Pdf) -> None:
    pdf.Root.PageLabels = Dictionary(Nums=[0, Dictionary(P=String(WORD))])


def private_data(pdf: Pdf) -> None:
    pdf.pages[0].obj.PieceInfo = Dictionary(App=Dictionary(Private=String(WORD)))


def unused_form(pdf: Pdf) -> None:
    form = Stream(pdf, _text(0, 0, WORD).encode())
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, [0, 0, 99, 99]
    pdf.pages[0].Resources.XObject.Unused = form


def font_name(pdf: Pdf) -> None:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name(f"/{WORD}"))
    pdf.pages[0].Resources.Font.F2 = pdf.make_indirect(font)


def thumbnail(pdf: Pdf) -> None:
    picture = Stream(pdf, (f"{WORD} " * 8)[:64].encode(), _picture_keys(8, 8))
    pdf.pages[0].obj.Thumb = picture


def photograph(pdf: Pdf) -> None:
    """The comment of a picture that is shown."""
    data = io.BytesIO()
    Image.new("L", (16, 16), 200).save(data, "JPEG", comment=f"about {WORD}")
    keys = _picture_keys(16, 16) | {"/Filter": Name.DCTDecode}
    picture = Stream(pdf, data.getvalue(), keys)
    pdf.pages[0].Resources.XObject.Photo = picture
    _show(pdf, "q 20 0 0 20 500 500 cm /Photo Do Q\n")


def layer(pdf: Pdf) -> None:
    """A layer that is off; its name says the word, and so does what is on it."""
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(f"{WORD} layer")))
    pdf.Root.OCProperties = Dictionary(OCGs=[group], D=Dictionary(OFF=[group]))
    pdf.pages[0].Resources.Properties = Dictionary(L1=group)
    _show(pdf, f"/OC /L1 BDC {_text(300, 540, WORD)} EMC\n")


def seen_in_a_picture(pdf: Pdf) -> None:
    """The second page: the word is a picture, as on a page that was scanned."""
    image = Image.new("L", (1224, 1584), 255)
    pen = ImageDraw.Draw(image)
    pen.text((150, 200), f"A scan of {WORD} it is", fill=0, font=ImageFont.load_default(40))
    picture = Stream(pdf, image.tobytes(), _picture_keys(*image.size))
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, *SIZE],
        Resources=Dictionary(XObject=Dictionary(Scan=picture)),
        Contents=pdf.make_stream(b"612 0 0 792 0 0 cm /Scan Do"),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


Place = Callable[[Pdf], None]
ON_THE_PAGE: tuple[Place, ...] = (
    *(visible, letters_apart, hyphenated, accented, octal, hexadecimal, in_pieces, invisible),
    *(white, under_black, under_white, under_picture, off_the_page, cropped, tiny, clipped),
    *(actual_text, property_list, comment_in_content),
)
BESIDE: tuple[Place, ...] = (
    *(alternative_text, note, link, form_field, attachment, attachment_name, title),
    *(custom_property, xmp, bookmark, destination, script, page_label, private_data),
    *(unused_form, font_name, thumbnail, photograph),
)
PLACES = (*ON_THE_PAGE, *BESIDE)
IN_THE_FILE = ("an earlier revision", "behind the end")


def blank() -> Pdf:
    """One page with a font, and a visible box that leaves out its lowest 20 points."""
    pdf = pikepdf.new()
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )
    page = Dictionary(
        Type=Name.Page,
        MediaBox=[0, 0, *SIZE],
        CropBox=[0, 20, *SIZE],
        Resources=Dictionary(Font=Dictionary(F1=pdf.make_indirect(font)), XObject=Dictionary()),
        Contents=pdf.make_stream(_text(72, 500, "What is left is here").encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return pdf


def trap(*places: Place, whole: bool = True) -> bytes:
    """The file with the word in these places; `whole` ones hold it in earlier bytes, too."""
    pdf = blank()
    for place in places:
        place(pdf)
    data = io.BytesIO()
    pdf.save(
        data,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        fix_metadata_version=False,
    )
    made = data.getvalue()
    if not whole:
        return made
    old = f"99 0 obj\n({WORD} was here)\nendobj\n".encode()
    start = int(made.split(b"startxref")[1].split()[0])
    moved = made[:start] + old + made[start:]
    moved = moved.replace(f"startxref\n{start}".encode(), f"startxref\n{start + len(old)}".encode())
    return moved + f"% {WORD}\n".encode()
