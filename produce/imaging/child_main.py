"""The imaging child: where hostile documents meet pikepdf, pdfium, Pillow, WeasyPrint, LibreOffice.

Run as `python -m produce.imaging.child_main` by `ingest.child.Child`. Each request names what to
`do` and paths; each answer has the pages, or a code and a reason.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from produce.imaging.errors import RenderError
from records.codes import Code

if TYPE_CHECKING:
    from ingest.interface import ParsedMail
    from produce.imaging.burn import Mark
    from produce.imaging.saved_xls import SavedSheet
    from produce.interface import OfficeRule

Answer = dict[str, Any]
Request = dict[str, Any]
# fontTools stamps the time into fonts; one and the same gives the same bytes for the same input.
os.environ["SOURCE_DATE_EPOCH"] = "315532800"


def isolate() -> None:
    """Move into a network namespace without any network, where the system permits."""
    user, group = os.getuid(), os.getgid()
    try:
        os.unshare(os.CLONE_NEWNET)
    except (AttributeError, OSError):
        try:
            os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        except (AttributeError, OSError):
            return


def mail(request: Request) -> Answer:
    """Lay out a message; without `rich`, its text alone."""
    from produce.imaging.mail import mail_pdf, text_pdf, with_attachments

    parsed = _parsed(Path(request["source"]), request["type"])
    target = Path(request["target"])
    if request["rich"]:
        pages, odd = mail_pdf(parsed, request["header"], target)
    else:
        pages, odd = text_pdf(parsed.body, with_attachments(request["header"], parsed), target)
    return {"pages": pages, "odd": odd}


def _parsed(source: Path, kind: str) -> "ParsedMail":
    """A mail, or an item of Outlook, taken apart."""
    from ingest.mail import parse_message
    from ingest.msgfile import read_msg
    from ingest.outlook import opened_tnef, parse_item

    if kind == "msg":
        return parse_item(read_msg(source))
    data = source.read_bytes()
    return opened_tnef(data) if kind == "tnef" else parse_message(data)


def text(request: Request) -> Answer:
    """Print text: our own UTF-8, or a file as it came."""
    from ingest.text import decode_text
    from produce.imaging.mail import text_pdf

    body = decode_text(Path(request["source"]).read_bytes(), request.get("charset"))[0]
    pages, odd = text_pdf(body, request["header"], Path(request["target"]))
    return {"pages": pages, "odd": odd}


def html(request: Request) -> Answer:
    """Lay out a page of HTML, or an SVG drawing."""
    from ingest.text import decode_text
    from produce.imaging.html import html_pdf, not_shown, svg_pdf
    from produce.imaging.raster import is_blank

    data, target = Path(request["source"]).read_bytes(), Path(request["target"])
    if request["svg"]:
        pages, missing = svg_pdf(data, target)
    else:
        pages, missing = html_pdf(decode_text(data, None)[0], target, {})
    return {"pages": pages, "odd": not_shown(missing), "blank": is_blank(target)}


def mhtml(request: Request) -> Answer:
    """Lay out a saved web page."""
    from produce.imaging.mhtml import mhtml_pdf
    from produce.imaging.raster import is_blank

    target = Path(request["target"])
    pages, odd = mhtml_pdf(Path(request["source"]), target)
    return {"pages": pages, "odd": odd, "blank": is_blank(target)}


def pdf(request: Request) -> Answer:
    """Clean a PDF; the words of its notes go on sheets behind its pages."""
    from produce.imaging.pdfs import clean_pdf
    from produce.imaging.unseen import append_sheets, sheets_of

    source, target = Path(request["source"]), Path(request["target"])
    cleaned = clean_pdf(source, target, request["passwords"])
    sheets = sheets_of(cleaned.notes, _rule(request), frozenset())
    pages, odd = append_sheets(target, sheets)
    if cleaned.raster:
        odd.append("pages made pictures: layers or annotations need it")
    return {"pages": pages, "odd": odd, "unseen": sheets.odd, "by_rule": sheets.by_rule}


def entries(request: Request) -> Answer:
    """Print a calendar or cards."""
    from produce.imaging.entries import entries_pdf

    pages, odd = entries_pdf(Path(request["source"]), Path(request["target"]))
    return {"pages": pages, "odd": odd}


def image(request: Request) -> Answer:
    """Put pictures on pages."""
    from produce.imaging.images import image_pdf

    return {"pages": image_pdf(Path(request["source"]), Path(request["target"])), "odd": []}


def office(request: Request) -> Answer:
    """Convert office documents; an answer for each of them."""
    from produce.imaging.office import Manner, OfficeFile, convert

    files = [
        OfficeFile(Path(each["source"]), each["type"], Path(each["target"]))
        for each in request["files"]
    ]
    manner = Manner(
        _rule(request), request["sheet_pages"], request["passwords"], request["seconds"]
    )
    results = convert(files, Path(request["folder"]), manner)
    return {
        "answers": [
            _refusal(each) if isinstance(each, RenderError) else asdict(each) for each in results
        ]
    }


def _rule(request: Request) -> "OfficeRule":
    from produce.interface import OfficeRule

    return OfficeRule(**request["rule"])


def slip(request: Request) -> Answer:
    """Make a slip sheet."""
    from produce.imaging.slip import slip_pdf

    slip_pdf(request["lines"], Path(request["target"]))
    return {"pages": 1, "odd": []}


def repeat(request: Request) -> Answer:
    """Repeat a page of our own."""
    from produce.imaging.text import repeat as write

    pages = write(Path(request["source"]), Path(request["target"]), request["count"])
    return {"pages": pages, "odd": []}


def join(request: Request) -> Answer:
    """Put PDFs of our own behind each other."""
    from produce.imaging.text import joined

    pages = joined([Path(each) for each in request["parts"]], Path(request["target"]))
    return {"pages": pages, "odd": []}


def stamp(request: Request) -> Answer:
    """Stamp all pages of a PDF."""
    from produce.imaging.endorse import Style
    from produce.imaging.stamp import stamp_pdf

    numbers = request["numbers"]
    style = Style(request["zones"], request["placement"], request["page_size"])
    source, target = Path(request["source"]), Path(request["target"])
    refused = stamp_pdf(source, target, numbers, request["legend"], style)
    shown = ", ".join(numbers[each] for each in refused[:20])
    more = f" and {len(refused) - 20} more" if len(refused) > 20 else ""
    odd = [f"endorsed in the margin: the page is blank nowhere: {shown}{more}"] if refused else []
    return {"pages": len(numbers), "odd": odd}


def page(request: Request) -> Answer:
    """Paint one page of a stamped PDF, as TIFF or as JPG by the colour rule."""
    from produce.imaging.tiff import page_image

    written = page_image(
        Path(request["source"]),
        request["number"],
        request["dpi"],
        Path(request["target"]),
        request["colour"],
        request["colour_dpi"],
    )
    return {"pages": 1, "odd": [], **asdict(written)}


def characters(request: Request) -> Answer:
    """Write the characters of each page of our own PDF, and where they are seen, as JSON."""
    from produce.imaging.characters import characters as find

    pages = find(Path(request["source"]), request["languages"], Path(request["folder"]))
    Path(request["target"]).write_text(json.dumps([each.to_json() for each in pages]))
    return {"pages": len(pages), "odd": []}


def burn(request: Request) -> Answer:
    """Burn redactions into our own PDF; the text of the pages goes into a file of its own."""
    from produce.imaging.burn import burn as burn_in

    texts, again = burn_in(
        Path(request["source"]),
        Path(request["target"]),
        _marks(request["marks"]),
        request["languages"],
    )
    Path(request["text"]).write_text("\f".join(texts), encoding="utf-8")
    return {"pages": len(texts), "odd": [], "read_again": again}


def picture(request: Request) -> Answer:
    """Write a page with its redactions as PNG."""
    from produce.imaging.burn import picture_png

    marks = _marks({"1": request["marks"]})[1]
    source, number = Path(request["source"]), request["number"]
    data = picture_png(source, number, marks, request["dpi"], request["burned"])
    Path(request["target"]).write_bytes(data)
    return {"pages": 1, "odd": []}


def values(request: Request) -> Answer:
    """The values of a range of a spreadsheet."""
    from produce.imaging.cells import values_in

    source, kind, original = _workbook(request)
    return {"values": values_in(source, kind, request["sheet"], request["cells"], original)}


def cells(request: Request) -> Answer:
    """Make a spreadsheet anew without the cells that are redacted."""
    from produce.imaging.cells import CellMark, redact_cells

    marks = [CellMark(*each) for each in request["marks"]]
    source, kind, original = _workbook(request)
    text = redact_cells(source, kind, marks, Path(request["target"]), original)
    Path(request["text"]).write_text(text, encoding="utf-8")
    return {"pages": 1, "odd": []}


def _workbook(request: Request) -> "tuple[Path, str, tuple[SavedSheet, ...]]":
    """A spreadsheet whose cells can be redacted: as it is, or converted."""
    from produce.imaging.as_xlsx import as_xlsx
    from produce.treatment import CONVERTED_TYPES

    source, kind = Path(request["source"]), request["type"]
    if kind not in CONVERTED_TYPES:
        return source, kind, ()
    made, sheets = as_xlsx(source, kind, Path(request["folder"]), request["seconds"])
    return made, "xlsx", sheets


def unseen(request: Request) -> Answer:
    """Characters of any PDF that can be copied and are not seen."""
    from produce.imaging.bad_boxes import unseen as find

    return {"unseen": find(Path(request["source"]))}


def _marks(given: dict[str, Any]) -> "dict[int, list[Mark]]":
    from produce.imaging.burn import Mark

    return {
        int(page): [Mark((box[0], box[1], box[2], box[3]), code) for box, code in found]
        for page, found in given.items()
    }


_ACTS: dict[str, Callable[[Request], Answer]] = {
    each.__name__: each
    for each in (
        *(mail, text, html, mhtml, pdf, entries, image, office, slip, repeat, join, stamp),
        *(page, characters, burn, picture, values, cells, unseen),
    )
}


def handle(request: Request) -> Answer:
    """Answer one request; a document that cannot be imaged is an answer, too."""
    try:
        return _ACTS[request["do"]](request)
    except RenderError as error:
        return _refusal(error, str(request.get("source", "")))
    except RecursionError:
        return _refusal(RenderError(Code.TOO_DEEP, "nested too deeply"))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the item border: any parser's error is recorded
        return _refusal(
            RenderError(
                Code.CORRUPT, "cannot be laid out", f"{type(error).__name__}: {error}"[:500]
            )
        )


def _refusal(error: RenderError, source: str = "") -> Answer:
    said = str(error).replace(source, "the document") if source else str(error)
    return {"code": error.code.value, "reason": error.reason, "message": said[:800]}


def main() -> None:
    """Serve until the worker is gone."""
    isolate()
    from ingest.child_loop import serve

    serve(handle)


if __name__ == "__main__":
    main()
