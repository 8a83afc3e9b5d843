"""Recall against documents reviewed, on labelled collections, coded by their labels.

    python -m bench.learning --corpus ../shared/corpus [--json FILE]

Makes a case of the ten newsgroups and one of the Enron mails with categories by the commands that a
user runs (ingest, process, index), or takes them from `--folder` where an earlier run left them.
For each topic `review.autotar.Learner`, the class behind `redwell learn`, reviews all documents,
and beside it stand

- one-shot: a first random batch of five in a hundred is coded (and more, until it holds one
  relevant document), the same regression is trained once, and the rest is reviewed in its order;
- random order: the mean place, (N + 1) k / (R + 1), of the k-th of R relevant documents among N.

Then: where the knee says stop, with the least number of documents as published and with 100; and of
1,000 random control sets for a target recall of 0.8, where the review stops and how often it then
has that recall. Last, one topic goes through the record, with rounds and tags of the case, and must
come to the same order.
"""

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pyroaring import BitMap

from bench import labelled
from index import learnable, search
from index.vectors import Vectors
from records.case import Case, opened
from review import learning_rounds, learning_start, panel, sampling, stopping, tags
from review.autotar import Learner

LEVELS = (0.5, 0.75, 0.8, 0.9, 0.95, 1.0)
TARGET = 0.8
CONTROLS = 1000
_SEED = "bench"
# What a user would write; the groups' own names are no words of their articles.
QUERIES = {
    "comp.graphics": "computer graphics images",
    "misc.forsale": "for sale offer price",
    "rec.autos": "cars engine dealer",
    "rec.sport.hockey": "hockey team game",
    "sci.crypt": "encryption clipper key",
    "sci.med": "medicine disease patients",
    "sci.space": "space orbit nasa",
    "soc.religion.christian": "god jesus church",
    "talk.politics.guns": "gun weapons firearms",
    "talk.politics.mideast": "israel arab armenian",
}
LEAST = 40  # documents of a category of Enron that is worth a line


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a rule says stop (all documents where it never does), and the recall there."""

    reviewed: int
    recall: float


@dataclass(frozen=True, slots=True)
class Controls:
    """Control sets: their documents, the mean of their relevant ones, how many were too small for
    the target, the mean of where the others stop, and how often they then have the recall."""

    size: int
    relevant: float
    too_small: int
    reviewed: float
    recall: float
    reached: float


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: documents reviewed for each recall of `LEVELS`, three ways."""

    name: str
    query: str
    documents: int
    relevant: int
    learning: list[int]
    one_shot: list[int]
    by_chance: list[float]
    knee: Stop
    knee_100: Stop
    controls: Controls
    rounds: int
    cpu_seconds: float


def reviewed(vectors: Vectors, query: str, relevant: BitMap) -> tuple[list[int], list[int]]:
    """All documents in the order of learning, and how many were reviewed after each round."""
    learner = Learner(vectors, _SEED, query)
    every = BitMap(vectors.ids.tolist())
    order: list[int] = []
    ends: list[int] = []
    while len(order) < len(every):
        judged = BitMap(order)
        known, other = judged & relevant, judged - relevant
        ranked = learner.rank(len(ends) + 1, known, other, every - judged)
        order += [document for document, _ in ranked.listed]
        ends.append(len(order))
    return order, ends


def one_shot(vectors: Vectors, relevant: BitMap) -> list[int]:
    """All documents, a random batch first, the rest as one regression trained on it ranks them."""
    every = BitMap(vectors.ids.tolist())
    chance = sampling.first(f"{_SEED} one shot", every, len(every))
    first = len(every) // 20
    while not relevant & BitMap(chance[:first]):
        first += 1
    batch = BitMap(chance[:first])
    learner = Learner(vectors, _SEED)
    ranked = learner.order(batch & relevant, batch - relevant, BitMap(), every - batch)
    return chance[:first] + [document for document, _ in ranked.listed]


def places(order: Sequence[int], relevant: BitMap) -> list[int]:
    """How many documents are reviewed for each recall of `LEVELS`."""
    ranks = [at for at, document in enumerate(order, 1) if document in relevant]
    return [ranks[math.ceil(level * len(ranks)) - 1] for level in LEVELS]


def knee_stop(order: Sequence[int], ends: Iterable[int], relevant: BitMap, least: int) -> Stop:
    """Where the knee first says stop."""
    gains = [document in relevant for document in order]
    stops = (end for end in ends if stopping.knee(gains[:end], least).met)
    end = next(stops, len(order))
    return Stop(end, sum(gains[:end]) / len(relevant))


def controls(order: Sequence[int], ends: Sequence[int], relevant: BitMap, size: int) -> Controls:
    """Stop by the target with random control sets; the order of review is the same for all, for
    learning does not see them."""
    chance = random.Random(_SEED)
    place = {document: at for at, document in enumerate(order, 1)}
    found = np.cumsum([document in relevant for document in order])
    counts, stops = [], []
    too_small = 0
    for _ in range(CONTROLS):
        held = sorted(place[each] for each in chance.sample(order, size) if each in relevant)
        counts.append(len(held))
        needed = stopping.target(0, len(held), TARGET, 0.95).needed
        if needed is None:
            too_small += 1
            continue
        stops.append(next(end for end in ends if end >= held[needed - 1]))
    recalls = [int(found[end - 1]) / len(relevant) for end in stops]
    return Controls(
        size=size,
        relevant=sum(counts) / CONTROLS,
        too_small=too_small,
        reviewed=sum(stops) / len(stops) if stops else math.nan,
        recall=sum(recalls) / len(stops) if stops else math.nan,
        reached=sum(each >= TARGET for each in recalls) / len(stops) if stops else math.nan,
    )


