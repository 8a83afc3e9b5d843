"""What comes out of an archive, and what unpacking may cost."""

import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from ingest.interface import FileType
from records.codes import Code, Role
from records.errors import DiskFullError, raise_if_full
from records.fields import NO_FIELDS, Fields
from records.limits import Limits
from records.notes import Note, exception

CHUNK = 1 << 18
_IN_MEMORY = 4 << 20
_HARMLESS = 64 << 20
"""Unpacked bytes below which no ratio makes a bomb: small things may be as empty as they like."""


class BombError(Exception):
    """More came out than the limits allow."""


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that an archive holds.

    `name` is as shown, `name_bytes` as received. `stream` stands at the start of the bytes; it
    is None where they could not be had, and then an exception among the notes says why. With a
    stream *and* an exception the bytes are damaged: what could be saved. The stream is closed
    when the next member is asked for. `role` is MESSAGE for what a mailbox holds. `known` is the
    type where the container's own format says it; `fields` what the container tells of its member
    and its bytes do not: mail folder, read state, flags.
    """

    name: str
    name_bytes: bytes
    stream: BinaryIO | None
    size: int
    modified_at: str | None
    notes: tuple[Note, ...] = ()
    role: Role = Role.MEMBER
    known: FileType | None = None
    fields: Fields = NO_FIELDS

    @property
    def failed(self) -> bool:
        """Whether an exception is among the notes."""
        return any(each.severity == "exception" for each in self.notes)


class Budget:
    """What unpacking one file, with all that is nested in it, may still cost.

    A bomb is what unpacks to more than `unpacked_mb`, or to more than `ratio` times its packed
    size and 64 MiB, whichever comes first; nested archives spend from the same budget.
    """

    def __init__(self, packed_size: int, limits: Limits) -> None:
        by_ratio = max(_HARMLESS, packed_size * limits.ratio)
        self.left = min(limits.unpacked_mb << 20, by_ratio)
        self.items = 10 * limits.members
        self.ended = False
        self.beat: Callable[[], None] = lambda: None

    def spend(self, size: int) -> None:
        """Count bytes that came out; raises `BombError` past the limit.

        `beat` is called each time: a sign of life for whoever waits.
        """
        self.beat()
        self.left -= size
        if self.left < 0:
            self.ended = True
            raise BombError

    def take_item(self) -> None:
        """Count an item; raises `BombError` past ten times what one container may hold."""
        self.items -= 1
        if self.items < 0:
            self.ended = True
            raise BombError


@dataclass(frozen=True, slots=True)
class Opening:
    """A container that is to be opened, and what that may cost.

    `path` holds the bytes under a name that says nothing; `name_bytes` is the name as received,
    `type` the short type (`ingest.kinds`). `volumes` are the paths of a whole set in its order,
    `path` being the first, empty where the container is one file; in the place of a volume that is
    missing stands a path at which there is nothing. `scratch` is an empty folder
    to work in, which the caller removes. `part` is one of the parts that the planner of a large
    mailbox gave (see `ingest.containers`), None for the whole. The members in `avoid`, by their
    place among all that the opening gives, killed their reader and are not to be read again.
    `recover`: what a mailbox holds outside its folders is wanted too.
    """

    path: Path
    name_bytes: bytes
    type: str
    limits: Limits
    passwords: tuple[str, ...]
    budget: Budget
    scratch: Path
    volumes: tuple[Path, ...] = ()
    part: dict[str, Any] | None = None
    avoid: frozenset[int] = frozenset()
    recover: bool = False


class Spool:
    """A member's bytes on their way: in memory while they are few, then in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self.size = 0
        self.crc = 0

    def fill(self, read: Callable[[int], bytes], budget: Budget) -> None:
        """Take in all that `read` gives; raises `BombError` and whatever `read` raises.

        Raises `DiskFullError` where the temporary file cannot take it: our trouble, not the
        archive's.
        """
        while chunk := read(CHUNK):
            budget.spend(len(chunk))
            self.crc = zlib.crc32(chunk, self.crc)
            self.size += len(chunk)
            self._write(chunk)

    def _write(self, chunk: bytes) -> None:
        try:
            self._file.write(chunk)
        except OSError as error:
            raise_if_full(error)
            raise DiskFullError(
                f"Unpacked members cannot be written to {tempfile.gettempdir()}: {error.strerror}. "
                "Point TMPDIR to another disk"
            ) from error

    def stream(self) -> BinaryIO:
        """The bytes from their start."""
        self._file.seek(0)
        return cast(BinaryIO, self._file)

    def clear(self) -> None:
        """Forget what was taken in."""
        self._file.seek(0)
        self._file.truncate()
        self.size = self.crc = 0

    def close(self) -> None:
        """Let go of the bytes."""
        self._file.close()


def locked(tried: int, what: str = "Encrypted") -> str:
    """What is said of something that no password of the list opens."""
    said = f"{tried} passwords tried" if tried else "no password given"
    return f"{what}: {said}. Then: redwell retry --code encrypted --passwords FILE"


def bomb_note(tool: str, version: str) -> Note:
    """The note of a member that was not unpacked, or not to its end, for what it would cost."""
    text = "Not unpacked: past the limits on unpacked size, ratio or number of items"
    return exception(Code.BOMB, text, tool, version)
