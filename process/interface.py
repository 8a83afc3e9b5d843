"""What processing takes in and gives out; all of it crosses to workers as plain values."""

from dataclasses import dataclass, field
from typing import Any

from records.codes import Disposition, Role
from records.fields import Fields
from records.limits import Limits
from records.notes import Note
from store import Digests


@dataclass(frozen=True, slots=True)
class ExtractJob:
    """One level-1 document to be read with everything inside it.

    `fields` are what collecting knew of it already, as JSON: the mail folder and the like.
    """

    document_id: int
    sha256: str
    size: int
    name: str
    mime: str
    type: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExtractBatch:
    """Jobs for one worker. Passwords are never logged.

    `inline`: pictures that a mail shows are inline in it, else attachments.
    """

    jobs: tuple[ExtractJob, ...]
    store_address: str
    limits: Limits
    passwords: tuple[str, ...]
    inline: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text: a UTF-8 blob, pages parted by form feeds where there are pages."""

    sha256: str | None
    source: str  # native, ocr, native+ocr, none
    chars: int


@dataclass(frozen=True, slots=True)
class ExtractedItem:
    """One member of a family.

    `parent` is the index, within the family, of the item that held it; None for the root, which
    comes first; parents come before their children, siblings in their own order. `outcome` is
    REVIEWABLE, CONTAINER, EMPTY or EXCEPTION. `ocr_pages` are page (frame) indexes from 0 that
    want OCR. `digests` is None for a member whose bytes could not be had. `raw` is all metadata
    that was found. `dedup_hash` is set for roots that are mails
    (`email-dedup/1`); loose files are compared by their SHA-256.
    """

    parent: int | None
    role: Role
    name: str
    name_bytes: bytes
    digests: Digests | None
    mime: str
    type: str
    ext: str
    outcome: Disposition
    text: Text
    pages: int | None
    ocr_pages: tuple[int, ...]
    fields: Fields
    raw: dict[str, Any]
    notes: tuple[Note, ...]
    dedup_hash: str | None
    mih: str | None


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """What came of one job: the root and everything found inside, depth first."""

    document_id: int
    members: tuple[ExtractedItem, ...]


@dataclass(frozen=True, slots=True)
class OcrJob:
    """Pages of one blob to be read by OCR."""

    sha256: str
    type: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OcrWish:
    """How pages are to be read.

    `dpi` None: PDF pages at the usual dots an inch, pictures as they are. `psm` is Tesseract's
    mode of page segmentation.
    """

    languages: str
    dpi: int | None = None
    psm: int = 3


@dataclass(frozen=True, slots=True)
class OcrBatch:
    """Jobs for one worker. Passwords are never logged."""

    jobs: tuple[OcrJob, ...]
    store_address: str
    limits: Limits
    wish: OcrWish
    passwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OcrPage:
    """What OCR read on one page; the text is a UTF-8 blob, the words a JSON blob.

    The words are rows [left, top, width, height, confidence, word] in pixels of the page's picture
    at `dpi`, before it was straightened. `confidence` is their mean, 0 to 100; 0 for a page
    without words. `state` is read, blank or failed; `rotation` and `skew` are the degrees,
    clockwise and counterclockwise, by which the picture was turned to be read. `settings` are what
    the reading depends on beside the picture.
    """

    page: int
    text_sha256: str
    words_sha256: str
    chars: int
    confidence: float
    rotation: int
    dpi: int
    engine: str
    notes: tuple[Note, ...]
    state: str = "read"
    image_sha256: str | None = None
    languages: str = ""
    skew: float = 0.0
    settings: str = ""


@dataclass(frozen=True, slots=True)
class OcrResult:
    """What came of one job."""

    sha256: str
    pages: tuple[OcrPage, ...]


@dataclass(frozen=True, slots=True)
class OcrLook:
    """A first look at a page: its picture's hash, or all there is to say of it.

    `reading` is set for a page that is blank or fails. `pixels` are those of the picture.
    """

    page: int
    image_sha256: str
    settings: str
    reading: OcrPage | None
    pixels: int = 0


@dataclass(frozen=True, slots=True)
class OcrLooks:
    """What the looks at one job's pages gave."""

    job: OcrJob
    pages: tuple[OcrLook, ...]
