"""Items of a PST file: their properties, recipients and attachments as they are stored."""

from collections.abc import Iterator
from dataclasses import replace

from ingest import mapi
from ingest.codepages import codepage_of
from ingest.mapi import Attachment, Bag, Item, Named, Property
from ingest.msgnames import read_names
from ingest.pst_blocks import Allowance, Node, Store, TooLargeError
from ingest.pst_header import PstError
from ingest.pst_subject import plain_subject
from ingest.pst_tables import Bytes, Context, Raw, Table
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.limits import Limits
from records.notes import Note, exception, warning

STORE_NODE, NAMES_NODE = 0x21, 0x61
_ATTACHMENTS, _RECIPIENTS = 0x671, 0x692
_SHOWN_TO = (0x0E04, 0x0E03, 0x0E02)
_BODIES = frozenset({0x1000, 0x1009, 0x1013})
_DATA, _METHOD = 0x3701, 0x3705
_BY_VALUE, _EMBEDDED, _OLE = 1, 5, 6
# The row's own id and version, PidTagLtpRowId and PidTagLtpRowVer: of the table, not of the row.
_OF_THE_TABLE = frozenset({0x67F2, 0x67F3})
_MOST_SHOWN = 20
# What reading takes besides the bytes: the MSG file made of them is in memory several times.
_MEMORY_SHARE = 5
_COPY = "Look for another copy of the mailbox"


