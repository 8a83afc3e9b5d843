"""Looks at a volume's folder: which file is what, and how each load file is to be read.

Nothing is written. What is found in doubt is said; what cannot be loaded without an answer is a
question, which a mapping file settles.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from ingest.names import shown
from ingest.walk import walk
from produce.received import decode, delimited
from produce.received.dates import order_of, zone_of
from produce.received.edrm import EdrmError, is_edrm, read_edrm
from produce.received.images import is_lfp, is_opt, read_images
from produce.received.interface import Dialect, FoundFile
from produce.received.mapping import DataMap, ImagesMap, Mapping
from produce.received.names import DATES, known_names, plain
from records.errors import ReceiptError

_HEAD = 8192
_SAMPLED = 5000  # rows
_LOAD_FILES = frozenset({"dat", "csv", "tsv", "txt", "opt", "lfp", "xml", "dii", "log"})
_NOT_LOAD = ("native", "image", "img", "text", "txt", "ocr", "pdf", "tif", "extracted")
_MANIFESTS = ("manifest", "checksum", ".md5", ".sha1", ".sha256", "sha256sum")
_PRIVILEGE = frozenset({"privilegebasis", "privilegetype", "privbasis", "privilegeasserted",
                        "privilegedescription", "privilegeclaim", "basis", "basisforprivilege",
                        "privlogid", "privilege", "privreason", "privilegereason"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataLook:
    """A file of rows: its columns, how many rows, and which columns are understood."""

    file: str
    said: tuple[str, ...]
    columns: tuple[str, ...]
    unmapped: tuple[str, ...]
    rows: int
    unread: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class ImagesLook:
    """An image list: its lines by what they are."""

    file: str
    kind: str
    images: int
    documents: int
    unread: int
    other: int


@dataclass(frozen=True, slots=True)
class Look:
    """All that was found and decided. `doubts` may be wrong, `questions` must be answered."""

    folder: str
    files: tuple[FoundFile, ...]
    counts: dict[str, int]
    data: tuple[DataLook, ...]
    images: tuple[ImagesLook, ...]
    mapping: Mapping
    doubts: tuple[str, ...]
    questions: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values; of the files those that are looked into."""
        return {
            "folder": self.folder,
            "files": [asdict(each) for each in self.files if each.use != "other"],
            "counts": self.counts,
            "data": [asdict(each) for each in self.data],
            "images": [asdict(each) for each in self.images],
            "mapping": self.mapping.model_dump(mode="json"),
            "doubts": list(self.doubts),
            "questions": list(self.questions),
        }


def look(folder: Path) -> Look:
    """Look at a volume. Raises `ReceiptError` where there is no such folder."""
    if not folder.is_dir():
        raise ReceiptError(f"{folder} is no folder: name the folder of the volume")
    files = tuple(_found(folder))
    data: list[DataLook] = []
    images: list[ImagesLook] = []
    doubts: list[str] = []
    questions: list[str] = []
    maps: list[DataMap] = []
    lists: list[ImagesMap] = []
    begs: list[set[str]] = []
    for each in files:
        if each.use in ("data", "edrm"):
            told, mapped, own = _look_at_data(folder, each, doubts, questions)
            if told and mapped:
                data.append(told)
                maps.append(mapped)
                begs.append(own)
        elif each.use == "images":
            kind = each.why.split()[0].lower()
            lists.append(ImagesMap(file=each.path, kind="lfp" if kind == "lfp" else "opt"))
            images.append(_look_at_images(folder, lists[-1]))
    _compare(maps, begs, questions)
    if not maps and not lists:
        questions.append("No load file was found: name it in a mapping file, as [[data]]")
    kinds = Counter(each.use for each in files)
    return Look(
        folder=str(folder),
        files=files,
        counts=dict(sorted(kinds.items())),
        data=tuple(data),
        images=tuple(images),
        mapping=Mapping(volume=folder.resolve().name, data=tuple(maps), images=tuple(lists)),
        doubts=tuple(doubts),
        questions=tuple(questions),
    )


