"""A child process that misbehaves on request; started by test_ingest_child.py."""

import os
import re
import subprocess
import sys
import time
from typing import Any

from ingest.child_loop import progress, serve

_remembered: list[int] = []


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    what = request["what"]
    if what == "echo":
        return {"echo": request.get("value"), "pid": os.getpid(), "argv": sys.argv[1:]}
    if what == "remember":
        _remembered.append(request["value"])
        return {}
    if what == "remembered":
        return {"values": _remembered}
    if what == "hang":
        progress("page 7")
        time.sleep(3600)
    if what in ("get on", "go in circles"):
        for step in range(1, 7):
            progress(f"{step if what == 'get on' else step % 2} file")
            time.sleep(0.25)
        return {"ok": True}
    if what == "hold-lock":
        re.match(r"(a+)+$", "a" * 64 + "b")
    if what == "abort":
        progress("page 8")
        os.abort()
    if what == "eat":
        hoard = []
        while True:
            hoard.append(b"x" * (16 << 20))
            time.sleep(0.005)
    if what == "memory-error":
        raise MemoryError
    if what == "raise":
        raise ValueError("no such luck")
    if what == "rubbish":
        print("rubbish on stdout", flush=True)
        os.write(1, b'{"id": 1, "answer": {"forged": true}}\n')
        return {"ok": True}
    if what == "huge":
        return {"data": "x" * request["size"]}
    if what == "noise":
        for _ in range(3000):
            os.write(2, b"noise " * 100)
        return {"ok": True}
    if what == "grandchild":
        child = subprocess.Popen(["sleep", "3600"])
        return {"pid": os.getpid(), "grandchild": child.pid}
    if what == "exit":
        os._exit(0)
    raise AssertionError(what)


if __name__ == "__main__":
    serve(_handle)
