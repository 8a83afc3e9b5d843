"""Near-duplicates against their definition: the form letters of lay-k, and pairs of labelled mail.

    python -m bench.near --corpus ../shared/corpus

Collects lay-k's mail into a case where no copy is suppressed, relates it, and compares with code of
its own that knows no hashes: sets of five words in a row as words, every pair.

1. The letters of one subject: how many are in groups, in how many, and what keeps the others out.
2. The whole case: every group by the definition, every percentage.
3. Samples of texts (lay-k, the State Department's mail, newsgroups): all pairs by brute force, and
   which of those at the threshold bands and estimates would have met (recall).

Times are CPU seconds. Nothing of the mail's text is printed.
"""

import argparse
import re
import tarfile
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import sqlalchemy as sa

from bench import pipeline
from process.analyse import analyse
from process.analyse_text import analyse_text
from process.near import relate_near
from process.near_minhash import banding, unpack
from records import engine, tables
from records.case import Case, opened
from store import open_store

SUBJECT = "Demand Ken Lay Donate Proceeds from Enron Stock Sales"
THRESHOLD = 0.85
_EXACT = Fraction(85, 100)
_WORD = re.compile(r"[^\W_]+")

type Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Text:
    """A text by the definition alone."""

    words: int
    shingles: Shingles


def by_definition(text: str) -> Text:
    """Its words and runs of five, as words."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return Text(len(words), frozenset(zip(*(words[at:] for at in range(5)), strict=False)))


def jaccard(one: Shingles, other: Shingles) -> Fraction:
    """Exact; 0 without counting where the sizes alone keep it below what interests here."""
    if not one or 2 * min(len(one), len(other)) < max(len(one), len(other)):
        return Fraction(0)
    shared = len(one & other)
    return Fraction(shared, len(one) + len(other) - shared)


def grouped(texts: Mapping[str, Text]) -> dict[str, tuple[str, Fraction]]:
    """Each text's principal and how near it is, by the rule."""
    order = sorted(
        (key for key, text in texts.items() if text.shingles),
        key=lambda key: (-texts[key].words, key),
    )
    principals: list[str] = []
    found: dict[str, tuple[str, Fraction]] = {}
    for key in order:
        best, nearest = Fraction(0), key
        for each in principals:
            ratio = jaccard(texts[key].shingles, texts[each].shingles)
            if ratio > best:
                best, nearest = ratio, each
        if best >= _EXACT:
            found[key] = (nearest, best)
        else:
            found[key] = (key, Fraction(1))
            principals.append(key)
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """A document, its text, and what the case says of it."""

    id: int
    subject: str
    text: str | None
    principal: str | None
    percent: float | None


def rows_of(case: Case) -> list[Row]:
    """All documents of the case."""
    d, n = tables.documents, tables.near_duplicates
    principal = d.alias("principal")
    query = (
        sa.select(d.c.id, d.c.fields, d.c.text_sha256, principal.c.text_sha256, n.c.percent)
        .outerjoin(n, n.c.document_id == d.c.id)
        .outerjoin(principal, principal.c.id == n.c.principal_id)
        .order_by(d.c.id)
    )
    with case.read() as connection:
        rows = connection.execute(query).all()
    return [Row(row[0], row[1].get("subject", ""), *row[2:]) for row in rows]


def letters(rows: Sequence[Row], texts: Mapping[str, Text]) -> None:
    """What became of the letters of one subject, and why."""
    own = [row for row in rows if row.subject == SUBJECT]
    inside = [row for row in own if row.principal is not None]
    sizes = Counter(row.principal for row in inside)
    print(f"letters: {len(own)}, distinct texts {len({row.text for row in own})}")
    print(f"  in groups: {len(inside)}, in {len(sizes)} groups")
    print(f"  the largest groups hold {[count for _, count in sizes.most_common(5)]}")
    principals = {row.principal for row in rows if row.principal is not None}
    singles = {row.text for row in rows if row.principal is None and row.text is not None}
    others = {row.text for row in own if row.text is not None}
    why: Counter[str] = Counter()
    for row in own:
        if row.principal is None:
            why[_reason(row.text, others, principals | singles, texts)] += 1
    for reason, count in sorted(why.items()):
        print(f"  in none, {reason}: {count}")


def _reason(
    text: str | None, others: set[str], principals: set[str], texts: Mapping[str, Text]
) -> str:
    if text is None or not texts[text].shingles:
        return "a text of fewer than five words"
    mine = texts[text].shingles
    letter = max((jaccard(mine, texts[each].shingles) for each in others - {text}), default=0)
    principal = max(
        (jaccard(mine, texts[each].shingles) for each in principals - {text}), default=0
    )
    if letter >= _EXACT:
        return "near a letter, but not near its principal"
    return f"nearest letter at {_band(letter)}, nearest principal at {_band(principal)}"


def _band(ratio: Fraction | int) -> str:
    if not ratio:
        return "under 50 %"
    low = int(20 * ratio) * 5
    return f"{low} to {low + 5} %"


