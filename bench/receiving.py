"""A made volume of many documents received: `python -m bench.receiving --documents 5000`.

Each document has a text, `--pages` single-page Group IV TIFF of letter size at 300 dpi, and a row
of a typical ESI protocol; three in four are attachments. Loaded by the command line, killed as
often as asked, and counted.
"""

import argparse
import io
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from PIL import Image, ImageDraw

from bench.cpu import Used, run
from produce.loadfile import OptLine, write_dat, write_opt
from records import case as cases

_HEADER = (
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "Custodian", "From", "To", "Subject"),
    *("DateSent", "TimeSent", "TimeZone", "PageCount", "TextLink"),
)
_WORDS = "anchor mooring tail invoice price charter vessel claim notice reply".split()  # noqa: SIM905
_REDWELL = [sys.executable, "-P", str(Path(__file__).resolve().parents[1] / "cli.py")]


def main() -> None:
    """Make a volume, load it, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--pages", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        size = make(home / "VOL", given.documents, given.pages)
        print(
            f"{given.documents} documents, {given.documents * given.pages} pages, {size >> 20} MB"
        )
        cases.create(home / "case", cases.CaseInfo("1", "c", "", "UTC", "OUR", 7), [], ["A"])
        print(f"look: {_used(home, 'look', str(home / 'VOL'), '--json').line()}")
        load = ["load", str(home / "VOL"), "--party", "Acme", "--workers", str(given.workers)]
        for number in range(given.kills):
            _killed(home, load, random.Random(number).uniform(4, 25))
        used = _used(home, *load, "--json")
        rate = given.documents * given.pages / used.total
        print(f"load: {used.line()}; {rate:.0f} pages a CPU second; peak MB {used.peak_mb}")
        _count(home / "case/case.db", given.documents, given.pages)


def make(volume: Path, documents: int, pages: int) -> int:
    """Write a volume; how many bytes its files have."""
    chance = random.Random(1)
    rows, lines, size = [], [], 0
    page = _page()
    for folder in ("DATA", "IMAGES", "TEXT"):
        (volume / folder).mkdir(parents=True)
    for number in range(documents):
        keys = [f"VOL{number * pages + each + 1:08d}" for each in range(pages)]
        family = number - number % 4
        ends = (f"VOL{family * pages + 1:08d}", f"VOL{min(family + 4, documents) * pages:08d}")
        text = f"TEXT/{keys[0]}.txt"
        body = " ".join(chance.choices(_WORDS, k=600))
        size += (volume / text).write_text(body)
        for place, key in enumerate(keys):
            image = page + number.to_bytes(4) + place.to_bytes(4)  # no two files alike
            size += (volume / f"IMAGES/{key}.tif").write_bytes(image)
            first = not place
            path = f"IMAGES/{key}.tif"
            lines.append(OptLine(key, "VOL", path, first, pages if first else None))
        link = ".\\" + text.replace("/", "\\")
        rows.append(
            (keys[0], keys[-1], *ends, "Lee", "Amy <amy@x.example>", "Bo <bo@x.example>", body[:40],
             "03/25/2024", "10:30:00", "UTC", str(pages), link)
        )  # fmt: skip
    with (volume / "DATA/VOL.dat").open("wb") as dat:
        write_dat(dat, _HEADER, rows)
    with (volume / "DATA/VOL.opt").open("wb") as opt:
        write_opt(opt, lines)
    return size


def _page() -> bytes:
    image = Image.new("1", (2550, 3300), 1)
    draw = ImageDraw.Draw(image)
    for line in range(60):
        draw.text((200, 200 + 48 * line), " ".join(_WORDS), fill=0, font_size=36)
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4", dpi=(300, 300))
    return out.getvalue()


def _environment(home: Path) -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    return os.environ | {"PYTHONPATH": root, "REDWELL_CASE": str(home / "case")}


def _used(home: Path, *arguments: str) -> Used:
    return run([*_REDWELL, "receive", *arguments], _environment(home))


def _killed(home: Path, load: list[str], seconds: float) -> None:
    process = subprocess.Popen(
        [*_REDWELL, "receive", *load],
        env=_environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()
    print(f"killed after {seconds:.1f} s")


def _count(database: Path, documents: int, pages: int) -> None:
    """Compare what is on record with what was made."""
    with closing(sqlite3.connect(database)) as connection:
        found = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            for table in ("documents", "received_pages", "received_files", "received_defects")
        ]
        roots = connection.execute("SELECT count(*) FROM documents WHERE id = family_id")
        families = roots.fetchone()[0]
    expected = [documents, documents * pages, documents * (pages + 1) + 2, 0]
    print(f"documents, pages, files, defects: {found}, expected {expected}; {families} families")
    if found != expected:
        sys.exit("they are not what was made")


if __name__ == "__main__":
    main()
