"""The values of a specification, each checked by itself; `specification.py` looks at the whole."""

import datetime as dt
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from produce.columns import DEFAULT
from produce.treatment import (
    CONTAINER_LINE,
    NATIVE_LINE,
    NATIVE_TYPES,
    SLIP_LINE,
    WITHHELD_LINE,
)
from records.case import check_prefix
from records.errors import SettingError

type Place = Literal[
    "top-left", "top-center", "top-right", "bottom-left", "bottom-center", "bottom-right"
]
type LoadFile = Literal["dat", "opt", "lfp", "edrm"]
type Pairs = tuple[tuple[str, str], ...]

_LONGEST = 80  # letters of a line on a page


class Folders(BaseModel):
    """The folders of a volume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(default="DATA", description="Folder of the load files.")
    images: str = Field(default="IMAGES", description="Folder of the page images.")
    text: str = Field(default="TEXT", description="Folder of the texts.")
    natives: str = Field(default="NATIVES", description="Folder of the natives.")

    @field_validator("data", "images", "text", "natives")
    @classmethod
    def _plain(cls, value: str) -> str:
        return _plain(value, "folder")


class Values(BaseModel):
    """What is produced and how it looks. The keys of a file stand in `spec_file.py`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=64, description="Volume name, as ABC_PROD001.")
    prefix: str = Field(max_length=32, description="What Bates numbers begin with.")
    digits: int = Field(default=7, ge=4, le=12, description="Digits of a Bates number.")
    start: int | None = Field(default=None, ge=1, description="First number; else the next free.")
    number_by: Literal["page", "document"] = Field(
        default="page", description="Whether each page has a number, or each document."
    )
    separator: Literal["_", ".", "-"] = Field(
        default="_", description="Before the page, from the second on, of a numbered document."
    )
    page_digits: int = Field(
        default=4, ge=3, le=6, description="Digits of the page of a numbered document."
    )
    kind: Literal["tiff", "pdf", "none"] = Field(
        default="tiff", description="Form of the page images."
    )
    dpi: int = Field(default=300, ge=150, le=600, description="Resolution of TIFF pages.")
    colour: Literal["auto", "never", "always"] = Field(
        default="never", description="Whether pages that show colour are produced in it."
    )
    colour_dpi: int = Field(default=200, ge=100, le=600, description="Resolution of colour pages.")
    page_size: Literal["as-is", "letter", "a4"] = Field(
        default="as-is", description="Paper of the pages."
    )
    office_changes: Literal["shown", "final"] = Field(
        default="shown", description="Tracked changes: as marked, or as if all were accepted."
    )
    office_comments: bool = Field(
        default=True,
        description="Comments, and notes on PDF pages, on a sheet behind.",
    )
    office_notes: bool = Field(default=True, description="Speaker's notes, as notes pages.")
    office_hidden: bool = Field(
        default=True, description="Hidden slides, text, rows, columns and sheets, shown behind."
    )
    sheets: Literal["native", "printed"] = Field(
        default="native",
        description="Spreadsheets: as natives.types says, or printed whatever it says.",
    )
    sheet_pages: int = Field(
        default=200, ge=1, le=10_000, description="Most pages of a printed one; else it is native."
    )
    legend: str = Field(
        default="", max_length=_LONGEST, description="Confidentiality legend on each page."
    )
    levels: Pairs = Field(
        default=(), description="Legend of each level of confidentiality, by its tag."
    )
    zones: tuple[tuple[Place, str], ...] = Field(
        default=(("bottom-left", "{legend}"), ("bottom-right", "{bates}")),
        description="What stands where on each page.",
    )
    placement: Literal["margin", "inside"] = Field(
        default="margin", description="Endorsements beside the content, or within the page."
    )
    case_number: str = Field(
        default="", max_length=_LONGEST, description="What {case} stands for; the case's own."
    )
    query: str | None = Field(default=None, description="Search that selects the documents.")
    tag: str | None = Field(default=None, description="Tag that selects the documents.")
    group: str | None = Field(
        default=None, description="Group of the tag; alone, any of its tags selects."
    )
    request: str | None = Field(
        default=None, description="Request for production: a tag of a group of issues."
    )
    supplements: str | None = Field(
        default=None,
        description="Frozen volume: what it and its supplements produced is left out.",
    )
    date_from: dt.date | None = Field(default=None, description="First day of a family's date.")
    date_to: dt.date | None = Field(default=None, description="Last day of a family's date.")
    undated: Literal["leave", "keep"] = Field(
        default="leave", description="Families without a date, where there is a range of dates."
    )
    families: bool = Field(default=True, description="Produce whole families.")
    exclude_tags: tuple[str, ...] = Field(default=(), description="Tags that withhold a document.")
    exclude_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose tags withhold, but for those that begin with not."
    )
    allow_tags: tuple[str, ...] = Field(
        default=(), description="Privilege tags that are produced in spite of their name."
    )
    allow_unprocessed: bool = Field(
        default=False, description="Produce though documents of the case are not processed yet."
    )
    allow_received: bool = Field(
        default=False, description="Produce though other parties produced some of it."
    )
    allow_clawed_back: bool = Field(
        default=False, description="Produce though some of it was asked back before."
    )
    inline: Literal["parent", "own"] = Field(
        default="parent", description="Inline pictures: shown in the parent, or of their own."
    )
    max_files: int = Field(default=1000, ge=1, le=100_000, description="Most files in a folder.")
    max_pages: int = Field(
        default=0, ge=0, description="Pages from which a new part begins, VOL001 on; 0: no parts."
    )
    folders: Folders = Field(default=Folders(), description="Names of the folders.")
    producing_party: str = Field(default="", max_length=200, description="Who produces.")
    newline: Literal["crlf", "lf"] = Field(default="crlf", description="Line ends of text files.")
    text_encoding: Literal["utf-8", "utf-8-sig", "utf-16le"] = Field(
        default="utf-8", description="Encoding of text files; the latter two with a mark."
    )
    native_types: tuple[str, ...] = Field(
        default=NATIVE_TYPES, description="Types produced natively with a slip sheet."
    )
    withheld_line: str = Field(
        default=WITHHELD_LINE, max_length=_LONGEST, description="Sheet of a withheld document."
    )
    native_line: str = Field(
        default=NATIVE_LINE, max_length=_LONGEST, description="Sheet of a native."
    )
    container_line: str = Field(
        default=CONTAINER_LINE, max_length=_LONGEST, description="Sheet of a container."
    )
    slip_line: str = Field(
        default=SLIP_LINE, max_length=_LONGEST, description="Sheet of what is neither."
    )
    show_reason: bool = Field(default=True, description="Whether a sheet tells the reason.")
    reason_lines: Pairs = Field(
        default=(), description="First line of a sheet by its reason, as encrypted."
    )
    fields: Pairs = Field(default=DEFAULT, description="Columns of the DAT and what they hold.")
    load_files: tuple[LoadFile, ...] = Field(
        default=("dat", "opt"), description="Which load files are written."
    )
    dat_encoding: Literal["utf-8-sig", "utf-16le", "cp1252"] = Field(
        default="utf-8-sig", description="Encoding of the DAT."
    )
    date_format: Literal["MM/DD/YYYY", "DD/MM/YYYY", "YYYY/MM/DD", "YYYY-MM-DD", "YYYYMMDD"] = (
        Field(default="MM/DD/YYYY", description="How days are written.")
    )
    time_format: Literal["HH:MM:SS", "HH:MM", "HH:MM:SS AM", "HH:MM AM"] = Field(
        default="HH:MM:SS", description="How times of day are written."
    )
    time_zone: str = Field(default="UTC", description="Zone of the dates in the load file.")
    names: Literal["received", "last-first"] = Field(
        default="received", description="Names of mail parties."
    )
    lone_family: Literal["repeat", "empty"] = Field(
        default="repeat", description="Family range of a document without family."
    )

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        return _plain(value, "volume")

    @field_validator("prefix")
    @classmethod
    def _plain_prefix(cls, value: str) -> str:
        try:
            check_prefix(value)
        except SettingError as error:
            raise ValueError(str(error)) from error
        if value[0] in "-_":
            raise ValueError(f"the Bates prefix {value!r} must begin with a letter or a digit")
        return value

    @field_validator("levels", "zones", "reason_lines", "fields", mode="before")
    @classmethod
    def _as_pairs(cls, value: Any) -> Any:
        return tuple(value.items()) if isinstance(value, dict) else value

    @field_validator("legend", "withheld_line", "native_line", "container_line", "slip_line")
    @classmethod
    def _stampable_line(cls, value: str, info: ValidationInfo) -> str:
        return _stampable(value, str(info.field_name).partition("_")[0] + " line")

    @field_validator("levels", "zones", "reason_lines")
    @classmethod
    def _stampable_lines(cls, value: Pairs) -> Pairs:
        for _, text in value:
            _stampable(text, "line")
            if len(text) > _LONGEST:
                raise ValueError(f"{text!r} is longer than {_LONGEST} letters")
        return value

    @field_validator("case_number", "producing_party")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError(f"{value!r} must be one line without spaces around it")
        return value

    @field_validator(
        *("query", "tag", "group", "request", "supplements"),
        *("exclude_tags", "exclude_groups", "allow_tags"),
    )
    @classmethod
    def _readable(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for each in value if isinstance(value, tuple) else (value or "",):
            if any("\ud800" <= c <= "\udfff" for c in each):
                raise ValueError(f"{each!r} holds bytes that are no UTF-8")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; take a name such as America/New_York")
        return value


def _plain(value: str, what: str) -> str:
    if not value.isascii() or not value or not all(c.isalnum() or c in "-_" for c in value):
        raise ValueError(
            f"the {what} name {value!r} may hold letters, digits, - and _ only (a comma would "
            "break the OPT file, a slash or a space a path)"
        )
    if value[0] in "-_":
        raise ValueError(f"the {what} name {value!r} must begin with a letter or a digit")
    return value


def _stampable(value: str, what: str) -> str:
    try:
        value.encode("cp1252")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the {what} {value!r} holds {value[error.start]!r}, which the stamp's font lacks: "
            "take Western European letters"
        ) from error
    if not all(c.isprintable() for c in value) or value != value.strip():
        raise ValueError(f"the {what} {value!r} must be one line without spaces around it")
    return value
