"""How a PST mailbox is cut into parts, and what there is to say of it as a whole."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ingest.pst_blocks import Store, TooLargeError
from ingest.pst_folders import Folder, Ids, Survey, Tree, folders, runs, survey
from ingest.pst_header import PstError
from ingest.pst_items import STORE_NODE, Items
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception, warning

RECOVERED_PATH = "(recovered)"
_UNKNOWN_FOLDER = "(unknown folder)"
_PASSWORD = 0x67FF
_PARTS_OF_DAMAGED = 4  # each part may have to look through the whole file
_MOST_SHOWN = 5
_COPY = "Copy the mailbox again from its source, or mend a copy with Outlook's SCANPST"


def planned(
    store: Store, limits: Limits, part_items: int, *, recover: bool
) -> tuple[dict[str, Any], ...]:
    """The parts of a mailbox, at least one; notes on the whole are with the first."""
    if recover:
        store.trees.search()
    items = Items(store, limits)
    found = survey(store)
    tree = Tree(items, found.parents, store)
    reached, lost = list[Folder](), list[Folder]()
    for folder in folders(store, tree, found):
        (reached if folder.reachable else lost).append(folder)
    orphans = _orphans(found, reached, lost)
    damage = list(_damage(store, items, tree, reached))
    taken = recover or bool(damage)
    segments = [_segment(each.id, each.path, each.items) for each in reached]
    if taken:
        segments += _recovered(orphans, found, tree)
    total = sum(each["items"] for each in segments)
    if damage and store.trees.searched:
        part_items = max(part_items, -(-total // _PARTS_OF_DAMAGED))
    parts = list(_cut(segments, part_items)) or [_part([])]
    for part in parts:
        is_recovered = any(each.get("recovered") for each in part["segments"])
        part["search"] = store.trees.searched and (bool(damage) or is_recovered)
    parts[0]["notes"] = packed([*damage, *_about(store, items, found), *_outside(orphans, taken)])
    return tuple(parts)


def packed(notes: Iterable[Note]) -> list[list[str]]:
    """Notes as a part carries them."""
    return [[each.severity, each.code.value, each.message] for each in notes]


def unpacked(note: list[str]) -> Note:
    """What `packed` made of one note."""
    severity, code, message = note
    return Note(severity, Code(code), message, TOOL, VERSION)


def _orphans(found: Survey, reached: list[Folder], lost: list[Folder]) -> Ids:
    """Items that no folder lists to which a way leads from the root."""
    every = np.concatenate([found.items, *(each.items for each in lost)])
    listed = np.concatenate([np.empty(0, np.uint32), *(each.items for each in reached)])
    return np.setdiff1d(every, listed)


def _segment(folder: int, path: str, ids: Ids, first: int = 1) -> dict[str, Any]:
    plain: list[int] = ids.tolist()
    return {
        "folder": folder,
        "path": path,
        "first": first,
        "items": len(plain),
        "runs": runs(plain),
    }


def _recovered(orphans: Ids, found: Survey, tree: Tree) -> list[dict[str, Any]]:
    """Items outside of all folders, by the folder that they name as theirs."""
    order = np.argsort(found.items, kind="stable")
    places = np.searchsorted(found.items, orphans, sorter=order)
    by_path: dict[str, list[int]] = {}
    for nid, place in zip(orphans.tolist(), places.tolist(), strict=True):
        at = order[place] if place < len(order) else None
        home = int(found.homes[at]) if at is not None and found.items[at] == nid else 0
        path = tree.paths.get(home) or tree.lost.get(home) or _UNKNOWN_FOLDER
        by_path.setdefault(f"{RECOVERED_PATH}/{path}", []).append(nid)
    return [
        _segment(0, path, np.array(ids, np.uint32)) | {"recovered": True}
        for path, ids in by_path.items()
    ]


def _cut(segments: list[dict[str, Any]], size: int) -> Iterator[dict[str, Any]]:
    """Parts of that many items, small folders together and large ones cut."""
    some: list[dict[str, Any]] = []
    room = size
    for segment in segments:
        ids = [first + 0x20 * each for first, count in segment["runs"] for each in range(count)]
        at = 0
        while at < len(ids):
            taken = ids[at : at + room]
            piece = {"items": len(taken), "first": segment["first"] + at, "runs": runs(taken)}
            some.append(segment | piece)
            at, room = at + len(taken), room - len(taken)
            if not room:
                yield _part(some)
                some, room = [], size
    if some:
        yield _part(some)


def _part(segments: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": sum(each["items"] for each in segments), "segments": segments}


def _damage(store: Store, items: Items, tree: Tree, reached: list[Folder]) -> Iterator[Note]:
    """What is wrong with the mailbox; the first such thing makes it a damaged one."""
    header, trees = store.header, store.trees
    if store.size < header.file_size:
        text = f"Cut off: {header.file_size} bytes by its own header, {store.size} are there"
        yield _exception(Code.TRUNCATED, f"{text}. What remains was read. {_COPY}")
    if not header.is_sound:
        yield _warning(Code.CORRUPT, "The header does not agree with its checksum")
    if trees.bad_pages:
        text = f"{trees.bad_pages} pages of the mailbox's index are damaged; the whole file was"
        yield _exception(Code.CORRUPT, f"{text} searched for what stood below them. {_COPY}")
    if trees.cut:
        text = "More was found in the damaged mailbox than can be kept; there may be further items"
        yield _exception(Code.TOO_MANY, f"{text}. {_COPY}")
    if tree.nameless:
        text = f"{tree.nameless} folders cannot be read; they are called by their numbers"
        yield _warning(Code.CORRUPT, text)
    for fault in items.faults:
        yield _warning(Code.CORRUPT, f"In this mailbox {fault}; those properties have numbers only")
    yield from _of_folders([each for each in reached if each.fault], _FAULT)
    short = [each for each in reached if not each.fault and (each.stated or 0) > len(each.items)]
    yield from _of_folders(short, _SHORT)


_FAULT = (
    "The list of items is damaged in {count} folders; what names one of them as its folder came"
)
_SHORT = "{count} folders state more items than are in them"


def _of_folders(some: list[Folder], text: str) -> Iterator[Note]:
    if not some:
        return
    shown = "; ".join(
        f"{each.path}: {len(each.items)}" + (f" of {each.stated}" if each.stated else "")
        for each in some[:_MOST_SHOWN]
    )
    more = "; …" if len(some) > _MOST_SHOWN else ""
    yield _exception(Code.PARTIAL, f"{text.format(count=len(some))} ({shown}{more}). {_COPY}")


def _about(store: Store, items: Items, found: Survey) -> Iterator[Note]:
    try:
        node = store.node(STORE_NODE)
        password = items.properties(node).integer(_PASSWORD) if node is not None else None
    except (PstError, TooLargeError) as error:
        password = None
        yield _warning(Code.CORRUPT, f"The mailbox's own properties cannot be read ({error})")
    if password and store.header.client == "PST":
        text = "The mailbox has a password; it was opened without, as such a password hides nothing"
        yield _warning(Code.UNLOCKED, text)
    if found.associated:
        text = f"{found.associated} hidden entries of folders (views, rules, settings) are counted "
        yield _warning(
            Code.HIDDEN_ENTRIES, f"{text}here and not taken. Look in Outlook if they matter"
        )


def _outside(orphans: Ids, taken: bool) -> Iterator[Note]:
    if not len(orphans):
        return
    text = f"{len(orphans)} items lie outside of all folders"
    if taken:
        yield _warning(Code.RECOVERED, f"{text}; they came under {RECOVERED_PATH}")
    else:
        yield _warning(
            Code.PARTIAL, f"{text} and were not taken. Ingest with --recover to have them"
        )


def _exception(code: Code, text: str) -> Note:
    return exception(code, text, TOOL, VERSION)


def _warning(code: Code, text: str) -> Note:
    return warning(code, text, TOOL, VERSION)
