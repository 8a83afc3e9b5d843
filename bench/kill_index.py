"""Kills indexing, merging and rebuilding while they change the index, and looks what is left.

    python -m bench.kill_index --corpus ../shared/corpus --kills 50 --seed 1

A case of mails; again and again some of them get a new revision, and `redwell index`,
`redwell index --merge` or `redwell index rebuild` is killed by SIGKILL as soon as it has touched
the index folder or the one beside it, or a moment later. After each kill the index must open and
answer, hold every document that it held before, none twice and none in part; the command that is
then run to its end must leave an index that `redwell index check` finds whole. Exits with 1 at the
first difference.
"""

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench import mail_case, pipeline
from index import held
from index.check import check
from index.searching import Session
from records import tables
from records.case import Case, opened

COMMANDS = (("index",), ("index", "--merge"), ("index", "rebuild"))
_EVERYWHERE = "copy number"  # words that stand in every mail
_MAYBE = {"missing", "other revision"}  # what a command that was killed may not have done yet


def changed(case: Case, chance: random.Random) -> None:
    """Give some mails a new revision."""
    d = tables.documents.c
    with case.write() as connection:
        for number in chance.sample(sorted(held(case.index_folder)), 400):
            connection.execute(
                tables.documents.update().where(d.id == number).values(revision=d.revision + 1)
            )


def _names(case: Case) -> set[str]:
    folders = (case.index_folder, case.rebuild_folder)
    return {str(each) for folder in folders if folder.is_dir() for each in folder.iterdir()}


def killed(case: Case, command: tuple[str, ...], chance: random.Random) -> bool:
    """Run a command and kill it when it touches the index; False if it ended before."""
    before, delay = (
        _names(case),
        chance.choice((0.0, chance.uniform(0, 0.02), chance.uniform(0, 1))),
    )
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(
            pipeline.command(*command, "--workers", "1", "--case", str(case.folder)),
            env=pipeline.environment(),
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        while process.poll() is None and _names(case) == before:
            time.sleep(0.0005)
        time.sleep(delay)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True
        if process.returncode:
            sink.seek(0)
            raise RuntimeError(f"{command} failed: {sink.read().decode()}")
        return False


def differences(case: Case, before: dict[int, int], *, done: bool) -> list[str]:
    """What is wrong with the index now."""
    report = check(case, lambda _: None, quick=not done)
    wrong = [each.what for each in report.findings if done or each.kind not in _MAYBE]
    now = held(case.index_folder)
    if lost := before.keys() - now.keys():
        wrong.append(f"{len(lost)} documents were lost")
    if older := [each for each, revision in before.items() if now.get(each, 0) < revision]:
        wrong.append(f"{len(older)} documents are of an older revision than before")
    session = Session(case)
    found = len(session.search(_EVERYWHERE).ids)
    session.close()
    if found != len(now):
        wrong.append(f"{found} documents are found of {len(now)}")
    return wrong


def trial(
    case: Case, command: tuple[str, ...], chance: random.Random, kills: int
) -> tuple[int, list[str]]:
    """Kill a command up to so many times, then run it to its end; the kills, and what is wrong."""
    changed(case, chance)
    before, hit = held(case.index_folder), 0
    while hit < kills and killed(case, command, chance):
        hit += 1
        if wrong := differences(case, before, done=False):
            return hit, wrong
        before = held(case.index_folder)
    pipeline.redwell(*command, "--workers", "1", "--case", str(case.folder))
    return hit, differences(case, before, done=True)


def main() -> None:
    """Run all trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=4_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance, hits = random.Random(given.seed), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="redwell-kill-") as folder:
        home = Path(folder) / "case"
        mail_case.made(given.corpus.resolve(), Path(folder), home, given.documents)
        pipeline.redwell("index", "--no-merge", "--workers", "1", "--case", str(home))
        with opened(home) as case:
            for command in itertools.cycle(COMMANDS):
                if (left := given.kills - hits.total()) == 0:
                    break
                hit, wrong = trial(case, command, chance, min(3, left))
                hits[" ".join(command)] += hit
                told = f"{hits.total()} kills; after {hit} of {' '.join(command)}: "
                print(told + ("; ".join(wrong) or "nothing lost, nothing twice"), flush=True)
                if wrong:
                    sys.exit(1)
    print(", ".join(f"{name}: {count}" for name, count in sorted(hits.items())))


if __name__ == "__main__":
    main()
