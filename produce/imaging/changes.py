"""Tracked changes: whether LibreOffice shows them as marked, or the text as if all were accepted.

A document says itself how it was last looked at; the production's rule takes the place of that.
"""

import re
from collections.abc import Callable
from pathlib import Path

from produce.imaging.packages import rewrite

BY_WAY_OF_ODT = frozenset({"doc", "rtf"})  # whose own switch is out of reach
# WordprocessingML, ECMA-376 part 1, 17.15.1.69.
_VIEW = re.compile(rb"<w:revisionView\b[^>]*/>|<w:revisionView\b.*?</w:revisionView>", re.S)
_SETTINGS = re.compile(rb"<w:settings\b[^>]*[^/]>")
_FINAL = b'<w:revisionView w:insDel="0" w:markup="0"/>'
_SWITCH = re.compile(rb'(config:name="ShowRedlineChanges"[^>]*>)(?:true|false)(?=<)')
_VIEW_SET = re.compile(rb'<config:config-item-set config:name="ooo:view-settings"[^/>]*>')
_ITEM = (
    b'<config:config-item config:name="ShowRedlineChanges" config:type="boolean">%s'
    b"</config:config-item>"
)


def show(path: Path, kind: str, shown: bool) -> bool:
    """Set the switch in the document at `path`; False where it has no place for one."""
    if kind in ("docx", "docm"):
        return _set(path, "word/settings.xml", lambda data: _word(data, shown))
    if kind == "odt":
        return _set(path, "settings.xml", lambda data: _text_document(data, shown))
    return False


def _set(path: Path, member: str, change: Callable[[bytes], bytes | None]) -> bool:
    placed: list[bool] = []

    def changed(data: bytes) -> bytes:
        found = change(data)
        placed.append(found is not None)
        return data if found is None else found

    rewrite(path, lambda name: name == member, changed)
    return any(placed)


def _word(data: bytes, shown: bool) -> bytes | None:
    plain = _VIEW.sub(b"", data)
    if shown:
        return plain
    start = _SETTINGS.search(plain)
    return None if start is None else plain[: start.end()] + _FINAL + plain[start.end() :]


def _text_document(data: bytes, shown: bool) -> bytes | None:
    value = b"true" if shown else b"false"
    if _SWITCH.search(data):
        return _SWITCH.sub(rb"\g<1>" + value, data)
    start = _VIEW_SET.search(data)
    if start is None:
        return None
    return data[: start.end()] + _ITEM % value + data[start.end() :]
