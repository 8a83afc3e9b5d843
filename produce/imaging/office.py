"""Office documents: opened with the case's passwords, converted, made plain."""

import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msoffcrypto

from produce.imaging import libreoffice
from produce.imaging.errors import RenderError
from produce.imaging.frozen import computes_dates, freeze
from produce.imaging.pdfs import normalise
from records.codes import Code

WRITER = frozenset({"docx", "docm", "doc", "rtf", "odt"})
SLIDES = frozenset({"pptx", "pptm", "ppt", "odp"})
DRAWINGS = frozenset({"emf", "wmf", "vsd", "vsdx", "pub"})
_TODAY = "a date field shows the day of imaging, not the one saved"
_FATES = {
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
class Converted:
    """How many pages came of it, and what is odd about them."""

    pages: int
    odd: tuple[str, ...]


def convert(
    files: Sequence[OfficeFile], folder: Path, passwords: Sequence[str], seconds: float
) -> list[Converted | RenderError]:
    """Convert all of `files`; for each, in order, its pages or what went wrong."""
    if libreoffice.program() is None:
        return [RenderError(Code.UNSUPPORTED, "no LibreOffice") for _ in files]
    results: list[Converted | RenderError] = []
    groups: dict[str, list[Path]] = {}
    copies: list[Path | RenderError] = []
    for number, file in enumerate(files):
        copy = folder / f"in{number}.{file.type}"
        try:
            _plain_copy(file.source, copy, passwords)
            copies.append(copy)
            groups.setdefault(_export(copy, file.type), []).append(copy)
        except RenderError as error:
            copies.append(error)
    fates: dict[Path, str] = {}
    for export, members in groups.items():
        profile = folder / "profile"
        fates |= libreoffice.convert(members, export, folder, profile, seconds)
    for file, copied in zip(files, copies, strict=True):
        results.append(copied if isinstance(copied, RenderError) else _taken(file, copied, fates))
    return results


def _taken(file: OfficeFile, copy: Path, fates: dict[Path, str]) -> Converted | RenderError:
    fate = fates[copy]
    if fate:
        return RenderError(*_FATES[fate])
    try:
        pages = normalise(copy.with_suffix(".pdf"), file.target)
    except RenderError as error:
        return error
    if not pages:
        return RenderError(Code.CORRUPT, "no pages")
    computed = file.type == "doc" and computes_dates(copy)
    return Converted(pages, (_TODAY,) if computed else ())


def _export(copy: Path, kind: str) -> str:
    if kind in SLIDES:
        return libreoffice.SLIDES_AND_NOTES if _has_notes(copy) else libreoffice.SLIDES
    return libreoffice.DRAW if kind in DRAWINGS else libreoffice.WRITER


def _has_notes(copy: Path) -> bool:
    """Whether a presentation has speaker's notes, as far as a look at its members tells."""
    try:
        with zipfile.ZipFile(copy) as archive:
            return any(name.startswith("ppt/notesSlides/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _plain_copy(source: Path, copy: Path, passwords: Sequence[str]) -> None:
    """Copy the document, without its password, its computed dates as they were saved."""
    shutil.copyfile(source, copy)
    copy.chmod(0o600)
    if copy.suffix in (".odt", ".odp") and _odf_encrypted(copy):
        raise RenderError(Code.ENCRYPTED, "encrypted", "OpenDocument with a password")
    if _encrypted(copy) and not any(_decrypt(source, copy, each) for each in passwords):
        raise RenderError(Code.ENCRYPTED, "encrypted", "no password fits")
    freeze(copy, copy.suffix[1:])


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
