"""Specifications as files: `production.toml`, and the profiles that are shipped with the program.

A file gives only what differs from the profile it names, or from the default. The name of the
volume is never in it: one file serves many volumes.
"""

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from produce.spec_values import Values
from records.errors import SpecificationError

SECTIONS: dict[str, tuple[str, ...]] = {
    "volume": ("producing_party", "max_files", "max_pages", "folders"),
    "selection": (
        *(
            "query",
            "tag",
            "group",
            "request",
            "supplements",
            "date_from",
            "date_to",
            "undated",
            "families",
        ),
        *("exclude_tags", "exclude_groups", "allow_tags", "allow_unprocessed", "allow_received"),
        *("allow_clawed_back", "inline"),
    ),
    "numbering": ("prefix", "digits", "start", "number_by", "separator", "page_digits"),
    "images": ("kind", "dpi", "colour", "colour_dpi", "page_size"),
    "office": (
        *("office_changes", "office_comments", "office_notes", "office_hidden"),
        *("sheets", "sheet_pages"),
    ),
    "endorsements": ("legend", "levels", "zones", "placement", "case_number"),
    "placeholders": (
        *("withheld_line", "native_line", "container_line", "slip_line", "show_reason"),
        "reason_lines",
    ),
    "text": ("newline", "text_encoding"),
    "natives": ("native_types",),
    "load_files": (
        *("load_files", "dat_encoding", "date_format", "time_format", "time_zone", "names"),
        "lone_family",
    ),
}
"""Section of a file → keys of a specification; `[fields]` and `profile` stand beside them."""

_NAMES = {
    "number_by": "by",
    "office_changes": "changes",
    "office_comments": "comments",
    "office_notes": "notes",
    "office_hidden": "hidden",
    "withheld_line": "withheld",
    "native_line": "native",
    "container_line": "container",
    "slip_line": "slip",
    "reason_lines": "reasons",
    "text_encoding": "encoding",
    "native_types": "types",
    "load_files": "write",
}
_OF_CASE = frozenset({"prefix", "digits", "time_zone", "case_number"})  # the case's own, else
_TABLES = frozenset({"folders", "levels", "zones", "reason_lines"})
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LARGEST = 1 << 20
_DEEPEST = 8  # files that rest on each other


@dataclass(frozen=True, slots=True)
class SpecFile:
    """What a file says: values by the keys of a specification, and what it says in vain."""

    profile: str
    description: str
    values: dict[str, Any]
    problems: tuple[tuple[str, str], ...]


def key_in_file(key: str) -> str:
    """A key of a specification as it is written in a file: `images.dpi`."""
    name, dot, rest = key.partition(".")
    if name == "fields":
        return key
    for section, keys in SECTIONS.items():
        if name in keys:
            return f"{section}.{_NAMES.get(name, name)}{dot}{rest}"
    return key


def profiles() -> list[str]:
    """Names of the profiles that are shipped."""
    folder = resources.files("produce") / "profiles"
    return sorted(
        each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")
    )


def load(named: str) -> SpecFile:
    """The specification of a file, or of a shipped profile where no such file is there.

    Raises `SpecificationError` for what is neither, or no TOML.
    """
    return _load(named, ())


def _load(named: str, above: tuple[str, ...]) -> SpecFile:
    if len(above) > _DEEPEST:
        raise SpecificationError(
            f"The profile {named} rests on others without end: {' → '.join(above)}"
        )
    found = _read(named)
    base = SpecFile("", "", {}, ())
    profile = found.pop("profile", "")
    if profile:
        beside = Path(named).parent / str(profile)
        base = _load(str(beside) if beside.is_file() else str(profile), (*above, named))
    values, problems = _taken(found)
    return SpecFile(
        str(profile) or named,
        str(found.get("description", base.description)),
        base.values | values,
        (*base.problems, *problems),
    )


def _read(named: str) -> dict[str, Any]:
    """The tables of a file or of a profile."""
    try:
        path = Path(named)
        if path.is_file():
            return _parsed(path.read_bytes(), named)
    except (OSError, ValueError) as error:
        raise SpecificationError(f"The specification {named} cannot be read: {error}") from error
    if named in profiles():
        shipped = resources.files("produce") / "profiles" / f"{named}.toml"
        return _parsed(shipped.read_bytes(), named)
    raise SpecificationError(
        f"There is no file {named}, and no profile of that name; the profiles are: "
        f"{', '.join(profiles())}. 'redwell produce spec new FILE' writes a file to begin with"
    )


def _parsed(data: bytes, named: str) -> dict[str, Any]:
    if len(data) > _LARGEST:
        raise SpecificationError(f"The specification {named} is larger than 1 MB")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, numbers without end
        raise SpecificationError(f"The specification {named} is no TOML: {error}") from error


def _taken(tables: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    values: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for section, content in tables.items():
        if section == "description":
            continue
        if section not in SECTIONS and section != "fields":
            known = ", ".join((*SECTIONS, "fields"))
            problems.append((section, f"there is no such section; there are: {known}"))
        elif not isinstance(content, dict):
            problems.append((section, f"is a section: write [{section}]"))
        elif section == "fields":
            values["fields"] = content
        else:
            by_name = {_NAMES.get(key, key): key for key in SECTIONS[section]}
            for name, value in content.items():
                if name in by_name:
                    values[by_name[name]] = value
                else:
                    known = ", ".join(by_name)
                    problems.append(
                        (f"{section}.{name}", f"there is no such key; there are: {known}")
                    )
    return values, problems


def written(values: dict[str, Any], description: str = "") -> str:
    """A whole file of these values: every key with what it is for, defaults for those not given."""
    known = Values.model_construct(name="X", prefix="").model_dump() | values
    parts = [f"description = {_toml(description)}\n"] if description else []
    for section, keys in SECTIONS.items():
        plain = [key for key in keys if key not in _TABLES]
        lines = "".join(
            _line(key, None if key in _OF_CASE - values.keys() else known[key]) for key in plain
        )
        parts.append(f"[{section}]\n{lines}")
        for key in keys:
            if key in _TABLES:
                parts.append(_table(f"{section}.{_NAMES.get(key, key)}", key, known[key]))
    parts.append(_table("fields", "fields", known["fields"]))
    return "\n".join(parts)


def _line(key: str, value: Any) -> str:
    field = Values.model_fields[key]
    text = f"# {field.description}{_choices(field.annotation)}\n"
    name = _NAMES.get(key, key)
    if value in (None, ""):
        text = text.replace(".\n", "; the case's own unless given.\n") if key in _OF_CASE else text
        return f"{text}# {name} =\n"
    return f"{text}{name} = {_toml(value)}\n"


def _choices(annotation: Any) -> str:
    found = getattr(annotation, "__args__", ())
    if found and all(isinstance(each, str) for each in found):
        return f" One of: {', '.join(found)}."
    return ""


def _table(head: str, key: str, value: Any) -> str:
    pairs = value.items() if isinstance(value, dict) else value
    lines = "".join(f"{_key(name)} = {_toml(text)}\n" for name, text in pairs)
    return f"# {Values.model_fields[key].description}\n[{head}]\n{lines}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def keys() -> Iterator[tuple[str, str, Any]]:
    """Every key of a file, with what it is for and its default."""
    for section, names in SECTIONS.items():
        for name in names:
            field = Values.model_fields[name]
            yield f"{section}.{_NAMES.get(name, name)}", field.description or "", field.default