class Items:
    """Reads the items of one open file."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._size = min(limits.unpacked_mb, limits.memory_mb // _MEMORY_SHARE) << 20
        self._names: dict[int, Named] | None = None
        self.faults: list[str] = []

    @property
    def names(self) -> dict[int, Named]:
        """What the ids of named properties stand for, 2.4.7; what is lost is among `faults`."""
        if self._names is None:
            try:
                self._names = self._read_names()
            except (PstError, TooLargeError) as error:
                self._names = {}
                self.faults.append(f"the names of named properties are lost ({error})")
        return self._names

    def _read_names(self) -> dict[int, Named]:
        node = self._store.node(NAMES_NODE)
        if node is None:
            raise PstError("their node is missing")
        context = Context(self._store, node, self.allowance())
        streams: dict[str, bytes] = {}
        for raw in context.raws():
            value = context.value(raw)
            if raw.type == mapi.BINARY and isinstance(value, bytes):
                streams[f"__SUBSTG1.0_{raw.id:04X}0102"] = value
        return read_names(streams)

    def allowance(self) -> Allowance:
        """What one item may cost."""
        return Allowance(self._size)

    def properties(self, node: Node) -> Bag:
        """The properties of a folder or of the message store; raises `PstError`."""
        context = Context(self._store, node, self.allowance())
        return Bag(_Reading(self._store, self._limits, self.names).properties(context, "it", ()))

    def item(self, node: Node) -> Item:
        """An item with all that is in it; raises `PstError` and `TooLargeError`.

        What cannot be read of it is said in its notes.
        """
        doubtful = self._store.doubtful
        reading = _Reading(self._store, self._limits, self.names)
        item = reading.item(node, self.allowance(), "cp1252", 0)
        if self._store.doubtful > doubtful:
            reading.warn(Code.PARTIAL, "Some of its bytes do not agree with their checksum")
        return replace(item, notes=tuple(reading.notes))


class _Reading:
    """One item being read, with the notes on it."""

    def __init__(self, store: Store, limits: Limits, names: dict[int, Named]) -> None:
        self._store = store
        self._limits = limits
        self._names = names
        self._left = limits.embedded
        self.notes: list[Note] = []

    def warn(self, code: Code, text: str) -> None:
        """Note what is odd."""
        self.notes.append(warning(code, text, TOOL, VERSION))

    def item(self, node: Node, allowance: Allowance, codepage: str, depth: int) -> Item:
        """The item of a node; `codepage` is that of the item around it."""
        context = Context(self._store, node, allowance)
        whose = "it" if not depth else "an embedded message"
        properties = plain_subject(self.properties(context, whose, (), is_item=True))
        codepage = codepage_of(properties, codepage)
        bag = Bag(properties, codepage)
        recipients = tuple(Bag(each, codepage) for each in self._recipients(context, bag))
        attachments = tuple(self._attachments(context, codepage, depth))
        return Item(bag, recipients, attachments)

    def properties(
        self, context: Context, whose: str, skip: tuple[int, ...], *, is_item: bool = False
    ) -> list[Property]:
        """All properties that can be read; the others are said in a note."""
        found, lost, code = list[Property](), list[str](), Code.PARTIAL
        raws = context.raws()
        while True:
            try:
                raw = next(raws, None)
            except (PstError, TooLargeError) as error:
                if not found:
                    raise
                self._rest_lost(whose, error, is_item=is_item)
                break
            if raw is None:
                break
            if raw.id in skip or not raw.id:  # an empty place, which some writers leave
                continue
            try:
                found.append(self._property(context, raw))
            except (PstError, TooLargeError) as error:
                code = Code.TOO_LARGE if isinstance(error, TooLargeError) else code
                lost.append(f"{raw.id:04X}")
                if is_item and raw.id in _BODIES:
                    self._body_lost(whose, error)
        if lost:
            self.warn(code, f"Properties of {whose} that cannot be read: {_listed(lost)}")
        return found

    def _rest_lost(self, whose: str, error: PstError | TooLargeError, *, is_item: bool) -> None:
        text = f"The list of properties of {whose} is damaged ({error}); what stands before came"
        if is_item:
            self.notes.append(exception(Code.CORRUPT, f"{text}. {_COPY}", TOOL, VERSION))
        else:
            self.warn(Code.PARTIAL, f"{text}. {_COPY}")

    def _body_lost(self, whose: str, error: PstError | TooLargeError) -> None:
        if isinstance(error, TooLargeError):
            text = f"A body of {whose} is larger than the limit. Raise limits.unpacked_mb and "
            self.notes.append(
                exception(
                    Code.TOO_LARGE, text + "limits.memory_mb, and ingest again", TOOL, VERSION
                )
            )
            return
        text = f"A body of {whose} cannot be read ({error}). {_COPY}"
        self.notes.append(exception(Code.CORRUPT, text, TOOL, VERSION))

    def _property(self, context: Bytes, raw: Raw) -> Property:
        value = context.value(raw)
        if raw.type == mapi.OBJECT and isinstance(value, bytes):
            value = context.at(int.from_bytes(value[:4], "little"))
        return Property(raw.id, raw.type, value, self._names.get(raw.id))

    def _row(self, table: Table, cells: list[Raw], lost: list[str]) -> list[Property]:
        found = []
        for raw in cells:
            if raw.id in _OF_THE_TABLE or raw.type == mapi.OBJECT:
                continue
            try:
                found.append(self._property(table, raw))
            except PstError:
                lost.append(f"{raw.id:04X}")
        return found

    def _recipients(self, context: Context, bag: Bag) -> Iterator[list[Property]]:
        lost: list[str] = []
        count = 0
        try:
            for table, _, cells in self._rows(context, _RECIPIENTS):
                count += 1
                yield self._row(table, cells, lost)
        except (PstError, TooLargeError) as error:
            text = f"Recipients cannot be read, {count} could ({error})"
            self.warn(Code.PARTIAL, f"{text}; compare the header fields and the shown To, CC, BCC")
        if lost:
            text = f"Properties of recipients that cannot be read: {_listed(lost)}"
            self.warn(Code.PARTIAL, text)
        if not count and _RECIPIENTS not in context.subnodes and any(map(bag.text, _SHOWN_TO)):
            text = "It has no list of recipients; there are only the names shown as To, CC and BCC"
            self.warn(Code.PARTIAL, text)

    def _rows(self, context: Context, nid: int) -> Iterator[tuple[Table, int, list[Raw]]]:
        node = context.subnodes.get(nid)
        if node is None:
            return
        table = Table(self._store, node, context.allowance)
        for row_id, cells in table.rows():
            self._left -= 1
            if self._left < 0:
                text = f"More recipients and attachments than the limit of {self._limits.embedded}"
                self.warn(Code.TOO_MANY, f"{text}; the rest was left out. Raise limits.embedded")
                return
            yield table, row_id, cells

    def _attachments(self, context: Context, codepage: str, depth: int) -> Iterator[Attachment]:
        lost: list[str] = []
        listed: set[int] = set()
        try:
            for table, nid, cells in self._rows(context, _ATTACHMENTS):
                listed.add(nid)
                row = self._row(table, cells, lost)
                yield self._attachment(context, nid, row, codepage, depth)
        except (PstError, TooLargeError) as error:
            text = f"The list of attachments is damaged ({error})"
            self.warn(Code.EMBEDDED_LOST, f"{text}; what else belongs to the item was looked for")
        for nid in context.subnodes:
            if nid & 0x1F == 0x05 and nid not in listed and self._left >= 0:
                self.warn(Code.RECOVERED, "An attachment that is not on the item's list was taken")
                yield self._attachment(context, nid, [], codepage, depth)

    def _attachment(
        self, context: Context, nid: int, row: list[Property], codepage: str, depth: int
    ) -> Attachment:
        """One attachment; where its own properties are lost, what the list says of it."""
        node = context.subnodes.get(nid)
        try:
            if node is None:
                raise PstError("its node is missing")
            inner = Context(self._store, node, context.allowance)
            found, message = self._held(inner, codepage, depth)
        except (PstError, TooLargeError) as error:
            bag = Bag(row, codepage)
            self._attachment_lost(bag, error)
            return Attachment(bag)
        known = {each.id for each in found}
        return Attachment(
            Bag((*found, *(each for each in row if each.id not in known)), codepage), message
        )

    def _held(
        self, context: Context, codepage: str, depth: int
    ) -> tuple[list[Property], Item | None]:
        """An attachment's properties, and the message that it is."""
        raws = {raw.id: raw for raw in _until_damage(context.raws())}
        found = self.properties(context, "an attachment", (_DATA,))
        bag = Bag(found, codepage)
        data, method = raws.get(_DATA), bag.integer(_METHOD)
        try:
            if data is None:
                self._without_data(bag, method)
            elif data.type == mapi.OBJECT and method in (_EMBEDDED, None):
                return found, self._message(context, data, codepage, depth)
            else:
                found.append(self._property(context, data))
        except (PstError, TooLargeError) as error:
            self._attachment_lost(bag, error)
        return found, None

    def _message(self, context: Context, data: Raw, codepage: str, depth: int) -> Item:
        value = context.value(data)
        nid = int.from_bytes(value[:4], "little") if isinstance(value, bytes) else 0
        node = context.subnodes.get(nid)
        if node is None:
            raise PstError("the embedded message is missing")
        if depth >= self._limits.depth:
            raise PstError(f"messages nest deeper than limits.depth of {self._limits.depth}")
        return self.item(node, context.allowance, codepage, depth + 1)

    def _without_data(self, bag: Bag, method: int | None) -> None:
        name = _name(bag)
        if method in (_BY_VALUE, _EMBEDDED, _OLE):
            text = f"Attachment {name} has no bytes in the mailbox: it may not have been downloaded"
            self.warn(Code.EMBEDDED_LOST, f"{text}. Collect the mailbox from its server")
        elif method:
            text = f"Attachment {name} is only a link to a file; the file is not in the mailbox"
            self.warn(Code.EMBEDDED_LOST, f"{text}. Collect it if it matters")

    def _attachment_lost(self, bag: Bag, error: PstError | TooLargeError) -> None:
        if isinstance(error, TooLargeError):
            text = f"Attachment {_name(bag)} would make the item larger than the limit"
            self.warn(
                Code.TOO_LARGE, f"{text}. Raise limits.unpacked_mb and limits.memory_mb, and again"
            )
            return
        text = f"Attachment {_name(bag)} cannot be read: {error}"
        self.warn(Code.EMBEDDED_LOST, f"{text}. {_COPY}")


def _until_damage(raws: Iterator[Raw]) -> Iterator[Raw]:
    try:
        yield from raws
    except (PstError, TooLargeError):
        return


def _name(bag: Bag) -> str:
    name = bag.text(0x3707) or bag.text(0x3704) or bag.text(0x3001)
    return repr(name[:200]) if name else "without a name"


def _listed(lost: list[str]) -> str:
    more = len(lost) - _MOST_SHOWN
    return ", ".join(lost[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
