"""Runs: each time a stage worked on the case, with its settings and its summary."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from records import audit, tables, times
from records.case import Case


@contextmanager
def recorded(case: Case, stage: str, **settings: Any) -> Iterator[dict[str, Any]]:
    """Put a run on record; what the caller puts into the dict becomes its summary.

    Blobs that the run leaves in the store stand in it as `blobs`: a verification asks for them.

    A run that was killed stays "running" until the next one of its stage calls it interrupted.
    """
    with case.write() as connection:
        connection.execute(
            tables.runs.update()
            .where(tables.runs.c.stage == stage, tables.runs.c.state == "running")
            .values(state="interrupted")
        )
        last = connection.execute(sa.select(sa.func.max(tables.runs.c.id))).scalar() or 0
        connection.execute(
            tables.runs.insert().values(
                id=last + 1,
                stage=stage,
                state="running",
                actor=audit.actor(),
                started_at=times.now(),
                settings=settings | {"case": case.settings.model_dump()},
                summary={},
            )
        )
        audit.append(connection, f"{stage} started", run=last + 1, **settings)
    summary: dict[str, Any] = {}
    yield summary
    with case.write() as connection:
        connection.execute(
            tables.runs.update()
            .where(tables.runs.c.id == last + 1)
            .values(state="complete", finished_at=times.now(), summary=summary)
        )
        audit.append(connection, f"{stage} finished", run=last + 1, **summary)
