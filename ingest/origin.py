"""What the file system says of a source file, as `documents.origin` keeps it.

Times are ISO 8601 in UTC to the nanosecond. Nothing here reads a file's bytes or writes anything.
"""

import base64
import ctypes
import datetime as dt
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ingest.addressing import path_address
from ingest.names import shown

_VALUE = 4096  # bytes of an extended attribute's value that are kept
_VALUES = 65536  # bytes of all such values of one file
# What Linux tells of Windows' own marks on such mounts without listing it.
_WINDOWS = {
    "ntfs": ("system.ntfs_attrib_be", "system.ntfs_crtime_be", "system.ntfs_acl"),
    "ntfs3": ("system.ntfs_attrib_be", "system.ntfs_security"),
    "fuseblk": ("system.ntfs_attrib_be", "system.ntfs_crtime_be", "system.ntfs_acl"),
    "cifs": ("user.cifs.dosattrib", "user.cifs.creationtime", "system.cifs_acl"),
    "smb3": ("user.cifs.dosattrib", "user.cifs.creationtime", "system.cifs_acl"),
}
# statx(2): flags, the mask of the birth time, and where it stands in the answer.
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH = -100, 0x100, 0x1000
_STATX_BTIME, _STATX_SIZE, _BTIME_AT = 0x800, 256, 80

type Origin = dict[str, Any]


def of_descriptor(fd: int) -> Origin:
    """Facts of a file that is open."""
    return _facts(os.fstat(fd), fd, _born(fd, b""))


def of_path(full: bytes) -> Origin | None:
    """Facts of an entry by its path, a link's its own; None where it cannot be looked at."""
    try:
        found = os.lstat(full)
    except OSError:
        return None
    return _facts(found, full, _born(_AT_FDCWD, full))


def of_source(root: bytes, path: bytes) -> Origin | None:
    """Facts of an entry of a source."""
    return with_path(of_path(os.path.join(root, path)), path)  # noqa: PTH118 - bytes


def with_path(origin: Origin | None, path: bytes) -> Origin | None:
    """The facts, with the path's own bytes where the address of the document lacks them."""
    if path_address(path).encode() == path:
        return origin
    return (origin or {}) | {"path": quote_from_bytes(path)}


def path_of(address: str, origin: Origin | None) -> bytes:
    """The bytes of the path of a source file, relative to its source."""
    kept = (origin or {}).get("path")
    return address.encode() if kept is None else unquote_to_bytes(kept)


def _facts(found: os.stat_result, where: int | bytes, born: int | None) -> Origin:
    file_system = _file_system(found.st_dev)
    names: dict[str, str | None] = {
        "owner": _user(found.st_uid),
        "group": _group(found.st_gid),
        "born": None if born is None else _time(born),
        "filesystem": file_system,
    }
    facts: Origin = {
        "modified": _time(found.st_mtime_ns),
        "changed": _time(found.st_ctime_ns),
        "accessed": _time(found.st_atime_ns),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mode": f"{found.st_mode:o}",
        "rights": stat.filemode(found.st_mode),
        "device": f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}",
        "inode": found.st_ino,
        "links": found.st_nlink,
    }
    facts |= {name: value for name, value in names.items() if value}
    attributes = dict(_attributes(where, file_system or ""))
    return facts | ({"attributes": attributes} if attributes else {})


def _time(nanoseconds: int) -> str:
    """ISO 8601; what no calendar holds as seconds since 1970 behind an @."""
    seconds, rest = divmod(nanoseconds, 10**9)
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return f"@{seconds}.{rest:09d}"
    return f"{moment.isoformat()}.{rest:09d}Z"


@lru_cache(4096)
def _user(number: int) -> str | None:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return None


@lru_cache(4096)
def _group(number: int) -> str | None:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return None


@lru_cache(256)
def _file_system(device: int) -> str | None:
    """The type of a mounted file system, as `ext4`, `ntfs3` or `cifs` (proc(5), mountinfo)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        left, _, right = line.partition(" - ")
        if left.split()[2:3] == [wanted] and right:
            return right.split()[0]
    return None


def _attributes(where: int | bytes, file_system: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Extended attributes: name, size, and the value where it is short."""
    follow = isinstance(where, int)  # a descriptor is no link
    try:
        names = os.listxattr(where, follow_symlinks=follow)
    except OSError:
        names = []
    left = _VALUES
    for name in dict.fromkeys((*names, *_WINDOWS.get(file_system, ()))):
        try:
            value = os.getxattr(where, name, follow_symlinks=follow)
        except OSError:
            if name in names:
                yield shown(os.fsencode(name)), {"unreadable": True}
            continue
        kept = len(value) <= min(_VALUE, left)
        left -= len(value) if kept else 0
        yield shown(os.fsencode(name)), {"size": len(value)} | (_value(value) if kept else {})


def _value(value: bytes) -> dict[str, str]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if text.isprintable():
        return {"text": text}
    return {"base64": base64.b64encode(value).decode()}


def _born(folder: int, path: bytes) -> int | None:
    """When a file was made, in nanoseconds; Python's `os.stat` does not tell it on Linux."""
    statx = _statx()
    if statx is None:
        return None
    answer = ctypes.create_string_buffer(_STATX_SIZE)
    flags = _AT_SYMLINK_NOFOLLOW if path else _AT_EMPTY_PATH
    if statx(folder, path, flags, _STATX_BTIME, answer) != 0:
        return None
    if not int.from_bytes(answer.raw[0:4], "little") & _STATX_BTIME:
        return None
    seconds = int.from_bytes(answer.raw[_BTIME_AT : _BTIME_AT + 8], "little", signed=True)
    return seconds * 10**9 + int.from_bytes(answer.raw[_BTIME_AT + 8 : _BTIME_AT + 12], "little")


@cache
def _statx() -> Any:
    """The C library's statx, where it has one."""
    found = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
    if found is not None:
        found.argtypes = (
            *(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_char_p),
        )
    return found
