"""The values of a row by our names for them."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass

from produce.received.mapping import DataMap
from produce.received.names import plain

_ALIASES = ("docid", "documentid", "docno", "controlnumber", "controlno", "recordid", "itemid")


@dataclass(frozen=True, slots=True)
class Columns:
    """A file's columns, and where our fields stand among them."""

    map: DataMap
    names: tuple[str, ...]
    places: Map[str, int]
    aliases: tuple[int, ...]

    def get(self, values: Sequence[str], field: str) -> str:
        """The value of one of our fields, trimmed; empty where there is none."""
        place = self.places.get(field)
        return values[place].strip() if place is not None and place < len(values) else ""

    def broken(self, value: str) -> str:
        """A value with the sign for line breaks as line breaks."""
        return value.replace(self.map.newline, "\n") if self.map.newline else value

    def raw(self, values: Sequence[str]) -> dict[str, str]:
        """All columns that hold something, as they stand; the text has a place of its own."""
        text = self.places.get("Text")
        pairs = zip(self.names, values, strict=False)
        return {name: value for place, (name, value) in enumerate(pairs) if value and place != text}


def columns_of(data: DataMap, names: Sequence[str]) -> Columns:
    """How our fields are found in a file of these columns; a mapped column must be one of them."""
    index = {name: place for place, name in enumerate(names)}
    places = {ours: index[column] for ours, column in data.fields.items() if column in index}
    begin = places.get("BegBates")
    aliases = tuple(
        place for name, place in index.items() if plain(name) in _ALIASES and place != begin
    )
    return Columns(data, tuple(names), places, aliases)
