"""What runs in a worker: files of a volume into the store, and what documents are made of."""

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from ingest import sources
from ingest.child import Children
from ingest.interface import ChildFailure
from ingest.names import shown
from ingest.text import decode, looks_like_text
from ingest.types import HEAD, identify
from ingest.workspace import workspace
from process.interface import ExtractBatch, ExtractJob
from process.worker import extract_batch
from produce.received.interface import FileFacts
from records.limits import Limits
from store import Digests, Store, StoreWriter, open_store

_children = Children()
MODULE = "produce.received.child"
_SECONDS = 120.0
_MOST_TEXT = 512 << 20
_ENDS = re.compile("\r\n|\r")
_ODD = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be taken: its path as the file system has it, as shown, and what it is for."""

    path: bytes
    shown: str
    use: str


@dataclass(frozen=True, slots=True)
class TakeBatch:
    """Files for one worker to copy into the store and look at."""

    root: bytes
    files: tuple[Wanted, ...]
    store_address: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class MakeJob:
    """A document whose bytes are to be made ready.

    `pages` are (SHA-256, page of the file) to be bound to one file; `native` is to be read, for no
    text of it came.
    """

    place: int
    pages: tuple[tuple[str, int], ...] = ()
    native: ExtractJob | None = None


@dataclass(frozen=True, slots=True)
class MakeBatch:
    """Jobs for one worker."""

    jobs: tuple[MakeJob, ...]
    store_address: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a job: a bound TIFF or PDF, or what reading the native gave.

    `why` says why the pages could not be bound. `inside` counts what the native holds.
    """

    place: int
    digests: Digests | None = None
    why: str = ""
    type: str = ""
    text_sha256: str | None = None
    chars: int = 0
    pages: int | None = None
    ocr_pages: tuple[int, ...] = ()
    outcome: str = ""
    notes: tuple[Any, ...] = ()
    inside: int = 0


def take_files(batch: TakeBatch) -> tuple[FileFacts, ...]:
    """Copy and hash files, decode texts, look at images; in their order.

    Everything is in the store, durable, when this returns. Trouble with a file is said of it.
    """
    store = open_store(batch.store_address)
    with store.writing() as writer:
        found = [_taken(each, batch.root, writer) for each in batch.files]
        images = [
            at
            for at, each in enumerate(batch.files)
            if each.use == "image" and found[at].sha256 is not None
        ]
        for at, told in zip(
            images, _looked([found[at] for at in images], batch, writer), strict=True
        ):
            found[at] = replace(found[at], **told)
    return tuple(found)


def _taken(file: Wanted, root: bytes, writer: StoreWriter) -> FileFacts:
    full = os.path.join(root, file.path)  # noqa: PTH118 - the path is bytes
    try:
        copied = sources.copy(full, writer)
    except sources.SourceReadError as error:
        return FileFacts(file.shown, None, why=f"It could not be read: {error}")
    digests = copied.digests
    facts = FileFacts(file.shown, digests.sha256, digests.sha1, digests.md5, digests.size)
    if copied.changed:
        facts = replace(facts, why="It was written to while it was read")
    with writer.open(digests.sha256) as stream:
        head = stream.read(HEAD)
        stream.seek(0)
        kind = identify(head, shown(os.path.basename(file.path)), stream)  # noqa: PTH119
    facts = replace(facts, mime=kind.mime, type=kind.type)
    return _read(facts, writer) if file.use == "text" else facts


def _read(facts: FileFacts, writer: StoreWriter) -> FileFacts:
    """A text file's text as UTF-8 with plain line ends, by the evidence of its bytes."""
    assert facts.sha256 is not None
    if facts.size > _MOST_TEXT:
        return replace(facts, why=f"The text is longer than {_MOST_TEXT >> 20} MB and was not read")
    with writer.open(facts.sha256) as stream:
        data = stream.read()
    found = decode(data)
    text = _ENDS.sub("\n", found.text)
    binary = bool(data) and not looks_like_text(data[:HEAD])
    return replace(
        facts,
        text_sha256=writer.put_bytes(text.encode("utf-8", "replace")).sha256,
        chars=len(text),
        charset=found.charset,
        guessed=found.source == "assumed",
        odd=len(_ODD.findall(text)) + binary,
    )


def _looked(
    found: Sequence[FileFacts], batch: TakeBatch, writer: StoreWriter
) -> list[dict[str, Any]]:
    """What a child says of images; one that ends it is asked for alone, and then blamed."""
    if not found:
        return []
    with ExitStack() as held:
        paths = [
            str(held.enter_context(writer.local_path(each.sha256 or "")).absolute())
            for each in found
        ]
        child = _children.of(MODULE, batch.limits.memory_mb)
        answer = child.call({"what": "look", "paths": paths}, _SECONDS + len(paths))
        if isinstance(answer, ChildFailure):
            answers = [
                child.call({"what": "look", "paths": [path]}, _SECONDS + len(paths))
                for path in paths
            ]
        else:
            answers = [{"found": [each]} for each in answer["found"]]
    return [_told(each) for each in answers]


def _told(answer: dict[str, Any] | ChildFailure) -> dict[str, Any]:
    if isinstance(answer, ChildFailure):
        return {"why": f"Its reader ended: {answer.message}"}
    (found,) = answer["found"]
    return {"image": tuple(found["image"])} if "image" in found else {"why": found["why"]}


def make(batch: MakeBatch) -> tuple[Made, ...]:
    """Bind pages and read natives, in the order of the jobs."""
    store = open_store(batch.store_address)
    natives = [each for each in batch.jobs if each.native is not None]
    made = {each.place: each for each in _read_natives(natives, batch)}
    with store.writing() as writer:
        for job in batch.jobs:
            if job.pages:
                made[job.place] = _bound(job, batch, store, writer)
    return tuple(made.get(each.place, Made(each.place)) for each in batch.jobs)


def _bound(job: MakeJob, batch: MakeBatch, store: Store, writer: StoreWriter) -> Made:
    with workspace() as folder, ExitStack() as held:
        out = folder / "bound"
        pages = [
            (str(held.enter_context(store.local_path(sha256)).absolute()), frame)
            for sha256, frame in job.pages
        ]
        child = _children.of(MODULE, batch.limits.memory_mb)
        request = {"what": "bind", "pages": pages, "out": str(out)}
        answer = child.call(request, _SECONDS + len(pages))
        if isinstance(answer, ChildFailure):
            return Made(job.place, why=f"Its binder ended: {answer.message}")
        if answer["why"] or not out.exists():
            return Made(job.place, why=answer["why"] or "nothing was bound")
        with out.open("rb") as file:
            return Made(job.place, writer.put_stream(file), type=answer["type"])


def _read_natives(jobs: Sequence[MakeJob], batch: MakeBatch) -> list[Made]:
    """The text of natives that came without one; what they hold stays in them."""
    if not jobs:
        return []
    wanted = tuple(each.native for each in jobs if each.native is not None)
    families = extract_batch(ExtractBatch(wanted, batch.store_address, batch.limits, ()))
    found = []
    for job, family in zip(jobs, families, strict=True):
        root = family.members[0]
        found.append(
            Made(
                job.place,
                text_sha256=root.text.sha256,
                chars=root.text.chars,
                pages=root.pages,
                ocr_pages=root.ocr_pages,
                outcome=root.outcome,
                notes=root.notes,
                inside=len(family.members) - 1,
            )
        )
    return found
