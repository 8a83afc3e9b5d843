"""Build one segment of the index in a private folder; runs in a worker."""

import gc
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from whoosh import index as whoosh_index

from index import schema, sending, words
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.postings import add_postings
from store import Store, open_store

FORMAT = 1
"""Grows when the words or the schema change; an index of another format is not seen, and is swept
and built anew by the next run."""

NAME = f"F{FORMAT}"
LEXICON = ".lex"
_POOL_MB = 128


def build_segment(batch: IndexBatch) -> SegmentBuilt:
    """Index all documents of a batch into one new segment; all of them, or an error."""
    store = open_store(batch.store_address)
    if not batch.scratch:
        return sending.built_apart(batch, store, build_segment)
    Path(batch.scratch).mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="segment-", dir=batch.scratch))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        lexicon = _write(folder, batch, store)
        # Whoosh chose the segment's name; the lexicon goes by it.
        (segment,) = folder.glob("*.seg")
        _write_lexicon(segment.with_suffix(LEXICON), lexicon)
        undo.pop_all()
    return SegmentBuilt(str(folder), len(batch.documents))


def _write(folder: Path, batch: IndexBatch, store: Store) -> dict[str, set[str]]:
    """Write the segment; the terms of each field."""
    lexicon: dict[str, set[str]] = {name: set() for name in schema.TEXT_FIELDS}
    whoosh = whoosh_index.create_in(str(folder), schema.schema(), indexname=NAME)
    writer = whoosh.writer(limitmb=_POOL_MB, compound=True)
    writer.fieldwriter.add_postings = lambda known, _lengths, items: add_postings(
        writer.fieldwriter, known, items
    )
    with ExitStack() as undo, _uncollected():
        undo.callback(writer.cancel)
        for document in batch.documents:
            # All is read, made and checked here; what follows cannot fail for the document's
            # sake, and if it fails the whole batch is thrown away with its folder.
            values = dict(_values(document, store, lexicon))
            writer.add_document(**values)
        undo.pop_all()
        writer.commit(merge=False)
    return lexicon


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the garbage collector millions of tuples that wait to be written."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _values(
    document: IndexDocument, store: Store, lexicon: dict[str, set[str]]
) -> Iterator[tuple[str, Any]]:
    yield "document_id", schema.number(document.document_id)
    yield "revision", schema.number(document.revision)
    texts = dict(document.fields)
    if document.text_sha256 is not None:
        texts["text"] = store.read_bytes(document.text_sha256).decode("utf-8", errors="replace")
    for name, text in texts.items():
        table = words.postings(text)
        lexicon[name].update(table)
        yield name, schema.encode(table)


def _write_lexicon(path: Path, lexicon: dict[str, set[str]]) -> None:
    """All terms in order, a line each, field after field; the first line says where."""
    blobs = {name: "\n".join(sorted(terms)).encode() for name, terms in lexicon.items()}
    extents, offset = {}, 0
    for name, blob in blobs.items():
        extents[name] = [offset, len(blob)]
        offset += len(blob)
    with path.open("wb") as file:
        file.write(json.dumps(extents).encode() + b"\n")
        for blob in blobs.values():
            file.write(blob)
