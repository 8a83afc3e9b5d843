"""Specifications as files: what is shipped, what is refused, and that all of it is told at once."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from produce.columns import ESI
from produce.commands import produce
from produce.record import productions
from produce.spec_file import keys, load, profiles, written
from produce.spec_values import Values
from produce.specification import Specification, problems, specify
from records import tables
from records.case import Case
from records.errors import SpecificationError
from tests.produce_matter import add, matter, tag

HERE = {"name": "VOL1", "prefix": "ABC", "query": "*", "producing_party": "Kestrel"}
REFERENCE = Path(__file__).parents[1] / ".." / "shared" / "reference" / "load-files.md"


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with matter(tmp_path) as opened:
        add(opened, 1, text="a")
        tag(opened, "Responsive", [1])
        yield opened


def _call(*arguments: str) -> Result:
    return CliRunner().invoke(produce, arguments)


def _refused(*arguments: str) -> str:
    error = _call(*arguments).exception
    assert isinstance(error, SpecificationError), error
    return str(error)


def test_profiles_that_are_shipped() -> None:
    assert profiles() == ["doj-antitrust", "esi", "native", "pdf", "sec"]


@pytest.mark.parametrize("name", profiles())
def test_profile_is_whole_and_comes_back_from_the_file_it_is_copied_to(
    name: str, tmp_path: Path
) -> None:
    found = load(name)
    assert found.problems == ()
    assert problems(HERE | found.values) == []
    copy = tmp_path / "production.toml"
    assert _call("spec", "new", str(copy), "--profile", name).exit_code == 0
    again = load(str(copy))
    assert again.problems == ()
    assert specify(**(HERE | again.values)) == specify(**(HERE | found.values))
    assert _call("spec", "check", str(copy)).exit_code == 0


def test_esi_is_what_was_always_made() -> None:
    assert specify(**(HERE | load("esi").values)) == specify(**HERE)
    assert specify(**HERE).fields == tuple((each, each) for each in ESI)


def _listed(start: str) -> list[str]:
    """Names of a field list in the reference, in order."""
    if not REFERENCE.is_file():
        pytest.skip("the reference pages are not here")
    text = REFERENCE.read_text().partition(start)[2].partition(". ")[0]
    names = (each.strip("()") for each in text.replace("(children only)", "").split())
    return [each for each in names if each.isupper() and len(each) > 1]


@pytest.mark.parametrize(
    ("name", "start"), [("sec", "SEC style: "), ("doj-antitrust", "DOJ Antitrust style: ")]
)
def test_columns_are_those_of_the_reference_in_its_order(name: str, start: str) -> None:
    assert [column for column, _ in specify(**(HERE | load(name).values)).fields] == _listed(start)


def test_every_key_of_a_specification_stands_in_a_section_once() -> None:
    named = [key for key, _, _ in keys()]
    assert len(set(named)) == len(named)
    assert len(named) + 2 == len(Values.model_fields)  # name and fields stand outside of sections


def test_file_rests_on_a_profile_and_overrules_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('profile = "sec"\n[images]\nkind = "pdf"\n[text]\nnewline = "lf"\n')
    found = load(str(file))
    assert found.values["kind"] == "pdf"
    assert dict(found.values["fields"])["FIRSTBATES"] == "BegBates"
    second = tmp_path / "second.toml"
    second.write_text('profile = "mine.toml"\n[images]\nkind = "tiff"\n')
    values = load(str(second)).values
    assert (values["kind"], values["newline"]) == ("tiff", "lf")


def test_files_that_rest_on_each_other_end(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "../" + tmp_path.name + "/a")):
        (tmp_path / f"{name}.toml").write_text(f'profile = "{other}.toml"\n')
    with pytest.raises(SpecificationError, match="without end"):
        load(str(tmp_path / "a.toml"))


def test_all_that_is_wrong_is_told_at_once_each_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        "[volume]\nmax_files = 0\ncolour = 1\n[images]\ndpi = 20\n[numbering]\nstart = 99999999\n"
        '[endorsements.zones]\nmiddle = "x"\n[fields]\nBEG = "BegBates"\nBeg = "Beg"\n'
        "[nowhere]\n[selection]\ndate_from = 2024-02-01\ndate_to = 2024-01-01\n"
        '[endorsements]\nlegend = " a"\n[load_files]\nwrite = ["opt"]\n'
    )
    result = _call("spec", "check", str(file), "--json")
    assert isinstance(result.exception, SpecificationError)
    keyed = {each["key"] for each in json.loads(result.stdout)["problems"]}
    assert keyed == {
        *("volume.max_files", "volume.colour", "images.dpi", "numbering.start", "nowhere"),
        *("endorsements.zones.middle", "endorsements.legend", "fields.Beg", "fields"),
        *("selection.date_from", "load_files.write"),
    }
    for each in keyed:
        assert each in str(result.exception)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = ", "no TOML"),
        ("fields = 3", "is a section"),
        ("volume = 3", "is a section"),
        ('[fields]\nA = "begbates"', "write BegBates"),
        ('[fields]\nA = "BegBates"\na = "EndBates"', "stands twice"),
        ('[fields]\n"A;" = "BegBates"\nB = "EndBates"', "holds no thorn"),
        ('[endorsements.zones]\ntop-left = "{date}"\nbottom-right = "{bates}"', "may name"),
        ('[endorsements.zones]\ntop-left = "{bates}"\nbottom-right = "{bates}"', "in one only"),
        ('[endorsements]\nlegend = "C"\n[endorsements.zones]\ntop-left = "{bates}"', "nowhere"),
        ('[endorsements.zones]\ntop-left = "Ж{bates}"', "font lacks"),
        ('[images]\nkind = "none"', "none are produced"),
        ('[load_files]\nwrite = ["dat"]', "without an OPT"),
        ('[load_files]\nwrite = ["dat", "dat", "opt"]', "stands twice"),
        ('[load_files]\ndat_encoding = "cp1252"\n[fields]\n"Ж" = "BegBates"', "lacks a letter"),
        ('[load_files]\ntime_zone = "Mars"', "no time zone"),
        ('[volume.folders]\ntext = "images"', "one name"),
        ('[volume.folders]\ntext = "a/b"', "letters, digits"),
        ('[selection]\nquery = "a"\ngroup = "b"', "by itself"),
        ('[selection]\nquery = "a"\nrequest = "b"', "one of them"),
    ],
)
def test_file_that_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    assert why in _refused("spec", "check", str(file))


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\x00", b"\x00" * 100, b"[" * 100_000, b"a=1\n" * 400_000, b"a=" + b"9" * 5000],
)
def test_rubbish_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(data)
    for command in ("check", "show"):
        assert "specification" in _refused("spec", command, str(file))
    assert "no file" in _refused("spec", "check", str(tmp_path))
    assert "no file" in _refused("spec", "check", "unknown")


def test_new_writes_over_nothing_unasked(tmp_path: Path) -> None:
    file = tmp_path / "production.toml"
    assert _call("spec", "new", str(file)).exit_code == 0
    assert _call("spec", "new", str(file)).exception is not None
    assert _call("spec", "new", str(file), "--overwrite", "--profile", "pdf").exit_code == 0
    assert tomllib.loads(file.read_text())["images"]["kind"] == "pdf"


def test_show_lists_profiles_and_a_file() -> None:
    assert all(each in _call("spec", "show").stdout for each in profiles())
    assert 'FIRSTBATES = "BegBates"' in _call("spec", "show", "sec").stdout
    shown = json.loads(_call("spec", "show", "sec", "--json").stdout)
    assert shown["values"]["fields"]["FIRSTBATES"] == "BegBates"


def _planned(case: Case) -> Specification:
    with case.read() as connection:
        return productions(connection)[-1].specification


def _plan(case: Case, *arguments: str) -> Result:
    return _call("plan", "VOL1", *arguments, "--case", str(case.folder), "--json")


def test_options_overrule_the_file_and_the_file_the_case(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[numbering]\nprefix = "FILE"\ndigits = 5\n'
        '[selection]\nquery = "*"\n[images]\nkind = "pdf"\n'
    )
    arguments = ["--spec", str(file), "--tag", "Responsive", "--digits", "6"]
    assert _plan(case, *arguments).exit_code == 0
    found = _planned(case)
    assert (found.prefix, found.digits, found.kind) == ("FILE", 6, "pdf")
    assert (found.tag, found.query) == ("Responsive", None)
    assert _plan(case, *arguments, "--kind", "tiff", "--from", "2024-01-02").exit_code == 0
    assert (_planned(case).kind, str(_planned(case).date_from)) == ("tiff", "2024-01-02")


def test_options_that_withhold_are_added_to_those_of_the_file(case: Case, tmp_path: Path) -> None:
    tag(case, "Privileged", [])
    tag(case, "Clawed back", [])
    file = tmp_path / "mine.toml"
    file.write_text('[selection]\nexclude_tags = ["Privileged"]\n')
    more = ["--spec", str(file), "--tag", "Responsive", "--exclude-tag", "Clawed back"]
    assert _plan(case, *more).exit_code == 0
    assert _planned(case).exclude_tags == ("Privileged", "Clawed back")
    file.write_text('[selection]\nexclude_tags = "Privileged"\n')
    assert "selection.exclude_tags" in str(_plan(case, *more).exception)


def test_specification_of_a_production_gives_the_same_again(case: Case, tmp_path: Path) -> None:
    first = ["--spec", "sec", "--tag", "Responsive", "--legend", "SECRET", "--start", "5"]
    assert _plan(case, *first).exit_code == 0
    made = _planned(case)
    shown = _call("spec", "show", "--production", "VOL1", "--case", str(case.folder))
    file = tmp_path / "again.toml"
    file.write_text(shown.stdout)
    assert _plan(case, "--spec", str(file)).exit_code == 0
    assert _planned(case) == made
    found = _call("spec", "show", "--production", "VOL1", "--case", str(case.folder), "--json")
    assert json.loads(found.stdout)["values"]["legend"] == "SECRET"


def test_file_that_is_refused_plans_nothing(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[images]\ndpi = 20\n[numbering]\ndigits = 99\n")
    error = _plan(case, "--spec", str(file), "--tag", "Responsive").exception
    assert isinstance(error, SpecificationError)
    assert "images.dpi" in str(error)
    assert "numbering.digits" in str(error)
    with case.read() as connection:
        assert productions(connection) == []


def test_specification_stored_by_an_earlier_program_still_loads(case: Case) -> None:
    old = {
        "name": "OLD",
        "prefix": "ABC",
        "digits": 7,
        "start": None,
        "kind": "tiff",
        "dpi": 300,
        "legend": "C",
        "query": None,
        "tag": "Responsive",
        "families": True,
        "exclude_tags": [],
        "allow_tags": [],
        "allow_unprocessed": False,
        "inline": "parent",
        "max_files": 1000,
        "newline": "crlf",
        "native_types": ["xlsx"],
        "time_zone": "UTC",
    }
    values: dict[str, Any] = {"id": 1, "name": "OLD", "state": "planned", "actor": "a"}
    values |= {"created_at": "t", "specification": old, "counts": {}}
    with case.write() as connection:
        connection.execute(tables.productions.insert().values(values))
    found = _planned(case)
    assert (found.legend, found.zones[1], found.dat_encoding) == (
        "C",
        ("bottom-right", "{bates}"),
        "utf-8-sig",
    )


def test_every_value_of_a_file_may_be_odd_text() -> None:
    values = {"legend": 'a "b" \\ c', "fields": {'od"d': "BegBates", "x y": "EndBates"}}
    again = tomllib.loads(written(values))
    assert again["endorsements"]["legend"] == 'a "b" \\ c'
    assert again["fields"] == values["fields"]
