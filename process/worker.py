"""What runs inside a Dask worker: drives the child, puts what it found into the store.

Trouble with a document becomes that document's record; trouble with the store stops the batch.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.child import KILLED_PAUSES, Allowed, Child, Children, item_number
from ingest.interface import ChildFailure
from ingest.types import extension
from ingest.workspace import workspace
from process.allowed import seconds_for
from process.interface import (
    ExtractBatch,
    ExtractedItem,
    ExtractJob,
    FamilyResult,
    Text,
)
from process.report import ReportError, Told, read_report
from records.codes import Code, Disposition, Role
from records.fields import Fields
from records.limits import Limits
from records.notes import Note, exception
from store import Digests, Store, StoreWriter, open_store

MODULE = "process.child_main"
TOOL = "child"
VERSION = "1"
_MOST_AVOIDED = 16
"""So many items that kill their reader twice are left out one by one; then all that follow."""

_children = Children()
close_children = _children.close


def child_for(limits: Limits) -> Child:
    """This worker's child under these limits; the same one for every batch."""
    return _children.of(MODULE, limits.memory_mb)


def extract_batch(batch: ExtractBatch) -> tuple[FamilyResult, ...]:
    """Read a batch of level-1 documents with everything inside them, in order.

    The child gets several at a time, so that neither waits for the other. One that fails is read
    again alone, and those behind it with a fresh child.
    """
    store = open_store(batch.store_address)
    with store.writing() as writer, workspace() as scratch:
        families = [
            _Extraction(job, batch, store, writer, scratch / str(number))
            for number, job in enumerate(batch.jobs)
        ]
        found: list[FamilyResult] = []
        while len(found) < len(families):
            found.extend(_row(families[len(found) :], child_for(batch.limits)))
        return tuple(found)


def _row(families: Sequence["_Extraction"], child: Child) -> Iterator[FamilyResult]:
    """Families read one behind another, as far as the first that fails, which is the last."""
    with ExitStack() as undo:
        for each in families:
            undo.callback(each.close)
        answers = child.calls((each.opened(), each.seconds()) for each in families)
        undo.callback(answers.close)
        for each, answer in zip(families, answers, strict=False):
            family = each.taken_over(answer)
            if isinstance(family, ChildFailure):
                answers.close()
                child.close()
                yield each.saved(family, child.last_doing)
                return
            yield family


