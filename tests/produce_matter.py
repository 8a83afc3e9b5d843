"""A small matter of our own making for the tests of production, written straight into the record,
and a plain imager that stands beside the real one.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pikepdf
import sqlalchemy as sa
from PIL import Image, ImageDraw

from produce.interface import (
    ImageBatch,
    ImageJob,
    ImageResult,
    RenderBatch,
    RenderResult,
    WrittenFile,
)
from produce.record import Mapper
from produce.run import Workshop
from produce.specification import Specification, specify
from records import case as cases
from records import tables
from records.case import Case
from records.codes import Disposition, Role
from records.engine import TaskFailure
from records.fields import Address, Fields
from records.options import Advance
from store import open_store

SIZE = (255, 330)


@contextmanager
def matter(folder: Path, database: str = "") -> Iterator[Case]:
    """An empty case with two custodians, in New York's time."""
    info = cases.CaseInfo("1", "Doe v. Roe", "", "America/New_York", "ABC", 7)
    folder.mkdir(exist_ok=True)
    cases.create(folder / "case", info, [], ["Okafor, Amara", "Brandt, Lev"], database=database)
    with cases.opened(folder / "case") as case:
        with case.write() as connection:
            connection.execute(
                tables.collections.insert().values(
                    id=1,
                    custodian_id=1,
                    source="/s",
                    state="complete",
                    actor="a",
                    started_at="2024-01-01T00:00:00Z",
                    settings={},
                    tools={},
                    counts={},
                )
            )
        yield case


def add(
    case: Case,
    number: int,
    *,
    name: str = "",
    type_: str = "txt",
    data: bytes | None = b"",
    text: str | None = None,
    family: int = 0,
    position: int = 0,
    found_in: int | None = None,
    role: Role = Role.FILE,
    disposition: Disposition = Disposition.REVIEWABLE,
    duplicate_of: int | None = None,
    custodian: int = 1,
    sent_at: str | None = None,
    fields: Fields | None = None,
    mime: str = "",
) -> None:
    """Put a document on record. Its bytes are its name unless given; pages part at form feeds."""
    name = name or f"doc{number}.{type_}"
    body = (data or f"bytes of {number}".encode()) if data is not None else None
    with open_store(case.store_address).writing() as writer:
        digests = None if body is None else writer.put_bytes(body)
        text_sha256 = None if text is None else writer.put_bytes(text.encode()).sha256
    with case.write() as connection:
        connection.execute(
            tables.documents.insert().values(
                id=number,
                collection_id=1,
                custodian_id=custodian,
                found_in_id=found_in,
                family_id=family or number,
                position=position,
                role=role,
                address=f"folder/{number}/{name}",
                name=name,
                name_bytes=name.encode("utf-8", "replace"),
                sha256=digests and digests.sha256,
                sha1=digests and digests.sha1,
                md5=digests and digests.md5,
                size=digests.size if digests else 0,
                mime=mime,
                type=type_,
                ext=name.rpartition(".")[2],
                state="processed",
                outcome=disposition,
                disposition=disposition,
                duplicate_of_id=duplicate_of,
                text_sha256=text_sha256,
                text_source="native" if text else "none",
                text_chars=len(text or ""),
                ocr_pages=[],
                sent_at=sent_at,
                modified_at=None if sent_at else "2024-03-05T12:00:00Z",
                fields=(fields or Fields(sent_at=sent_at)).to_json(),
                revision=1,
            )
        )


def tag(case: Case, name: str, ids: Iterable[int]) -> None:
    """Tag documents, making the tag where there is none."""
    with case.write() as connection:
        t = tables.tags
        found = connection.execute(sa.select(t.c.id).where(t.c.name == name)).scalar()
        if found is None:
            found = (connection.execute(sa.select(sa.func.max(t.c.id))).scalar() or 0) + 1
            connection.execute(
                t.insert().values(
                    id=found, name=name, description="", created_at="t", created_by="a"
                )
            )
        rows = [{"tag_id": found, "document_id": each} for each in ids]
        if rows:
            connection.execute(tables.document_tags.insert(), rows)


def note(case: Case, document_id: int, code: str, severity: str = "exception") -> None:
    """Put an exception or a warning on record."""
    with case.write() as connection:
        connection.execute(
            tables.notes.insert().values(
                document_id=document_id,
                severity=severity,
                code=code,
                message="m",
                tool="t",
                tool_version="1",
                attempts=1,
                at="2024-01-01T00:00:00Z",
            )
        )


