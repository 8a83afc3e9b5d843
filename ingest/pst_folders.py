"""The folders of a PST file and which items lie in them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ingest.pst_blocks import Allowance, Store, TooLargeError
from ingest.pst_header import PstError
from ingest.pst_items import Items
from ingest.pst_tables import Table

ROOT = 0x122
FOLDER, SEARCH_FOLDER, MESSAGE, ASSOCIATED = 2, 3, 4, 8
"""Types of node ids, [MS-PST] 2.2.2.1."""
_CONTENTS = 0x0E
_MOST_LEVELS = 64
_LONGEST_NAME, _LONGEST_PATH = 200, 2000
_NAME, _COUNT = 0x3001, 0x3602
_LISTING = 1 << 30
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff]")
ROOT_PATH = "(root)"

type Ids = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with its items in their order; `stated` is the count that the folder itself has.

    `reachable` is False where no way leads to it from the root. `fault` says why its list of
    items could not be read; the items are then those that name it as their folder.
    """

    id: int
    path: str
    items: Ids
    stated: int | None
    reachable: bool
    fault: str = ""


@dataclass(slots=True)
class Survey:
    """What a walk over all nodes finds: nothing but numbers, four or eight bytes an item.

    `parents` are of the folders; `items` and `homes` are the items' ids and those of the folders
    that they name as theirs. `found` are ids that only a search of the whole file found.
    """

    parents: dict[int, int] = field(default_factory=dict)
    items: Ids = field(default_factory=lambda: np.empty(0, np.uint32))
    homes: Ids = field(default_factory=lambda: np.empty(0, np.uint32))
    found: set[int] = field(default_factory=set)
    search_folders: int = 0
    associated: int = 0


def survey(store: Store) -> Survey:
    """Walk over all nodes once."""
    result = Survey()
    pairs = np.fromiter(_pairs(store, result), np.uint64)
    pairs.sort()
    result.items = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    result.homes = (pairs >> np.uint64(32)).astype(np.uint32)
    return result


def _pairs(store: Store, result: Survey) -> Iterator[int]:
    for node in store.nodes():
        kind = node.id & 0x1F
        if kind == FOLDER:
            result.parents.setdefault(node.id, node.parent)
        elif kind == SEARCH_FOLDER:
            result.search_folders += 1
        elif kind == ASSOCIATED:
            result.associated += 1
        elif kind == MESSAGE:
            if node.found:
                result.found.add(node.id)
            yield node.parent << 32 | node.id


class Tree:
    """Folders by their places, with paths that tell all of them apart."""

    def __init__(self, items: Items, parents: dict[int, int], store: Store) -> None:
        self._parents = parents
        self._below: dict[int, list[int]] = {}
        for nid, parent in sorted(parents.items()):
            if not _is_root(nid, parent):
                self._below.setdefault(parent, []).append(nid)
        self._names: dict[int, str] = {}
        self.stated: dict[int, int | None] = {}
        self.nameless = 0
        for nid in parents:
            self._read(items, store, nid)
        self.paths: dict[int, str] = {}
        self.lost: dict[int, str] = {}
        self._taken: dict[str, int] = {}
        roots = sorted(nid for nid, parent in parents.items() if _is_root(nid, parent))
        for nid in roots:
            self._place(nid, "", ROOT_PATH if nid == ROOT else self._names[nid], self.paths)
        self._place_lost()

    def _read(self, items: Items, store: Store, nid: int) -> None:
        name, stated = "", None
        try:
            node = store.node(nid)
            if node is not None:
                bag = items.properties(node)
                name, stated = bag.text(_NAME), bag.integer(_COUNT)
        except (PstError, TooLargeError):
            self.nameless += 1
            name = f"folder {nid:X}"
        self._names[nid] = safe_name(name)
        self.stated[nid] = stated

    def _place(self, nid: int, above: str, name: str, paths: dict[int, str]) -> None:
        """Give a folder and all below it their paths; what is too deep stays at the last level."""
        waiting = [(nid, above, name, 0)]
        while waiting:
            each, above, name, level = waiting.pop()
            if each in paths:
                continue
            path = _told_apart(above + name, self._taken)
            paths[each] = path
            if each != ROOT and level < _MOST_LEVELS and len(path) < _LONGEST_PATH:
                above = f"{path}/"
            below = reversed(self._below.get(each, []))
            waiting.extend((inner, above, self._names[inner], level + 1) for inner in below)

    def _place_lost(self) -> None:
        """Place folders that no way from a root reaches: their parent is gone, or in a circle."""
        self._taken = {}
        for nid in sorted(self._parents):
            if nid not in self.paths and self._parents[nid] not in self._parents:
                self._place(nid, "", self._names[nid], self.lost)
        for nid in sorted(self._parents):
            if nid not in self.paths and nid not in self.lost:
                self._place(nid, "", self._names[nid], self.lost)


def _is_root(nid: int, parent: int) -> bool:
    return nid in (ROOT, parent) or not parent


def _told_apart(path: str, taken: dict[str, int]) -> str:
    """The path, with a number behind it where it is taken already."""
    number, other = taken.get(path, 1), path
    while other in taken:
        number += 1
        other = f"{path} ({number})"
    taken[path] = number
    taken.setdefault(other, 1)
    return other


def safe_name(name: str) -> str:
    """A folder's name as one part of a path."""
    name = _UNSAFE.sub(lambda match: f"\\x{ord(match[0]):02x}", name[:_LONGEST_NAME]).strip(" ")
    if name in {".", ".."}:
        return name.replace(".", "\\x2e")
    return name or "(no name)"


def listing(store: Store, nid: int) -> tuple[list[int], str]:
    """The ids of the items that a folder lists, 2.4.4.5, and why they may not be all."""
    found: list[int] = []
    try:
        node = store.node(nid & ~0x1F | _CONTENTS)
        if node is None:
            raise PstError("it is missing")
        table = Table(store, node, Allowance(_LISTING))
        found.extend(each for each in table.row_ids() if each & 0x1F == MESSAGE)
    except (PstError, TooLargeError) as error:
        return found, str(error) or "it is too large"
    return found, ""


def folders(store: Store, tree: Tree, found: Survey) -> Iterator[Folder]:
    """All folders with their items, one at a time; those that can be reached first."""
    for reachable, paths in ((True, tree.paths), (False, tree.lost)):
        for nid, path in paths.items():
            start, end = np.searchsorted(found.homes, [nid, nid + 1])
            own = found.items[start:end]
            ids, fault = listing(store, nid)
            listed = np.unique(np.array(ids, np.uint32))
            if fault:
                listed = np.union1d(listed, own)
            stated = tree.stated[nid]
            if not len(listed) and not stated:
                fault = ""  # nothing is listed and nothing is there
            yield Folder(nid, path, listed, stated, reachable, fault)


def runs(ids: Iterable[int]) -> list[list[int]]:
    """Ids in their order as [first, how many] of those that follow each other without a gap."""
    out: list[list[int]] = []
    for each in ids:
        if out and each == out[-1][0] + 0x20 * out[-1][1]:
            out[-1][1] += 1
        else:
            out.append([each, 1])
    return out


def unrolled(runs: Iterable[Iterable[int]]) -> Iterator[int]:
    """The ids of which `runs` made runs."""
    for first, count in runs:
        yield from (first + 0x20 * each for each in range(count))
