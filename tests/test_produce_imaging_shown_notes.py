"""Comments of spreadsheets that always show: hidden, and nothing else."""

from produce.imaging.shown_notes import (
    is_drawing,
    of_binary,
    of_drawing,
    of_old_binary,
    of_open_document,
    of_xml,
)


def test_boxes_of_comments_are_hidden_and_other_shapes_are_not() -> None:
    shape = (
        "<v:shape id=\"_x0000_s1\" style='position:absolute;visibility:{}'><v:textbox/>"
        "<x:ClientData ObjectType='{}'><x:MoveWithCells/>{}<x:Row>0</x:Row></x:ClientData>"
        "</v:shape>"
    )
    shapetype = "<v:shapetype id='t'><v:path/></v:shapetype>"
    note, button = shape.format("visible", "Note", "<x:Visible/>"), shape.format("visible", "X", "")
    hidden = shape.format("hidden", "Note", "")
    for said in ("<x:Visible/>", "<x:Visible></x:Visible>", "<x:Visible>True</x:Visible>"):
        part = shapetype + button + shape.format("visible", "Note", said) + button
        assert of_drawing(part.encode()) == (shapetype + button + hidden + button).encode()
    assert of_drawing(hidden.encode()) == hidden.encode()
    assert of_drawing(note[:-10].encode()) == note[:-10].encode()  # cut short


def test_annotations_of_open_document() -> None:
    part = (
        b'<p display="true"/><office:annotation office:display="true" svg:x="1"><p>a</p>'
        b"</office:annotation><office:annotation office:display='false'/>"
    )
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
    part = b'<p style:print="{}charts zero-values"/><q x:printed="annotations"/>annotations'
    asked = part.replace(b"{}", b"annotations ")
    assert of_open_document(asked) == part.replace(b"{}", b" ")


def test_where_boxes_of_comments_stand() -> None:
    assert is_drawing("xl/drawings/vmlDrawing1.vml")
    assert not is_drawing("xl/drawings/drawing1.xml")
    assert not is_drawing("word/drawings/a.vml")
