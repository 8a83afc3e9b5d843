"""What the path of a message in a Maildir says of it (https://cr.yp.to/proto/maildir.html).

Maildir++ keeps the folder Sub of the folder Folder as ".Folder.Sub" beside the inbox.
"""

import re

from ingest.names import shown
from records.fields import Fields

_INFO = re.compile(rb"[:;!]2,([A-Za-z]*)\Z")
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_UNIQUE = re.compile(rb"\d{6,}\.[^/]+")
_FLAGS = {"F": "flagged", "P": "forwarded", "R": "answered", "T": "trashed"}


def maildir_facts(path: bytes) -> Fields | None:
    """Mail folder, read state and flags of a file by its path; None where it is no Maildir's.

    A file under `cur` or `new` is one where its name has the flags that the format gives it, or
    is a name that the format makes: a time, a process and a host parted by dots.
    """
    *folders, name = path.split(b"/")
    place = folders[-1] if folders else b""
    info = _INFO.search(name)
    if place not in (b"cur", b"new") or not (info or _UNIQUE.fullmatch(name)):
        return None
    letters = info[1].decode("ascii").upper() if info else ""
    return Fields(
        folder=_folder(folders[:-1]),
        is_read="S" in letters if place == b"cur" else False,
        is_draft=True if "D" in letters else None,
        flags=tuple(flag for letter, flag in _FLAGS.items() if letter in letters),
    )


def _folder(folders: list[bytes]) -> str:
    """The mail folder, its steps parted by "/"; the inbox where no folder is named."""
    last = folders[-1] if folders else b""
    if last.startswith(b".") and len(last) > 1:
        return "/".join(_decoded(each) for each in last[1:].split(b"."))
    return _decoded(last) if last and last.lower() not in (b"maildir", b"mail") else "INBOX"


def _decoded(name: bytes) -> str:
    """A name in the UTF-7 of IMAP (RFC 3501 section 5.1.3), which Maildir++ keeps."""
    if b"&" not in name or not name.isascii():
        return shown(name)
    try:
        return shown(_SHIFTED.sub(_unshifted, name))
    except UnicodeDecodeError:
        return shown(name)


def _unshifted(found: re.Match[bytes]) -> bytes:
    packed = found[1].replace(b",", b"/")
    return (b"+" + packed + b"-").decode("utf-7").encode("utf-8", "replace") if packed else b"&"
