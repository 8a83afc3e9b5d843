"""The mapping file: what was decided about a volume, for a user to read, edit and hand back.

TOML. A `[[data]]` for each file of rows, an `[[images]]` for each image list.
"""

import json
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.text import known_charset
from produce.received.dates import zone_of
from produce.received.names import FIELDS
from records.errors import OutputError, ReceiptError


class DataMap(BaseModel):
    """How a DAT or CSV is read. `fields`: our field → the column that holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    kind: Literal["delimited", "edrm"] = "delimited"
    encoding: str = "utf-8"
    bom: bool = False
    delimiter: str = Field(default="\x14", min_length=1, max_length=1)
    qualifier: str = Field(default="\u00fe", max_length=1)
    newline: str = Field(default="\u00ae", max_length=1)
    header: bool = True
    dates: Literal["MDY", "DMY", "YMD"] = "MDY"
    time_zone: str = "UTC"
    fields: dict[str, str] = Field(default_factory=dict)


class ImagesMap(BaseModel):
    """Which image list there is, and of which kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    kind: Literal["opt", "lfp"]
    encoding: str = ""


class Mapping(BaseModel):
    """All that decides how a volume is read; kept with the volume on record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    volume: str
    data: tuple[DataMap, ...] = ()
    images: tuple[ImagesMap, ...] = ()


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises `ReceiptError` saying what in it cannot be taken."""
    try:
        found = Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReceiptError(f"The mapping {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReceiptError(f"The mapping {path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise ReceiptError(f"The mapping {path}, {where}: {first['msg']}") from error
    for data in found.data:
        unknown = sorted(set(data.fields) - set(FIELDS))
        if unknown:
            raise ReceiptError(
                f"The mapping {path} maps {unknown[0]!r}, which is no field; fields are: "
                f"{', '.join(FIELDS)}"
            )
        if zone_of(data.time_zone) is None:
            raise ReceiptError(f"The mapping {path}: {data.time_zone!r} is no time zone")
    named = [each.encoding for each in found.data] + [each.encoding for each in found.images]
    for encoding in named:
        if encoding and known_charset(encoding) is None:
            raise ReceiptError(f"The mapping {path}: {encoding!r} is no encoding")
    return found


def write_mapping(path: Path, mapping: Mapping, remarks: tuple[str, ...]) -> None:
    """Write a mapping for a user to edit, with what was found as comments.

    Raises `OutputError` where a file is there already.
    """
    text = "\n".join(_told(mapping, remarks)) + "\n"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise OutputError(f"{path} is there already: name another file, or move it away") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _told(mapping: Mapping, remarks: tuple[str, ...]) -> list[str]:
    lines = [
        "# How the volume is read. Edit what is wrong: redwell receive load FOLDER --map FILE",
        *(f"# {_shown(each)}" for each in remarks),
        f"volume = {_text(mapping.volume)}",
    ]
    for data in mapping.data:
        values = data.model_dump(exclude={"fields"})
        lines += ["", "[[data]]", *(f"{name} = {_value(each)}" for name, each in values.items())]
        lines += ["", "[data.fields]  # our field = the column of the file"]
        lines += [f"{name} = {_text(column)}" for name, column in data.fields.items()]
    for images in mapping.images:
        lines += ["", "[[images]]"]
        lines += [f"{name} = {_value(each)}" for name, each in images.model_dump().items()]
    return lines


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


def _value(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else _text(value)


def _text(value: str) -> str:
    """A basic string of TOML, which are JSON's but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
