"""Documents of a production by their Bates numbers, one by one or as ranges."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from produce.check_kin import Number, number
from produce.history import numbers_of, plain
from produce.record import PlannedItem, Production, items, production
from records.errors import ProductionError

_RANGE = re.compile(r"(.+?)\s*(?:\.\.| - )\s*(.+)")


def documents_of(connection: sa.Connection, name: str, text: str) -> frozenset[int]:
    """The documents that bear any of the numbers. Raises `ProductionError` for one of no document.

    A range takes every document that has a number in it.
    """
    found = production(connection, name)
    held = items(connection, found.id)
    asked = [each.strip() for each in re.split(r"[,;\n]", text) if each.strip()]
    if not asked:
        raise ProductionError("--bates names no number")
    return frozenset(document for each in asked for document in _named(found, held, each))


def _named(found: Production, held: Sequence[PlannedItem], text: str) -> list[int]:
    whole = _RANGE.fullmatch(text)
    if whole is None:
        ids = [
            each.document_id
            for each in held
            if any(plain(one) == plain(text) for one in numbers_of(found, each))
        ]
    else:
        first, last = _number(found, whole[1]), _number(found, whole[2])
        if first.value > last.value:
            raise ProductionError(f"{text!r} ends before it begins")
        ids = [each.document_id for each in held if _lies_in(found, each, first, last)]
    if not ids:
        raise ProductionError(f"No document of {found.name} bears {text!r}")
    return ids


def _number(found: Production, text: str) -> Number:
    read, prefix = number(text.strip()), found.specification.prefix
    plain_text = text.strip()
    if read is not None and plain_text.casefold().startswith(prefix.casefold()):
        digits = plain_text[len(prefix) :]
        if digits.isdecimal() and digits.isascii():
            return Number(prefix, int(digits), len(digits))
    raise ProductionError(
        f"{text!r} is no number of {found.name}: write a range as {prefix}{1:07d}..{prefix}{9:07d}"
    )


def _lies_in(found: Production, item: PlannedItem, first: Number, last: Number) -> bool:
    size = len(found.specification.prefix)
    return int(item.first[size:]) <= last.value and first.value <= int(item.last[size:])
