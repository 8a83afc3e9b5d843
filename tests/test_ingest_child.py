"""The supervisor against a child that hangs, dies, eats and lies."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.child import Child, _Process
from ingest.interface import ChildFailure
from records.codes import Code

MODULE = "tests.ingest_bad_child"
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child(MODULE, ("one", "two"), memory_mb=300)
    yield made
    made.close()


def ask(child: Child, what: str, seconds: float = 20, **more: Any) -> dict[str, Any]:
    answer = child.call({"what": what, **more}, seconds)
    assert isinstance(answer, dict), answer
    return answer


def fail(child: Child, what: str, seconds: float = 20) -> ChildFailure:
    answer = child.call({"what": what}, seconds)
    assert isinstance(answer, ChildFailure), answer
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert child.pid is None
    return answer


def descriptors() -> int:
    return sum(1 for each in Path("/proc/self/fd").iterdir())


def gone(pid: int) -> bool:
    for _ in range(300):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_answers_from_one_process_until_it_fails(child: Child) -> None:
    first = ask(child, "echo", value="ünïcödé \udc80")
    assert first["echo"] == "ünïcödé \udc80"
    assert first["argv"] == ["one", "two"]
    assert ask(child, "echo")["pid"] == first["pid"] == child.pid
    assert fail(child, "abort").code is Code.CRASH
    assert ask(child, "echo")["pid"] != first["pid"]


def test_what_is_begun_is_done_before_the_next_call(child: Child) -> None:
    child.begin({"what": "remember", "value": 1})
    pid = child.pid
    child.begin({"what": "remember", "value": 2})
    assert ask(child, "remembered") == {"values": [1, 2]}
    child.begin({"what": "remember", "value": 3})
    assert ask(child, "remembered") == {"values": [1, 2, 3]}
    assert child.pid == pid


def test_what_is_begun_and_fails_costs_a_fresh_child_only(child: Child) -> None:
    child.begin({"what": "remember", "value": 1})
    child.begin({"what": "abort"})
    pid = child.pid
    assert ask(child, "remembered") == {"values": []}
    assert child.pid != pid
    child.begin({"what": "abort"})
    assert ask(child, "remembered") == {"values": []}


def test_hang_is_a_timeout_that_says_what_was_read(child: Child) -> None:
    ask(child, "echo")
    pid = child.pid
    assert pid is not None
    started = time.monotonic()
    failure = fail(child, "hang", 0.5)
    assert time.monotonic() - started < 5
    assert failure.code is Code.TIMEOUT
    assert "page 7" in failure.message
    assert gone(pid)


def test_the_clock_begins_again_at_each_new_item(child: Child) -> None:
    assert ask(child, "get on", 0.8) == {"ok": True}
    assert fail(child, "go in circles", 0.8).code is Code.TIMEOUT


def test_hang_that_holds_the_lock_is_a_timeout(child: Child) -> None:
    assert fail(child, "hold-lock", 0.5).code is Code.TIMEOUT


def test_abort_is_a_crash_that_names_the_signal(child: Child) -> None:
    failure = fail(child, "abort")
    assert failure.code is Code.CRASH
    assert "SIGABRT" in failure.message
    assert "page 8" in failure.message


def test_memory_over_the_limit_is_seen(child: Child) -> None:
    assert fail(child, "eat").code is Code.MEMORY


def test_memory_error_is_memory(child: Child) -> None:
    assert fail(child, "memory-error").code is Code.MEMORY


def test_uncaught_error_is_a_crash_with_its_words(child: Child) -> None:
    failure = fail(child, "raise")
    assert failure.code is Code.CRASH
    assert "no such luck" in failure.message


def test_quiet_exit_is_a_crash(child: Child) -> None:
    assert fail(child, "exit").code is Code.CRASH


def test_rubbish_on_stdout_is_no_answer(child: Child) -> None:
    assert ask(child, "rubbish") == {"ok": True}


def test_noise_on_stderr_blocks_nothing(child: Child) -> None:
    assert ask(child, "noise") == {"ok": True}


def test_large_answer_arrives_whole(child: Child) -> None:
    assert len(ask(child, "huge", size=5_000_000)["data"]) == 5_000_000


def test_answer_past_the_limit_is_a_crash() -> None:
    child = Child(MODULE, memory_mb=2048)
    answer = child.call({"what": "huge", "size": 70 << 20}, 30)
    assert isinstance(answer, ChildFailure)
    assert answer.code is Code.CRASH
    child.close()


def test_large_request_arrives_whole(child: Child) -> None:
    assert len(ask(child, "echo", value="y" * 1_000_000)["echo"]) == 1_000_000


def test_close_leaves_no_grandchild_descriptor_or_thread(child: Child) -> None:
    before = descriptors(), threading.active_count()
    pids = ask(child, "grandchild")
    child.close()
    assert gone(pids["grandchild"])
    assert gone(pids["pid"])
    assert (descriptors(), threading.active_count()) == before


def test_module_that_is_not_there_is_a_crash() -> None:
    answer = Child("process.not_there").call({}, 5)
    assert isinstance(answer, ChildFailure)
    assert answer.code is Code.CRASH
    assert "not_there" in answer.message


def test_modules_of_the_current_folder_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('evidence ran')")
    code = f"from ingest.child import Child\nprint(Child({MODULE!r}).call({{'what': 'echo'}}, 20))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'echo': None" in done.stdout


@pytest.mark.parametrize("last", ["hang", "hold-lock"])
def test_killed_parent_leaves_nobody(last: str) -> None:
    code = (
        "from ingest.child import Child\n"
        f"child = Child({MODULE!r})\n"
        "pids = child.call({'what': 'grandchild'}, 20)\n"
        "print(pids['pid'], pids['grandchild'], flush=True)\n"
        f"child.call({{'what': {last!r}}}, 3600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(each) for each in parent.stdout.readline().split()]
        assert len(pids) == 2
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    assert all(gone(pid) for pid in pids)


def test_what_a_child_said_before_its_end_is_heard_however_late(
    child: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine the thread that reads may be behind the one that sees the child's end."""
    held = _Process._held

    def late(self: _Process, received: tuple[bytes, bool] | None) -> bool:
        time.sleep(0.5)
        return held(self, received)

    monkeypatch.setattr(_Process, "_held", late)
    said, ended = child.calls([({"what": "echo", "value": 1}, 20), ({"what": "exit"}, 20)])
    assert isinstance(said, dict)
    assert said["echo"] == 1
    assert isinstance(ended, ChildFailure)
    assert ended.code is Code.CRASH
