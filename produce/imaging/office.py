"""Office documents: opened with the case's passwords, converted, made plain.

Behind the pages come sheets with what the document holds and LibreOffice does not print.
"""

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msoffcrypto

from process.hidden import Findings
from produce.imaging import libreoffice
from produce.imaging.changes import BY_WAY_OF_ODT, show
from produce.imaging.errors import RenderError
from produce.imaging.frozen import computes_fields, freeze
from produce.imaging.pdfs import normalise
from produce.imaging.raster import is_blank
from produce.imaging.unseen import append_sheets, findings_of, sheets_of
from produce.interface import OfficeRule
from records.codes import Code
from records.errors import raise_if_full

WRITER = frozenset({"docx", "docm", "doc", "rtf", "odt"})
SLIDES = frozenset({"pptx", "pptm", "ppt", "odp"})
DRAWINGS = frozenset({"emf", "wmf", "vsd", "vsdx", "pub"})
SHEETS = frozenset({"xlsx", "xlsm", "xlsb", "xls", "ods"})
# Types of which everything that a rule may leave out is found; of others not, or not all.
_LOOKED_THROUGH = frozenset({"docx", "docm", "odt", "pptx", "pptm", "odp", "xlsx", "xlsm", "ods"})
_TODAY = "a date or the file's name is computed anew, not as it was saved"
_MARKED = "its tracked changes may be shown otherwise than the rule says"
FATES = {
    "timeout": (Code.TIMEOUT, "LibreOffice took too long"),
    "crash": (Code.CRASH, "LibreOffice died over it"),
    "failed": (Code.CORRUPT, "LibreOffice cannot open it"),
}


@dataclass(frozen=True, slots=True)
class OfficeFile:
    """One document to convert: where it is, its type, where its pages go."""

    source: Path
    type: str
    target: Path


@dataclass(frozen=True, slots=True)
class Manner:
    """How documents become pages: by what rule, and how many pages a workbook may have."""

    rule: OfficeRule
    sheet_pages: int
    passwords: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Converted:
    """How many pages came of it, and what is odd about them: `unseen` is what they do not show.

    `by_rule` tells that the rule keeps something off them, or might, `kept_off` that it does;
    `blank` that all are empty.
    """

    pages: int
    odd: tuple[str, ...]
    unseen: tuple[str, ...]
    by_rule: bool
    kept_off: bool
    blank: bool


@dataclass(slots=True)
class _Copy:
    """A document made ready: its plain copy, what it hides, how it is exported."""

    file: OfficeFile
    path: Path
    findings: Findings
    export: str = ""
    odd: list[str] = field(default_factory=list)


def convert(
    files: Sequence[OfficeFile], folder: Path, manner: Manner
) -> list[Converted | RenderError]:
    """Convert all of `files`; for each, in order, its pages or what went wrong."""
    if libreoffice.program() is None:
        return [RenderError(Code.UNSUPPORTED, "no LibreOffice") for _ in files]
    copies = [_ready(file, folder / f"in{n}.{file.type}", manner) for n, file in enumerate(files)]
    good = [each for each in copies if isinstance(each, _Copy)]
    _mark_changes(good, folder, manner)
    fates: dict[Path, str] = {}
    for export in dict.fromkeys(each.export for each in good):
        members = [each.path for each in good if each.export == export]
        profile = folder / "profile"
        fates |= libreoffice.convert(members, export, folder, profile, manner.seconds)
    return [_taken(each, fates, manner) if isinstance(each, _Copy) else each for each in copies]


def _ready(file: OfficeFile, path: Path, manner: Manner) -> _Copy | RenderError:
    try:
        return _copied(file, path, manner)
    except RenderError as error:
        return error
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the item border: the others of the group go on
        raise_if_full(error)
        return _unreadable(error)


def _unreadable(error: Exception) -> RenderError:
    return RenderError(Code.CORRUPT, "cannot be laid out", f"{type(error).__name__}: {error}"[:500])


def _copied(file: OfficeFile, path: Path, manner: Manner) -> _Copy:
    plain_copy(file.source, path, manner.passwords)
    copy = _Copy(file, path, findings_of(path, file.type))
    copy.export = _export(copy, manner)
    if file.type == "doc" and computes_fields(path):
        copy.odd.append(_TODAY)
    return copy


