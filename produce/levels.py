"""The legend of each document by its level of confidentiality, and what nobody coded."""

from collections.abc import Iterable

import sqlalchemy as sa

from produce.selection import tagged
from produce.specification import Specification
from records.control import control
from records.errors import SpecificationError
from review.panel import Kind, Panel, load


def legends(
    connection: sa.Connection, specification: Specification, ids: Iterable[int]
) -> dict[int, str]:
    """The legend of each document whose level, or a copy's, gives it one; of several the highest.

    Raises `SpecificationError` for a level that is no tag of confidentiality, and for documents
    of a level without a legend.
    """
    if not specification.levels:
        return {}
    given, panel, wanted = dict(specification.levels), load(connection), set(ids)
    levels = _levels(panel)
    unknown = [each for each in given if each not in levels]
    if unknown:
        raise SpecificationError(
            f"endorsements.levels names {unknown[0]!r}, which is no tag of a group of "
            f"confidentiality; those are: {', '.join(levels) or 'none'}"
        )
    found: dict[int, str] = {}
    for level in levels:
        bearing = wanted & tagged(connection, [level])
        if bearing and level not in given:
            raise SpecificationError(
                f"{len(bearing)} documents of the selection are {level!r} (as "
                f"{control(min(bearing))}), and endorsements.levels gives it no legend"
            )
        found |= dict.fromkeys(bearing, given.get(level, ""))
    return found


def _levels(panel: Panel) -> list[str]:
    """All tags of confidentiality, the lowest of their groups first."""
    return [
        tag.name
        for group in panel.groups.values()
        if group.kind == Kind.CONFIDENTIALITY
        for tag in panel.members(group.id)
    ]


def uncoded(connection: sa.Connection, ids: set[int]) -> dict[str, set[int]]:
    """For each required group the documents of which neither they nor copies bear a tag."""
    panel = load(connection)
    found = {}
    for group in panel.groups.values():
        if group.required:
            names = [tag.name for tag in panel.members(group.id)]
            found[group.name] = ids - tagged(connection, names)
    return found
