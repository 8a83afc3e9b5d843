"""What production hands to its workers and gets back; plain values all."""

from dataclasses import dataclass

from records.limits import Limits
from records.notes import Note


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One document to be turned into unstamped PDF pages.

    `header` are (label, value) lines printed above a mail's body or on a slip sheet, in order.
    `hidden` are kinds of hidden content that processing found, whose words its text holds.
    """

    document_id: int
    sha256: str
    type: str
    mime: str
    name: str
    text_sha256: str | None
    header: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficeRule:
    """What the pages of a document show beside its plain text; what they do not is noted.

    `changes` is "shown" (tracked changes as marked) or "final" (as if all were accepted). Comments,
    speaker's notes and hidden content stand on sheets behind its pages where they are wanted.
    """

    changes: str = "shown"
    comments: bool = True
    notes: bool = True
    hidden: bool = True

    def shows(self, kind: str) -> bool:
        """Whether content of a kind of `process.hidden` is to be seen."""
        return {
            "tracked-changes": self.changes == "shown",
            "comments": self.comments,
            "speaker-notes": self.notes,
        }.get(kind, self.hidden)


@dataclass(frozen=True, slots=True)
class RenderBatch:
    """Jobs for one worker.

    `sheets` is "native" (spreadsheets have no pages) or "printed", up to `sheet_pages` pages.
    OCR reads pages in `languages` where their text is to be made of them.
    """

    jobs: tuple[RenderJob, ...]
    store_address: str
    limits: Limits
    passwords: tuple[str, ...]
    time_zone: str
    office: OfficeRule = OfficeRule()
    sheets: str = "native"
    sheet_pages: int = 200
    languages: str = "eng"


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The pages of one document as a PDF blob, or why there are none.

    `reason` is empty for success; otherwise it says in a few words why the document cannot be
    imaged, and it gets a slip sheet and its native. `made_by` stands for all tools that had a part
    in the pages; it is empty where the next try may give others. `text_sha256` is the text of the
    pages, where the rule keeps off them what the document's own text tells.
    """

    document_id: int
    pdf_sha256: str | None
    pages: int
    reason: str
    notes: tuple[Note, ...]
    made_by: str = ""
    text_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ImageJob:
    """One document whose pages are to be stamped and written.

    `pdf_sha256` None means sheets alone that show `slip` (lines of text, centred), one a number;
    with a PDF the last `sheets` pages are such sheets, behind its own. `bates` holds one number a
    page. `legend` and the number stand where the batch's zones say. `targets` are the files to
    write, relative to the volume: one a page for TIFF, a single one for PDF. A page that becomes a
    JPG has `.jpg` in place of its suffix.
    """

    document_id: int
    pdf_sha256: str | None
    slip: tuple[str, ...]
    bates: tuple[str, ...]
    legend: str
    targets: tuple[str, ...]
    sheets: int = 0


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Jobs for one worker; `kind` is "tiff" (Group IV, single-page) or "pdf".

    `colour` is "never" (pages with flat mid-tones are dithered), "auto" (they become JPG at
    `colour_dpi`) or "always" (all pages do); of no effect on PDF. `page_size` is "as-is", "letter"
    or "a4". `zones` are places, as "top-left" and "bottom-center", with their texts, in which
    `{bates}` and `{legend}` are filled in; none are legend bottom left and number bottom right.
    `placement` is "margin" (content shrinks to free it) or "inside" (where the page is blank).
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
    zones: tuple[tuple[str, str], ...] = ()
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


def with_suffix(path: str, suffix: str) -> str:
    """The path of a page's file under another suffix."""
    return f"{path.rpartition('.')[0]}.{suffix}"
