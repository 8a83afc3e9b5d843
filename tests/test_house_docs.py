"""Documents cannot drift: every code, error and command has its place in docs/."""

import subprocess
import sys
from pathlib import Path

import cli
from records import errors
from records.codes import EXPLAINED, Code

ROOT = Path(__file__).parent.parent


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_code_is_explained() -> None:
    assert set(EXPLAINED) == set(Code)


def test_exit_codes_differ() -> None:
    found = [
        each.exit_code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.RedwellError)
    ]
    assert len(found) == len(set(found))
    assert not set(found) & {0, 1, 2, cli.INTERRUPTED}


def test_every_command_can_be_loaded() -> None:
    import click

    context = click.Context(cli.redwell)
    for name in cli.redwell.list_commands(context):
        command = cli.redwell.get_command(context, name)
        assert command is not None
        assert command.help, f"{name} has no help"
