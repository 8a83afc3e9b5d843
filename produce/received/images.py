"""Image lists of any vendor: Opticon OPT and IPRO LFP; a line that cannot be read is kept."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from produce.received import decode
from produce.received.delimited import split
from produce.received.interface import BadLine, ImageLine, ImageList, OtherLink

_YES = frozenset({"y", "yes", "d", "1", "true"})
_LFP_START = {"D": "document", "C": "child", "B": "document", "F": "document"}
_LFP_KIND = re.compile(r"[A-Z]{2},")
_NATIVE, _TEXT = "OF", "FT"


def is_lfp(head: str) -> bool:
    """Whether the first lines are those of an LFP."""
    lines = [line for line in head.splitlines() if line.strip()][:20]
    return bool(lines) and all(_LFP_KIND.match(line) for line in lines) and "@" in head


def is_opt(head: str) -> bool:
    """Whether the first lines are those of an OPT: a key, a path of an image, a Y."""
    lines = [line.split(",") for line in head.splitlines()[:20] if line.strip()]
    good = [each for each in lines if len(each) >= 4 and _suffix(each[2])]
    return len(good) > len(lines) // 2


def _suffix(path: str) -> bool:
    return path.rpartition(".")[2].strip('"').lower() in (
        "tif",
        "tiff",
        "jpg",
        "jpeg",
        "pdf",
        "png",
    )


def read_images(path: Path, kind: str, charset: str = "") -> ImageList:
    """Read an OPT ("opt") or LFP ("lfp"); lines that give no image are among `bad` or `other`."""
    found = decode.charset_of(path)
    name, mark = (charset, 0) if charset else (found.name, found.mark)
    if charset and found.mark and found.name == charset:
        mark = found.mark
    read = _opt_line if kind == "opt" else _lfp_line
    images: list[ImageLine] = []
    links: list[OtherLink] = []
    bad: list[BadLine] = []
    other = 0
    for number, (text, sound) in enumerate(decode.lines(path, name, mark), 1):
        if not text.strip():
            continue
        got = read(number, text) if sound else BadLine(number, text, "bytes that do not decode")
        match got:
            case ImageLine():
                images.append(got)
            case OtherLink():
                links.append(got)
            case BadLine():
                bad.append(got)
            case None:
                other += 1
    return ImageList(tuple(_framed(images)), tuple(links), tuple(bad), other)


def _opt_line(number: int, text: str) -> ImageLine | BadLine | None:
    values, _ = split(text, ",", '"')
    if number == 1 and len(values) >= 4 and not _suffix(values[2]) and "image" in text.casefold():
        return None  # a line of names, which the format has not
    if len(values) > 7:  # a comma in the path, which the format cannot carry
        values = [*values[:2], ",".join(values[2:-4]), *values[-4:]]
    values = [each.strip() for each in values]
    if len(values) < 4 or not values[0] or not values[2]:
        return BadLine(number, text, f"{len(values)} values where 7 are due")
    key, volume, path, breaks = values[:4]
    if breaks and breaks.casefold() not in _YES:
        return BadLine(number, text, f"{breaks!r} where Y or nothing marks a document's first page")
    told = values[6] if len(values) == 7 else values[-1] if len(values) > 4 else ""
    pages = int(told) if told.isascii() and told.isdigit() else None
    return ImageLine(number, key, volume, path, "document" if breaks else "", pages)


def _lfp_line(number: int, text: str) -> ImageLine | OtherLink | BadLine | None:
    kind, _, rest = text.partition(",")
    if kind not in ("IM", _NATIVE, _TEXT):
        return None if _LFP_KIND.match(text) else BadLine(number, text, "no line of an LFP")
    head, mark, place = rest.partition("@")
    parts = [each.strip() for each in head.split(",")]
    where = place.split(";")
    if not mark or len(where) < 3 or not parts[0]:
        return BadLine(number, text, "it names no @volume;folder;file")
    name = where[2].split(",")[0] if kind != "IM" else where[2]
    path = "\\".join(each for each in (where[1].strip(), name.strip()) if each)
    if kind != "IM":
        return OtherLink(number, parts[0], "native" if kind == _NATIVE else "text", path)
    start = parts[1].upper() if len(parts) > 1 else ""
    if start and start not in _LFP_START:
        return BadLine(number, text, f"the boundary {start!r} is none of D, C, B and F")
    offset = parts[2] if len(parts) > 2 else "0"
    frame = int(offset) if offset.isascii() and offset.isdigit() else 0
    volume = where[0].strip()
    return ImageLine(number, parts[0], volume, path, _LFP_START.get(start, ""), None, frame)


def _framed(images: list[ImageLine]) -> Iterator[ImageLine]:
    """Lines of one document that name one file are its pages, where no offset says so."""
    last: ImageLine | None = None
    for each in images:
        if last and not each.start and each.path == last.path and not each.frame:
            last = replace(each, frame=max(last.frame, 1) + 1)
        else:
            last = each
        yield last
