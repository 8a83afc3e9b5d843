"""Containers: which there are, and how each is opened; one place for collecting and reading."""

import importlib
from collections.abc import Iterator
from typing import Any

from ingest.members import Member, Opening
from records.notes import Note

# The reader of each short type: imported when the first of its type is met, since a case rarely
# holds all, and every child would wait for the libraries of each.
_READERS = {
    "7z": "ingest.sevenzip:expand_7z",
    "archive": "ingest.rarities:open_archive",
    "bz2": "ingest.compressed:open_compressed",
    "gz": "ingest.compressed:open_compressed",
    "mbox": "ingest.mailbox:expand_mbox",
    "olm": "ingest.olm:expand_olm",
    "pst": "ingest.pst:expand_pst",
    "rar": "ingest.rar:expand_rar",
    "tar": "ingest.tar:open_tar",
    "xz": "ingest.compressed:open_compressed",
    "zip": "ingest.archive:open_zip",
    "zstd": "ingest.rarities:open_zstd",
}
_PLANNERS = {
    "mbox": "ingest.mailbox:plan_mbox",
    "pst": "ingest.pst:plan_pst",
}
CONTAINERS = frozenset(_READERS)
"""The short types that `expand` opens."""
MAILBOXES = frozenset(_PLANNERS)
"""Those that are opened in parts where they are large; what they hold is always the same."""


def expand(opening: Opening) -> Iterator[Member | Note]:
    """The members of a container of one of the types in `CONTAINERS`, in its order.

    A `Note` among them is about the container itself. A member's stream is closed when the
    next is asked for. Raises `KeyError` for other types.
    """
    yield from _named(_READERS[opening.type])(opening)


def plan(opening: Opening) -> tuple[dict[str, Any], ...]:
    """The parts of a mailbox, each of which `expand` takes as `Opening.part`.

    Together they give what the whole gives, in the same order; `items` says how many each holds.
    """
    parts: tuple[dict[str, Any], ...] = _named(_PLANNERS[opening.type])(opening)
    return parts


def _named(reader: str) -> Any:
    module, _, name = reader.partition(":")
    return getattr(importlib.import_module(module), name)
