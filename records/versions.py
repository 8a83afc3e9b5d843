"""Tells whether a database has changed since one looked last, so that what was read can be kept."""

import sqlalchemy as sa


class DataVersion:
    """The state of a database as something to compare: equal states hold the same data.

    On SQLite `PRAGMA data_version`, which one connection sees change with every commit of another;
    on PostgreSQL the snapshot, which tells what has been committed and what is under way.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        # Held open: the number means nothing to another connection.
        sqlite = engine.dialect.name == "sqlite"
        self._connection = engine.raw_connection() if sqlite else None

    def now(self) -> str:
        """The state as it is now."""
        if self._connection is not None:
            cursor = self._connection.cursor()
            (found,) = cursor.execute("PRAGMA data_version").fetchone()
            cursor.close()
            return str(found)
        with self._engine.connect() as connection:
            query = sa.text("SELECT CAST(txid_current_snapshot() AS text)")
            return str(connection.execute(query).scalar_one())

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
