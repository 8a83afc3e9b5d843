"""Adopt finished segments into the index: the new table of contents makes them real.

The order, and what a crash leaves after each step:

1. sync each new file where it was built, move it into the index folder, sync the folder
   (leaves files that no table of contents names);
2. write the new table of contents beside, sync it (leaves a file of another name);
3. rename it and sync the folder: from here on the new index holds;
4. remove the older tables of contents and all files that are no longer named.

What a crash leaves is swept by the next adoption, which the case's lock makes the only one. A
segment is never built inside the index folder. Segments that were merged, and an index that was
built anew beside this one, come in by the same step: the new table of contents names them in the
place of the old ones.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from index.build import NAME, SEGMENT
from index.folder import Contents, generations_of, read_contents, segment_files, toc_path
from index.interface import SegmentBuilt
from index.rows import ids_of
from index.schema import schema
from index.segment import Segment
from index.side_make import make_side
from records.errors import IndexStateError

_PRIVATE = 0o700


def held(folder: Path) -> dict[int, int]:
    """What the index holds: the revision of each document, by its id."""
    keys = held_keys(folder)
    return dict(zip(ids_of(keys).tolist(), (keys & 0xFFFFFFFF).tolist(), strict=True))


def held_keys(folder: Path) -> NDArray[np.int64]:
    """What the index holds, as keys (`rows.key_of`): 8 bytes a document."""
    found = [np.zeros(0, np.int64)]
    for each in read_contents(folder).segments:
        with closing(open_segment(folder, each)) as segment:
            found.append(segment.keys)
    return np.concatenate(found)


def open_segment(folder: Path, whoosh_segment: Any) -> Segment:
    """Open one segment that a table of contents names."""
    deleted = BitMap(whoosh_segment.deleted_docs())
    totals = dict(whoosh_segment._fieldlengths)
    return Segment(folder, whoosh_segment.segment_id(), deleted, totals)


def adopt(
    folder: Path,
    built: Sequence[SegmentBuilt],
    remove: Iterable[int] = (),
    instead_of: Collection[str] = (),
) -> None:
    """Take in segments, replacing older revisions, and let go of the documents of `remove`.

    The segments named in `instead_of` go: others hold their documents. Only one process at a
    time may call this, under the case's lock.
    """
    _make(folder)
    old = read_contents(folder)
    sweep(folder, old)
    new = [_move_in(folder, each) for each in built]
    if new:
        _sync(folder)
    kept = [each for each in old.segments if each.segment_id() not in instead_of]
    segments = [*kept, *new]
    _delete_replaced(folder, segments, remove)
    alive = tuple(each for each in segments if each.doc_count() > 0)
    contents = Contents(old.generation + 1, alive)
    _write_toc(folder, contents)
    sweep(folder, contents)
    for each in built:
        shutil.rmtree(each.folder, ignore_errors=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
    except FileExistsError as error:
        raise IndexStateError(
            f"{folder} is a file where the index's folder belongs: move it away, then run "
            "'redwell index'"
        ) from error
    folder.chmod(_PRIVATE)


def sweep(folder: Path, contents: Contents) -> None:
    """Remove from the index folder all that `contents` does not name."""
    keep = {file for each in contents.segments for file in segment_files(folder, each.segment_id())}
    keep.add(toc_path(folder, contents.generation))
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each not in keep:
            each.unlink()


def _move_in(folder: Path, built: SegmentBuilt) -> Any:
    home = Path(built.folder)
    contents = read_contents(home)
    if not contents.segments:
        raise IndexStateError(
            f"The segment that a worker built in {home} cannot be seen from here. The workers need "
            "the case's folder under the same path"
        )
    (segment,) = contents.segments
    targets = segment_files(folder, segment.segment_id())
    for source, target in zip(segment_files(home, segment.segment_id()), targets, strict=True):
        near = source.stat().st_dev == folder.stat().st_dev
        moved = source if near else _copy_near(source, folder)
        _sync(moved)
        moved.rename(target)
    return segment


def replace(folder: Path, new: Path) -> None:
    """Let the index in the folder `new` take the place of the one in `folder`, in one step.

    Its files are linked before and `new` is removed behind that step: a crash leaves either the
    old index and all of `new`, or the new index. Works whatever the old index looks like. Only one
    process at a time may call this, under the case's lock.
    """
    _make(folder)
    found = read_contents(new)
    for each in found.segments:
        name = each.segment_id()
        pair = (segment_files(new, name), segment_files(folder, name))
        for source, target in zip(*pair, strict=True):
            _link(source, target)
    _sync(folder)
    generation = max(generations_of(folder), default=-1) + 1
    contents = Contents(generation, found.segments)
    _write_toc(folder, contents)
    sweep(folder, contents)
    toc_path(new, found.generation).unlink()  # half removed it is no index
    shutil.rmtree(new)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)  # a try that was cut off
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
        _sync(target)


def is_replaced(folder: Path, new: Path) -> bool:
    """Whether the files in `new` are those of the index in `folder` already."""
    try:
        names = {each.segment_id() for each in read_contents(folder).segments}
    except IndexStateError:
        names = {each.stem for each in folder.iterdir()}
    return any(each.stem in names for each in new.glob(f"*{SEGMENT}"))


def mend(folder: Path) -> int:
    """Make again what stands beside segments where it is missing or damaged; how many were.

    Raises `IndexStateError` where a segment is damaged itself. Only one process at a time may call
    this, under the case's lock.
    """
    mended = 0
    for each in read_contents(folder).segments:
        with closing(open_segment(folder, each)) as segment:
            if segment.is_whole and not segment.side.file.damages():
                continue
            private = Path(tempfile.mkdtemp(prefix="side-", dir=folder))
            made = private / segment.side_path.name
            make_side(segment, made)
            _sync(made)
            made.rename(segment.side_path)
            _sync(folder)
            private.rmdir()
            mended += 1
    return mended


def _copy_near(source: Path, folder: Path) -> Path:
    """A scratch folder on another disk: copy first, since a rename cannot cross."""
    near = folder / f"incoming-{source.name}"
    shutil.copyfile(source, near)
    return near


def _delete_replaced(folder: Path, segments: Sequence[Any], remove: Iterable[int]) -> None:
    """Mark every document but its newest posting deleted; later segments are newer."""
    newer = BitMap(remove)
    for each in reversed(segments):
        segment = open_segment(folder, each)
        for number in segment.numbers_of(newer):
            each.delete_document(number)
        newer |= segment.ids_of(segment.live)
        segment.close()


def _write_toc(folder: Path, contents: Contents) -> None:
    private = Path(tempfile.mkdtemp(prefix="toc-", dir=folder))
    TOC(schema(), list(contents.segments), contents.generation).write(
        FileStorage(str(private)), NAME
    )
    written = toc_path(private, contents.generation)
    _sync(written)
    written.rename(toc_path(folder, contents.generation))
    _sync(folder)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
