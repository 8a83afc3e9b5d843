"""Breaks a mailbox in many ways and expands each: run as a program, apart from the tests.

    python -m tests.ingest_pst_breaker FILE SEED CUTS FLIPS FORGED

Prints one JSON line: how often it was run, how many items came and were whole, and what went
wrong: `uncounted` (not as many items as planned), `silent` (fewer items than in the sound file
and no note that says so), `raised` (an exception left the reader).
"""

import json
import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ingest.members import Budget, Member, Opening
from ingest.pst import expand_pst, plan_pst
from ingest.pst_blocks import Allowance, Store
from ingest.pst_crypt import encoded
from ingest.pst_header import weak_crc
from ingest.pst_pages import BLOCKS
from records.limits import Limits
from records.notes import Note


def opening(path: Path, part: dict[str, object] | None = None) -> Opening:
    """A mailbox, or a part of it, to be opened by itself."""
    limits = Limits()
    budget = Budget(path.stat().st_size, limits)
    return Opening(path, b"a.pst", "pst", limits, (), budget, path.parent, part=part)


def cut(data: bytes, count: int) -> Iterator[bytes]:
    """The first so many bytes, evenly."""
    yield from (data[: len(data) * each // count] for each in range(count))


def flipped(data: bytes, count: int, chance: random.Random) -> Iterator[bytes]:
    """Single bits turned, from one to a hundred of them."""
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 1, 3, 10, 100))):
            broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield bytes(broken)


def forged(path: Path, data: bytes, count: int, chance: random.Random) -> Iterator[bytes]:
    """Bytes of the inner structures changed and their checksums made right again."""
    with Store(path) as store:
        layout = store.header.layout
        blocks = [row for row, _ in store.trees.walk(BLOCKS) if row[2]]
        for _ in range(count):
            broken = bytearray(data)
            for bid, at, size, *_ in chance.sample(blocks, 2):
                plain = bytearray(store.block(bid, Allowance(1 << 20)))
                for _ in range(chance.choice((1, 4))):
                    near = chance.choice((16, 64, size))
                    place = chance.randrange(min(size, near))
                    place = place if chance.random() < 0.7 else size - 1 - place
                    plain[place] = chance.choice((0, 1, 255, chance.randrange(256)))
                raw = bytes(plain) if bid & 2 else encoded(bytes(plain), store.header.crypt, bid)
                whole = -(-(size + layout.trailer) // layout.align) * layout.align
                broken[at : at + size] = raw
                crc_at = at + whole - layout.trailer + (4 if layout.wide else 8)
                struct.pack_into("<I", broken, crc_at, weak_crc(raw))
            yield bytes(broken)


def trial(path: Path, sound: int, seen: Counter[str]) -> None:
    """Plan and expand a broken mailbox, part by part, and add to what was seen."""
    members, notes, planned = list[Member](), list[Note](), 0
    for part in plan_pst(opening(path)):
        planned += int(str(part["items"]))
        for each in expand_pst(opening(path, part)):
            if isinstance(each, Member):
                members.append(each)
            else:
                notes.append(each)
    seen["runs"] += 1
    seen["came"] += len(members)
    seen["whole"] += sum(not each.notes for each in members)
    names = {each.name_bytes for each in members}
    seen["uncounted"] += planned != len(members) or len(names) != len(members)
    seen["silent"] += any(each.stream is None and not each.failed for each in members)
    said = any(each.severity == "exception" or "outside" in each.message for each in notes)
    seen["silent"] += len(members) < sound and not said


def main(path: Path, seed: int, cuts: int, flips: int, forgeries: int) -> None:
    """Break and expand the file so often."""
    data, chance, seen = path.read_bytes(), random.Random(seed), Counter[str]()
    sound = sum(isinstance(each, Member) for each in expand_pst(opening(path)))
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "a.pst"
        for ways in (
            cut(data, cuts),
            flipped(data, flips, chance),
            forged(path, data, forgeries, chance),
        ):
            for each in ways:
                broken.write_bytes(each)
                try:
                    trial(broken, sound, seen)
                except Exception as error:  # noqa: BLE001  what leaves the reader is counted
                    seen["raised"] += 1
                    print(repr(error), file=sys.stderr)
    print(json.dumps(seen | {"sound": sound}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(each) for each in sys.argv[2:6]))
