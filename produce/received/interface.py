"""What is found out of a received volume and handed on; plain values all."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written: the signs as characters of the decoded text.

    `qualifier` is empty where no value stands within signs, `newline` where no sign stands for a
    line break. `wide`: every value is qualified; else some are, or none.
    """

    encoding: str
    delimiter: str
    qualifier: str
    newline: str
    header: bool
    bom: bool = False
    said: tuple[str, ...] = ()  # what was decided, and by what, for people


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a delimited file; `line` is where it begins, from 1.

    `fault` says why it could not be read whole; then `raw` is all there is to rely on, and
    `values` are what a reader may guess. `remarks` are oddities that it survived.
    """

    line: int
    values: tuple[str, ...]
    raw: str
    fault: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageLine:
    """One image of an OPT or LFP.

    `start` is how the line begins: "document", "child" or empty for a further page. `pages` is
    what the line says of its document's pages, or None. `frame` counts pages of a file of several
    from 1; 0 for a file of one page, or the whole file.
    """

    line: int
    key: str
    volume: str
    path: str
    start: str
    pages: int | None
    frame: int = 0


@dataclass(frozen=True, slots=True)
class OtherLink:
    """A native or text file that an LFP names for a document."""

    line: int
    key: str
    kind: str  # native, text
    path: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of an OPT or LFP that no reader could take, kept as it stands."""

    line: int
    raw: str
    why: str


@dataclass(frozen=True, slots=True)
class ImageList:
    """An OPT or LFP taken apart; `other` are lines of a known kind that name no file."""

    images: tuple[ImageLine, ...]
    links: tuple[OtherLink, ...] = ()
    bad: tuple[BadLine, ...] = ()
    other: int = 0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the volume and what it is taken for.

    `use` is data, images, edrm, privilege-log, manifest or other; `why` says by what.
    """

    path: str
    size: int
    use: str
    why: str


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that a receiving party complains of; `beg` and `end` name the documents."""

    code: str
    message: str
    beg: str = ""
    end: str = ""
    where: str = ""  # a file or line, where no number is known


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file of the volume is, by its own bytes; digests are None where it gave none.

    `image` is (format, compression, horizontal dpi, vertical dpi, pages, width, height).
    `text_sha256` is the blob of a text as UTF-8, `charset` what it was read in and `guessed`
    whether nothing but likelihood says so.
    """

    path: str
    sha256: str | None
    sha1: str = ""
    md5: str = ""
    size: int = 0
    why: str = ""
    image: tuple[str, str, float, float, int, int, int] | None = None
    text_sha256: str | None = None
    chars: int = 0
    charset: str = ""
    guessed: bool = False
    odd: int = 0  # characters that no text holds
    mime: str = ""
    type: str = ""


@dataclass(slots=True)
class Page:
    """One page image of a document: its number in the list, its file and page in it."""

    key: str
    path: str
    frame: int
    line: int


@dataclass(slots=True)
class Entry:
    """A document of the volume as its load files tell of it, before it is on record.

    `row` is its place in the spool of rows, None for images that no row names. `parent` is the
    place of its parent among the entries, `root` that of its family's first.
    """

    place: int
    row: int | None
    line: int
    beg: str
    end: str
    whole: bool = True
    beg_attach: str = ""
    end_attach: str = ""
    parent_bates: str = ""
    pages_told: int | None = None  # by its row
    pages_listed: int | None = None  # by the image list
    native: str = ""
    text: str = ""
    native_told: str = ""
    text_told: str = ""
    has_text_field: bool = False
    hashes: tuple[str, str, str] = ("", "", "")
    images: list[Page] = field(default_factory=list)
    lfp_child: bool = False
    parent: int | None = None
    root: int = 0
    position: int = 0
