"""Users and roles: who may do what, that every writing command asks, and what is on record."""

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli
from index import search
from records import audit, users
from records.case import Case, add_custodian
from records.errors import RoleError, TagError
from records.roles import UserRole
from review import document_notes, panel, tags, undo
from review.note_commands import note_group
from tests.index_cases import Doc, case_with, index_here

ROOT = Path(__file__).parent.parent


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("REDWELL_USER", "boss")
    with case_with(tmp_path / "case", [Doc("gas"), Doc("oil"), Doc("tar")]) as case:
        panel.define(case, "Hot")
        yield case


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda name: monkeypatch.setenv("REDWELL_USER", name)


def team(case: Case) -> None:
    users.add(case, "boss", UserRole.ADMIN)
    users.add(case, "ann", UserRole.REVIEWER)
    users.add(case, "bob", UserRole.REVIEWER)
    users.add(case, "eve", UserRole.READ_ONLY)


def user(case: Case, *arguments: str) -> Result:
    return CliRunner().invoke(cli.redwell, ["user", *arguments, "--case", str(case.folder)])


def test_without_users_everyone_may_do_all(case: Case, be: Callable[[str], None]) -> None:
    be("anyone")
    tags.change(case, "add", "Hot", [1], {})
    add_custodian(case, "New")
    with case.exclusive("index"):
        pass
    assert user(case, "list").stderr == "The case has no users: everyone may do all\n"


def test_the_first_user_is_an_admin_and_one_stays(case: Case) -> None:
    with pytest.raises(RoleError, match="'redwell user add boss admin' makes one of you"):
        users.add(case, "ann", UserRole.REVIEWER)
    team(case)
    for role in (UserRole.REVIEWER, UserRole.NONE):
        with pytest.raises(RoleError, match="boss is the last admin"):
            users.change_role(case, "boss", role)
    users.change_role(case, "ann", UserRole.ADMIN)
    assert users.change_role(case, "BOSS", UserRole.READ_ONLY) == ("boss", "admin")


def test_what_each_role_may(case: Case, be: Callable[[str], None]) -> None:
    team(case)
    for name, says in (
        (
            "eve",
            r"eve is read-only in this case, and this needs reviewer: ask boss .*user role eve",
        ),
        ("zoe", r"zoe is no user of this case, .*'redwell user add zoe reviewer'"),
    ):
        be(name)
        with pytest.raises(RoleError, match=says):
            tags.change(case, "add", "Hot", [1], {})
        with pytest.raises(RoleError):
            document_notes.add(case, "a note", [1], {})
        assert tags.change(case, "add", "Hot", [1], {}, dry_run=True).changed == 1
    be("ann")
    tags.change(case, "add", "Hot", [1], {})
    refused: tuple[Callable[[], object], ...] = (
        lambda: panel.define(case, "Cold"),
        lambda: panel.add_group(case, "G"),
        lambda: panel.exclude(case, "Hot", "Hot"),
        lambda: users.add(case, "zoe", UserRole.ADMIN),
        lambda: users.change_role(case, "ann", UserRole.ADMIN),
        lambda: add_custodian(case, "New"),
        lambda: case.exclusive("process").__enter__(),
    )
    for act in refused:
        with pytest.raises(RoleError, match="ann is reviewer in this case, and this needs admin"):
            act()
    assert [each.name for each in panel.listing(case)] == ["Hot"]


def test_a_reviewer_takes_back_his_own(case: Case, be: Callable[[str], None]) -> None:
    team(case)
    be("ann")
    tags.change(case, "add", "Hot", [1], {})
    tags.change(case, "add", "Hot", [2], {})
    first, _ = document_notes.add(case, "ask counsel", [1, 2], {})
    be("bob")
    with pytest.raises(RoleError, match="Act 1 is ann's"):
        undo.undo(case, 1, {})
    with pytest.raises(RoleError, match="Note 1 is ann's"):
        document_notes.withdraw(case, first)
    be("ann")
    undo.undo(case, 1, {})
    document_notes.withdraw(case, first)
    be("boss")
    undo.undo(case, 2, {})
    document_notes.withdraw(case, first + 1)
    with case.read() as connection:
        done = [(each.actor, each.act) for each in audit.entries(connection)][-4:]
    assert done == [
        ("ann", "coding undone"),
        ("ann", "note withdrawn"),
        ("boss", "coding undone"),
        ("boss", "note withdrawn"),
    ]


