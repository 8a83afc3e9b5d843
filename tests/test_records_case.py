"""The case folder, its settings, its lock and its audit chain."""

import datetime as dt
import multiprocessing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from records import audit, database, tables, times
from records import case as cases
from records.errors import (
    AuditError,
    CaseBusyError,
    CaseExistsError,
    CaseNotFoundError,
    CustodianError,
    DatabaseError,
    SettingError,
)
from records.runs import recorded
from records.status import status_of

INFO = cases.CaseInfo("1:24-cv-1", "Doe v. Roe", "D. Del.", "America/New_York", "DOE", 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cases.create(tmp_path / "case", INFO, [("plaintiff", "Doe")], ["Jane Doe"])
    return tmp_path / "case"


def test_what_was_told_is_kept(folder: Path) -> None:
    with cases.opened(folder) as case:
        assert case.info() == INFO
        assert cases.custodian_names(case) == ["Jane Doe"]
        assert case.settings.time_zone == "America/New_York"
        assert status_of(case).documents == 0


def test_a_case_is_found_from_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDWELL_CASE", raising=False)
    monkeypatch.chdir(folder / "store")
    assert cases.find(None) == folder
    monkeypatch.chdir(folder.parent)
    with pytest.raises(CaseNotFoundError):
        cases.find(None)
    monkeypatch.setenv("REDWELL_CASE", str(folder))
    assert cases.find(None) == folder


def test_a_folder_that_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseNotFoundError, match="is no case"):
        cases.find(tmp_path)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CaseExistsError):
        cases.create(tmp_path, INFO, [], [])
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_an_init_that_was_cut_off_does_not_stand_in_the_way(tmp_path: Path) -> None:
    left = tmp_path / ".case.redwell-new" / "store"
    left.mkdir(parents=True)
    cases.create(tmp_path / "case", INFO, [], [])
    assert [each.name for each in tmp_path.iterdir()] == ["case"]


@pytest.mark.parametrize("prefix", ["A,B", "A B", "A/B", "", "Ä", "..", "A\n"])
def test_a_prefix_that_breaks_a_load_file_is_refused(tmp_path: Path, prefix: str) -> None:
    info = cases.CaseInfo("1", "c", "", "UTC", prefix, 7)
    with pytest.raises(SettingError):
        cases.create(tmp_path / "case", info, [], [])
    assert not (tmp_path / "case").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("workers = -1", "workers"),
        ("wrokers = 1", "wrokers"),
        ("time_zone = 'Mars/Olympus'", "Mars/Olympus"),
        ("[limits]\nseconds = 'long'", "limits.seconds"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(folder: Path, text: str, message: str) -> None:
    (folder / "case.toml").write_text(text)
    with pytest.raises(SettingError, match=message), cases.opened(folder):
        pass


def test_the_environment_overrules_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDWELL_WORKERS", "3")
    with cases.opened(folder) as case:
        assert case.settings.workers == 3


def test_a_custodian_is_added_once(folder: Path) -> None:
    with cases.opened(folder) as case:
        cases.add_custodian(case, "Late Comer")
        assert cases.custodian_names(case) == ["Jane Doe", "Late Comer"]
        with pytest.raises(CustodianError):
            cases.add_custodian(case, "Late Comer")


def _hold(folder: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with cases.opened(folder) as case, case.exclusive("ingest"):
        ready.set()
        multiprocessing.Event().wait(60)


def test_one_writing_stage_at_a_time_and_a_kill_frees_the_case(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_hold, args=(folder, ready))
    other.start()
    assert ready.wait(30)
    with cases.opened(folder) as case:
        with pytest.raises(CaseBusyError, match=f"ingest by .* process {other.pid}"):
            case.exclusive("process").__enter__()
        other.kill()
        other.join()
        with case.exclusive("process"):
            pass


def test_the_migrations_make_the_tables(folder: Path) -> None:
    head = ScriptDirectory.from_config(database.migrations()).get_current_head()
    assert head == database.SCHEMA
    with cases.opened(folder) as case, case.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_another_schema_is_refused(folder: Path) -> None:
    with cases.opened(folder) as case, case.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="9999"), cases.opened(folder):
        pass


def test_a_file_that_is_no_database(folder: Path) -> None:
    for each in folder.glob("case.db*"):
        each.unlink()
    (folder / "case.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(DatabaseError), cases.opened(folder):
        pass


@pytest.mark.parametrize("year", [1, 385, 1969, 2024, 9999])
def test_times_of_any_year_are_written_and_read_alike(year: int) -> None:
    moment = dt.datetime(year, 2, 3, 4, 5, 6, 789, tzinfo=dt.UTC)
    assert len(times.stamp(moment)) == len("2024-02-03T04:05:06Z")
    assert times.parse(times.stamp(moment)) == moment.replace(microsecond=0)


def test_runs_are_recorded_and_a_dead_one_is_called_so(folder: Path) -> None:
    with cases.opened(folder) as case:
        with pytest.raises(KeyboardInterrupt), recorded(case, "process", workers=2):
            raise KeyboardInterrupt
        with recorded(case, "process", workers=1) as summary:
            summary["read"] = 5
        with case.read() as connection:
            rows = connection.execute(sa.select(tables.runs).order_by(tables.runs.c.id)).all()
    assert [(row.state, row.summary) for row in rows] == [
        ("interrupted", {}),
        ("complete", {"read": 5}),
    ]


def test_the_audit_chain_holds(folder: Path) -> None:
    with cases.opened(folder) as case:
        cases.add_custodian(case, "Ünïcode “quoted”")
        with case.read() as connection:
            count, last = audit.verify(connection)
            assert count == 2
            assert last == list(audit.entries(connection))[-1].hash


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit SET actor = 'someone else' WHERE seq = 2",
        "UPDATE audit SET details = '{}' WHERE seq = 1",
        "UPDATE audit SET at = '2001-01-01T00:00:00Z' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 1",
        "UPDATE audit SET seq = seq + 10 WHERE seq = 3",
        "UPDATE audit SET previous = hash WHERE seq = 2",
    ],
)
def test_a_changed_act_shows(folder: Path, damage: str) -> None:
    with cases.opened(folder) as case:
        cases.add_custodian(case, "B")
        cases.add_custodian(case, "C")
        with case.write() as connection:
            connection.execute(sa.text(damage))
        with case.read() as connection, pytest.raises(AuditError):
            audit.verify(connection)


def test_an_act_that_fails_leaves_no_entry(folder: Path) -> None:
    with cases.opened(folder) as case:
        with pytest.raises(RuntimeError), case.write() as connection:
            audit.append(connection, "never happened")
            raise RuntimeError
        with case.read() as connection:
            assert audit.verify(connection)[0] == 1
