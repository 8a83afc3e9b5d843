"""What is wrong with a received volume, as the party that received it writes in a letter."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import sqlalchemy as sa

from produce.received.assemble import Volume
from produce.received.fields import typed
from produce.received.interface import Defect, Entry, FileFacts
from produce.received.known import still_missing
from produce.received.numbers import Number, key, number, shown
from produce.received.spool import Spool
from records import tables

_R, _D = tables.received_documents.c, tables.documents.c
_TIFF_DPI = 300.0

TITLES: dict[str, str] = {
    "row-unreadable": "Rows of the load file that cannot be read",
    "row-broken": "Rows of which only the number can be read",
    "row-encoding": "Rows with bytes that do not decode",
    "row-odd": "Rows that break the format and could be read",
    "line-unreadable": "Lines of the image list that cannot be read",
    "bates-missing": "Rows without a Bates number",
    "bates-form": "Numbers that are no range",
    "bates-duplicate": "Numbers that stand twice",
    "bates-overlap": "Numbers that overlap within the volume",
    "bates-gap": "Gaps in the numbers",
    "earlier-overlap": "Numbers that were produced before",
    "documents-count": "The load file and the image list name different numbers of documents",
    "image-without-row": "Images of documents that the load file does not name",
    "image-none": "Documents without images",
    "image-missing": "Images that did not come",
    "image-duplicate": "Images that are listed twice",
    "image-lists": "Image lists that do not agree",
    "break-missing": "Documents whose first image is not marked",
    "break-within": "Documents that the image list parts in two",
    "page-count": "Page counts that do not agree",
    "image-unreadable": "Images that do not open",
    "image-format": "TIFF images that are not CCITT Group IV",
    "image-dpi": "TIFF images that are not of 300 dpi",
    "image-pages": "Files of several pages where each page is due its own",
    "native-missing": "Natives that did not come",
    "native-shared": "Natives that belong to several documents",
    "hash-mismatch": "Natives whose hash is not the one produced",
    "size-mismatch": "Natives whose size is not the one produced",
    "text-missing": "Text files that did not come",
    "text-shared": "Text files that belong to several documents",
    "text-none": "Documents without text",
    "text-empty": "Texts that are empty though the native has text",
    "text-encoding": "Texts that do not decode",
    "family-parent-missing": "Families whose parent did not come",
    "family-child-missing": "Families of which an attachment did not come",
    "family-circle": "Families that go round in a circle",
    "family-range": "Attachment ranges that are not those of the family",
    "family-order": "Families that do not stand together",
    "attachment-count": "Attachment counts that do not agree",
    "date-unreadable": "Dates that cannot be read",
    "link-without-row": "Files named for documents that have no row",
    "link-case": "Paths that are cased otherwise on the disk",
    "file-unlisted": "Files that no load file names",
    "file-unreadable": "Files that cannot be read",
    "manifest-mismatch": "Files that are not what the volume's own manifest says",
}
"""Each kind of defect, as a letter heads it, in the order of a letter."""


def find_defects(
    connection: sa.Connection,
    volume_id: int,
    party: str,
    volume: Volume,
    spool: Spool,
    facts: dict[str, FileFacts],
) -> list[Defect]:
    """All defects of a volume that is on record, in the order of `TITLES` and of the numbers."""
    found = [
        *volume.defects,
        *_numbers(volume),
        *_pages(volume),
        *_images(volume, facts),
        *_natives(volume, facts),
        *_texts(connection, volume_id, volume, facts),
        *_families(volume, spool),
        *_rows(volume, spool, facts),
        *_files(volume, facts),
        *_earlier(connection, volume_id, volume),
    ]
    order = {code: at for at, code in enumerate(TITLES)}
    unique = dict.fromkeys(still_missing(connection, volume_id, volume, spool, found))
    return sorted(unique, key=lambda each: (order[each.code], _order(each.beg), each.where))


def _order(beg: str) -> tuple[str, int]:
    found = number(beg)
    return (found.prefix, found.value) if found else (beg, 0)


def _of(code: str, entry: Entry, message: str, where: str = "") -> Defect:
    if not entry.beg:
        where = where or f"line {entry.line}"
    return Defect(code, message, entry.beg, entry.end, where)


def _numbers(volume: Volume) -> Iterator[Defect]:
    ranged: list[tuple[Number, Number, Entry]] = []
    for entry in volume.entries:
        first, last = number(entry.beg), number(entry.end)
        if not entry.beg:
            continue
        if first is None or last is None or first.prefix != last.prefix or last < first:
            yield _of("bates-form", entry, f"{entry.beg} to {entry.end} is no range")
        else:
            ranged.append((first, last, entry))
    ranged.sort(key=lambda each: (each[0].prefix, each[0].value, each[2].place))
    reach: tuple[Number, Entry] | None = None
    for first, last, entry in ranged:
        if reach is not None and reach[0].prefix == first.prefix:
            yield from _step(volume, reach, first, entry)
        if reach is None or reach[0].prefix != first.prefix or last.value > reach[0].value:
            reach = (last, entry)


def _step(
    volume: Volume, reach: tuple[Number, Entry], first: Number, entry: Entry
) -> Iterator[Defect]:
    end, before = reach
    if first.value <= end.value:
        if key(before.beg) != key(entry.beg):  # that is said of two rows with one number
            yield _of("bates-overlap", entry, f"It begins within {before.beg} to {before.end}")
    elif first.value > end.value + 1:
        lost = first.value - end.value - 1
        begin = shown(end.prefix, end.value + 1, end.width)
        stop = shown(end.prefix, first.value - 1, end.width)
        count = "1 number" if lost == 1 else f"{lost} numbers"
        if key(begin) not in volume.logged:
            message = f"{count} after {before.end}, neither produced nor logged"
            yield Defect("bates-gap", message, begin, stop)


def _pages(volume: Volume) -> Iterator[Defect]:
    if not volume.has_images:
        return
    with_images = sum(1 for each in volume.entries if each.images)
    rows = sum(1 for each in volume.entries if each.row is not None)
    if volume.columns and with_images != rows:
        text = f"{rows} documents in the load file, {with_images} in the image list"
        yield Defect("documents-count", text, where="volume")
    for entry in volume.entries:
        if not entry.images:
            yield _of("image-none", entry, "The image list names no image of it")
        elif text := _miscounted(entry):
            yield _of("page-count", entry, text)


def _miscounted(entry: Entry) -> str:
    """How the counts of a document's pages differ; empty where they do not.

    One image may be a file of several pages, which is counted where it is opened.
    """
    count = len(entry.images)
    told = {"by the row": entry.pages_told, "by the image list": entry.pages_listed}
    first, last = number(entry.beg), number(entry.end)
    if first and last and entry.row is not None and number(entry.images[-1].key):
        told["by its range"] = last.value - first.value + 1
    if count > 1 or entry.images[0].frame:
        told["images listed"] = count
    known = {name: value for name, value in told.items() if value is not None}
    if len(set(known.values())) < 2:
        return ""
    return ", ".join(f"{value} {name}" for name, value in known.items())


def _images(volume: Volume, facts: dict[str, FileFacts]) -> Iterator[Defect]:
    for entry in volume.entries:
        by_path = {page.path: page for page in entry.images if page.path}
        for path, page in by_path.items():
            found = facts[path]
            if found.sha256 is None:
                continue
            if found.image is None:
                yield _of("image-unreadable", entry, f"{page.key}: {path}: {found.why}")
                continue
            yield from _image(entry, page.key, path, found, len(entry.images))


def _image(entry: Entry, page: str, path: str, found: FileFacts, listed: int) -> Iterator[Defect]:
    assert found.image is not None
    kind, compression, across, down, frames, _, _ = found.image
    if kind == "TIFF":
        if compression != "g4":
            yield _of(
                "image-format", entry, f"{page}: {path} is TIFF {compression or 'of no kind'}"
            )
        if (across, down) != (_TIFF_DPI, _TIFF_DPI):
            yield _of("image-dpi", entry, f"{page}: {path} is of {across:g} by {down:g} dpi")
    told = entry.pages_told or entry.pages_listed or listed
    if listed == 1 and not entry.images[0].frame and frames != told:
        text = f"{path} has {frames} pages, and {told} are told"
        yield _of("page-count", entry, text)
    elif frames > 1 and kind == "TIFF" and listed > 1 and not any(p.frame for p in entry.images):
        yield _of("image-pages", entry, f"{page}: {path} has {frames} pages")


def _natives(volume: Volume, facts: dict[str, FileFacts]) -> Iterator[Defect]:
    for entry in volume.entries:
        found = facts.get(entry.native)
        if found is None or found.sha256 is None:
            continue
        have = (found.md5, found.sha1, found.sha256)
        names = ("MD5", "SHA-1", "SHA-256")
        for name, told, is_ in zip(names, entry.hashes, have, strict=True):
            if len(told) == len(is_) and told != is_:
                yield _of(
                    "hash-mismatch", entry, f"{name} {told} is told; {entry.native} has {is_}"
                )


def _texts(
    connection: sa.Connection, volume_id: int, volume: Volume, facts: dict[str, FileFacts]
) -> Iterator[Defect]:
    own = sa.select(_R.place).join(tables.documents, _D.id == _R.document_id)
    filled = own.where(_R.volume_id == volume_id, _D.text_chars > 0, _D.text_source == "native")
    has_text = set(connection.execute(filled).scalars())
    for entry in volume.entries:
        found = facts.get(entry.text)
        if found is not None and found.sha256 is not None:
            if found.odd:
                text = f"{entry.text}, read as {found.charset}: {found.odd} characters are none"
                yield _of("text-encoding", entry, text)
            elif found.guessed:
                text = f"{entry.text} tells no charset; {found.charset} is the likeliest"
                yield _of("text-encoding", entry, text)
        empty = not entry.has_text_field and (found is None or not found.chars)
        if not empty:
            continue
        if entry.native and entry.place in has_text:
            what = "Its text is empty" if found is not None else "No text of it came"
            yield _of("text-empty", entry, f"{what}, and the native {entry.native} has text")
        elif found is None and not entry.text_told:
            yield _of("text-none", entry, "Neither a text file nor a text field of it came")


def _families(volume: Volume, spool: Spool) -> Iterator[Defect]:
    children: dict[int, int] = {}
    members: dict[int, list[Entry]] = {}
    for entry in volume.entries:
        members.setdefault(entry.root, []).append(entry)
        if entry.parent is not None:
            children[entry.parent] = children.get(entry.parent, 0) + 1
    for family in members.values():
        yield from _family(family)
    for entry in volume.entries:
        if entry.row is None or not entry.whole:
            continue
        data, values, _, _ = spool.get(entry.row)
        told = volume.columns[data].get(values, "AttachmentCount")
        have = children.get(entry.place, 0)
        if told.isascii() and told.isdigit() and int(told) != have:
            yield _of("attachment-count", entry, f"{told} attachments are told, {have} came")


def _family(family: Sequence[Entry]) -> Iterator[Defect]:
    root = family[0]
    last = max(family, key=lambda each: _order(each.end))
    for entry in family:
        told = (entry.beg_attach, entry.end_attach)
        alone = len(family) == 1 and not any(told)
        if alone or not any(told):
            continue
        wrong_begin = told[0] and key(told[0]) != key(root.beg)
        wrong_end = told[1] and key(told[1]) not in (key(last.end), key(last.beg))
        if wrong_begin or wrong_end:
            text = (
                f"The range {told[0]} to {told[1]} is told; the family is {root.beg} to {last.end}"
            )
            yield _of("family-range", entry, text)
    places = [each.place for each in family]
    if any(after - before != 1 for before, after in pairwise(places)):
        yield _of("family-order", root, "Its attachments do not follow it one by one")


def _rows(volume: Volume, spool: Spool, facts: dict[str, FileFacts]) -> Iterator[Defect]:
    for entry in volume.entries:
        if entry.row is None or not entry.whole:
            continue
        data, values, _, _ = spool.get(entry.row)
        columns = volume.columns[data]
        for problem in typed(columns, values)[1]:
            yield _of("date-unreadable", entry, problem)
        size = columns.get(values, "FileSize").replace(",", "")
        found = facts.get(entry.native)
        told = int(size) if size.isascii() and size.isdigit() else None
        if found and found.sha256 and told is not None and told != found.size:
            text = f"{told} bytes are told; {entry.native} has {found.size}"
            yield _of("size-mismatch", entry, text)


def _files(volume: Volume, facts: dict[str, FileFacts]) -> Iterator[Defect]:
    for path, found in facts.items():
        if found.sha256 is None:
            yield Defect("file-unreadable", found.why, where=path)
        if volume.uses.get(path) == "unlisted":
            yield Defect("file-unlisted", f"{path}, {found.size} bytes", where=path)
        if volume.uses.get(path) == "manifest":
            yield from _manifest(volume, path, facts)


def _manifest(volume: Volume, path: str, facts: dict[str, FileFacts]) -> Iterator[Defect]:
    """Lines of a checksum list: a hash, spaces, a path; of any other kind of file nothing."""
    folder = path.rpartition("/")[0]
    try:
        lines = (volume.folder / path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        digest, _, name = line.strip().partition(" ")
        pick = _DIGESTS.get(len(digest))
        if pick is None or not name.strip():
            continue
        plain = name.strip().lstrip("*").replace("\\", "/").removeprefix("./")
        target = f"{folder}/{plain}" if folder else plain
        found = facts.get(target) or facts.get(plain)
        if found is None:
            yield Defect("manifest-mismatch", f"{plain} did not come", where=path)
        elif found.sha256 and pick(found) != digest.lower():
            yield Defect("manifest-mismatch", f"{plain} has other bytes", where=path)


_DIGESTS: dict[int, Callable[[FileFacts], str]] = {
    32: lambda each: each.md5,
    40: lambda each: each.sha1,
    64: lambda each: each.sha256 or "",
}


def _earlier(connection: sa.Connection, volume_id: int, volume: Volume) -> Iterator[Defect]:
    """Numbers that any party produced before, we too."""
    replaced = sa.select(tables.received.c.replaces_id).where(tables.received.c.id == volume_id)
    others = connection.execute(
        sa.select(_R.prefix, _R.first, _R.last, tables.received.c.name, tables.received.c.party)
        .join(tables.received, tables.received.c.id == _R.volume_id)
        .where(_R.volume_id < volume_id, _R.prefix.is_not(None), _R.replaced_by_id.is_(None))
        .where(sa.func.coalesce(replaced.scalar_subquery(), 0) != _R.volume_id)
    ).all()
    b, p = tables.bates_reservations.c, tables.productions.c
    ours = connection.execute(
        sa.select(b.prefix, b.first, b.last, p.name).join(
            tables.productions, p.id == b.production_id
        )
    ).all()
    spans = [(r.prefix, r.first, r.last, f"{r.name} of {r.party}") for r in others]
    spans += [(r.prefix, r.first, r.last, f"our own {r.name}") for r in ours]
    yield from _overlaps(volume.entries, spans)


def _overlaps(entries: Iterable[Entry], spans: list[tuple[str, int, int, str]]) -> Iterator[Defect]:
    """Entries against spans, both in order of their numbers; a span may be under way for long."""
    spans.sort(key=lambda each: (each[0].casefold(), each[1]))
    ranged = []
    for entry in entries:
        first, last = number(entry.beg), number(entry.end)
        if first and last:
            ranged.append((first.prefix.casefold(), first.value, last.value, entry))
    ranged.sort(key=lambda each: each[:3])
    at = 0
    open_spans: list[tuple[str, int, int, str]] = []
    for prefix, begin, end, entry in ranged:
        while at < len(spans) and (spans[at][0].casefold(), spans[at][1]) <= (prefix, end):
            open_spans.append(spans[at])
            at += 1
        open_spans = [s for s in open_spans if s[0].casefold() == prefix and s[2] >= begin]
        for name in sorted({each[3] for each in open_spans if each[1] <= end}):
            yield _of("earlier-overlap", entry, f"The number is in {name} too")
