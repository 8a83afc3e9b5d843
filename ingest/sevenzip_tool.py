"""The outside program 7-Zip (`7zz`, `7z`): what is installed, one run, what its end means."""

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ingest.external import Running
from records.codes import Code
from records.limits import Limits

TOOL = "7zip"
PACKAGE = "7zip"
"""The package of Debian and Ubuntu that holds it."""

_LZMA = b"\x03\x01\x01"
# Copy, Delta, LZMA2, LZMA, BCJ, BCJ2, PPC, IA64, ARM, ARMT, SPARC, PPMd, Deflate, Deflate64, BZip2,
# AES: those of every version.
_USUAL = frozenset(
    bytes.fromhex(each)
    for each in (
        "", "03", "21", "030101", "03030103", "0303011B", "03030205", "03030401", "03030501",
        "03030701", "03030805", "030401", "040108", "040109", "040202", "06F10701",
    )
)  # fmt: skip
_COMMANDS = ("7zz", "7z", "7za")
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SevenZip:
    """The program found: its version, and the methods that it can unpack."""

    command: str
    version: str
    methods: frozenset[bytes]  # as in `sevenzip_headers.Coder`


@functools.cache
def probe() -> SevenZip | None:
    """Ask what is installed; None where it is not."""
    for name in _COMMANDS:
        command = shutil.which(name)
        if command is None:
            continue
        done = subprocess.run(
            [command, "i"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        said = done.stdout.decode("utf-8", "replace")
        version = re.search(r"7-Zip\D*(?:\[\d+\]\D*)?(\d+\.\d+)", said)
        if version:
            return SevenZip(command, version[1], _methods(said))
    return None


def _methods(said: str) -> frozenset[bytes]:
    """The numbers of the codecs, `303011B BCJ2`, that it can decode (`D`)."""
    listed = said.partition("Codecs:")[2].partition("Hashers:")[0]
    found = re.findall(r"^[ \d]*[A-Z]*D[A-Z]* +([0-9A-F]+) \S+$", listed, re.M)
    methods = frozenset(
        bytes.fromhex(each.zfill(len(each) + len(each) % 2)).lstrip(b"\0") for each in found
    )
    return methods if _LZMA in methods else _USUAL  # it lists them in a way not known here


def unpack(
    program: SevenZip,
    archive: Path,
    limits: Limits,
    password: str | None = None,
    form: str = "",
) -> Running:
    """Start unpacking all of an archive to one stream, its files in their order."""
    command = [program.command, "x", "-so", "-y", "-bd", "-mmt=1"]
    typed = b"" if password is None else password.encode("utf-8", "replace") + b"\n"
    return _started(command, archive, limits, form, typed)


def lists(program: SevenZip, archive: Path, form: str, limits: Limits) -> Running:
    """Start listing an archive: a block of lines `Key = value` for each of its files."""
    command = [program.command, "l", "-slt", "-ba", "-sccUTF-8"]
    return _started(command, archive, limits, form, b"")


def _started(command: list[str], archive: Path, limits: Limits, form: str, typed: bytes) -> Running:
    return Running(
        [*command, *([f"-t{form}"] if form else []), "--", archive.name],
        archive.parent,
        memory_mb=limits.memory_mb,
        seconds=limits.seconds,
        typed=typed,
    )


def trouble_of(code: int, said: str) -> tuple[Code, str] | None:
    """Code and message for how a run ended; None where all went well."""
    if code == 0:
        return None
    lines = [each.strip() for each in said.splitlines() if each.strip()]
    words = next((each for each in lines if each.startswith("ERROR")), " ".join(lines[:1]))
    text = f"7-Zip ended with {code}: {words.removeprefix('ERROR: ')}"
    if "allocate required memory" in said:
        return Code.MEMORY, text
    if "Unsupported Method" in said:
        return Code.UNSUPPORTED, text
    if code < 0:
        return Code.CRASH, text
    return (Code.TRUNCATED if "Unexpected end" in said else Code.CORRUPT), text
