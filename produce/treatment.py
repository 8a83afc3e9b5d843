"""How each document is produced: imaged, natively, by a slip sheet alone, or withheld."""

from enum import StrEnum
from typing import Protocol

WITHHELD_LINE = "Document Withheld - Privileged"
NATIVE_LINE = "Document Produced Natively"
CONTAINER_LINE = "Container - Contents Produced Separately"
MASKED = "[withheld]"
SLIP_LINE = "Document Not Imaged - Native Not Produced"
BLANK_LINE = "Page Intentionally Left Blank in Replacement"


class Treatment(StrEnum):
    """What a document becomes in a volume."""

    IMAGE = "image"  # pages
    NATIVE = "native"  # one slip sheet and the native file
    SLIP = "slip"  # one slip sheet, no native
    WITHHELD = "withheld"  # one slip sheet, no native, no text, no metadata


# By the convention of ESI protocols: pages show such files badly or not at all. What has no way
# to pages besides (archives, programs, unknown types) turns native when it is to be rendered.
NATIVE_TYPES: tuple[str, ...] = (
    *("csv", "xls", "xlsx", "xlsm", "xlsb", "ods"),
    *("audio", "video", "mpp", "executable", "unknown"),
)

# What LibreOffice turns into pages; compared with the imaging's own list by a test.
OFFICE_TYPES = frozenset(
    {
        *("doc", "docm", "docx", "odt", "rtf"),
        *("odp", "ppt", "pptm", "pptx"),
        *("pub", "vsd", "vsdx"),
    }
)

# Spreadsheets, which are printed where a specification says so; those that LibreOffice prints.
BOOK_TYPES = frozenset({"xlsx", "xlsm", "xlsb", "xls", "ods"})
SHEET_TYPES = BOOK_TYPES | {"csv"}

# What is turned into XLSX to be redacted by cell.
CONVERTED_TYPES = frozenset({"xls", "ods", "xlsb"})

MAILS = frozenset({"email", "msg"})

_NATIVE_MIMES = ("audio/", "video/")


def native_reason(type_: str, mime: str, native_types: tuple[str, ...], sheets: str) -> str:
    """Why a document of this type is produced natively; empty when it is imaged.

    Where `sheets` are "printed" they are imaged, whatever the native types are.
    """
    if type_ in SHEET_TYPES and sheets == "printed":
        return ""
    if type_ in native_types:
        return f"type {type_}"
    if mime.startswith(_NATIVE_MIMES):
        return f"type {mime.partition('/')[0]}"
    return ""


class Lines(Protocol):
    """What slip sheets say; a specification."""

    @property
    def withheld_line(self) -> str: ...  # noqa: D102
    @property
    def native_line(self) -> str: ...  # noqa: D102
    @property
    def container_line(self) -> str: ...  # noqa: D102
    @property
    def slip_line(self) -> str: ...  # noqa: D102
    @property
    def show_reason(self) -> bool: ...  # noqa: D102
    @property
    def reason_lines(self) -> tuple[tuple[str, str], ...]: ...  # noqa: D102


def slip_lines(treatment: Treatment, reason: str, lines: Lines) -> tuple[str, ...]:
    """The lines of a slip sheet. They tell nothing of the content, of a withheld one least."""
    if treatment is Treatment.WITHHELD:
        return (lines.withheld_line,)
    if treatment is Treatment.SLIP and reason == "container":
        return (lines.container_line,)
    first = lines.native_line if treatment is Treatment.NATIVE else lines.slip_line
    first = next((text for named, text in lines.reason_lines if _is(reason, named)), first)
    shown = reason and lines.show_reason
    return (first, f"Reason: {stampable(reason)}") if shown else (first,)


def _is(reason: str, named: str) -> bool:
    """Whether a reason is the named one, or begins with it: `encrypted; …`, `type xlsx`."""
    return reason == named or reason.startswith((f"{named};", f"{named} "))


def stampable(text: str) -> str:
    """Text in letters that the stamp's font has, one line, cut to what a slip sheet takes."""
    line = " ".join(text.split())
    return line.encode("cp1252", errors="replace").decode("cp1252")[:90]
