"""What a volume is to be, as the check needs it: plain values out of a specification.

Without one a volume is looked at as a typical ESI protocol has it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from produce.reader import OptEntry
from produce.specification import Specification

type Record = dict[str, str]

_FORMS = {
    "MM/DD/YYYY": "[01][0-9]/[0-3][0-9]/[0-9]{4}",
    "DD/MM/YYYY": "[0-3][0-9]/[01][0-9]/[0-9]{4}",
    "YYYY/MM/DD": "[0-9]{4}/[01][0-9]/[0-3][0-9]",
    "YYYY-MM-DD": "[0-9]{4}-[01][0-9]-[0-3][0-9]",
    "YYYYMMDD": "[0-9]{4}[01][0-9][0-3][0-9]",
    "HH:MM:SS": "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]",
    "HH:MM": "[0-2][0-9]:[0-5][0-9]",
    "HH:MM:SS AM": "[01][0-9]:[0-5][0-9]:[0-5][0-9] [AP]M",
    "HH:MM AM": "[01][0-9]:[0-5][0-9] [AP]M",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """`columns` are those of the DAT with what they hold; None for standard names, any of them.

    `encoding` None lets the byte order mark say it. `kind` None takes images as they come.
    `stamp` is where on the page the number stands, None for nowhere; `shows` are further texts of
    every page. `levels` says that documents may have different legends. `replacement` says that the
    volume holds documents of another one under their numbers there: there are gaps, and families
    are in it in part. `parents` are numbers of earlier volumes that rows may name as parents.
    """

    columns: tuple[tuple[str, str], ...] | None = None
    encoding: str | None = None
    kind: str | None = None
    dpi: int = 300
    by_document: bool = False
    separator: str = "_"
    page_digits: int = 4
    days: str = _FORMS["MM/DD/YYYY"]
    hours: str = _FORMS["HH:MM:SS"]
    lone_empty: bool = False
    max_pages: int = 0
    levels: bool = False
    data: str = "DATA"
    images: str = "IMAGES"
    text: str = "TEXT"
    natives: str = "NATIVES"
    withheld_line: str = "Document Withheld - Privileged"
    text_encoding: str = "utf-8"
    load_files: tuple[str, ...] = ("dat", "opt")
    stamp: str | None = "bottom-right"
    shows: tuple[str, ...] = ()
    replacement: bool = False
    parents: frozenset[str] = frozenset()


BARE = Terms()


def terms_of(specification: Specification) -> Terms:
    """The terms of a volume made by this specification."""
    fixed = {"{case}": specification.case_number, "{volume}": specification.name}
    return Terms(
        columns=specification.fields,
        encoding=specification.dat_encoding,
        kind=specification.kind,
        dpi=specification.dpi,
        by_document=specification.number_by == "document",
        separator=specification.separator,
        page_digits=specification.page_digits,
        days=_FORMS[specification.date_format],
        hours=_FORMS[specification.time_format],
        lone_empty=specification.lone_family == "empty",
        max_pages=specification.max_pages,
        levels=bool(specification.levels),
        data=specification.folders.data,
        images=specification.folders.images,
        text=specification.folders.text,
        natives=specification.folders.natives,
        withheld_line=specification.withheld_line,
        text_encoding=specification.text_encoding,
        load_files=specification.load_files,
        stamp=specification.place_of("{bates}"),
        shows=tuple(
            part for _, text in specification.zones for part in _parts(text, fixed) if part
        ),
    )


def any_volume(terms: Terms) -> Terms:
    """The terms without what is of one volume only: texts that name it or its case."""
    return replace(terms, shows=())


def _parts(text: str, fixed: dict[str, str]) -> list[str]:
    """What of an endorsement is the same on every page."""
    for hole, value in fixed.items():
        text = text.replace(hole, value)
    return [part.strip() for part in re.split(r"\{bates\}|\{legend\}", text)]


def standard(record: Record, terms: Terms) -> Record:
    """A row of the DAT by the standard names of its fields."""
    if terms.columns is None:
        return record
    return {held: record[name] for name, held in terms.columns if not held.startswith("=")}


def completed(
    records: Sequence[Record],
    terms: Terms,
    disk: frozenset[str],
    entries: Sequence[OptEntry],
) -> list[Record]:
    """Rows with what other fields, the OPT and the disk tell of those that their DAT lacks."""
    files = {
        "TextLink": _by_number(disk, terms.text),
        "NativeLink": _by_number(disk, terms.natives),
    }
    pages = {each.key: each.page_count for each in entries if each.doc_break == "Y"}
    return [_completed(each, terms, files, pages) for each in records]


_PART = re.compile(r"VOL[0-9]{3,}/")


def part_of(path: str) -> str:
    """The folder of the part that a file stands in, with its slash; empty where there are none."""
    found = _PART.match(path)
    return found[0] if found else ""


def lies_in(path: str, folder: str) -> bool:
    """Whether a file stands in a folder of the volume, or of one of its parts."""
    return path.startswith((f"{folder}/", f"{part_of(path)}{folder}/"))


def _by_number(disk: frozenset[str], folder: str) -> dict[str, str]:
    """Files of a folder by the document's number that they are named with."""
    found = sorted(path for path in disk if lies_in(path, folder))
    return {path.rpartition("/")[2].partition(".")[0]: path for path in found}


def _completed(
    record: Record, terms: Terms, files: dict[str, dict[str, str]], pages: Record
) -> Record:
    found, beg = dict(record), record["BegBates"]
    if "AttachRange" in found and "BegAttach" not in found:
        found["BegAttach"], _, found["EndAttach"] = found["AttachRange"].partition(" - ")
    span = (found.get("BegAttach"), found.get("EndAttach"))
    if terms.lone_empty and span == ("", ""):
        found["BegAttach"], found["EndAttach"] = beg, record["EndBates"]
    for field, by_number in files.items():
        if field not in found and beg in by_number:
            found[field] = ".\\" + by_number[beg].replace("/", "\\")
    if "PageCount" not in found and beg in pages:
        found["PageCount"] = pages[beg]
    return found


def page_keys(record: Record, count: int, first: str, value: int, terms: Terms) -> list[str]:
    """The numbers of a document's pages: `first` is what its number begins with, `value` the rest.

    The prefix and digits are taken from the number itself.
    """
    beg = record["BegBates"]
    if terms.by_document:
        more = range(2, count + 1)
        return [beg, *(f"{beg}{terms.separator}{page:0{terms.page_digits}d}" for page in more)]
    width = len(beg) - len(first)
    return [f"{first}{value + page:0{width}d}" for page in range(count)]
