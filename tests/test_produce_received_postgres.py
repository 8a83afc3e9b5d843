"""A received volume on PostgreSQL is as on SQLite."""

from pathlib import Path

import pytest

from bench import postgres
from index.catalog import SqlCatalog
from produce.received.record import defects_of, volume
from records import case as cases
from tests.postgres_here import DICTIONARY, needs_postgres, server
from tests.received_volumes import documents, new_case, small, take

__all__ = ["server"]
pytestmark = [needs_postgres, pytest.mark.heavy]


def test_the_same_documents_and_defects(server: postgres.Server, tmp_path: Path) -> None:
    address = server.database(*DICTIONARY)
    info = cases.CaseInfo("2", "Roe v. Doe", "", "UTC", "ROE", 7)
    cases.create(tmp_path / "p", info, [], ["Ann"], database=address)
    folder = small(tmp_path / "vol", TEXT__X003_txt="")
    again = small(tmp_path / "vol2", TEXT__X004_txt=None)
    with new_case(tmp_path) as plain, cases.opened(tmp_path / "p") as shared:
        found = []
        for case in (plain, shared):
            take(case, folder)
            assert take(case, folder).already
            take(case, again, replaces="vol")
            numbered = list(SqlCatalog(case).select("bates", "range", "X001", "X003"))
            with case.read() as connection:
                told = defects_of(connection, volume(connection, "vol2").id)
            found.append((documents(case), numbered, told))
    assert found[0] == found[1]