def _compare(maps: Sequence[DataMap], begs: Sequence[set[str]], questions: list[str]) -> None:
    """Several files of rows may part a volume; they may not tell of the same documents twice."""
    for later in range(1, len(maps)):
        for earlier in range(later):
            both = begs[earlier] & begs[later]
            if both:
                questions.append(
                    f"{maps[earlier].file} and {maps[later].file} tell of {len(both)} of the same "
                    f"documents (as {min(both)}): leave one of them out of the mapping file"
                )


def _found(folder: Path) -> list[FoundFile]:
    found = []
    for file in walk(folder):
        path = shown(file.path)
        use, why = "other", ""
        if file.kind == "file":
            use, why = _use(folder, path, file.path, file.size)
        found.append(FoundFile(path, file.size, use, why))
    return found


def _use(folder: Path, path: str, raw: bytes, size: int) -> tuple[str, str]:
    """What a file is taken for, and by what."""
    name = PurePosixPath(path).name.lower()
    if any(each in name for each in _MANIFESTS):
        return "manifest", "its name"
    parents = [each.lower() for each in PurePosixPath(path).parts[:-1]]
    if name.rpartition(".")[2] not in _LOAD_FILES or not size:
        return "other", ""
    if any(each.startswith(word) for each in parents for word in _NOT_LOAD):
        return "other", ""
    if path.encode() != raw:
        return "other", "its name is no UTF-8"
    return _by_content(folder / path, name)


def _by_content(path: Path, name: str) -> tuple[str, str]:
    try:
        charset = decode.charset_of(path)
        lines = islice(decode.lines(path, charset.name, charset.mark), 40)
        head = "\n".join(line[:_HEAD] for line, _ in lines)
    except OSError as error:
        return "other", f"it cannot be read: {error.strerror}"
    if is_edrm(head):
        return "edrm", "EDRM XML by its root element"
    if is_lfp(head):
        return "images", "LFP by its lines"
    if is_opt(head) and "\x14" not in head.split("\n", 1)[0]:
        return "images", "OPT by its lines"
    if name.endswith((".xml", ".log", ".opt", ".lfp", ".dii")) or not head.strip():
        return "other", ""
    return _by_header(path, name)


def _by_header(path: Path, name: str) -> tuple[str, str]:
    dialect = delimited.dialect_of(path)
    columns = delimited.header_of(path, dialect)
    known = known_names(columns)
    if "BegBates" not in known and {plain(each) for each in columns} & _PRIVILEGE:
        return "privilege-log", "columns of a privilege log"
    if "priv" in name and {plain(each) for each in columns} & _PRIVILEGE and len(known) < 8:
        return "privilege-log", "its name and its columns"
    if dialect.header and len(known) >= 2:
        return "data", f"{len(known)} of {len(columns)} field names are known"
    if name.endswith(".dat") or dialect.delimiter == "\x14":
        return "data", "its name or its delimiter"
    return "other", ""


def _look_at_data(
    folder: Path, file: FoundFile, doubts: list[str], questions: list[str]
) -> tuple[DataLook | None, DataMap | None, set[str]]:
    path = folder / file.path
    if file.use == "edrm":
        return _look_at_edrm(path, file.path, questions)
    dialect = delimited.dialect_of(path)
    columns = delimited.header_of(path, dialect)
    fields = known_names(columns)
    sample = _Sample(path, dialect, columns, fields)
    if not dialect.header:
        doubts.append(f"{file.path}: no line of field names; columns are named by their place")
    if "BegBates" not in fields:
        guess = sample.number_column()
        if guess:
            fields["BegBates"] = guess
            doubts.append(f"{file.path}: {guess!r} is taken for the first Bates number")
        else:
            questions.append(
                f"{file.path}: no column is known to hold the first Bates number; columns are "
                f"{', '.join(columns[:12])}. Map BegBates in a mapping file"
            )
    order = order_of(sample.dates)
    said = (*dialect.said, f"dates {order.name}: {order.why}", _zone_said(sample.zones))
    if not order.sure:
        doubts.append(f"{file.path}: dates are read as {order.name}: {order.why}")
    zone = _zone(sample.zones)
    if sample.dates and not sample.zones:
        doubts.append(f"{file.path}: no column tells the time zone; UTC is taken")
    mapped = DataMap(
        file=file.path,
        encoding=dialect.encoding,
        bom=dialect.bom,
        delimiter=dialect.delimiter,
        qualifier=dialect.qualifier,
        newline=dialect.newline,
        header=dialect.header,
        dates=order.name,  # type: ignore[arg-type]  # one of the three, as it came
        time_zone=zone,
        fields=fields,
    )
    own = sample.begs(fields.get("BegBates", ""))
    ends = (own[0], own[-1]) if own else ("", "")
    unmapped = tuple(each for each in columns if each not in fields.values())
    told = DataLook(file.path, said, columns, unmapped, sample.rows, sample.unread, *ends)
    return told, mapped, set(own)


