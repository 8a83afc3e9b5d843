"""Workers that were started elsewhere: what they must be, and share, before work is given to them.

They need the store under its address, the same Redwell and Python, and for some work a folder or
a source of evidence under the same path. They need neither the database nor case.toml.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import fsspec

from records.errors import SchedulerError, StoreError

_PACKAGES = ("records", "store", "ingest", "process", "index", "review", "produce")
_MOST_ENTRIES = 1000
_ASKED = "asked.part"


class Crew(Protocol):
    """What this module needs of `records.engine.Engine`."""

    def on_each(self, function: Any, *arguments: Any) -> Mapping[str, Any]:
        """Run a function once on every worker; what it gave or raised, by the worker's address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker is asked: files to look for, and places of which to tell what they hold."""

    store: str
    probe: str
    folder_probe: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is and sees. `trouble` says why it cannot work with the store, if so."""

    code: str
    python: str
    libraries: dict[str, str]
    trouble: str
    sees_folder: bool
    places: tuple[str, ...]
    unsafe_path: str


@cache
def code() -> str:
    """A digest of Redwell's own code, which tells two of one version apart too."""
    digest = hashlib.sha256()
    home = Path(__file__).resolve().parent.parent
    for package in _PACKAGES:
        for file in sorted((home / package).rglob("*.py")):
            digest.update(f"{file.relative_to(home)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def libraries() -> dict[str, str]:
    """The libraries that Redwell asks for, with their versions: they decide how files read."""
    found = {}
    for each in importlib.metadata.requires("redwell") or ():
        if name := re.match(r"[A-Za-z0-9._-]+", each):
            try:
                found[name.group()] = importlib.metadata.version(name.group())
            except importlib.metadata.PackageNotFoundError:
                found[name.group()] = "none"
    return found


def look(asked: Asked) -> Worker:
    """Answer, in the worker."""
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # one core a worker, for Tesseract too
    return Worker(
        code=code(),
        python=platform.python_version(),
        libraries=libraries(),
        trouble=_trouble(asked),
        sees_folder=Path(asked.folder_probe).exists(),
        places=tuple(listing(Path(each)) for each in asked.places),
        unsafe_path=_unsafe_path(),
    )


def _trouble(asked: Asked) -> str:
    """Read what the coordinator wrote into the store, and write an answer beside it."""
    try:
        system, root = fsspec.core.url_to_fs(asked.store, use_listings_cache=False)
        path = f"{root}/{asked.probe}"
        answer = f"{path.removesuffix(_ASKED)}{secrets.token_hex(8)}.part"
        system.pipe_file(answer, system.cat_file(path))
    except Exception as error:  # noqa: BLE001 whatever a store's library raises is the answer
        return f"{type(error).__name__}: {error}"
    return ""


def _unsafe_path() -> str:
    """The current folder, where Python would import from it: evidence may hold a cli.py."""
    here = Path.cwd()
    ours = Path(__file__).resolve().parent.parent
    found = any(Path(each or ".").resolve() == here.resolve() for each in sys.path)
    return str(here) if found and here.resolve() != ours else ""


def listing(place: Path) -> str:
    """A digest of what a folder or file looks like: names, sizes and dates at its top."""
    try:
        if place.is_dir():
            with os.scandir(place) as entries:
                names = sorted(each.name for each in entries)[:_MOST_ENTRIES]
        else:
            names = [f"{place.stat().st_size}"]
        told = f"{place.stat().st_mtime_ns}\n" + "\n".join(names)
    except OSError as error:
        return f"cannot be seen: {error.strerror}"
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()


def require_able(crew: Crew, store: str, folder: Path, places: Sequence[Path] = ()) -> bool:
    """Raise `SchedulerError` unless every worker can work on the case with this store.

    `places` are sources of evidence that they must see as we do. The answer tells whether all of
    them see the case's `folder` too.
    """
    _require_installed(crew)
    with _probes(store, folder) as (probe, seen):
        asked = Asked(store, probe, seen, tuple(str(each) for each in places))
        workers = crew.on_each(look, asked)
    failed = {name: each for name, each in workers.items() if isinstance(each, BaseException)}
    _refuse(failed, "could not answer: {}", failed, "See their logs")
    found: dict[str, Worker] = dict(workers)
    _refuse_unlike(found)
    troubled = {name: each.trouble for name, each in found.items() if each.trouble}
    remedy = (
        f"The store is {store}: it must be one that all machines reach under this address, such "
        "as s3://bucket/case or file:///mnt/case (setting store, at 'redwell init')"
    )
    _refuse(troubled, "cannot use the case's store ({})", troubled, remedy)
    for number, place in enumerate(places):
        mine = listing(place)
        other = [name for name, each in found.items() if each.places[number] != mine]
        _refuse(other, f"do not see {place} as it is here", {}, "Mount it there, under this path")
    return all(each.sees_folder for each in found.values())


def _require_installed(crew: Crew) -> None:
    found = crew.on_each(importlib.util.find_spec, __name__)
    lacking = [name for name, each in found.items() if each is None or isinstance(each, Exception)]
    remedy = "Install this version there, in the environment that runs 'dask worker'"
    _refuse(lacking, "have no Redwell, or one that is too old", {}, remedy)


def _refuse_unlike(found: Mapping[str, Worker]) -> None:
    other = [name for name, each in found.items() if each.code != code()]
    remedy = "Install the same version everywhere, and start them again"
    _refuse(other, "run another Redwell than this one", {}, remedy)
    pythons = {
        name: each.python
        for name, each in found.items()
        if each.python.rpartition(".")[0] != platform.python_version().rpartition(".")[0]
    }
    _refuse(pythons, "run Python {}, and not " + platform.python_version(), pythons, remedy)
    mine = libraries()
    unlike = {
        name: ", ".join(f"{k} {v}" for k, v in each.libraries.items() if mine.get(k) != v)
        for name, each in found.items()
        if each.libraries != mine
    }
    _refuse(unlike, "have other libraries than this machine ({})", unlike, remedy)
    unsafe = {name: each.unsafe_path for name, each in found.items() if each.unsafe_path}
    remedy = "Start them with PYTHONSAFEPATH=1 in their environment"
    _refuse(unsafe, "would import code from their current folder ({})", unsafe, remedy)


def _refuse(names: Any, what: str, values: Mapping[str, object], remedy: str) -> None:
    if names:
        first = min(names)
        told = what.format(" ".join(str(values.get(first, "")).split()))
        raise SchedulerError(f"These Dask workers {told}: {', '.join(sorted(names))}. {remedy}")


@contextmanager
def _probes(store: str, folder: Path) -> Iterator[tuple[str, str]]:
    """A file in the store and one in the case's folder for workers to find; gone afterwards.

    It lies where the store sweeps, should we die.
    """
    name = f"probe-{secrets.token_hex(8)}"
    where = f"{'sent' if '://' in store else 'staging'}/{name}"
    seen = folder / f".{name}"
    try:
        system, root = fsspec.core.url_to_fs(store, use_listings_cache=False)
        system.makedirs(f"{root}/{where}", exist_ok=True)
        system.pipe_file(f"{root}/{where}/{_ASKED}", name.encode())
    except (ImportError, ValueError, OSError) as error:
        raise StoreError(f"The store {store} cannot be written to: {error}") from error
    seen.touch()
    try:
        yield f"{where}/{_ASKED}", str(seen)
    finally:
        seen.unlink()
        system.rm(f"{root}/{where}", recursive=True)
