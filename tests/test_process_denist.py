"""deNIST: what is put on record, which families are put aside, and that nothing undoes it."""

import contextlib
import csv
import hashlib
import json
import multiprocessing
import os
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from process import denist as denisting
from process.commands import denist as denist_command
from process.denist import denist, lift, report
from process.families import commit_families
from process.interface import ExtractedItem, FamilyResult, Text
from process.relate import relate
from records import audit, tables
from records import case as cases
from records.case import Case
from records.codes import Disposition, Role
from records.errors import SettingError, SourceError
from records.fields import Fields
from records.known import known_lists
from records.status import status_of
from store import Digests
from tests.test_ingest_nsrl import CORPUS, digest, row, sqlite_list, text_list


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    info = cases.CaseInfo("1", "c", "", "UTC", "ABC", 7)
    cases.create(tmp_path / "case", info, [], ["One", "Two"])
    with cases.opened(tmp_path / "case") as opened:
        with opened.write() as connection:
            connection.execute(
                tables.collections.insert().values(
                    id=1, custodian_id=1, source="/s", state="complete", actor="a", started_at="t",
                    settings={}, tools={}, counts={},
                )
            )  # fmt: skip
        yield opened


_OUTCOMES = (Disposition.REVIEWABLE, Disposition.CONTAINER, Disposition.EXCEPTION)


def _digests(data: str) -> Digests:
    sha256, sha1, md5 = (digest(each, data) for each in ("sha256", "sha1", "md5"))
    return Digests(sha256, sha1, md5, len(data))


def _collected(
    case: Case,
    data: str,
    *,
    role: Role = Role.FILE,
    custodian: int = 1,
    outcome: Disposition = Disposition.PENDING,
    name: str = "",
) -> int:
    """A level-1 document, as collection leaves it; its number."""
    digests = _digests(data)
    with case.write() as connection:
        last = connection.execute(sa.select(sa.func.max(tables.documents.c.id))).scalar() or 0
        number: int = last + 1
        connection.execute(
            tables.documents.insert().values(
                id=number, collection_id=1, custodian_id=custodian, family_id=number, position=0,
                role=role, address=name or f"f{number}", name=f"f{number}", name_bytes=b"",
                sha256=digests.sha256, sha1=digests.sha1, md5=digests.md5, size=digests.size,
                mime="", type="", ext="", outcome=outcome, disposition=outcome,
                state="collected" if outcome is Disposition.PENDING else "processed",
                text_source="none", text_chars=0, ocr_pages=[], fields={}, revision=1,
            )
        )  # fmt: skip
    return number


def _item(parent: int | None, data: str, **more: Any) -> ExtractedItem:
    values: dict[str, Any] = {
        "parent": parent,
        "role": Role.FILE if parent is None else Role.ATTACHMENT,
        "name": data,
        "name_bytes": b"",
        "digests": _digests(data),
        "mime": "",
        "type": "txt",
        "ext": "txt",
        "outcome": Disposition.REVIEWABLE,
        "text": Text(None, "none", 0),
        "pages": None,
        "ocr_pages": (),
        "fields": Fields(),
        "raw": {},
        "notes": (),
        "dedup_hash": None,
        "mih": None,
    }
    return ExtractedItem(**(values | more))


def _read(case: Case, number: int, data: str, *members: str, **root: Any) -> None:
    """Process a collected document: its members are `members`."""
    items = (_item(None, data, **root), *(_item(0, each) for each in members))
    commit_families(case, [FamilyResult(number, items)])


def _family(case: Case, data: str, *members: str, **more: Any) -> int:
    collected = {name: more.pop(name) for name in ("role", "custodian", "name") if name in more}
    number = _collected(case, data, **collected)
    _read(case, number, data, *members, **more)
    return number


def _known(tmp_path: Path, *data: str, name: str = "list.db") -> Path:
    return sqlite_list(tmp_path / name, data)


def _dispositions(case: Case) -> list[str]:
    c = tables.documents.c
    with case.read() as connection:
        return list(connection.execute(sa.select(c.disposition).order_by(c.id)).scalars())


def _matched(case: Case) -> list[int]:
    c = tables.documents.c
    query = sa.select(c.id).where(c.known_by_id.is_not(None)).order_by(c.id)
    with case.read() as connection:
        return list(connection.execute(query).scalars())


