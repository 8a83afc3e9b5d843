"""Paths of load files against the disk: whatever drive, share or folder they were written with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DRIVE = re.compile(r"[A-Za-z]:|[?.]")


@dataclass(frozen=True, slots=True)
class Found:
    """The file that a link means, and whether the link is cased as the disk is."""

    path: str
    exact: bool


class Disk:
    """The files of a volume by their paths, however these are cased."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._folded: dict[str, str] = {}
        self._names: dict[str, list[str]] = {}
        for path in sorted(self._paths):
            self._folded.setdefault(path.casefold(), path)
            self._names.setdefault(path.rpartition("/")[2].casefold(), []).append(path)

    def find(self, link: str) -> Found | None:
        """The file of a link: under the volume's folder, or below what the link leaves out.

        Leading folders that the disk has not are left out one by one; where the disk has some
        more, the one file is taken whose path ends as the link does. Links that climb are none.
        """
        parts = [each for each in re.split(r"[/\\]+", link.strip()) if each not in ("", ".")]
        if parts and _DRIVE.fullmatch(parts[0]):
            parts = parts[1:]
        if not parts or ".." in parts:
            return None
        for start in range(len(parts)):
            path = "/".join(parts[start:])
            if path in self._paths:
                return Found(path, exact=True)
            if (other := self._folded.get(path.casefold())) is not None:
                return Found(other, exact=False)
        return self._below(parts)

    def _below(self, parts: list[str]) -> Found | None:
        near = self._names.get(parts[-1].casefold(), [])
        for start in range(len(parts)):
            end = "/" + "/".join(parts[start:])
            hits = [each for each in near if each.casefold().endswith(end.casefold())]
            if len(hits) == 1:
                return Found(hits[0], exact=hits[0].endswith(end))
            if hits:
                return None  # several files would do: none is taken
        return None
