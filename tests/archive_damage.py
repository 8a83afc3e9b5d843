"""One archive opened many times, cut short and with bits turned over; run as a process of its own.

    python -m tests.archive_damage ARCHIVE TYPE FLIPS

Prints as JSON how often each thing happened: `cut-told`, `cut-same`, `cut-silent` of twenty
cuts; of the flips `told` (an exception), `same`, `renamed`, `changed` (other bytes, nothing said),
`lost` (fewer members, nothing said) and `crashed` (a signal, as libarchive's older versions end by;
the child that opens containers is there for it). Each opening is a process of its own.
"""

import hashlib
import json
import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from ingest.containers import expand
from ingest.members import Budget, Opening
from records.limits import Limits
from records.notes import Note

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
    return members, told


def read_apart(data: bytes, kind: str) -> tuple[Members, bool] | None:
    """What `read` gives, from a forked process; None where a signal ended that."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer")
        child = os.fork()
        if not child:
            status = 1
            try:
                answer.write_text(json.dumps(read(data, kind, Path(folder))))
                status = 0
            except BaseException:  # noqa: BLE001  (nothing may go on in the fork)
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status < 0:
            return None
        assert status == 0, "see above"
        members, told = json.loads(answer.read_text())
        return [(name, digest) for name, digest in members], told


def outcome(before: Members, found: tuple[Members, bool] | None) -> str:
    """What damage did."""
    if found is None:
        return "crashed"
    now, told = found
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
    whole_reading = read_apart(whole, kind)
    assert whole_reading
    before, told = whole_reading
    assert before
    assert not told
    for place in range(1, 21):
        found = outcome(before, read_apart(whole[: len(whole) * place // 21], kind))
        counts["cut-" + ("silent" if found not in ("told", "same") else found)] += 1
    for _ in range(flips):
        data = bytearray(whole)
        data[chance.choice(places)] ^= 1 << chance.randrange(8)
        counts[outcome(before, read_apart(bytes(data), kind))] += 1
    print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
