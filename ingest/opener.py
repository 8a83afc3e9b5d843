"""Opens containers in a supervised child, one for each worker: hostile bytes are read there only.

A child that hangs, crashes or eats memory costs the member that it was at: the container is
opened once more, what came before is skipped, and a member that kills its reader a second time is
put on record and left out.
"""

import io
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from ingest.child import KILLED_PAUSES, Child, Children
from ingest.interface import ChildFailure
from ingest.members import Budget, Member
from ingest.transfer import member_of, note_of
from ingest.versions import TOOL, VERSION
from ingest.workspace import workspace
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception

MODULE = "ingest.opener_main"
_MOST_AVOIDED = 16
_LIED = ChildFailure(Code.CRASH, "The reading process sent something else than was announced")

_children = Children()
close_children = _children.close


@dataclass(frozen=True, slots=True)
class Container:
    """A container whose bytes stand at `path`; see `ingest.members.Opening`."""

    path: Path
    name_bytes: bytes
    type: str
    limits: Limits
    passwords: Sequence[str] = field(repr=False)
    volumes: tuple[Path, ...] = ()
    part: dict[str, Any] | None = None
    recover: bool = False


class LostMemberError(Exception):
    """The child died while it sent a member's bytes: they are not whole."""

    def __init__(self, failure: ChildFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def parts_of(container: Container) -> tuple[dict[str, Any], ...]:
    """The parts in which a mailbox is to be opened; none where it is to be opened whole.

    A child that dies planning plans nothing: the mailbox is then opened whole, and what kills its
    reader is found there.
    """
    with workspace() as scratch:
        request = _request(container, "plan", Budget(0, container.limits), scratch)
        request["avoid"] = []
        for pause in (*KILLED_PAUSES, 0.0):
            answer = _child(container.limits).call(request, 60.0 * container.limits.seconds)
            if not isinstance(answer, ChildFailure) or not answer.killed:
                break
            time.sleep(pause)
    return () if isinstance(answer, ChildFailure) else tuple(answer["parts"])


def members_of(container: Container, budget: Budget) -> Iterator[Member | Note]:
    """What a container holds, in its order; a `Note` is about the container itself.

    A member's stream must be read before the next is asked for; it raises `LostMemberError` where
    the child died, and that member then comes once more, or as an exception without bytes.
    """
    opening = _Opening(container, budget)
    while not opening.done:
        with workspace() as scratch:
            yield from opening.attempt(scratch)


class _Opening:
    """One container on its way out of the child; attempts go on where the last one ended."""

    def __init__(self, container: Container, budget: Budget) -> None:
        self.done = False
        self._container = container
        self._budget = budget
        self._came = 0  # members and notes that are with the caller
        self._deaths: Counter[int] = Counter()
        self._kills: Counter[int] = Counter()
        self._avoid: set[int] = set()

    def attempt(self, scratch: Path) -> Iterator[Member | Note]:
        request = _request(self._container, "open", self._budget, scratch)
        request |= {"skip": self._came, "avoid": sorted(self._avoid), "packed": not self._deaths}
        seconds = self._container.limits.seconds * (2.0 if self._deaths[self._came] else 1.0)
        stream = _child(self._container.limits).stream(request, seconds)
        try:
            for message in stream:
                if isinstance(message, ChildFailure):
                    yield from self._died(message)
                    return
                if isinstance(message, dict):
                    yield from self._told(message, stream)
            self.done = True
        except LostMemberError as error:
            yield from self._died(error.failure)

    def _told(self, message: dict[str, Any], stream: Iterator[Any]) -> Iterator[Member | Note]:
        match message.get("what"):
            case "note":
                yield note_of(message)
                self._came += 1
            case "pack":
                data = _Received(stream).whole()
                for each in message["members"]:
                    some, data = data[: each["length"]], data[each["length"] :]
                    yield member_of(each, io.BytesIO(some) if each["bytes"] else None)
                    self._came += 1
            case "member":
                received = _Received(stream) if message["bytes"] else None
                yield member_of(message, cast(BinaryIO | None, received))
                if received is not None:
                    received.finish()
                self._came += 1
            case None if "left" in message:
                self._budget.left, self._budget.items = message["left"], message["items"]
                self._budget.ended = message["ended"]

    def _died(self, failure: ChildFailure) -> Iterator[Note]:
        """Go on behind a member that killed its reader twice; end where that is no way on."""
        if failure.killed and self._kills[self._came] < len(KILLED_PAUSES):
            time.sleep(KILLED_PAUSES[self._kills[self._came]])
            self._kills[self._came] += 1
            return
        self._deaths[self._came] += 1
        if self._deaths[self._came] < 2:
            return
        if self._came in self._avoid or len(self._avoid) >= _MOST_AVOIDED:
            self.done = True
            text = f"What comes behind its first {self._came} items could not be had: "
            yield exception(failure.code, text + failure.message, TOOL, VERSION, attempts=2)
            return
        self._avoid.add(self._came)


class _Received(io.RawIOBase):
    """A member's bytes as they come from the child, up to the message that ends them."""

    def __init__(self, stream: Iterator[Any]) -> None:
        self._stream = stream
        self._held = b""
        self._ended = False
        self._failure: ChildFailure | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Some bytes, at most `size`; none at the end."""
        while not self._held and not self._ended:
            self._take()
        data, self._held = (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
        return data

    def _take(self) -> None:
        each = None if self._failure else next(self._stream, None)
        if isinstance(each, bytes):
            self._held = each
        elif isinstance(each, dict) and "end" in each:
            self._ended = True
        else:
            self._failure = self._failure or (each if isinstance(each, ChildFailure) else _LIED)
            raise LostMemberError(self._failure)

    def whole(self) -> memoryview:
        """All the bytes."""
        data = bytearray()
        while some := self.read():
            data += some
        return memoryview(data)

    def finish(self) -> None:
        """Let what was not read go by."""
        while not self._ended:
            self._take()


def _child(limits: Limits) -> Child:
    """This worker's child under these limits; the same one for every container."""
    return _children.of(MODULE, limits.memory_mb)


def _request(container: Container, what: str, budget: Budget, scratch: Path) -> dict[str, Any]:
    return {
        "what": what,
        "path": str(container.path.absolute()),
        "name_bytes": container.name_bytes.hex(),
        "type": container.type,
        "limits": asdict(container.limits),
        "passwords": list(container.passwords),
        "volumes": [str(each.absolute()) for each in container.volumes],
        "part": container.part,
        "recover": container.recover,
        "scratch": str(scratch),
        "left": budget.left,
        "items": budget.items,
    }
