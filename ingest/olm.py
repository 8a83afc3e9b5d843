"""Outlook for Mac archives: a ZIP with XML for each message, contact, task and the like."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from ingest.archive import expand_zip
from ingest.compound_write import CompoundTooLargeError
from ingest.mapi import Item
from ingest.members import BombError, Member, Opening, Spool, bomb_note
from ingest.msgnames import TooManyNamesError
from ingest.msgwrite import write_msg
from ingest.names import shown
from ingest.olm_items import make_item
from ingest.olm_mapping import CLASSES
from ingest.olm_xml import Element, XmlError, elements
from ingest.pst import MSG
from ingest.pst_folders import safe_name
from ingest.salvage import directory_size
from ingest.versions import TOOL, VERSION
from records import times
from records.codes import Code, Role
from records.fields import Fields
from records.notes import Note, exception, warning

_ITEMS = frozenset(CLASSES)
_MESSAGES, _URL = "com.microsoft.__Messages", "OPFAttachmentURL"
_MODIFIED, _FLAGS, _READ = 0x3008, 0x0E07, 1
_MOST_DIRECTORY = 256 << 20
_MEMORY_SHARE = 10  # a tree of elements takes several times its XML
_CHUNK = 1 << 18
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,  # of an encrypted member
    EOFError,
    ValueError,
    struct.error,
    OSError,
)


class _TooLargeError(Exception):
    """A file in the archive is larger than what may be held at once."""


def expand_olm(opening: Opening) -> Iterator[Member | Note]:
    """The items of an archive as MSG files, then the other files in it as they are.

    A file of items that cannot be read comes as it is, with an exception. Attachments are in
    their messages; one that no message names is among the other files.
    """
    with opening.path.open("rb") as file:
        try:
            if directory_size(file) > _MOST_DIRECTORY:
                raise zipfile.BadZipFile("its directory is too large")
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            text = f"The OLM archive is damaged ({error}) and was opened as a plain ZIP file"
            yield exception(Code.CORRUPT, f"{text}. Export it again", TOOL, VERSION)
            size = opening.path.stat().st_size
            yield from expand_zip(file, size, opening.limits, opening.passwords, opening.budget)
            return
        with archive:
            yield from _Expanding(opening, archive).members()


@dataclass(slots=True)
class _Expanding:
    """One archive on its way."""

    opening: Opening
    archive: zipfile.ZipFile
    by_name: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    taken: dict[str, int] = field(default_factory=dict)

    def members(self) -> Iterator[Member]:
        """All that is in the archive."""
        infos = [each for each in self.archive.infolist() if not each.is_dir()]
        self.by_name = {each.filename: each for each in infos}
        for info in infos:
            if info.filename.lower().endswith(".xml"):
                yield from self._items(info)
        for info in infos:
            if info.header_offset not in self.used:
                yield from self._as_it_is(info)

    def _items(self, info: zipfile.ZipInfo) -> Iterator[Member]:
        """The items of one file; the file itself where it is damaged."""
        count = 0
        limit = self.opening.limits.memory_mb // _MEMORY_SHARE << 20
        try:
            with self.archive.open(info) as stream:
                for element in elements(self._reader(stream, limit), _ITEMS):
                    count += 1
                    yield self._item(info, element, count)
        except BombError:
            self.used.add(info.header_offset)
            yield self._without_bytes(info, bomb_note(TOOL, VERSION))
        except _TooLargeError:
            text = f"Past {limit >> 20} MB, so that its further items were not read"
            note = exception(Code.TOO_LARGE, f"{text}. Raise limits.memory_mb", TOOL, VERSION)
            yield from self._as_it_is(info, note)
        except (XmlError, *_DAMAGE) as error:
            text = f"Damaged after {count} items ({error}); it is kept as it is"
            note = exception(Code.CORRUPT, f"{text}. Export the archive again", TOOL, VERSION)
            yield from self._as_it_is(info, note)
        else:
            if count:
                self.used.add(info.header_offset)

    def _reader(self, stream: IO[bytes], limit: int) -> Callable[[int], bytes]:
        left = limit

        def read(size: int) -> bytes:
            nonlocal left
            chunk = stream.read(min(size, _CHUNK))
            self.opening.budget.spend(len(chunk))
            left -= len(chunk)
            if left < 0:
                raise _TooLargeError
            return chunk

        return read

    def _item(self, info: zipfile.ZipInfo, element: Element, number: int) -> Member:
        folder, stem = _place(info.filename)
        kind = "" if element.name == "email" else f"-{element.name}"
        last = f"-{number:05d}" if kind or number > 1 else ""
        raw = self._told_apart(f"{folder}/{stem}{kind}{last}", ".msg")
        try:
            self.opening.budget.take_item()
            item = make_item(element, self._attached)
            data = write_msg(item)
            self.opening.budget.spend(len(data))
        except BombError:
            note = bomb_note(TOOL, VERSION)
        except (CompoundTooLargeError, TooManyNamesError) as error:
            text = f"The item does not fit in an MSG file: {error}. Look at it in Outlook for Mac"
            note = exception(Code.TOO_LARGE, text, TOOL, VERSION)
        else:
            return _member(raw, item, data, folder)
        fields = Fields(folder=folder)
        return Member(
            shown(raw), raw, None, 0, None, (note,), role=Role.MESSAGE, known=MSG, fields=fields
        )

    def _attached(self, element: Element) -> tuple[bytes | None, tuple[Note, ...]]:
        """An attachment's bytes, and what is to be said of them."""
        url = element.attributes.get(_URL, "")
        info = self.by_name.get(url)
        name = repr(element.attributes.get("OPFAttachmentName", "")[:200])
        if info is None:
            return None, (_lost(f"Attachment {name} is not in the archive"),)
        self.used.add(info.header_offset)
        limit = self.opening.limits.memory_mb // _MEMORY_SHARE << 20
        try:
            with self.archive.open(info) as stream:
                read = self._reader(stream, limit)
                return b"".join(iter(lambda: read(_CHUNK), b"")), ()
        except _TooLargeError:
            self.used.discard(info.header_offset)
            return None, (
                _lost(f"Attachment {name} is too large for its item; it stands by itself"),
            )
        except _DAMAGE as error:
            return None, (_lost(f"Attachment {name} cannot be unpacked: {error}"),)

    def _as_it_is(self, info: zipfile.ZipInfo, *notes: Note) -> Iterator[Member]:
        """A file as the archive has it."""
        self.used.add(info.header_offset)
        spool = Spool()
        try:
            self.opening.budget.take_item()
            with self.archive.open(info) as stream:
                spool.fill(stream.read, self.opening.budget)
            raw = self._told_apart("/".join(_parts(info.filename)), "")
            yield Member(shown(raw), raw, spool.stream(), spool.size, _modified(info), notes)
        except BombError:
            yield self._without_bytes(info, bomb_note(TOOL, VERSION))
        except _DAMAGE as error:
            text = f"It cannot be unpacked: {error}. Export the archive again"
            yield self._without_bytes(info, exception(Code.CORRUPT, text, TOOL, VERSION))
        finally:
            spool.close()

    def _without_bytes(self, info: zipfile.ZipInfo, note: Note) -> Member:
        raw = self._told_apart("/".join(_parts(info.filename)), "")
        return Member(shown(raw), raw, None, info.file_size, _modified(info), (note,))

    def _told_apart(self, path: str, end: str) -> bytes:
        number, other = self.taken.get(path + end, 1), path
        while other + end in self.taken:
            number += 1
            other = f"{path} ({number})"
        self.taken[path + end] = number
        self.taken.setdefault(other + end, 1)
        return (other + end).encode("utf-8", "replace")