def _export(copy: _Copy, manner: Manner) -> str:
    kind, rule = copy.file.type, manner.rule
    if kind in SLIDES:
        return libreoffice.slides(rule.hidden, rule.notes and _has_notes(copy))
    if kind in SHEETS:
        return libreoffice.sheets(manner.sheet_pages)
    return libreoffice.DRAW if kind in DRAWINGS else libreoffice.WRITER


def _has_notes(copy: _Copy) -> bool:
    return "speaker-notes" in copy.findings.kinds


def _mark_changes(copies: Sequence[_Copy], folder: Path, manner: Manner) -> None:
    """Have tracked changes shown by the rule, not as each document was last looked at."""
    changed = [each for each in copies if "tracked-changes" in each.findings.kinds]
    older = [each for each in changed if each.file.type in BY_WAY_OF_ODT]
    if older:
        paths = [each.path for each in older]
        profile = folder / "profile"
        libreoffice.convert(paths, libreoffice.ODT, folder, profile, manner.seconds)
        for each in older:
            newer = libreoffice.made(each.path, libreoffice.ODT, folder)
            each.path = newer if newer.is_file() else each.path
    for each in changed:
        kind = each.path.suffix[1:]
        if each.file.type in WRITER and not show(each.path, kind, manner.rule.changes == "shown"):
            each.odd.append(_MARKED)


def _taken(copy: _Copy, fates: dict[Path, str], manner: Manner) -> Converted | RenderError:
    fate = fates[copy.path]
    if fate:
        return RenderError(*FATES[fate])
    try:
        return _with_sheets(copy, manner)
    except RenderError as error:
        return error
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the item border, as above
        raise_if_full(error)
        return _unreadable(error)


def _with_sheets(copy: _Copy, manner: Manner) -> Converted:
    target = copy.file.target
    pages = normalise(copy.path.with_suffix(".pdf"), target)
    if not pages:
        raise RenderError(Code.CORRUPT, "no pages")
    if copy.file.type in SHEETS and pages > manner.sheet_pages:
        raise RenderError(Code.TOO_LARGE, f"more than {manner.sheet_pages:,} pages when printed")
    sheets = sheets_of(copy.findings, manner.rule, _on_pages(copy, manner.rule))
    pages, odd = append_sheets(target, sheets)
    unknown = copy.file.type not in _LOOKED_THROUGH and manner.rule != OfficeRule()
    kept_off = sheets.by_rule
    odd = [*copy.odd, *odd]
    return Converted(pages, tuple(odd), sheets.odd, kept_off or unknown, kept_off, is_blank(target))


def _on_pages(copy: _Copy, rule: OfficeRule) -> frozenset[str]:
    """What LibreOffice itself prints of a presentation."""
    if copy.file.type not in SLIDES:
        return frozenset()
    shown = {"hidden-slides": rule.hidden, "speaker-notes": rule.notes and _has_notes(copy)}
    return frozenset(kind for kind, whether in shown.items() if whether)


def plain_copy(source: Path, copy: Path, passwords: Sequence[str]) -> None:
    """Copy the document, without its password, its computed dates as they were saved."""
    unlocked_copy(source, copy, passwords)
    freeze(copy, copy.suffix[1:])


def unlocked_copy(source: Path, copy: Path, passwords: Sequence[str]) -> None:
    """Copy the document, without its password; raises `RenderError` where none fits."""
    shutil.copyfile(source, copy)
    copy.chmod(0o600)
    if copy.suffix in (".odt", ".odp", ".ods") and _odf_encrypted(copy):
        raise RenderError(Code.ENCRYPTED, "encrypted", "OpenDocument with a password")
    if _encrypted(copy) and not any(_decrypt(source, copy, each) for each in passwords):
        raise RenderError(Code.ENCRYPTED, "encrypted", "no password fits")


def _encrypted(path: Path) -> bool:
    with path.open("rb") as stream:
        try:
            return bool(msoffcrypto.OfficeFile(stream).is_encrypted())
        except Exception:  # noqa: BLE001 - its parsers throw anything; LibreOffice is to judge then
            return False


def _decrypt(source: Path, target: Path, password: str) -> bool:
    try:
        with source.open("rb") as stream, target.open("wb") as plain:
            document = msoffcrypto.OfficeFile(stream)
            document.load_key(password=password)
            document.decrypt(plain)
    except Exception:  # noqa: BLE001 - its parsers throw anything at a password that does not fit
        return False
    return target.stat().st_size > 0


def _odf_encrypted(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return b"encryption-data" in archive.read("META-INF/manifest.xml")
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RuntimeError):
        return False
