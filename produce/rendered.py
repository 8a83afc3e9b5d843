"""Pages that were made before: a second production of the same documents costs little.

A file in the case's folder, `cache/pages.sqlite`, says which pages in the store came of which
document, under which settings, made by which tools. It is derived: it may be deleted at any time,
and what is wrong with it costs time and never a production. The coordinator alone writes it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from produce.imaging.route import way
from produce.imaging.tools import fingerprint
from produce.interface import RenderBatch, RenderJob, RenderResult
from records.case import Case
from records.codes import Code
from records.notes import Note
from store import open_store

_VERSION = 1
_SCHEMA = "CREATE TABLE IF NOT EXISTS pages (key TEXT PRIMARY KEY, found TEXT NOT NULL)"


def cache_file(case: Case) -> Path:
    """Where the cache of this case stands."""
    return case.folder / "cache" / "pages.sqlite"


class Rendered:
    """The cache of one case. `settings` is a batch without jobs, as all of the run have them."""

    def __init__(
        self,
        case: Case,
        settings: RenderBatch,
        made_by: Callable[[str], str] = fingerprint,
    ) -> None:
        self._path = cache_file(case)
        self._store = open_store(case.store_address)
        self._settings = settings
        self._made_by = made_by

    def find(self, jobs: Iterable[RenderJob]) -> dict[int, RenderResult]:
        """What is known of these jobs, by document, where the store still has the pages."""
        if not self._path.is_file():
            return {}
        found: dict[int, RenderResult] = {}
        try:
            with closing(self._open()) as database:
                for job in jobs:
                    result = self._look_up(database, job)
                    if result is not None and self._has(result):
                        found[job.document_id] = result
        except (sqlite3.Error, ValueError, KeyError, TypeError):
            self._drop()
        return found

    def keep(self, jobs: Iterable[RenderJob], results: Iterable[RenderResult]) -> None:
        """Remember pages that will come out the same again."""
        rows = [
            (self._key(job, result.made_by), json.dumps(asdict(result)))
            for job, result in zip(jobs, results, strict=True)
            if result.made_by and result.pdf_sha256 is not None
        ]
        if not rows:
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?)", rows)
        except (sqlite3.Error, OSError):
            self._drop()

    def _has(self, result: RenderResult) -> bool:
        blobs = (result.pdf_sha256 or "", *filter(None, (result.text_sha256,)))
        return all(self._store.exists(each) for each in blobs)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path)
        database.execute(_SCHEMA)
        return database

    def _drop(self) -> None:
        """A cache that cannot be read is none."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _look_up(self, database: sqlite3.Connection, job: RenderJob) -> RenderResult | None:
        kind, reason = way(job, self._settings.sheets)
        if reason:
            return None
        key = self._key(job, self._made_by(kind))
        row = database.execute("SELECT found FROM pages WHERE key = ?", (key,)).fetchone()
        return None if row is None else _result(job, json.loads(row[0]))

    def _key(self, job: RenderJob, made_by: str) -> str:
        settings = asdict(replace(self._settings, jobs=(), store_address="", passwords=()))
        known = asdict(job) | {"document_id": 0, "name": job.name.rpartition(".")[2].lower()}
        parts = [_VERSION, made_by, settings, known]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _result(job: RenderJob, found: dict[str, Any]) -> RenderResult:
    notes = tuple(Note(**note | {"code": Code(note["code"])}) for note in found["notes"])
    return RenderResult(**found | {"document_id": job.document_id, "notes": notes})
