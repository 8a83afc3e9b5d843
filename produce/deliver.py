"""Fourth phase of a run: a text for each document, natives, load files and the manifest."""

import os
from collections import Counter
from collections.abc import Sequence
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from produce.layout import Delivery, is_native, native_path, places
from produce.loadfile import Remark
from produce.loads import recorded, write_loads
from produce.putting import put
from produce.reach import apart
from produce.record import PlannedItem, Production, items
from produce.selection import in_chunks
from produce.treating import closed_by
from produce.treatment import MAILS, Treatment, slip_lines
from records import tables
from records.case import Case
from records.codes import Disposition
from records.errors import StoreError
from records.options import Advance
from store import Store, open_store

_DOCUMENTS = 1000
MANIFEST = "MANIFEST.sha256"
_TEXT_CODECS = {
    "utf-8": (b"", "utf-8"),
    "utf-8-sig": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16le": (b"\xff\xfe", "utf-16-le"),
}


def deliveries(connection: sa.Connection, production: Production) -> list[Delivery]:
    """Texts and natives of a volume that has its numbers, in order."""
    d = tables.documents.c
    written = recorded(connection, production.id)
    placed = list(places(production.specification, items(connection, production.id), written))
    rows = in_chunks(
        connection,
        lambda ids: sa.select(d.id, d.sha256, d.ext, d.text_sha256, d.type, d.disposition).where(
            d.id.in_(ids)
        ),
        {each.item.document_id for each in placed},
    )
    separate = apart(connection, {each.item.document_id for each in placed})
    known = {row.id: row for row in rows}
    natives: Counter[str] = Counter()  # by part
    found = []
    for place in placed:
        row = known[place.item.document_id]
        made = place.item.detail.get("redacted_native")
        native = None
        if is_native(place.item):
            ext = made["ext"] if made else row.ext
            before = natives[place.part]
            native = native_path(production.specification, place, before, ext)
            natives[place.part] += 1
        told = row.id not in separate and _tells_text(place.item, row)
        text = _text_of(place.item, row.text_sha256) if told else None
        found.append(Delivery(place, text, native, made["sha256"] if made else row.sha256))
    return found


def _text_of(item: PlannedItem, original: str | None) -> str | None:
    """Of a redacted document never the original text, but that of what is left of it; of one whose
    pages leave something out by the rule, the text of the pages.
    """
    if not item.detail.get("redactions"):
        return str(item.detail["text_of_pages"]) if _by_rule(item) else original
    made = item.detail.get("burned") or item.detail.get("redacted_native")
    return str(made["text_sha256"]) if made else None


def _by_rule(item: PlannedItem) -> bool:
    return item.treatment is Treatment.IMAGE and "text_of_pages" in item.detail


def _tells_text(item: PlannedItem, row: sa.Row[Any]) -> bool:
    """Whether a document's text goes along: not where it could tell of a withheld one.

    The text of an archive names its members; that of a mail that was read is its body alone.
    """
    if item.treatment is Treatment.WITHHELD:
        return False
    if item.treatment is Treatment.SLIP and closed_by(item.detail):
        return row.type in MAILS and row.disposition != Disposition.EXCEPTION
    return True


def write_all(
    case: Case,
    production: Production,
    volume: Path,
    wanted: Sequence[Delivery],
    advance: Advance,
) -> None:
    """Write texts and natives that are not on record yet, some hundred to a commit."""
    with case.read() as connection:
        done = recorded(connection, production.id)
    store = open_store(case.store_address)
    for chunk in batched(wanted, _DOCUMENTS):
        rows = []
        for each in chunk:
            if each.place.text not in done:
                rows.append(_text(store, production, volume, each))
            if each.native and each.native not in done:
                rows.append(_native(store, volume, each))
        if rows:
            os.sync()
            _record(case, production, rows)
        advance(len(chunk))


def _record(case: Case, production: Production, rows: Sequence[dict[str, Any]]) -> None:
    f = tables.production_files
    with case.write() as connection:
        connection.execute(f.insert(), [row | {"production_id": production.id} for row in rows])


def _text(store: Store, production: Production, volume: Path, each: Delivery) -> dict[str, Any]:
    if each.place.item.treatment is Treatment.WITHHELD:
        text = production.specification.withheld_line + "\n"
    elif each.text_sha256 is None:
        text = _sheet(production, each.place.item)
    else:
        text = store.read_bytes(each.text_sha256).decode("utf-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if production.specification.newline == "crlf":
        text = text.replace("\n", "\r\n")
    mark, codec = _TEXT_CODECS[production.specification.text_encoding]
    data = mark + text.encode(codec)
    return put(volume, each.place.text, lambda file: file.write(data))


def _sheet(production: Production, item: PlannedItem) -> str:
    """What a slip sheet would say, where a volume has no images to say it."""
    if production.specification.kind != "none" or item.treatment is not Treatment.SLIP:
        return ""
    lines = slip_lines(item.treatment, item.reason, production.specification)
    return "".join(f"{line}\n" for line in lines)


def _native(store: Store, volume: Path, each: Delivery) -> dict[str, Any]:
    assert each.native is not None
    assert each.sha256 is not None
    with store.open(each.sha256) as source:
        written = put(volume, each.native, lambda file: _copy(source, file))
    if written["sha256"] != each.sha256:
        raise StoreError(
            f"The store holds other bytes than {each.sha256} under that name (for "
            f"{each.place.item.first}): restore the blob from a backup"
        )
    return written


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    while chunk := source.read(1 << 20):
        target.write(chunk)


def write_load_files(
    case: Case, production: Production, volume: Path, wanted: Sequence[Delivery]
) -> tuple[list[dict[str, Any]], tuple[Remark, ...]]:
    """Write the load files and the manifest; the rows of the former, and remarks for QC."""
    with case.read() as connection:
        written, remarks = write_loads(case, connection, production, volume, wanted)
        listed = recorded(connection, production.id)
    hashes = {path: sha256 for path, (sha256, _) in listed.items()}
    hashes |= {each["path"]: each["sha256"] for each in written}
    put(volume, MANIFEST, lambda file: file.write(_manifest(hashes)))
    return written, remarks


def _manifest(hashes: dict[str, str]) -> bytes:
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode("ascii")
