"""The order and the form in which passwords are tried, and how long.

A process remembers which passwords opened something and tries these first from then on: evidence
of one person has few. Nothing of this leaves the process, and nothing of it is written.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_MOST = 100
_right: list[str] = []
# What programs made bytes of a password before all agreed on UTF-8.
_CODES = ("utf-8", "cp1252", "cp437")


def opened_by(password: str) -> None:
    """Remember a password that opened something."""
    if not _right or _right[0] != password:
        _right[:] = [password, *(each for each in _right if each != password)][:_MOST]


def in_order(passwords: Sequence[str]) -> tuple[str, ...]:
    """The passwords, those that opened something before first."""
    known = set(passwords)
    first = [each for each in _right if each in known]
    return (
        (*first, *(each for each in passwords if each not in set(first)))
        if first
        else tuple(passwords)
    )


def forms(password: str) -> tuple[bytes, ...]:
    """The bytes that a password may stand for: UTF-8, then the code pages of Windows and DOS."""
    found: dict[bytes, None] = {}
    for code in _CODES:
        try:
            found[password.encode(code)] = None
        except UnicodeEncodeError:
            continue
    return tuple(found)


@dataclass(slots=True)
class Trial:
    """Passwords tried in order until the time is over; `tried` of them were."""

    passwords: Sequence[str] = field(repr=False)
    seconds: float
    tried: int = 0
    started: float = field(default_factory=time.monotonic)

    def __iter__(self) -> Iterator[str]:
        for password in in_order(self.passwords):
            if self.tried and time.monotonic() - self.started > self.seconds:
                return
            self.tried += 1
            yield password

    @property
    def said(self) -> str:
        """How many were tried, for a note."""
        count = len(self.passwords)
        if not count:
            return "no password was given"
        if self.tried < count:
            return (
                f"{self.tried:,} of {count:,} passwords were tried in {self.seconds:g} s, none "
                "opens it: give it more seconds"
            )
        return f"none of {count:,} passwords opens it" if count > 1 else "the password is not right"
