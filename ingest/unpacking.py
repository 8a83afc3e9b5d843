"""What the readers of archives share: which members are refused, limits, hard links, the end."""

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from ingest.members import BombError, Member, Opening, Spool, bomb_note
from ingest.names import is_unsafe, shown
from records import times
from records.codes import Code
from records.notes import Note, exception, warning

_WINDOWS = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
_MOST_TARGET = 300


@dataclass(frozen=True, slots=True)
class Entry:
    """What an archive says of one member, and how its bytes are had.

    `fill` puts them into the spool and says what was wrong with them, if anything was; it may
    raise `BombError`. `link` is the target of a symbolic link; `special` marks a device, pipe or
    socket. A later entry with the same content names the `key` of an earlier one in `same_as`.
    `refusal` is a reason of the format's own not to read it.
    """

    name_bytes: bytes
    size: int
    modified_at: str | None
    fill: Callable[[Spool], Note | None]
    link: bytes | None = None
    special: bool = False
    key: Hashable = None
    same_as: Hashable = None
    refusal: Note | None = None


class Unpacking:
    """The opening of one archive with one tool."""

    def __init__(self, opening: Opening, tool: str, version: str) -> None:
        self.opening = opening
        self._tool, self._version = tool, version
        self._kept: dict[Hashable, Spool] = {}

    def exception(self, code: Code, message: str) -> Note:
        """A note that makes its document an exception."""
        return exception(code, message, self._tool, self._version)

    def warning(self, code: Code, message: str) -> Note:
        """A note about an oddity."""
        return warning(code, message, self._tool, self._version)

    def members(self, entries: Iterable[Entry | Note]) -> Iterator[Member | Note]:
        """The entries as members within the limits; notes about the archive pass through."""
        limits, budget = self.opening.limits, self.opening.budget
        count, bombed = 0, budget.ended
        try:
            for each in entries:
                if isinstance(each, Note):
                    yield each
                    continue
                count += 1
                if count <= limits.members:
                    yield from self._member(each)
        finally:
            for spool in self._kept.values():
                spool.close()
        if count > limits.members:
            left = count - limits.members
            text = f"{count} members; {left} past the limit of {limits.members} were left out"
            yield self.exception(Code.TOO_MANY, text)
        if budget.ended and not bombed:
            yield self.warning(Code.BOMB, "Unpacking stopped at the limits: a bomb")

    def _member(self, entry: Entry) -> Iterator[Member]:
        refusal = self._refusal(entry)
        if refusal is not None:
            yield _member(entry, None, (refusal,))
            return
        spool = Spool()
        note = None
        try:
            note = self._filled(entry, spool)
            has_bytes = note is None or (spool.size > 0 and note.code is not Code.BOMB)
            yield _member(entry, spool if has_bytes else None, () if note is None else (note,))
        finally:
            if note is not None or entry.key is None or entry.key in self._kept:
                spool.close()
            else:
                self._kept[entry.key] = spool

    def _filled(self, entry: Entry, spool: Spool) -> Note | None:
        try:
            if entry.same_as is None:
                return entry.fill(spool)
            kept = self._kept.get(entry.same_as)
            if kept is None:
                text = "A hard link to what is not in the archive, or was not read"
                return self.exception(Code.LINK, text)
            spool.fill(kept.stream().read, self.opening.budget)
        except BombError:
            return bomb_note(self._tool, self._version)
        return None

    def _refusal(self, entry: Entry) -> Note | None:
        """Why a member is not to be unpacked at all."""
        if is_unsafe(entry.name_bytes.decode("utf-8", "surrogateescape")):
            return self.exception(Code.UNSAFE_PATH, "Its name leads out of the archive's folder")
        if entry.link is not None:
            target = shown(entry.link[:_MOST_TARGET]) or "an unknown place"
            return self.exception(Code.LINK, f"A link to {target}; recorded, not followed")
        if entry.special:
            text = "A device, socket or pipe; it holds no bytes"
            return self.exception(Code.SPECIAL_FILE, text)
        if entry.refusal is not None:
            return entry.refusal
        return bomb_note(self._tool, self._version) if self.opening.budget.ended else None


def _member(entry: Entry, spool: Spool | None, notes: tuple[Note, ...]) -> Member:
    raw = entry.name_bytes
    stream = None if spool is None else spool.stream()
    size = entry.size if spool is None else spool.size
    return Member(shown(raw), raw, stream, size, entry.modified_at, notes)


def windows_time(ticks: int | None) -> str | None:
    """A time in 100 ns since 1601, written; None where it is none."""
    if not ticks:
        return None
    try:
        return times.stamp(_WINDOWS + dt.timedelta(microseconds=ticks // 10))
    except (OverflowError, ValueError):
        return None


def unix_time(seconds: float | None) -> str | None:
    """A time in seconds since 1970, written; None where it is none."""
    if not seconds:
        return None
    try:
        return times.stamp(dt.datetime.fromtimestamp(seconds, dt.UTC))
    except (OverflowError, ValueError, OSError):
        return None


def local_time(dos: int, more_seconds: int = 0) -> str | None:
    """A date and time as DOS packs them, to two seconds; of no known zone, so taken as UTC."""
    date, clock = dos >> 16, dos & 0xFFFF
    try:
        return times.stamp(
            dt.datetime(
                (date >> 9) + 1980,
                date >> 5 & 15,
                date & 31,
                clock >> 11,
                clock >> 5 & 63,
                min(59, (clock & 31) * 2 + more_seconds),
                tzinfo=dt.UTC,
            )
        )
    except ValueError:
        return None
