"""Build one segment of the index in a private folder; runs in a worker."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from whoosh.codec import default_codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC

from index import hashed, postings, schema, sending
from index.interface import IndexBatch, IndexDocument, SegmentBuilt
from index.inverted import Inverter, Term
from store import Store, open_store

FORMAT = 1
"""Grows when the words or the schema change; an index of another format is not seen, and is swept
and built anew by the next run."""

NAME = f"F{FORMAT}"
LEXICON = ".lex"


def build_segment(batch: IndexBatch) -> SegmentBuilt:
    """Index all documents of a batch into one new segment; all of them, or an error."""
    store = open_store(batch.store_address)
    if not batch.scratch:
        return sending.built_apart(batch, store, build_segment)
    Path(batch.scratch).mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="segment-", dir=batch.scratch))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        _write(folder, batch, store)
        undo.pop_all()
    return SegmentBuilt(str(folder), len(batch.documents))


def _write(folder: Path, batch: IndexBatch, store: Store) -> None:
    """Write the segment and a table of contents that names it."""
    storage, known = FileStorage(str(folder)), schema.schema()
    codec = default_codec()
    segment = codec.new_segment(storage, NAME)
    inverter = Inverter(schema.TEXT_FIELDS, folder)
    with closing(codec.per_document_writer(storage, segment)) as rows:
        for number, document in enumerate(batch.documents):
            # Whatever fails for a document's sake, the whole batch is thrown away with its folder.
            rows.start_doc(number)
            for column, value in _numbers(document):
                rows.add_column_value(column, known[column].column_type, value)
            for name, text in sorted(_texts(document, store).items()):
                rows.add_field(name, known[name], None, inverter.add(number, name, text))
            rows.finish_doc()
    shutil.rmtree(folder / f"{NAME}.tmp")
    terms = inverter.terms()
    infos = _write_postings(folder / segment.make_filename(codec.POSTS_EXT), inverter, terms)
    hashed.write(folder / segment.make_filename(codec.TERMS_EXT), terms, infos)
    segment.set_doc_count(len(batch.documents))
    segment.create_compound_file(storage)
    _write_lexicon(folder / segment.make_filename(LEXICON), terms)
    TOC(known, [segment], 0).write(storage, NAME)


def _write_postings(path: Path, inverter: Inverter, terms: list[Term]) -> NDArray[np.void]:
    """Write all postings; what is told of each term."""
    infos: list[NDArray[np.void]] = [np.zeros(0, postings.INFO)]
    size = 0
    with path.open("wb") as file:
        for piece in inverter.occurrences(terms):
            encoded = postings.encode(*piece, size)
            file.writelines(encoded.parts)
            infos.append(encoded.infos)
            size += encoded.size
    return np.concatenate(infos, dtype=postings.INFO)  # else in the order of this machine


def _numbers(document: IndexDocument) -> tuple[tuple[str, int], ...]:
    return (
        ("document_id", schema.number(document.document_id)),
        ("revision", schema.number(document.revision)),
    )


def _texts(document: IndexDocument, store: Store) -> dict[str, str]:
    texts = dict(document.fields)
    if document.text_sha256 is not None:
        texts["text"] = store.read_bytes(document.text_sha256).decode("utf-8", errors="replace")
    return texts


def _write_lexicon(path: Path, terms: Iterable[Term]) -> None:
    """All terms in order, a line each, field after field; the first line says where."""
    blobs = dict.fromkeys(schema.TEXT_FIELDS, b"")
    blobs |= {each.field: b"\n".join(each.words) for each in terms}
    extents, offset = {}, 0
    for name, blob in blobs.items():
        extents[name] = [offset, len(blob)]
        offset += len(blob)
    with path.open("wb") as file:
        file.write(json.dumps(extents).encode() + b"\n")
        file.writelines(blobs.values())