def test_names(case: Case, be: Callable[[str], None]) -> None:
    team(case)
    with pytest.raises(RoleError, match="ann is a user already"):
        users.add(case, " ANN ", UserRole.REVIEWER)
    for name in ("", 'a"b', "x" * 101):
        with pytest.raises(RoleError, match="cannot be called"):
            users.add(case, name, UserRole.REVIEWER)
    with pytest.raises(RoleError, match="no user of this case; there are: boss, ann, bob, eve"):
        users.change_role(case, "zoe", UserRole.ADMIN)
    users.change_role(case, "bob", UserRole.NONE)
    assert [each.name for each in users.listing(case)] == ["boss", "ann", "eve"]
    be("bob")
    with pytest.raises(RoleError, match="no user"):
        tags.change(case, "add", "Hot", [1], {})
    be("boss")
    assert users.add(case, "Bob", UserRole.REVIEWER) == "bob"


def test_the_user_commands(case: Case, be: Callable[[str], None]) -> None:
    be("root")
    told = user(case, "add", "boss", "admin")
    assert told.stdout == "boss is admin now\n"
    assert told.stderr == "The case has users now, and root is none of them: you may only read\n"
    be("boss")
    assert json.loads(user(case, "add", "ann", "reviewer", "--json").stdout)["role"] == "reviewer"
    assert (
        user(case, "role", "ann", "read-only").stdout == "ann was reviewer, and is read-only now\n"
    )
    assert json.loads(user(case, "remove", "ann", "--json").stdout)["role"] == "none"
    assert [each["name"] for each in json.loads(user(case, "list", "--json").stdout)] == ["boss"]
    assert user(case, "add", "x", "king").exit_code == 2


def test_who_acts_and_the_exit_code(case: Case) -> None:
    team(case)

    def redwell(*arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-P", str(ROOT / "cli.py"), *arguments, "--case", str(case.folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | given,
            capture_output=True,
            text=True,
        )

    done = redwell("--user", "ann", "tag", "add", "Hot", "--ids", "1", REDWELL_USER="eve")
    assert (done.returncode, done.stderr) == (0, "")
    done = redwell("tag", "add", "Hot", "--ids", "2", REDWELL_USER="eve")
    assert (done.returncode, done.stdout) == (14, "")
    assert done.stderr.startswith("redwell: eve is read-only in this case")
    assert redwell("--user", " ", "tag", "list").returncode == 13
    for reading in (("status",), ("tag", "list"), ("note", "list"), ("audit", "verify")):
        assert redwell("--user", "nobody", *reading).returncode == 0
    for writing in (
        ("index",),
        ("process",),
        ("ingest", str(ROOT / "docs"), "--custodian", "Ray, Ann"),
        ("cull", "add", "x", "--type", "text"),
        ("custodian", "add", "New"),
        ("verify", "store"),
    ):
        done = redwell("--user", "ann", *writing)
        assert (writing, done.returncode) == (writing, 14), done.stderr
    with case.read() as connection:
        last = list(audit.entries(connection))[-1]
    assert (last.actor, last.act) == ("ann", "tag added")


def test_an_account_without_a_name_acts_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.delenv("REDWELL_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert audit.actor() == f"uid {os.getuid()}"


def test_notes(case: Case) -> None:
    index_here(case)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(note_group, [*arguments, "--case", str(case.folder)])

    assert run("add", " Ask  counsel ", "--query", "gas OR oil").stdout == (
        "2 documents: notes 1 to 2\n"
    )
    assert json.loads(run("add", "other", "--ids", "1", "--json").stdout)["first"] == 3
    assert set(search(case, "has:note").ids) == {1, 2}
    assert set(search(case, 'note:"ask COUNSEL"').ids) == {1, 2}
    assert run("withdraw", "2").stdout == "Note 2 on RW-00000002 is withdrawn\n"
    assert set(search(case, "has:note").ids) == {1}
    shown = run("list", "1").stdout.splitlines()
    assert [(each.split("\t")[0], each.split("\t")[4]) for each in shown] == [
        ("1", "Ask counsel"),
        ("3", "other"),
    ]
    assert len(json.loads(run("list", "--withdrawn", "--json").stdout)) == 3
    assert "(withdrawn by boss at " in run("list", "2", "--withdrawn").stdout
    for arguments, says in (
        (("withdraw", "2"), "was withdrawn by boss already"),
        (("withdraw", "9"), "There is no note 9"),
        (("add", "  ", "--ids", "1"), "1 to 10,000 characters"),
    ):
        refused = run(*arguments)
        assert isinstance(refused.exception, TagError)
        assert says in str(refused.exception)
    assert isinstance(run("add", "x").exception, SystemExit | click.UsageError)
