"""What the letter of a replacement says, and the refusal to deliver what was replaced."""

import sqlalchemy as sa

from produce.letters import Row
from produce.record import PlannedItem, Production, items
from produce.versions import replaced_since, volume_of
from records.control import control
from records.errors import ProductionError

type Part = str | tuple[Row, ...]


def refuse_replaced(connection: sa.Connection, found: Production, allowed: bool) -> None:
    """Raise `ProductionError` where a volume would go out of which newer versions stand."""
    newer = replaced_since(connection, found)
    if newer and not allowed:
        first = min(newer)
        raise ProductionError(
            f"{len(newer)} documents of {found.name} were replaced since (as {control(first)}, by "
            f"{newer[first]}): what was replaced, perhaps because it is privileged, would go out "
            f"again. Produce what another party is to have anew, or deliver {found.name} all the "
            "same with --allow-replaced"
        )


def replacement_parts(connection: sa.Connection, found: Production) -> list[Part]:
    """Paragraphs and the table of a replacement's letter; none for another volume."""
    if found.replaces is None:
        return _supplement(found)
    volume, data = volume_of(connection, found), found.specification.folders.data
    load = f"{data}/{found.name}.dat"
    images = "" if found.specification.kind == "none" else (
        " its image load file names an image for each number that it replaces, to be put in the "
        "place of the one that stood;"
    )  # fmt: skip
    return [
        f"This volume replaces documents of {volume.name} under their numbers. The reason: "
        f"{found.reason}",
        ranges(found, items(connection, found.id)),
        f"Load {load} as an overlay keyed on its column {_key(found)}. It has the columns of "
        f"{volume.name}, and an empty value takes the place of what stood;{images} texts and "
        "natives that stood under these numbers are deleted, and those of this volume are loaded. "
        "Please destroy or return what is replaced, and all copies and what was made of it.",
    ]


def _supplement(found: Production) -> list[Part]:
    volume = found.specification.supplements
    if volume is None:
        return []
    return [
        f"This volume supplements {volume}: it holds what was not produced there or in an earlier "
        "supplement, under new numbers. Where the parent of a document was produced before, "
        "ParentBates names the number that it has there."
    ]


def ranges(found: Production, planned: list[PlannedItem]) -> tuple[Row, ...]:
    """The numbers that are replaced, with what stands under them now."""
    rows: list[Row] = []
    for each in planned:
        numbers = each.first if each.first == each.last else f"{each.first} - {each.last}"
        rows.append((numbers, _kind(each)))
    return tuple(rows)


def _key(found: Production) -> str:
    return next(name for name, held in found.specification.fields if held == "BegBates")


def _kind(item: PlannedItem) -> str:
    if item.detail.get("redactions") and item.treatment != "withheld":
        return "produced with redactions"
    return {
        "image": "produced",
        "native": "produced natively, with a sheet on each number",
        "withheld": "withheld, with a sheet on each number",
    }.get(item.treatment, "a sheet on each number")
