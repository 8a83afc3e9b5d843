"""What is said of outside programs when the child that is asked does not answer."""

from typing import Any, cast

import pytest

from ingest.child import Child
from ingest.interface import ChildFailure
from process import tools
from records.codes import Code
from records.errors import ToolMissingError

_KILLED = ChildFailure(Code.CRASH, "The reading process was ended by SIGKILL", killed=True)
_GOOD = {"java": {"java": "17", "tika": "3"}, "tesseract": {"version": "5", "languages": ["eng"]}}


class _Asked:
    """A child that gives these answers, the last of them for good."""

    def __init__(self, *answers: dict[str, Any] | ChildFailure) -> None:
        self._answers = list(answers)
        self.calls = 0

    def call(self, *_request: object) -> dict[str, Any] | ChildFailure:
        self.calls += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Nothing runs."""


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "KILLED_PAUSES", (0.0,) * 12)


def _found(asked: _Asked) -> tools.Tools:
    return tools._asked(cast("Child", asked), {"what": "probe"})


def test_a_child_that_others_kill_is_asked_again() -> None:
    found = _found(_Asked(*[_KILLED] * 9, _GOOD))
    assert (found.java, found.java_trouble, found.killed) == ("17", "", False)


def test_who_is_killed_each_time_does_not_lack_java(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _Asked(_KILLED)
    monkeypatch.setattr(tools, "probe", lambda: _found(asked))
    with pytest.raises(ToolMissingError, match="killed the reading process each of 13") as told:
        tools.require_tools(None)
    assert asked.calls == 13
    assert "Install" not in str(told.value)


def test_who_dies_of_itself_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _Asked(ChildFailure(Code.CRASH, "The reading process ended with exit code 1"))
    monkeypatch.setattr(tools, "probe", lambda: _found(asked))
    with pytest.raises(ToolMissingError, match=r"exit code 1\. Install Java"):
        tools.require_tools(None)
    assert asked.calls == 1
