"""Counsel of the case: attorneys and firms, whose side they are on, and who their client is.

The privilege screen goes by them, and the list goes with a privilege log. Addresses belong to one
person, domains to all of a firm or client: an in-house attorney has addresses and no domain.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from records import audit, tables, times
from records.case import Case
from records.errors import CounselError
from records.naming import name_key, plain_name
from records.numbers import next_number

_C = tables.counsel.c
_DOMAIN = re.compile(r"[^\s@/,;<>]+\.[^\s@/,;<>]+")
_ADDRESS = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+|/[^\s,;<>][^,;<>]*")  # of Exchange: /o=…/cn=…


class Kind(StrEnum):
    """What an entry is."""

    ATTORNEY = "attorney"
    FIRM = "firm"
    CLIENT = "client"  # whose people share the privilege


class Side(StrEnum):
    """Whose side it is on; common: bound by a common interest, so that privilege is kept."""

    OURS = "ours"
    COMMON = "common"
    OPPOSING = "opposing"


@dataclass(frozen=True, slots=True)
class Counsel:
    """An attorney, a firm or a client. Addresses and domains are in lower case."""

    name: str
    kind: Kind = Kind.ATTORNEY
    side: Side = Side.OURS
    firm: str = ""
    addresses: tuple[str, ...] = field(default=())
    domains: tuple[str, ...] = field(default=())


def add(case: Case, entries: Sequence[Counsel]) -> list[Counsel]:
    """Put entries on record, all or none; as they were stored.

    Raises `CounselError` for a name that cannot be or is there already, an address or domain that
    is none or another's, and a firm or client without a domain or address to know it by.
    """
    with case.write() as connection:
        known = listed(connection)
        first = next_number(connection, _C.id)
        stored = []
        for number, each in enumerate(entries, first):
            entry = _checked(each, known)
            known.append(entry)
            stored.append(entry)
            connection.execute(
                tables.counsel.insert().values(
                    id=number,
                    created_at=times.now(),
                    created_by=audit.actor(),
                    **_values(entry),
                )
            )
            audit.append(connection, "counsel added", **_values(entry))
    return stored


def remove(case: Case, name: str) -> Counsel:
    """Take an entry off; what it was stays in the audit chain. Raises `CounselError`."""
    with case.write() as connection:
        found = [each for each in listed(connection) if name_key(each.name) == name_key(name)]
        if not found:
            known = ", ".join(f"'{each.name}'" for each in listed(connection)) or "none yet"
            raise CounselError(f"There is no counsel {name!r}; there are: {known}")
        connection.execute(tables.counsel.delete().where(_C.name == found[0].name))
        audit.append(connection, "counsel removed", **_values(found[0]))
    return found[0]


def listed(connection: sa.Connection) -> list[Counsel]:
    """All entries in the order they came."""
    columns = (_C.name, _C.kind, _C.side, _C.firm, _C.addresses, _C.domains)
    return [
        Counsel(
            row.name,
            Kind(row.kind),
            Side(row.side),
            row.firm,
            tuple(row.addresses),
            tuple(row.domains),
        )
        for row in connection.execute(sa.select(*columns).order_by(_C.id))
    ]


def _values(entry: Counsel) -> dict[str, object]:
    return {
        "name": entry.name,
        "kind": str(entry.kind),
        "side": str(entry.side),
        "firm": entry.firm,
        "addresses": list(entry.addresses),
        "domains": list(entry.domains),
    }


def _checked(entry: Counsel, known: Iterable[Counsel]) -> Counsel:
    try:
        name = plain_name(entry.name)
    except ValueError as error:
        raise CounselError(f"Counsel cannot be called {entry.name!r}: {error}") from error
    addresses = _all(entry.addresses, _ADDRESS, name, "address", "ann@firm.com")
    domains = _all(
        [each.lstrip("@") for each in entry.domains], _DOMAIN, name, "domain", "firm.com"
    )
    if entry.kind is not Kind.ATTORNEY and not addresses and not domains:
        raise CounselError(
            f"The {entry.kind} '{name}' could be known by nothing: give it a --domain, as firm.com"
        )
    if not addresses and not domains and len(name.split()) < 2:
        raise CounselError(f"'{name}' could be anybody: give an address, or the whole name")
    for each in known:
        if name_key(each.name) == name_key(name):
            raise CounselError(f"'{each.name}' is on record already: remove it first to change it")
        shared = set(each.addresses) & set(addresses) | set(each.domains) & set(domains)
        if shared:
            raise CounselError(f"{min(shared)} is of '{each.name}' already, and cannot be of two")
    firm = " ".join(entry.firm.split())
    return Counsel(name, entry.kind, entry.side, firm, addresses, domains)


def _all(
    values: Iterable[str], form: re.Pattern[str], name: str, what: str, example: str
) -> tuple[str, ...]:
    found = dict.fromkeys(each.strip().lower() for each in values if each.strip())
    for each in found:
        if not form.fullmatch(each):
            raise CounselError(f"{each!r} of '{name}' is no {what}; write one as {example}")
    return tuple(found)


COLUMNS = ("name", "kind", "side", "firm", "addresses", "domains")
"""Of a CSV file; addresses and domains are parted by semicolons. All but the name may lack."""


def read_csv(path: Path) -> list[Counsel]:
    """The entries of a CSV file with a header; raises `CounselError` naming the line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CounselError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CounselError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [each.strip().lower() for each in next(rows, [])]
        unknown = sorted({*header} - {*COLUMNS}) or ([] if "name" in header else ["no name"])
        if unknown or len({*header}) < len(header):
            raise CounselError(
                f"{path} begins with a line of column names, out of {', '.join(COLUMNS)}, each "
                f"once; found {', '.join(repr(each) for each in header) or 'nothing'}"
            )
        found = [_entry(header, row, path, rows.line_num) for row in rows if any(row)]
    except csv.Error as error:
        raise CounselError(f"{path}, line {rows.line_num}, is no CSV: {error}") from error
    if not found:
        raise CounselError(f"{path} names nobody")
    return found


def _entry(header: Sequence[str], row: Sequence[str], path: Path, line: int) -> Counsel:
    if len(row) != len(header):
        raise CounselError(
            f"{path}, line {line}, has {len(row)} values under {len(header)} column names"
        )
    values = {name: value.strip() for name, value in zip(header, row, strict=True)}
    try:
        return Counsel(
            values["name"],
            Kind(values.get("kind", "").lower() or Kind.ATTORNEY),
            Side(values.get("side", "").lower() or Side.OURS),
            values.get("firm", ""),
            tuple(values.get("addresses", "").split(";")),
            tuple(values.get("domains", "").split(";")),
        )
    except ValueError as error:
        raise CounselError(
            f"{path}, line {line}: {error}; a kind is one of {', '.join(Kind)}, a side one of "
            f"{', '.join(Side)}"
        ) from error
