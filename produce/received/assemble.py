"""From rows and image lines to documents: each row is one, and each image belongs to one."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from produce.received import delimited, edrm
from produce.received.columns import Columns, columns_of
from produce.received.images import read_images
from produce.received.interface import (
    Defect,
    Dialect,
    Entry,
    FoundFile,
    ImageLine,
    ImageList,
    OtherLink,
    Page,
    Row,
)
from produce.received.links import Disk, Found
from produce.received.mapping import DataMap, Mapping
from produce.received.numbers import Number, key, number
from produce.received.spool import Spool
from records.errors import ReceiptError

_LFP = "lfp"
_PICTURES = ("tif", "tiff", "jpg", "jpeg")


@dataclass(slots=True)
class Volume:
    """A volume put together: its documents in the order of the load files, and all that is odd.

    `uses` tells of each file of the disk what it is; `counts` add up: rows = documents with a row
    + rows kept raw, image lines = pages + unread lines + lines of a second list.
    """

    folder: Path
    mapping: Mapping
    columns: list[Columns]
    entries: list[Entry] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    uses: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    has_images: bool = False
    logged: frozenset[str] = frozenset()

    def complain(
        self, code: str, message: str, entry: Entry | None = None, where: str = ""
    ) -> None:
        """Note a defect."""
        beg, end = (entry.beg, entry.end) if entry else ("", "")
        if entry and not beg:
            where = where or f"line {entry.line}"
        self.defects.append(Defect(code, message, beg, end, where))


def assemble(folder: Path, mapping: Mapping, files: Sequence[FoundFile], spool: Spool) -> Volume:
    """Read all load files that the mapping names. Raises `ReceiptError` where it cannot hold."""
    volume = Volume(folder, mapping, [])
    disk = Disk(each.path for each in files)
    volume.uses = {each.path: _use(each, mapping) for each in files}
    extra: dict[int, tuple[str, ...]] = {}
    for at, data in enumerate(mapping.data):
        _require(volume, data.file)
        _read_rows(volume, at, data, spool, extra)
    lists = [
        (each, read_images(folder / _require(volume, each.file), each.kind, each.encoding))
        for each in mapping.images
    ]
    volume.logged = _logged(folder, files)
    by_number = _numbered(volume)
    _take_images(volume, by_number, lists)
    for place, paths in extra.items():
        entry = volume.entries[place]
        entry.images = [
            Page(_key_of(entry, n), path, 0, entry.line) for n, path in enumerate(paths)
        ]
        volume.counts["image lines"] += len(paths)
        volume.has_images = True
    _resolve(volume, disk)
    return volume


def _logged(folder: Path, files: Sequence[FoundFile]) -> frozenset[str]:
    """The numbers that privilege logs of the volume hold, in whichever column."""
    found: set[str] = set()
    for each in files:
        if each.use != "privilege-log":
            continue
        path = folder / each.path
        dialect = delimited.dialect_of(path)
        for row in delimited.rows(path, dialect, len(delimited.header_of(path, dialect))):
            words = (word.strip(",;") for value in row.values for word in value.split())
            found.update(key(word) for word in words if (n := number(word)) and n.prefix)
    return frozenset(found)


def _key_of(entry: Entry, at: int) -> str:
    return entry.beg if not at else f"{entry.beg}.{at + 1:04d}"


def _use(file: FoundFile, mapping: Mapping) -> str:
    named = {each.file for each in mapping.data} | {each.file for each in mapping.images}
    if file.path in named:
        return "load file"
    kinds = {"privilege-log": "privilege log", "manifest": "manifest"}
    return kinds.get(file.use, "unlisted")


def _require(volume: Volume, path: str) -> str:
    if path not in volume.uses:
        raise ReceiptError(
            f"The mapping names {path}, which is no file of {volume.folder}: paths are relative "
            "to the volume's folder, with forward slashes"
        )
    if (volume.folder / path).is_symlink():
        raise ReceiptError(f"{path} is a link, which is not followed: put the file in its place")
    return path


def _read_rows(
    volume: Volume, at: int, data: DataMap, spool: Spool, extra: dict[int, tuple[str, ...]]
) -> None:
    names, rows, images = _source(volume.folder / data.file, data)
    missing = sorted(set(data.fields.values()) - set(names))
    if missing:
        raise ReceiptError(
            f"The mapping names the column {missing[0]!r}, which {data.file} has not; its columns "
            f"are: {', '.join(names)}"
        )
    if "BegBates" not in data.fields:
        raise ReceiptError(
            f"No column of {data.file} is known to hold the first Bates number: write a mapping "
            "file with 'redwell receive look --map FILE' and name it there as BegBates"
        )
    columns = columns_of(data, names)
    volume.columns.append(columns)
    for count, row in enumerate(rows):
        volume.counts["rows"] += 1
        entry = _entry(volume, columns, row, data.file)
        if entry is None:
            continue
        entry.row = spool.add(at, row.values, row.raw, row.fault)
        if count in images:
            extra[entry.place] = images[count]


def _source(
    path: Path, data: DataMap
) -> tuple[tuple[str, ...], Iterable[Row], dict[int, tuple[str, ...]]]:
    if data.kind == "edrm":
        try:
            return edrm.read_edrm(path)
        except edrm.EdrmError as error:
            raise ReceiptError(f"{path} cannot be read: {error}") from error
    dialect = Dialect(
        data.encoding, data.delimiter, data.qualifier, data.newline, data.header, data.bom
    )
    try:
        names = delimited.header_of(path, dialect)
    except (LookupError, UnicodeError) as error:
        raise ReceiptError(f"{path} cannot be read as {data.encoding}: {error}") from error
    return names, delimited.rows(path, dialect, len(names)), {}


def _entry(volume: Volume, columns: Columns, row: Row, file: str) -> Entry | None:
    """The document of a row; None for a piece of one that tells no number of its own.

    Of a row that could not be read whole only the number is believed.
    """
    beg = columns.get(row.values, "BegBates")
    where = f"{file} line {row.line}"
    if row.fault and (number(beg) is None or len(beg) > 64):
        volume.counts["rows kept raw"] += 1
        text = f"The row cannot be read: {row.fault}. It begins {row.raw[:120]!r}"
        volume.complain("row-unreadable", text, where=where)
        return None
    entry = Entry(len(volume.entries), None, row.line, beg, "", whole=not row.fault)
    entry.root = entry.place
    volume.entries.append(entry)
    if row.fault:
        volume.complain("row-broken", f"The row cannot be read whole: {row.fault}", entry, where)
    else:
        _fill(entry, columns, row)
    for remark in row.remarks:
        code = "row-encoding" if "decode" in remark else "row-odd"
        volume.complain(code, f"The row has {remark}", entry, where)
    if not beg:
        volume.complain("bates-missing", "The row tells no Bates number", where=where)
    return entry


def _fill(entry: Entry, columns: Columns, row: Row) -> None:
    def get(name: str) -> str:
        return columns.get(row.values, name)

    entry.end = get("EndBates")
    entry.beg_attach, entry.end_attach = get("BegAttach"), get("EndAttach")
    if not entry.beg_attach and get("AttachRange"):
        entry.beg_attach, entry.end_attach = _range(get("AttachRange"))
    entry.parent_bates = get("ParentBates")
    count = get("PageCount")
    entry.pages_told = int(count) if count.isascii() and count.isdigit() else None
    entry.native_told, entry.text_told = get("NativeLink"), get("TextLink")
    entry.has_text_field = bool(get("Text"))
    entry.hashes = (get("MD5").lower(), get("SHA1").lower(), get("SHA256").lower())


def _range(text: str) -> tuple[str, str]:
    """A range as `ABC001 - ABC009`, `ABC001-ABC009` or `ABC001;ABC009`."""
    for sign in (" - ", " – ", ";", " to ", "–"):
        first, found, last = text.partition(sign)
        if found:
            return first.strip(), last.strip()
    half, odd = divmod(len(text), 2)
    if odd and text[half] == "-":
        return text[:half], text[half + 1 :]
    return text, ""


def _numbered(volume: Volume) -> dict[str, Entry]:
    """Documents by their first number; the first of several keeps it."""
    found: dict[str, Entry] = {}
    for entry in volume.entries:
        if not entry.beg:
            continue
        first = found.setdefault(key(entry.beg), entry)
        if first is not entry:
            text = f"{entry.beg} begins two documents, on lines {first.line} and {entry.line}"
            volume.complain("bates-duplicate", text, entry)
    return found


class _Ranges:
    """Which document's range holds a number."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        ranged: list[tuple[Number, Number, Entry]] = []
        for entry in entries:
            first, last = number(entry.beg), number(entry.end)
            if first and last and first.prefix.casefold() == last.prefix.casefold():
                ranged.append((first, last, entry))
        ranged.sort(key=lambda each: (each[0].prefix.casefold(), each[0].value, each[2].place))
        self._ranged = ranged
        self._keys = [(first.prefix.casefold(), first.value) for first, _, _ in ranged]

    def holding(self, text: str) -> Entry | None:
        """The last document that begins at or before a number and does not end before it."""
        wanted = number(text)
        if wanted is None:
            return None
        at = bisect_right(self._keys, (wanted.prefix.casefold(), wanted.value)) - 1
        if at < 0:
            return None
        first, last, entry = self._ranged[at]
        same = first.prefix.casefold() == wanted.prefix.casefold()
        return entry if same and wanted.value <= last.value else None


