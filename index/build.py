"""Build one segment of the index in a private folder; runs in a worker."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh.codec import default_codec
from whoosh.fields import Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from index import hashed, postings, schema, sending
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.inverted import Inverter, Numbers, Occurrences, Term
from index.side_write import SideWriter
from store import Store, open_store

FORMAT = 1
"""Grows when the words or the schema change; an index of another format is not seen, and is swept
and built anew by the next run."""

NAME = f"F{FORMAT}"
SEGMENT = ".seg"
SIDE = ".side"


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment is to hold: id and revision of each document, and all occurrences.

    `lengths` gives for each field how many words it has in each document.
    """

    numbers: Sequence[tuple[int, int]]
    terms: list[Term]
    lengths: Mapping[str, NDArray[np.int64]]
    occurrences: Iterable[Occurrences]


def build_segment(batch: IndexBatch) -> SegmentBuilt:
    """Index all documents of a batch into one new segment; all of them, or an error."""
    store = open_store(batch.store_address)
    if not batch.scratch:
        return sending.built_apart(batch, store, build_segment)

    def write(folder: Path) -> None:
        write_segment(folder, _inverted(folder, batch, store))

    return in_private_folder(Path(batch.scratch), len(batch.documents), write)


def in_private_folder(scratch: Path, documents: int, write: Callable[[Path], None]) -> SegmentBuilt:
    """Write a segment in a new folder below `scratch`; nothing is left of one that fails."""
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="segment-", dir=scratch))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        write(folder)
        undo.pop_all()
    return SegmentBuilt(str(folder), documents)


def _inverted(folder: Path, batch: IndexBatch, store: Store) -> Content:
    """Read all documents. Whatever fails for one's sake, the whole batch is thrown away."""
    inverter = Inverter(schema.TEXT_FIELDS, folder)
    for number, document in enumerate(batch.documents):
        for name, text in sorted(_texts(document, store).items()):
            inverter.add(number, name, text)
    terms = inverter.terms()
    return Content(
        [(each.document_id, each.revision) for each in batch.documents],
        terms,
        inverter.lengths(len(batch.documents)),
        inverter.occurrences(terms),
    )


def write_segment(folder: Path, content: Content) -> None:
    """Write a segment, what stands beside it, and a table of contents that names it."""
    storage, known = FileStorage(str(folder)), schema.schema()
    codec = default_codec()
    segment = codec.new_segment(storage, NAME)
    counts = _Counts(content)
    beside = folder / "side"  # what has the segment's name goes into the compound file
    with closing(SideWriter(beside, content.terms, content.lengths)) as side:
        infos = _write_postings(
            folder / segment.make_filename(codec.POSTS_EXT),
            content.occurrences,
            (side.add, counts.add),
        )
        hashed.write(folder / segment.make_filename(codec.TERMS_EXT), content.terms, infos)
        with closing(codec.per_document_writer(storage, segment)) as rows:
            _write_rows(rows, known, content.numbers, counts)
        shutil.rmtree(folder / f"{NAME}.tmp")
        segment.set_doc_count(len(content.numbers))
        segment.create_compound_file(storage)
        side.finish(folder / segment.make_filename(SEGMENT))
    beside.rename(folder / segment.make_filename(SIDE))
    TOC(known, [segment], 0).write(storage, NAME)


def _write_rows(
    rows: Any, known: Schema, numbers: Sequence[tuple[int, int]], counts: "_Counts"
) -> None:
    """Write what Whoosh keeps of each document: its numbers, and how long its fields are."""
    for document, pair in enumerate(numbers):
        rows.start_doc(document)
        for column, value in zip(schema.NUMBERS, pair, strict=True):
            rows.add_column_value(column, known[column].column_type, schema.number(value))
        for name, count in counts.of(document):
            rows.add_field(name, known[name], None, count)
        rows.finish_doc()


class _Counts:
    """How many occurrences each field has in each document; Whoosh keeps these."""

    def __init__(self, content: Content) -> None:
        self._names = [each.field for each in content.terms]
        self._edges = np.cumsum([len(each.words) for each in content.terms])
        size = len(content.numbers)
        self._counts = [np.zeros(size, np.int64) for _ in content.terms]

    def add(self, terms: Numbers, documents: Numbers, _positions: Numbers) -> None:
        start = 0
        cuts = np.searchsorted(terms, self._edges).tolist()
        for number, end in enumerate(cuts):
            if end > start:
                some = documents[start:end]
                self._counts[number] += np.bincount(some, minlength=len(self._counts[number]))
            start = end

    def of(self, document: int) -> Iterator[tuple[str, int]]:
        for name, counts in zip(self._names, self._counts, strict=True):
            yield name, int(counts[document])


def _write_postings(
    path: Path, occurrences: Iterable[Occurrences], others: Iterable[Callable[..., None]]
) -> NDArray[np.void]:
    """Write all postings, and show them to others; what is told of each term."""
    infos: list[NDArray[np.void]] = [np.zeros(0, postings.INFO)]
    size = 0
    with path.open("wb") as file:
        for piece in occurrences:
            encoded = postings.encode(*piece, size)
            file.writelines(encoded.parts)
            infos.append(encoded.infos)
            size += encoded.size
            for each in others:
                each(*piece)
    return np.concatenate(infos, dtype=postings.INFO)  # else in the order of this machine


def _texts(document: IndexDocument, store: Store) -> dict[str, str]:
    texts = dict(document.fields)
    if document.text_sha256 is not None:
        texts["text"] = store.read_bytes(document.text_sha256).decode("utf-8", errors="replace")
    return texts
