"""Every PDF of the corpus cleaned and stamped, and looked at by readers that are not the stamper.

    python -m bench.stamping --corpus ../shared/corpus

On every page the number must stand upright in the visible bottom right, found by pdftotext's
boxes of words (by pdfium's letters where poppler is missing), and everything else must look as
before: the page as it came and the stamped page are rendered, the one shrunk by the known scale,
and compared in blocks of pixels. Prints what failed with its reason, and the pages that a CPU
second stamps beside pikepdf alone writing the same files. Ends with 1 where a page failed.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray

from ingest.child import Child
from ingest.interface import ChildFailure
from produce.imaging.raster import opened
from produce.imaging.stamp import stamp_pdf

LEGEND = "CONFIDENTIAL - SUBJECT TO PROTECTIVE ORDER"
PASSWORDS = ("tika", "Tika", "password", "owner", "user", "test", "openpassword")
LONGEST = 900  # pixels of a page's longer side
BLOCK = 12  # pixels: an edge that falls between two pixels is the same block's
DIFFERS = 40  # of 255, in the mean of a block
MOST_SHARE = 0.002  # of a page's blocks
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', re.S)
_WORD = re.compile(
    r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
)
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Tally:
    """What was seen so far."""

    files: int = 0
    pages: int = 0
    not_imaged: dict[str, str] = field(default_factory=dict)
    pictures: int = 0
    misplaced: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    stamp_seconds: float = 0.0
    copy_seconds: float = 0.0


def by_poppler(path: Path, numbers: list[str]) -> Iterator[Box | None]:
    """Where each page's number stands, as shares of the page from the upper left corner."""
    run = ["pdftotext", "-bbox", str(path), "-"]
    done = subprocess.run(run, capture_output=True, check=False, timeout=300)
    pages = list(_PAGE.finditer(done.stdout.decode("utf-8", "replace")))
    for number, page in zip(numbers, pages + [None] * (len(numbers) - len(pages)), strict=False):
        if page is None:
            yield None
            continue
        width, height = float(page[1]), float(page[2])
        boxes = [
            tuple(float(each) for each in word.groups()[:4])
            for word in _WORD.finditer(page[3])
            if word[5] == number
        ]
        lowest = max(boxes, key=lambda box: box[3], default=None)
        yield None if lowest is None else _shares(lowest, width, height)


def _shares(box: tuple[float, ...], width: float, height: float) -> Box:
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def by_pdfium(path: Path, numbers: list[str]) -> Iterator[Box | None]:
    """The same by pdfium's letters."""
    with opened(path) as document:
        for number, page in zip(numbers, document, strict=False):
            width, height = page.get_size()
            text = page.get_textpage()
            start = text.get_text_range().rfind(number)
            if start < 0:
                yield None
                continue
            boxes = np.array([text.get_charbox(start + each) for each in range(len(number))])
            left, bottom = boxes[:, :2].min(axis=0)
            right, top = boxes[:, 2:].max(axis=0)
            yield _shares((left, height - top, right, height - bottom), width, height)


def stands_right(box: Box | None, width: float, height: float) -> bool:
    """Upright (wider than high) and within the lower right of the page."""
    if box is None:
        return False
    left, top, right, bottom = box
    upright = (right - left) * width > (bottom - top) * height
    return upright and left > 0.4 and right <= 1.0 and top > 0.83 and bottom <= 1.001


def rendered(document: pypdfium2.PdfDocument, number: int, width: int) -> NDArray[np.float32]:
    """A page in grey, `width` pixels wide."""
    page = document[number]
    image = page.render(scale=width / page.get_width(), grayscale=True).to_pil()
    page.close()
    return np.asarray(image.convert("L"), dtype=np.float32)


def difference(before: pypdfium2.PdfDocument, after: pypdfium2.PdfDocument, number: int) -> float:
    """The share of a page's blocks that differ, but for the band."""
    width, height = after[number].get_size()
    wanted = min(0.025 * max(width, height), 0.035 * height)
    band = max(wanted, min(14.0, 0.15 * height))
    room = height - band
    was = before[number].get_size()
    scale = min(width / was[0], room / was[1], 1.0)
    pixels = LONGEST / max(width, height)
    new = rendered(after, number, max(round(width * pixels), 2))
    old = rendered(before, number, max(round(new.shape[1] * scale * was[0] / width), 1))
    start = round((new.shape[1] - old.shape[1]) / 2)
    first = round((room - scale * was[1]) / 2 / height * new.shape[0])
    rows = min(int(new.shape[0] * room / height) - first, old.shape[0])
    columns = min(old.shape[1], new.shape[1] - start)
    one, other = old[:rows, :columns], new[first : first + rows, start : start + columns]
    gaps = np.abs(blocks(one) - blocks(other))
    return float((gaps > DIFFERS).mean()) if gaps.size else 0.0