def _take_images(
    volume: Volume, by_number: dict[str, Entry], lists: Sequence[tuple[object, ImageList]]
) -> None:
    """Give each image line of the first list its document; a second one is compared with it."""
    ranges = _Ranges(volume.entries)
    opts = [each for each in lists if getattr(each[0], "kind", "") != _LFP]
    taken = opts or lists
    for mapped, found in lists:
        file = getattr(mapped, "file", "")
        for bad in found.bad:
            volume.counts["image lines unread"] += 1
            text = f"The line cannot be read: {bad.why}. It reads {bad.raw[:120]!r}"
            volume.complain("line-unreadable", text, where=f"{file} line {bad.line}")
        _take_links(volume, by_number, found.links)
        lines = len(found.images) + len(found.bad)
        volume.counts["image lines"] += lines
        volume.counts["image list lines of other kinds"] += found.other + len(found.links)
        if (mapped, found) in taken:
            volume.has_images = volume.has_images or bool(found.images)
            _group(volume, by_number, ranges, found.images, file)
        else:
            volume.counts["image lines of a second list"] += len(found.images)
            _compare(volume, by_number, taken, found, file)


def _take_links(volume: Volume, by_number: dict[str, Entry], links: Sequence[OtherLink]) -> None:
    for link in links:
        entry = by_number.get(key(link.key))
        if entry is None:
            volume.complain(
                "link-without-row", f"A {link.kind} file is named for {link.key}, which has no row"
            )
        elif link.kind == "native":
            entry.native_told = entry.native_told or link.path
        else:
            entry.text_told = entry.text_told or link.path


