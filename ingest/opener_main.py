"""The child that opens containers: streams what they hold. Started by `ingest.opener`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest import containers
from ingest.child_loop import Sent, progress, serve
from ingest.members import Budget, Member, Opening
from ingest.transfer import member_message, note_message
from records.settings import Limits

_BEAT = 1.0  # seconds between two signs of life


def handle(request: dict[str, Any]) -> dict[str, Any] | Iterator[Sent]:
    """Answer one request: the parts of a mailbox, or what a container holds."""
    opening = _opening(request)
    if request["what"] == "plan":
        return {"parts": list(containers.plan(opening))}
    return _members(opening, request["skip"])


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
        passwords=tuple(request["passwords"]),
        budget=budget,
        scratch=Path(request["scratch"]),
        volumes=tuple(Path(each) for each in request["volumes"]),
        part=request["part"],
        avoid=frozenset(request["avoid"]),
    )


class _Heart:
    """Tells the parent, now and then, that something is still coming out."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        if time.monotonic() > self._last + _BEAT:
            self._last = time.monotonic()
            progress("0 unpacking")


def _members(opening: Opening, skip: int) -> Iterator[Sent]:
    """All that comes, but the first `skip` members and notes, which the parent has already."""
    for number, found in enumerate(containers.expand(opening)):
        if number < skip:
            continue
        if not isinstance(found, Member):
            yield note_message(found)
            continue
        yield member_message(found)
        if found.stream is not None:
            yield found.stream
        yield {"end": number}
    budget = opening.budget
    yield {"left": budget.left, "items": budget.items, "ended": budget.ended}


if __name__ == "__main__":
    serve(handle)
