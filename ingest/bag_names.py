"""Names of a bag's payload on disk: as collected where every reader of bags takes them.

Readers do not agree on "%" (RFC 8493 section 2.1.3 has it encoded in a manifest; bagit-python, as
its issue 157 says, and sha256sum take it as it stands), and none takes bytes that are not UTF-8 in
a manifest that is. So such bytes are written as "=" and two hexadecimal digits, and a tag file
says what each of these names was.
"""

import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# Control characters and line ends of any sort, "%", and bytes that are not UTF-8.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f%\u2028\u2029\ufeff\udc80-\udcff]")
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
_REFUSED = frozenset(
    {
        *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ),
        *(errno.ENAMETOOLONG, errno.ENOENT, errno.ELOOP),
    }
)


class Names:
    """Opens the payload's files one after the other, none twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[bytes] = set()  # of names that are not ASCII, as all readers compare them
        self._count = 0

    def open(self, path: bytes) -> tuple[str, BinaryIO]:
        """A new file for a path as collected, and its name below the payload folder.

        What the file system refuses, or has already (as one that minds no case may), gets a name
        of plain letters, at last a number.
        """
        self._count += 1
        last: OSError | None = None
        for name in self._candidates(path):
            if self._taken(name):
                continue
            try:
                return name, self._created(name)
            except OSError as error:
                if error.errno not in _REFUSED:
                    raise
                last = error
        raise last or OSError(errno.EEXIST, "no name is free for a file of the bag")

    def _candidates(self, path: bytes) -> Iterator[str]:
        parts = [os.fsdecode(part) for part in path.split(b"/")]
        if not {"", ".", ".."} & set(parts):
            yield "/".join([*(_safe(part) for part in parts[:-1]), _safe(parts[-1], last=True)])
            yield "/".join(_coded(part, _PLAIN) for part in parts)
        yield f"=/{self._count:08d}"

    def _taken(self, name: str) -> bool:
        """Whether a name would be another's to readers that compare in NFC."""
        if name.isascii():
            return False
        key = hashlib.blake2b(unicodedata.normalize("NFC", name).encode(), digest_size=16).digest()
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _created(self, name: str) -> BinaryIO:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("xb")


def _safe(part: str, *, last: bool = False) -> str:
    """A part as it stands on disk: itself where nothing in it is unsafe."""
    bare = part.rstrip() if last else part  # readers strip the end of a manifest's line
    if bare == part and not _UNSAFE.search(part):
        return part
    return _coded(bare, _UNSAFE) + "".join(_codes(each) for each in part[len(bare) :])


def _coded(part: str, unsafe: re.Pattern[str]) -> str:
    return "".join(_codes(each) if each == "=" or unsafe.match(each) else each for each in part)


def _codes(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
