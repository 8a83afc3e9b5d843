"""The users of a case and their roles; see `records.roles` for what a role means."""

from dataclasses import dataclass

import sqlalchemy as sa

from records import audit, tables, times
from records.case import Case
from records.errors import RoleError
from records.naming import name_key, plain_name
from records.roles import UserRole

_U = tables.users.c


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works on the case."""

    name: str
    role: str
    created_at: str
    created_by: str


def add(case: Case, name: str, role: UserRole) -> str:
    """Name a user; the name as it was stored.

    The first one must be an admin, or nobody could name others. Raises `RoleError` for a name that
    cannot be, or is a user's already.
    """
    name = _checked(name)
    with case.write() as connection:
        known = _known(connection)
        if not known and role is not UserRole.ADMIN:
            raise RoleError(
                "The first user must be an admin, who can name the others: "
                f"'redwell user add {audit.actor()} admin' makes one of you"
            )
        old = known.get(name_key(name))
        if old is not None and old.role != UserRole.NONE:
            raise RoleError(
                f"{old.name} is a user already ({old.role}); "
                f"'redwell user role {old.name} {role}' changes the role"
            )
        if old is not None:
            _set(connection, old.name, role)
        else:
            last = connection.execute(sa.select(sa.func.max(_U.id))).scalar() or 0
            connection.execute(
                tables.users.insert().values(
                    id=last + 1,
                    name=name,
                    role=role,
                    created_at=times.now(),
                    created_by=audit.actor(),
                )
            )
        audit.append(connection, "user added", name=old.name if old else name, role=str(role))
    return old.name if old else name


def change_role(case: Case, name: str, role: UserRole) -> tuple[str, str]:
    """Give a user another role, `UserRole.NONE` to remove; the name and the role of before.

    Raises `RoleError` for a name that is no user's, or for the last admin.
    """
    with case.write() as connection:
        known = _known(connection)
        user = known.get(name_key(name))
        if user is None or user.role == UserRole.NONE:
            names = ", ".join(u.name for u in known.values() if u.role != UserRole.NONE)
            raise RoleError(f"{name!r} is no user of this case; there are: {names or 'none yet'}")
        admins = [each for each in known.values() if each.role == UserRole.ADMIN]
        if admins == [user] and role is not UserRole.ADMIN:
            raise RoleError(
                f"{user.name} is the last admin, and nobody could name users any more: make "
                "another one first"
            )
        if user.role != role:
            _set(connection, user.name, role)
            act = "user removed" if role is UserRole.NONE else "user's role changed"
            audit.append(connection, act, name=user.name, before=user.role, role=str(role))
    return user.name, user.role


def listing(case: Case) -> list[User]:
    """All users in the order they were named, without those that were removed."""
    with case.read() as connection:
        return [each for each in _known(connection).values() if each.role != UserRole.NONE]


def _known(connection: sa.Connection) -> dict[str, User]:
    query = sa.select(_U.name, _U.role, _U.created_at, _U.created_by).order_by(_U.id)
    return {name_key(row.name): User(*row) for row in connection.execute(query)}


def _set(connection: sa.Connection, name: str, role: UserRole) -> None:
    connection.execute(tables.users.update().where(_U.name == name).values(role=role))


def _checked(name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise RoleError(f"A user cannot be called {name!r}: {error}") from error
