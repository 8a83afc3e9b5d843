"""Archives of every format cut short at 20 places and with 30 bits turned over: none hangs.

A damaged archive always says so, but where its format has no checksum over what was damaged:
TAR, cpio, ar and iso have none over the content, ZIP none over dates and the like.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archive_cases import (
    RAR3_END,
    RAR3_START,
    RAR5_END,
    RAR5_START,
    ar,
    cab,
    cpio,
    lha,
    needs_7z,
    needs_genisoimage,
    needs_libarchive,
    needs_unar,
    rar3_file,
    rar5_file,
    run,
    seven_zip,
)

ROOT = Path(__file__).parent.parent
SECONDS = 300
FLIPS = 30  # `python -m tests.archive_damage` takes any number
FILES = {
    "a.txt": b"alpha beta gamma " * 40,
    "b.bin": random.Random(5).randbytes(1500),
    "c.txt": b"words " * 90,
}
PAIRS = [(name.encode(), data) for name, data in FILES.items()]

pytestmark = [pytest.mark.slow, needs_7z, needs_libarchive, needs_unar]


def _tar(_: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _made(archive: str, *options: str) -> Callable[[Path], bytes]:
    return lambda folder: seven_zip(folder, archive, FILES, *options).read_bytes()


def _cpio(_: Path) -> bytes:
    return cpio(*((name, 0o100644, n, 1, data) for n, (name, data) in enumerate(PAIRS, 1)))


def _rar3(_: Path) -> bytes:
    return RAR3_START + b"".join(rar3_file(*each) for each in PAIRS) + RAR3_END


def _rar5(_: Path) -> bytes:
    return RAR5_START + b"".join(rar5_file(*each) for each in PAIRS) + RAR5_END


def _iso(folder: Path) -> bytes:
    source = folder / "source"
    source.mkdir()
    for name, data in FILES.items():
        (source / name).write_bytes(data)
    run(folder, "genisoimage", "-quiet", "-J", "-R", "-o", "a.iso", "source")
    return (folder / "a.iso").read_bytes()


TEXT = b"".join(FILES.values())
# Name, type, how it is made, what may happen beside being told and being of no effect.
CASES = [
    ("7z-solid", "7z", _made("a.7z"), set()),
    ("7z", "7z", _made("a.7z", "-ms=off"), set()),
    ("7z-locked", "7z", _made("a.7z", "-psecret"), set()),
    ("7z-headers-locked", "7z", _made("a.7z", "-psecret", "-mhe=on"), set()),
    ("zip", "zip", _made("a.zip", "-tzip"), {"renamed"}),
    ("zip-deflate64", "zip", _made("a.zip", "-tzip", "-mm=Deflate64"), {"renamed"}),
    ("zip-zipcrypto", "zip", _made("a.zip", "-tzip", "-psecret", "-mem=ZipCrypto"), {"renamed"}),
    ("zip-aes", "zip", _made("a.zip", "-tzip", "-psecret", "-mem=AES256"), {"renamed"}),
    ("rar3", "rar", _rar3, set()),
    ("rar5", "rar", _rar5, set()),
    ("tar", "tar", _tar, {"changed"}),
    ("cpio", "archive", _cpio, {"changed", "renamed"}),
    ("ar", "archive", lambda _: ar(*PAIRS), {"changed", "renamed", "cut-silent"}),
    ("cab", "archive", lambda _: cab(*PAIRS), {"renamed", "crashed"}),
    ("lha", "archive", lambda _: lha(*PAIRS), set()),
    ("wim", "archive", _made("a.wim", "-twim"), set()),
    pytest.param("iso", "archive", _iso, {"changed", "renamed"}, marks=needs_genisoimage),
    ("gz", "gz", lambda _: gzip.compress(TEXT), set()),
    ("bz2", "bz2", lambda _: bz2.compress(TEXT), set()),
    ("xz", "xz", lambda _: lzma.compress(TEXT), set()),
    ("zlib", "archive", lambda _: zlib.compress(TEXT), set()),
]


@pytest.mark.parametrize(
    ("name", "kind", "make", "allowed"), CASES, ids=lambda each: each if type(each) is str else ""
)
def test_damage_is_told_and_nothing_hangs(
    tmp_path: Path, name: str, kind: str, make: Callable[[Path], bytes], allowed: set[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(make(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "tests.archive_damage", str(path), kind, str(FLIPS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr.decode()
    counts = json.loads(done.stdout)
    assert sum(counts.values()) == FLIPS + 20
    assert set(counts) <= {"told", "same", "cut-told", "cut-same"} | allowed, counts
    assert counts["cut-told"]
