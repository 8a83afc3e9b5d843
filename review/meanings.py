"""What tags mean by their names: privilege, and what is to go out."""

import re

import sqlalchemy as sa

from records import tables

_DENIED = re.compile(r"^(not|non|no)\b[\s_-]*|^nonpriv|^(un|non|ir)responsive", re.IGNORECASE)
_PRIVILEGE = re.compile(r"privileg|\bpriv\b|attorney.client|work.product", re.IGNORECASE)
_GOES_OUT = re.compile(r"\bresponsive|\bproduce\b|\bproduction\b", re.IGNORECASE)


def privilege_names(connection: sa.Connection) -> list[str]:
    """Tags that by their name mean privilege, as "Privileged" but not "Not privileged"."""
    return _named(connection, _PRIVILEGE)


def withholding_names(connection: sa.Connection, group: str) -> list[str]:
    """Tags of a group of privilege that withhold: all but those that deny it."""
    t, g = tables.tags.c, tables.tag_groups.c
    query = (
        sa.select(t.name)
        .join(tables.tag_groups, g.id == t.group_id)
        .where(g.name == group)
        .order_by(t.position)
    )
    return [each for each in connection.execute(query).scalars() if not _DENIED.search(each)]


def production_names(connection: sa.Connection) -> list[str]:
    """Tags that by their name mean what is produced, as "Responsive" but not "Not responsive"."""
    return _named(connection, _GOES_OUT)


def _named(connection: sa.Connection, meant: re.Pattern[str]) -> list[str]:
    names = connection.execute(sa.select(tables.tags.c.name)).scalars()
    return [each for each in names if meant.search(each) and not _DENIED.search(each)]
