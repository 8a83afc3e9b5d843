"""A case of an older schema: refused, copied, upgraded, whole."""

import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner

from records import audit, database, tables, upgrade
from records import case as cases
from records.commands import upgrade as upgrade_command
from records.errors import CaseBusyError, DatabaseError
from records.settings import Settings
from records.status import status_of

INFO = cases.CaseInfo("1", "Doe v. Roe", "", "UTC", "DOE", 7)
DOCUMENT = {
    "collection_id": 1,
    "custodian_id": 1,
    "role": "file",
    "name": "n",
    "name_bytes": b"\xff\x00",
    "size": 5,
    "mime": "",
    "type": "txt",
    "ext": "txt",
    "state": "processed",
    "outcome": "reviewable",
    "text_source": "none",
    "text_chars": 0,
    "ocr_pages": [],
    "fields": {"subject": "þ"},
    "revision": 3,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case as schema 0001 had it, with rows that refer to documents from all sides."""
    home = tmp_path / "case"
    cases.create(home, INFO, [], ["Ann"])
    for each in home.glob("case.db*"):
        each.unlink()
    engine = database.connect(f"sqlite:///{home / 'case.db'}")
    config = database.migrations()
    with engine.connect().execution_options(redwell_write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        _fill(connection)
    engine.dispose()
    return home


def _fill(connection: sa.Connection) -> None:
    old = sa.MetaData()
    old.reflect(connection)

    def put(table: str, *rows: dict[str, Any]) -> None:
        connection.execute(old.tables[table].insert(), list(rows))

    info = {name: getattr(INFO, name) for name in cases.CaseInfo.__slots__}
    put("cases", {"id": 1, "created_at": "t", **info})
    put("custodians", {"id": 1, "name": "Ann"})
    collection = {"source": "/s", "state": "complete", "actor": "a", "started_at": "t"}
    data: dict[str, Any] = {"settings": {}, "tools": {}, "counts": {}}
    put("collections", {"id": 1, "custodian_id": 1, **collection, **data})
    put(
        "documents",
        *(
            DOCUMENT
            | {"id": number, "family_id": family, "position": position, "address": f"a{number}"}
            | {"sha256": f"{number:064x}", "disposition": disposition, "duplicate_of_id": kept}
            | {"found_in_id": None if position == 0 else family}
            for number, family, position, disposition, kept in (
                (1, 1, 0, "reviewable", None),
                (2, 1, 1, "reviewable", None),
                (3, 3, 0, "duplicate", 1),
            )
        ),
    )
    put("raw_metadata", {"document_id": 2, "found": {"k": ["v"]}})
    note = {"severity": "warning", "code": "partial", "message": "m", "tool": "t", "at": "t"}
    put("notes", {"id": 1, "document_id": 3, **note, "tool_version": "", "attempts": 1})
    put("tags", {"id": 1, "name": "T", "description": "", "created_at": "t", "created_by": "a"})
    put("document_tags", {"tag_id": 1, "document_id": 1})
    event: dict[str, Any] = {"tag_id": 1, "actor": "a", "at": "t", "origin": {"ids": "1"}}
    put("tag_events", *(event | {"id": n, "action": "add", "count": 1} for n in (1, 2)))
    put("tag_event_documents", *({"event_id": n, "document_id": n} for n in (1, 2)))
    made: dict[str, Any] = {"specification": {"name": "P"}, "counts": {"made": {}}}
    put("productions", {"id": 1, "name": "P", "state": "frozen", "actor": "a", "created_at": "t",
                        "frozen_at": "t", "manifest_sha256": "m", **made})  # fmt: skip
    put("bates_reservations", {"id": 1, "production_id": 1, "prefix": "A", "first": 1, "last": 2,
                               "at": "t"})  # fmt: skip
    item = {"production_id": 1, "treatment": "image", "reason": "", "state": "done", "pages": 1}
    place = {"render_sha256": None, "detail": {"family": 1}}
    put("production_items", *(
        {**item, **place, "position": n, "document_id": n + 1, "beg_bates": f"A{n}",
         "end_bates": f"A{n}"} for n in (0, 1)
    ))  # fmt: skip
    put("production_files", {"production_id": 1, "path": "DATA/P.dat", "sha256": "s", "size": 1})
    audit.append(connection, "case created")


def _rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but those that an upgrade writes."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if row[0] not in ("alembic_version", "audit")
        ]
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in names
        }


def _shape(engine: sa.Engine) -> dict[str, Any]:
    """What the schema says of each table, names of constraints included."""
    found = sa.inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in columns],
            found.get_pk_constraint(name),
            sorted(found.get_foreign_keys(name), key=lambda each: str(each["name"])),
            sorted(found.get_unique_constraints(name), key=lambda each: str(each["name"])),
            sorted(found.get_indexes(name), key=lambda each: str(each["name"])),
        )
        for name in found.get_table_names()
        for columns in [found.get_columns(name)]
    }


def test_an_old_case_is_refused_with_advice(folder: Path) -> None:
    advice = r"schema 0001.*run 'redwell upgrade'"
    with pytest.raises(DatabaseError, match=advice), cases.opened(folder):
        pass


def test_everything_is_still_there_and_the_schema_is_the_present_one(folder: Path) -> None:
    before = _rows(folder / "case.db")
    done = upgrade.upgrade(folder)
    assert (done.before, done.after) == ("0001", database.SCHEMA)
    after = _rows(folder / "case.db")
    old = len(before["documents"][0])
    assert [row[:old] for row in after["documents"]] == before["documents"]
    assert {row[old:] for row in after["documents"]} == {(None,) * (len(tables.documents.c) - old)}
    widths = {name: len(rows[0]) for name, rows in before.items() if rows}
    assert {name: [row[:width] for row in after[name]] for name, width in widths.items()} == {
        name: before[name] for name in widths
    }
    assert [row[-2:] for row in after["tag_events"]] == [(1, None), (2, None)]
    assert [row[-2:] for row in after["tag_event_documents"]] == [(None, None)] * 2
    assert [row[-3:] for row in after["tags"]] == [(None, 0, 0)]
    assert [row[-2:] for row in after["productions"]] == [(None, None)]
    assert [row[-1] for row in after["production_items"]] == [None, None]
    with cases.opened(folder) as case:
        assert status_of(case).dispositions == {"duplicate": 1, "reviewable": 2}
        fresh = database.connect(f"sqlite:///{folder / 'fresh.db'}")
        database.create_schema(fresh)
        assert _shape(case.engine) == _shape(fresh)
        fresh.dispose()
        with case.read() as connection:
            assert audit.verify(connection)[0] == 2
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        with pytest.raises(sa.exc.IntegrityError), case.write() as connection:
            connection.execute(tables.documents.update().values(known_by_id=7))


def test_texts_that_were_cut_get_a_code_of_their_own(folder: Path) -> None:
    told = ("The text was cut at 20000000 characters", "The text was cut short by a kill")
    with closing(sqlite3.connect(folder / "case.db")) as connection:
        for number, message in enumerate(told, 2):
            row = (number, 1, "warning", "partial", message, "t", "", 1, "t")
            connection.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    upgrade.upgrade(folder)
    codes = {row[0]: row[3] for row in _rows(folder / "case.db")["notes"]}
    assert codes == {1: "partial", 2: "text-cut", 3: "partial"}


def test_the_copy_is_whole_and_older_copies_stay(folder: Path) -> None:
    before = _rows(folder / "case.db")
    (folder / ".case.db.schema-0001-x.new").write_bytes(b"a copy that was cut off")
    copy = Path(upgrade.upgrade(folder).copy)
    assert copy.name.startswith("case.db.schema-0001-")
    assert _rows(copy) == before
    found = {each.name for each in folder.iterdir() if "schema" in each.name}
    assert found == {copy.name}
    (folder / "case.db").unlink()
    copy.rename(folder / "case.db")
    with pytest.raises(DatabaseError, match="0001"), cases.opened(folder):
        pass


def test_the_migrations_lead_to_the_tables_as_the_code_has_them(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'fresh.db'}")
    database.create_schema(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_a_second_upgrade_does_nothing(folder: Path) -> None:
    run = CliRunner().invoke
    first = run(upgrade_command, ["--case", str(folder)], catch_exceptions=False)
    assert f"from schema 0001 to {database.SCHEMA}" in first.output
    copies = list(folder.glob("case.db.schema*"))
    second = run(upgrade_command, ["--case", str(folder)], catch_exceptions=False)
    assert second.output == f"The case is of schema {database.SCHEMA} already\n"
    assert list(folder.glob("case.db.schema*")) == copies


def test_a_newer_schema_is_not_touched(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "case.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(DatabaseError, match="newer"):
        upgrade.upgrade(folder)
    with pytest.raises(DatabaseError, match="use the version that made"), cases.opened(folder):
        pass
    assert not list(folder.glob("case.db.schema*"))


def test_a_case_in_use_is_not_upgraded(folder: Path) -> None:
    other = cases.Case(folder, Settings())
    with other.exclusive("process"), pytest.raises(CaseBusyError):
        upgrade.upgrade(folder)
    other.close()


def _killed_at_the_audit(folder: Path) -> None:
    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    audit.append = die
    upgrade.upgrade(folder)


def test_a_kill_in_the_midst_leaves_the_old_case(folder: Path) -> None:
    before = _rows(folder / "case.db")
    child = multiprocessing.get_context("spawn").Process(
        target=_killed_at_the_audit, args=(folder,)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert _rows(folder / "case.db") == before
    assert upgrade.upgrade(folder).before == "0001"
    assert len(list(folder.glob("case.db.schema*"))) == 2


def test_references_to_nothing_stop_the_upgrade(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "case.db")) as connection:
        connection.execute("INSERT INTO raw_metadata VALUES (99, '{}')")
        connection.commit()
    before = _rows(folder / "case.db")
    with pytest.raises(DatabaseError, match="1 references to nothing"):
        upgrade.upgrade(folder)
    assert _rows(folder / "case.db") == before
