"""Addresses of databases and stores, as settings hold them: usable from anywhere, no secrets."""

import re
from pathlib import PurePath

DRIVER = "postgresql+psycopg"
_SECRETS = ("password", "sslpassword")


def checked_database(address: str) -> str:
    """A database's address with the driver that Redwell has; raises `ValueError`."""
    import sqlalchemy as sa  # processes that only read evidence know settings, but no database

    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError as error:
        raise ValueError(
            f"it is no address of a database; write it as {DRIVER}://user@host/name"
        ) from error
    if url.password is not None or any(name in url.query for name in _SECRETS):
        raise ValueError(
            "it holds a password, which would stand in settings, records and logs. Leave it out, "
            "and give it by PGPASSWORD, ~/.pgpass or PGSERVICE"
        )
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername=DRIVER).render_as_string()
    if backend == "sqlite" and not PurePath(url.database or "").is_absolute():
        raise ValueError("write the whole path of the file, as sqlite:////mnt/case.db")
    if backend != "sqlite":
        raise ValueError(f"Redwell works with SQLite and PostgreSQL, not with {backend}")
    return address


def checked_store(address: str) -> str:
    """A store's address that means the same to every process; raises `ValueError`."""
    protocol, mark, rest = address.partition("://")
    if not mark:
        if not PurePath(address).is_absolute():
            raise ValueError("write the whole path, as /mnt/case or file:///mnt/case")
        return address
    if protocol == "memory":
        raise ValueError("a store in memory is gone when the command ends")
    if protocol in ("file", "local", "dir") and not rest.startswith("/"):
        raise ValueError(f"write the whole path, as {protocol}:///mnt/case")
    if re.match(r"[^/@]*:[^/@]*@", rest):
        raise ValueError(
            "it holds a password, which would stand in settings, records and logs. Leave it out, "
            "and give it by the environment or the files that the store's library reads"
        )
    return address
