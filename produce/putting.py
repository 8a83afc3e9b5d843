"""Puts files of a volume in their place, hashed while they are written."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)


def put(volume: Path, path: str, write: Callable[[BinaryIO], object]) -> dict[str, Any]:
    """Write a file of the volume; its row for the record: path, hash and size."""
    target = volume / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        hashed = _Hashed(file)
        write(hashed)  # type: ignore[arg-type]
    return {"path": path, "sha256": hashed.digest.hexdigest(), "size": hashed.size}
