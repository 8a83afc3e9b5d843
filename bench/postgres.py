"""A PostgreSQL server of one's own: in a folder, on a Unix socket, gone when it is done with.

It does not sync to the disk, so that a trial takes no longer than it must: not for real cases.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER = "redwell"
_QUIET = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50")


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; Debian's is not on the search path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda each: float(each.parent.parent.name), default=None)
    return None if newest is None else newest.parent


@dataclass(slots=True)
class Server:
    """A running server; `socket` is the folder of its socket."""

    home: Path
    binaries: Path
    run_as: Sequence[str]
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    made: int = 0

    @property
    def socket(self) -> Path:
        """The folder in which clients find it."""
        return self.home / "socket"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        arguments = ("-D", str(self.home / "data"), "-k", str(self.socket), *_QUIET)
        log = (self.home / "log").open("ab")
        with log:
            server = subprocess.Popen(
                [*self.run_as, str(self.binaries / "postgres"), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
            )
        self.running.append(server)
        for _ in range(600):
            ready = [str(self.binaries / "pg_isready"), "-q", "-t", "1", "-h", str(self.socket)]
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if server.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError((self.home / "log").read_text(errors="replace"))

    def stop(self) -> None:
        """End it as a machine that is switched off does: its sessions are cut."""
        while self.running:
            server = self.running.pop()
            # SIGQUIT is PostgreSQL's immediate shutdown; the next start recovers.
            subprocess.run(
                [*self.run_as, "kill", "-QUIT", str(server.pid)], check=False, capture_output=True
            )
            server.wait(60)

    def database(self, *options: str, name: str = "") -> str:
        """Make an empty database; its address."""
        self.made += 1
        name = name or f"case{self.made}"
        client = ("-h", str(self.socket), "-U", USER)
        subprocess.run(
            [str(self.binaries / "createdb"), *client, "-T", "template0", *options, name],
            check=True,
        )
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database of this server."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self.socket}"


@contextmanager
def server() -> Iterator[Server]:
    """Start a server in a folder of its own. Root may not run PostgreSQL: another user does."""
    binaries = programs()
    assert binaries is not None
    with tempfile.TemporaryDirectory(prefix="redwell-pg-") as folder:
        home = Path(folder)
        run_as: tuple[str, ...] = ()
        if os.geteuid() == 0:
            user = _other_user()
            run_as = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}")
            run_as = (*run_as, "--clear-groups", "--")
            os.chown(home, user.pw_uid, user.pw_gid)
            home.chmod(0o755)
        subprocess.run([*run_as, "mkdir", str(home / "socket")], check=True, cwd=home)
        made = [str(binaries / "initdb"), "-D", str(home / "data"), "-U", USER, "-A", "trust"]
        made += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*run_as, *made], check=True, capture_output=True, cwd=home)
        running = Server(home, binaries, run_as)
        try:
            running.start()
            yield running
        finally:
            running.stop()


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no user postgres or nobody to run PostgreSQL as")
