"""Members of a zipped office document, rewritten in place."""

import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from records.errors import raise_if_full

_MOST = 512 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError, KeyError)


def rewrite(path: Path, wanted: Callable[[str], bool], change: Callable[[bytes], bytes]) -> bool:
    """Change the wanted members of the document at `path`; whether any of them is another now.

    A damaged package stays as it is: LibreOffice is to judge it, as it came.
    """
    try:
        return _rewrite(path, wanted, change)
    except _BROKEN as error:
        raise_if_full(error)
        return False


def _rewrite(path: Path, wanted: Callable[[str], bool], change: Callable[[bytes], bytes]) -> bool:
    changed: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if wanted(info.filename) and info.file_size <= _MOST:
                data = archive.read(info)
                kept = change(data)
                if kept != data:
                    changed[info.filename] = kept
        if changed:
            fresh = path.with_name(f"{path.name}.fresh")
            with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as target:
                for info in archive.infolist():
                    target.writestr(info, changed.get(info.filename) or archive.read(info))
            shutil.move(fresh, path)
    return bool(changed)
