"""How days, times and names are written, and fields that repeat others in a check."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from produce.check_rows import check_rows
from produce.check_terms import Terms, terms_of
from produce.formats import DATE_FORMATS, TIME_FORMATS, last_first
from tests.produce_matter import specification


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("Amara Okafor", "Okafor, Amara"),
        ("Amara Chidi Okafor", "Okafor, Amara Chidi"),
        ("Ludwig van der Berg", "van der Berg, Ludwig"),
        ("Martin King Jr.", "King, Martin, Jr."),
        ("J. P. O’Neill-Smith", "O’Neill-Smith, J. P."),
        ("Okafor, Amara", "Okafor, Amara"),
        ("Amara", "Amara"),
        ("", ""),
        ("amara@kestrel.example", "amara@kestrel.example"),
        ("Room 12 North", "Room 12 North"),
        ("陈 伟", "陈 伟"),
        ("Van Berg", "Berg, Van"),
        ("King Jr.", "Jr., King"),
    ],
)
def test_last_first(name: str, due: str) -> None:
    assert last_first(name) == due


@given(st.text(max_size=40))
def test_no_letter_of_a_name_is_lost(name: str) -> None:
    def letters(text: str) -> list[str]:
        return sorted(c for c in text if not c.isspace() and c != ",")

    assert letters(last_first(name)) == letters(name)


@given(st.datetimes(), st.sampled_from(list(DATE_FORMATS)), st.sampled_from(list(TIME_FORMATS)))
def test_every_form_is_one_that_the_check_takes(moment: dt.datetime, days: str, hours: str) -> None:
    terms = terms_of(specification(date_format=days, time_format=hours))
    assert re.fullmatch(terms.days, DATE_FORMATS[days](moment))
    assert re.fullmatch(terms.hours, TIME_FORMATS[hours](moment))


@pytest.mark.parametrize(
    ("hour", "due"), [(0, "12:05 AM"), (1, "01:05 AM"), (12, "12:05 PM"), (23, "11:05 PM")]
)
def test_hours_of_twelve(hour: int, due: str) -> None:
    assert TIME_FORMATS["HH:MM AM"](dt.datetime(2024, 1, 1, hour, 5)) == due  # noqa: DTZ001


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("DocID", "ABC0000002", "doc-id"),
        ("AttachRange", "ABC0000001 - ABC0000009", "attach-range"),
        ("AttachRange", "ABC0000001", "attach-range"),
        ("Properties", "Document Withheld Based On Privilege", "properties"),
    ],
)
def test_field_that_disagrees_with_the_one_it_repeats(field: str, value: str, code: str) -> None:
    record = {
        **dict.fromkeys(("BegBates", "EndBates", "BegAttach", "EndAttach", "DocID"), "ABC0000001"),
        "AttachRange": "ABC0000001 - ABC0000001",
        "Properties": "",
        "Withheld": "N",
    }
    assert list(check_rows([record], "V", Terms())) == []
    assert [each.code for each in check_rows([record | {field: value}], "V", Terms())] == [code]
