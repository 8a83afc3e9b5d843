"""Mails put on record by hand for tests of threads and people, and an engine in this process."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from records import tables
from records.case import Case
from records.codes import Role
from records.fields import Address, Fields
from tests.produce_matter import add

ANN, BOB, CAT = "ann@kestrel.example", "bob@kestrel.example", "cat@northmoor.example"


def sent(day: int, hour: int = 12) -> str:
    """A time in the year 2024."""
    return f"2024-{1 + day // 28:02}-{1 + day % 28:02}T{hour:02}:00:00Z"


def people(*addresses: str) -> tuple[Address, ...]:
    """Parties of a mail, written as `address` or `name <address>`."""
    parted = (each.rpartition(" <") for each in addresses)
    return tuple(Address(name, address.rstrip(">")) for name, _, address in parted)


def mail(
    case: Case,
    number: int,
    text: str | None = None,
    *,
    sender: str = ANN,
    to: Sequence[str] = (BOB,),
    day: int = 0,
    subject: str = "",
    message_id: str = "",
    custodian: int = 1,
    extra: dict[str, Any] | None = None,
    **values: Any,
) -> None:
    """Put a mail on record. Its bytes are its number's unless `extra` says otherwise."""
    fields = Fields(
        subject=subject,
        sender=people(sender) if sender else (),
        to=people(*to),
        sent_at=sent(day),
        message_id=message_id or f"<{number}@x>",
        **values,
    )
    add(
        case, number, type_="email", text=text, sent_at=sent(day), fields=fields,
        custodian=custodian, **(extra or {}),
    )  # fmt: skip


def attach(case: Case, number: int, holder: int, data: bytes = b"", type_: str = "txt") -> None:
    """Put an attachment of a mail on record."""
    add(case, number, type_=type_, data=data or f"file {number}".encode(), family=holder,
        found_in=holder, position=1, role=Role.ATTACHMENT)  # fmt: skip


def reread(case: Case, number: int, **changes: Any) -> None:
    """Change what is on record of a mail, as reading it again does."""
    d = tables.documents
    with case.write() as connection:
        row = connection.execute(sa.select(d.c.fields, d.c.revision).where(d.c.id == number)).one()
        values = {"fields": {**row.fields, **changes}, "revision": row.revision + 1}
        connection.execute(d.update().where(d.c.id == number).values(**values))


def rows(case: Case, table: sa.Table) -> list[tuple[Any, ...]]:
    """Everything in a table, in order."""
    with case.read() as connection:
        return sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)


def clear(case: Case, *also: sa.Table) -> None:
    """Take all relations of mails off the record, and what else is named."""
    with case.write() as connection:
        for table in (tables.addresses, tables.people, tables.threads, tables.mail_keys, *also):
            connection.execute(table.delete())