def mail_family(case: Case, first: int = 1, day: str = "12") -> None:
    """A mail of two pages with a spreadsheet and a picture shown inline: three documents."""
    person = Address("Okafor, Amara", "amara@kestrel.example")
    fields = Fields(
        subject="Mooring tails; þ ® and more",
        sender=(person,),
        to=(Address("Lev", "lev@kestrel.example"),),
        sent_at=f"2024-03-{day}T02:30:00Z",
        message_id=f"<{first}@kestrel.example>",
    )
    add(
        case,
        first,
        name="mail.eml",
        type_="email",
        text="the body\fpage two",
        sent_at=f"2024-03-{day}T02:30:00Z",
        fields=fields,
    )
    member = {"family": first, "found_in": first}
    add(case, first + 1, name="prices.xlsx", type_="xlsx", position=1, text="10\n20",
        role=Role.ATTACHMENT, **member)  # type: ignore[arg-type]  # fmt: skip
    add(case, first + 2, name="logo.png", type_="png", position=2, role=Role.INLINE, **member)  # type: ignore[arg-type]


def specification(name: str = "ABC_PROD001", **values: Any) -> Specification:
    """A specification over the tag Responsive."""
    defaults = {
        "prefix": "ABC",
        "legend": "CONFIDENTIAL",
        "tag": "Responsive",
        "time_zone": "America/New_York",
    }
    if "query" in values:
        del defaults["tag"]
    return specify(name=name, **(defaults | values))


class Here:
    """Does the work in this process, in order: `records.engine.Engine` without workers."""

    def map_ordered[T, R](
        self, function: Callable[[T], R], batches: Iterable[T], window: int | None = None
    ) -> Iterator[tuple[T, R | TaskFailure]]:
        """Run each batch as it is asked for."""
        for batch in batches:
            yield batch, function(batch)


def workshop(**changes: Any) -> Workshop:
    """A workshop with the plain imager."""

    def here() -> AbstractContextManager[Mapper]:
        return nullcontext(Here())

    def silent(_label: str, _total: int) -> AbstractContextManager[Advance]:
        def advance(steps: int, note: str = "", *, more: int = 0) -> None:
            """Say nothing."""

        return nullcontext(advance)

    values: dict[str, Any] = {
        "render": plain_render,
        "image": plain_image,
        "office": lambda: True,
    } | changes
    return Workshop(workers=here, progress=silent, **values)


def plain_render(batch: RenderBatch) -> tuple[RenderResult, ...]:
    """As many pages as the text has; a document named `bad…` cannot be imaged."""
    store = open_store(batch.store_address)
    results = []
    for job in batch.jobs:
        if job.name.startswith("bad"):
            results.append(RenderResult(job.document_id, None, 0, "damaged beyond imaging", ()))
            continue
        text = store.read_bytes(job.text_sha256).decode() if job.text_sha256 else ""
        with store.writing() as writer:
            pages = text.count("\f") + 1
            blob = writer.put_bytes(f"{pages} pages of {job.document_id} {job.header}".encode())
        results.append(RenderResult(job.document_id, blob.sha256, pages, "", ()))
    return tuple(results)


def plain_image(batch: ImageBatch) -> tuple[ImageResult, ...]:
    """Pages that hold the number and the legend and nothing else."""
    return tuple(_imaged(batch, job) for job in batch.jobs)


def _imaged(batch: ImageBatch, job: ImageJob) -> ImageResult:
    files = []
    for place, target in enumerate(job.targets):
        numbers = job.bates if batch.kind == "pdf" else job.bates[place : place + 1]
        data = pdf(numbers, job.legend) if batch.kind == "pdf" else tiff(numbers[0], batch.dpi)
        path = Path(batch.volume) / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        files.append(WrittenFile(target, hashlib.sha256(data).hexdigest(), len(data)))
    return ImageResult(job.document_id, tuple(files), ())


def tiff(bates: str, dpi: int = 300, **changes: Any) -> bytes:
    """A Group IV page, WhiteIsZero, with its number bottom right."""
    image = Image.new("1", SIZE, 0)  # the inverse, as WhiteIsZero has it
    ImageDraw.Draw(image).text((SIZE[0] - 80, SIZE[1] - 20), bates, fill=1)
    buffer = io.BytesIO()
    options: dict[str, Any] = {"compression": "group4", "dpi": (dpi, dpi)} | changes
    image.save(buffer, "TIFF", **options)
    return white_is_zero(buffer.getvalue())


def white_is_zero(data: bytes) -> bytes:
    """Patch tag 262 of a little-endian TIFF written by Pillow; its ones become ink."""
    entry = b"\x06\x01\x03\x00\x01\x00\x00\x00"
    return data.replace(entry + b"\x01", entry + b"\x00", 1)


def pdf(numbers: Sequence[str], legend: str) -> bytes:
    """A PDF whose pages show a number and the legend each."""
    document = pikepdf.new()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    for number in numbers:
        document.add_blank_page(page_size=(612, 792))
        page = document.pages[-1]
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        content = f"BT /F1 9 Tf 36 20 Td ({legend}) Tj 400 0 Td ({number}) Tj ET"
        page.Contents = document.make_stream(content.encode())
    buffer = io.BytesIO()
    document.save(buffer, deterministic_id=True)
    return buffer.getvalue()
