"""Pages to the files of a volume: stamped, painted, synced to the disk, renamed into place."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from produce.imaging.endorse import PAPERS, PLACES, USUAL
from produce.imaging.own_words import FAILED
from produce.imaging.render import ask, tool_of
from produce.interface import ImageBatch, ImageJob, ImageResult, WrittenFile, with_suffix
from records.codes import Code
from records.errors import DiskFullError, ProductionError
from records.notes import Note, exception, warning
from store import Store, open_store, sync_path

_SECONDS_A_PAGE = 0.1


def image_batch(batch: ImageBatch) -> tuple[ImageResult, ...]:
    """Write the files of each job below the volume; doing it again gives the same bytes."""
    store = open_store(batch.store_address)
    folders: set[Path] = set()
    with tempfile.TemporaryDirectory(prefix="redwell-") as name:
        results = tuple(
            _Imaging(batch, job, store, Path(name), folders).result() for job in batch.jobs
        )
    for folder in sorted(folders):
        sync_path(folder)
    return results


def refuse_style(batch: ImageBatch) -> None:
    """Raise `ProductionError` for an endorsement or a colour rule that is none."""
    places = [place for place, _ in batch.zones]
    numbered = not batch.zones or any("{bates}" in text for _, text in batch.zones)
    known = (
        set(places) <= set(PLACES)
        and batch.placement in ("margin", "inside")
        and batch.page_size in ("as-is", *PAPERS)
        and batch.colour in ("never", "auto", "always")
    )
    if not known or not numbered:
        what = "is not known" if not known else "shows no {bates}"
        raise ProductionError(
            f"This way to endorse pages {what}: zones {batch.zones}, {batch.placement}, page size "
            f"{batch.page_size}, colour {batch.colour}; mend the specification"
        )


class _Imaging:
    """One document at work."""

    def __init__(
        self, batch: ImageBatch, job: ImageJob, store: Store, folder: Path, folders: set[Path]
    ) -> None:
        self._batch = batch
        self._job = job
        self._store = store
        self._folder = folder
        self._folders = folders
        self._notes: list[Note] = []

    def result(self) -> ImageResult:
        """All files of the job, in the order of its targets."""
        self._check()
        stamped = self._stamped()
        if self._batch.kind == "pdf":
            files: tuple[WrittenFile, ...] = (self._place(stamped, self._job.targets[0]),)
        else:
            files = tuple(
                self._tiff(stamped, number, target)
                for number, target in enumerate(self._job.targets)
            )
        return ImageResult(self._job.document_id, files, tuple(self._notes))

    def _check(self) -> None:
        job, kind = self._job, self._batch.kind
        wanted = len(job.bates) if kind == "tiff" else 1
        if kind not in ("tiff", "pdf") or not job.bates or len(job.targets) != wanted:
            raise ProductionError(
                f"Document {job.document_id}: {len(job.bates)} Bates numbers and "
                f"{len(job.targets)} files do not go together as {kind}; plan the production anew"
            )
        refuse_style(self._batch)

    def _stamped(self) -> Path:
        """The whole document, stamped; pages that say so where it cannot be done."""
        job = self._job
        target = self._folder / "stamped.pdf"
        with ExitStack() as stack:
            if job.pdf_sha256 is None:
                source = self._sheets(len(job.bates))
            else:
                source = stack.enter_context(self._store.local_path(job.pdf_sha256))
                source = self._filled(source) if job.sheets else source
            answer = self._stamp(source, target, job.bates)
        if "code" in answer:
            self._fail(answer, f"{job.bates[0]} and following")
            return self._placeholders(answer, target)
        self._notes += [warning(Code.PARTIAL, each, *tool_of("pdf")) for each in answer["odd"]]
        return target

    def _placeholders(self, answer: dict[str, Any], target: Path) -> Path:
        """As many pages as were numbered, each saying that it could not be imaged."""
        lines = (FAILED, str(answer["reason"]))
        single = self._slip(lines, "failed.pdf")
        many = self._repeated(single, len(self._job.bates), "failed-all.pdf")
        self._must(self._stamp_request(many, target, self._job.bates))
        return target

    def _sheets(self, count: int) -> Path:
        """So many sheets with the lines of the job."""
        single = self._slip(self._job.slip, "slip.pdf")
        return single if count == 1 else self._repeated(single, count, "slips.pdf")

    def _repeated(self, single: Path, count: int, name: str) -> Path:
        target = self._folder / name
        request = {"do": "repeat", "source": str(single), "target": str(target)}
        self._must(request | {"count": count})
        return target

    def _filled(self, source: Path) -> Path:
        """The pages of the document, and behind them the sheets of numbers that it left."""
        target = self._folder / "filled.pdf"
        sheets = self._sheets(self._job.sheets)
        request = {"do": "join", "parts": [str(source), str(sheets)], "target": str(target)}
        answer = ask(self._batch.limits.memory_mb, request, self._batch.limits.render_seconds)
        return source if "code" in answer else target  # the stamp then says what is wrong

    def _stamp(self, source: Path, target: Path, numbers: Sequence[str]) -> dict[str, Any]:
        seconds = self._batch.limits.render_seconds + len(numbers) * _SECONDS_A_PAGE
        request = self._stamp_request(source, target, numbers)
        return ask(self._batch.limits.memory_mb, request, seconds)

    def _stamp_request(self, source: Path, target: Path, numbers: Sequence[str]) -> dict[str, Any]:
        return {
            "do": "stamp",
            "source": str(source),
            "target": str(target),
            "numbers": list(numbers),
            "legend": self._job.legend,
            "zones": [list(each) for each in self._batch.zones] or USUAL,
            "placement": self._batch.placement,
            "page_size": self._batch.page_size,
        }

    def _slip(self, lines: Sequence[str], name: str) -> Path:
        target = self._folder / name
        self._must({"do": "slip", "lines": list(lines), "target": str(target)})
        return target

    def _must(self, request: dict[str, Any]) -> dict[str, Any]:
        """Our own pages: where even they cannot be made, the run has to stop."""
        limits = self._batch.limits
        for _ in range(2):
            answer = ask(limits.memory_mb, request, limits.render_seconds)
            if "code" not in answer:
                return answer
        raise ProductionError(
            f"Document {self._job.document_id}: no slip sheet can be made: {answer['message']}. "
            "See 'redwell doctor'"
        )

    def _tiff(self, stamped: Path, number: int, target: str) -> WrittenFile:
        painted = self._folder / "page.tif"
        answer = self._paint(stamped, number, painted)
        if "code" in answer:
            bates = self._job.bates[number]
            self._fail(answer, bates)
            single, slip = (
                self._folder / "single.pdf",
                self._slip((FAILED, answer["reason"]), "f.pdf"),
            )
            self._must(self._stamp_request(slip, single, [bates]))
            answer = self._must(self._page_request(single, 0, painted))
        elif answer["dpi"] < answer["asked"]:
            message = f"page {number + 1} is too large for {answer['asked']} dpi"
            self._notes.append(warning(Code.TOO_LARGE, message, *tool_of("image")))
        return self._place(painted, with_suffix(target, answer["suffix"]))

    def _paint(self, source: Path, number: int, target: Path) -> dict[str, Any]:
        limits = self._batch.limits
        request = self._page_request(source, number, target)
        return ask(limits.memory_mb, request, limits.render_seconds)

    def _page_request(self, source: Path, number: int, target: Path) -> dict[str, Any]:
        return {
            "do": "page",
            "source": str(source),
            "number": number,
            "dpi": self._batch.dpi,
            "colour": self._batch.colour,
            "colour_dpi": self._batch.colour_dpi,
            "target": str(target),
        }

    def _fail(self, answer: dict[str, Any], where: str) -> None:
        message = f"{where}: {answer['message']}"
        self._notes.append(exception(Code(answer["code"]), message, *tool_of("pdf")))

    def _place(self, made: Path, relative: str) -> WrittenFile:
        """Copy a finished file into the volume: beside its place, synced, then renamed."""
        data = made.read_bytes()
        target = Path(self._batch.volume) / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_synced(data, target)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            message = f"{target.parent} has no room left. Make some and run again"
            raise DiskFullError(message) from error
        self._folders.add(target.parent)
        return WrittenFile(relative, hashlib.sha256(data).hexdigest(), len(data))


def _write_synced(data: bytes, target: Path) -> None:
    partial = target.with_name(f".{target.name}.part")
    with partial.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(target)