def test_known_files_are_put_aside_and_no_family_is_broken(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")  # 1
    _family(case, "letter", "dll")  # 2, 3: a known attachment
    _family(case, "setup", "dll", "ini")  # 4, 5, 6: all known
    _family(case, "setup2", "dll", "mine")  # 7, 8, 9: one not
    _family(case, "welcome", role=Role.MESSAGE)  # 10: a message of a mailbox
    _family(case, "odd", outcome=Disposition.EXCEPTION)  # 11: not read, but known
    _family(case, "in zip", role=Role.MEMBER)  # 12
    path = _known(tmp_path, "dll", "setup", "ini", "setup2", "welcome", "odd", "in zip", "else")
    done = denist(case, path)
    assert _dispositions(case) == [
        "system file",
        *("reviewable", "reviewable"),
        *("system file", "system file", "system file"),
        *("reviewable", "reviewable", "reviewable"),
        "reviewable",
        "system file",
        "system file",
    ]
    assert _matched(case) == [1, 3, 4, 5, 6, 7, 8, 10, 11, 12]
    assert (done.compared, done.known, done.new) == (12, 10, 10)
    assert done.became == {"kept with its family": 4, "system file": 6}
    assert (done.system_families, done.system_documents, done.entries) == (4, 6, 8)
    found = {each.control: each.became for each in report(case)}
    assert found["RW-00000003"] == "kept with its family"
    assert found["RW-00000005"] == "system file"
    assert len(found) == 10


def test_empty_files_and_containers_keep_what_they_are(case: Case, tmp_path: Path) -> None:
    _collected(case, "", outcome=Disposition.EMPTY)  # 1
    _collected(case, "zip", outcome=Disposition.CONTAINER)  # 2: its members are families
    _family(case, "member", role=Role.MEMBER)  # 3
    root = {"outcome": Disposition.CONTAINER}
    _family(case, "7z", "x", **root)  # 4, 5: opened while processing, all of it known
    _family(case, "7z with mine", "mine", **root)  # 6, 7
    _family(case, "doc", "")  # 8, 9: an empty member goes with its family
    done = denist(case, _known(tmp_path, "", "zip", "7z", "x", "7z with mine", "doc"))
    assert _dispositions(case) == [
        *("empty", "container", "reviewable"),
        *("system file", "system file", "container", "reviewable"),
        *("system file", "system file"),
    ]
    assert done.became == {"container": 2, "empty": 1, "system file": 4}


@pytest.mark.parametrize("first", ["denist", "process"])
def test_the_order_does_not_matter(case: Case, tmp_path: Path, first: str) -> None:
    """Known copies are system files, not duplicates, whichever was found first."""
    path = _known(tmp_path, "dll", "mail b")
    for data in ("dll", "dll", "mine", "mine"):
        _collected(case, data)
    mails = [_collected(case, data) for data in ("mail a", "mail b", "mail c")]
    if first == "denist":
        denist(case, path)
        assert set(_dispositions(case)) == {"pending"}
    for number, data in enumerate(("dll", "dll", "mine", "mine"), 1):
        _read(case, number, data)
    for number, data in zip(mails, ("mail a", "mail b", "mail c"), strict=True):
        _read(case, number, data, dedup_hash="same")
    if first == "process":
        assert _dispositions(case)[:2] == ["reviewable", "duplicate"]
        denist(case, path)
    expected = ["system file", "system file", "reviewable", "duplicate"]
    expected += ["reviewable", "system file", "duplicate"]
    assert _dispositions(case) == expected
    c = tables.documents.c
    with case.read() as connection:
        kept = connection.execute(sa.select(c.duplicate_of_id).order_by(c.id)).scalars().all()
    assert kept == [None, None, None, 3, None, None, 5]
    assert relate(case).changed == 0
    with case.read() as connection:
        assert known_lists(connection)[0].documents == 3


def test_neither_runs_nor_scopes_undo_it(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    _family(case, "mine")
    _family(case, "mine", custodian=2)
    denist(case, _known(tmp_path, "dll"))
    expected = ["system file", "reviewable", "duplicate"]
    for scope in ("global", "none", "custodian", "global"):
        case.settings = case.settings.model_copy(update={"dedup_scope": scope})
        found = relate(case)
        last = "duplicate" if scope == "global" else "reviewable"
        assert _dispositions(case) == ["system file", "reviewable", last]
        assert (found.system_families, found.system_documents) == (1, 1)
    assert _dispositions(case) == expected
    _family(case, "dll")  # collected later: not compared yet, and no copy of a system file
    assert _dispositions(case) == [*expected, "reviewable"]
    assert status_of(case).known_files == {
        "list.db": {
            "documents": 1,
            "not_compared_yet": 1,
            "to_compare_again_since_a_list_was_lifted": 0,
        }
    }
    done = denist(case, tmp_path / "list.db")
    assert (done.known, done.new, done.list) == (2, 1, 1)
    assert _dispositions(case) == [*expected, "system file"]
    assert status_of(case).known_files["list.db"]["not_compared_yet"] == 0


def test_lifting_restores_what_was(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    _family(case, "dll")
    _family(case, "letter", "dll")
    before = _dispositions(case)
    denist(case, _known(tmp_path, "dll"))
    done = lift(case, "LIST.db")
    assert (done.documents, done.changed_families, done.system_documents) == (3, 2, 0)
    assert _dispositions(case) == before == ["reviewable", "duplicate", "reviewable", "reviewable"]
    assert _matched(case) == []
    assert status_of(case).known_files == {}
    with pytest.raises(SettingError, match="Applied: none"):
        lift(case, "list.db")
    assert denist(case, tmp_path / "list.db").known == 3  # and back again, as the same list
    assert _dispositions(case)[:2] == ["system file", "system file"]


def test_two_lists(case: Case, tmp_path: Path) -> None:
    for data in ("a", "b", "c"):
        _family(case, data)
    denist(case, _known(tmp_path, "a", "b", name="one.db"))
    second = denist(case, _known(tmp_path, "b", "c", name="two.db"), "Second")
    assert (second.known, second.on_other_lists, second.list) == (1, 1, 2)
    assert _dispositions(case) == ["system file"] * 3
    assert [each.list for each in report(case)] == ["one.db", "one.db", "Second"]
    assert [each.control for each in report(case, "second")] == ["RW-00000003"]
    assert lift(case, "one.db").to_repeat == ("Second",)
    assert _dispositions(case) == ["reviewable", "reviewable", "system file"]
    waiting = status_of(case).known_files["Second"]
    assert waiting["to_compare_again_since_a_list_was_lifted"] == 2
    denist(case, tmp_path / "two.db")
    assert _dispositions(case) == ["reviewable", "system file", "system file"]
    assert not status_of(case).known_files["Second"]["to_compare_again_since_a_list_was_lifted"]


def test_names(case: Case, tmp_path: Path) -> None:
    one = _known(tmp_path, "a", name="one.db")
    denist(case, one, "RDS  March")
    with pytest.raises(SettingError, match="on record as 'RDS March'"):
        denist(case, one, "another")
    with pytest.raises(SettingError, match="another list as 'RDS March'"):
        denist(case, _known(tmp_path, "b", name="two.db"), "rds march")
    with pytest.raises(SettingError, match="--name"):
        denist(case, one, "\n")
    with pytest.raises(SettingError, match="knows no list 'x'"):
        list(report(case, "x"))
    assert len(status_of(case).known_files) == 1


def test_a_dry_run_tells_all_and_changes_nothing(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    _family(case, "dll")
    path = _known(tmp_path, "dll")
    before = _everything(case)
    told = denist(case, path, dry_run=True)
    assert _everything(case) == before
    assert denist(case, path) == told


def _everything(case: Case) -> list[Any]:
    with case.read() as connection:
        return [
            connection.execute(sa.select(table)).all()
            for table in (tables.documents, tables.hash_lists, tables.audit)
        ]


def test_a_bad_list_changes_nothing(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    before = _everything(case)
    path = text_list(tmp_path / "NSRLFile.txt", [row("dll"), row("x")[:-9]])
    with pytest.raises(SourceError, match="cut short"):
        denist(case, path)
    assert _everything(case) == before


def test_the_act_says_how(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    _family(case, "bad")
    rows = [row("dll"), row("bad", special="M")]
    done = denist(case, text_list(tmp_path / "NSRLFile.txt", rows), "RDS 2.61")
    with case.read() as connection:
        last = list(audit.entries(connection))[-1]
        assert audit.verify(connection)
    assert last.act == "known files compared"
    told = json.loads(last.details)
    expected = {"by": "sha1", "kind": "nsrl-text", "name": "RDS 2.61", "known": 1, "special": 1}
    assert told | expected == told
    assert told["became"] == {"system file": 1}
    assert told["sha256"] == done.sha256


def test_bytes_that_came_later_are_told_of(case: Case, tmp_path: Path) -> None:
    _collected(case, "x", outcome=Disposition.EXCEPTION)
    with case.write() as connection:
        connection.execute(tables.documents.update().values(sha256=None, sha1=None, md5=None))
    denist(case, _known(tmp_path, "x"))
    assert status_of(case).known_files["list.db"]["not_compared_yet"] == 0
    with case.write() as connection:
        audit.append(connection, "missing bytes collected", document=1, sha256="ab")
    assert status_of(case).known_files["list.db"]["not_compared_yet"] == 1


def _killed_in_the_midst(folder: Path, path: Path) -> None:
    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    audit.append = die
    with cases.opened(folder) as case:
        denisting.denist(case, path)


def test_a_kill_leaves_all_or_nothing(case: Case, tmp_path: Path) -> None:
    _family(case, "dll")
    path = _known(tmp_path, "dll")
    before = _everything(case)
    child = multiprocessing.get_context("spawn").Process(
        target=_killed_in_the_midst, args=(case.folder, path)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert _everything(case) == before
    assert denist(case, path).known == 1


def test_the_command(case: Case, tmp_path: Path) -> None:
    _family(case, "dll", name="=cmd|' /C calc'!A0")
    path = _known(tmp_path, "dll")

    def run(*arguments: str | Path) -> str:
        given = ["--case", str(case.folder), *map(str, arguments)]
        return CliRunner().invoke(denist_command, given, catch_exceptions=False).stdout

    assert json.loads(run(path, "--json", "--dry-run"))["dry_run"] is True
    assert re.search(r"^On the list +1 document$", run(path), re.MULTILINE)
    lines = list(csv.reader(run("--report").splitlines()))
    assert lines[0][:3] == ["control", "address", "custodian"]
    assert lines[1][:3] == ["RW-00000001", "'=cmd|' /C calc'!A0", "One"]
    assert run("--report", "list.db") == run("--report")
    assert json.loads(run("--report", "--json"))[0]["address"] == "=cmd|' /C calc'!A0"
    assert "1 document stood on it" in run("--lift", "list.db")
    for wrong in ([], [path, "--lift", "x"], ["--lift", "x", "--dry-run"]):
        result = CliRunner().invoke(denist_command, ["--case", str(case.folder), *map(str, wrong)])
        assert result.exit_code == 2


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_order_dispositions_are_what_the_rules_say(
    case: Case, tmp_path: Path, seed: int
) -> None:
    """Against a second telling of the rules, over families at random and acts in any order."""
    chance = random.Random(seed)
    words = [f"w{each}" for each in range(8)]
    lists = [_known(tmp_path, *chance.sample(words, 5), name=f"{each}.db") for each in "ab"]
    for _ in range(25):
        match chance.randrange(6):
            case 0:
                denist(case, chance.choice(lists))
            case 1:
                with contextlib.suppress(SettingError):
                    lift(case, chance.choice(lists).name)
            case _:
                members = chance.choices(words, k=chance.choice((0, 0, 1, 2)))
                outcome = chance.choice(_OUTCOMES)
                role = chance.choice((Role.FILE, Role.MEMBER, Role.MESSAGE))
                key = chance.choice((None, None, "k"))
                _family(
                    case, chance.choice(words), *members,
                    role=role, outcome=outcome, dedup_hash=key, custodian=chance.choice((1, 2)),
                )  # fmt: skip
        assert _dispositions(case) == _expected(case)
    assert relate(case).changed == 0


def _expected(case: Case) -> list[str]:
    with case.read() as connection:
        rows = connection.execute(sa.select(tables.documents).order_by(tables.documents.c.id)).all()
    seen: dict[tuple[Any, ...], list[Any]] = {}
    found: dict[int, str] = {}
    for root in (each for each in rows if each.id == each.family_id):
        family = [each for each in rows if each.family_id == root.id]
        bare = root.outcome == "container" and len(family) == 1
        key = (root.dedup_hash or root.sha256, root.dedup_hash is None, root.outcome)
        if bare:
            what = ""
        elif all(each.known_by_id for each in family) and root.role in ("file", "member"):
            what = "system file"
        else:
            kept = seen.setdefault(key, family)
            held = {(each.sha256, each.outcome == "exception") for each in kept}
            missing = [
                each.sha256
                for each in family[1:]
                if (each.sha256, False) not in held
                and not (each.outcome == "exception" and (each.sha256, True) in held)
            ]
            what = "duplicate" if kept is not family and not missing else ""
        found |= {each.id: what or each.outcome for each in family}
    return [found[each.id] for each in rows]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
@pytest.mark.parametrize("name", ["NSRLFile.txt", "RDS_sample.db"])
def test_the_loose_files_of_the_corpus(case: Case, name: str) -> None:
    for path in sorted((CORPUS / "loose_files").iterdir()):
        data = path.read_bytes()
        _collected(case, "", name=path.name)
        kinds = ("sha256", "sha1", "md5")
        values = {each: hashlib.new(each, data).hexdigest() for each in kinds}
        c = tables.documents.c
        with case.write() as connection:
            connection.execute(
                tables.documents.update()
                .where(c.address == path.name)
                .values(state="processed", outcome="reviewable", disposition="reviewable", **values)
            )
    done = denist(case, CORPUS / name)
    c = tables.documents.c
    with case.read() as connection:
        found = connection.execute(sa.select(c.address, c.disposition)).all()
    assert {address.split("_")[0]: kind for address, kind in found} == {
        "known": "system file",
        "unknown": "reviewable",
    }
    assert (done.entries, done.known, done.became) == (3000, 15, {"system file": 15})
    assert len(found) == 20
