"""Mailboxes of the corpus: what is known of them, what Redwell takes out, what readpst does.

    python -m bench.mailboxes --corpus ../shared/corpus

Prints a line for each PST and OST: folders, items and attachments by the corpus's own list of
facts, by Redwell, and the files that readpst writes there and then (mails, calendar entries,
contacts); then every difference, and items per second. Exits with 1 where Redwell differs from
the facts or gives fewer items than readpst.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ingest.members import Budget, Member, Opening
from ingest.msgfile import read_msg
from ingest.pst import expand_pst
from ingest.pst_blocks import Store
from ingest.pst_folders import survey
from ingest.pst_header import OpenError
from records.limits import Limits

_FACT = re.compile(
    r"^\| (?P<name>mail/(?:pst|ost)/\S+) \| (?:(?P<folders>\d+) folders, (?P<items>\d+) items, "
    r"(?P<attachments>\d+) attachments|libpff cannot open it)",
    re.M,
)
_SKIPPED = re.compile(r"(\d+) items done, (\d+) items skipped")
_KINDS = ("eml", "ics", "vcf")


@dataclass(frozen=True, slots=True)
class Count:
    """What a mailbox holds: folders, items, attachments; None for all where it cannot be opened."""

    folders: int | None
    items: int | None
    attachments: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What Redwell takes out of a mailbox."""

    count: Count
    classes: Counter[str]
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Written:
    """The files that readpst writes, by kind, and how many items it says it skipped."""

    files: dict[str, int]
    skipped: int


def facts(corpus: Path) -> dict[str, Count]:
    """The mailboxes of the corpus's README, with what it says of them."""
    found = {}
    for match in _FACT.finditer((corpus / "README.md").read_text(encoding="utf-8")):
        numbers = (match["folders"], match["items"], match["attachments"])
        found[match["name"]] = Count(*(int(each) if each else None for each in numbers))
    return found


def opening(path: Path, scratch: Path) -> Opening:
    """A mailbox to be opened by itself."""
    limits = Limits()
    budget = Budget(path.stat().st_size, limits)
    return Opening(path, path.name.encode(), "pst", limits, (), budget, scratch)


def redwell(path: Path) -> Taken:
    """Expand a mailbox and count what comes."""
    classes: Counter[str] = Counter()
    items = attachments = failed = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        members = list(expand_pst(opening(path, Path(scratch))))
    seconds = time.monotonic() - started
    for member in members:
        if isinstance(member, Member):
            items += 1
            failed += member.failed
            if member.stream is not None:
                item = read_msg(member.stream.read())
                attachments += len(item.attachments)
                classes[item.bag.text(0x001A)] += 1
    try:
        with Store(path) as store:
            found = survey(store)
            folders: int | None = len(found.parents) + found.search_folders
    except OpenError:
        folders = None
    return Taken(Count(folders, items, attachments), classes, failed, seconds)


def readpst(path: Path) -> Written | None:
    """Let readpst write a mailbox out; None where it is not installed."""
    if shutil.which("readpst") is None:
        return None
    with tempfile.TemporaryDirectory() as target:
        done = subprocess.run(
            ["readpst", "-j", "0", "-e", "-D", "-b", "-o", target, str(path)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        files = Counter(each.suffix[1:] for each in Path(target).rglob("*") if each.is_file())
    skipped = sum(int(each) for _, each in _SKIPPED.findall(done.stdout))
    return Written({kind: files[kind] for kind in _KINDS}, skipped)


def differences(fact: Count, taken: Taken, written: Written | None) -> list[str]:
    """Where the three do not agree, in words; those that begin with ! are Redwell's to answer."""
    found = []
    if fact.items is None:
        if taken.count.items:
            found.append(f"{taken.count.items} items come of what libpff cannot open")
    else:
        for name in ("folders", "items", "attachments"):
            ours, known = getattr(taken.count, name), getattr(fact, name)
            if ours != known:
                found.append(f"! {name}: {ours}, by the facts {known}")
    if taken.failed:
        found.append(f"! {taken.failed} items without content")
    if written is not None:
        total = sum(written.files.values())
        ours = taken.count.items or 0
        if ours < total:
            found.append(f"! {ours} items, and readpst writes {total}")
        elif ours > total:
            classes = ", ".join(f"{count} {name}" for name, count in taken.classes.most_common())
            text = f"readpst writes {total} of {ours} and says it skips {written.skipped}"
            found.append(f"{text}; ours are {classes}")
    return found


def main() -> int:
    """Compare all mailboxes; 1 where Redwell has to answer for a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    arguments = parser.parse_args()
    bad = 0
    print(f"{'mailbox':42} {'facts':>12} {'redwell':>12} {'readpst e/i/v':>14} {'items/s':>8}")
    for name, fact in facts(arguments.corpus).items():
        path = arguments.corpus / name
        taken, written = redwell(path), readpst(path)
        files = "-" if written is None else "/".join(str(each) for each in written.files.values())
        rate = (taken.count.items or 0) / max(taken.seconds, 1e-6)
        print(f"{name:42} {_shown(fact):>12} {_shown(taken.count):>12} {files:>14} {rate:8.0f}")
        for each in differences(fact, taken, written):
            bad += each.startswith("!")
            print(f"    {each}")
    return 1 if bad else 0


def _shown(count: Count) -> str:
    numbers = (count.folders, count.items, count.attachments)
    return "/".join("-" if each is None else str(each) for each in numbers)


if __name__ == "__main__":
    sys.exit(main())
