"""Reason codes of redactions, defined in the case: AC, WP, PII and the like, with a label each."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from records import audit, tables, times
from records.case import Case
from records.errors import RedactionError
from records.numbers import next_number

_C = tables.redaction_codes.c
_FORM = re.compile(r"[A-Z0-9](?:[A-Z0-9 .-]{0,10}[A-Z0-9])?")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """A code as it is shown in the box, and what it stands for."""

    id: int
    code: str
    label: str


def add_code(case: Case, code: str, label: str) -> ReasonCode:
    """Define a code; raises `RedactionError` for one that cannot be shown or is there already."""
    code, label = " ".join(code.upper().split()), " ".join(label.split())
    if not _FORM.fullmatch(code):
        raise RedactionError(
            f"{code!r} cannot be shown in a box: take 1 to 12 letters A-Z, digits, points, hyphens"
        )
    if not label or len(label) > _LONGEST or not label.isprintable():
        raise RedactionError(f"Say in 1 to {_LONGEST} characters what {code} stands for")
    with case.write() as connection:
        if any(each.code == code for each in codes(connection)):
            raise RedactionError(f"The code {code} is there already; a code is never changed")
        made = ReasonCode(next_number(connection, _C.id), code, label)
        connection.execute(
            tables.redaction_codes.insert().values(
                id=made.id, code=code, label=label, actor=audit.actor(), at=times.now()
            )
        )
        audit.append(connection, "redaction code defined", code=code, label=label)
    return made


def codes(connection: sa.Connection) -> list[ReasonCode]:
    """All codes in the order they were defined."""
    rows = connection.execute(sa.select(_C.id, _C.code, _C.label).order_by(_C.id))
    return [ReasonCode(*row) for row in rows]


def find_code(connection: sa.Connection, code: str) -> ReasonCode:
    """The code of this name; raises `RedactionError` where there is none."""
    known = codes(connection)
    wanted = " ".join(code.upper().split())
    for each in known:
        if each.code == wanted:
            return each
    listed = ", ".join(each.code for each in known) or "none yet"
    raise RedactionError(
        f"There is no reason code {code!r} (there are: {listed}): define it with "
        f"'redwell redact codes add {wanted} LABEL'"
    )
