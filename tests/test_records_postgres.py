"""A case on PostgreSQL: made, locked, written and read as one on SQLite is."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from bench import postgres
from index.catalog import SqlCatalog
from records import audit, database, tables, times, upgrade
from records import case as cases
from records.errors import (
    AuditError,
    CaseBusyError,
    CaseExistsError,
    DatabaseError,
    RedwellError,
    SettingError,
)
from records.settings import resolve
from records.status import status_of
from tests import test_records_upgrade as older
from tests.postgres_here import DICTIONARY, needs_postgres, server

__all__ = ["server"]
ROOT = Path(__file__).parent.parent
pytestmark = [needs_postgres, pytest.mark.heavy]
INFO = cases.CaseInfo("1", "Doe v. Roe", "", "UTC", "DOE", 7)
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def folder(server: postgres.Server, tmp_path: Path) -> Path:
    address = server.database(*DICTIONARY)
    home, store = tmp_path / "case", f"file://{tmp_path}/store"
    cases.create(home, INFO, [("plaintiff", "Doe")], ["Ann"], database=address, store=store)
    return home


def _redwell(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "cli.py"), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    return done


def _init(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    named = ("--number", "1", "--caption", "Doe v. Roe", "--bates-prefix", "DOE")
    return _redwell("init", folder, *named, **environment)


def _elsewhere(folder: Path) -> Path:
    """The same case as another machine has it: case.toml alone, and a lock file of its own."""
    other = folder.with_name("elsewhere")
    other.mkdir()
    shutil.copy(folder / "case.toml", other)
    return other


def test_what_was_told_is_kept(folder: Path) -> None:
    with cases.opened(folder) as case:
        assert case.info() == INFO
        assert cases.custodian_names(case) == ["Ann"]
        assert status_of(case).documents == 0
        assert case.store_address == f"file://{folder.parent}/store"
    assert sorted(each.name for each in folder.iterdir()) == [
        *("case.toml", "index", "logs", "productions"),
    ]


def test_init_takes_the_environment_and_writes_it_down(
    server: postgres.Server, tmp_path: Path
) -> None:
    address, store = server.database(), f"file://{tmp_path}/store"
    assert not _init(tmp_path / "c", REDWELL_DATABASE=address, REDWELL_STORE=store).returncode
    settings = resolve(tmp_path / "c" / "case.toml")
    assert (sa.make_url(settings.database), settings.store) == (sa.make_url(address), store)
    assert "Made the case" not in _init(tmp_path / "d", REDWELL_DATABASE=address).stdout


def test_a_database_with_something_in_it_is_left_alone(
    folder: Path, server: postgres.Server, tmp_path: Path
) -> None:
    address = resolve(folder / "case.toml").database
    with pytest.raises(CaseExistsError, match="holds a case of Redwell already"):
        cases.create(tmp_path / "second", INFO, [], [], database=address)
    foreign = server.database()
    engine = sa.create_engine(foreign)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE theirs (id int)"))
    with pytest.raises(CaseExistsError, match="'theirs'"):
        cases.create(tmp_path / "second", INFO, [], [], database=foreign)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == ["theirs"]
    engine.dispose()
    assert not (tmp_path / "second").exists()


def test_cases_in_schemas_of_one_database(server: postgres.Server, tmp_path: Path) -> None:
    """Each has its own tables and its own lock."""
    shared = server.database()
    engine = sa.create_engine(shared)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA one; CREATE SCHEMA two"))
    engine.dispose()
    for name in ("one", "two"):
        address = f"{shared}&options=-csearch_path%3D{name}"
        cases.create(tmp_path / name, INFO, [], [name], database=address)
    with cases.opened(tmp_path / "one") as one, cases.opened(tmp_path / "two") as two:
        with one.exclusive("ingest"), two.exclusive("ingest"):
            cases.add_custodian(one, "Ann")
            cases.add_custodian(two, "Bob")
        assert cases.custodian_names(one) == ["one", "Ann"]
        assert cases.custodian_names(two) == ["two", "Bob"]
    absent = f"{shared}&options=-csearch_path%3Dthree"
    with pytest.raises(DatabaseError, match="CREATE SCHEMA"):
        cases.create(tmp_path / "three", INFO, [], [], database=absent)


def test_a_database_of_one_language_is_refused(server: postgres.Server, tmp_path: Path) -> None:
    address = server.database("--encoding=LATIN1", "--locale=C")
    with pytest.raises(DatabaseError, match=r"LATIN1.*--encoding=UTF8"):
        cases.create(tmp_path / "case", INFO, [], [], database=address)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("postgresql+psycopg://me:swordfish@host/db", "PGPASSWORD"),
        ("postgresql://host/db?password=swordfish", "PGPASSWORD"),
        ("mysql://host/swordfish", "SQLite and PostgreSQL"),
        ("sqlite:///swordfish.db", "whole path"),
        ("swordfish", "no address of a database"),
    ],
)
def test_addresses_that_are_refused(folder: Path, address: str, what: str) -> None:
    """And no password is ever repeated to the screen or a log."""
    done = _redwell("status", "--case", folder, REDWELL_DATABASE=address)
    assert done.returncode == SettingError.exit_code
    assert what in done.stderr
    assert "swordfish" not in done.stderr + done.stdout


def test_a_server_that_is_not_there(folder: Path, server: postgres.Server) -> None:
    nowhere = server.address("never_made")
    for done in (
        _redwell("status", "--case", folder, REDWELL_DATABASE=nowhere),
        _redwell("status", "--case", folder, REDWELL_DATABASE="postgresql://localhost:1/x"),
        _init(folder.with_name("other"), REDWELL_DATABASE=nowhere),
    ):
        assert done.returncode == DatabaseError.exit_code, done.stderr
        assert done.stderr.count("\n") == 1
        assert "cannot be opened" in done.stderr
        assert "PGPASSWORD" in done.stderr
    assert not folder.with_name("other").exists()


def test_a_stage_holds_the_case_on_all_machines(folder: Path) -> None:
    with cases.opened(folder) as case, cases.opened(_elsewhere(folder)) as other:
        with case.exclusive("process"):
            with pytest.raises(CaseBusyError, match=r"process by .*"), other.exclusive("ingest"):
                pass
            cases.add_custodian(other, "Bob")  # what needs no lock goes on
            cases.add_custodian(case, "Cid")
        with other.exclusive("ingest"):
            assert cases.custodian_names(other) == ["Ann", "Bob", "Cid"]


def _hold(folder: Path, ready: Any) -> None:
    with cases.opened(folder) as case, case.exclusive("process"):
        ready.set()
        time.sleep(600)


def test_a_killed_stage_lets_go(folder: Path) -> None:
    ready = SPAWN.Event()
    holder = SPAWN.Process(target=_hold, args=(_elsewhere(folder), ready))
    holder.start()
    assert ready.wait(60)
    with cases.opened(folder) as case:
        with pytest.raises(CaseBusyError, match=f", {holder.pid}"), case.exclusive("index"):
            pass
        assert holder.pid
        os.kill(holder.pid, signal.SIGKILL)
        holder.join(60)
        for _ in range(100):  # the server sees it by the closed socket, a moment later
            try:
                with case.exclusive("index"):
                    return
            except CaseBusyError:
                time.sleep(0.1)
    raise AssertionError("the lock was never let go of")


def _add(folder: Path, who: str) -> None:
    with cases.opened(folder) as case:
        for number in range(25):
            cases.add_custodian(case, f"{who} {number}")


def test_writers_at_once_give_no_number_twice(folder: Path) -> None:
    other = _elsewhere(folder)
    writers = [SPAWN.Process(target=_add, args=(home, str(home))) for home in (folder, other)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(120)
    assert [each.exitcode for each in writers] == [0, 0]
    with cases.opened(folder) as case, case.read() as connection:
        ids = connection.execute(sa.select(tables.custodians.c.id).order_by("id")).scalars()
        assert list(ids) == list(range(1, 52))
        assert audit.verify(connection)[0] == 51


def test_a_read_sees_one_moment_and_cannot_write(folder: Path) -> None:
    c = tables.custodians.c
    with cases.opened(folder) as case, case.read() as connection:
        before = connection.execute(sa.select(c.name)).scalars().all()
        cases.add_custodian(case, "Bob")
        assert connection.execute(sa.select(c.name)).scalars().all() == before
        with pytest.raises(sa.exc.DBAPIError, match="read-only"):
            connection.execute(tables.custodians.insert().values(id=9, name="x"))


def test_a_stage_that_lost_its_session_cannot_write(folder: Path, server: postgres.Server) -> None:
    """Not even once the server is back: another stage may have begun."""
    with cases.opened(folder) as case, case.exclusive("process"):
        cases.add_custodian(case, "Bob")
        server.stop()
        server.start()
        with cases.opened(_elsewhere(folder)) as other, other.exclusive("ingest"):
            with pytest.raises(sa.exc.OperationalError) as caught:
                _write(case, "Cid")
            known = database.failed(caught.value.orig or caught.value)
            assert isinstance(known, DatabaseError)
            assert "run the same command again" in str(known)
            with pytest.raises(DatabaseError, match="lost"):
                _write(case, "Dan")
            assert cases.custodian_names(other) == ["Ann", "Bob"]


def _write(case: cases.Case, name: str) -> None:
    with case.write() as connection:
        connection.execute(tables.custodians.insert().values(id=9, name=name))


def test_a_command_whose_server_ends_says_so(folder: Path, server: postgres.Server) -> None:
    """The front door, and again once the server is back: nothing lost, nothing twice."""
    source = folder.parent / "source"
    source.mkdir()
    for number in range(600):
        (source / f"{number:04}.txt").write_text(f"paper {number}")
    arguments = [sys.executable, "-P", str(ROOT / "cli.py"), "ingest", str(source)]
    arguments += ["--custodian", "Ann", "--workers", "1", "--case", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True)
    with cases.opened(folder) as case:
        while not status_of(case).documents and running.poll() is None:
            time.sleep(0.05)
    server.stop()
    _, told = running.communicate(timeout=120)
    server.start()
    if running.returncode:  # else it had ended by then
        assert running.returncode == DatabaseError.exit_code, told
        assert "run the same command again" in told
        assert "Traceback" not in told
    done = _redwell("ingest", source, "--custodian", "Ann", "--workers", "1", "--case", folder)
    assert done.returncode == 0, done.stderr
    with cases.opened(folder) as case, case.read() as connection:
        rows = connection.execute(sa.select(tables.documents.c.id, tables.documents.c.name)).all()
        assert sorted(row.id for row in rows) == list(range(1, 601))
        assert len({row.name for row in rows}) == 600
        assert audit.verify(connection)[0] > 3


ODD = "a\0b\ud800c😀"


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_what_no_database_takes_reads_the_same_from_both(
    where: str, server: postgres.Server, tmp_path: Path
) -> None:
    address = server.database() if where == "postgresql" else ""
    cases.create(tmp_path / "case", INFO, [], ["Ann"], database=address)
    fields = {"title": ODD, "keywords": [ODD, "\\u0000"], "latitude": float("nan")}
    with cases.opened(tmp_path / "case") as case:
        _document(case, 1, name=ODD, fields=fields, created_at="2024-05-05T00:00:00Z")
        with case.read() as connection:
            row = connection.execute(sa.select(tables.documents)).one()
        assert row.name == "a�b�c😀"
        assert row.name_bytes == ODD.encode("utf-8", "surrogatepass")
        assert row.fields["title"] == row.name
        assert row.fields["keywords"] == [row.name, "\\u0000"]
        assert row.fields["latitude"] == "nan"
        assert list(SqlCatalog(case).select("created", "=", "2024", None)) == [1]


def _document(case: cases.Case, number: int, **values: Any) -> None:
    created = values.pop("created_at", "2020-01-01T00:00:00Z")
    name = values.get("name", "n")
    row = older.DOCUMENT | {"id": number, "family_id": number, "position": 0, "name": name}
    row |= {"address": f"a{number}", "sha256": f"{number:064x}", "disposition": "reviewable"}
    row |= values | {"name_bytes": name.encode("utf-8", "surrogatepass")}
    row["fields"] = values.get("fields", {}) | {"created_at": created}
    with case.write() as connection:
        if number == 1:
            collection = {"id": 1, "custodian_id": 1, "source": "/s", "state": "complete"}
            collection |= {"actor": "a", "started_at": times.now()}
            empty: dict[str, Any] = {"settings": {}, "tools": {}, "counts": {}}
            connection.execute(tables.collections.insert().values(collection | empty))
        connection.execute(tables.documents.insert().values(row))


def test_text_is_ordered_by_its_bytes(folder: Path) -> None:
    """As SQLite has it; the dictionary of this database would say aa, B, é, Z."""
    names = ["é", "aa", "Z", "B", "a b", "ab"]
    with cases.opened(folder) as case:
        for number, name in enumerate(names, 1):
            _document(case, number, name=name, created_at=f"2024-01-0{number}T00:00:00Z")
        c = tables.documents.c
        with case.read() as connection:
            found = connection.execute(sa.select(c.name).order_by(c.name)).scalars().all()
            plain = connection.execute(
                sa.text("SELECT x FROM unnest(ARRAY['B', 'aa', 'Z']) x ORDER BY x")
            ).scalars()
            assert list(plain) == ["aa", "B", "Z"]  # the test can fail
        assert found == sorted(names)
        catalog = SqlCatalog(case)
        assert list(catalog.select("created", "=", "2024-01-03", None)) == [3]
        assert list(catalog.select("created", ">", "2024-01-04", None)) == [5, 6]


def _old_case(folder: Path) -> None:
    """Make its database what schema 0001 had."""
    case = cases.Case(folder, resolve(folder / "case.toml"))
    with case.write() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        config = database.migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        older._fill(connection)
    case.close()


def test_an_old_case_is_upgraded_once_a_backup_is_said_to_be_there(
    folder: Path, server: postgres.Server
) -> None:
    _old_case(folder)
    with pytest.raises(DatabaseError, match=r"pg_dump.*upgrade --no-copy"), cases.opened(folder):
        pass
    with pytest.raises(DatabaseError, match=r"pg_dump.*upgrade --no-copy"):
        upgrade.upgrade(folder)
    done = upgrade.upgrade(folder, make_copy=False)
    assert (done.before, done.after, done.copy) == ("0001", database.SCHEMA, "")
    fresh = database.connect(server.database())
    database.create_schema(fresh)
    with cases.opened(folder) as case:
        assert status_of(case).dispositions == {"duplicate": 1, "reviewable": 2}
        assert older._shape(case.engine) == older._shape(fresh)
    fresh.dispose()


def test_a_changed_act_is_found(folder: Path) -> None:
    with cases.opened(folder) as case:
        with case.write() as connection:
            connection.execute(sa.text("UPDATE audit SET actor = 'x'"))
        with case.read() as connection, pytest.raises(AuditError):
            audit.verify(connection)


def test_a_store_that_another_case_has_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "x").touch()
    with pytest.raises(CaseExistsError, match="each case needs its own"):
        cases.create(tmp_path / "b", INFO, [], [], store=f"file://{tmp_path}/store")
    for address in (
        "memory://x",
        "file://relative",
        "relative",
        "s3://key:secret@bucket",
        "nothing://x",
    ):
        with pytest.raises(RedwellError) as caught:
            cases.create(tmp_path / "b", INFO, [], [], store=address)
        assert "secret" not in str(caught.value)
    assert not (tmp_path / "b").exists()
