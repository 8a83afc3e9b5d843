"""Subjects as PST files mark them ([MS-PST] 2.5.3.1.1.1)."""

from dataclasses import replace

from ingest import mapi
from ingest.mapi import Property

_SUBJECT, _PREFIX, _NORMALIZED = 0x0037, 0x003D, 0x0E1D


def plain_subject(properties: list[Property]) -> list[Property]:
    """An item's properties with its subject free of PST's own mark.

    The mark, U+0001 and the prefix's length plus one, becomes the two properties that it means,
    where they are absent.
    """
    present = {each.id for each in properties}
    out: list[Property] = []
    for each in properties:
        split = _split_subject(each) if each.id == _SUBJECT else None
        if split is None:
            out.append(each)
            continue
        prefix, rest = split
        out.append(replace(each, data=prefix + rest))
        for id, data in ((_PREFIX, prefix), (_NORMALIZED, rest)):
            if id not in present:
                out.append(Property(id, each.type, data))
    return out


def _split_subject(subject: Property) -> tuple[bytes, bytes] | None:
    """Prefix and rest of a marked subject; None for one without a mark."""
    width = {mapi.UNICODE: 2, mapi.STRING8: 1}.get(subject.type)
    data = subject.data
    if width is None or not isinstance(data, bytes) or len(data) < 2 * width:
        return None
    mark, length = (int.from_bytes(data[at : at + width], "little") for at in (0, width))
    if mark != 1:
        return None
    end = 2 * width + max(length - 1, 0) * width
    return data[2 * width : end], data[end:]
