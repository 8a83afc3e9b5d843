"""The child that opens containers: streams what they hold. Started by `ingest.opener`."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest import containers
from ingest.child_loop import Sent, progress, serve
from ingest.members import Budget, Member, Opening
from ingest.passwords import in_order
from ingest.transfer import member_message, note_message
from records.limits import Limits

_BEAT = 1.0  # seconds between two signs of life
_SMALL = 32 << 10
_PACK = 512 << 10
_MOST = 100  # members in one pack


def handle(request: dict[str, Any]) -> dict[str, Any] | Iterator[Sent]:
    """Answer one request: the parts of a mailbox, or what a container holds."""
    opening = _opening(request)
    if request["what"] == "plan":
        return {"parts": list(containers.plan(opening))}
    return _members(opening, request["skip"], packed=request["packed"])


def _opening(request: dict[str, Any]) -> Opening:
    limits = Limits(**request["limits"])
    budget = Budget(0, limits)
    budget.left, budget.items = request["left"], request["items"]
    budget.beat = _Heart().beat
    return Opening(
        path=Path(request["path"]),
        name_bytes=bytes.fromhex(request["name_bytes"]),
        type=request["type"],
        limits=limits,
        passwords=in_order(request["passwords"]),
        budget=budget,
        scratch=Path(request["scratch"]),
        volumes=tuple(Path(each) for each in request["volumes"]),
        part=request["part"],
        avoid=frozenset(request["avoid"]),
        recover=request["recover"],
    )


class _Heart:
    """Tells the parent, now and then, that something is still coming out."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        if time.monotonic() > self._last + _BEAT:
            self._last = time.monotonic()
            progress("0 unpacking")


def _members(opening: Opening, skip: int, *, packed: bool) -> Iterator[Sent]:
    """All that comes, but the first `skip` members and notes, which the parent has already.

    `packed`: small members go several at once, which costs less; where the parent must know at
    which one we die, each goes by itself.
    """
    pack = _Pack()
    for number, found in enumerate(containers.expand(opening)):
        if number < skip:
            continue
        if packed and isinstance(found, Member) and pack.takes(found):
            continue
        yield from pack.sent()
        if not isinstance(found, Member):
            yield note_message(found)
            continue
        yield member_message(found)
        if found.stream is not None:
            yield found.stream
        yield {"end": number}
    yield from pack.sent()
    budget = opening.budget
    yield {"left": budget.left, "items": budget.items, "ended": budget.ended}


class _Pack:
    """Small members that wait to be sent together."""

    def __init__(self) -> None:
        self._members: list[dict[str, Any]] = []
        self._bytes = bytearray()

    def takes(self, member: Member) -> bool:
        """Take a member in, where it is small and there is room."""
        small = member.stream is None or member.size <= _SMALL
        if not small or len(self._bytes) + _SMALL > _PACK or len(self._members) >= _MOST:
            return False
        before = len(self._bytes)
        while member.stream is not None and (data := member.stream.read(_SMALL)):
            self._bytes += data
        self._members.append(member_message(member) | {"length": len(self._bytes) - before})
        return True

    def sent(self) -> Iterator[Sent]:
        """What waits, as it is sent; then nothing waits."""
        if self._members:
            yield {"what": "pack", "members": self._members}
            yield io.BytesIO(self._bytes)
            yield {"end": len(self._members)}
            self._members, self._bytes = [], bytearray()


if __name__ == "__main__":
    serve(handle)