def topic(vectors: Vectors, name: str, query: str, relevant: BitMap, control_size: int) -> Topic:
    """Review one topic."""
    began = time.process_time()
    order, ends = reviewed(vectors, query, relevant)
    spent = time.process_time() - began
    count = len(relevant)
    needed = [math.ceil(level * count) for level in LEVELS]
    return Topic(
        name=name,
        query=query,
        documents=len(order),
        relevant=count,
        learning=places(order, relevant),
        one_shot=places(one_shot(vectors, relevant), relevant),
        by_chance=[(len(order) + 1) * each / (count + 1) for each in needed],
        knee=knee_stop(order, ends, relevant, stopping.KNEE_LEAST),
        knee_100=knee_stop(order, ends, relevant, 100),
        controls=controls(order, ends, relevant, control_size),
        rounds=len(ends),
        cpu_seconds=spent,
    )


def through_the_record(case: Case, query: str, relevant: BitMap, every: str) -> list[int]:
    """The order of the same review by the commands' own rounds and tags."""
    panel.add_group(case, "Call", single=True, tags=("Responsive", "Not responsive"))
    asked = learning_start.Asked(
        *("Bench", "Responsive", "Not responsive", every), seed_query=query, seed=_SEED
    )
    count = learning_start.start(case, asked).documents
    order: list[int] = []
    while len(order) < count:
        cut = learning_rounds.following(case, "Bench")
        ids = BitMap(document for document, _ in cut.documents)
        for tag, some in (("Responsive", ids & relevant), ("Not responsive", ids - relevant)):
            if some:
                tags.change(case, "add", tag, some, {"bench": cut.number})
        order += [document for document, _ in cut.documents]
    return order


def _collection(
    folder: Path, messages: Iterator[labelled.Message], queries: dict[str, str], control_size: int
) -> list[Topic]:
    """Make the case if it is not there, and review each topic that has enough documents."""
    listed = list(messages)
    if not (folder / "case").is_dir():
        labelled.made(iter(listed), folder)
    by_name = {each.name: each.topics for each in listed}
    found = []
    with opened(folder / "case") as case:
        ids = search(case, _EVERY).ids
        topics = labelled.topics_of(case, by_name)
        vectors = learnable.load(case, ids)
        print(f"\n{folder.name}: {len(ids):,} documents, {len(vectors.vocabulary):,} words")
        _print_head()
        for name, query in queries.items():
            relevant = BitMap(each for each in ids if name in topics[each])
            if len(relevant) >= LEAST:
                found.append(topic(vectors, name, query, relevant, control_size))
                _print(found[-1])
        _print_means(found)
        name, query = list(queries.items())[-1]
        relevant = BitMap(each for each in ids if name in topics[each])
        if not panel.groups(case):
            same = through_the_record(case, query, relevant, _EVERY)
            alike = same == reviewed(vectors, query, relevant)[0]
            print(f"{name} through the record: {'the same order' if alike else 'ANOTHER ORDER'}")
    return found


_EVERY = "ext:eml"


def _print_head() -> None:
    levels = "".join(f"{level:>7.0%}" for level in LEVELS)
    print(f"{'topic':24}{'rel.':>5}  {'learning':9}{levels}   knee, 1,000  knee, 100    CPU s")


def _print(each: Topic) -> None:
    knees = "".join(f"{one.reviewed:7,}{one.recall:6.0%}" for one in (each.knee, each.knee_100))
    ways = (("learning", each.learning), ("one-shot", each.one_shot), ("random", each.by_chance))
    for way, counts in ways:
        first = way == "learning"
        print(
            f"{each.name if first else '':24}{each.relevant if first else '':>5}  {way:9}"
            + "".join(f"{count:7,.0f}" for count in counts)
            + (f"{knees}{each.cpu_seconds:9.1f}" if first else ""),
            flush=True,
        )


def _print_means(found: Sequence[Topic]) -> None:
    """Means over the topics, and the control sets."""
    for way in ("learning", "one_shot", "by_chance"):
        counts = np.mean([getattr(each, way) for each in found], axis=0)
        print(f"{'mean':31}{way:9}" + "".join(f"{count:7,.0f}" for count in counts))
    for which in ("knee", "knee_100"):
        stops = [getattr(each, which) for each in found]
        recalls = [each.recall for each in stops]
        print(
            f"{which}: mean recall {np.mean(recalls):.1%}, least {min(recalls):.1%}, at a mean of "
            f"{np.mean([each.reviewed for each in stops]):,.0f} documents"
        )
    print(f"\n{'control sets, target 80 %':24}{'size':>6}{'rel.':>6}{'too small':>11}", end="")
    print(f"{'reviewed':>10}{'recall':>8}{'reached':>9}")
    for each in found:
        c = each.controls
        print(
            f"{each.name:24}{c.size:6,}{c.relevant:6.1f}{c.too_small / CONTROLS:11.0%}"
            f"{c.reviewed:10,.0f}{c.recall:8.1%}{c.reached:9.1%}"
        )


def main() -> None:
    """Review, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folder", type=Path, help="where the cases are made, and taken from")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    given = parser.parse_args()
    corpus = given.corpus.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        names = labelled.category_names(corpus)
        figures = {
            "newsgroups": _collection(
                folder / "newsgroups", labelled.newsgroups(corpus), QUERIES, 500
            ),
            "enron": _collection(folder / "enron", labelled.categories(corpus), names, 300),
        }
    if given.json:
        written = {name: [asdict(each) for each in found] for name, found in figures.items()}
        given.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
