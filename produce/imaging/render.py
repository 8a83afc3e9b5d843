"""Documents to unstamped PDF pages: the worker's side. Nothing here parses what it handles."""

import atexit
import functools
import importlib.metadata
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.child import Child
from ingest.interface import ChildFailure
from process.hidden import UNSEEN
from produce.imaging import libreoffice
from produce.imaging.office import DRAWINGS
from produce.imaging.route import office_suffix, way
from produce.imaging.tools import fingerprint
from produce.interface import RenderBatch, RenderJob, RenderResult
from records.codes import Code
from records.errors import DiskFullError
from records.notes import Note, exception, warning
from store import Store, StoreWriter, open_store

_TOOLS = {
    "mail": "weasyprint",
    "html": "weasyprint",
    "svg": "weasyprint",
    "mhtml": "weasyprint",
    "plain": "pikepdf",
    "entries": "pikepdf",
    "text": "pikepdf",
    "pdf": "pikepdf",
    "image": "pillow",
}
_DRAWINGS = DRAWINGS | {"svg"}
_WORD = re.compile(r"\w")
_LEAST_ROOM = 32 << 20
_SECONDS_A_PAGE = 20.0  # OCR may have to read each of them
_AT_ONCE = 20  # office documents for one LibreOffice
Answer = dict[str, Any]


@functools.cache
def child(memory_mb: int) -> Child:
    """This worker's imaging child; it stays from batch to batch."""
    started = Child("produce.imaging.child_main", memory_mb=memory_mb)
    atexit.register(started.close)
    return started


def ask(memory_mb: int, request: dict[str, Any], seconds: float) -> Answer:
    """Put a request to the child; its death is an answer with a code, too."""
    answer = child(memory_mb).call(request, seconds)
    if isinstance(answer, ChildFailure) or "code" in answer:
        _require_room(Path(tempfile.gettempdir()))
    if isinstance(answer, ChildFailure):
        reasons = {Code.TIMEOUT: "took too long", Code.MEMORY: "took too much memory"}
        return {
            "code": answer.code.value,
            "reason": reasons.get(answer.code, "the renderer died over it"),
            "message": answer.message,
        }
    return answer


def _require_room(folder: Path) -> None:
    """No document is to blame for a full disk."""
    if shutil.disk_usage(folder).free < _LEAST_ROOM:
        raise DiskFullError(f"{folder} has no room left for pages. Make some and run again")


@functools.cache
def tool_of(kind: str) -> tuple[str, str]:
    """Name and version of the tool that images documents of a way."""
    if kind == "office":
        return "LibreOffice", libreoffice.version()
    name = _TOOLS[kind]
    return name, importlib.metadata.version(name)


def render_batch(batch: RenderBatch) -> tuple[RenderResult, ...]:
    """Image each document into a PDF blob, or say why not; results in the order of the jobs."""
    store = open_store(batch.store_address)
    with tempfile.TemporaryDirectory(prefix="redwell-") as name, store.writing() as writer:
        return _Rendering(batch, store, writer, Path(name)).results()


