"""A batch of source files into the store, each with all that its containers hold."""

import datetime as dt
import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from ingest import sources
from ingest.addressing import inside, path_address
from ingest.archive import expand_zip
from ingest.compressed import expand_compressed
from ingest.interface import CollectBatch, CollectedItem, CollectResult, FileType, SourceFile
from ingest.mbox import PASSED, messages
from ingest.members import BombError, Budget, Member
from ingest.names import last_part, shown
from ingest.tar import expand_tar
from ingest.types import HEAD, disagrees, extension, identify
from ingest.versions import TOOL, VERSION
from records import times
from records.codes import Code, Disposition, Role
from records.errors import DiskFullError, RedwellError
from records.notes import Note, exception, warning
from store import Digests, StoreWriter, open_store

_COMPRESSED = frozenset({"gz", "bz2", "xz"})
CONTAINERS = frozenset({"zip", "tar", "mbox"}) | _COMPRESSED
_UNKNOWN = FileType("application/octet-stream", "unknown")
_EMAIL = FileType("message/rfc822", "email")


def collect_batch(batch: CollectBatch) -> CollectResult:
    """Copy, hash and identify a batch of files and open the containers among them.

    Everything is in the store, durable, when this returns. Trouble with a file is an item with
    an exception; trouble with the store, or a full disk, is raised.
    """
    store = open_store(batch.store_address)
    with store.writing() as writer:
        collector = _Collector(batch, writer)
        for file in batch.files:
            collector.take(file)
    return CollectResult(tuple(collector.items))


def lost_file(file: SourceFile, note: Note) -> CollectedItem:
    """The item of a file whose bytes could not be had."""
    return CollectedItem(
        address=path_address(file.path),
        name=shown(os.path.basename(file.path)),  # noqa: PTH119 - the path is bytes
        name_bytes=os.path.basename(file.path),  # noqa: PTH119
        role=Role.FILE,
        found_in=None,
        digests=None,
        size=file.size,
        mime=_UNKNOWN.mime,
        type=_UNKNOWN.type,
        ext=extension(shown(file.path)),
        outcome=Disposition.EXCEPTION,
        modified_at=_stamp(file.modified_ns),
        notes=(note,),
    )


