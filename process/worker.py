"""What runs inside a Dask worker: drives the child, puts what it found into the store.

Trouble with a document becomes that document's record; trouble with the store stops the batch.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.child import Child, Children, item_number
from ingest.interface import ChildFailure
from ingest.types import extension
from ingest.workspace import workspace
from process.interface import (
    ExtractBatch,
    ExtractedItem,
    ExtractJob,
    FamilyResult,
    Text,
)
from records.codes import Code, Disposition, Role
from records.fields import Fields
from records.notes import Note, exception
from records.settings import Limits
from store import Digests, Store, StoreWriter, open_store
from store.local import copy_hashing

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
    """Read a batch of level-1 documents with everything inside them, in order."""
    store = open_store(batch.store_address)
    with store.writing() as writer:
        return tuple(_Extraction(job, batch, store, writer).run() for job in batch.jobs)


class _Extraction:
    """One family on its way from the child to the store."""

    def __init__(
        self, job: ExtractJob, batch: ExtractBatch, store: Store, writer: StoreWriter
    ) -> None:
        self._job = job
        self._limits = batch.limits
        self._passwords = batch.passwords
        self._inline = batch.inline
        self._store = store
        self._writer = writer
        self._avoid: dict[int, Note] = {}
        self._failed: dict[int, int] = {}
        self._failure = ChildFailure(Code.CRASH, "")
        self._failed_at = 0

    def run(self) -> FamilyResult:
        """Read the family: an item that kills the reader is tried once more, then left out.

        Where too many do, all from the last of them on are left out; where even that kills the
        reader, which is then at getting the next item out of its holder, the family ends there.
        """
        with self._store.local_path(self._job.sha256) as path:
            found = self._attempt(path)
            while found is None and self._leave_out():
                found = self._attempt(path)
            if found is None and self._failed_at > 0:
                found = self._attempt(path, avoid_from=self._failed_at)
            for end in (self._failed_at, self._failed_at - 1):
                if found is None and end > 0:
                    found = self._attempt(path, avoid_from=end, end=end)
        return found or FamilyResult(self._job.document_id, (self._lost(self._failure),))

    def _attempt(self, path: Path, **cut: int) -> FamilyResult | None:
        """Read the family in the child, once; None, with a record of it, where that fails."""
        seconds = (2.0 if self._failed else 1.0) * self._limits.seconds
        child = child_for(self._limits)
        with workspace() as folder:
            answer = child.call(self._request(path, folder) | cut, seconds)
            if not isinstance(answer, ChildFailure):
                return self._taken_over(Path(answer["report"]))
        self._failure, self._failed_at = answer, item_number(child.last_doing)
        self._failed[self._failed_at] = self._failed.get(self._failed_at, 0) + 1
        return None

    def _request(self, path: Path, folder: Path) -> dict[str, Any]:
        return {
            "what": "extract",
            "path": str(path.absolute()),
            "name": self._job.name,
            "mime": self._job.mime,
            "type": self._job.type,
            "fields": self._job.fields,
            "folder": str(folder),
            "limits": self._limits.model_dump(),
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

    def _taken_over(self, report: Path) -> FamilyResult:
        found = json.loads(report.read_bytes())
        return FamilyResult(
            self._job.document_id,
            tuple(self._item(values, number == 0) for number, values in enumerate(found)),
        )

    def _item(self, values: dict[str, Any], is_root: bool) -> ExtractedItem:
        return ExtractedItem(
            parent=values["parent"],
            role=Role(values["role"]),
            name=values["name"],
            name_bytes=bytes.fromhex(values["name_bytes"]),
            digests=self._root_digests() if is_root else self._stored(values),
            mime=values["mime"],
            type=values["type"],
            ext=values["ext"],
            outcome=Disposition(values["outcome"]),
            text=self._text(values),
            pages=values["pages"],
            ocr_pages=tuple(values["ocr_pages"]),
            fields=Fields.from_json(values["fields"]),
            raw=values["raw"],
            notes=tuple(Note(**note | {"code": Code(note["code"])}) for note in values["notes"]),
            dedup_hash=values["dedup_hash"] if is_root else None,
            mih=values["mih"],
        )

    def _stored(self, values: dict[str, Any]) -> Digests | None:
        """Put an item's bytes into the store; None for an exception that has none."""
        path = Path(values["path"])
        if values["outcome"] == Disposition.EXCEPTION and path.stat().st_size == 0:
            return None
        with path.open("rb") as file:
            return self._writer.put_stream(file)

    def _text(self, values: dict[str, Any]) -> Text:
        if values["text_path"] is None:
            return Text(None, "none", 0)
        with Path(values["text_path"]).open("rb") as file:
            return Text(self._writer.put_stream(file).sha256, "native", values["chars"])

    def _root_digests(self) -> Digests:
        """All hashes of the root, taken from its bytes."""
        with self._store.open(self._job.sha256) as file:
            return copy_hashing(file, len)

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
