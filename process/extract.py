"""A family read in the child: the root, and everything found inside it, depth first.

The item border is here: whatever a reader throws at a document becomes that document's
exception, and the walk goes on.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ingest.child_loop import progress
from ingest.containers import CONTAINERS
from ingest.members import Budget
from ingest.passwords import in_order
from ingest.types import HEAD, disagrees, extension, identify
from ingest.versions import TOOL, VERSION
from process import jvm
from process.image import RASTER, read_image
from process.image import TYPES as PICTURES
from process.mail import SEALED, read_mail, read_outlook, read_sealed, read_tnef, source_text
from process.office import read_by_tika, read_known
from process.packed import read_container
from process.pdf import read_pdf
from process.plain import read_calendar, read_cards, read_html, read_text
from process.reading import Family, Item, Part, Reading, failed, head_of
from records.codes import Code, Disposition, Role
from records.errors import raise_if_full
from records.fields import Fields
from records.limits import Limits
from records.notes import Note, exception, warning

Reader = Callable[[Part, Family], Reading]

_READERS: dict[str, Reader] = {
    "email": read_mail,
    "mhtml": read_mail,
    "msg": read_outlook,
    "tnef": read_tnef,
    "pdf": read_pdf,
    "txt": read_text,
    "csv": read_text,
    "ics": read_calendar,
    "vcf": read_cards,
    "html": read_html,
    **dict.fromkeys(PICTURES, read_image),
    **dict.fromkeys(CONTAINERS, read_container),
}


def extract(request: dict[str, Any]) -> dict[str, Any]:
    """Read the family of one document; the answer describes its members, or names the file."""
    limits = Limits(**request["limits"])
    jvm.allow(limits.memory_mb)
    path = Path(request["path"])
    family = Family(
        folder=Path(request["folder"]),
        limits=limits,
        passwords=in_order(request["passwords"]),
        avoid={int(at): _note(note) for at, note in request["avoid"].items()},
        budget=Budget(path.stat().st_size, limits),
        avoid_from=request.get("avoid_from"),
        end=request.get("end"),
        inline=request.get("inline", True),
    )
    root = Part(
        request["name"],
        Role.FILE,
        path,
        mime=request["mime"],
        type=request["type"],
        fields=Fields.from_json(request["fields"]),
    )
    _walk(family, root, None, 0)
    return family.report()


def _note(values: dict[str, Any]) -> Note:
    return Note(**values | {"code": Code(values["code"])})


def _walk(family: Family, part: Part, parent: int | None, depth: int) -> None:
    """Take a document into the family, read it, and go through what it holds."""
    number = len(family.items)
    progress(f"{number} {part.name}", part.type)
    item = _item(family, part, parent)
    family.items.append(item)
    item.reading = _read(item, family, number, depth)
    family.keep_text(item)
    for child in _parts_of(item, family):
        if not _room_for(child, item, family):
            break
        _walk(family, child, number, depth + 1)


def _item(family: Family, part: Part, parent: int | None) -> Item:
    path = family.keep(part)
    size = path.stat().st_size
    if parent is not None:
        family.unpacked += size
    if not part.type:
        with path.open("rb") as file:
            found = identify(head_of(path, HEAD), part.name, file)
        part.type, part.mime = found.type, found.mime
        if found.type == "unknown" and part.node is not None:
            part.mime = part.node.mime or found.mime
    if parent is not None and disagrees(part.type, extension(part.name)):
        message = f"The name says {extension(part.name)}, the content is {part.type}"
        part.notes += (warning(Code.TYPE_DISAGREES, message, TOOL, VERSION),)
    return Item(parent, part, path, size, part.mime, part.type)


def _read(item: Item, family: Family, number: int, depth: int) -> Reading:
    part = item.part
    damaged = any(note.severity == "exception" for note in part.notes)
    if item.size == 0:
        return Reading(outcome=Disposition.EXCEPTION if damaged else Disposition.EMPTY)
    if (avoided := family.avoided(number)) is not None:
        return failed(avoided)
    if depth > family.limits.depth:
        return _too_deep(part, family)
    try:
        reading = _reader(part)(part, family)
        if damaged:  # its container could save some of it; what there is, is read
            reading.outcome = Disposition.EXCEPTION
        return reading
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the item border: it becomes the item's exception
        raise_if_full(error)
        message = f"Its reader failed: {type(error).__name__}: {error}"[:1000]
        return failed(exception(Code.CORRUPT, message, TOOL, VERSION))


def _reader(part: Part) -> Reader:
    """The reader for a document's type; Tika for all that have none of their own."""
    if part.mime == SEALED:
        return read_sealed
    own = read_image if part.mime in RASTER else _READERS.get(part.type)
    if own is not None:
        return own
    node = part.node
    if node is not None and node.understood and node.failure is None:
        return lambda part, family: read_known(part, node, part.type, family)
    return lambda part, family: read_by_tika(part, part.type, family)


def _too_deep(part: Part, family: Family) -> Reading:
    """Not opened any more; a mail's source is kept as text, so that its words are found."""
    message = f"It lies deeper than {family.limits.depth} levels and was not opened"
    text = source_text(part, family) if part.type in ("email", "mhtml", "txt", "html") else ""
    return failed(exception(Code.TOO_DEEP, message, TOOL, VERSION), text)


def _parts_of(item: Item, family: Family) -> Iterator[Part]:
    """The parts; trouble on the way to the next one is put on the holder's record."""
    parts = iter(item.reading.parts)
    while True:
        if family.end is not None and len(family.items) > family.end:
            message = "What it holds could be had up to here only: its reader died of going on"
            item.add(_limit_note(item, Code.EMBEDDED_LOST, message))
            return
        try:
            part = next(parts, None)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - the item border of lazy containers
            raise_if_full(error)
            message = f"Not all it holds could be had: {type(error).__name__}: {error}"[:1000]
            item.add(warning(Code.EMBEDDED_LOST, message, TOOL, VERSION))
            return
        if part is None:
            return
        if isinstance(part, Note):
            item.add(part)
        else:
            yield part


def _room_for(child: Part, item: Item, family: Family) -> bool:
    """Whether the limits let another document in; a holder that hits one says so."""
    limits = family.limits
    if len(family.items) > limits.embedded:
        message = f"There is more in it than {limits.embedded} documents; the rest was left"
        item.add(_limit_note(item, Code.TOO_MANY, message))
        return False
    size = child.data.stat().st_size if isinstance(child.data, Path) else len(child.data)
    if family.unpacked + size > limits.unpacked_mb << 20:
        message = f"There is more in it than {limits.unpacked_mb} MB; the rest was left"
        item.add(_limit_note(item, Code.BOMB, message))
        return False
    return True


def _limit_note(item: Item, code: Code, message: str) -> Note:
    if item.reading.outcome is Disposition.CONTAINER:
        return exception(code, message, TOOL, VERSION)
    return warning(code, message, TOOL, VERSION)
