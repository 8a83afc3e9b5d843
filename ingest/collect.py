"""A batch of source files into the store, each with all that its containers hold."""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ingest import origin, sources
from ingest.addressing import path_address
from ingest.gather import UNKNOWN, Gatherer, Node, flattened, with_place
from ingest.interface import CollectBatch, CollectedItem, CollectResult, MailboxPart, SourceFile
from ingest.names import shown
from ingest.types import extension
from ingest.versions import TOOL, VERSION
from records import times
from records.codes import Code, Disposition, Role
from records.errors import RedwellError, raise_if_full
from records.notes import Note, exception, warning
from store import Digests, StoreWriter, open_store


def collect_batch(batch: CollectBatch) -> CollectResult:
    """Copy, hash and identify a batch of files and open the containers among them.

    Everything is in the store, durable, when this returns. Trouble with a file is an item with
    an exception; trouble with the store, or a full disk, is raised.
    """
    store = open_store(batch.store_address)
    with store.writing() as writer:
        collector = _Collector(batch, writer)
        if batch.mailbox is not None:
            return collector.part(batch.mailbox)
        for files in sets_of(batch.files):
            collector.take(files)
        return collector.result()


def sets_of(files: Sequence[SourceFile]) -> Iterator[tuple[SourceFile, ...]]:
    """Files in their order; volumes of one set together, all others by themselves."""
    for _, some in groupby(files, lambda each: each.set_first or each.path):
        yield tuple(some)


def lost_file(file: SourceFile, note: Note, root: bytes) -> CollectedItem:
    """The item of a file whose bytes could not be had."""
    return CollectedItem(
        address=path_address(file.path),
        name=shown(os.path.basename(file.path)),  # noqa: PTH119 - the path is bytes
        name_bytes=os.path.basename(file.path),  # noqa: PTH119
        role=Role.FILE,
        found_in=None,
        digests=None,
        size=file.size,
        mime=UNKNOWN.mime,
        type=UNKNOWN.type,
        ext=extension(shown(file.path)),
        outcome=Disposition.EXCEPTION,
        modified_at=_stamp(file.modified_ns),
        notes=(note,),
        origin=origin.of_source(root, file.path),
    )


def _stamp(nanoseconds: int) -> str | None:
    try:
        return times.stamp(dt.datetime.fromtimestamp(nanoseconds // 10**9, dt.UTC))
    except (ValueError, OverflowError, OSError):
        return None


class _Collector:
    """Files taken so far, and what taking them needs."""

    def __init__(self, batch: CollectBatch, writer: StoreWriter) -> None:
        self._batch = batch
        self._writer = writer
        self._gatherer = Gatherer(batch.limits, batch.passwords, writer, recover=batch.recover)
        self._nodes: list[Node] = []

    def take(self, files: Sequence[SourceFile]) -> None:
        """Add the item of one source file, or of a set of volumes, and of all found inside it."""
        nodes = [self._copied(file) for file in files]
        before = [node.item for node in nodes]
        place = len(self._nodes)
        self._nodes.extend(nodes)
        try:
            self._gatherer.grow(nodes)
            for node, file in zip(nodes, files, strict=True):
                node.item = with_place(node.item, file.path)
        except (RedwellError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - the item border: it becomes a record
            raise_if_full(error)
            note = exception(Code.CRASH, f"{type(error).__name__}: {error}", TOOL, VERSION)
            self._nodes[place:] = [
                Node(replace(item, notes=(*item.notes, note))) if item.digests else Node(item)
                for item in before
            ]

    def _copied(self, file: SourceFile) -> Node:
        """The file in the store, or why it is not."""
        full = os.path.join(self._batch.root, file.path)  # noqa: PTH118 - the path is bytes
        refusal = _refusal(file, full)
        if refusal is not None:
            return Node(lost_file(file, refusal, self._batch.root))
        try:
            copied = sources.copy(full, self._writer)
        except sources.SourceReadError as error:
            text = f"It could not be read: {error}"
            note = exception(Code.UNREADABLE_SOURCE, text, TOOL, VERSION)
            return Node(lost_file(file, note, self._batch.root))
        return Node(
            replace(
                lost_file(file, _changed(), self._batch.root),
                digests=copied.digests,
                size=copied.digests.size,
                modified_at=_stamp(copied.modified_ns),
                origin=origin.with_path(copied.origin, file.path),
                notes=(_changed(),) if copied.changed else (),
            )
        )

    def result(self) -> CollectResult:
        """All that was taken."""
        items, deferred = flattened(self._nodes)
        return CollectResult(items, deferred)

    def part(self, mailbox: MailboxPart) -> CollectResult:
        """What a part of a mailbox holds."""
        holder = Node(_holder(mailbox), mailbox.depth)
        notes = self._gatherer.grow_part(holder, mailbox.part)
        items, deferred = flattened(holder.children)
        return CollectResult(items, deferred, notes)


def _holder(mailbox: MailboxPart) -> CollectedItem:
    """The mailbox as far as its opening needs it."""
    return CollectedItem(
        address=mailbox.address,
        name=shown(mailbox.name_bytes),
        name_bytes=mailbox.name_bytes,
        role=Role.FILE,
        found_in=None,
        digests=Digests(mailbox.sha256, "", "", mailbox.size),
        size=mailbox.size,
        mime="",
        type=mailbox.type,
        ext="",
        outcome=Disposition.CONTAINER,
        modified_at=None,
        notes=(),
    )


def _refusal(file: SourceFile, full: bytes) -> Note | None:
    """Why an entry of the source is not to be opened at all."""
    if file.kind == "link":
        try:
            target = shown(os.readlink(full))  # noqa: PTH115 - bytes
        except OSError:
            target = "an unknown place"
        text = f"A symbolic link to {target}; recorded, not followed"
        return exception(Code.LINK, text, TOOL, VERSION)
    if file.kind == "special":
        text = "A device, socket or pipe; it holds no bytes"
        return exception(Code.SPECIAL_FILE, text, TOOL, VERSION)
    if file.kind == "unreadable":
        text = "The file or folder could not be looked at; it may hold more"
        return exception(Code.UNREADABLE_SOURCE, text, TOOL, VERSION)
    return None


def _changed() -> Note:
    text = "It was written to while it was read, twice: the bytes kept may be a mixture"
    return warning(Code.CHANGED_WHILE_READ, text, TOOL, VERSION)
