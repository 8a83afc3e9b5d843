"""Pages made before are taken over, as long as nothing that they depend on has changed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from produce.imaging.tools import fingerprint
from produce.interface import OfficeRule, RenderBatch, RenderJob, RenderResult
from produce.plan import plan
from produce.rendered import Rendered, cache_file
from produce.run import run
from records.case import Case
from records.codes import Code
from records.limits import Limits
from records.notes import warning
from store import open_store
from tests.produce_matter import add, matter, plain_render, specification, tag, workshop

JOB = RenderJob(1, "0" * 64, "txt", "", "a.txt", None, (("From", "Anna"),))
SETTINGS = RenderBatch((), "store", Limits(), ("secret",), "UTC")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        yield opened


def _made_by(kind: str) -> str:
    return f"tools for {kind}"


def _cache(case: Case, settings: RenderBatch = SETTINGS) -> Rendered:
    return Rendered(case, settings, _made_by)


def _kept(case: Case) -> RenderResult:
    with open_store(case.store_address).writing() as writer:
        pdf = writer.put_bytes(b"%PDF").sha256
    notes = (warning(Code.NOT_SHOWN, "not shown: comments", "LibreOffice", "7"),)
    result = RenderResult(1, pdf, 3, "", notes, _made_by("plain"))
    _cache(case).keep([JOB], [result])
    return result


def test_what_was_kept_is_found_whole_for_any_document_with_the_same_bytes(case: Case) -> None:
    result = _kept(case)
    assert _cache(case).find([JOB]) == {1: result}
    other = replace(JOB, document_id=9, name="renamed.TXT")
    assert _cache(case).find([other]) == {9: replace(result, document_id=9)}
    assert _cache(case, replace(SETTINGS, passwords=())).find([JOB]) == {1: result}


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, sha256="1" * 64),
        replace(JOB, header=(("From", "Lev"),)),
        replace(JOB, text_sha256="2" * 64),
        replace(JOB, name="a.emf"),
        replace(JOB, type="xml"),
        replace(JOB, hidden=("comments",)),
    ],
)
def test_another_document_is_not_found(job: RenderJob, case: Case) -> None:
    _kept(case)
    assert _cache(case).find([job]) == {}


def test_other_settings_and_tools_find_nothing(case: Case) -> None:
    _kept(case)
    for settings in (
        replace(SETTINGS, office=OfficeRule("final")),
        replace(SETTINGS, sheets="printed"),
        replace(SETTINGS, limits=Limits(render_seconds=1)),
    ):
        assert _cache(case, settings).find([JOB]) == {}
    assert Rendered(case, SETTINGS, lambda _: "newer").find([JOB]) == {}


def test_pages_that_are_gone_and_a_spoilt_cache_are_none(case: Case) -> None:
    result = _kept(case)
    pages = next((case.folder / "store").rglob(f"{result.pdf_sha256}*"))
    pages.unlink()
    assert _cache(case).find([JOB]) == {}
    cache_file(case).write_bytes(b"no database" * 1000)
    assert _cache(case).find([JOB]) == {}
    assert not cache_file(case).exists()
    _kept(case)
    assert _cache(case).find([JOB]) == {1: result}


def test_failures_and_makeshifts_are_not_kept(case: Case) -> None:
    good = _kept(case)
    cache_file(case).unlink()
    _cache(case).keep([JOB], [replace(good, made_by="")])
    _cache(case).keep([JOB], [RenderResult(1, None, 0, "damaged", (), _made_by("plain"))])
    assert not cache_file(case).exists()


def test_a_second_production_renders_nothing_anew(case: Case) -> None:
    asked: list[int] = []

    def render(batch: RenderBatch) -> tuple[RenderResult, ...]:
        asked.extend(job.document_id for job in batch.jobs)
        return tuple(replace(each, made_by=fingerprint("plain")) for each in plain_render(batch))

    for number in (1, 2, 3):
        add(case, number, text=f"document {number}\fpage two")
    tag(case, "Responsive", [1, 2])
    tag(case, "More", [1, 2, 3])
    for name, wanted in (("ABC_PROD001", "Responsive"), ("ABC_PROD002", "More")):
        plan(case, specification(name, tag=wanted))
        run(case, name, workshop(render=render))
    assert asked == [1, 2, 3]
