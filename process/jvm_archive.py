"""The archive of classes that Java starts from (AppCDS): 0.8 s of a core less for each child.

It is recorded once, by `redwell doctor`, which `make setup` calls, into the user's cache folder,
and goes by the Tika jar, the Java and the exact flags: recorded with other flags it costs more
than it saves. Java itself refuses one that does not fit, and starts without it. It is code that
runs where evidence is read, so one that another user could have written is not used.
"""

import hashlib
import os
import secrets
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 120.0
_FOREIGN = stat.S_IWGRP | stat.S_IWOTH
# What no sample is there for: classes that readers of older formats begin with.
_CLASSES = (
    "org.apache.poi.hssf.usermodel.HSSFWorkbook",
    "org.apache.poi.hwpf.HWPFDocument",
    "org.apache.poi.hslf.usermodel.HSLFSlideShow",
    "org.apache.poi.hsmf.MAPIMessage",
    "org.apache.tika.parser.microsoft.ExcelExtractor",
    "org.apache.tika.parser.microsoft.WordExtractor",
    "org.apache.tika.parser.microsoft.HSLFExtractor",
    "org.apache.tika.parser.microsoft.OutlookExtractor",
    "org.apache.tika.parser.microsoft.rtf.RTFParser",
)
_SAMPLED = ("docx", "xlsx", "pptx", "odt", "html", "pdf", "txt", "csv", "zip", "eml")


def folder() -> Path:
    """The user's cache folder for it."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "redwell"


def path_for(library: str, jar_sha256: str, flags: Sequence[str]) -> Path:
    """Where the archive for this Java, jar and flags stands, whether or not it is there."""
    found = Path(library).resolve()
    state = found.stat()
    told = (str(found), str(state.st_size), str(state.st_mtime_ns), jar_sha256, *flags)
    return folder() / f"tika-{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:32]}.jsa"


def flags_for(path: Path) -> list[str]:
    """The flags that make Java start from an archive; none where it cannot be trusted or had."""
    try:
        for each in (path, path.parent):
            state = each.stat(follow_symlinks=False)
            if state.st_uid != os.geteuid() or state.st_mode & _FOREIGN:
                return []
        # Java maps the file and dies of one that was cut off; all else it checks by itself.
        if path.stat().st_size != int(_size_file(path).read_text()):
            return []
    except (OSError, ValueError):
        return []
    flags = (f"-XX:SharedArchiveFile={path}", "-Xshare:auto", "-XX:+VerifySharedSpaces")
    return [*flags, "-Xlog:cds=off"]


def _size_file(path: Path) -> Path:
    return path.with_suffix(".size")


def record(path: Path) -> bool:
    """Record the archive, in a process of its own; whether it is there now. Raises nothing."""
    fresh = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "process.jvm_archive", str(fresh)],
            env=os.environ | {"PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode or not fresh.stat().st_size:
            return False
        size = fresh.stat().st_size
        fresh.chmod(0o600)
        fresh.rename(path)
        fresh.write_text(str(size))
        fresh.rename(_size_file(path))
    except (OSError, subprocess.SubprocessError):
        return False
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return True


def _samples() -> list[Path]:
    """One sample of each kind, as far as they are installed."""
    found: dict[str, Path] = {}
    for path in sorted((_ROOT / "samples" / "matter").rglob("*")):
        found.setdefault(path.suffix[1:].lower(), path)
    return [found[kind] for kind in _SAMPLED if kind in found]


def _main(target: str) -> None:
    """Start Java so that it records, read the samples, and end it in order."""
    import jpype

    from process import jvm, tika
    from records.limits import Limits

    jvm.start_java((f"-XX:ArchiveClassesAtExit={target}",))
    with tempfile.TemporaryDirectory() as scratch:
        for number, path in enumerate(_samples()):
            tika.parse(path, path.name, Path(scratch) / str(number), Limits())
    for name in _CLASSES:
        with suppress(jpype.JException, TypeError):
            jpype.JClass(name)
    jpype.shutdownJVM()


if __name__ == "__main__":
    _main(sys.argv[1])
