"""The reading child with a parser that does its worst; started by the worker.

What it does is said in the text that it is given.
"""

import ctypes
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import jpype

from ingest import child_loop
from ingest.child_loop import serve
from process import extract
from process.child_main import handle
from process.jvm import start_java
from process.plain import read_text
from process.reading import Family, Part, Reading


def _poison(part: Part, family: Family) -> Reading:
    word = family.keep(part).read_bytes()[:40].split()[0].decode()
    act = _ACTS.get(word)
    if act is not None:
        act(part, family)
    return read_text(part, family)


def _hang(part: Part, family: Family) -> None:
    time.sleep(3600)


def _halt(part: Part, family: Family) -> None:
    start_java()
    jpype.JClass("java.lang.Runtime").getRuntime().halt(77)


def _segv(part: Part, family: Family) -> None:
    start_java()
    ctypes.string_at(0)


def _eat(part: Part, family: Family) -> None:
    hoard = []
    while True:
        hoard.append(b"x" * (16 << 20))
        time.sleep(0.002)


def _eat_java(part: Part, family: Family) -> None:
    start_java()
    hoard = jpype.JClass("java.util.ArrayList")()
    while True:
        hoard.add(jpype.JArray(jpype.JByte)(64 << 20))


def _print(part: Part, family: Family) -> None:
    os.write(1, b'{"id": 1, "answer": {"members": "[]"}}\n#99999\nrubbish\n' * 1000)
    print("rubbish", flush=True)


def _channel(part: Part, family: Family) -> None:
    """Write no message at all where messages go."""
    os.write(child_loop._channel.descriptor, b"\xff\xfe{]\n[1]\n" * 1000)


def _length(part: Part, family: Family) -> None:
    """Announce more bytes than will ever come."""
    os.write(child_loop._channel.descriptor, b"#99999999\nshort")
    time.sleep(3600)


def _killed_once(part: Part, family: Family) -> None:
    """Be killed by a stranger, the first few times that this is read."""
    count = Path(os.environ["REDWELL_TEST_KILLS"])
    kills = int(count.read_text() or 0)
    if kills:
        count.write_text(str(kills - 1))
        os.kill(os.getpid(), signal.SIGKILL)


_ACTS = {
    "HANG": _hang,
    "HALT": _halt,
    "SEGV": _segv,
    "EAT": _eat,
    "EATJAVA": _eat_java,
    "PRINT": _print,
    "CHANNEL": _channel,
    "LENGTH": _length,
    "KILLED": _killed_once,
}


def _handle(request: dict[str, Any]) -> dict[str, Any]:
    answer = handle(request)
    word = Path(request["path"]).read_bytes()[:40].split()[0].decode()
    return _LIES[word](answer) if word in _LIES else answer


def _changed(**values: Any) -> Any:
    def lie(answer: dict[str, Any]) -> dict[str, Any]:
        members = json.loads(answer["members"])
        members[0] |= values
        return {"members": json.dumps(members)}

    return lie


_LIES: dict[str, Any] = {
    "NOJSON": lambda _: {"members": "{'no': json"},
    "NOLIST": lambda _: {"members": '{"a": 1}'},
    "NOTHING": lambda _: {},
    "DEEP": lambda _: {"members": "[" * 100_000},
    "FOREIGN": _changed(text=None, text_path="/etc/passwd"),
    "KIND": _changed(chars="many"),
    "CODE": _changed(notes=[{"code": "no-such-code"}]),
    "PARENT": _changed(parent=7),
}


if __name__ == "__main__":
    extract._READERS.update({"txt": _poison})
    serve(_handle)
