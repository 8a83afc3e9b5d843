"""LibreOffice: office documents to PDF, several in one process, with the door to the world shut.

It runs within the imaging child's process group, so that whatever ends the child ends it too. A
profile of its own forbids remote links, active content, macros and updates of links, and names a
dead proxy; the child is in a network namespace of its own where the system permits.
"""

import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

WRITER = "pdf:writer_pdf_Export"
DRAW = "pdf:draw_pdf_Export"
ODT = "odt:writer8"
_START_SECONDS = 30.0
_RESTART = (79, 81)  # desktop/inc/app.hxx: crash with restart, normal restart
_LOADED = re.compile(rb"^convert (.*) -> ")
_NOT_LOADED = b"Error: source file could not be loaded"
_ITEM = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
_SECURITY = "Office.Common/Security/Scripting"
_HARDENED = (
    (_SECURITY, "BlockUntrustedRefererLinks", "true"),
    (_SECURITY, "DisableActiveContent", "true"),
    (_SECURITY, "DisableMacrosExecution", "true"),
    (_SECURITY, "MacroSecurityLevel", "3"),
    ("Office.Writer/Content/Update", "Link", "2"),
    ("Office.Writer/Content/Update", "Field", "false"),
    ("Office.Writer/Content/Update", "Chart", "false"),
    ("Office.Calc/Content/Update", "Link", "2"),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Office.Common/Misc", "CrashReport", "false"),
    ("Office.Common/Save/Document", "CreateBackup", "false"),
    ("Inet/Settings", "ooInetProxyType", "1"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("Inet/Settings", "ooInetFTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetFTPProxyPort", "9"),
)


def program() -> Path | None:
    """LibreOffice's own binary; None where it is not installed."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        return None
    start = Path(found).resolve()
    binary = start.with_name("soffice.bin")
    return binary if binary.is_file() else start


def version() -> str:
    """Its version, or an empty string where it does not run."""
    binary = program()
    if binary is None:
        return ""
    try:
        done = subprocess.run(
            [binary, "--version"], capture_output=True, timeout=60, check=False, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(rb"LibreOffice (\S+)", done.stdout)
    return match[1].decode() if match else ""


def slides(hidden: bool, notes: bool) -> str:
    """The export of a presentation, with its hidden slides and its notes pages or without."""
    return _with_options("impress", ExportHiddenSlides=hidden, ExportNotesPages=notes)


def sheets(most: int) -> str:
    """The export of a workbook's first pages, `most` and one more."""
    return _with_options("calc", PageRange=f"1-{most + 1}")


def _with_options(component: str, **options: bool | str) -> str:
    named = {
        name: {"type": "boolean" if isinstance(value, bool) else "string", "value": value}
        for name, value in options.items()
    }
    return f"pdf:{component}_pdf_Export:{json.dumps(named, separators=(',', ':'))}"


def convert(
    files: Sequence[Path], export: str, out: Path, profile: Path, seconds: float
) -> dict[Path, str]:
    """Convert `files` into `out`; the fate of each: "" for done, "timeout", "crash" or "failed".

    A file over which LibreOffice hangs or dies is left out, and the rest is begun anew.
    """
    fates: dict[Path, str] = {}
    left = list(files)
    while left:
        culprit, fate = _run(left, export, out, profile, seconds)
        for file in left[: left.index(culprit) if culprit else len(left)]:
            fates[file] = "" if made(file, export, out).is_file() else "failed"
        if culprit is None:
            break
        fates[culprit] = "" if made(culprit, export, out).is_file() else fate
        left = left[left.index(culprit) + 1 :]
    return fates


def made(file: Path, export: str, out: Path) -> Path:
    """Where the conversion of `file` lies."""
    return out / f"{file.stem}.{export.partition(':')[0]}"


def _run(
    files: Sequence[Path], export: str, out: Path, profile: Path, seconds: float
) -> tuple[Path | None, str]:
    """Go over `files`, in order; which file stopped it, and how."""
    _make_profile(profile)
    stopped = _start(files, export, out, profile, seconds)
    if stopped[1] == "restart":  # what LibreOffice wants after it has filled a new profile
        stopped = _start(files, export, out, profile, seconds)
    return stopped if stopped[1] != "restart" else (stopped[0], "crash")


def _start(
    files: Sequence[Path], export: str, out: Path, profile: Path, seconds: float
) -> tuple[Path | None, str]:
    """One process."""
    binary = program()
    assert binary is not None
    process = subprocess.Popen(
        [
            binary,
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--norestore",
            "--nologo",
            "--nodefault",
            "--nolockcheck",
            "--convert-to",
            export,
            "--outdir",
            str(out),
            *map(str, files),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(),
        cwd=out,
    )
    try:
        return _follow(process, files, [made(file, export, out) for file in files], seconds)
    finally:
        process.kill()
        process.wait()


def _follow(
    process: "subprocess.Popen[bytes]",
    files: Sequence[Path],
    targets: Sequence[Path],
    seconds: float,
) -> tuple[Path | None, str]:
    """Read how far it is; each file has `seconds` from when the one before was loaded."""
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_drain, args=(process.stdout, lines), daemon=True)
    reader.start()
    known = {os.fsencode(file): number for number, file in enumerate(files)}
    place, begun = 0, False
    end = time.monotonic() + _START_SECONDS + seconds
    while True:
        try:
            line = lines.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return _at_work(files, place, targets), "timeout"
        if line is None:
            break
        if (match := _LOADED.match(line)) and match[1] in known:
            place, begun = known[match[1]], True
        elif line.startswith(_NOT_LOADED):
            place, begun = files.index(_at_work(files, place, targets)) + 1, True
        else:
            continue
        end = time.monotonic() + seconds
    process.wait()
    reader.join()
    if process.returncode == 0:
        return None, ""
    if process.returncode in _RESTART and not begun:
        return files[0], "restart"
    return _at_work(files, place, targets), "crash"


def _at_work(files: Sequence[Path], place: int, targets: Sequence[Path]) -> Path:
    """The first file from `place` on that has no pages yet; a file is named once it is loaded."""
    for file, target in zip(files[place:], targets[place:], strict=True):
        if not target.is_file():
            return file
    return files[-1]


def _drain(pipe: IO[bytes], lines: "queue.SimpleQueue[bytes | None]") -> None:
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(None)


def _make_profile(profile: Path) -> None:
    shutil.rmtree(profile, ignore_errors=True)
    user = profile / "user"
    user.mkdir(parents=True)
    items = "".join(
        _ITEM.format(path=path, name=name, value=value) for path, name, value in _HARDENED
    )
    (user / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>",
        encoding="utf-8",
    )


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SAL_USE_VCLPLUGIN": "svp"}
