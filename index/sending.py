"""Segments from workers that do not see the case folder: packed, and sent through the store."""

import shutil
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from index.interface import IndexBatch, SegmentBuilt
from ingest.workspace import workspace
from store import Store

_PACKED = "segment.tar"


def built_apart(
    batch: IndexBatch, store: Store, build: Callable[[IndexBatch], SegmentBuilt]
) -> SegmentBuilt:
    """Build in a folder of this worker's own, and lay the segment down in the store."""
    with workspace() as folder:
        made = build(replace(batch, scratch=str(folder / "index")))
        packed = folder / _PACKED
        with tarfile.open(packed, "w") as archive:
            for each in sorted(Path(made.folder).iterdir()):
                archive.add(each, each.name)
        return SegmentBuilt("", made.documents, store.send(packed))


def received(built: SegmentBuilt, store: Store, scratch: Path) -> SegmentBuilt:
    """Take what a worker sent into a private folder here; one that was not sent is as it is."""
    if not built.sent:
        return built
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="segment-", dir=scratch))
    try:
        packed = folder / _PACKED
        store.take(built.sent, packed)
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
        packed.unlink()
    except BaseException:
        shutil.rmtree(folder)
        raise
    return SegmentBuilt(str(folder), built.documents)
