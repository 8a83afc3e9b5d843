"""Walking a source: every entry found, none opened, nothing written."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest.interface import SourceFile
from ingest.sources import SourceReadError, opened
from ingest.volumes import volume_sets


def walk(source: Path) -> Iterator[SourceFile]:
    """All entries below a folder, or the one file, ordered by path components as bytes.

    Links are named, not followed; devices, sockets and pipes are named; a folder or an entry
    that cannot be read comes as "unreadable". Folders themselves are no entries. The volumes of
    an archive kept in several files stand right behind its first.
    """
    root = os.fsencode(source)
    if not os.path.isdir(root):  # noqa: PTH112 - the path is bytes
        yield _entry(os.path.basename(root), root)  # noqa: PTH119
        return
    waiting: list[tuple[bytes, bool, bytes]] = [(b"", True, b"")]
    while waiting:
        path, is_folder, first = waiting.pop()
        full = os.path.join(root, path) if path else root  # noqa: PTH118
        if not is_folder:
            yield replace(_entry(path, full), set_first=first)
            continue
        try:
            found = _sets_together(_listed(full))
        except (OSError, SourceReadError):
            yield SourceFile(path, "unreadable", 0, 0)
            continue
        prefix = path + b"/" if path else b""
        waiting.extend(
            (prefix + name, below, prefix + first if first else b"")
            for name, below, first in reversed(found)
        )


def root_of(source: Path) -> bytes:
    """The folder that the paths of `walk` are relative to."""
    return os.fsencode(source if source.is_dir() else source.parent)


def _listed(folder: bytes) -> list[tuple[bytes, bool]]:
    fd = opened(folder, os.O_DIRECTORY)  # by descriptor, so that its access time stays
    try:
        with os.scandir(fd) as entries:
            return sorted(
                (os.fsencode(each.name), each.is_dir(follow_symlinks=False)) for each in entries
            )
    finally:
        os.close(fd)


def _sets_together(found: list[tuple[bytes, bool]]) -> list[tuple[bytes, bool, bytes]]:
    """Entries of a folder, each with the first volume of its set, and sets in one place."""
    sets = {each.first: each for each in volume_sets([name for name, below in found if not below])}
    others = {name for each in sets.values() for name in each.present if name != each.first}
    ordered: list[tuple[bytes, bool, bytes]] = []
    for name, below in found:
        if below or name not in others:
            volumes = () if below or name not in sets else sets[name].present
            ordered.append((name, below, name if volumes else b""))
            ordered.extend((each, False, name) for each in volumes if each != name)
    return ordered


def _entry(path: bytes, full: bytes) -> SourceFile:
    try:
        found = os.lstat(full)
    except OSError:
        return SourceFile(path, "unreadable", 0, 0)
    if stat.S_ISLNK(found.st_mode):
        return SourceFile(path, "link", 0, found.st_mtime_ns)
    if not stat.S_ISREG(found.st_mode):
        return SourceFile(path, "special", 0, found.st_mtime_ns)
    return SourceFile(path, "file", found.st_size, found.st_mtime_ns)
