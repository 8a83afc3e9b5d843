"""Keys and checksums of RAR, versions 3 and 5; the primitives are those of other libraries."""

import functools
import hashlib
import hmac
from dataclasses import dataclass
from typing import BinaryIO

import rarfile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MOST_ROUNDS = 24
"""Rounds of PBKDF2 as a power of two, past which no key is made: RAR 5 takes 15."""

_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Lock:
    """How data are encrypted: with RAR 3's way by a salt, with RAR 5's by what it writes down.

    `check` is RAR 5's test of a password; `tweaked` that its checksums depend on the key.
    """

    salt: bytes
    version: int
    vector: bytes = b""
    rounds: int = 0
    check: bytes = b""
    tweaked: bool = False


class Blake2sp:
    """BLAKE2sp, the eight-way BLAKE2s (RFC 7693 defines the one-way)."""

    def __init__(self) -> None:
        self._hash = rarfile.Blake2SP()

    def update(self, data: bytes) -> None:
        """Take in more."""
        self._hash.update(data)

    def digest(self) -> bytes:
        """The 32 bytes."""
        return bytes(self._hash.digest())


def opens(lock: Lock, password: str) -> bool | None:
    """Whether a password is right; None where only the data can tell."""
    if lock.version < 5 or len(lock.check) != 12:
        return None
    check, proof = lock.check[:8], lock.check[8:]
    if hashlib.sha256(check).digest()[:4] != proof:  # the test itself is damaged
        return None
    folded = bytearray(8)
    for place, value in enumerate(_key(lock, password, 32)):
        folded[place % 8] ^= value
    return bytes(folded) == check


class Decrypting:
    """A stretch of a file, decrypted while it is read; what is read is whole blocks of 16."""

    def __init__(self, lock: Lock, password: str) -> None:
        if lock.version >= 5:
            key, vector = _key(lock, password, 0), lock.vector
        else:
            key, vector = _rar3_key(password, lock.salt)
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()

    def update(self, data: bytes) -> bytes:
        """Decrypt more."""
        return self._cipher.update(data)


class DecryptedHeader:
    """Reads headers that are encrypted, block by block and no further than asked."""

    def __init__(self, file: BinaryIO, lock: Lock, password: str) -> None:
        self._file = file
        self._decrypting = Decrypting(lock, password)
        self._clear = b""

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        lacking = size - len(self._clear)
        if lacking > 0:
            data = self._file.read((lacking + _BLOCK - 1) // _BLOCK * _BLOCK)
            self._clear += self._decrypting.update(data[: len(data) // _BLOCK * _BLOCK])
        data, self._clear = self._clear[:size], self._clear[size:]
        return data


def tweaked_crc(crc: int, lock: Lock, password: str) -> int:
    """A CRC-32 as RAR 5 writes it where checksums depend on the key."""
    digest = hmac.digest(_key(lock, password, 16), crc.to_bytes(4, "little"), "sha256")
    folded = bytearray(4)
    for place, value in enumerate(digest):
        folded[place % 4] ^= value
    return int.from_bytes(folded, "little")


def tweaked_blake(digest: bytes, lock: Lock, password: str) -> bytes:
    """A BLAKE2sp digest as RAR 5 writes it where checksums depend on the key."""
    return hmac.digest(_key(lock, password, 16), digest, "sha256")


@functools.lru_cache(maxsize=64)
def _pbkdf2(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), salt, rounds)


def _key(lock: Lock, password: str, more: int) -> bytes:
    """RAR 5 takes further keys 16 and 32 rounds on."""
    if lock.rounds > MOST_ROUNDS:
        raise ValueError(f"a key of 2^{lock.rounds} rounds is none that is made in good faith")
    return _pbkdf2(password, lock.salt, (1 << lock.rounds) + more)


@functools.lru_cache(maxsize=64)
def _rar3_key(password: str, salt: bytes) -> tuple[bytes, bytes]:
    key, vector = rarfile.rar3_s2k(password, salt)
    return bytes(key), bytes(vector)


def unicode_name(plain: bytes, packed: bytes) -> str | None:
    """A name of RAR 3 from its plain form and what makes it Unicode; None where that fails."""
    name = rarfile.UnicodeFilename(plain, packed)
    text: str = name.decode()
    return None if name.failed else text
