"""What pages depend on beside the document: tools and fonts in their versions, and our own code."""

import functools
import hashlib
import importlib.metadata
import subprocess
from pathlib import Path

from produce.imaging import libreoffice
from produce.imaging.probe import probe_weasyprint

_PACKAGES = (
    *("weasyprint", "pydyf", "fonttools", "pikepdf", "pypdfium2", "img2pdf", "pillow"),
    *("pillow-heif", "selectolax", "msoffcrypto-tool"),
)
_CODE = ("produce/imaging", "process", "ingest", "records")
_ROOT = Path(__file__).resolve().parent.parent.parent


@functools.cache
def fingerprint(kind: str) -> str:
    """A hash that is another one whenever pages made in this way might be."""
    parts = [_common(), kind]
    if kind == "office":
        parts.append(libreoffice.version())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@functools.cache
def _common() -> str:
    versions = [f"{name} {_version(name)}" for name in _PACKAGES]
    return "\n".join([*versions, probe_weasyprint().version, _fonts(), _code()])


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _fonts() -> str:
    """The fonts that are installed; their files stand for what is in them."""
    form = "%{file} %{index} %{fontversion}\n"
    try:
        done = subprocess.run(
            ["fc-list", "--format", form], capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    lines = sorted(done.stdout.splitlines())
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _code() -> str:
    """Our own code that reads documents and makes pages of them."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            name = path.relative_to(_ROOT).as_posix()
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
