"""Containers: which there are, and how each is opened; one place for collecting and reading."""

from collections.abc import Iterator
from typing import Any

from ingest.archive import expand_zip
from ingest.compressed import expand_compressed
from ingest.mailbox import expand_mbox, plan_mbox
from ingest.members import Member, Opening
from ingest.tar import expand_tar
from records.notes import Note

COMPRESSED = frozenset({"gz", "bz2", "xz"})
CONTAINERS = frozenset({"zip", "tar", "mbox"}) | COMPRESSED
MAILBOXES = frozenset({"mbox"})
"""Containers that are opened in parts where they are large; what they hold is always the same."""


def expand(opening: Opening) -> Iterator[Member | Note]:
    """What a container holds, in its order; a `Note` is about the container itself.

    Whatever the bytes are, nothing is raised for them but what the item border makes a record of.
    """
    if opening.type == "mbox":
        yield from expand_mbox(opening)
        return
    with opening.path.open("rb") as file:
        if opening.type == "zip":
            size = opening.path.stat().st_size
            passwords, budget = opening.passwords, opening.budget
            yield from expand_zip(file, size, opening.limits, passwords, budget)
        elif opening.type == "tar":
            yield from expand_tar(file, opening.limits, opening.budget)
        else:
            yield from expand_compressed(file, opening.type, opening.name_bytes, opening.budget)


def plan(opening: Opening) -> tuple[dict[str, Any], ...]:
    """The parts of a mailbox, each of which `expand` takes as `Opening.part`.

    Together they give what the whole gives, in the same order; `items` says how many each holds.
    """
    return plan_mbox(opening)