def _look_at_edrm(
    path: Path, shown_path: str, questions: list[str]
) -> tuple[DataLook | None, DataMap | None, set[str]]:
    try:
        columns, rows, _ = read_edrm(path)
    except EdrmError as error:
        questions.append(f"{shown_path}: {error}; leave it out of the mapping file")
        return None, None, set()
    fields = known_names(columns)
    values = [row.values[i] for row in rows for i, c in enumerate(columns) if _is_date(c, fields)]
    order = order_of(values)
    mapped = DataMap(
        file=shown_path,
        kind="edrm",
        dates=order.name,  # type: ignore[arg-type]  # one of the three, as it came
        fields=fields,
    )
    begs = [row.values[0] for row in rows]
    unmapped = tuple(each for each in columns if each not in fields.values())
    told = DataLook(shown_path, ("EDRM XML",), columns, unmapped, len(rows), 0, begs[0], begs[-1])
    return told, mapped, set(begs)


def _is_date(column: str, fields: dict[str, str]) -> bool:
    return column in {fields[name] for name in DATES if name in fields}


class _Sample:
    """The rows of a file, counted whole; dates and zones of the first of them."""

    def __init__(
        self, path: Path, dialect: Dialect, columns: Sequence[str], fields: dict[str, str]
    ) -> None:
        self.rows = self.unread = 0
        self.dates: list[str] = []
        self.zones: Counter[str] = Counter()
        self._columns = {name: place for place, name in enumerate(columns)}
        self._keys: list[tuple[str, ...]] = []
        dated = [self._columns[fields[name]] for name in DATES if name in fields]
        zone = self._columns.get(fields.get("TimeZone", ""))
        self._kept = sorted({self._columns[c] for c in (fields.get("BegBates"),) if c} or range(4))
        for row in delimited.rows(path, dialect, len(columns)):
            if row.fault:
                self.unread += 1
                continue
            self.rows += 1
            self._keys.append(tuple(row.values[i] for i in self._kept if i < len(columns)))
            if self.rows <= _SAMPLED:
                self.dates.extend(row.values[i] for i in dated if row.values[i])
                if zone is not None and row.values[zone].strip():
                    self.zones[row.values[zone].strip()] += 1

    def begs(self, column: str) -> list[str]:
        """The first numbers of all documents."""
        place = self._columns.get(column)
        if place is None or place not in self._kept:
            return []
        at = self._kept.index(place)
        return [key[at].strip() for key in self._keys if key[at].strip()]

    def number_column(self) -> str:
        """The first of the leading columns whose values are numbers of documents, none twice."""
        names = {place: name for name, place in self._columns.items()}
        for at, place in enumerate(self._kept):
            values = [key[at].strip() for key in self._keys if at < len(key)]
            good = [v for v in values if v[-1:].isdigit() and any(c.isalpha() for c in v[:4])]
            if values and len(set(good)) == len(values):
                return names[place]
        return ""


def _zone(zones: Counter[str]) -> str:
    for name, _ in zones.most_common():
        found = zone_of(name)
        if found is not None:
            return found.key
    return "UTC"


def _zone_said(zones: Counter[str]) -> str:
    if not zones:
        return "time zone UTC: no column tells it"
    told = ", ".join(f"{name} ({count})" for name, count in zones.most_common(3))
    return f"time zone {_zone(zones)}: the files say {told}"


def _look_at_images(folder: Path, mapped: ImagesMap) -> ImagesLook:
    found = read_images(folder / mapped.file, mapped.kind)
    starts = sum(1 for each in found.images if each.start)
    return ImagesLook(
        *(mapped.file, mapped.kind, len(found.images), starts, len(found.bad)),
        found.other + len(found.links),
    )