def _group(
    volume: Volume,
    by_number: dict[str, Entry],
    ranges: _Ranges,
    images: Sequence[ImageLine],
    file: str,
) -> None:
    """Follow the lines: a break begins a document, and so does the number of a row's own."""
    now: Entry | None = None
    rowed = {id(each) for each in volume.entries}
    seen: dict[str, int] = {}
    for line in images:
        own = by_number.get(key(line.key))
        where = f"{file} line {line.line}"
        if key(line.key) in seen:
            text = f"The image {line.key} stands on lines {seen[key(line.key)]} and {line.line}"
            volume.complain("image-duplicate", text, own, where)
        seen.setdefault(key(line.key), line.line)
        if own is not None and own is not now:
            if not line.start:
                text = "Its first image is not marked as the first of a document"
                volume.complain("break-missing", text, own, where)
            now = own
        elif line.start and own is None:
            holder = ranges.holding(line.key)
            if holder is not None and rowed:
                text = f"The image list begins a document at {line.key}, within its range"
                volume.complain("break-within", text, holder, where)
                now = holder
            else:
                now = _without_row(volume, by_number, line, where)
        elif now is None:
            now = ranges.holding(line.key) or _without_row(volume, by_number, line, where)
        now.images.append(Page(line.key, line.path, line.frame, line.line))
        now.lfp_child = now.lfp_child or line.start == "child"
        if line.pages is not None:
            now.pages_listed = (now.pages_listed or 0) + line.pages


def _without_row(volume: Volume, by_number: dict[str, Entry], line: ImageLine, where: str) -> Entry:
    """A document that only images tell of."""
    entry = Entry(len(volume.entries), None, line.line, line.key, "")
    entry.root = entry.place
    volume.entries.append(entry)
    by_number.setdefault(key(line.key), entry)
    volume.counts["documents without a row"] += 1
    if volume.columns:
        volume.complain("image-without-row", "There are images of it, and no row", entry, where)
    return entry


