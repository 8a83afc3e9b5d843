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

FOLDERS = ("html-text", "mail/msg", "office/encrypted", "ocr", "pdf/pypdf")
QUERIES = ("the", "a* AND NOT the", "type:pdf", "created:>2000", "has:ocr", "from:a*")
WHO = "Ann"


@contextmanager
def staged(corpus: Path, folders: Sequence[str], home: Path) -> Iterator[Path]:
    """A source that holds these folders of the corpus, by links of its files."""
    source = home / "source"
    for name in folders:
        given = corpus / name
        if not given.exists():
            raise SystemExit(f"The corpus has no {name}")
        shutil.copytree(given, source / name, symlinks=True, copy_function=_linked)
    yield source


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


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


def blobs(folder: Path) -> list[str]:
    """The hashes of all blobs of a store in a folder."""
    return sorted(
        each.name for each in folder.rglob("*") if re.fullmatch("[0-9a-f]{64}", each.name)
    )


def counts(found: dict[str, list[str]]) -> str:
    """Rows by table."""
    return ", ".join(f"{name} {len(rows):,}" for name, rows in found.items() if rows)


def compare(home: Path, source: Path, passwords: Path | None, workers: int) -> Sequence[str]:
    """Run both ways; the differences."""
    shared, alone = home / "shared-case", home / "local-case"
    store = home / "shared-store"
    with postgres.server() as server:
        address = server.database("--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8")
        make(shared, "--database", address, "--store", f"file://{store}")
        with cluster(home, shared, workers) as scheduler:
            seen = "hidden from" if _hiding(shared) else "visible to"
            print(f"cluster: {scheduler}, {workers} workers; the case folder is {seen} them")
            print("seconds", run(shared, source, passwords, "--scheduler", scheduler))
        made = pipeline.contents(shared) | {"answers": answers(shared), "blobs": blobs(store)}
        pipeline.redwell("verify", "store", "--workers", "1", "--case", str(shared))
        pipeline.redwell("audit", "verify", "--case", str(shared))
    make(alone)
    print("local:   SQLite, a store in the case folder")
    print("seconds", run(alone, source, passwords, "--workers", str(workers)))
    local = pipeline.contents(alone) | {
        "answers": answers(alone),
        "blobs": blobs(alone / "store"),
    }
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
    parser.add_argument("--keep", type=Path, help="a folder to work in, kept afterwards")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if given.keep:
            home = given.keep.absolute()
            home.mkdir(parents=True)
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="redwell-cluster-")))
        source = stack.enter_context(staged(given.corpus.absolute(), given.folders, home))
        found = compare(home, source, given.passwords, given.workers)
    for line in found:
        print(line)
    print(f"{len(found)} differences" if found else "no differences")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
