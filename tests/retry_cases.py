"""Cases for the tests of retrying and replacing: a folder of evidence, collected and processed."""

import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyzipper
import sqlalchemy as sa

from ingest.run import ingest
from process.retry import Retried, retry
from process.retry_plan import plan_of
from process.run import process_case
from records import case as cases
from records import tables
from records.case import Case
from records.codes import Disposition
from store import open_store, working
from tests.ingest_engines import Inline

PASSWORD = "open sesame"
_TIMES = ("at", "origin", "modified_at")


@contextmanager
def case_of(
    folder: Path, files: Mapping[str, bytes], passwords: Sequence[str] = ()
) -> Iterator[Case]:
    """A case with these files collected and processed."""
    source = folder / "source"
    source.mkdir()
    for name, data in files.items():
        (source / name).write_bytes(data)
    info = cases.CaseInfo("1", "c", "", "UTC", "ABC", 7)
    cases.create(folder / "case", info, [], ["Ann"])
    with cases.opened(folder / "case") as case:
        collect(case, source, passwords)
        process_case(case, Inline(), passwords, ocr=False)
        yield case


def collect(case: Case, source: Path, passwords: Sequence[str] = ()) -> Any:
    return ingest(case, Inline(), source, "Ann", tuple(passwords))


def again(
    case: Case,
    *codes: str,
    passwords: Sequence[str] = (),
    documents: Sequence[int] = (),
    engine: Inline | None = None,
    ocr: bool = False,
) -> Retried:
    """Retry as the command does."""
    with working(case, "retry"):
        with case.read() as connection:
            plan = plan_of(connection, codes, documents)
        return retry(case, engine or Inline(), plan, passwords, refresh=not codes, ocr=ocr)


def locked_zip(password: str, *members: tuple[str, bytes]) -> bytes:
    """An archive whose members are encrypted by AES."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(
        out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password.encode())
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def rows(case: Case, *names: str) -> list[tuple[Any, ...]]:
    c = tables.documents.c
    with case.read() as connection:
        query = sa.select(*(c[name] for name in names)).order_by(c.id)
        return [tuple(row) for row in connection.execute(query)]


def notes(case: Case, *severities: str) -> list[tuple[int, str, str, int]]:
    """Document, severity, code and attempts of each note."""
    n = tables.notes.c
    query = sa.select(n.document_id, n.severity, n.code, n.attempts).order_by(n.document_id, n.id)
    if severities:
        query = query.where(n.severity.in_(severities))
    with case.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def text(case: Case, document: int) -> str:
    c = tables.documents.c
    with case.read() as connection:
        sha256 = connection.execute(sa.select(c.text_sha256).where(c.id == document)).scalar_one()
    return open_store(case.store_address).read_bytes(sha256).decode() if sha256 else ""


def contents(case: Case) -> dict[str, list[str]]:
    """All that must not depend on how often a run was cut off."""
    found: dict[str, list[str]] = {}
    with sqlite3.connect(case.folder / "case.db") as connection:
        for table in ("documents", "raw_metadata", "ocr_pages", "replacements"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(name for name in names if name not in _TIMES)
            found[table] = sorted(map(repr, connection.execute(f"SELECT {kept} FROM {table}")))
        query = "SELECT document_id, severity, code, message, tool FROM notes"
        found["notes"] = sorted(map(repr, connection.execute(query)))
    connection.close()
    return found


def is_dense(case: Case) -> bool:
    """Whether numbers go from 1 without a gap, and none is pending."""
    found = rows(case, "id", "disposition")
    pending = [each for each in found if each[1] == Disposition.PENDING]
    return [each[0] for each in found] == list(range(1, len(found) + 1)) and not pending
