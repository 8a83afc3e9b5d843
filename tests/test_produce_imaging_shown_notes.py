"""Comments of spreadsheets that always show: hidden, and nothing else."""

import pytest

from produce.imaging.shown_notes import (
    is_drawing,
    of_binary,
    of_drawing,
    of_old_binary,
    of_open_document,
    of_xml,
)


def _shape(style: str, kind: str, said: str = "") -> str:
    return (
        f"<v:shape id=\"_x0000_s1\"{style}><v:textbox/><x:ClientData ObjectType='{kind}'>"
        f"<x:MoveWithCells/>{said}<x:Row>0</x:Row></x:ClientData></v:shape>"
    )


@pytest.mark.parametrize(
    ("style", "hidden"),
    [
        (" style='position:absolute;visibility:visible'", " style='position:absolute;{}'"),
        (' style="visibility: inherit ; z-index:1"', ' style=" z-index:1;{}"'),
        (" style='width:9pt; '", " style='width:9pt;{}'"),
        (" style='visibility:hidden'", " style=';{}'"),
        ("", ' style="{}"'),
    ],
)
@pytest.mark.parametrize("said", ["<x:Visible/>", "<x:Visible></x:Visible>", ""])
def test_boxes_of_comments_are_hidden_and_other_shapes_are_not(
    style: str, hidden: str, said: str
) -> None:
    before = "<v:shapetype id='t'><v:path/></v:shapetype>" + _shape(style, "Button", said)
    behind = "<v:shape id='c' style='visibility:visible'/>" + _shape(style, "Button", said)
    found = of_drawing(f"{before}{_shape(style, 'Note', said)}{behind}".encode())
    note = _shape(hidden.format("visibility:hidden"), "Note")
    assert found == f"{before}{note}{behind}".encode()


def test_drawings_that_are_cut_short_or_hostile() -> None:
    note = _shape("", "Note")
    assert of_drawing(note[:-10].encode()) == note[:-10].encode()
    alone = b'<v:shape style="visibility:visible"/>' + note.encode()
    assert of_drawing(alone).startswith(b'<v:shape style="visibility:visible"/><v:shape id=')
    for part in (b"<v:shape id='a'>", b"<v:shape id='a' ", b'<v:shape "', b"</v:shape>"):
        many = part * 60_000  # not in quadratic time
        assert of_drawing(many) == many


def test_annotations_of_open_document() -> None:
    part = (
        b'<p display="true"/><office:annotation office:display="true" svg:x="1"><p>a</p>'
        b"</office:annotation><office:annotation office:display='false'/>"
    )
    odd = b'<office:annotation office:name="a>b" office:display="true">'
    assert of_open_document(odd) == b'<office:annotation office:name="a>b">'
    assert of_open_document(part) == (
        b'<p display="true"/><office:annotation svg:x="1"><p>a</p>'
        b"</office:annotation><office:annotation office:display='false'/>"
    )


def test_records_keep_all_but_one_bit() -> None:
    note, setup = 0x1C, 0xA1
    every = bytes([0xFF] * 40)
    assert of_old_binary(note, every, True) == every[:4] + b"\xfd" + every[5:]
    assert of_old_binary(note, every, False) == every  # of Excel 5: it has no flags
    for wide in (True, False):
        assert of_old_binary(setup, every, wide) == every[:10] + b"\xdf" + every[11:]
        assert of_old_binary(0x203, every, wide) == every
    assert of_binary(every) == every[:32] + b"\xdf" + every[33:]
    for cut in (b"", b"\x01\x02"):
        assert of_old_binary(note, cut, True) == of_old_binary(setup, cut, True) == cut
        assert of_binary(cut) == cut


def test_no_sheet_asks_for_its_comments_to_be_printed() -> None:
    sheet = (
        b'<c cellComments="atEnd"/><pageSetup paperSize="9"{} orientation="portrait"/>'
        b"<x:pageSetup{}></x:pageSetup>"
    )
    asked = sheet.replace(b"{}", b' cellComments="asDisplayed"')
    assert of_xml(asked) == sheet.replace(b"{}", b"")
    part = (
        b'<style:page-layout-properties fo:x="1" style:print="{}charts zero-values"/>'
        b'<p style:print="annotations"/><q>style:print="objects annotations" annotations</q>'
    )
    asked = part.replace(b"{}", b"annotations ")
    assert of_open_document(asked) == part.replace(b"{}", b" ")


def test_where_boxes_of_comments_stand() -> None:
    assert is_drawing("xl/drawings/vmlDrawing1.vml")
    assert not is_drawing("xl/drawings/drawing1.xml")
    assert not is_drawing("word/drawings/a.vml")
