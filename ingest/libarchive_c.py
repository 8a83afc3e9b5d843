"""The library libarchive through ctypes: as few of its functions as reading takes."""

import ctypes
import ctypes.util
import functools
import locale
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ingest.external import SilentError

TOOL = "libarchive"
PACKAGE = "libarchive-tools"
"""The package of Debian and Ubuntu that brings it, whatever the library's own is called."""

END, OK, RETRY, WARN, FAILED, FATAL = 1, 0, -10, -20, -25, -30
_BLOCK = 1 << 16
_NAMES = ("libarchive.so.13", "libarchive.13.dylib")
_GIVER = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
)
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "version_number": (ctypes.c_int, ()),
    "error_string": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "format": (ctypes.c_int, (ctypes.c_void_p,)),
    "entry_filetype": (ctypes.c_uint, (ctypes.c_void_p,)),
    "entry_hardlink": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "entry_mtime": (ctypes.c_int64, (ctypes.c_void_p,)),
    "entry_mtime_is_set": (ctypes.c_int, (ctypes.c_void_p,)),
    "entry_nlink": (ctypes.c_uint, (ctypes.c_void_p,)),
    "entry_pathname": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "entry_pathname_utf8": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "entry_size": (ctypes.c_int64, (ctypes.c_void_p,)),
    "entry_symlink": (ctypes.c_char_p, (ctypes.c_void_p,)),
    "read_new": (ctypes.c_void_p, ()),
    "read_free": (ctypes.c_int, (ctypes.c_void_p,)),
    "read_next_header": (ctypes.c_int, (ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p))),
    "read_data": (ctypes.c_ssize_t, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)),
    "filter_count": (ctypes.c_int, (ctypes.c_void_p,)),
    "read_open": (
        ctypes.c_int,
        (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, _GIVER, ctypes.c_void_p),
    ),
    "read_open_filenames": (
        ctypes.c_int,
        (ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_size_t),
    ),
}


class ArchiveError(Exception):
    """What the library says when it cannot go on; `fatal` where there is nothing more to be had."""

    def __init__(self, message: str, *, fatal: bool) -> None:
        super().__init__(message)
        self.fatal = fatal


@functools.cache
def _library() -> Any:
    """The library with its functions declared; None where it is not installed.

    It converts names by the locale of the process, which has to be one of UTF-8.
    """
    loaded = None
    for name in (*_NAMES, ctypes.util.find_library("archive")):
        try:
            loaded = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if loaded is not None:
            break
    if loaded is None:
        return None
    if "utf" not in locale.nl_langinfo(locale.CODESET).lower():
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(loaded, f"archive_{name}")
        function.restype, function.argtypes = result, arguments
    return loaded


@functools.cache
def version() -> str:
    """The version that is installed; empty where there is none."""
    library = _library()
    if library is None:
        return ""
    number = int(library.archive_version_number())
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


class Reading:
    """An archive that is read from front to end, in some formats and through some filters."""

    def __init__(
        self, paths: Sequence[Path], formats: Sequence[str], filters: Sequence[str]
    ) -> None:
        self._prepare(formats, filters)
        files = (ctypes.c_char_p * (len(paths) + 1))(*[bytes(each) for each in paths], None)
        self._check(self._library.archive_read_open_filenames(self._archive, files, _BLOCK))

    @classmethod
    def of_stream(
        cls, read: Callable[[int], bytes], formats: Sequence[str], filters: Sequence[str]
    ) -> "Reading":
        """Read what a function gives instead; what that raises ends the stream."""
        reading = cls.__new__(cls)
        reading._prepare(formats, filters)
        given = ctypes.create_string_buffer(_BLOCK)

        def give(_: int, __: int, place: Any) -> int:
            try:
                data = read(_BLOCK)
            except (SilentError, OSError) as error:  # it cannot pass through C
                reading.failure, data = error, b""
            ctypes.memmove(given, data, len(data))
            place[0] = ctypes.addressof(given)
            return len(data)

        reading._giver = _GIVER(give)
        reading._check(
            reading._library.archive_read_open(reading._archive, None, None, reading._giver, None)
        )
        return reading

    @property
    def is_filtered(self) -> bool:
        """Whether one of the filters was found to be in use."""
        return int(self._library.archive_filter_count(self._archive)) > 1

    def _prepare(self, formats: Sequence[str], filters: Sequence[str]) -> None:
        self._library = _library()
        self._archive = ctypes.c_void_p(self._library.archive_read_new())
        self._buffer = ctypes.create_string_buffer(_BLOCK)
        self._entry = ctypes.c_void_p()
        self._giver: Any = None
        self.failure: Exception | None = None
        for kind, names in (("format", formats), ("filter", filters)):
            for name in names:
                support = getattr(self._library, f"archive_read_support_{kind}_{name}", None)
                if support is not None:
                    support.argtypes = (ctypes.c_void_p,)
                    support(self._archive)

    def _check(self, result: int) -> None:
        if result < WARN:
            error = ArchiveError(self.said(), fatal=True)
            self.close()
            raise error

    def next(self) -> tuple[bool, str]:
        """Go to the next entry: whether there is one, and what is odd about it.

        Raises `ArchiveError`; where that is not fatal, the next one may still be asked for.
        """
        result = self._library.archive_read_next_header(self._archive, ctypes.byref(self._entry))
        if result == END:
            return False, ""
        if result < WARN or result == RETRY:
            raise ArchiveError(self.said(), fatal=result == FATAL)
        return True, self.said() if result == WARN else ""

    def read(self, most: int = _BLOCK, /) -> bytes:
        """Some of the entry's bytes, none at its end; raises `ArchiveError`."""
        wanted = min(most, _BLOCK)
        size = self._library.archive_read_data(self._archive, self._buffer, wanted)
        if size < 0:
            raise ArchiveError(self.said(), fatal=size == FATAL)
        return self._buffer.raw[:size]

    def said(self) -> str:
        """The library's last words about this archive."""
        words: bytes | None = self._library.archive_error_string(self._archive)
        return (words or b"no reason given").decode("utf-8", "replace")

    def name(self) -> bytes:
        """The entry's name as it stands in the archive, or converted to UTF-8 from UTF-16."""
        return self._bytes("pathname") or self._bytes("pathname_utf8") or b""

    def symlink(self) -> bytes | None:
        """Where a symbolic link leads."""
        return self._bytes("symlink")

    def hardlink(self) -> bytes | None:
        """The name of the entry whose bytes are this one's."""
        return self._bytes("hardlink")

    def number(self, what: str) -> int:
        """A number of the entry: size, mtime, mtime_is_set, filetype, nlink."""
        return int(getattr(self._library, f"archive_entry_{what}")(self._entry))

    def close(self) -> None:
        """Let go of it."""
        if self._archive:
            self._library.archive_read_free(self._archive)
            self._archive = ctypes.c_void_p()

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bytes(self, what: str) -> bytes | None:
        value: bytes | None = getattr(self._library, f"archive_entry_{what}")(self._entry)
        return value