class _Extraction:
    """One family on its way from the child to the store."""

    def __init__(
        self,
        job: ExtractJob,
        batch: ExtractBatch,
        store: Store,
        writer: StoreWriter,
        folder: Path,
    ) -> None:
        self._job = job
        self._limits = batch.limits
        self._passwords = batch.passwords
        self._inline = batch.inline
        self._store = store
        self._writer = writer
        self._folder = folder
        self._undo = ExitStack()
        self._path: Path | None = None
        self._avoid: dict[int, Note] = {}
        self._failed: dict[int, int] = {}
        self._failure = ChildFailure(Code.CRASH, "")
        self._failed_at = 0

    def opened(self, **cut: int) -> dict[str, Any]:
        """The request to read it, its bytes standing ready, its folder fresh."""
        if self._path is None:
            self._path = self._undo.enter_context(self._store.local_path(self._job.sha256))
        self._sweep()
        return self._request(self._path) | cut

    def close(self) -> None:
        """Let go of the bytes and of what the child wrote."""
        self._path = None
        self._undo.close()
        self._sweep()

    def _sweep(self) -> None:
        if self._folder.exists():
            shutil.rmtree(self._folder)

    def seconds(self) -> Allowed:
        """How long the child may take."""
        return seconds_for(self._limits, self._job.size, lonely=bool(self._failed))

    def saved(self, failure: ChildFailure, doing: str) -> FamilyResult:
        """Read, alone, a family that failed: the item at fault once more, then without it.

        Where too many do, all from the last of them on are left out; where even that kills the
        reader, which is then at getting the next item out of its holder, the family ends there.
        """
        found: FamilyResult | None = None
        if failure.killed:
            found = self._attempt()
        else:
            self._note(failure, doing)
        while found is None and self._leave_out():
            found = self._attempt()
        if found is None and self._failed_at > 0:
            found = self._attempt(avoid_from=self._failed_at)
        for end in (self._failed_at, self._failed_at - 1):
            if found is None and end > 0:
                found = self._attempt(avoid_from=end, end=end)
        return found or FamilyResult(self._job.document_id, (self._lost(self._failure),))

    def _attempt(self, **cut: int) -> FamilyResult | None:
        """Read the family in the child, once; None, with a record of it, where that fails.

        A stranger who kills the child does not count, or not at first.
        """
        child = child_for(self._limits)
        for pause in (*KILLED_PAUSES, 0.0):
            family = self.taken_over(child.call(self.opened(**cut), self.seconds()))
            if isinstance(family, FamilyResult):
                return family
            failure = family
            if not failure.killed:
                break
            time.sleep(pause)
        self._note(failure, child.last_doing)
        child.close()
        return None

    def _note(self, failure: ChildFailure, doing: str) -> None:
        self._failure, self._failed_at = failure, item_number(doing)
        self._failed[self._failed_at] = self._failed.get(self._failed_at, 0) + 1

    def _request(self, path: Path) -> dict[str, Any]:
        return {
            "what": "extract",
            "path": str(path.absolute()),
            "name": self._job.name,
            "mime": self._job.mime,
            "type": self._job.type,
            "fields": self._job.fields,
            "folder": str(self._folder),
            "limits": asdict(self._limits),
            "passwords": self._passwords,
            "inline": self._inline,
            "avoid": {at: asdict(note) for at, note in self._avoid.items()},
        }

    def _leave_out(self) -> bool:
        """Leave out the item that failed last if it did twice; False where that is no way on."""
        number, failure = self._failed_at, self._failure
        if self._failed[number] < 2:
            return True
        if number == 0 or number in self._avoid or len(self._avoid) >= _MOST_AVOIDED:
            return False
        self._avoid[number] = exception(failure.code, failure.message, TOOL, VERSION, attempts=2)
        return True

    def taken_over(self, answer: dict[str, Any] | ChildFailure) -> FamilyResult | ChildFailure:
        """What the child found, its bytes and texts now in the store; its folder is gone.

        A child that was taken over by what it read may answer anything: what makes no sense, or
        names files that are not its own, is a failure of the child.
        """
        if isinstance(answer, ChildFailure):
            return answer
        try:
            told = read_report(answer, self._own)
        except ReportError as error:
            message = f"The reading process gave a report that makes no sense ({error})"
            return ChildFailure(Code.CRASH, message)
        members = tuple(self._item(each, number == 0) for number, each in enumerate(told))
        self.close()
        return FamilyResult(self._job.document_id, members)

    def _own(self, name: str) -> Path:
        """A file that the child may name: one in its folder, or the document itself."""
        path = Path(name)
        if self._path is not None and path == self._path.absolute():
            return path
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ValueError("it names a file that is not its own")
        return path

    def _item(self, told: Told, is_root: bool) -> ExtractedItem:
        digests = self._root_digests() if is_root else self._stored(told)
        return ExtractedItem(**told.values, digests=digests, text=self._text(told))

    def _stored(self, told: Told) -> Digests | None:
        """Put an item's bytes into the store; None for an exception that has none."""
        if told.values["outcome"] is Disposition.EXCEPTION and told.path.stat().st_size == 0:
            return None
        with told.path.open("rb") as file:
            return self._writer.put_stream(file)

    def _text(self, told: Told) -> Text:
        if told.text is not None:
            data = told.text.encode("utf-8", "replace")
            return Text(self._writer.put_bytes(data).sha256, "native", told.chars)
        if told.text_path is None:
            return Text(None, "none", 0)
        with told.text_path.open("rb") as file:
            return Text(self._writer.put_stream(file).sha256, "native", told.chars)

    def _root_digests(self) -> Digests:
        """What is known of the root's bytes; its other hashes have been on record since."""
        return Digests(self._job.sha256, "", "", self._job.size)

    def _lost(self, failure: ChildFailure) -> ExtractedItem:
        """The root alone, as an exception: its reader died of it twice."""
        attempts = max(self._failed.values())
        note = exception(failure.code, failure.message, TOOL, VERSION, attempts=attempts)
        return ExtractedItem(
            parent=None,
            role=Role.FILE,
            name=self._job.name,
            name_bytes=self._job.name.encode("utf-8", "backslashreplace"),
            digests=self._root_digests(),
            mime=self._job.mime,
            type=self._job.type,
            ext=extension(self._job.name),
            outcome=Disposition.EXCEPTION,
            text=Text(None, "none", 0),
            pages=None,
            ocr_pages=(),
            fields=Fields(),
            raw={},
            notes=(note,),
            dedup_hash=None,
            mih=None,
        )
