"""Everything found inside one file of a source: containers in containers, to the last member.

Only bytes are moved here; containers are opened in a child process (`ingest.opener`). All members
of a container are in the store before the first of them is opened in its turn; items come out
with what a container holds right behind it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest import opener
from ingest.addressing import inside
from ingest.containers import CONTAINERS, MAILBOXES
from ingest.interface import CollectedItem, Deferred, FileType
from ingest.maildir import maildir_facts
from ingest.members import BombError, Budget, Member
from ingest.names import last_part
from ingest.types import HEAD, disagrees, extension, identify
from ingest.versions import TOOL, VERSION
from ingest.volumes import VolumeSet, holds_together, volume_sets
from records.codes import Code, Disposition
from records.fields import NO_FIELDS
from records.limits import Limits
from records.notes import Note, exception, warning
from store import Digests, StoreWriter

UNKNOWN = FileType("application/octet-stream", "unknown")
_NOWHERE = Path("/nonexistent/volume")  # stands for a volume that is missing
SPLIT_BYTES = 32 << 20
"""Mailboxes of this size are opened in parts, by several workers."""


@dataclass(slots=True)
class Node:
    """An item, and what was found in it; `depth` counts the containers around it."""

    item: CollectedItem
    depth: int = 0
    volumes: tuple[Digests | None, ...] = ()  # of a whole set; None in the place of a missing one
    children: list["Node"] = field(default_factory=list)
    parts: tuple[dict[str, object], ...] = ()

    def flat(self, holder: int | None, start: int) -> Iterator[tuple["Node", int | None]]:
        """This node and all below it, each with the index of its holder, counted from `start`."""
        yield self, holder
        following = start + 1
        for child in self.children:
            for node, found_in in child.flat(start, following):
                yield node, found_in
                following += 1


def flattened(
    nodes: list[Node],
) -> tuple[tuple[CollectedItem, ...], tuple[Deferred, ...]]:
    """Items in order, each naming its container by its index; mailboxes that wait for more."""
    items: list[CollectedItem] = []
    deferred: list[Deferred] = []
    for root in nodes:
        for node, found_in in root.flat(None, len(items)):
            if node.parts:
                deferred.append(Deferred(len(items), node.depth, node.parts))
            items.append(replace(node.item, found_in=found_in))
    return tuple(items), tuple(deferred)


def with_place(item: CollectedItem, path: bytes) -> CollectedItem:
    """A mail with what its path in a Maildir says of it."""
    facts = maildir_facts(path) if item.type == "email" and item.fields == NO_FIELDS else None
    return item if facts is None else replace(item, fields=facts)


class Gatherer:
    """Opens what can be opened, into a store."""

    def __init__(
        self, limits: Limits, passwords: tuple[str, ...], writer: StoreWriter, *, recover: bool
    ) -> None:
        self._limits = limits
        self._recover = recover
        self._passwords = passwords
        self._writer = writer

    def grow(self, roots: Sequence[Node]) -> None:
        """Identify a file, or the files of one set; add all that is found inside.

        Left alone is what has no bytes in the store.
        """
        there = [each for each in roots if each.item.digests is not None]
        for root in there:
            root.item = self._identified(root.item, None)
        self._bind(there)
        for root in there:
            sizes = [each.size for each in root.volumes if each is not None]
            self._open_all([root], Budget(sum(sizes) or root.item.size, self._limits))

    def grow_part(self, holder: Node, part: dict[str, object]) -> tuple[Note, ...]:
        """Add what one part of a mailbox holds; the notes about the mailbox."""
        budget = Budget(holder.item.size, self._limits)
        notes = tuple(self._members(holder, part, budget))
        self._open_all(holder.children, budget)
        return notes

    def _open_all(self, nodes: Sequence[Node], budget: Budget) -> None:
        """Open the containers among nodes, and those found in them, in order."""
        waiting = list(reversed(nodes))
        while waiting:
            node = waiting.pop()
            if node.item.outcome is Disposition.PENDING and node.item.type in CONTAINERS:
                self._open(node, budget)
                waiting.extend(reversed(node.children))

    def _bind(self, nodes: Sequence[Node]) -> None:
        """Make sets of the volumes among items of one place: the first holds, the others belong."""
        folders: dict[bytes, dict[bytes, Node]] = {}
        for node in nodes:
            if node.item.outcome is Disposition.PENDING:
                folder, _, name = node.item.name_bytes.replace(b"\\", b"/").rpartition(b"/")
                folders.setdefault(folder, {}).setdefault(name, node)
        for named in folders.values():
            for found in volume_sets(tuple(named)):
                self._bind_set(found, [named[name] for name in found.present], named)

    def _bind_set(
        self, found: VolumeSet, present: Sequence[Node], named: Mapping[bytes, Node]
    ) -> None:
        first, *others = present
        with ExitStack() as held:
            paths = [held.enter_context(self._local(each)) for each in present]
            if first.item.type not in CONTAINERS or not holds_together(found, paths):
                return
        first.volumes = tuple(
            None if name is None else named[name].item.digests for name in found.volumes
        )
        count = len(found.volumes)
        for number, name in enumerate(found.volumes, 1):
            if name is not None and named[name] in others:
                item = named[name].item
                text = f"Volume {number} of {count} of the set under {first.item.address}"
                note = warning(Code.VOLUME, text, TOOL, VERSION)
                named[name].item = replace(
                    item, outcome=Disposition.CONTAINER, notes=(*item.notes, note)
                )

    def _local(self, node: Node) -> AbstractContextManager[Path]:
        assert node.item.digests is not None
        return self._writer.local_path(node.item.digests.sha256)

    def _identified(self, item: CollectedItem, known: FileType | None) -> CollectedItem:
        """The item with its type and what that makes of it."""
        found = known or self._type(item)
        notes = item.notes
        if disagrees(found.type, item.ext):
            text = f"It is named .{item.ext}, but its content is {found.type}"
            notes = (*notes, warning(Code.TYPE_DISAGREES, text, TOOL, VERSION))
        if any(each.severity == "exception" for each in item.notes):
            outcome = Disposition.EXCEPTION
        elif not item.size:
            outcome = Disposition.EMPTY
        else:
            outcome = Disposition.PENDING
        return replace(item, mime=found.mime, type=found.type, notes=notes, outcome=outcome)

    def _type(self, item: CollectedItem) -> FileType:
        assert item.digests is not None
        with self._writer.open(item.digests.sha256) as blob:
            return identify(blob.read(HEAD), item.name, blob)

    def _open(self, node: Node, budget: Budget) -> None:
        """Add what a container holds, or the parts in which it will be opened."""
        item = node.item
        if node.depth >= self._limits.depth:
            text = f"It lies in {node.depth} containers, more are not opened"
            own: tuple[Note, ...] = (exception(Code.TOO_DEEP, text, TOOL, VERSION),)
        else:
            if item.type in MAILBOXES and item.size >= SPLIT_BYTES:
                with self._container(node, None) as container:
                    node.parts = opener.parts_of(container)
            own = () if node.parts else tuple(self._members(node, None, budget))
        self._bind(node.children)
        lost = any(each.severity == "exception" for each in own)
        node.item = replace(
            item,
            outcome=Disposition.EXCEPTION if lost else Disposition.CONTAINER,
            notes=(*item.notes, *own),
        )

    def _members(
        self, node: Node, part: dict[str, object] | None, budget: Budget
    ) -> Iterator[Note]:
        """Add the members of a container; gives the notes about itself."""
        used: set[str] = set()
        with self._container(node, part) as container:
            for found in opener.members_of(container, budget):
                if isinstance(found, Note):
                    yield found
                    continue
                try:
                    budget.take_item()
                except BombError:
                    yield exception(Code.BOMB, "More items than any file may hold", TOOL, VERSION)
                    return
                self._member(found, node, used)

    def _member(self, member: Member, node: Node, used: set[str]) -> None:
        try:
            digests = None if member.stream is None else self._writer.put_stream(member.stream)
        except opener.LostMemberError:
            return  # it comes once more, or as an exception
        item = _item(inside(node.item.address, member.name_bytes, used), member, digests)
        if digests is not None:
            item = with_place(self._identified(item, member.known), member.name_bytes)
        node.children.append(Node(item, node.depth + 1))

    @contextmanager
    def _container(self, node: Node, part: dict[str, object] | None) -> Iterator[opener.Container]:
        """The container whose bytes, and those of its other volumes, stand as files meanwhile."""
        item = node.item
        assert item.digests is not None
        with ExitStack() as held:
            path, *volumes = (
                _NOWHERE
                if each is None
                else held.enter_context(self._writer.local_path(each.sha256))
                for each in (item.digests, *node.volumes)
            )
            yield opener.Container(
                path=path,
                name_bytes=item.name_bytes,
                type=item.type,
                limits=self._limits,
                passwords=self._passwords,
                volumes=tuple(volumes),
                part=part,
                recover=self._recover,
            )


def _item(address: str, member: Member, digests: Digests | None) -> CollectedItem:
    """A member as it is before it was looked at: an exception until its bytes are there."""
    name = last_part(member.name)
    return CollectedItem(
        address=address,
        name=name,
        name_bytes=member.name_bytes,
        role=member.role,
        found_in=None,
        digests=digests,
        size=digests.size if digests else member.size,
        mime=UNKNOWN.mime,
        type=UNKNOWN.type,
        ext=extension(name),
        outcome=Disposition.EXCEPTION,
        modified_at=member.modified_at,
        notes=member.notes,
        fields=member.fields,
    )
