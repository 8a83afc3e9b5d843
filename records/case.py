"""A case: its folder, settings, database and the lock that one writing stage holds."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from records import audit, postgres, roles, tables, times
from records.database import connect, migrate, require_empty, require_schema, unopened
from records.errors import (
    CaseBusyError,
    CaseExistsError,
    CaseNotFoundError,
    CustodianError,
    DatabaseError,
    SettingError,
)
from records.roles import UserRole
from records.settings import Settings, resolve, told

CASE_FILE = "case.toml"
FOLDERS = ("store", "index", "productions", "logs")


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """What identifies the matter."""

    number: str
    caption: str
    court: str
    time_zone: str
    bates_prefix: str
    bates_digits: int


class Case:
    """An open case. Its parts are opened as they are needed."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self._engine = connect(self.database_address)
        self._held: sa.Connection | None = None  # the session that holds the case, if one must

    @property
    def database_address(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.settings.database or f"sqlite:///{self.folder / 'case.db'}"

    @property
    def engine(self) -> sa.Engine:
        """The database, for what is done to its schema; all else goes by `read` and `write`."""
        return self._engine

    @property
    def store_address(self) -> str:
        """What `store.open_store` takes; it means the same to every process."""
        return self.settings.store or str(self.folder / "store")

    @property
    def index_folder(self) -> Path:
        """Where the index stands."""
        return self.folder / "index"

    @property
    def rebuild_folder(self) -> Path:
        """Where an index is built anew before it takes the place of the one that stands."""
        return self.folder / "index-new"

    @property
    def productions_folder(self) -> Path:
        """Where volumes stand."""
        return self.folder / "productions"

    @property
    def scratch_folder(self) -> Path:
        """For private work that a crash may leave; emptied when a stage starts."""
        return self.folder / "scratch"

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that only reads."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, needs: UserRole = UserRole.ADMIN) -> Iterator[sa.Connection]:
        """A transaction that writes: all of it becomes real, or none.

        Raises `RoleError` where the case has users, and who acts has not the role that it needs.
        """
        with self._transaction() as connection:
            roles.require(connection, needs)
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        if self._held is not None:
            if self._held.invalidated:  # SQLAlchemy would take another session, without the lock
                raise DatabaseError(
                    "The session that held the case was lost, and another stage may hold it now: "
                    "run the same command again"
                )
            with self._held.begin():
                yield self._held
            return
        with (
            self._engine.connect().execution_options(redwell_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def exclusive(self, stage: str, needs: UserRole = UserRole.ADMIN) -> Iterator[None]:
        """Hold the case's lock while `stage` works; raises `CaseBusyError` if another does.

        The system drops the lock when the process ends, however it ends. All that is written
        meanwhile goes through the session that holds a shared database (`records.postgres`).
        Raises `RoleError` before anything is done where who acts has not the role that it needs.
        """
        with self.read() as connection:
            if sa.inspect(connection).has_table("users"):  # an older case is about to be upgraded
                roles.require(connection, needs)
        path = self.folder / "lock"
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.pread(fd, 200, 0).decode(errors="replace") or "another process"
                raise CaseBusyError(
                    f"The case {self.folder} is busy: {holder}. Wait until it has ended"
                ) from error
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{stage} by {audit.actor()}, process {os.getpid()}".encode(), 0)
            with self._session(stage):
                shutil.rmtree(self.scratch_folder, ignore_errors=True)
                yield
            os.ftruncate(fd, 0)
        finally:
            os.close(fd)

    @contextmanager
    def _session(self, stage: str) -> Iterator[None]:
        """Hold the case in its database too, where that is one that other machines share."""
        if self._engine.dialect.name != "postgresql":
            yield
            return
        with postgres.held(self._engine, str(self.folder), stage) as connection:
            self._held = connection
            try:
                yield
            finally:
                self._held = None

    def info(self) -> CaseInfo:
        """What identifies the matter."""
        c = tables.cases.c
        columns = (c.number, c.caption, c.court, c.time_zone, c.bates_prefix, c.bates_digits)
        with self.read() as connection:
            return CaseInfo(*connection.execute(sa.select(*columns)).one())

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def find(start: Path | None) -> Path:
    """The case folder: `start` or REDWELL_CASE if given, else the current one or one above."""
    named = start or (Path(os.environ["REDWELL_CASE"]) if os.environ.get("REDWELL_CASE") else None)
    if named is not None:
        if (named / CASE_FILE).is_file():
            return named.resolve()
        raise CaseNotFoundError(
            f"{named} is no case: it holds no {CASE_FILE}. Make one with 'redwell init {named}'"
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CASE_FILE).is_file():
            return folder
    raise CaseNotFoundError(
        f"Neither {here} nor a folder above it is a case. Name one with --case or REDWELL_CASE, "
        "or make one with 'redwell init FOLDER'"
    )


@contextmanager
def opened(start: Path | None = None) -> Iterator[Case]:
    """Find and open a case."""
    folder = find(start)
    case = Case(folder, resolve(folder / CASE_FILE))
    try:
        if not case.settings.database and not (folder / "case.db").is_file():
            raise DatabaseError(f"{folder / 'case.db'} is missing: restore it from a backup")
        require_schema(case.database_address, case._engine)
        yield case
    finally:
        case.close()


def create(
    folder: Path,
    info: CaseInfo,
    parties: Sequence[tuple[str, str]],
    custodians: Sequence[str],
    *,
    database: str = "",
    store: str = "",
) -> None:
    """Make a case folder beside its place, then move it there: it is whole or not there.

    Raises `CaseExistsError` where the folder, database or store holds anything, `SettingError` for
    a Bates prefix that a load file cannot carry, `DatabaseError` for a database that does not open.
    """
    check_prefix(info.bates_prefix)
    _check_custodians(custodians)
    outer = next((each for each in folder.absolute().parents if (each / CASE_FILE).is_file()), None)
    if outer is not None:
        raise CaseExistsError(f"{folder} lies inside the case {outer}; name a folder elsewhere")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseExistsError(f"{folder} is there already and not empty; name a new folder")
    settings = initial_settings(info, database, store)
    if store:
        _require_empty_store(settings.store)
    target = folder.absolute()
    fresh = target.parent / f".{target.name}.redwell-new"
    shutil.rmtree(fresh, ignore_errors=True)
    for name in FOLDERS:
        if name != "store" or not store:
            (fresh / name).mkdir(parents=True)
    _write_settings(fresh / CASE_FILE, settings)
    case = Case(fresh, settings)
    try:
        with case._transaction() as connection:
            require_empty(case.database_address, connection)
            migrate(connection)
            _fill(connection, info, parties, custodians)
    except sa.exc.OperationalError as error:
        raise unopened(case.database_address, error) from error
    finally:
        case.close()
    fresh.rename(target)


def initial_settings(info: CaseInfo, database: str, store: str) -> Settings:
    """The settings of a new case; raises `SettingError` naming what cannot be taken."""
    given = {"database": database, "store": store, "time_zone": info.time_zone}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingError(told(error, "")) from error


def _require_empty_store(address: str) -> None:
    """Each case has a store of its own: what one sweeps away the other may be writing."""
    import fsspec  # only here: it takes long to load

    try:
        system, root = fsspec.core.url_to_fs(address)
        held = system.exists(root) and bool(system.ls(root))
    except (OSError, ValueError, ImportError) as error:
        raise SettingError(f"The store {address} cannot be opened: {error}") from error
    if held:
        raise CaseExistsError(
            f"The store {address} is not empty: each case needs its own, as {address}/NAME"
        )


def _write_settings(path: Path, settings: Settings) -> None:
    lines = ["# Settings of this Redwell case; docs/settings.md names all of them."]
    for name in ("database", "store", "time_zone"):
        if value := getattr(settings, name):
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fill(
    connection: sa.Connection,
    info: CaseInfo,
    parties: Sequence[tuple[str, str]],
    custodians: Sequence[str],
) -> None:
    values: dict[str, Any] = {name: getattr(info, name) for name in CaseInfo.__slots__}
    connection.execute(tables.cases.insert().values(id=1, created_at=times.now(), **values))
    for number, (role, name) in enumerate(parties, 1):
        connection.execute(tables.parties.insert().values(id=number, name=name, role=role))
    for number, name in enumerate(custodians, 1):
        connection.execute(tables.custodians.insert().values(id=number, name=name))
    audit.append(
        connection,
        "case created",
        **values,
        parties=[f"{role}: {name}" for role, name in parties],
        custodians=list(custodians),
    )


def check_prefix(prefix: str) -> None:
    """Refuse a Bates prefix that would break a load file or a file name."""
    bad = sorted(
        {each for each in prefix if not (each.isascii() and (each.isalnum() or each in "-_"))}
    )
    if prefix and not bad and not prefix[0].isalpha():
        raise SettingError(f"The Bates prefix {prefix!r} must begin with a letter, as in 'ABC'")
    if not prefix or bad:
        shown = ", ".join(repr(each) for each in bad) or "nothing"
        raise SettingError(
            f"The Bates prefix {prefix!r} holds {shown}: take letters, digits, - and _ only, as in "
            "'ABC' (a comma or a space would break the OPT file, a slash a file name)"
        )


def add_custodian(case: Case, name: str) -> None:
    """Add a custodian; raises `CustodianError` for a blank name or one that is there already."""
    _check_custodians((*custodian_names(case), name))
    with case.write() as connection:
        last = connection.execute(sa.select(sa.func.max(tables.custodians.c.id))).scalar() or 0
        connection.execute(tables.custodians.insert().values(id=last + 1, name=name))
        audit.append(connection, "custodian added", name=name)


def _check_custodians(names: Sequence[str]) -> None:
    """Names that differ in case or white space only would be two people in every report."""
    seen: dict[str, str] = {}
    for name in names:
        folded = " ".join(name.split()).casefold()
        if not folded:
            raise CustodianError("A custodian's name is blank; name the person")
        if folded in seen:
            raise CustodianError(f"The case has a custodian {seen[folded]!r} already")
        seen[folded] = name


def custodian_names(case: Case) -> list[str]:
    """The custodians in the order they were named."""
    with case.read() as connection:
        query = sa.select(tables.custodians.c.name).order_by(tables.custodians.c.id)
        return list(connection.execute(query).scalars())