def _stamp(nanoseconds: int) -> str | None:
    try:
        return times.stamp(dt.datetime.fromtimestamp(nanoseconds // 10**9, dt.UTC))
    except (ValueError, OverflowError, OSError):
        return None


class _Collector:
    """Items found so far, and what finding them needs."""

    def __init__(self, batch: CollectBatch, writer: StoreWriter) -> None:
        self.items: list[CollectedItem] = []
        self._batch = batch
        self._writer = writer

    def take(self, file: SourceFile) -> None:
        """Add the item of one source file and of all found inside it."""
        full = os.path.join(self._batch.root, file.path)  # noqa: PTH118 - the path is bytes
        refusal = _refusal(file, full)
        if refusal is not None:
            self.items.append(lost_file(file, refusal))
            return
        try:
            copied = sources.copy(full, self._writer)
        except sources.SourceReadError as error:
            text = f"It could not be read: {error}"
            note = exception(Code.UNREADABLE_SOURCE, text, TOOL, VERSION)
            self.items.append(lost_file(file, note))
            return
        notes = (_changed(),) if copied.changed else ()
        place = len(self.items)
        item = replace(
            lost_file(file, _changed()),
            digests=copied.digests,
            size=copied.digests.size,
            notes=notes,
        )
        try:
            self._add(item, Budget(copied.digests.size, self._batch.limits), 0, None)
        except (RedwellError, MemoryError):
            raise
        except Exception as error:  # the item border: it becomes a record
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(f"No room left in {self._batch.store_address}") from error
            del self.items[place:]
            note = exception(Code.CRASH, f"{type(error).__name__}: {error}", TOOL, VERSION)
            self.items.append(replace(item, notes=(*notes, note)))

    def _add(self, item: CollectedItem, budget: Budget, depth: int, known: FileType | None) -> None:
        """Add an item whose bytes are in the store, then all found inside it."""
        assert item.digests is not None
        place = len(self.items)
        found = known or self._identified(item)
        failed = any(each.severity == "exception" for each in item.notes)
        notes = item.notes
        if disagrees(found.type, item.ext):
            notes = (*notes, _disagreement(found, item.ext))
        item = replace(item, mime=found.mime, type=found.type, notes=notes)
        if failed:
            outcome = Disposition.EXCEPTION
        elif not item.size:
            outcome = Disposition.EMPTY
        else:
            outcome = Disposition.PENDING
        self.items.append(replace(item, outcome=outcome))
        if outcome is Disposition.PENDING and found.type in CONTAINERS:
            own = self._open(item, place, budget, depth)
            lost = any(each.severity == "exception" for each in own)
            self.items[place] = replace(
                item,
                outcome=Disposition.EXCEPTION if lost else Disposition.CONTAINER,
                notes=(*notes, *own),
            )

    def _identified(self, item: CollectedItem) -> FileType:
        assert item.digests is not None
        with self._writer.open(item.digests.sha256) as blob:
            head = blob.read(HEAD)
            return identify(head, item.name, blob)

    def _open(
        self, item: CollectedItem, place: int, budget: Budget, depth: int
    ) -> tuple[Note, ...]:
        """Add what a container holds; the notes about the container itself."""
        assert item.digests is not None
        if depth >= self._batch.limits.depth:
            text = f"It lies in {depth} containers, more are not opened"
            return (exception(Code.TOO_DEEP, text, TOOL, VERSION),)
        with self._writer.open(item.digests.sha256) as blob:
            if item.type == "mbox":
                self._messages(item, blob, place, budget, depth)
                return ()
            return tuple(self._members(item, blob, place, budget, depth))

    def _members(
        self, item: CollectedItem, blob: BinaryIO, place: int, budget: Budget, depth: int
    ) -> Iterator[Note]:
        used: set[str] = set()
        for found in self._expanded(item, blob, budget):
            if isinstance(found, Note):
                yield found
                continue
            try:
                budget.take_item()
            except BombError:
                yield exception(Code.BOMB, "More items than any file may hold", TOOL, VERSION)
                return
            address = inside(item.address, found.name_bytes, used)
            self._member(found, address, place, budget, depth + 1)

    def _expanded(
        self, item: CollectedItem, blob: BinaryIO, budget: Budget
    ) -> Iterator[Member | Note]:
        limits = self._batch.limits
        if item.type == "zip":
            return expand_zip(blob, item.size, limits, self._batch.passwords, budget)
        if item.type == "tar":
            return expand_tar(blob, limits, budget)
        return expand_compressed(blob, item.type, item.name_bytes, budget)

    def _member(self, member: Member, address: str, place: int, budget: Budget, depth: int) -> None:
        digests = None if member.stream is None else self._writer.put_stream(member.stream)
        name = last_part(member.name)
        item = _item(address, name, member.name_bytes, Role.MEMBER, place, digests)
        item = replace(item, size=member.size, modified_at=member.modified_at, notes=member.notes)
        if digests is None:
            self.items.append(item)
        else:
            self._add(item, budget, depth, None)

    def _messages(
        self, item: CollectedItem, blob: BinaryIO, place: int, budget: Budget, depth: int
    ) -> None:
        for number, message in enumerate(messages(blob), 1):
            name = f"message-{number:05}.eml"
            address = inside(item.address, name.encode(), set())
            if message.left_out:
                found = _item(address, name, name.encode(), Role.MESSAGE, place, None)
                text = f"A message of {message.left_out} bytes at {message.offset}; left out"
                note = exception(Code.TOO_LARGE, text, TOOL, VERSION)
                self.items.append(replace(found, size=message.left_out, notes=(note,)))
                continue
            digests = self._writer.put_bytes(message.data)
            found = _item(address, name, name.encode(), Role.MESSAGE, place, digests)
            if message.passed:
                found = replace(found, notes=(warning(Code.MALFORMED_MAIL, PASSED, TOOL, VERSION),))
            self._add(found, budget, depth + 1, _EMAIL)


def _item(
    address: str, name: str, name_bytes: bytes, role: Role, place: int, digests: Digests | None
) -> CollectedItem:
    """A member as it is before it was looked at: an exception until its bytes are there."""
    return CollectedItem(
        address=address,
        name=name,
        name_bytes=name_bytes,
        role=role,
        found_in=place,
        digests=digests,
        size=digests.size if digests else 0,
        mime=_UNKNOWN.mime,
        type=_UNKNOWN.type,
        ext=extension(name),
        outcome=Disposition.EXCEPTION,
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


def _disagreement(found: FileType, ext: str) -> Note:
    text = f"It is named .{ext}, but its content is {found.type}"
    return warning(Code.TYPE_DISAGREES, text, TOOL, VERSION)
