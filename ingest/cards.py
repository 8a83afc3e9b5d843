"""Cards: vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350)."""

from ingest.contentlines import (
    Component,
    Line,
    ParsedEntries,
    parts_of,
    read_components,
    shown_lines,
)
from ingest.text import decode_text
from ingest.zones import moment
from records.fields import Fields

_LABELS = {
    "VCARD": "Contact",
    "FN": "Name",
    "N": "Name parts",
    "EMAIL": "E-mail",
    "TEL": "Telephone",
    "ADR": "Address",
    "LABEL": "Address label",
    "ORG": "Organization",
    "TITLE": "Job title",
    "ROLE": "Role",
    "NOTE": "Note",
    "BDAY": "Birthday",
    "URL": "Web page",
    "NICKNAME": "Nickname",
    "CATEGORIES": "Categories",
    "PHOTO": "Photo",
    "REV": "Revised",
}


def parse_cards(data: bytes) -> ParsedEntries:
    """Take a file of cards apart; of several cards the fields are the first one's.

    Where there is no card in it, the text is the file's own.
    """
    root = read_components(data)
    cards = [each for each in root.walk() if each.name == "VCARD"]
    if not cards:
        return ParsedEntries(Fields(), decode_text(data)[0], parts_of(root), {"entries": {}}, ())
    text = "\n".join(shown_lines(root, _LABELS)).strip("\n") + "\n"
    addresses = [each.text.strip() for card in cards for each in card.all("EMAIL")]
    raw = {"entries": {"contact": len(cards)}, "addresses": addresses}
    return ParsedEntries(_fields(cards[0]), text, parts_of(root), raw, ())


def _fields(card: Component) -> Fields:
    kind = (card.text("KIND") or card.text("X-ADDRESSBOOKSERVER-KIND")).lower()
    organization = next((each for line in card.all("ORG") for each in line.pieces(";") if each), "")
    name = card.text("FN") or _from_parts(card.first("N")) or organization
    categories = [piece for line in card.all("CATEGORIES") for piece in line.pieces(",")]
    return Fields(
        kind="list" if kind == "group" else "contact",
        subject=name,
        company=organization,
        categories=tuple(dict.fromkeys(each for each in categories if each)),
        modified_at=moment(card.first("REV"), card)[0],
    )


def _from_parts(line: Line | None) -> str:
    """A name out of family name; given name; others; titles before; titles behind."""
    if line is None:
        return ""
    family, given, others, before, behind = (*line.pieces(";"), "", "", "", "", "")[:5]
    return " ".join(each for each in (before, given, others, family, behind) if each)
