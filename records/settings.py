"""The settings of a case: `case.toml`, overruled by REDWELL_* and by flags.

docs/settings.md is generated from this module's descriptions.
"""

import os
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from records.addresses import checked_database, checked_store
from records.errors import SettingError
from records.limits import Limits


class Settings(BaseModel):
    """All settings of a case, resolved; stored with each run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: str = Field(
        default="",
        description="Database, as postgresql+psycopg://user@host/name; empty means case.db in the "
        "folder.",
    )
    store: str = Field(
        default="",
        description="Store, as s3://bucket/case or file:///mnt/case; empty means store/ in the "
        "folder.",
    )
    workers: int = Field(default=0, ge=0, description="Dask workers; 0 means one for each core.")
    scheduler: str = Field(
        default="", description="Address of a Dask scheduler; empty starts one here."
    )
    ocr_languages: str = Field(
        default="eng",
        pattern=r"^[a-zA-Z_]+(\+[a-zA-Z_]+)*$",
        description="Tesseract languages, as eng+deu.",
    )
    dedup_scope: str = Field(
        default="global",
        pattern="^(global|custodian|none)$",
        description="Where a second copy is a duplicate: global, custodian or none.",
    )
    inline_images: str = Field(
        default="parent",
        pattern="^(parent|documents)$",
        description="Pictures shown within a mail: with their parent, or documents as attachments.",
    )
    near_threshold: float = Field(
        default=0.85,
        ge=0.5,
        le=1.0,
        description="Share of five-word shingles from which texts are near-duplicates, 0.5 to 1.",
    )
    stemming: bool = Field(
        default=False,
        description="Whether a plain word of a query, outside quotation marks, finds all English "
        "words of its stem.",
    )
    time_zone: str = Field(default="UTC", description="Zone in which dates are shown and produced.")
    order_502d: str = Field(
        default="",
        max_length=500,
        description="The FRE 502(d) order, as letters name it: court, date, docket number.",
    )
    limits: Limits = Field(default=Limits(), description="Limits for one document.")

    @field_validator("database")
    @classmethod
    def _usable_database(cls, value: str) -> str:
        return checked_database(value) if value else value

    @field_validator("store")
    @classmethod
    def _usable_store(cls, value: str) -> str:
        return checked_store(value) if value else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; take a name such as America/New_York")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.time_zone)


_ENVIRONMENT = ("database", "store", "workers", "scheduler", "ocr_languages")


def resolve(file: Path) -> Settings:
    """Read `case.toml` and REDWELL_*; raises `SettingError` naming what cannot be taken."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{file} cannot be read as TOML: {error}. Mend it and try again"
        ) from error
    for name in _ENVIRONMENT:
        value = os.environ.get(f"REDWELL_{name.upper()}")
        if value is not None:
            data[name] = value
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise SettingError(told(error, f" in {file} or REDWELL_*")) from error


def told(error: ValidationError, where: str) -> str:
    """What a person is told of settings that cannot be taken; never the value, which may be secret.

    `where` says where they stand, behind the setting's name.
    """
    first = error.errors()[0]
    name = ".".join(str(each) for each in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        said = "there is no such setting"
    return f"Setting {name}{where}: {said}"
