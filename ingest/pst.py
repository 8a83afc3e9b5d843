"""PST and OST mailboxes: cut into parts, and their items one by one as MSG files.

Read by our own reader of [MS-PST] (`ingest.pst_pages`, `pst_blocks`, `pst_tables`), which gives
properties byte for byte and the names of named ones; libpff's binding gives neither their ids nor
their property sets. A mailbox's password is only a checksum in it (2.4.3.3) and is not asked for.
"""

import io
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from ingest.compound_write import CompoundTooLargeError
from ingest.interface import FileType
from ingest.mapi import Item
from ingest.members import BombError, Member, Opening, bomb_note
from ingest.msgnames import TooManyNamesError
from ingest.msgwrite import write_msg
from ingest.names import shown
from ingest.pst_blocks import Node, Store, TooLargeError
from ingest.pst_folders import unrolled
from ingest.pst_header import OpenError, PstError
from ingest.pst_items import Items
from ingest.pst_plan import packed, planned, unpacked
from ingest.versions import TOOL, VERSION
from records import times
from records.codes import Code, Role
from records.fields import Fields
from records.notes import Note, exception, warning

PART_ITEMS = 500
MSG = FileType("application/vnd.ms-outlook", "msg")
_MODIFIED, _FLAGS = 0x3008, 0x0E07
_READ, _UNSENT = 1, 8
_DAMAGE = (PstError, struct.error, ValueError, LookupError, OverflowError, RecursionError)
_COPY = "Look for another copy of the mailbox"


def plan_pst(opening: Opening, part_items: int = PART_ITEMS) -> tuple[dict[str, Any], ...]:
    """Cut a mailbox into parts, for `Opening.part`; at least one part, the same each time.

    A part has `items` (how many it plans), `segments` (a folder's path, the number in its folder
    of the first item, and ids as runs) and `search`; the first one has `notes` on the mailbox.
    With `Opening.recover` items come too that no folder lists or that only stand in the file's
    deleted space; of a damaged file they always come.
    """
    try:
        with Store(opening.path) as store:
            return planned(store, opening.limits, part_items, recover=opening.recover)
    except OpenError as error:
        note = exception(error.code, str(error), TOOL, VERSION)
    except TooLargeError:
        text = "The lists of the mailbox are larger than can be. Ask the source for another copy"
        note = exception(Code.TOO_LARGE, text, TOOL, VERSION)
    except _DAMAGE as error:
        text = f"The mailbox is damaged beyond reading ({error}). Ask the source for another copy"
        note = exception(Code.CORRUPT, text, TOOL, VERSION)
    return ({"items": 0, "segments": [], "search": False, "notes": packed([note])},)


def expand_pst(opening: Opening) -> Iterator[Member | Note]:
    """The items of a mailbox, or of one part of it, each as an MSG file; see `plan_pst`.

    Every item that a folder lists comes, of whatever class: without a stream and with an
    exception where it cannot be read. A `Note` is about the mailbox itself.
    """
    part = opening.part or {}
    parts: Iterable[dict[str, Any]] = (part,)
    if "segments" not in part:
        parts = plan_pst(opening)
    notes = [unpacked(each) for plan in parts for each in plan.get("notes", ())]
    yield from notes
    if not any(plan["segments"] for plan in parts):
        return
    try:
        store = Store(opening.path)
    except OpenError as error:
        yield exception(error.code, str(error), TOOL, VERSION)
        return
    with store:
        items, at = Items(store, opening.limits), len(notes)
        for plan in parts:
            if plan.get("search"):
                store.trees.search()
            for segment in plan["segments"]:
                yield from _members(opening, store, items, segment, at)
                at += segment["items"]


def _members(
    opening: Opening, store: Store, items: Items, segment: dict[str, Any], at: int
) -> Iterator[Member]:
    """The items of a segment; `at` is the place of the first among all that the opening gives."""
    for place, nid in enumerate(unrolled(segment["runs"])):
        number = segment["first"] + place
        raw = f"{segment['path']}/message-{number:05d}.msg".encode("utf-8", "replace")
        fields = Fields(folder=segment["path"])
        try:
            opening.budget.take_item()
            if at + place in opening.avoid:
                raise PstError("it killed or held up its reader, twice")
            yield _member(opening, store, items, nid, segment, raw)
            continue
        except BombError:
            note = bomb_note(TOOL, VERSION)
        except TooLargeError:
            text = (
                "The item is larger than the limit. Raise limits.unpacked_mb and limits.memory_mb"
            )
            note = exception(Code.TOO_LARGE, f"{text}, and ingest again", TOOL, VERSION)
        except CompoundTooLargeError as error:
            text = f"The item does not fit in an MSG file: {error}. Export it with Outlook"
            note = exception(Code.TOO_LARGE, text, TOOL, VERSION)
        except TooManyNamesError as error:
            text = f"The item does not fit in an MSG file: {error}. Look at it in Outlook"
            note = exception(Code.TOO_MANY, text, TOOL, VERSION)
        except _DAMAGE as error:
            text = f"The item {nid:#x} cannot be read: {error}. {_COPY}"
            note = exception(Code.CORRUPT, text, TOOL, VERSION)
        yield Member(
            shown(raw), raw, None, 0, None, (note,), role=Role.MESSAGE, known=MSG, fields=fields
        )


def _member(
    opening: Opening, store: Store, items: Items, nid: int, segment: dict[str, Any], raw: bytes
) -> Member:
    """One item as an MSG file; raises what can go wrong with one."""
    node = store.node(nid)
    if node is None:
        raise PstError("its folder lists it and the mailbox has no such item")
    item = items.item(node)
    data = write_msg(item)
    opening.budget.spend(len(data))
    modified = item.bag.time(_MODIFIED)
    return Member(
        shown(raw),
        raw,
        io.BytesIO(data),
        len(data),
        None if modified is None else times.stamp(modified),
        (*_place_notes(node, segment), *item.notes),
        role=Role.MESSAGE,
        known=MSG,
        fields=_fields(item, segment["path"]),
    )


def _place_notes(node: Node, segment: dict[str, Any]) -> Iterator[Note]:
    if node.found:
        text = "Found by a search of the whole file: it may have been deleted, or be an old state"
        yield warning(Code.RECOVERED, text, TOOL, VERSION)
    elif segment.get("recovered"):
        yield warning(Code.RECOVERED, "No folder of the mailbox lists it", TOOL, VERSION)
    elif node.parent != segment["folder"]:
        text = "It names another folder as its own than the one that lists it"
        yield warning(Code.CORRUPT, text, TOOL, VERSION)


def _fields(item: Item, folder: str) -> Fields:
    """What the mailbox knows of an item."""
    flags = item.bag.integer(_FLAGS)
    if flags is None:
        return Fields(folder=folder)
    return Fields(folder=folder, is_read=bool(flags & _READ), is_draft=bool(flags & _UNSENT))
