"""Sets of documents as a column holds them: roaring bitmaps in their portable format."""

from pyroaring import BitMap


def to_bytes(ids: BitMap) -> bytes:
    """A set as bytes; equal sets may give other bytes."""
    compact = BitMap(ids)
    compact.run_optimize()
    return bytes(compact.serialize())


def from_bytes(data: bytes) -> BitMap:
    """Read what `to_bytes` wrote."""
    return BitMap.deserialize(bytes(data))
