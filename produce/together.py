"""What values of a specification, each right by itself, cannot stand beside each other."""

import re
from collections.abc import Iterator

from produce.columns import FIXED, refused
from produce.spec_values import Values

_HOLE = re.compile(r"\{([^{}]*)\}")
HOLES = ("bates", "legend", "case", "volume")
"""What the text of an endorsement may name in braces."""


def problems(values: Values) -> list[tuple[str, str]]:
    """All of them: the key that is best changed, and the reason."""
    return [
        *(*_selection(values), *_numbers(values), *_office(values)),
        *(*_endorsements(values), *_load_files(values)),
    ]


def _selection(values: Values) -> Iterator[tuple[str, str]]:
    given = [
        name
        for name, value in (
            ("query", values.query),
            ("tag", values.tag),
            ("request", values.request),
        )
        if value is not None
    ]
    if values.group is not None and not given:
        given = ["group"]
    if len(given) != 1:
        yield "", "say what is produced by a query, a tag (or its group) or a request: one of them"
    if values.group is not None and given not in (["group"], ["tag"]):
        yield "group", "a group of tags stands by itself or with one of its tags"
    if values.date_from and values.date_to and values.date_from > values.date_to:
        yield "date_from", f"{values.date_from} comes after {values.date_to}"
    both = sorted(set(values.exclude_tags) & set(values.allow_tags))
    if both:
        yield "exclude_tags", f"the tag {both[0]!r} is both excluded and allowed"


def _numbers(values: Values) -> Iterator[tuple[str, str]]:
    if values.start is not None and len(str(values.start)) > values.digits:
        yield "start", f"the first number {values.start} does not fit in {values.digits} digits"
    names = [getattr(values.folders, each) for each in type(values.folders).model_fields]
    if len({each.casefold() for each in names}) < len(names):
        yield "folders", f"two folders have one name: {', '.join(names)}"
    if any(_parts(each) for each in names):
        yield "folders", "VOL with a number is the name of a part"


def _parts(name: str) -> bool:
    return name.upper().startswith("VOL") and name[3:].isdecimal()


def _office(values: Values) -> Iterator[tuple[str, str]]:
    if values.kind != "none":
        return
    if values.sheets == "printed":
        yield "sheets", "spreadsheets are to be printed, and no page images are produced"
    for name in ("office_changes", "office_comments", "office_notes", "office_hidden"):
        if getattr(values, name) != Values.model_fields[name].default:
            yield name, "it is kept off pages alone: none are produced, and natives hold all of it"


def _endorsements(values: Values) -> Iterator[tuple[str, str]]:
    places = [place for place, _ in values.zones]
    for place, text in values.zones:
        unknown = [each for each in _HOLE.findall(text) if each not in HOLES]
        if unknown or set(_HOLE.sub("", text)) & {"{", "}"}:
            known = ", ".join(f"{{{each}}}" for each in HOLES)
            yield "zones", f"{place} {text!r} may name {known} and nothing else in braces"
    if len(set(places)) < len(places):
        yield "zones", "a place stands twice"
    shown = "".join(text for _, text in values.zones)
    if values.kind == "none":
        return
    if sum("{bates}" in text for _, text in values.zones) != 1:
        yield "zones", "{bates} must stand in one place, and in one only"
    if "{legend}" not in shown and (values.legend or values.levels):
        yield "zones", "there is a legend, and {legend} stands nowhere"
    if "{case}" in shown and not values.case_number:
        yield "case_number", "{case} stands on the pages, and no case number is given"
    if "{case}" in shown and not _fits(values.case_number):
        yield "case_number", f"the stamp's font lacks a letter of {values.case_number!r}"


def _load_files(values: Values) -> Iterator[tuple[str, str]]:
    for column, reason in refused(values.fields):
        yield "fields" + (f".{column}" if column else ""), reason
    for column, held in values.fields:
        if held == "ProducingParty" and not values.producing_party:
            yield "producing_party", f"the column {column} holds it, and it is not given"
        if values.dat_encoding == "cp1252" and not _fits(column + held.removeprefix(FIXED)):
            yield f"fields.{column}", "cp1252 lacks a letter of it"
    if "dat" not in values.load_files:
        yield "load_files", "a volume without a DAT could not be checked, nor loaded by most"
    if len(set(values.load_files)) < len(values.load_files):
        yield "load_files", "a load file stands twice"
    if values.kind == "none":
        for name in ("opt", "lfp"):
            if name in values.load_files:
                yield "load_files", f"{name} lists page images, and none are produced"
    elif "opt" not in values.load_files:
        yield "load_files", "page images without an OPT could not be checked"


def _fits(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