class _Rendering:
    """One batch at work."""

    def __init__(self, batch: RenderBatch, store: Store, writer: StoreWriter, folder: Path) -> None:
        self._batch = batch
        self._store = store
        self._writer = writer
        self._folder = folder
        self._rule = asdict(batch.office)
        self._targets = 0

    def results(self) -> tuple[RenderResult, ...]:
        """All jobs, in order; office documents together, since LibreOffice takes long to start."""
        office = [job for job in self._batch.jobs if way(job, self._batch.sheets)[0] == "office"]
        done: dict[int, RenderResult] = {}
        for start in range(0, len(office), _AT_ONCE):
            group = office[start : start + _AT_ONCE]
            done |= dict(zip((id(job) for job in group), self._office(group), strict=True))
        return tuple(done.get(id(job)) or self._one(job) for job in self._batch.jobs)

    def _one(self, job: RenderJob) -> RenderResult:
        kind, reason = way(job, self._batch.sheets)
        if reason:
            return RenderResult(job.document_id, None, 0, reason, ())
        target = self._target()
        answer = self._attempt(job, kind, target)
        if job.type == "csv" and answer.get("pages", 0) > self._batch.sheet_pages:
            reason = f"more than {self._batch.sheet_pages:,} pages when printed"
            answer = {"code": Code.TOO_LARGE.value, "reason": reason, "message": reason}
        if "code" in answer and kind in ("mail", "html", "mhtml"):
            return self._plainly(job, kind, answer)
        degraded = kind == "text" and "code" not in answer
        return self._result(job, kind, answer, target, degraded="its layout" if degraded else "")

    def _plainly(self, job: RenderJob, kind: str, failed: Answer) -> RenderResult:
        """What cannot be laid out as HTML is printed as text."""
        target = self._target()
        answer = failed
        if kind == "mail":
            answer = self._attempt(job, "mail text", target)
        if "code" in answer:
            answer = self._attempt(job, "text", target)
        if "code" in answer:
            answer = failed
        why = str(failed["message"])
        return self._result(job, kind, answer, target, degraded=why, lasting=False)

    def _attempt(self, job: RenderJob, kind: str, target: Path) -> Answer:
        sha256 = job.text_sha256 if kind == "text" else job.sha256
        if sha256 is None:
            return {"code": Code.NO_TEXT.value, "reason": "no text", "message": "no text to print"}
        with self._store.local_path(sha256) as source:
            request = self._request(job, kind) | {"source": str(source), "target": str(target)}
            limits = self._batch.limits
            answer = ask(limits.memory_mb, request, limits.render_seconds)
        return self._unless_blank(job, answer)

    def _unless_blank(self, job: RenderJob, answer: Answer) -> Answer:
        """A refusal where pages show nothing of a document that has words, or is a drawing.

        Where the rule keeps something of it off the pages its native would tell of that: a warning.
        """
        if not answer.get("blank"):
            return answer
        if office_suffix(job) not in _DRAWINGS and not self._has_words(job):
            return answer
        said = "its pages come out blank"
        if answer.get("kept_off"):
            return answer | {"odd": [*answer["odd"], said]}
        return {"code": Code.UNSUPPORTED.value, "reason": said, "message": said}

    def _has_words(self, job: RenderJob) -> bool:
        text = self._store.read_bytes(job.text_sha256).decode() if job.text_sha256 else ""
        return _WORD.search(text) is not None

    def _request(self, job: RenderJob, kind: str) -> dict[str, Any]:
        if kind in ("mail", "mail text"):
            return {"do": "mail", "header": job.header, "rich": kind == "mail", "type": job.type}
        if kind in ("plain", "text"):
            shown = job.header if kind == "text" and job.type in ("email", "msg") else ()
            charset = "utf-8" if kind == "text" else None
            return {"do": "text", "header": shown, "charset": charset}
        if kind in ("html", "svg"):
            return {"do": "html", "svg": kind == "svg"}
        return {"do": kind, "passwords": self._batch.passwords, "rule": self._rule}

    def _office(self, jobs: Sequence[RenderJob]) -> list[RenderResult]:
        targets = [self._target() for _ in jobs]
        answers = self._convert(jobs, targets)
        if len(jobs) > 1:  # whoever failed in company gets another try alone
            for number, answer in enumerate(answers):
                if answer.get("code") in (Code.CRASH, Code.TIMEOUT, Code.MEMORY):
                    answers[number] = self._convert(jobs[number : number + 1], [targets[number]])[0]
        return [
            self._result(job, "office", self._unless_blank(job, answer), target)
            for job, answer, target in zip(jobs, answers, targets, strict=True)
        ]

    def _convert(self, jobs: Sequence[RenderJob], targets: Sequence[Path]) -> list[Answer]:
        limits = self._batch.limits
        with ExitStack() as stack, tempfile.TemporaryDirectory(dir=self._folder) as folder:
            files = [
                {
                    "source": str(stack.enter_context(self._store.local_path(job.sha256))),
                    "type": office_suffix(job),
                    "target": str(target),
                }
                for job, target in zip(jobs, targets, strict=True)
            ]
            request = {
                "do": "office",
                "files": files,
                "folder": folder,
                "passwords": self._batch.passwords,
                "seconds": limits.render_seconds,
                "rule": self._rule,
                "sheet_pages": self._batch.sheet_pages,
            }
            seconds = 120 + (limits.render_seconds + 5) * len(jobs)
            answer = ask(limits.memory_mb, request, seconds)
        answers: list[Answer] = answer["answers"] if "answers" in answer else [answer] * len(jobs)
        return answers

    def _target(self) -> Path:
        self._targets += 1
        return self._folder / f"{self._targets}.pdf"

    def _result(
        self,
        job: RenderJob,
        kind: str,
        answer: Answer,
        target: Path,
        degraded: str = "",
        lasting: bool = True,
    ) -> RenderResult:
        tool = tool_of(kind)
        if "code" in answer:
            note = exception(Code(answer["code"]), answer["message"], *tool)
            return RenderResult(job.document_id, None, 0, answer["reason"], (note,))
        with target.open("rb") as stream:
            digests = self._writer.put_stream(stream)
        by_rule = answer.get("by_rule") or self._tells_more(job, kind)
        text, unread = self._text(target, answer) if by_rule else (None, ())
        target.unlink()
        notes = tuple(warning(Code.PARTIAL, odd, *tool) for odd in answer["odd"])
        notes += tuple(warning(Code.NOT_SHOWN, each, *tool) for each in answer.get("unseen", ()))
        notes += tuple(warning(Code.PARTIAL, each, *tool) for each in unread)
        if degraded:
            notes += (_plain_note(kind, degraded),)
        made_by = fingerprint(kind) if lasting and not unread else ""
        return RenderResult(
            *(job.document_id, digests.sha256, answer["pages"], "", notes, made_by, text)
        )

    def _tells_more(self, job: RenderJob, kind: str) -> bool:
        """Whether the document's own text holds what the rule keeps off its pages."""
        rule = self._batch.office
        left_out = any(each in UNSEEN and not rule.shows(each) for each in job.hidden)
        return left_out and kind in ("office", "pdf")

    def _text(self, pages: Path, answer: Answer) -> tuple[str, tuple[str, ...]]:
        """The text of pages as a blob, and what is missing from it: never the document's own."""
        target = self._folder / "characters.json"
        request = {
            "do": "characters",
            "source": str(pages),
            "target": str(target),
            "folder": str(self._folder),
            "languages": self._batch.languages,
        }
        limits = self._batch.limits
        seconds = limits.render_seconds + answer["pages"] * _SECONDS_A_PAGE
        done = ask(limits.memory_mb, request, seconds)
        if "code" in done:
            return self._writer.put_bytes(b"").sha256, (f"without a text: {done['message']}",)
        found = json.loads(target.read_bytes())
        target.unlink()
        unread = [str(n) for n, page in enumerate(found, 1) if "not read" in page["doubts"]]
        text = "\f".join(page["text"] for page in found)
        odd = (f"OCR could not read page {', '.join(unread[:20])}",) if unread else ()
        return self._writer.put_bytes(text.encode()).sha256, odd


def _plain_note(kind: str, why: str) -> Note:
    said = "is lost" if why == "its layout" else "- HTML could not be laid out"
    message = f"printed as plain text: {why} {said}"
    return warning(Code.PARTIAL, message, *tool_of(kind))
