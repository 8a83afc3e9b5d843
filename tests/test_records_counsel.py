"""Counsel of the case: what can be put on record, by hand and from a file, all or nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from records import audit, counsel, users
from records import case as cases
from records.case import Case
from records.counsel import Counsel, Kind, Side
from records.errors import CounselError, RoleError
from records.roles import UserRole

INFO = cases.CaseInfo("1", "Doe v. Roe", "", "UTC", "DOE", 7)
FIRM = Counsel("Roe LLP", Kind.FIRM, Side.OPPOSING, domains=("@Roe.Law",))


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "case", INFO, [], ["Ann"])
    with cases.opened(tmp_path / "case") as case:
        yield case


def names(case: Case) -> list[str]:
    with case.read() as connection:
        return [each.name for each in counsel.listed(connection)]


def test_what_is_kept(case: Case) -> None:
    given = Counsel("  Ann   Ray ", firm=" Ray  LLP ", addresses=("Ann@Ray.com", "ann@ray.com "))
    stored = counsel.add(case, [given, FIRM])
    assert stored == [
        Counsel("Ann Ray", Kind.ATTORNEY, Side.OURS, "Ray LLP", ("ann@ray.com",), ()),
        Counsel("Roe LLP", Kind.FIRM, Side.OPPOSING, "", (), ("roe.law",)),
    ]
    with case.read() as connection:
        assert counsel.listed(connection) == stored
        audit.verify(connection)
        told = [json.loads(e.details) for e in audit.entries(connection) if "counsel" in e.act]
    assert [each["name"] for each in told] == ["Ann Ray", "Roe LLP"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Counsel("", addresses=("a@b.c",)), "cannot be called ''"),
        (Counsel("roe  llp", addresses=("a@b.c",)), "'Roe LLP' is on record already"),
        (Counsel("Ann Ray", addresses=("ann",)), "'ann' of 'Ann Ray' is no address"),
        (Counsel("Ann Ray", domains=("ann@b",)), "'ann@b' of 'Ann Ray' is no domain"),
        (Counsel("Ann Ray", domains=("ROE.law",)), "roe.law is of 'Roe LLP' already"),
        (Counsel("Doe Ltd", Kind.CLIENT), "The client 'Doe Ltd' could be known by nothing"),
        (Counsel("Ann"), "'Ann' could be anybody"),
    ],
)
def test_what_cannot_be(case: Case, entry: Counsel, why: str) -> None:
    counsel.add(case, [FIRM])
    with pytest.raises(CounselError, match=why):
        counsel.add(case, [Counsel("Bob Lee"), entry])
    assert names(case) == ["Roe LLP"]


def test_removing(case: Case) -> None:
    counsel.add(case, [FIRM])
    with pytest.raises(CounselError, match="no counsel 'Doe'; there are: 'Roe LLP'"):
        counsel.remove(case, "Doe")
    assert counsel.remove(case, "ROE llp").domains == ("roe.law",)
    assert names(case) == []
    counsel.add(case, [FIRM])


def test_only_an_admin(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    users.add(case, "ann", UserRole.REVIEWER)
    monkeypatch.setenv("REDWELL_USER", "ann")
    with pytest.raises(RoleError):
        counsel.add(case, [FIRM])


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        '\ufeffName,side,addresses,KIND,domains\r\n"Ray, Ann",,a@b.c; d@e.f,,\r\n\r\n'
        "Roe LLP,Opposing,,firm,roe.law\r\n",
        encoding="utf-8",
        newline="",
    )
    assert counsel.read_csv(path) == [
        Counsel("Ray, Ann", addresses=("a@b.c", " d@e.f"), domains=("",)),
        Counsel("Roe LLP", Kind.FIRM, Side.OPPOSING, addresses=("",), domains=("roe.law",)),
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "begins with a line of column names"),
        (b"name,phone\nA,1\n", "begins with a line of column names"),
        (b"kind\nfirm\n", "begins with a line of column names"),
        (b"name,name\nA,B\n", "begins with a line of column names"),
        (b"name,kind\nA\n", "line 2, has 1 values under 2"),
        (b"name,kind\nA B,judge\n", "line 2: 'judge'.*a kind is one of attorney, firm, client"),
        (b"name\n", "names nobody"),
        (b'name\n"A\n', "line 2, is no CSV"),
        (b"name\n\xff\n", "is not UTF-8"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(data)
    with pytest.raises(CounselError, match=why):
        counsel.read_csv(path)


def test_the_commands(case: Case, tmp_path: Path) -> None:
    folder = ["--case", str(case.folder)]
    run = CliRunner().invoke
    told = run(cli.redwell, ["counsel", "list", *folder])
    assert told.stderr.startswith("No counsel is on record")
    told = run(
        cli.redwell, ["counsel", "add", "Ann Ray", "--address", "a@b.c", "--firm", "Ray", *folder]
    )
    assert told.stdout == "attorney 'Ann Ray' (ours) is on record: a@b.c\n"
    path = tmp_path / "c.csv"
    path.write_text("name,domains,kind\nRoe LLP,roe.law,firm\nAnn Ray,,\n")
    told = run(cli.redwell, ["counsel", "import", str(path), *folder])
    assert isinstance(told.exception, CounselError)
    assert names(case) == ["Ann Ray"]
    path.write_text("name,domains,kind\nRoe LLP,roe.law,firm\n")
    assert run(cli.redwell, ["counsel", "import", str(path), *folder]).exit_code == 0
    found = json.loads(run(cli.redwell, ["counsel", "list", "--json", *folder]).stdout)
    assert [(each["name"], each["kind"]) for each in found] == [
        *(("Ann Ray", "attorney"), ("Roe LLP", "firm")),
    ]
    told = run(cli.redwell, ["counsel", "remove", "ann ray", *folder])
    assert told.stdout == "attorney 'Ann Ray' is off the record\n"
