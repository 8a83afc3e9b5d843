"""What a worker finds out about texts: language, number of words, MinHash signature."""

from dataclasses import dataclass

from process.languages import language_of
from process.near_minhash import pack, signature
from process.near_words import shingles, word_hashes
from store import open_store


@dataclass(frozen=True, slots=True)
class AnalyseBatch:
    """Texts for one worker, by their hashes, and the documents that wait for them."""

    documents: tuple[tuple[int, str | None], ...]
    texts: tuple[str, ...]
    store_address: str


@dataclass(frozen=True, slots=True)
class TextAnalysis:
    """What was found out about a text.

    `signature` is that of `near_minhash.pack`; None for fewer than five words. `failure` says why
    there is nothing.
    """

    sha256: str
    language: str | None
    confidence: float
    words: int
    signature: bytes | None
    failure: str = ""


def analyse_batch(batch: AnalyseBatch) -> tuple[TextAnalysis, ...]:
    """Read and analyse the texts of a batch, in order."""
    store = open_store(batch.store_address)
    return tuple(
        analyse_text(each, store.read_bytes(each).decode("utf-8", "replace"))
        for each in batch.texts
    )


def analyse_text(sha256: str, text: str) -> TextAnalysis:
    """Analyse one text."""
    language = language_of(text)
    words = word_hashes(text)
    found = shingles(words)
    return TextAnalysis(
        sha256,
        language.code,
        language.confidence,
        len(words),
        pack(len(found), signature(found)) if len(found) else None,
    )