def blocks(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of blocks of pixels."""
    rows, columns = (max(each // BLOCK, 1) for each in picture.shape)
    part = picture[: rows * BLOCK, : columns * BLOCK]
    if part.shape[0] < BLOCK or part.shape[1] < BLOCK:
        return part.mean(keepdims=True)
    means: NDArray[np.float32] = part.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))
    return means


def one_file(source: Path, child: Child, folder: Path, poppler: bool, tally: Tally) -> None:
    """Clean, stamp and look at one file."""
    clean, stamped, copied = (folder / f"{name}.pdf" for name in ("clean", "stamped", "copied"))
    request: dict[str, Any] = {
        "do": "pdf",
        "source": str(source.absolute()),
        "target": str(clean),
        "passwords": PASSWORDS,
        "rule": {"comments": False},
    }
    answer = child.call(request, 300)
    if isinstance(answer, ChildFailure) or "code" in answer:
        failed = answer.message if isinstance(answer, ChildFailure) else answer["message"]
        tally.not_imaged[source.name] = str(failed)[:90]
        return
    pages = int(answer["pages"])
    numbers = [f"ABC{tally.pages + each + 1:07d}" for each in range(pages)]
    tally.stamp_seconds += least(lambda: stamp_pdf(clean, stamped, numbers, LEGEND))
    tally.copy_seconds += least(lambda: written(clean, copied))
    tally.files += 1
    tally.pages += pages
    tally.pictures += any("made pictures" in each for each in answer["odd"])
    look_at(source, stamped, numbers, poppler, tally)


def least(act: Callable[[], object]) -> float:
    """CPU seconds of the quickest of three tries: others work on this machine too."""
    found = []
    for _ in range(3):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return min(found)


def written(source: Path, target: Path) -> None:
    """The file written by pikepdf as the stamper writes it, with nothing done to it."""
    with pikepdf.open(source) as pdf:
        pdf.save(
            target,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )


def look_at(source: Path, stamped: Path, numbers: list[str], poppler: bool, tally: Tally) -> None:
    """The number's place and the content of every page."""
    boxes = list((by_poppler if poppler else by_pdfium)(stamped, numbers))
    with opened(stamped) as after:
        for page, box in enumerate(boxes):
            if not stands_right(box, *after[page].get_size()):
                tally.misplaced.append(f"{source.name} page {page + 1}: {box}")
        with opened_with(source) as before:
            for page in range(len(numbers)):
                share = difference(before, after, page)
                if share > MOST_SHARE:
                    tally.changed.append(f"{source.name} page {page + 1}: {share:.1%} of blocks")


def opened_with(source: Path) -> Any:
    """The file as it came, by whichever password opens it."""
    for password in ("", *PASSWORDS):
        try:
            pypdfium2.PdfDocument(source, password=password or None).close()
        except pypdfium2.PdfiumError:
            continue
        return opened(source, password)
    return opened(source)


def main() -> int:
    """Go over the corpus and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True)
    files = sorted((parser.parse_args().corpus / "pdf").rglob("*.pdf"))
    poppler = shutil.which("pdftotext") is not None
    print(f"numbers are found by {'pdftotext -bbox' if poppler else 'pdfium: poppler is missing'}")
    tally, child = Tally(), Child("produce.imaging.child_main")
    with tempfile.TemporaryDirectory(prefix="redwell-stamping-") as folder:
        for source in files:
            try:
                one_file(source, child, Path(folder), poppler, tally)
            except Exception as error:  # noqa: BLE001 - a reader that gives up is a finding
                tally.changed.append(f"{source.name}: {type(error).__name__}: {error}"[:120])
    child.close()
    tell(len(files), tally)
    return 1 if tally.misplaced or tally.changed else 0


def tell(count: int, tally: Tally) -> None:
    """Print the figures and what failed."""
    print(
        f"{count} files, {tally.files} stamped, {tally.pages} pages, {tally.pictures} as pictures"
    )
    print(f"{len(tally.not_imaged)} not imaged:")
    for name, reason in sorted(tally.not_imaged.items()):
        print(f"  {name}: {reason}")
    for title, rows in (("misplaced", tally.misplaced), ("changed", tally.changed)):
        print(f"{len(rows)} pages {title}")
        for row in rows:
            print(f"  {row}")
    stamped, copied = (
        tally.pages / max(each, 1e-9) for each in (tally.stamp_seconds, tally.copy_seconds)
    )
    ratio = tally.stamp_seconds / max(tally.copy_seconds, 1e-9)
    print(f"stamping {stamped:,.0f} pages/CPU-s, pikepdf alone {copied:,.0f}: {ratio:.2f} times")


if __name__ == "__main__":
    sys.exit(main())
