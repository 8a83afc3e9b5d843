"""Packs a volume into an encrypted 7z, names encrypted too, and proves what it holds.

AES-256 by the outside program 7-Zip, which gets the password through its standard input, never by
an argument that other users of the machine could read.
"""

import os
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sevenzip_tool import SevenZip, probe
from records.errors import DiskFullError, ProductionError, ToolMissingError

_CHUNK = 1 << 20
_NO_ROOM = ("No space left", "E_FAIL", "disk full")


def require_seven_zip() -> SevenZip:
    """7-Zip; raises `ToolMissingError` where it is not installed."""
    found = probe()
    if found is None:
        raise ToolMissingError(
            "A delivery is an encrypted 7z, and 7-Zip is not installed: apt-get install 7zip"
        )
    return found


def seal(
    program: SevenZip, volume: Path, archive: Path, password: str, split: int = 0
) -> tuple[Path, ...]:
    """Pack a volume's folder into `archive`, a new file; raises `ProductionError`.

    With `split` it is written as `archive`.001 and so on, parts of so many bytes: joined they are
    the archive. Page images hardly shrink, so little time is spent on it.
    """
    typed = f"{password}\n{password}\n".encode()
    command = (program.command, "a", "-t7z", "-mhe=on", "-mx=1", "-p", "-bd", "-y")
    volumes = (f"-v{split}b",) if split else ()
    done = _run((*command, *volumes, "--", str(archive), volume.name), volume.parent, typed)
    parts = parts_of(archive) if split else (archive,)
    if done.returncode != 0:
        for each in parts:
            each.unlink(missing_ok=True)
        said = _said(done)
        if any(each in said for each in _NO_ROOM):
            raise DiskFullError(f"{archive.parent} has no room left. Make some and deliver again")
        raise ProductionError(f"7-Zip could not pack {volume}: {said}")
    for each in parts:
        with each.open("rb") as file:
            os.fsync(file.fileno())
    return parts


def parts_of(archive: Path) -> tuple[Path, ...]:
    """The parts of an archive that was written in some, in order."""
    found = archive.parent.glob(f"{archive.name}.[0-9][0-9][0-9]*")
    return tuple(sorted(found, key=lambda each: int(each.suffix[1:])))


def require_whole(parts: Sequence[Path], split: int) -> None:
    """Raise `ProductionError` unless parts are numbered without a gap, each as large as said."""
    sizes = [each.stat().st_size for each in parts]
    numbers = [int(each.suffix[1:]) for each in parts]
    full = all(size == split for size in sizes[:-1]) and 0 < sizes[-1] <= split if sizes else False
    if numbers != list(range(1, len(parts) + 1)) or not full:
        told = ", ".join(f"{each.name} ({size:,})" for each, size in zip(parts, sizes, strict=True))
        raise ProductionError(f"7-Zip did not write parts of {split:,} bytes: {told or 'none'}")


def prove(program: SevenZip, volume: Path, archive: Path, password: str) -> None:
    """Read the archive back: it opens by the password alone, and holds the volume's every byte.

    Of one in parts `archive` is the first; all are read. 7-Zip unpacks all of it against its
    checksums; each checksum is that of the file on disk. Raises `ProductionError` saying what
    differs.
    """
    wrong = _run((program.command, "l", "-ba", "--", str(archive)), archive.parent, b"\n")
    if wrong.returncode == 0:
        raise ProductionError(f"{archive} opens without its password: it must not go out")
    typed = f"{password}\n".encode()
    done = _run((program.command, "t", "-bd", "--", str(archive)), archive.parent, typed)
    if done.returncode != 0:
        raise ProductionError(f"{archive} cannot be unpacked again: {_said(done)}")
    packed = dict(_listed(program, archive, typed))
    disk = {
        path.relative_to(volume.parent).as_posix(): (path.stat().st_size, _crc(path))
        for path in sorted(volume.rglob("*"))
        if path.is_file()
    }
    if packed != disk:
        some = sorted({*packed.items()} ^ {*disk.items()})[:3]
        raise ProductionError(f"{archive} does not hold what the volume holds: {some}")


def _listed(
    program: SevenZip, archive: Path, typed: bytes
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Path, size and CRC-32 of each file in the archive."""
    command = (program.command, "l", "-slt", "-ba", "-sccUTF-8", "--", str(archive))
    done = _run(command, archive.parent, typed)
    for block in done.stdout.decode("utf-8").replace("\r", "").split("\n\n"):
        lines = (line.partition(" = ") for line in block.splitlines())
        values = {name.strip(): value for name, _, value in lines}
        if "Path" in values and not values.get("Attributes", "").startswith("D"):
            name = values["Path"].replace("\\", "/")
            yield name, (int(values["Size"]), int(values.get("CRC") or "0", 16))


def _crc(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found


def _run(
    command: tuple[str, ...], folder: Path, typed: bytes
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, cwd=folder, input=typed, capture_output=True, check=False)


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    text = (done.stderr + b"\n" + done.stdout).decode("utf-8", "replace")
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    errors = [each for each in lines if each.upper().startswith(("ERROR", "E_", "SYSTEM ERROR"))]
    return "; ".join((errors or lines)[:3]) or f"it ended with {done.returncode}"