def whole_case(rows: Sequence[Row], texts: Mapping[str, Text]) -> int:
    """Compare every row with the definition; the number that differ."""
    start = time.process_time()
    wanted = grouped(texts)
    count = Counter(row.text for row in rows)
    sizes: Counter[str] = Counter()
    for text, (principal, _) in wanted.items():
        sizes[principal] += count[text]
    wrong: Counter[str] = Counter()
    for row in rows:
        ours = None if row.principal is None else (row.principal, row.percent)
        theirs = None
        if row.text in wanted and sizes[wanted[row.text][0]] > 1:
            theirs = (wanted[row.text][0], float(100 * wanted[row.text][1]))
        if (ours and ours[0]) != (theirs and theirs[0]):
            wrong["another group"] += 1
        elif ours and theirs and abs((ours[1] or 0) - theirs[1]) > 1e-9:
            wrong["another percentage"] += 1
    seconds = time.process_time() - start
    print(f"whole case by the definition ({seconds:.0f} s): {len(rows)} documents, {dict(wrong)}")
    return wrong.total()


def pairs(name: str, texts: Sequence[str]) -> None:
    """All pairs of some texts by brute force, beside what bands and estimates meet."""
    exact = [by_definition(each).shingles for each in texts]
    bands = banding(THRESHOLD)
    analysed = [analyse_text(str(n), each).signature for n, each in enumerate(texts)]
    found = {n: unpack(each)[1] for n, each in enumerate(analysed) if each is not None}
    keys = dict(zip(found, bands.keys_of(list(found.values())), strict=True))
    sharing = _sharing(keys)
    near = met = estimated = 0
    for one in range(len(texts)):
        for other in range(one):
            if jaccard(exact[one], exact[other]) < _EXACT:
                continue
            near += 1
            met += (other, one) in sharing
            equal = int((found[one] == found[other]).sum())
            estimated += (other, one) in sharing and equal >= bands.least
    kept = sum((found[a] == found[b]).sum() >= bands.least for a, b in sharing)
    print(
        f"{name}: {len(texts)} texts, pairs at {THRESHOLD} or more: {near}; met by bands {met}, "
        f"kept by estimate {estimated}; candidates {len(sharing)}, of them compared {kept}"
    )


def _sharing(keys: Mapping[int, Sequence[int]]) -> set[tuple[int, int]]:
    buckets: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number, row in keys.items():
        for bucket in enumerate(row):
            buckets[bucket].append(number)
    return {
        (each[a], each[b]) for each in buckets.values() for b in range(len(each)) for a in range(b)
    }


def members(archive: Path) -> Iterator[str]:
    """The files of a labelled set, as text."""
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                yield file.read().decode("utf-8", "replace")


def collected(corpus: Path, folder: Path) -> Path:
    """lay-k's mail, read, in a case where no copy is suppressed."""
    with tarfile.open(corpus / "matter-enron" / "lay-k.maildir.tar.gz") as tar:
        tar.extractall(folder / "mail", filter="data")
    case = folder / "case"
    init = ("--number", "1", "--caption", "Enron", "--bates-prefix", "ENR")
    pipeline.redwell("init", str(case), *init, "--custodian", "lay-k")
    with (case / "case.toml").open("a") as file:
        file.write('dedup_scope = "none"\n')
    pipeline.redwell("ingest", str(folder / "mail"), "--custodian", "lay-k", "--case", str(case))
    pipeline.redwell("process", "--case", str(case))
    return case


def related(case: Case) -> None:
    """Analyse and relate what is not yet, and once more to see that nothing is done twice."""
    with engine.started(2) as workers:
        print(analyse(case, workers))
    for _ in range(2):
        start = time.process_time()
        print(relate_near(case), f"{time.process_time() - start:.2f} s")


def main() -> None:
    """Run and print; exits with 1 where a group or a percentage is not as defined."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=1_500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-near-") as folder:
        with opened(collected(given.corpus, Path(folder))) as case:
            related(case)
            rows = rows_of(case)
            store = open_store(case.store_address)
            wanted = sorted({row.text for row in rows if row.text is not None})
            plain = {each: store.read_bytes(each).decode() for each in wanted}
        texts = {each: by_definition(text) for each, text in plain.items()}
        letters(rows, texts)
        wrong = whole_case(rows, texts)
        # The texts are sorted by their hashes, so the first of them are a random sample.
        pairs("lay-k", [plain[each] for each in wanted[: given.sample]])
    labelled = given.corpus / "labelled"
    for name in ("state-dept-HRCEmail_OctWeb", "20news-bydate-train-10groups"):
        found = sorted(set(members(labelled / f"{name}.tar.gz")))
        pairs(name, found[:: max(1, len(found) // given.sample)])
    if wrong:
        raise SystemExit(f"{wrong} documents are not as defined")


if __name__ == "__main__":
    main()
