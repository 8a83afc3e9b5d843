"""Looks for what was redacted in all that was produced.

The rule, document by document, with the words and phrases that a document hides (see `told`):

- In what is produced of the document itself (page images, text, native, the names of these files
  and its row in the load file) none of them may stand.
- In what is produced of another document one is a leak unless that document has it of its own: in
  its text, its name or its metadata as they are on record, or imaging itself writes it on pages.
  The same word in another document, which nobody redacted there, is no leak.
- In files of the volume that belong to no document none may stand.

What a volume says itself counts only where the volume has no reason to say it: see `Said`. Fields
that tell a document's place in the volume and its custodians are not looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

import sqlalchemy as sa

from ingest.child import Child
from ingest.interface import ChildFailure
from produce.check_links import stem
from produce.check_terms import standard, terms_of
from produce.findings import Finding
from produce.imaging import own_words
from produce.imaging.endorse import filled
from produce.imaging.saved_sheets import NO_VALUE
from produce.layout import endorsements, legend_of
from produce.pool import by_children
from produce.reader import UnreadableError, read_dat
from produce.record import PlannedItem, Production, items
from produce.redaction.codes import codes
from produce.redaction.draw import PLACED
from produce.redaction.fields import hidden_in, is_formal
from produce.redaction.interface import REDACTED
from produce.redaction.leaks import NOT_PRINTED, Printed
from produce.redaction.told import NOTHING, SHORTEST, Hidden, hide, packed, tokens
from produce.selection import in_chunks
from produce.specification import Specification
from produce.treatment import BLANK_LINE, MASKED, Treatment, slip_lines
from records import tables
from records.case import Case
from records.control import control
from records.errors import RedactionError
from records.options import Advance, unseen
from store import Store, open_store

CODE = "redacted-word"
_NAME = "name of the file"
_FILES = 16
_SECONDS = 120.0  # for one file
_D, _R = tables.documents.c, tables.raw_metadata.c
_FILES_OF_ANY = "dat opt lfp xml tif jpg pdf txt manifest sha256"
_SHEETS = (Treatment.WITHHELD, Treatment.SLIP)
_PICTURES = (".tif", ".jpg")


@dataclass(frozen=True)
class Said:
    """What of all that is hidden a volume says itself, by where; anywhere else it counts.

    - Everywhere the codes of reasons, and the masks of what is redacted or withheld.
    - In the names of files, and in TIFF and JPG, the volume's name and its folders.
    - In PDF and load files these, the endorsements, all legends and the lines of all slip sheets;
      of the DAT, whose columns are looked at one by one, none of them.
    - `counted` are those that endorsements alone say: a page of a PDF may say them as often as its
      own endorsements do.
    - In the text of a document that is a slip sheet the lines of that sheet.
    """

    every: Hidden
    specification: Specification
    marks: Hidden
    in_names: Hidden
    in_pages: Hidden
    counted: Hidden

    def in_file(self, path: str, item: PlannedItem | None) -> Hidden:
        """What means nothing in a file, whose it is or of nobody."""
        folders = self.specification.folders
        if f"/{folders.natives}/" in f"/{path}":
            return self.marks
        if f"/{folders.text}/" in f"/{path}":
            if item is None or item.treatment not in _SHEETS:
                return self.marks
            lines = slip_lines(item.treatment, item.reason, self.specification)
            own = self.every.said_in(lines)
            return Hidden(self.marks.words | own.words, self.marks.phrases | own.phrases)
        return self.in_names if path.endswith(_PICTURES) else self.in_pages

    def on_pages(self, path: str, item: PlannedItem | None) -> Printed:
        """What each page of a document's PDF says of the volume, once each."""
        if item is None or not self.counted or not path.endswith(".pdf"):
            return NOT_PRINTED
        legend = legend_of(item, self.specification)
        zones = filled(endorsements(self.specification), item.first, legend)
        return Printed(tuple(text for _, text in zones), self.counted)


def _said(
    production: Production, planned: Sequence[PlannedItem], reasons: Sequence[str], every: Hidden
) -> Said:
    """What the volume of a production says itself; `reasons` are the codes of the case."""
    specification = production.specification
    folders = specification.folders
    lines = {
        line for each in planned for line in slip_lines(each.treatment, each.reason, specification)
    }
    zones = [text for _, text in endorsements(specification)]
    legends = {legend_of(each, specification) for each in planned}
    named = (production.name, folders.data, folders.images, folders.text, folders.natives)
    marks = [REDACTED, MASKED, *reasons]
    names = [*marks, *named, _FILES_OF_ANY]
    others = [*names, *lines, BLANK_LINE, NO_VALUE]
    endorsed = [*zones, *legends, specification.legend]
    counted = every.said_in(endorsed).without(every.said_in([*others, own_words.OWN]))
    pages = every.said_in([*others, *endorsed])
    return Said(every, specification, every.said_in(marks), every.said_in(names), pages, counted)


