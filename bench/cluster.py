"""The same documents on a cluster as on one machine (PostgreSQL, a shared store, Dask workers).

    python -m bench.cluster --corpus ../shared/corpus

Starts a PostgreSQL server of its own, a store in a shared folder, a Dask scheduler and two workers
from another folder with an environment of their own; where root may, the case folder is hidden
from them, so that nothing but the store is shared. Collects, processes and indexes folders of the
corpus so, then on SQLite with local workers, and compares document by document: addresses, hashes,
dispositions, texts, fields, raw metadata, notes, pages read by OCR, duplicates, and the answers of
some searches. Exits with 1 at any difference.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import pipeline, postgres
from ingest import referenced
from records import case as cases
from store import open_store

FOLDERS = ("html-text", "mail/msg", "office/encrypted", "ocr", "pdf/py-pdf")
QUERIES = ("the", "a* AND NOT the", "type:pdf", "created:>2000", "has:ocr", "from:a*")
WHO = "Ann"


def stage(corpus: Path, folders: Sequence[str], source: Path) -> Path:
    """Make a source that holds copies of these folders of the corpus."""
    for name in folders:
        given = corpus / name
        if not given.exists():
            raise SystemExit(f"The corpus has no {name}")
        shutil.copytree(given, source / name, symlinks=True)
    return source


@contextmanager
def cluster(home: Path, hidden: Path, workers: int) -> Iterator[str]:
    """A scheduler and workers of another process tree; the scheduler's address."""
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {"PYTHONPATH": str(pipeline.ROOT), "PYTHONSAFEPATH": "1"}
    running: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: str, within: Sequence[str] = ()) -> str:
        command = [*within, sys.executable, "-m", f"distributed.cli.dask_{program}", *arguments]
        log = elsewhere / f"{len(running)}-{program}.log"
        with log.open("w") as file:
            running.append(
                subprocess.Popen(
                    [*command, "--no-dashboard"],
                    cwd=elsewhere,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stderr=file,
                    text=True,
                    start_new_session=True,
                )
            )
        wanted = r"Scheduler at:\s+(tcp://\S+)" if program == "scheduler" else "Registered to"
        for _ in range(600):
            if found := re.search(wanted, log.read_text()):
                return found.group(found.lastindex or 0)
            if running[-1].poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"dask {program} did not start:\n{log.read_text()}")

    try:
        address = start("scheduler", "--host", "127.0.0.1", "--port", "0")
        for _ in range(workers):
            start("worker", address, "--nthreads", "1", "--no-nanny", within=_hiding(hidden))
        yield address
    finally:
        for each in reversed(running):
            each.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.wait(20)
            each.kill()
            each.wait()


def _hiding(folder: Path) -> tuple[str, ...]:
    """Words before a command that hide a folder from it; none where this user may not."""
    script = 'mount -t tmpfs none "$0" && exec "$@"'
    hiding = ("unshare", "-m", "sh", "-c", script, str(folder))
    tried = subprocess.run([*hiding, "true"], capture_output=True, check=False)
    return hiding if tried.returncode == 0 else ()


def run(case: Path, source: Path, passwords: Path | None, *options: str) -> dict[str, float]:
    """Collect, process and index; seconds of each stage."""
    known = ("--passwords", str(passwords)) if passwords else ()
    took = {}
    for name, arguments in (
        ("ingest", ("ingest", str(source), "--custodian", WHO, *known)),
        ("process", ("process", *known)),
        ("index", ("index",)),
    ):
        started = time.monotonic()
        pipeline.redwell(*arguments, *options, "--case", str(case))
        took[name] = time.monotonic() - started
    return took


def make(case: Path, *options: str) -> None:
    """Make an empty case."""
    named = ("--number", "1", "--caption", "Doe v. Roe", "--bates-prefix", "DOE")
    pipeline.redwell("init", str(case), *named, "--custodian", WHO, *options)


def answers(case: Path) -> list[str]:
    """What some searches find."""
    return [
        f"{query}: {pipeline.redwell('search', query, '--ids', '--case', str(case))}"
        for query in QUERIES
    ]


def blobs(case: Path) -> list[str]:
    """The hashes of all blobs of a case but its custody records, which tell when and where."""
    with cases.opened(case) as opened:
        with opened.read() as connection:
            custody = {each.custody for each in referenced.audited(connection).values()}
        return [each for each in open_store(opened.store_address).hashes() if each not in custody]


def held(case: Path) -> dict[str, list[str]]:
    """All that is compared."""
    return pipeline.contents(case) | {"answers": answers(case), "blobs": blobs(case)}


def counts(found: dict[str, list[str]]) -> str:
    """Rows by table."""
    return ", ".join(f"{name} {len(rows):,}" for name, rows in found.items() if rows)


def compare(home: Path, source: Path, passwords: Path | None, workers: int) -> Sequence[str]:
    """Run both ways; the differences."""
    shared, alone = home / "shared-case", home / "local-case"
    with postgres.server() as server:
        address = server.database("--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8")
        make(shared, "--database", address, "--store", f"file://{home}/shared-store")
        with cluster(home, shared, workers) as scheduler:
            seen = "hidden from" if _hiding(shared) else "visible to"
            print(f"cluster: {scheduler}, {workers} workers; the case folder is {seen} them")
            print("seconds", run(shared, source, passwords, "--scheduler", scheduler))
        made = held(shared)
        pipeline.redwell("verify", "store", "--workers", "1", "--case", str(shared))
        pipeline.redwell("audit", "verify", "--case", str(shared))
    make(alone)
    print("local:   SQLite, a store in the case folder")
    print("seconds", run(alone, source, passwords, "--workers", str(workers)))
    local = held(alone)
    print(f"cluster: {counts(made)}\nlocal:   {counts(local)}")
    told = json.loads(pipeline.redwell("status", "--json", "--case", str(alone)))
    print(f"dispositions: {told['dispositions']}; exceptions: {told['exceptions']}")
    return pipeline.differences(local, made)


def main() -> None:
    """Compare, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--folders", nargs="+", default=list(FOLDERS))
    parser.add_argument("--passwords", type=Path, help="tried on what is encrypted")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-cluster-") as folder:
        home = Path(folder)
        source = stage(given.corpus.absolute(), given.folders, home / "source")
        found = compare(home, source, given.passwords, given.workers)
    for line in found:
        print(line[:1000])
    print(f"{len(found)} differences" if found else "no differences")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
