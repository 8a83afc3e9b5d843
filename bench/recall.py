"""Which words the fast paths lose beside Tika, and which they have that Tika has not.

    python -m bench.recall --corpus ../shared/corpus [--kind pdf] [--members 60] [--cache FOLDER]

Every file of the corpus whose type a reader of our own reads, and as many of each container's
members, spread evenly: its text as Redwell keeps it, everything inside it included, beside what
Tika 3.3.1 gives of the same bytes by our own configuration, embedded documents included. Tokens
are runs of letters and digits, case folded, as multisets: recall is |both| / |Tika|, precision
|both| / |ours|. Tika puts a document's title and a mail's subject at the head of its text, where
Redwell keeps them as fields: the fields `title` and `subject` count as text of ours.

Prints a row a kind, over all its documents and without those that `bench.recall_judgements`
explains, and each document under 0.9. Ends with 1 where a kind is under 0.99 without its explained
documents, a document under 0.9 is not explained, or an explanation is not needed.
"""

import argparse
import hashlib
import pickle
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.reading import family
from bench.recall_judgements import JUDGED, WHY
from ingest.containers import CONTAINERS
from ingest.types import HEAD, identify
from process import tika
from process.tika import Node
from records.limits import Limits

KINDS = ("txt", "csv", "html", "mhtml", "pdf", "email", "msg", "ics", "vcf", "tnef")
PASSWORDS = ("tika", "Tika", "test", "password", "openpassword", "secret", "letmein")
LEAST, LEAST_OF_KIND = 0.9, 0.99
_LIMITS = Limits(ratio=100_000)
_TOKEN = re.compile(r"[^\W_]+")
_HOLDERS = CONTAINERS - {"rar"}
# What is there to be survived, not to be read; and the corpus's own papers.
_LEFT_OUT = ("adversarial/", "README.md", "SOURCES.csv")

# Tika has no reader of these and gives their source.
_ENTRIES = frozenset({"text/calendar", "text/x-vcalendar", "text/x-vcard", "text/vcard"})
_FOLD = re.compile(r"\r?\n[ \t]")
_NO_WORDS = re.compile(r"(?:BEGIN|END|VERSION)$|.*ENCODING=(?:B|BASE64)\b|.*;BASE64\b", re.I)