def _parts(name: str) -> list[str]:
    return [safe_name(each) for each in name.replace("\\", "/").split("/") if each] or ["(no name)"]


def _place(name: str) -> tuple[str, str]:
    """The folder that a file of items is for, and the file's name without its end."""
    *folders, last = _parts(name)
    return "/".join(each for each in folders if each != _MESSAGES), last[:-4] or last


def _member(raw: bytes, item: Item, data: bytes, folder: str) -> Member:
    modified, flags = item.bag.time(_MODIFIED), item.bag.integer(_FLAGS)
    return Member(
        shown(raw),
        raw,
        io.BytesIO(data),
        len(data),
        None if modified is None else times.stamp(modified),
        item.notes,
        role=Role.MESSAGE,
        known=MSG,
        fields=Fields(folder=folder, is_read=None if flags is None else bool(flags & _READ)),
    )


def _modified(info: zipfile.ZipInfo) -> str | None:
    """The date in the archive's directory, which has no zone and is taken as UTC."""
    year, month, day, hour, minute, second = info.date_time
    if info.date_time <= (1980, 1, 1, 0, 0, 0):
        return None
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{min(second, 59):02d}Z"


def _lost(text: str) -> Note:
    return warning(Code.EMBEDDED_LOST, f"{text}. Look at the archive itself", TOOL, VERSION)
