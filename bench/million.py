"""A mailbox of very many small messages: throughput with one and two workers, and flat memory.

`python -m bench.million --messages 1000000` makes the mailbox (about 800 bytes a message and now
and then a longer one; every message another) and ingests it into a fresh case by one worker and
by two, memory sampled twice a second.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from bench.measure import Measured, measure
from bench.pipeline import command, environment, redwell

_WORDS = ("delivery", "lot", "harbour", "invoice", "anchor", "reserve", "claim", "survey", "berth")


def main() -> None:
    """Make, ingest, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder otherwise")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        source = Path(folder) / "source"
        source.mkdir()
        size = make(source / "all.mbox", given.messages)
        print(f"{given.messages:,} messages, {size / 1e6:,.0f} MB")
        for workers in given.workers:
            _report(given.messages, size, workers, _ingested(Path(folder), workers))


def make(path: Path, messages: int) -> int:
    """Write a mailbox in mboxrd form and give its bytes."""
    with path.open("wb") as file:
        for number in range(messages):
            file.write(_message(number))
        return file.tell()


def _message(number: int) -> bytes:
    word = _WORDS[number % len(_WORDS)]
    minutes, hours = number // 60, number // 3600
    lines = 60 if number % 97 == 0 else 6
    body = "".join(
        f"Line {line} of note {number}: the {word} is as {_WORDS[(number + line) % 9]} said.\n"
        for line in range(lines)
    )
    return (
        f"From sender{number % 50}@kestrel.example Mon Jan  1 00:00:00 2024\n"
        f"Message-ID: <{number}@kestrel.example>\n"
        f"Date: Mon, 01 Jan 2024 {hours % 24:02}:{minutes % 60:02}:{number % 60:02} +0000\n"
        f"From: Sender {number % 50} <sender{number % 50}@kestrel.example>\n"
        f"To: reader{number % 211}@northmoor.example\n"
        f"Subject: Note {number} on the {word}\n\n{body}\n"
    ).encode()


def _ingested(folder: Path, workers: int) -> Measured:
    case = folder / f"case-{workers}"
    redwell(
        *("init", str(case), "--number", "1", "--caption", "Many", "--bates-prefix", "M"),
        *("--custodian", "Lev Brandt"),
    )
    crew = ("--workers", str(workers), "--case", str(case), "--json")
    done = measure(
        command("ingest", str(folder / "source"), "--custodian", "Lev Brandt", *crew), environment()
    )
    time.sleep(1)
    return done


def _report(messages: int, size: int, workers: int, done: Measured) -> None:
    items = json.loads(done.stdout)["items"]
    if items != messages + 1:
        raise SystemExit(f"{items} items on record, {messages + 1} expected")
    print(
        f"{workers} worker(s): {done.seconds:.1f} s, {messages / done.seconds:,.0f} messages/s, "
        f"{size / 1e6 / done.seconds:.1f} MB/s; peak MB: coordinator {done.coordinator_mb}, "
        f"workers {done.workers_mb}, children {done.children_mb}"
    )


if __name__ == "__main__":
    main()
