"""The vectors of documents of a case, from its index as it stands; kept between rounds.

What is kept is derived: a file in the case's folder `learning`, named by the documents and the
segments that it was made of, which may be deleted at any time. It holds numbers and words only and
is read without unpickling anything.
"""

import contextlib
import hashlib
import math
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import scipy.sparse as sp
from pyroaring import BitMap

from index.rows import ids_of, wanted
from index.searching import open_segments
from index.segment import Segment
from index.vectors import Vectors, steps, vectors
from records import sets
from records.case import Case
from records.control import control
from records.errors import IndexStateError
from records.options import progress

FORMAT = 1
"""Grows when vectors are made otherwise."""
_KEPT = 3  # files: learnings that go on side by side
_DAY = 86_400.0


def load(case: Case, ids: BitMap) -> Vectors:
    """The vectors of the documents; raises `IndexStateError` where the index lacks one of them."""
    with open_segments(case.index_folder) as segments:
        _require_held(case, segments, ids)
        path = case.folder / "learning" / f"{_key(segments, ids)}.npz"
        found = _read(path)
        if found is None:
            with progress("Reading the index", steps(segments)) as advance:
                found = vectors(segments, ids, advance)
            with contextlib.suppress(PermissionError):  # kept for speed only
                _write(path, found)
    return found


def _require_held(case: Case, segments: Sequence[Segment], ids: BitMap) -> None:
    with case.read() as connection:
        target = wanted(connection)
    held = [np.zeros(0, np.int64), *(each.keys for each in segments)]
    current = ids_of(np.intersect1d(target.keys, np.concatenate(held)))
    behind = ids - BitMap(current)
    if behind:
        raise IndexStateError(
            f"The index does not hold {len(behind)} of the documents as they are now "
            f"({control(behind[0])} first): run 'redwell index', then the same command again"
        )


def _key(segments: Sequence[Segment], ids: BitMap) -> str:
    """A name for these documents and segments; of a segment documents are only taken off."""
    parts = sorted(f"{each.path.name} {len(each.live)}" for each in segments)
    digest = hashlib.sha256("\n".join((str(FORMAT), *parts, "")).encode())
    digest.update(sets.to_bytes(ids))
    return digest.hexdigest()


def _read(path: Path) -> Vectors | None:
    """What was kept; None where nothing was, or nothing that can be read."""
    try:
        with path.open("rb") as file, np.load(file) as held:
            shape = (len(held["ids"]), len(held["weights"]))
            parts = (held["data"], held["indices"], held["indptr"])
            text = held["vocabulary"].tobytes().decode()
            return Vectors(
                ids=held["ids"],
                vocabulary=tuple(text.split("\n")) if shape[1] else (),
                weights=held["weights"],
                matrix=sp.csr_array(parts, shape=shape),
                sha256=held["sha256"].tobytes().decode(),
            )
    except (OSError, BadZipFile, ValueError, KeyError, EOFError):
        return None


def _write(path: Path, found: Vectors) -> None:
    """Keep vectors, and let go of old ones and of what a kill left."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
    fresh = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            np.savez(
                file,
                ids=found.ids,
                vocabulary=np.frombuffer("\n".join(found.vocabulary).encode(), np.uint8),
                weights=found.weights,
                data=found.matrix.data,
                indices=found.matrix.indices,
                indptr=found.matrix.indptr,
                sha256=np.frombuffer(found.sha256.encode(), np.uint8),
            )
        fresh.rename(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sweep(path.parent)


def _sweep(folder: Path) -> None:
    newest = sorted(folder.glob("*.npz"), key=_age)
    left = (each for each in folder.glob("*.new") if _age(each) > _DAY)
    for each in (*newest[_KEPT:], *left):
        each.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since a file was written; one that is gone is old."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
