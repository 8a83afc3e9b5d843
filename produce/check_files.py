"""Has every file of a volume opened and hashed, in supervised children.

What is opened came from evidence: a file that ends its reader, or holds it up, is a finding and
not the end of the check.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import batched
from pathlib import Path
from typing import Any

from ingest.child import Child
from ingest.interface import ChildFailure
from produce.check_child import Due, Inspected, inspect
from produce.findings import Finding
from produce.pool import by_children

_CHUNK = 32
_INLINE = 200  # so many TIFF and text files are quicker read here than by new processes
_SECONDS = 60.0  # for one file


def inspect_all(volume: Path, dues: Sequence[Due]) -> Iterator[Inspected]:
    """Inspect every file, in order; in children where there are PDFs or many files."""
    if len(dues) < _INLINE and all(each.kind != "pdf" for each in dues):
        for due in dues:
            yield inspect(str(volume), due)
        return
    chunks = [tuple(each) for each in batched(dues, _CHUNK)]
    for found in by_children(
        "produce.check_child", chunks, lambda child, chunk: _by_child(child, volume, chunk)
    ):
        yield from found


def _by_child(child: Child, volume: Path, dues: Sequence[Due]) -> list[Inspected]:
    found = _ask(child, volume, dues)
    if isinstance(found, list):
        return found
    return [_alone(child, volume, due) for due in dues]


def _alone(child: Child, volume: Path, due: Due) -> Inspected:
    found = _ask(child, volume, [due])
    if isinstance(found, list):
        return found[0]
    finding = Finding("file-ends-reader", due.path, found.message)
    return Inspected(due.path, "", "", "", (finding,))


def _ask(child: Child, volume: Path, dues: Sequence[Due]) -> list[Inspected] | ChildFailure:
    request = {"volume": str(volume.resolve()), "dues": [asdict(each) for each in dues]}
    answer = child.call(request, _SECONDS * len(dues))
    if isinstance(answer, ChildFailure):
        return answer
    return [_inspected(each) for each in answer["files"]]


def _inspected(data: dict[str, Any]) -> Inspected:
    findings = tuple(Finding(**each) for each in data["findings"])
    return Inspected(data["path"], data["sha256"], data["sha1"], data["md5"], findings)
