"""The specification of a production: all that decides its bytes, frozen before work starts."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from produce.treatment import NATIVE_TYPES
from records.case import check_prefix
from records.errors import SettingError, SpecificationError


class Specification(BaseModel):
    """What is produced and how it looks; stored with the production as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=64, description="Volume name, as ABC_PROD001.")
    prefix: str = Field(max_length=32, description="What Bates numbers begin with.")
    digits: int = Field(default=7, ge=4, le=12, description="Digits of a Bates number.")
    start: int | None = Field(default=None, ge=1, description="First number; else the next free.")
    kind: Literal["tiff", "pdf"] = Field(default="tiff", description="Form of the page images.")
    dpi: int = Field(default=300, ge=150, le=600, description="Resolution of TIFF pages.")
    legend: str = Field(
        default="", max_length=80, description="Confidentiality legend on each page."
    )
    query: str | None = Field(default=None, description="Search that selects the documents.")
    tag: str | None = Field(default=None, description="Tag that selects the documents.")
    families: bool = Field(default=True, description="Produce whole families.")
    exclude_tags: tuple[str, ...] = Field(default=(), description="Tags that withhold a document.")
    allow_tags: tuple[str, ...] = Field(
        default=(), description="Privilege tags that are produced in spite of their name."
    )
    allow_unprocessed: bool = Field(
        default=False, description="Produce though documents of the case are not processed yet."
    )
    allow_received: bool = Field(
        default=False, description="Produce though other parties produced some of it."
    )
    inline: Literal["parent", "own"] = Field(
        default="parent", description="Inline pictures: shown in the parent, or of their own."
    )
    max_files: int = Field(default=1000, ge=1, le=100_000, description="Most files in a folder.")
    newline: Literal["crlf", "lf"] = Field(default="crlf", description="Line ends of text files.")
    native_types: tuple[str, ...] = Field(
        default=NATIVE_TYPES, description="Types produced natively with a slip sheet."
    )
    time_zone: str = Field(default="UTC", description="Zone of the dates in the load file.")

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not value.isascii() or not value or not all(c.isalnum() or c in "-_" for c in value):
            raise ValueError(
                f"the volume name {value!r} may hold letters, digits, - and _ only (a comma would "
                "break the OPT file, a slash or a space a path)"
            )
        if value[0] in "-_":
            raise ValueError(f"the volume name {value!r} must begin with a letter or a digit")
        return value

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

    @field_validator("legend")
    @classmethod
    def _stampable(cls, value: str) -> str:
        try:
            value.encode("cp1252")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"the legend {value!r} holds {value[error.start]!r}, which the stamp's font lacks: "
                "take Western European letters"
            ) from error
        if not all(c.isprintable() for c in value) or value != value.strip():
            raise ValueError(f"the legend {value!r} must be one line without spaces around it")
        return value

    @field_validator("query", "tag", "exclude_tags", "allow_tags")
    @classmethod
    def _readable(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for each in value if isinstance(value, tuple) else (value or "",):
            if any("\ud800" <= c <= "\udfff" for c in each):
                raise ValueError(f"{each!r} holds bytes that are no UTF-8")
        return value

    @model_validator(mode="after")
    def _one_selection(self) -> Self:
        if (self.query is None) == (self.tag is None):
            raise ValueError("say what is produced by a query or by a tag: exactly one of the two")
        if self.start is not None and len(str(self.start)) > self.digits:
            raise ValueError(f"the first number {self.start} does not fit in {self.digits} digits")
        both = sorted(set(self.exclude_tags) & set(self.allow_tags))
        if both:
            raise ValueError(f"the tag {both[0]!r} is both excluded and allowed")
        return self

    def bates(self, number: int) -> str:
        """The Bates number as it is printed."""
        return f"{self.prefix}{number:0{self.digits}d}"


def specify(**values: Any) -> Specification:
    """Make a specification; raises `SpecificationError` saying what the other side's platform,
    or ours, could not take.
    """
    try:
        return Specification.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise SpecificationError(
            f"The production cannot be specified so: {where + ': ' if where else ''}{reason}"
        ) from error
