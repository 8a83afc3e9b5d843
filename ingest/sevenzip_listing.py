"""Archives of which 7-Zip alone tells what they hold: UDF images, WIM, ARJ.

They are listed first, then unpacked in one stream that is cut up by the listed sizes. Names are
as 7-Zip shows them: in UTF-8, with a low line in place of a control character.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path

from ingest import wim
from ingest.external import Running, SilentError
from ingest.flow import Flow
from ingest.joined import missing_of
from ingest.members import CHUNK, Member, Opening, Spool
from ingest.sevenzip_tool import PACKAGE, TOOL, SevenZip, lists, probe, trouble_of, unpack
from ingest.unpacking import Entry, Unpacking
from records import times
from records.codes import Code
from records.notes import Note

FORMATS = frozenset({"udf", "wim", "arj"})
_MOST_LISTING = 256 << 20


def expand_listed(opening: Opening, form: str) -> Iterator[Member | Note]:
    """The members of an archive of one of `FORMATS`, in the order of 7-Zip's listing.

    A `Note` among them is about the archive itself.
    """
    program = probe()
    own = Unpacking(opening, TOOL, program.version if program else "absent")
    if program is None:
        text = f"There is no 7-Zip to open it with: install it with 'apt-get install {PACKAGE}'"
        yield own.exception(Code.UNSUPPORTED, text)
    elif missing_of(opening) or opening.volumes:
        yield own.exception(Code.UNSUPPORTED, f"A set of volumes of the format {form}")
    else:
        yield from own.members(_Listed(own, program, form).entries())


class _Listed:
    """One archive, its listing and the run of 7-Zip that is under way."""

    def __init__(self, unpacking: Unpacking, program: SevenZip, form: str) -> None:
        self._unpacking, self._opening = unpacking, unpacking.opening
        self._program, self._form = program, form
        self._files: list[dict[str, str]] = []
        self._flow: Flow | None = None
        self._failed: Note | None = None

    def entries(self) -> Iterator[Entry | Note]:
        """All that the archive holds, folders left out."""
        try:
            yield from self._listing()
            if not all("SHA-1" in each or "CRC" in each for each in self._files):
                self._failed = self._tried()
            for number, each in enumerate(self._files):
                yield self._entry(number, each)
        except SilentError as error:
            yield self._unpacking.exception(Code.TIMEOUT, f"7-Zip was ended: {error}")
        finally:
            if self._flow is not None:
                self._flow.run.close()

    def _listing(self) -> Iterator[Note]:
        said = bytearray()
        limits = self._opening.limits
        with lists(self._program, self._link(), self._form, limits) as run:
            while len(said) <= _MOST_LISTING and (data := run.read(CHUNK)):
                said += data
            trouble = trouble_of(*run.ended()) if len(said) <= _MOST_LISTING else None
        if trouble is not None:
            yield self._unpacking.exception(trouble[0], f"It cannot be listed whole: {trouble[1]}")
        elif self._form == "wim" and (wrong := wim.flaw(self._opening.path)):
            text = f"It is damaged, so that files may be missing or named wrongly: {wrong}"
            yield self._unpacking.exception(Code.CORRUPT, text)
        for block in bytes(said).decode("utf-8", "replace").split("\n\n"):
            lines = (line.partition(" =") for line in block.splitlines())
            fields = {key: value[1:] for key, _, value in lines}
            holds = _size(fields) > 0 or bool(fields.get("SHA-1"))
            if "Path" in fields and (fields.get("Folder") != "+" or holds):
                self._files.append({key: value for key, value in fields.items() if value})

    def _entry(self, number: int, fields: dict[str, str]) -> Entry:
        mode = fields.get("Attributes", "").rpartition(" ")[2][:1]
        link = fields.get("Symbolic Link")
        is_link = link is not None or mode == "l"
        return Entry(
            name_bytes=fields["Path"].encode("utf-8", "surrogatepass"),
            size=_size(fields),
            modified_at=_time(fields.get("Modified", "")),
            fill=lambda spool: self._fill(number, fields, spool),
            link=(link or "").encode("utf-8", "surrogatepass") if is_link else None,
            special=mode in ("b", "c", "p", "s"),
            refusal=self._failed,
        )

    def _fill(self, number: int, fields: dict[str, str], spool: Spool) -> Note | None:
        if self._failed is not None:
            return self._failed
        try:
            if self._flow is None:
                self._flow = Flow(self._run(), [[_size(each) for each in self._files]], range(1))
            self._flow.skip_to(0, number)
            spool.fill(self._flow.stretch(_size(fields)), self._opening.budget)
            self._flow.passed()
        except SilentError as error:
            self._failed = self._unpacking.exception(Code.TIMEOUT, f"7-Zip was ended: {error}")
            return self._failed
        if _is_right(fields, spool):
            return None
        text = "It is damaged, so that it is not known which bytes are whose from here on"
        self._failed = self._unpacking.exception(Code.CORRUPT, text)
        return self._failed

    def _tried(self) -> Note | None:
        """Whether as much comes out as is listed: all that shows where there are no checksums."""
        left = sum(_size(each) for each in self._files)
        with self._run() as run:
            while left >= 0 and (data := run.read(CHUNK)):
                left -= len(data)
            trouble = trouble_of(*run.ended()) if left == 0 else (Code.CORRUPT, "sizes differ")
        if trouble is None:
            return None
        text = f"It is damaged, so that it is not known which bytes are whose: {trouble[1]}"
        return self._unpacking.exception(trouble[0], text)

    def _run(self) -> Running:
        return unpack(self._program, self._link(), self._opening.limits, form=self._form)

    def _link(self) -> Path:
        link = self._opening.scratch / "part"
        if not link.is_symlink():
            link.symlink_to(self._opening.path.resolve())
        return link


def _size(fields: dict[str, str]) -> int:
    size = fields.get("Size", "0")
    return int(size) if size.isdecimal() else 0


def _time(text: str) -> str | None:
    """A time as 7-Zip lists it, which runs in UTC here."""
    try:
        return times.stamp(dt.datetime.fromisoformat(text[:19]).replace(tzinfo=dt.UTC))
    except ValueError:
        return None


def _is_right(fields: dict[str, str], spool: Spool) -> bool:
    if spool.size != _size(fields):
        return False
    if "CRC" in fields:
        return f"{spool.crc:08X}" == fields["CRC"].upper()
    if "SHA-1" not in fields:
        return True
    digest = hashlib.sha1(usedforsecurity=False)
    stream = spool.stream()
    while data := stream.read(CHUNK):
        digest.update(data)
    return digest.hexdigest() == fields["SHA-1"].lower()