Tokens = Counter[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """A document with the words that Redwell has of it."""

    name: str
    kind: str
    path: Path
    file_name: str
    ours: Tokens
    ocr_pages: int


@dataclass(slots=True)
class Row:
    """What the documents of one kind came to."""

    documents: int = 0
    theirs: int = 0
    ours: int = 0
    both: int = 0
    ms: list[float] = field(default_factory=list)

    def take(self, ours: Tokens, theirs: Tokens) -> None:
        """Add a document."""
        self.documents += 1
        self.theirs += theirs.total()
        self.ours += ours.total()
        self.both += (ours & theirs).total()

    @property
    def recall(self) -> float:
        """Of Tika's words, the share that Redwell has."""
        return self.both / self.theirs if self.theirs else 1.0

    @property
    def precision(self) -> float:
        """Of Redwell's words, the share that Tika has."""
        return self.both / self.ours if self.ours else 1.0


def tokens(text: str) -> Tokens:
    """The words of a text, each with how often it stands there."""
    return Counter(_TOKEN.findall(text.casefold()))


def samples(corpus: Path, folder: Path, kinds: tuple[str, ...], members: int) -> Iterator[Sample]:
    """Every document that a fast path reads, files first by name; members lie in `folder`."""
    for path in sorted(each for each in corpus.rglob("*") if each.is_file()):
        name = path.relative_to(corpus).as_posix()
        if name.startswith(_LEFT_OUT):
            continue
        with path.open("rb") as file:
            found = identify(file.read(HEAD), path.name, file)
        if found.type in kinds or (found.type in _HOLDERS and members):
            work = folder / "family"
            work.mkdir()
            report = family(path, work, found.mime, found.type, _LIMITS, PASSWORDS)
            if found.type in kinds:
                yield _sample(name, report, 0)
            if found.type in _HOLDERS:
                yield from _members(name, report, kinds, members)
            shutil.rmtree(work)


def _members(
    name: str, report: list[dict[str, Any]], kinds: tuple[str, ...], most: int
) -> Iterator[Sample]:
    """Some of a container's members, spread evenly over those that are held by containers only."""
    holders = {number for number, each in enumerate(report) if each["type"] in _HOLDERS}
    found = [
        number
        for number, each in enumerate(report)
        if each["type"] in kinds and each["parent"] in holders
    ]
    step = max(1, -(-len(found) // most))
    for number in found[::step]:
        yield _sample(f"{name}!{number}", report, number)


def _sample(name: str, report: list[dict[str, Any]], number: int) -> Sample:
    """One document of a family with the words of all that is in it."""
    within = {number}
    for each in range(number + 1, len(report)):
        if report[each]["parent"] in within:
            within.add(each)
    words: Tokens = Counter()
    for each in sorted(within):
        item = report[each]
        words += tokens(item["fields"].get("subject", ""))
        words += tokens(item["fields"].get("title", ""))
        words += tokens(item["text"] or "")
    item = report[number]
    return Sample(
        name, item["type"], Path(item["path"]), item["name"], words, len(item["ocr_pages"])
    )


class Tika:
    """Tika's words for a file; `cache` keeps them between runs."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        self._folder = folder
        self._cache = cache

    def words(self, sample: Sample) -> Tokens:
        """The words of all that Tika finds in a document."""
        data = sample.path.read_bytes()
        kept = None
        if self._cache is not None:
            digest = hashlib.sha256(data + sample.file_name.encode()).hexdigest()
            kept = self._cache / digest
            if kept.exists():
                found: Tokens = pickle.loads(kept.read_bytes())  # noqa: S301 - our own file
                return found
        found = self._parsed(sample)
        if kept is not None:
            kept.write_bytes(pickle.dumps(found))
        return found

    def _parsed(self, sample: Sample) -> Tokens:
        for password in (None, *PASSWORDS):
            work = self._folder / "tika"
            node, _ = tika.parse(sample.path, sample.file_name, work, _LIMITS, password)
            shutil.rmtree(work, ignore_errors=True)
            if node.text or node.failure is None:
                break
        words: Tokens = Counter()
        waiting: list[Node] = [node]
        while waiting:
            each = waiting.pop()
            words += tokens(_values(each.text) if each.mime in _ENTRIES else each.text)
            waiting += each.children
        return words


def _values(source: str) -> str:
    """The values in the source of a calendar or of cards: no names, no syntax, no pictures."""
    out = []
    for line in _FOLD.sub("", source).splitlines():
        name, colon, value = line.partition(":")
        if not colon or not _NO_WORDS.match(name):
            out.append(re.sub(r"\\[nN]", " ", value if colon else line))
    return "\n".join(out)


def measure(corpus: Path, kinds: tuple[str, ...], members: int, cache: Path | None) -> bool:
    """Compare all; False where words are lost that nobody explained."""
    whole = {kind: Row() for kind in kinds}
    clear = {kind: Row() for kind in kinds}
    left = {name for name in JUDGED if JUDGED[name][0] in kinds and (members or "!" not in name)}
    good = True
    with tempfile.TemporaryDirectory() as name:
        reader = Tika(Path(name), cache)
        for sample in samples(corpus, Path(name), kinds, members):
            theirs = reader.words(sample)
            one = Row()
            for row in (whole[sample.kind], one):
                row.take(sample.ours, theirs)
            verdict = JUDGED.get(sample.name, ("", ""))[1]
            left.discard(sample.name)
            if not verdict:
                clear[sample.kind].take(sample.ours, theirs)
            if one.recall < LEAST or verdict:
                good = good and bool(verdict) and one.recall < LEAST
                _print_document(sample, one, verdict or "NOT EXPLAINED")
    for each in sorted(left):
        print(f"An explanation without a document: {each}")
    enough = all(row.recall >= LEAST_OF_KIND for row in clear.values())
    _print_kinds(whole, clear)
    return good and enough and not left


def _print_document(sample: Sample, row: Row, verdict: str) -> None:
    print(
        f"{sample.kind} {sample.name}: recall {row.recall:.3f}, precision {row.precision:.3f},"
        f" Tika {row.theirs}, ours {row.ours}, OCR pages {sample.ocr_pages} | {verdict}"
    )


def _print_kinds(whole: dict[str, Row], clear: dict[str, Row]) -> None:
    print(f"\n{'kind':6} {'documents':>9} {'tokens':>9} {'recall':>7} {'precision':>9}", end="")
    print(f" {'explained':>9} {'recall without':>14}")
    for kind, row in whole.items():
        explained = row.documents - clear[kind].documents
        print(
            f"{kind:6} {row.documents:9} {row.theirs:9} {row.recall:7.4f} {row.precision:9.4f}"
            f" {explained:9} {clear[kind].recall:14.4f}"
        )
    print()
    for name, text in WHY.items():
        count = sum(1 for kind, why in JUDGED.values() if why == name and kind in whole)
        if count:
            print(f"{count:3} {name}: {text}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--members", type=int, default=60, help="of each container; 0 for none")
    parser.add_argument("--cache", type=Path, help="keeps what Tika gave")
    told = parser.parse_args()
    if told.cache is not None:
        told.cache.mkdir(exist_ok=True)
    started = time.process_time()
    good = measure(told.corpus, tuple(told.kind or KINDS), told.members, told.cache)
    print(f"{time.process_time() - started:.0f} CPU seconds")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
