"""The process from which worker processes are forked: it imports what all of them need once.

`prepare` starts it before the command's own modules are imported, so that both go on at the same
time. It ends with the last process that could ask it for a worker.
"""

import os
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FOR_ALL = {
    "PYTHONSAFEPATH": "1",  # workers must not import a module that lies in an evidence folder
    "OMP_THREAD_LIMIT": "1",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",  # it reads all of /proc/net
}
# What Dask would set for each worker; it has to stand before NumPy is imported.
_BEFORE_IMPORTS = {
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "6640",
}


def prepare(modules: Sequence[str] = ()) -> None:
    """Start that process, with these modules, unless it runs; returns at once."""
    os.environ.update(_FOR_ALL)
    paths = os.environ.get("PYTHONPATH", "")
    ours = {}
    if str(_ROOT) != sysconfig.get_paths()["purelib"]:
        ours["PYTHONPATH"] = f"{_ROOT}{os.pathsep}{paths}" if paths else str(_ROOT)
    with _environment(_BEFORE_IMPORTS | ours):
        forkserver.set_forkserver_preload(["distributed", *modules])
        forkserver.ensure_running()


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """Variables that stand meanwhile."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
