"""The members of a RAR archive, each put together from the volumes it lies in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ingest.members import CHUNK, Spool
from ingest.rar_crypto import Blake2sp, Decrypting, Lock, tweaked_blake, tweaked_crc
from ingest.rar_headers import Packed, Volume


@dataclass(frozen=True, slots=True)
class Part:
    """Where packed data lie in one volume, and how they are encrypted."""

    path: Path
    at: int
    size: int
    lock: Lock | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A member: its header where it begins, with the checksums from where it ends.

    `complete` is false where a volume with a part of it is missing, `cut` true where a volume
    ends before its data do. `run` counts the solid runs of the archive, `place` the members
    that are compressed within one.
    """

    header: Packed
    parts: tuple[Part, ...]
    complete: bool
    cut: bool
    run: int
    place: int

    @property
    def packed(self) -> int:
        """Bytes of its packed data."""
        return sum(each.size for each in self.parts)

    @property
    def is_copy(self) -> bool:
        """Whether it has no data, but those of another member."""
        return self.header.link_kind in ("hard", "copy")


def wholes(volumes: Sequence[tuple[Path, Volume] | None]) -> list[Whole]:
    """The members of all volumes in their order."""
    found: list[Whole] = []
    run = place = -1
    solid = any(each[1].solid for each in volumes if each is not None)
    for chain in _chains(volumes):
        whole = _whole(chain)
        header = whole.header
        if header.method and not whole.is_copy:
            goes_on = run >= 0 and (header.solid or (solid and header.version < 20))
            run, place = (run, place + 1) if goes_on else (run + 1, 0)
        found.append(replace(whole, run=run, place=place))
    return found


def runs(members: Sequence[Whole]) -> list[list[Whole]]:
    """The compressed members, by the solid runs they are unpacked in."""
    found: list[list[Whole]] = [[] for _ in range(max((w.run for w in members), default=-1) + 1)]
    for whole in members:
        if whole.header.method and not whole.is_copy:
            found[whole.run].append(whole)
    return found


def _chains(
    volumes: Sequence[tuple[Path, Volume] | None],
) -> Iterator[list[tuple[Path, Packed]]]:
    chain: list[tuple[Path, Packed]] = []
    for each in volumes:
        files = [] if each is None else [file for file in each[1].files if file.kind == "file"]
        for packed in files:
            assert each is not None
            goes_on = chain and chain[-1][1].split_after and packed.split_before
            if goes_on and packed.name_bytes == chain[-1][1].name_bytes:
                chain.append((each[0], packed))
                continue
            if chain:
                yield chain
            chain = [(each[0], packed)]
        if each is None and chain:
            yield chain
            chain = []
    if chain:
        yield chain


def _whole(chain: list[tuple[Path, Packed]]) -> Whole:
    first, last = chain[0][1], chain[-1][1]
    parts = tuple(_part(path, packed) for path, packed in chain)
    cut = any(part.size < packed.packed for part, (_, packed) in zip(parts, chain, strict=True))
    header = replace(first, crc=last.crc, blake=last.blake)
    return Whole(header, parts, not first.split_before and not last.split_after, cut, -1, -1)


def _part(path: Path, packed: Packed) -> Part:
    left = max(0, path.stat().st_size - packed.at)
    return Part(path, packed.at, min(packed.packed, left), packed.lock)


def packed_data(whole: Whole, password: str | None) -> Iterator[bytes]:
    """Its data as they were packed, decrypted where they were encrypted."""
    decrypting: Decrypting | None = None
    before: Lock | None = None
    for part in whole.parts:
        if part.lock is not None and part.lock != before and password is not None:
            decrypting, before = Decrypting(part.lock, password), part.lock
        with part.path.open("rb") as file:
            file.seek(part.at)
            left = part.size
            while left and (data := file.read(min(CHUNK, left))):
                left -= len(data)
                yield data if decrypting is None else decrypting.update(data)


def copier(whole: Whole, password: str | None) -> Callable[[BinaryIO], None]:
    """A function that writes its packed data to a file."""

    def copy(target: BinaryIO) -> None:
        target.writelines(packed_data(whole, password))

    return copy


def is_right(whole: Whole, password: str | None, spool: Spool) -> bool:
    """Whether what came out has the size and the checksums that the header tells."""
    header = whole.header
    if header.size is not None and spool.size != header.size:
        return False
    lock = header.lock if header.lock is not None and header.lock.tweaked else None
    if header.crc is not None:
        crc = spool.crc
        if lock is not None and password is not None:
            crc = tweaked_crc(crc, lock, password)
        if crc != header.crc:
            return False
    if header.blake is None:
        return True
    digest = Blake2sp()
    stream = spool.stream()
    while data := stream.read(CHUNK):
        digest.update(data)
    blake = digest.digest()
    if lock is not None and password is not None:
        blake = tweaked_blake(blake, lock, password)
    return blake == header.blake


def bounded(chunks: Iterator[bytes], size: int | None) -> Callable[[int], bytes]:
    """A function that reads what comes, to at most `size` bytes in all."""
    left = (1 << 62) if size is None else size
    kept = b""

    def read(most: int) -> bytes:
        nonlocal left, kept
        while left and not kept:
            kept = next(chunks, b"")
            if not kept:
                return b""
        data, kept = kept[: min(most, left)], kept[min(most, left) :]
        left -= len(data)
        return data

    return read
