"""Checks what rows of a replacement say of families that are in the volume in part only."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from produce.check_terms import Record, Terms
from produce.findings import Finding

_NUMBER = re.compile(r"([A-Za-z0-9_-]*?)([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Number:
    """A Bates number taken apart."""

    prefix: str
    value: int
    width: int


def number(text: str) -> Number | None:
    """Read a Bates number: anything that ends in digits."""
    found = _NUMBER.fullmatch(text)
    return Number(found[1], int(found[2]), len(found[2])) if found else None


def check_parts_of(records: Sequence[Record], terms: Terms) -> Iterator[Finding]:
    """Each row by itself, and the spans of families against each other.

    Parent and children may stand in the volume that is replaced, but within the span.
    """
    before: Record | None = None
    for record in records:
        where = record["BegBates"]
        if not _rises(record["BegAttach"], where, record["EndBates"], record["EndAttach"]):
            span = f"{record['BegAttach']} to {record['EndAttach']}"
            yield Finding("attach-range", where, f"is not within the span of its family, {span}")
        if before is not None and before["BegAttach"] != record["BegAttach"]:
            if not _rises(before["EndAttach"], record["BegAttach"], strictly=True):
                yield Finding("family-split", where, "the span of its family begins in another")
        elif before is not None and before["EndAttach"] != record["EndAttach"]:
            yield Finding("attach-range", where, "its family ends elsewhere than in the row before")
        before = record
        yield from _check_kin(record, terms)


def _check_kin(record: Record, terms: Terms) -> Iterator[Finding]:
    where, parent = record["BegBates"], record.get("ParentBates", "")
    if parent not in ("", *terms.parents) and not (
        _rises(record["BegAttach"], parent) and _rises(parent, where, strictly=True)
    ):
        yield Finding("family-parent", where, f"its parent {parent} does not come before it")
    listed = [each for each in record.get("ChildBates", "").split(";") if each]
    for child in listed:
        after = _rises(record["EndBates"], child, strictly=True)
        if not (after and _rises(child, record["EndAttach"])):
            yield Finding("family-children", where, f"its child {child} is not behind it")
    told = "ChildBates" in record and "AttachmentCount" in record
    if told and record["AttachmentCount"] != str(len(listed)):
        message = f"AttachmentCount {record['AttachmentCount']}, but {len(listed)} in ChildBates"
        yield Finding("attachment-count", where, message)


def _rises(*numbers: str, strictly: bool = False) -> bool:
    """Whether numbers of one form come one after the other."""
    read = [number(each) for each in numbers]
    if any(each is None for each in read):
        return False
    found = [(each.prefix, each.width, each.value) for each in read if each is not None]
    pairs = list(pairwise(found))
    alike = all(one[:2] == other[:2] for one, other in pairs)
    rising = all(one[2] < other[2] if strictly else one[2] <= other[2] for one, other in pairs)
    return alike and rising