def _compare(
    volume: Volume,
    by_number: dict[str, Entry],
    taken: Sequence[tuple[object, ImageList]],
    second: ImageList,
    file: str,
) -> None:
    first = {key(line.key) for _, found in taken for line in found.images}
    other = {key(line.key) for line in second.images}
    for line in second.images:
        entry = by_number.get(key(line.key))
        if entry is not None and line.start == "child":
            entry.lfp_child = True
    for keys, text in ((first - other, "lacks"), (other - first, "alone names")):
        if keys:
            some = ", ".join(sorted(keys)[:5]).upper()
            volume.complain(
                "image-lists",
                f"{file} {text} {len(keys)} images of the other list: {some}",
                where=file,
            )


def _resolve(volume: Volume, disk: Disk) -> None:
    """Find the files that are named; what no field names is taken by its own name."""
    used: dict[str, Entry] = {}
    for entry in volume.entries:
        _finish_end(volume, entry)
        entry.native = _linked(volume, disk, entry, "native", entry.native_told)
        entry.text = _linked(volume, disk, entry, "text", entry.text_told)
        for page in entry.images:
            page.path = _linked(volume, disk, entry, "image", page.path, page.key)
        for use, path in (("native", entry.native), ("text", entry.text)):
            if path and volume.uses.get(path) == use and used.get(path) is not entry:
                volume.complain(f"{use}-shared", f"{path} belongs to another document too", entry)
            if path:
                volume.uses[path] = use
                used.setdefault(path, entry)
        volume.uses.update((page.path, "image") for page in entry.images if page.path)
    _by_name(volume)
    volume.counts["pages"] = sum(len(each.images) for each in volume.entries)


def _finish_end(volume: Volume, entry: Entry) -> None:
    """Where no field tells the last number, the last image does, or the count of pages."""
    if entry.end or not entry.beg:
        entry.end = entry.end or entry.beg
        return
    last = number(entry.images[-1].key) if entry.images else None
    first = number(entry.beg)
    same = first and last and first.prefix == last.prefix and last.value >= first.value
    entry.end = entry.images[-1].key if same else entry.beg
    if not volume.has_images and first and (entry.pages_told or 0) > 1:
        value = first.value + (entry.pages_told or 1) - 1
        entry.end = f"{first.prefix}{value:0{first.width}d}"


def _linked(volume: Volume, disk: Disk, entry: Entry, kind: str, told: str, name: str = "") -> str:
    """The file that a link names; empty where there is none, which is a defect."""
    if not told:
        return ""
    found: Found | None = disk.find(told)
    shown = f"{name} " if name and name != entry.beg else ""
    if found is None:
        volume.complain(f"{kind}-missing", f"{shown}The file {told} did not come".strip(), entry)
        return ""
    if not found.exact:
        text = f"{told} is cased otherwise on the disk: {found.path}"
        volume.complain("link-case", text, entry)
    return found.path


def _by_name(volume: Volume) -> None:
    """Natives and texts that no field names, by a file's name that is a document's number."""
    mapped = {name for columns in volume.columns for name in columns.places}
    wanted = {name for name in ("NativeLink", "TextLink") if name not in mapped}
    if not wanted:
        return
    stems: dict[str, Entry] = {}
    for entry in volume.entries:
        stems.setdefault(key(entry.beg), entry)
    for path in [each for each, use in volume.uses.items() if use == "unlisted"]:
        name, _, ext = path.rpartition("/")[2].rpartition(".")
        named = stems.get(key(name)) if name else None
        if named is not None:
            _name(volume, named, path, ext.lower(), wanted)


def _name(volume: Volume, entry: Entry, path: str, ext: str, wanted: set[str]) -> None:
    """Take a file for the text or native of the document that it is named by."""
    if ext == "txt":
        if "TextLink" in wanted and not entry.text and not entry.has_text_field:
            entry.text, volume.uses[path] = path, "text"
    elif "NativeLink" in wanted and not entry.native:
        if ext in _PICTURES and not volume.has_images:
            return  # pages, which an image list should name
        entry.native, volume.uses[path] = path, "native"
