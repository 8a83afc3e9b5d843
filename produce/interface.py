"""What production hands to its workers and gets back; plain values all."""

from dataclasses import dataclass

from records.limits import Limits
from records.notes import Note


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One document to be turned into unstamped PDF pages.

    `header` are (label, value) lines printed above a mail's body or on a slip sheet, in order.
    """

    document_id: int
    sha256: str
    type: str
    mime: str
    name: str
    text_sha256: str | None
    header: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RenderBatch:
    """Jobs for one worker; `colour` and `page_size` as in `ImageBatch`."""

    jobs: tuple[RenderJob, ...]
    store_address: str
    limits: Limits
    passwords: tuple[str, ...]
    time_zone: str
    colour: str = "never"
    page_size: str = "as-is"


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The pages of one document as a PDF blob, or why there are none.

    `reason` is empty for success; otherwise it says in a few words why the document cannot be
    imaged, and it gets a slip sheet and its native.
    """

    document_id: int
    pdf_sha256: str | None
    pages: int
    reason: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class ImageJob:
    """One document whose pages are to be stamped and written.

    `pdf_sha256` None means a slip sheet that shows `slip` (lines of text, centred). `bates` holds
    one number a page. `legend` and the number stand where the batch's zones say. `targets` are the
    files to write, relative to the volume: one a page for TIFF, a single one for PDF.
    """

    document_id: int
    pdf_sha256: str | None
    slip: tuple[str, ...]
    bates: tuple[str, ...]
    legend: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Jobs for one worker; `kind` is "tiff" (Group IV, single-page) or "pdf".

    `colour` is auto, never or always, at `colour_dpi`; `page_size` as-is, letter or a4. `zones`
    are (place, text), a place being top-left, top-center, top-right, bottom-left, bottom-center
    or bottom-right; in a text `{bates}` stands for the page's number and `{legend}` for the
    document's legend, and a text that comes out empty is not shown. `placement` is margin
    (content is scaled where it leaves no room) or inside.
    """

    jobs: tuple[ImageJob, ...]
    store_address: str
    volume: str
    kind: str
    dpi: int
    limits: Limits
    colour: str = "never"
    colour_dpi: int = 200
    page_size: str = "as-is"
    zones: tuple[tuple[str, str], ...] = (
        ("bottom-left", "{legend}"),
        ("bottom-right", "{bates}"),
    )
    placement: str = "margin"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the volume, synced to the disk; `path` has forward slashes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ImageResult:
    """What came of one job; the files are in the order of the job's targets."""

    document_id: int
    files: tuple[WrittenFile, ...]
    notes: tuple[Note, ...]
