"""The outside program Tesseract: what is installed, one run, what its answer means."""

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOOL = "tesseract"
PSM = 3
LOW = 60.0
"""Mean confidence below which a page is said to be read badly."""

_COMMAND = "tesseract"


@dataclass(frozen=True, slots=True)
class TesseractProbe:
    """Version and languages; an empty version where it is not installed."""

    version: str
    languages: tuple[str, ...]

    def lacking(self, languages: str) -> tuple[str, ...]:
        """Those of `eng+deu` that have no model here."""
        return tuple(each for each in languages.split("+") if each not in self.languages)


@dataclass(frozen=True, slots=True)
class Word:
    """One word as read, with its box in pixels and its confidence, 0 to 100."""

    left: int
    top: int
    width: int
    height: int
    confidence: float
    text: str


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one run read: the words, and the text with its lines and paragraphs."""

    text: str
    words: tuple[Word, ...]

    @property
    def confidence(self) -> float:
        """Mean confidence of the words; 0 without words."""
        if not self.words:
            return 0.0
        return round(sum(word.confidence for word in self.words) / len(self.words), 2)


class TesseractError(Exception):
    """A run that failed; the message holds the program's own words."""


def probe() -> TesseractProbe:
    """Ask for version and languages."""
    if shutil.which(_COMMAND) is None:
        return TesseractProbe("", ())
    version = _run(["--version"]).decode("utf-8", "replace").split("\n")[0]
    listed = _run(["--list-langs"]).decode("utf-8", "replace").splitlines()[1:]
    return TesseractProbe(version.removeprefix("tesseract "), tuple(sorted(listed)))


def read(image: Path, languages: str, dpi: int, psm: int = PSM) -> PageReading:
    """Read an image in one run; raises `TesseractError`. The caller holds the time limit.

    `psm` is Tesseract's mode of page segmentation; 3 is automatic without orientation.
    """
    command = [str(image), "stdout", "-l", languages, "--dpi", str(dpi), "--psm", str(psm)]
    return interpret(_run([*command, "-c", "tessedit_create_tsv=1"]))


def orientation(image: Path, dpi: int) -> tuple[int, float]:
    """Degrees to turn clockwise so that the page stands upright, and how sure that is."""
    try:
        said = _run([str(image), "stdout", "--psm", "0", "-l", "osd", "--dpi", str(dpi)])
    except TesseractError:  # too few characters to tell
        return 0, 0.0
    found = dict(re.findall(r"^([A-Z][\w ]+): ([\d.]+)", said.decode("utf-8", "replace"), re.M))
    return int(found.get("Rotate", 0)), float(found.get("Orientation confidence", 0))


def interpret(tsv: bytes) -> PageReading:
    """Words and text out of Tesseract's TSV (level, page, block, paragraph, line, word, box)."""
    rows = csv.reader(
        io.StringIO(tsv.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    words, text, last = [], list[str](), ("", "", "")
    for row in rows:
        if len(row) < 12 or row[0] != "5" or not row[11].strip():
            continue
        here = (row[2], row[3], row[4])
        if text:
            text.append(" " if here == last else "\n" if here[:2] == last[:2] else "\n\n")
        last = here
        text.append(row[11])
        left, top, width, height = (int(each) for each in row[6:10])
        words.append(Word(left, top, width, height, max(0.0, float(row[10])), row[11]))
    return PageReading("".join(text), tuple(words))


def _run(arguments: Sequence[str]) -> bytes:
    try:
        done = subprocess.run(
            [_COMMAND, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},  # more threads read slower, all at once
        )
    except OSError as error:
        raise TesseractError(f"Tesseract does not start: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TesseractError(said[-1] if said else f"exit code {done.returncode}")
    return done.stdout
