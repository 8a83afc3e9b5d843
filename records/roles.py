"""Who may do what in a case.

A case without users is as one person's: everyone may do all. Once users are named, a role is asked
of all that writes, within the very transaction. It guards against mistakes and says who did what;
it keeps out nobody who can write the database by other means, and names are taken on trust.
"""

from enum import StrEnum

import sqlalchemy as sa

from records import audit, tables
from records.errors import RoleError
from records.naming import name_key


class UserRole(StrEnum):
    """Roles, the weakest first; who has a role may do what the weaker ones may."""

    NONE = "none"  # of one who was a user
    READ_ONLY = "read-only"
    REVIEWER = "reviewer"
    ADMIN = "admin"


_STRENGTH = {role: number for number, role in enumerate(UserRole)}


def role_of(connection: sa.Connection, name: str) -> UserRole | None:
    """The role of somebody; None where the case has no users at all."""
    rows = connection.execute(sa.select(tables.users.c.name, tables.users.c.role)).all()
    if not rows:
        return None
    found = (row.role for row in rows if name_key(row.name) == name_key(name))
    return UserRole(next(found, UserRole.NONE))


def require(connection: sa.Connection, needed: UserRole) -> UserRole:
    """The role of who acts; raises `RoleError` unless it is `needed` or stronger."""
    who = audit.actor()
    role = role_of(connection, who)
    if role is None or _STRENGTH[role] >= _STRENGTH[needed]:
        return role or UserRole.ADMIN
    c = tables.users.c
    admins = connection.execute(sa.select(c.name).where(c.role == UserRole.ADMIN).order_by(c.id))
    told = "is no user of this case" if role is UserRole.NONE else f"is {role} in this case"
    word = "role" if role is UserRole.READ_ONLY or role is UserRole.REVIEWER else "add"
    example = f"'redwell user {word} {who} {needed}'"
    raise RoleError(
        f"{who} {told}, and this needs {needed}: ask {', '.join(admins.scalars())} to do it, or to "
        f"run {example}. If you are somebody else, say so with --user or REDWELL_USER"
    )
