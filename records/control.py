"""Control numbers: how a document is named to people, `RW-00000001`."""

import re

_MOST = 2**32 - 1  # what sets of ids and the index's columns take
_FORM = re.compile(r"(?:RW-?)?0*([1-9][0-9]{0,9})", re.IGNORECASE | re.ASCII)


def control(document_id: int) -> str:
    """Write a document's id as its control number."""
    return f"RW-{document_id:08d}"


def parse_control(text: str) -> int:
    """Read a control number, or the bare number; raises `ValueError` with what was expected."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no control number; write one as RW-00000001")
    number = int(found.group(1))
    if number > _MOST:
        raise ValueError(f"{text!r} is above the highest control number, {control(_MOST)}")
    return number
