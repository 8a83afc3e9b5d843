"""What one document may cost; a plain value, which children take without importing validation."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge


def _limit(default: int, description: str) -> Any:
    return field(default=default, metadata={"description": description})


@dataclass(frozen=True)
class Limits:
    """What one document may cost before it is put on record as an exception."""

    # What is read from case.toml is checked by `records.settings`, as the annotations say.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seconds: Annotated[int, Ge(1)] = _limit(120, "Seconds to read one document.")
    ocr_seconds: Annotated[int, Ge(1)] = _limit(120, "Seconds to read one page by OCR.")
    render_seconds: Annotated[int, Ge(1)] = _limit(180, "Seconds to image one document.")
    memory_mb: Annotated[int, Ge(256)] = _limit(2048, "Memory of the process that reads, in MB.")
    depth: Annotated[int, Ge(1)] = _limit(16, "How deep containers and attachments may nest.")
    embedded: Annotated[int, Ge(1)] = _limit(10_000, "Items that one mail or document may hold.")
    members: Annotated[int, Ge(1)] = _limit(
        200_000, "Members that one archive may hold; mailboxes any number."
    )
    unpacked_mb: Annotated[int, Ge(1)] = _limit(4096, "MB that one container may unpack to.")
    ratio: Annotated[int, Ge(2)] = _limit(200, "Unpacked to packed size past which it is a bomb.")
    characters: Annotated[int, Ge(1000)] = _limit(20_000_000, "Characters kept of one text.")
