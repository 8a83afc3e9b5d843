"""Archives kept in several files: which files of one folder make up a set, told by their names.

x.part1.rar, x.part2.rar, … · x.rar, x.r00, …, x.r99, x.s00, … · x.z01, x.z02, …, x.zip ·
x.001, x.002, … (also x.7z.001, x.zip.001). Letters of either case are the same.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.signatures import archive_format

_PART = re.compile(rb"(?s)(.+)\.part(\d{1,4})\.(rar|exe)", re.I)
_OLD = re.compile(rb"(?s)(.+)\.(?:(rar)|([r-z])(\d\d))", re.I)
_SPANNED = re.compile(rb"(?s)(.+)\.(?:(zip)|z(\d{2,4}))", re.I)
_CUT = re.compile(rb"(?s)(.+)\.(\d{3,4})")
_NAMED = re.compile(rb"(?s).+\.(?:7z|zip|rar|tar|tgz|gz|bz2|xz|zst|cab|iso|arj|wim)\.\d{3,4}", re.I)
_LAST = 1 << 30  # the .zip of a spanned set stands behind all others
_STARTS = (
    b"PK\x03\x04",
    b"PK\x07\x08",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b",
    b"BZh",
)
_HEAD = 65536


@dataclass(frozen=True, slots=True)
class VolumeSet:
    """A set of volumes in their order, None in the place of one that is missing.

    `kind` is part, old, spanned or cut, in the order of the patterns above. `first` is the
    first that is there: the one to open, under which stands what the set holds.
    """

    kind: str
    volumes: tuple[bytes | None, ...]

    @property
    def first(self) -> bytes:
        """The first volume that is there."""
        return next(each for each in self.volumes if each is not None)

    @property
    def present(self) -> tuple[bytes, ...]:
        """The volumes that are there."""
        return tuple(each for each in self.volumes if each is not None)

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers, from 1, of those that are not; what follows the last one is not known here."""
        return tuple(number for number, each in enumerate(self.volumes, 1) if each is None)


def volume_sets(names: Sequence[bytes]) -> tuple[VolumeSet, ...]:
    """The sets among the names of one folder, in the order of their first volumes' names.

    A set has two volumes at least; a name belongs to one set at most. The pattern x.001 is also
    that of files which have nothing to do with each other: `holds_together` tells those.
    """
    groups: dict[tuple[str, bytes, int], dict[int, list[bytes]]] = {}
    for name in sorted(set(names)):
        for kind, stem, width, number in _readings(name):
            numbers = groups.setdefault((kind, stem.lower(), width), {})
            numbers.setdefault(number, []).append(name)
    found: list[VolumeSet] = []
    used: set[bytes] = set()
    for (kind, _, _), numbers in sorted(groups.items()):
        for each in _one_each(numbers):
            volumes = _set(kind, each)
            if volumes is not None and used.isdisjoint(volumes.present):
                found.append(volumes)
                used.update(volumes.present)
    return tuple(sorted(found, key=lambda each: each.first))


def holds_together(volume_set: VolumeSet, paths: Sequence[Path]) -> bool:
    """Whether the volumes that are there (`paths`, in order) can be cut from one file.

    Of a kind other than x.001 they are a set by their names. Else the first begins as an archive
    does and no other one does; and all but the last are of one size, unless their names say that
    an archive was cut (x.7z.001).
    """
    if volume_set.kind != "cut":
        return True
    heads = [_head(each) for each in paths]
    if volume_set.volumes[0] is not None and not _begins(heads[0]):
        return False
    if any(_begins(each) for each in heads[1:]):
        return False
    if _NAMED.fullmatch(volume_set.first):
        return True
    sizes = [each.stat().st_size for each in paths]
    return len(set(sizes[:-1])) == 1 and 0 < sizes[-1] <= sizes[0]


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _begins(head: bytes) -> bool:
    is_tar = head[257:262] == b"ustar"
    return head.startswith(_STARTS) or is_tar or archive_format(head) is not None


def _readings(name: bytes) -> Iterator[tuple[str, bytes, int, int]]:
    """Kind, stem, digits and number (from 1) of what a name can be a volume of."""
    part = _PART.fullmatch(name)
    if part is not None:
        number = int(part[2])
        if number and (part[3].lower() == b"rar" or number == 1):
            yield "part", part[1], len(part[2]), number
        return
    old = _OLD.fullmatch(name)
    if old is not None:
        letter = 0 if old[2] else ord(old[3].lower()) - ord("r")
        yield "old", old[1], 0, 1 if old[2] else 2 + 100 * letter + int(old[4])
    spanned = _SPANNED.fullmatch(name)
    if spanned is not None and (spanned[2] or int(spanned[3])):
        yield "spanned", spanned[1], 0, _LAST if spanned[2] else int(spanned[3])
    cut = _CUT.fullmatch(name)
    if cut is not None and int(cut[2]):
        yield "cut", cut[1], 0, int(cut[2])


def _one_each(numbers: dict[int, list[bytes]]) -> Iterator[dict[int, bytes]]:
    """One name for each number; where case alone tells several apart, the stems decide."""
    if all(len(each) == 1 for each in numbers.values()):
        yield {number: names[0] for number, names in numbers.items()}
        return
    by_stem: dict[bytes, dict[int, bytes]] = {}
    for number, names in sorted(numbers.items()):
        for name in names:
            stem = next(each[1] for each in _readings(name) if each[3] == number)
            by_stem.setdefault(stem, {}).setdefault(number, name)
    yield from by_stem.values()


def _set(kind: str, numbers: dict[int, bytes]) -> VolumeSet | None:
    count = len(numbers)
    others = [number for number in numbers if number != _LAST]
    if count < 2 or not others:
        return None
    last = max(others)
    if kind in ("cut", "old") and last > 2 * count:  # more is missing than there
        return None
    volumes: list[bytes | None] = [numbers.get(number) for number in range(1, last + 1)]
    if kind == "spanned":
        volumes.append(numbers.get(_LAST))
    return VolumeSet(kind, tuple(volumes))
