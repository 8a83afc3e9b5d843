"""What planning needs to know of redactions, and what burning them in hands to its workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from produce.imaging.characters import Box
from records.limits import Limits

REDACTED = "[redacted]"
HELD = "the file holds a redacted document"
ITSELF = "it is redacted"


@dataclass(frozen=True, slots=True)
class Redacted:
    """What is redacted in the case today.

    `own` has a digest of each document's confirmed redactions; `cells` are those redacted by cell,
    which get a native of their own, `paged` those redacted on pages; `holding` contain a redacted
    document or a copy of one, at any depth; `unnamed` are those whose names must not show; `masked`
    are fields redacted by hand.
    """

    own: Mapping[int, str] = field(default_factory=dict)
    cells: frozenset[int] = frozenset()
    paged: frozenset[int] = frozenset()
    holding: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()
    masked: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BurnMark:
    """A redaction to be burned in, and the page that it was drawn on: `page` of `pages`, from 1."""

    number: int
    page: int
    boxes: tuple[Box, ...]
    code: str
    render_sha256: str
    picture_sha256: str
    pages: int


@dataclass(frozen=True, slots=True)
class BurnJob:
    """A rendered document and its redactions; without any its pages are made anew all the same."""

    document_id: int
    pdf_sha256: str
    pages: int
    marks: tuple[BurnMark, ...]


@dataclass(frozen=True, slots=True)
class BurnBatch:
    """Jobs for one worker."""

    jobs: tuple[BurnJob, ...]
    store_address: str
    limits: Limits
    languages: str


@dataclass(frozen=True, slots=True)
class BurnResult:
    """The burned pages and their text as blobs, or why there are none.

    `changed` are numbers of redactions whose page is another one than they were drawn on.
    """

    document_id: int
    pdf_sha256: str | None
    text_sha256: str | None
    pages: int
    changed: tuple[int, ...]
    reason: str