@dataclass(frozen=True, slots=True)
class _Known:
    """The volume's documents as the record has them, what they hide, and what the volume says."""

    items: Mapping[str, PlannedItem]  # by first Bates number
    hidden: Mapping[int, Hidden]
    every: Hidden
    said: Said


def verify(
    case: Case, production: Production, volume: Path, advance: Advance = unseen
) -> list[Finding]:
    """Every place of a volume where something redacted stands; empty where there is none."""
    with case.read() as connection:
        known = _known(case, connection, production)
        if not known.every:
            return []
        try:
            found = [*_in_rows(volume, production, known), *_in_files(volume, known, advance)]
        except OSError as error:
            where = str(error.filename or volume)
            return [Finding("unreadable", where, f"cannot be read: {error.strerror}")]
        return list(_unexplained(case, connection, known, found))


@dataclass(frozen=True, slots=True)
class _Hit:
    """Something hidden that was found, and in what is produced of whom: None for nobody."""

    where: str
    view: str
    word: str
    item: PlannedItem | None


def _known(case: Case, connection: sa.Connection, production: Production) -> _Known:
    planned = items(connection, production.id)
    hidden = hidden_in(case, connection, planned)
    every = Hidden(
        frozenset().union(*(each.words for each in hidden.values())),
        frozenset().union(*(each.phrases for each in hidden.values())),
    )
    said = _said(production, planned, [each.code for each in codes(connection)], every)
    return _Known({each.first: each for each in planned}, hidden, every, said)


def _in_rows(volume: Path, production: Production, known: _Known) -> Iterator[_Hit]:
    """Fields of the load file, and the names of files that it links."""
    terms, sought = terms_of(production.specification), known.every.without(known.said.marks)
    name = f"{terms.data}/{production.name}.dat"
    try:
        records = read_dat(volume / name, terms.encoding).records
    except UnreadableError:
        return  # the check of the volume says so
    for each in records:
        record = standard(each, terms)
        item = known.items.get(record["BegBates"])
        for column, value in record.items():
            if column in PLACED or is_formal(column):
                continue
            for word in sought.within(value):
                yield _Hit(f"{name} {record['BegBates']}", column, word, item)


def _in_files(volume: Path, known: _Known, advance: Advance) -> Iterator[_Hit]:
    """All files but the load file, whose rows are looked at one by one."""
    paths = sorted(
        each.relative_to(volume).as_posix() for each in volume.rglob("*") if each.is_file()
    )
    owners = {path: _owner(path, known) for path in paths}
    sought = known.every.without(known.said.in_names)
    for path in paths:
        named = [each for each in tokens(path) if not each.isdigit()]
        for word in sought.among(named):
            yield _Hit(path, _NAME, word, owners[path])
    looked = [path for path in paths if not path.endswith(".dat")]
    asked = [
        Asked(path, known.said.in_file(path, owners[path]), known.said.on_pages(path, owners[path]))
        for path in looked
    ]
    for path, view, word in look(volume, asked, known.every, advance):
        yield _Hit(path, view, word, owners[path])


