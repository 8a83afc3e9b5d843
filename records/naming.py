"""Names that people give to rules and lists: one spelling each, and fit for a query and a table."""

import unicodedata
from collections.abc import Callable, Iterable

_LONGEST = 100


def plain_name(text: str) -> str:
    """A name in one form (NFC, single spaces); raises `ValueError` saying what is wrong with it."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > _LONGEST:
        raise ValueError(f"a name has 1 to {_LONGEST} characters")
    if '"' in name or any(unicodedata.category(each).startswith("C") for each in name):
        raise ValueError("it holds a quotation mark or a control character; leave it out")
    return name


def name_key(name: str) -> str:
    """What two names have in common that people would take for one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def alike[T](name: str, known: Iterable[T], name_of: Callable[[T], str]) -> T | None:
    """The first of what is known by a name that people would take for this one."""
    wanted = name_key(name)
    return next((each for each in known if name_key(name_of(each)) == wanted), None)
