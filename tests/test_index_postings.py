"""Our writer of postings beside Whoosh's own: the same bytes, and read the same."""

import random
from pathlib import Path

from pyroaring import BitMap
from whoosh import index as whoosh_index
from whoosh.codec.whoosh3 import W3Codec

from index import schema
from index.build import NAME
from index.postings import BLOCK, COMPRESSION, SMALL, Posting, add_postings
from index.segment import Segment


class _OneEach:
    """Lengths of fields as our writer takes them."""

    def doc_field_length(self, _number: int, _field: str) -> int:
        return 1


def _postings() -> list[Posting]:
    """Terms in one document and in many, once and often, over several blocks, in two fields."""
    chance = random.Random(7)
    found: list[Posting] = []
    for field in ("subject", "text"):
        for term in sorted(f"word{number}".encode() for number in range(60)):
            often = chance.choice((1, 2, BLOCK, BLOCK + 1, 3 * BLOCK))
            same = chance.choice((True, False))
            for number in sorted(chance.sample(range(400), often)):
                times = 1 if same else chance.randint(1, 4)
                positions = sorted(chance.sample(range(90_000), times))
                ((_, count, value),) = schema.encode({"x": positions})
                found.append((field, term, number, float(count), value))
    return found


def _written(folder: Path, small: int | None) -> tuple[Path, dict[str, bytes]]:
    """A segment with those postings, by Whoosh where `small` is None; its term and post files."""
    folder.mkdir()
    whoosh = whoosh_index.create_in(str(folder), schema.schema(), indexname=NAME)
    writer = whoosh.writer(compound=False, codec=W3Codec(compression=COMPRESSION))
    for number in range(1, 401):
        writer.add_document(document_id=number, revision=1)
    theirs = writer.fieldwriter.add_postings

    def ours(known: object, _lengths: object, _items: object) -> None:
        if small is None:
            theirs(known, _OneEach(), _postings())
        else:
            add_postings(writer.fieldwriter, known, _postings(), small)

    writer.fieldwriter.add_postings = ours
    writer.commit(merge=False)
    files = {path.suffix: path.read_bytes() for path in folder.iterdir()}
    return folder, {suffix: files[suffix] for suffix in (".trm", ".pst")}


def test_the_bytes_are_those_of_whoosh(tmp_path: Path) -> None:
    _, ours = _written(tmp_path / "ours", small=0)
    _, theirs = _written(tmp_path / "theirs", small=None)
    assert ours == theirs
    _, usual = _written(tmp_path / "usual", small=SMALL)
    assert usual[".pst"] != theirs[".pst"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "segment"
    folder.mkdir()
    whoosh = whoosh_index.create_in(str(folder), schema.schema(), indexname=NAME)
    writer = whoosh.writer(compound=True)
    for number in range(1, 401):
        writer.add_document(document_id=number, revision=1)
    writer.fieldwriter.add_postings = lambda known, _lengths, _items: add_postings(
        writer.fieldwriter, known, _postings()
    )
    writer.commit(merge=False)
    (path,) = folder.glob("*.seg")
    segment = Segment(folder, path.stem, BitMap())
    expected: dict[tuple[str, bytes], list[tuple[int, bytes]]] = {}
    for field, term, number, _, value in _postings():
        expected.setdefault((field, term), []).append((number, value))
    for (field, term), pairs in expected.items():
        found = segment.postings(field, term.decode())
        assert list(zip(found.numbers, found.values, strict=True)) == pairs
    segment.close()
