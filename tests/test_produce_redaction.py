"""Redactions on record: drawn, suggested, decided; roles, pages and the audit chain."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from bench import postgres
from produce.redact_commands import redact_group
from produce.redaction import codes, draw, record, scope
from produce.redaction.record import Kind, State
from records import audit, tables, users
from records import case as cases
from records.case import Case
from records.errors import RedactionError, RoleError, SelectionError
from records.options import Advance
from records.roles import UserRole
from tests.postgres_here import needs_postgres, server
from tests.produce_matter import add, matter
from tests.redaction_matter import paper, with_codes

__all__ = ["server"]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with matter(tmp_path_factory.mktemp("redaction")) as opened:
        text = ["Project Falcon is ours.", "Call Amara of Fal-", "con on 12 May."]
        add(opened, 1, type_="pdf", data=paper(text, ["Nothing here but FALCONRY."]))
        add(opened, 2, type_="txt", data=b"IBAN DE89 3704 0044 0532 0130 00, 4111 1111 1111 1111\n")
        add(opened, 3, type_="xlsx", data=b"no pages")
        with_codes(opened)
        yield opened


def _silent(steps: int, note: str = "", *, more: int = 0) -> None:
    """Say nothing."""


_ADVANCE: Advance = _silent


def _run(case: Case, *arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(redact_group, [*arguments, "--case", str(case.folder), "--json"])
    if code:
        assert done.exception is not None
        return done.exception
    assert done.exception is None, done.output
    return json.loads(done.stdout)


def test_a_box_knows_what_it_covers_and_what_it_was_drawn_on(case: Case) -> None:
    (made,) = _run(case, "add", "RW-1", "--page", "1", "--box", "72,70,149,96", "--code", "ac")
    assert made["found"] == "Project Falcon"  # a letter that is covered in part is covered
    assert (made["state"], made["origin"], made["kind"]) == ("confirmed", "hand", "box")
    assert len(made["render_sha256"]) == 64
    assert _run(case, "add", "RW-1", "--page", "1", "--box", "72,70,149,96", "--code", "AC") == []
    _run(case, "remove", str(made["number"]))


def test_terms_are_suggested_in_whatever_way_they_are_set(case: Case) -> None:
    made, unseen = draw.suggest(case, [1, 2, 3], "AC", ["falcon"], (), _ADVANCE)
    assert [(each.drawn.found, each.drawn.page, each.drawn.confidence) for each in made] == [
        ("Falcon", 1, 1.0),
        ("Fal-con", 1, 0.8),
    ]
    assert [len(each.drawn.boxes) for each in made] == [1, 2]
    assert list(unseen) == [3]
    assert draw.suggest(case, [1], "AC", ["falcon"], (), _ADVANCE)[0] == []
    first, second = (each.number for each in made)
    assert record.decide(case, [first], State.REJECTED)[0].state is State.REJECTED
    assert draw.suggest(case, [1], "AC", ["falcon"], (), _ADVANCE)[0] == []  # not asked again
    assert record.decide(case, [second], State.CONFIRMED)[0].state is State.CONFIRMED
    with pytest.raises(RedactionError, match=f"Redaction {second} is confirmed, and so cannot"):
        record.decide(case, [first, second], State.REJECTED)
    record.decide(case, [second], State.WITHDRAWN)


def test_personal_data_is_suggested_by_its_checksum(case: Case) -> None:
    made, _ = draw.suggest(case, [2], "PII", [], ("iban", "card"), _ADVANCE)
    assert [(each.drawn.reason, each.drawn.found) for each in made] == [
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("card", "4111 1111 1111 1111"),
    ]
    listed = _run(case, "list", "RW-2", "--state", "suggested")
    assert listed[0]["context"].startswith("IBAN [DE89")
    path = case.folder / "list.json"
    path.write_text(json.dumps(listed))
    done = _run(case, "confirm", "--from-file", str(path))
    assert {each["state"] for each in done} == {"confirmed"}
    _run(case, "remove", "--document", "RW-2")


def test_what_cannot_be_is_refused(case: Case) -> None:
    box = ("--box", "72,70,149,96")
    for arguments, error in (
        (("add", "RW-1", "--page", "3", *box, "--code", "AC"), RedactionError),
        (("add", "RW-1", "--page", "1", "--box", "700,1,800,9", "--code", "AC"), RedactionError),
        (("add", "RW-1", "--page", "1", *box, "--code", "XX"), RedactionError),
        (("add", "RW-9", "--page", "1", *box, "--code", "AC"), SelectionError),
        (("add", "nine", "--page", "1", *box, "--code", "AC"), SelectionError),
        (("add", "RW-3", "--page", "1", *box, "--code", "AC"), RedactionError),
        (("field", "RW-1", "BegBates", "--code", "AC"), RedactionError),
        (("confirm", "999"), RedactionError),
        (("confirm", "--document", "RW-3"), RedactionError),
        (("codes", "add", "AC", "Again"), RedactionError),
        (("codes", "add", "Ä", "Odd"), RedactionError),
    ):
        assert isinstance(_run(case, *arguments, code=1), error), arguments
    usage = _run(case, "add", "RW-1", "--page", "1", "--code", "AC", code=2)
    assert isinstance(usage, SystemExit)


def test_a_page_is_shown_with_its_boxes(case: Case, tmp_path: Path) -> None:
    (made,) = _run(case, "add", "RW-1", "--page", "2", "--whole-page", "--code", "AC")
    out = tmp_path / "page.png"
    shown = _run(case, "show", "RW-1", "--page", "2", "--out", str(out), "--burned")
    assert shown["width"] == 612
    assert shown["redactions"][0]["kind"] == Kind.PAGE
    with Image.open(out) as image:
        assert image.size == (850, 1100)
        assert image.convert("L").resize((1, 1)).getpixel((0, 0)) == 0
    _run(case, "remove", str(made["number"]))


def test_acts_stand_in_the_audit_chain_without_the_words(case: Case) -> None:
    with case.read() as connection:
        told = [(each.act, each.details) for each in audit.entries(connection)]
        audit.verify(connection)
    acts = {act for act, _ in told}
    assert {"redactions drawn", "redactions suggested", "redactions withdrawn"} <= acts
    assert not any("Falco" in details for act, details in told if act.startswith("redaction"))


def test_roles_are_asked(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(case, audit.actor(), UserRole.ADMIN)
    users.add(case, "Reader", UserRole.READ_ONLY)
    users.add(case, "Reviewer", UserRole.REVIEWER)
    monkeypatch.setenv("REDWELL_USER", "Reader")
    with pytest.raises(RoleError):
        draw.redact_fields(case, 1, ["FileName"], "AC")
    monkeypatch.setenv("REDWELL_USER", "Reviewer")
    assert draw.redact_fields(case, 1, ["filename"], "AC")[0].drawn.place == "FileName"
    with pytest.raises(RoleError):
        codes.add_code(case, "WP", "Work Product")


@needs_postgres
def test_postgresql_holds_the_same(tmp_path: Path, server: postgres.Server) -> None:
    info = cases.CaseInfo("1", "Doe v. Roe", "", "UTC", "ABC", 7)
    address = server.database()
    cases.create(tmp_path / "case", info, [], ["Okafor, Amara"], database=address)
    with cases.opened(tmp_path / "case") as case:
        with case.write() as connection:
            connection.execute(
                tables.collections.insert().values(
                    id=1, custodian_id=1, source="/s", state="complete", actor="a",
                    started_at="t", settings={}, tools={}, counts={},
                )
            )  # fmt: skip
        add(case, 1, type_="pdf", data=paper(["Project Falcon is ours."]))
        with_codes(case)
        made, _ = draw.suggest(case, [1], "AC", ["falcon"], (), _ADVANCE)
        assert draw.suggest(case, [1], "AC", ["falcon"], (), _ADVANCE)[0] == []
        (done,) = record.decide(case, [made[0].number], State.CONFIRMED)
        with case.read() as connection:
            assert record.confirmed(connection) == [done]
            assert scope.redacted_today(case, connection).own.keys() == {1}
            audit.verify(connection)
