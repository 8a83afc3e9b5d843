"""The coordinator of text analysis: each distinct text once, its language to all that have it.

A document's `analysed_sha256` is the text that its relations rest on; where it is not the text it
has now (new documents, pages read by OCR since, a file replaced), the document is taken up. A
batch's transaction is its commit point: the analyses of its texts and the language of its
documents. A crash before it leaves them as they were, and the next run takes them up again.

All analyses on record are of one `VERSION`: a newer method drops them all, in one transaction with
what rests on them, and begins anew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from process.analyse_text import AnalyseBatch, TextAnalysis, analyse_batch
from process.batches import batched_by_cost
from process.families import write_notes
from process.languages import LINGUA
from records import notes, tables
from records.case import Case
from records.codes import Code
from records.engine import Engine, TaskFailure
from records.options import progress
from records.streams import halves

VERSION = f"minhash 1, languages 1, lingua {LINGUA}"

BATCH_CHARACTERS = 2 << 20
BATCH_COUNT = 400
_PAGE = 2_000
_OVERHEAD = 500  # what reading a text costs beside its characters

_D, _A = tables.documents.c, tables.text_analyses.c


@dataclass(frozen=True, slots=True)
class AnalysisSummary:
    """What a run did: documents that were given a language, distinct texts that were read."""

    documents: int
    texts: int


@dataclass(frozen=True, slots=True)
class _Job:
    document_id: int
    sha256: str | None
    chars: int


def analyse(case: Case, engine: Engine) -> AnalysisSummary:
    """Analyse the texts of all documents whose relations do not rest on the text they have."""
    _drop_other_versions(case)
    documents = texts = 0
    with progress("Texts", _waiting_count(case)) as advance:
        for batch, found in _analysed(case, engine):
            _commit(case, batch.documents, found)
            documents += len(batch.documents)
            texts += len(found)
            advance(len(batch.documents))
    return AnalysisSummary(documents, texts)


def _drop_other_versions(case: Case) -> None:
    with case.read() as connection:
        version = connection.execute(sa.select(_A.version).limit(1)).scalar()
    if version in (None, VERSION):
        return
    with case.write() as connection:
        for table in (tables.near_texts, tables.near_bands, tables.text_analyses):
            connection.execute(table.delete())
        connection.execute(
            tables.documents.update()
            .where(_D.analysed_sha256.is_not(None))
            .values(analysed_sha256=None, language=None)
        )


def _waiting() -> sa.ColumnElement[bool]:
    return (_D.state == "processed") & _D.text_sha256.is_distinct_from(_D.analysed_sha256)


def _waiting_count(case: Case) -> int:
    with case.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.documents).where(_waiting())
        return connection.execute(query).scalar_one()


def _jobs(case: Case) -> Iterator[_Job]:
    """Documents in order, fetched a page at a time."""
    last = 0
    while True:
        query = (
            sa.select(_D.id, _D.text_sha256, _D.text_chars)
            .where(_waiting(), _D.id > last)
            .order_by(_D.id)
            .limit(_PAGE)
        )
        with case.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield _Job(*row)
        last = rows[-1].id


def _analysed(
    case: Case, engine: Engine
) -> Iterator[tuple[AnalyseBatch, tuple[TextAnalysis, ...]]]:
    """Batches with what the workers found, in order; the caller commits each before the next."""
    under_way: set[str] = set()

    def batches() -> Iterator[AnalyseBatch]:
        groups = batched_by_cost(
            _jobs(case), lambda job: job.chars + _OVERHEAD, BATCH_CHARACTERS, BATCH_COUNT
        )
        for group in groups:
            texts = _not_on_record(case, group) - under_way
            under_way.update(texts)
            documents = tuple((job.document_id, job.sha256) for job in group)
            yield AnalyseBatch(documents, tuple(sorted(texts)), case.store_address)

    for batch, result in engine.map_ordered(analyse_batch, batches(), pieces=_pieces):
        yield batch, _failed(batch, result) if isinstance(result, TaskFailure) else result
        under_way.difference_update(batch.texts)


def _not_on_record(case: Case, group: Sequence[_Job]) -> set[str]:
    wanted = {job.sha256 for job in group if job.sha256 is not None}
    with case.read() as connection:
        query = sa.select(_A.text_sha256).where(_A.text_sha256.in_(wanted))
        return wanted - set(connection.execute(query).scalars())


def _pieces(batch: AnalyseBatch) -> list[AnalyseBatch]:
    """Half of the texts each, with the documents that have them."""
    if not (cut := halves(batch.texts)):
        return []
    first = set(cut[0])
    documents = [each for each in batch.documents if each[1] in first]
    others = [each for each in batch.documents if each[1] not in first]
    return [
        replace(batch, documents=tuple(some), texts=tuple(texts))
        for some, texts in zip((documents, others), cut, strict=True)
    ]


def _failed(batch: AnalyseBatch, failure: TaskFailure) -> tuple[TextAnalysis, ...]:
    """A text that kills its worker has no language and no relations."""
    return tuple(TextAnalysis(text, None, 0.0, 0, None, failure.reason) for text in batch.texts)


def _commit(
    case: Case, documents: Sequence[tuple[int, str | None]], found: Sequence[TextAnalysis]
) -> None:
    with case.write() as connection:
        if found:
            connection.execute(tables.text_analyses.insert(), [_row(each) for each in found])
        hashes = {text for _, text in documents if text is not None}
        rows = connection.execute(
            sa.select(_A.text_sha256, _A.language).where(_A.text_sha256.in_(hashes))
        )
        languages = {row.text_sha256: row.language for row in rows}
        connection.execute(
            tables.documents.update()
            .where(_D.id == sa.bindparam("document"))
            .values(language=sa.bindparam("code"), analysed_sha256=sa.bindparam("text")),
            [
                {"document": number, "code": languages[text] if text else None, "text": text}
                for number, text in documents
            ],
        )
        failed = {each.sha256: each.failure for each in found if each.failure}
        write_notes(
            connection,
            [
                (number, notes.warning(Code.CRASH, _said(failed[text]), "redwell", ""))
                for number, text in documents
                if text in failed
            ],
        )


def _row(found: TextAnalysis) -> dict[str, object]:
    return {
        "text_sha256": found.sha256,
        "version": VERSION,
        "language": found.language,
        "confidence": found.confidence,
        "words": found.words,
        "signature": found.signature,
    }


def _said(reason: str) -> str:
    return f"The worker died analysing its text; it has no language and no relations: {reason}"
