"""Fields of the load file that would repeat what is redacted.

A field of a redacted document that holds a word or phrase which the document hides is masked whole,
and so is one that was redacted by hand; the parent's list of attachments masks the names that do.
Fields that tell where a document stands in the volume are never masked. Hashes of a redacted
document are left empty, for they would let a guess at its content be tried, unless they are those
of the native that was made of it; so are dates and times that were redacted by hand, which have no
form for a mask.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from produce.record import PlannedItem, Production
from produce.redaction.by_hand import values_of
from produce.redaction.draw import PLACED
from produce.redaction.interface import REDACTED
from produce.redaction.told import Hidden, hidden_by
from produce.treatment import Treatment
from produce.versions import whole_set
from records import tables
from records.case import Case
from store import open_store

HASHES = ("MD5", "SHA1", "SHA256", "DedupHash")
FORMAL = frozenset(
    {
        *(*HASHES, "EDRMMIH", "FileSize", "DocType", "MimeType", "Language", "FileExt"),
        *("ConversationIndex", "DocDate"),
    }
)
"""Fields of a fixed form: no word of the document stands in them."""
REPEATED = {
    **{
        f"{kind}{name}": ("DocDate", f"Moment{name}")
        for kind in ("Date", "Time")
        for name in ("Sent", "Received", "Created", "Modified")
    },
    "FilePath": ("AllPaths", "IntFilePath"),
    "AllPaths": ("FilePath", "IntFilePath"),
}
"""What says again what a field does, and goes with it where it is redacted by hand."""
_D = tables.documents.c


def is_formal(name: str) -> bool:
    """Whether a field has a form of its own: dates and times, sizes, hashes, types."""
    return name in FORMAL or name.startswith(("Date", "Time", "Moment"))


@dataclass(frozen=True, slots=True)
class Masks:
    """What is masked in the rows of a production, by document.

    `children` are, by parent, what its attachments hide; `natives` the hashes of redacted natives.
    """

    redacted: frozenset[int] = frozenset()
    hidden: Mapping[int, Hidden] = field(default_factory=dict)
    by_hand: Mapping[int, frozenset[str]] = field(default_factory=dict)
    children: Mapping[int, Mapping[int, Hidden]] = field(default_factory=dict)
    natives: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def masked(self, item: PlannedItem, values: Mapping[str, str]) -> dict[str, str]:
        """The values of a document, by their standard names, with what must not show masked."""
        document, found = item.document_id, dict(values)
        if item.treatment is Treatment.WITHHELD:
            return found
        for child, hidden in self.children.get(document, {}).items():
            listed = found.get("AttachmentNames", "")
            found["AttachmentNames"] = self._without(listed, child, hidden)
        if document in self.redacted:
            found["Redacted"] = "Y"
            found |= dict.fromkeys(HASHES, "") | dict(self.natives.get(document, {}))
            hidden, chosen = self.hidden.get(document, Hidden()), self.by_hand.get(document, ())
            hand = {*chosen, *(each for name in chosen for each in REPEATED.get(name, ()))}
            for name in found.keys() - PLACED:
                if name in hand or (not is_formal(name) and hidden.within(found[name])):
                    found[name] = "" if is_formal(name) else REDACTED
        return {name: value for name, value in found.items() if value}

    def _without(self, listed: str, child: int, hidden: Hidden) -> str:
        by_hand = "FileName" in self.by_hand.get(child, ())
        own = self.names.get(child, "").replace(";", ",")
        return ";".join(
            REDACTED if hidden.within(name) or (by_hand and name == own) else name
            for name in listed.split(";")
        )


def hidden_in(
    case: Case, connection: sa.Connection, planned: Sequence[PlannedItem]
) -> dict[int, Hidden]:
    """What the redacted documents of a production hide."""
    ids = {each.document_id for each in planned if each.detail.get("redactions")}
    if not ids:
        return {}
    store = open_store(case.store_address)
    made = {
        each.document_id: each.detail.get("burned") or each.detail.get("redacted_native")
        for each in planned
    }
    burned = {
        document: store.read_bytes(found["text_sha256"]).decode("utf-8")
        for document, found in made.items()
        if found
    }
    values = values_of(
        connection,
        {each.document_id: each.detail["masked"] for each in planned if each.detail.get("masked")},
    )
    return hidden_by(connection, store, ids, burned, values)


def masks_of(case: Case, connection: sa.Connection, production: Production) -> Masks:
    """What is to be masked in the load file of a production.

    In a replacement a parent may list an attachment that is redacted in the volume.
    """
    planned = [
        each
        for each in whole_set(connection, production)
        if each.detail.get("redactions") and each.treatment is not Treatment.WITHHELD
    ]
    if not planned:
        return Masks()
    hidden = hidden_in(case, connection, planned)
    children: dict[int, dict[int, Hidden]] = {}
    for each in planned:
        if each.detail["parent"] is not None:
            told = hidden.get(each.document_id, Hidden())
            children.setdefault(each.detail["parent"], {})[each.document_id] = told
    ids = [each.document_id for each in planned]
    rows = connection.execute(sa.select(_D.id, _D.name).where(_D.id.in_(ids)))
    return Masks(
        frozenset(ids),
        hidden,
        {each.document_id: frozenset(each.detail.get("masked", ())) for each in planned},
        children,
        {
            each.document_id: each.detail["redacted_native"]["hashes"]
            for each in planned
            if "redacted_native" in each.detail
        },
        {row.id: row.name for row in rows},
    )
