"""The tags of every page image of a volume, by a tool that is not ours.

    python -m bench.page_tags VOLUME --dpi 300

Asks tiffinfo (libtiff) about every .tif, or where it is missing Pillow: Group IV, WhiteIsZero, one
page, the resolution in inches, one strip. Of every .jpg, by Pillow: its resolution, grey or RGB.
Ends with 1 where a page is otherwise.
"""

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import batched
from pathlib import Path

from PIL import Image, TiffImagePlugin

_AT_ONCE = 200
_FACTS = {
    "Compression Scheme": "CCITT Group 4",
    "Photometric Interpretation": "min-is-white",
    "Bits/Sample": "1",
    "Samples/Pixel": "1",
}


def by_tiffinfo(files: Sequence[Path]) -> Iterator[tuple[Path, dict[str, str], int]]:
    """(file, what libtiff says of it, number of its pages)."""
    for file in files:
        done = subprocess.run(["tiffinfo", str(file)], capture_output=True, check=False, timeout=60)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        pages = sum(line.startswith("TIFF Directory at") for line in lines)
        said = {}
        for line in lines:
            name, colon, value = line.strip().partition(": ")
            if colon:
                said[name] = value.strip()
        yield file, said, pages or int(bool(said))


def by_pillow(files: Sequence[Path]) -> Iterator[tuple[Path, dict[str, str], int]]:
    """The same by Pillow's reading of the tags."""
    names = {262: {0: "min-is-white"}, 259: {4: "CCITT Group 4"}}
    for file in files:
        with TiffImagePlugin.TiffImageFile(file) as image:
            tags = image.tag_v2
            said = {
                "Compression Scheme": names[259].get(tags[259], str(tags[259])),
                "Photometric Interpretation": names[262].get(tags[262], str(tags[262])),
                "Bits/Sample": str(tags.get(258, (1,))[0]),
                "Samples/Pixel": str(tags.get(277, 1)),
                "Resolution": f"{tags[282]:g}, {tags[283]:g} pixels/inch",
                "Rows/Strip": str(tags.get(278)),
                "Image Width": f"{image.width} Image Length: {image.height}",
            }
            yield file, said, image.n_frames


def wrong(said: dict[str, str], pages: int, dpi: int) -> list[str]:
    """What a TIFF is that it must not be."""
    found = [
        f"{name} {said.get(name)!r}"
        for name, value in _FACTS.items()
        if said.get(name, "1" if value == "1" else "") != value
    ]
    if said.get("Resolution") != f"{dpi}, {dpi} pixels/inch":
        found.append(f"Resolution {said.get('Resolution')!r}")
    if pages != 1:
        found.append(f"{pages} pages")
    height = said.get("Image Width", "").rpartition(" ")[2]
    if said.get("Rows/Strip") not in (height, "(infinite)"):
        found.append(f"Rows/Strip {said.get('Rows/Strip')!r} of {height}")
    return found


def jpgs(files: Sequence[Path]) -> Counter[str]:
    """How many JPG there are of each kind."""
    found: Counter[str] = Counter()
    for file in files:
        with Image.open(file) as image:
            image.load()
            found[f"{image.format} {image.mode} at {image.info.get('dpi')}"] += 1
    return found


def main() -> int:
    """Go over the volume and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("volume", type=Path)
    parser.add_argument("--dpi", type=int, default=300)
    arguments = parser.parse_args()
    tiffs = sorted(arguments.volume.rglob("*.tif"))
    outside = shutil.which("tiffinfo") is not None
    read = by_tiffinfo if outside else by_pillow
    print(f"read by {'tiffinfo' if outside else 'Pillow: tiffinfo is missing'}")
    odd = 0
    for chunk in batched(tiffs, _AT_ONCE):
        for file, said, pages in read(chunk):
            if faults := wrong(said, pages, arguments.dpi):
                odd += 1
                print(f"  {file.name}: {'; '.join(faults)}")
    print(f"{len(tiffs)} TIFF files, {odd} otherwise than ordered")
    for kind, count in sorted(jpgs(sorted(arguments.volume.rglob("*.jpg"))).items()):
        print(f"{count} {kind}")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
