"""Names as received: shown so that a person can read them, never used as paths."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def shown(raw: bytes) -> str:
    """A name for people: UTF-8, with undecodable bytes and control characters escaped."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def last_part(name: str) -> str:
    """What follows the last separator, of either kind."""
    return re.split(r"[/\\]", name.rstrip("/\\"))[-1] or name


def is_unsafe(name: str) -> bool:
    """Tell whether a member's name would leave the folder that it is unpacked to."""
    return (
        not name
        or name[0] in "/\\"
        or "\0" in name
        or _DRIVE.match(name) is not None
        or ".." in re.split(r"[/\\]", name)
    )
