"""RAR archives of all versions and in volumes: headers read here, data unpacked by unar.

What is merely stored is copied here, what is encrypted is decrypted here; the rest is handed to
unar in archives of our own making (`rar_clean`), and every member is checked here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest import rar3, rar5, unar
from ingest.external import SilentError
from ingest.flow import Flow
from ingest.joined import missing_of, missing_text
from ingest.members import CHUNK, BombError, Budget, Member, Opening, Spool, locked
from ingest.passwords import opened_by
from ingest.rar_clean import write
from ingest.rar_crypto import MOST_ROUNDS, opens
from ingest.rar_headers import (
    MOST_FILES,
    RAR3,
    RAR5,
    Form,
    LockedError,
    UnknownError,
    Volume,
    read_volume,
)
from ingest.rar_wholes import Whole, bounded, copier, is_right, packed_data, runs, wholes
from ingest.selfextract import archive_within
from ingest.unpacking import Entry, Unpacking
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note

_MOST_PROGRAM = 2 << 20  # of a self-extractor, before the archive
_MOST_ALONE = 100  # members of one solid run that are unpacked each from the run's start
_MOST_TARGET = 4096
_STREAMS = b"STM"  # a service block: a stream of NTFS that belongs to a file


def expand_rar(opening: Opening) -> Iterator[Member | Note]:
    """The members of a RAR archive in its order; a `Note` among them is about the archive itself.

    Of a damaged one come the members whose checksums are right, and of the others what could be
    read. Older versions of a file are members too. Hard links and copies come with the bytes of
    what they stand for.
    """
    version = unar.probe()
    own = Unpacking(opening, unar.TOOL if version else TOOL, version or VERSION)
    absent = missing_of(opening)
    if absent:
        text = missing_text(absent, opening)
        yield own.exception(Code.VOLUME_MISSING, text)
    try:
        volumes = _volumes(opening)
    except LockedError:
        text = locked(len(opening.passwords), "Encrypted with its list of names")
        yield own.exception(Code.ENCRYPTED, text)
        return
    except UnknownError as error:
        yield own.exception(Code.UNSUPPORTED, f"It is newer than this reader: {error}")
        return
    yield from own.members(_Archive(own, volumes, bool(version)).entries())


def _volumes(opening: Opening) -> list[tuple[Path, Volume] | None]:
    """What each volume holds, None for one that is missing; raises `LockedError`."""
    passwords: list[str | None] = [None, *opening.passwords]
    found: list[tuple[Path, Volume] | None] = []
    for path in opening.volumes or (opening.path,):
        found.append((path, _volume(path, passwords)) if path.is_file() else None)
    return found


def _volume(path: Path, passwords: list[str | None]) -> Volume:
    with path.open("rb") as file:
        size = path.stat().st_size
        start, form, number = _signature(file)
        for place, password in enumerate(passwords):
            volume = Volume(number)
            if start < 0:
                volume.troubles.append("It does not begin as a RAR archive does")
                return volume
            try:
                read_volume(file, start, size, form, volume, password)
            except LockedError:
                continue
            except ValueError as error:
                raise UnknownError(str(error)) from error
            passwords.insert(0, passwords.pop(place))
            return volume
    raise LockedError


def _signature(file: BinaryIO) -> tuple[int, Form, int]:
    """Where the headers begin, how they are read, and the version of the format."""
    within = archive_within(file)
    begin = within[1] if within and within[0] == "rar" else 0
    file.seek(begin)
    head = file.read(_MOST_PROGRAM)
    new, old = head.find(RAR5), head.find(RAR3)
    if new >= 0 and (old < 0 or new < old):
        return begin + new + len(RAR5), rar5.FORM, 5
    return begin + old + len(RAR3) if old >= 0 else -1, rar3.FORM, 3


class _Archive:
    """The members of all volumes, and the run of unar that is under way."""

    def __init__(
        self,
        unpacking: Unpacking,
        volumes: list[tuple[Path, Volume] | None],
        can_unpack: bool,
    ) -> None:
        self._unpacking, self._opening = unpacking, unpacking.opening
        self._volumes = volumes
        self._can_unpack = can_unpack
        self._wholes = wholes(volumes)
        self._runs = runs(self._wholes)
        self._passwords = list(self._opening.passwords)
        self._flow: Flow | None = None
        self._broken: set[int] = set()  # runs in which not all comes out as it should
        self._alone = 0

    def entries(self) -> Iterator[Entry | Note]:
        """All that the archive holds, folders left out."""
        yield from self._about()
        targets = {each.header.link for each in self._wholes if each.is_copy}
        met: set[bytes] = set()
        try:
            for whole in self._wholes:
                if not whole.header.is_folder:
                    name = whole.header.name_bytes
                    yield self._entry(whole, name in targets and name not in met)
                    met.add(name)
        finally:
            self._stop()

    def _about(self) -> Iterator[Note]:
        present = [each for each in self._volumes if each is not None]
        for number, each in enumerate(self._volumes, 1):
            which = f"Volume {number}: " if len(self._volumes) > 1 else ""
            for trouble in each[1].troubles if each else ():
                code = Code.TRUNCATED if "cut off" in trouble else Code.CORRUPT
                yield self._unpacking.exception(code, which + trouble)
            if each is not None and each[1].overfull:
                text = f"{which}It has more than {MOST_FILES} files; those beyond were left out"
                yield self._unpacking.exception(Code.TOO_MANY, text)
            if each is not None and not each[1].ended and _should_end(each[1]):
                text = f"{which}It is cut off: the block that ends it is missing"
                yield self._unpacking.exception(Code.TRUNCATED, text)
        if present and self._volumes[-1] is not None:
            last = present[-1][1]
            files = [each for each in last.files if each.kind == "file"]
            if last.more_follow or (files and files[-1].split_after):
                text = "It goes on in a volume that is not here. Put it there and ingest again"
                yield self._unpacking.exception(Code.VOLUME_MISSING, text)
        first = [each for each in present[0][1].files if each.kind == "file"] if present else []
        if self._volumes[0] is not None and first and first[0].split_before:
            text = "It begins in a volume that is not here"
            yield self._unpacking.exception(Code.VOLUME_MISSING, text)
        services = [each for _, volume in present for each in volume.files]
        streams = sum(each.name_bytes == _STREAMS and each.kind == "service" for each in services)
        if streams:
            text = f"It holds {streams} NTFS streams of its files, which were not taken out"
            yield self._unpacking.warning(Code.PARTIAL, text)

    def _entry(self, whole: Whole, is_target: bool) -> Entry:
        header = whole.header
        link = self._target(whole) if header.link_kind in ("symbolic", "unknown") else None
        return Entry(
            name_bytes=header.name_bytes,
            size=header.size or 0,
            modified_at=header.modified_at,
            fill=lambda spool: self._fill(whole, spool),
            link=link,
            key=header.name_bytes if is_target else None,
            same_as=header.link if whole.is_copy else None,
        )

    def _target(self, whole: Whole) -> bytes:
        """Where a link leads: RAR 3 keeps that as the link's content."""
        header = whole.header
        if header.link or header.method or not 0 < (header.size or 0) <= _MOST_TARGET:
            return header.link
        spool = Spool()
        try:
            self._fill(whole, spool)
            return spool.stream().read()
        except BombError:
            return b""
        finally:
            spool.close()

    def _fill(self, whole: Whole, spool: Spool) -> Note | None:
        note = self._unreadable(whole)
        if note is not None or (whole.header.size == 0 and not whole.header.crc):
            return note
        try:
            if whole.header.lock is None:
                self._read(whole, None, spool, self._opening.budget)
                return self._judged(whole, None, spool)
            return self._fill_locked(whole, spool)
        except SilentError as error:
            self._stop()
            return self._unpacking.exception(Code.TIMEOUT, f"unar was ended: {error}")

    def _unreadable(self, whole: Whole) -> Note | None:
        header = whole.header
        if not whole.complete and (header.method or header.split_before):
            text = "A part of it is in a volume that is not here"
            return self._unpacking.exception(Code.VOLUME_MISSING, text)
        if header.method and not self._can_unpack:
            text = f"There is no unar to unpack it with: 'apt-get install {unar.PACKAGE}'"
            return self._unpacking.exception(Code.UNSUPPORTED, text)
        if header.lock is not None and header.lock.rounds > MOST_ROUNDS:
            text = f"Encrypted by a key of 2^{header.lock.rounds} rounds"
            return self._unpacking.exception(Code.UNSUPPORTED, text)
        if header.lock is not None and header.lock.version < 3:
            text = "Encrypted the way of RAR 2, which no tool here opens"
            return self._unpacking.exception(Code.UNSUPPORTED, text)
        return None

    def _fill_locked(self, whole: Whole, spool: Spool) -> Note | None:
        """Try each password, the last right one first; where its test passes, it is right."""
        lock = whole.header.lock
        assert lock is not None
        bombed = False
        for number, password in enumerate(self._passwords):
            known = opens(lock, password)
            if known is False:
                continue
            budget = self._opening.budget if known else Budget(whole.packed, self._opening.limits)
            try:
                self._read(whole, password, spool, budget)
            except BombError:
                if known:
                    raise
                bombed = True
                self._stop()
                spool.clear()
                continue
            note = self._judged(whole, password, spool)
            if known or note is None:
                self._passwords.insert(0, self._passwords.pop(number))
                opened_by(password)
                if not known:
                    self._opening.budget.spend(spool.size)
                return note
            self._stop()
            spool.clear()
        if bombed:
            raise BombError
        return self._unpacking.exception(Code.ENCRYPTED, locked(len(self._passwords)))

    def _read(self, whole: Whole, password: str | None, spool: Spool, budget: Budget) -> None:
        size = whole.header.size
        if not whole.header.method:
            spool.fill(bounded(packed_data(whole, password), size), budget)
            return
        if whole.run not in self._broken:
            flow = self._positioned(whole, password)
            spool.fill(flow.run.read if size is None else flow.stretch(size), budget)
            flow.passed()
            if len(self._runs[whole.run]) == 1 or is_right(whole, password, spool):
                return
            self._stop()
            self._broken.add(whole.run)
        if self._alone < _MOST_ALONE:
            self._alone += 1
            spool.clear()
            archive = self._clean(whole, password)
            with unar.unpack(archive, self._opening.limits, whole.place) as run:
                spool.fill(bounded(iter(lambda: run.read(CHUNK), b""), size), budget)

    def _judged(self, whole: Whole, password: str | None, spool: Spool) -> Note | None:
        if not whole.complete:
            text = "A part of it is in a volume that is not here"
            return self._unpacking.exception(Code.VOLUME_MISSING, text)
        if is_right(whole, password, spool):
            return None
        if whole.cut:
            return self._unpacking.exception(Code.TRUNCATED, "Its data are cut off")
        if 0 < whole.header.version < 20 and whole.header.method:
            text = "unar could not unpack what RAR 1.5 has packed"
            return self._unpacking.exception(Code.UNSUPPORTED, text)
        if spool.size != whole.header.size:
            return self._unpacking.exception(Code.CORRUPT, "It cannot be unpacked to its end")
        return self._unpacking.exception(Code.CORRUPT, "Its checksum is wrong")

    def _positioned(self, whole: Whole, password: str | None) -> Flow:
        flow = self._flow
        if flow is None or not flow.covers(whole.run, whole.place):
            self._stop()
            sizes = [[each.header.size or 0 for each in run] for run in self._runs]
            run = unar.unpack(self._clean(whole, password), self._opening.limits)
            flow = Flow(run, sizes, range(whole.run, whole.run + 1))
            self._flow = flow
        flow.skip_to(whole.run, whole.place)
        return flow

    def _clean(self, whole: Whole, password: str | None) -> Path:
        """An archive of the run in which a member lies."""
        target = self._opening.scratch / "part.rar"
        target.unlink(missing_ok=True)
        write(
            target,
            ((each.header, each.packed, copier(each, password)) for each in self._runs[whole.run]),
        )
        return target

    def _stop(self) -> None:
        if self._flow is not None:
            self._flow.run.close()
            self._flow = None


def _should_end(volume: Volume) -> bool:
    """Whether the program that wrote it ends its archives with a block that says so."""
    newest = max((each.version for each in volume.files), default=29)
    return volume.format == 5 or newest >= 29
