"""One archive opened many times, cut short and with bits turned over; run as a process of its own.

    python -m tests.archive_damage ARCHIVE TYPE FLIPS

Prints as JSON how often each thing happened: `cut-told`, `cut-same`, `cut-silent` of twenty
cuts; of the flips `told` (an exception), `same`, `renamed`, `changed` (other bytes, nothing said)
and `lost` (fewer members, nothing said).
"""

import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ingest.containers import expand
from ingest.members import Budget, Opening
from records.notes import Note
from records.settings import Limits

Members = list[tuple[str, str]]


def read(data: bytes, kind: str, folder: Path) -> tuple[Members, bool]:
    """Names and digests of the members, and whether anything is said to be wrong."""
    path, scratch = folder / "blob", folder / "scratch"
    path.write_bytes(data)
    scratch.mkdir()
    limits = Limits(seconds=20)
    budget = Budget(len(data), limits)
    opening = Opening(path, b"a.bin", kind, limits, ("wrong", "secret"), budget, scratch)
    members, told = [], False
    for each in expand(opening):
        notes = (each,) if isinstance(each, Note) else each.notes
        told |= any(note.severity == "exception" for note in notes)
        if not isinstance(each, Note):
            digest = hashlib.sha256(each.stream.read()).hexdigest() if each.stream else ""
            members.append((each.name, digest))
    shutil.rmtree(scratch)
    return members, told


def outcome(before: Members, now: Members, told: bool) -> str:
    """What damage did."""
    if told:
        return "told"
    if now == before:
        return "same"
    if len(now) < len(before):
        return "lost"
    same_names = [name for name, _ in now] == [name for name, _ in before]
    return "changed" if same_names else "renamed"


def main(path: Path, kind: str, flips: int) -> None:
    """Run it."""
    whole, chance = path.read_bytes(), random.Random(path.name)
    places = [place for place, byte in enumerate(whole) if byte]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        before, told = read(whole, kind, Path(folder))
        assert before
        assert not told
        for place in range(1, 21):
            found = outcome(before, *read(whole[: len(whole) * place // 21], kind, Path(folder)))
            counts["cut-" + ("silent" if found not in ("told", "same") else found)] += 1
        for _ in range(flips):
            data = bytearray(whole)
            data[chance.choice(places)] ^= 1 << chance.randrange(8)
            counts[outcome(before, *read(bytes(data), kind, Path(folder)))] += 1
    print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
