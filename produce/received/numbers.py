"""Bates numbers of others: anything that ends in digits."""

import re
from dataclasses import dataclass

_FORM = re.compile(r"(.*?)([0-9]{1,18})", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A number taken apart; numbers of one prefix follow each other whatever their width."""

    prefix: str
    value: int
    width: int


def number(text: str) -> Number | None:
    """Read a number; None for what does not end in digits, or in more than 18."""
    found = _FORM.fullmatch(text.strip())
    if found is None or found[1][-1:].isdigit():
        return None
    return Number(found[1], int(found[2]), len(found[2]))


def shown(prefix: str, value: int, width: int) -> str:
    """Write a number."""
    return f"{prefix}{value:0{width}d}"


def key(text: str) -> str:
    """A number as it is compared: whatever its case."""
    return text.strip().casefold()