def _owner(path: str, known: _Known) -> PlannedItem | None:
    """Whose file it is: files are named by a document's first page, or by one of its pages."""
    name = stem(path)
    found = known.items.get(name)
    if found is None:
        for item in known.items.values():
            of_page = len(name) == len(item.first) and item.first <= name <= item.last
            if of_page or (name.startswith(item.first) and not name[len(item.first)].isalnum()):
                return item
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A file to be looked into: what counts for nothing in it, and what its pages say once each."""

    path: str
    meaningless: Hidden = NOTHING
    printed: Printed = NOT_PRINTED


def look(
    volume: Path, files: Sequence[Asked], hidden: Hidden, advance: Advance = unseen
) -> Iterator[tuple[str, str, str]]:
    """Have files looked into by children: path, view and word of each hit.

    One that ends its child is told, without a word.
    """
    groups = list(batched(files, _FILES))
    advance(0, more=len(files))
    answers = by_children(
        "produce.redaction.look_child",
        groups,
        lambda child, group: _ask(child, volume.resolve(), group, hidden),
    )
    for group, found in zip(groups, answers, strict=True):
        for each, hits in zip(group, found, strict=True):
            yield from ((each.path, view, word) for view, word in hits)
        advance(len(group))


def _ask(
    child: Child, volume: Path, files: Sequence[Asked], hidden: Hidden
) -> list[list[tuple[str, str]]]:
    request = {
        "volume": str(volume),
        "hidden": packed(hidden),
        "files": [
            {
                "path": each.path,
                "meaningless": packed(each.meaningless),
                "lines": each.printed.lines,
                "printed": packed(each.printed.hidden),
            }
            for each in files
        ],
    }
    answer = child.call(request, _SECONDS * len(files))
    if not isinstance(answer, ChildFailure):
        found: list[list[tuple[str, str]]] = answer["leaks"]
        return found
    if len(files) > 1:
        return [hits for each in files for hits in _ask(child, volume, [each], hidden)]
    return [[(f"cannot be looked into: {answer.message}", "")]]


def _unexplained(
    case: Case, connection: sa.Connection, known: _Known, found: Sequence[_Hit]
) -> Iterator[Finding]:
    """Those hits that are leaks, by the rule."""
    others = {
        each.item.document_id
        for each in found
        if each.item is not None and not _is_own(each, known)
    }
    own = _own_words(connection, open_store(case.store_address), others)
    ours = set(tokens(own_words.OWN))
    for each in found:
        if not each.word:
            yield Finding("redacted-unread", each.where, each.view)
        elif each.item is None or not (
            each.item.document_id in own
            and (
                own[each.item.document_id] | (ours if _on_page(each, known) else set())
            ).issuperset(tokens(_bare(each.word)))
            and not _is_own(each, known)
        ):
            yield _finding(each, known)


def _on_page(hit: _Hit, known: _Known) -> bool:
    """Whether it stands on the pages of a PDF, where imaging writes, and not in the file's name."""
    images = f"/{known.said.specification.folders.images}/"
    return hit.view != _NAME and images in f"/{hit.where}" and hit.where.endswith(".pdf")


def _bare(word: str) -> str:
    return word.removesuffix(" (letters apart)")


def _is_own(hit: _Hit, known: _Known) -> bool:
    """Whether the document hides this very word itself."""
    hidden = known.hidden.get(hit.item.document_id) if hit.item else None
    if hidden is None:
        return False
    bare = _bare(hit.word)
    return bool(hidden.within(bare)) or bare in {"".join(each) for each in hidden.phrases}


def _finding(hit: _Hit, known: _Known) -> Finding:
    whose = ", ".join(
        control(document)
        for document, hidden in known.hidden.items()
        if hidden.within(_bare(hit.word)) or _bare(hit.word) in hidden.words
    )
    return Finding(
        CODE, hit.where, f"{hit.view}: {hit.word!r}, redacted in {whose or 'the volume'}"
    )


def verify_words(volume: Path, words: Iterable[str], advance: Advance = unseen) -> list[Finding]:
    """Every place of a folder where any of some words or phrases stands, whosever it is.

    Raises `RedactionError` where there is no such folder, or nothing to look for.
    """
    hidden = hide(words, [])
    if not hidden or not volume.is_dir():
        raise RedactionError(
            f"{volume} is no folder"
            if hidden
            else f"Nothing to look for: a word has at least {SHORTEST} characters"
        )
    try:
        paths = sorted(
            each.relative_to(volume).as_posix() for each in volume.rglob("*") if each.is_file()
        )
        found = [
            _Hit(path, _NAME, word, None) for path in paths for word in hidden.among(tokens(path))
        ]
        hits = look(volume, [Asked(path) for path in paths], hidden, advance)
        found += [_Hit(path, view, word, None) for path, view, word in hits]
    except OSError as error:
        return [Finding("unreadable", str(error.filename or volume), str(error.strerror))]
    return [
        Finding(CODE, each.where, f"{each.view}: {each.word!r}")
        if each.word
        else Finding("redacted-unread", each.where, each.view)
        for each in found
    ]


def _own_words(connection: sa.Connection, store: Store, documents: set[int]) -> dict[int, set[str]]:
    """What documents have of their own: the words of their text, names and metadata on record."""
    columns = (_D.id, _D.name, _D.address, _D.text_sha256, _D.fields, _R.found)
    rows = in_chunks(
        connection,
        lambda ids: (
            sa.select(*columns)
            .outerjoin(tables.raw_metadata, _R.document_id == _D.id)
            .where(_D.id.in_(ids))
        ),
        documents,
    )
    found = {}
    for row in rows:
        text = store.read_bytes(row.text_sha256).decode("utf-8") if row.text_sha256 else ""
        told = (row.name, row.address, str(row.fields), str(row.found), text)
        found[row.id] = {word for each in told for word in tokens(each)}
    return found
