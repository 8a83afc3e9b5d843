"""The fields of a query that the database answers."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import search
from index.catalog import SqlCatalog
from index.dates import period
from records import tables, times
from records.case import Case
from records.errors import QueryError
from records.fields import Address, Fields
from tests.index_cases import Doc, case_with, index_here

MAIL = Fields(
    subject="Deal", sender=(Address("Ann Ray", "ann@x.com"),), to=(Address("", "bo@y.com"),)
)


def docs() -> list[Doc]:
    return [
        # 1 and 2: a mail and its attachment; 3 and 4: the suppressed copies of another custodian.
        Doc(
            "first mail",
            Fields(**{**_of(MAIL), "sent_at": "2001-05-15T03:30:00Z"}),
            {"type": "email", "ext": "eml", "size": 2 << 20},
        ),
        Doc(
            "its sheet",
            Fields(created_at="1999-12-31T12:00:00Z", modified_at="2001-06-01T04:00:00Z"),
            {
                "type": "xlsx",
                "ext": "XLSX",
                "role": "attachment",
                "found_in_id": 1,
                "family_id": 1,
                "pages": 3,
                "modified_at": "2010-01-01T00:00:00Z",
            },
        ),
        Doc("first mail", MAIL, _copy(1, 3)),
        Doc("its sheet", Fields(), _copy(2, 3)),
        Doc("", Fields(), {"disposition": "empty", "modified_at": "2001-05-14T12:00:00Z"}),
        Doc(None, Fields(), {"disposition": "container", "type": "zip"}),
        Doc(
            "scanned page",
            Fields(hidden=("ocr-layer",)),
            {"text_source": "ocr", "pages": 12, "custodian_id": 3},
        ),
        Doc(None, Fields(), {"disposition": "exception", "type": "docx"}),
        Doc(
            "logo",
            Fields(hidden=("comments", "macros")),
            {"role": "inline", "found_in_id": 1, "family_id": 1},
        ),
        Doc(None, Fields(), {"disposition": "system file", "type": "exe"}),
    ]


def _of(fields: Fields) -> dict[str, Any]:
    return {name: getattr(fields, name) for name in Fields.__slots__}


def _copy(original: int, root: int) -> dict[str, Any]:
    return {
        "disposition": "duplicate",
        "duplicate_of_id": original,
        "custodian_id": 2,
        "family_id": root,
    }


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("catalog") / "case"
    with case_with(folder, docs(), ("Ray, Ann", "Poe, Ed A.", "Poe, Bea")) as case:
        index_here(case)
        _notes(case)
        _near(case)
        _tags(case)
        _productions(case)
        _mails(case)
        yield case


def _notes(case: Case) -> None:
    with case.write() as connection:
        for document, severity, code in (
            (8, "exception", "encrypted"),
            (2, "warning", "weak-date"),
            (7, "warning", "ocr-low-confidence"),
        ):
            connection.execute(
                tables.notes.insert().values(
                    document_id=document,
                    severity=severity,
                    code=code,
                    message="",
                    tool="t",
                    tool_version="1",
                    attempts=1,
                    at=times.now(),
                )
            )


def _near(case: Case) -> None:
    with case.write() as connection:
        for document, percent in ((1, 100.0), (5, 90.0), (9, 85.0)):
            values = {"document_id": document, "principal_id": 1, "percent": percent}
            connection.execute(tables.near_duplicates.insert().values(values))
        c = tables.documents.c
        for document, language in ((1, "en"), (2, None), (7, "de")):
            connection.execute(
                tables.documents.update()
                .where(c.id == document)
                .values(language=language, analysed_sha256=c.text_sha256)
            )


def _tags(case: Case) -> None:
    with case.write() as connection:
        for number, name, ids in ((1, "Hot Document", (1, 7)), (2, "Privileged - AC", (2,))):
            connection.execute(
                tables.tags.insert().values(
                    id=number, name=name, description="", created_at="", created_by=""
                )
            )
            for each in ids:
                connection.execute(
                    tables.document_tags.insert().values(tag_id=number, document_id=each)
                )
            event = {"id": number, "tag_id": number, "action": "add", "actor": f"Reviewer {number}"}
            connection.execute(
                tables.tag_events.insert().values(**event, at="", origin={}, count=len(ids))
            )
            connection.execute(
                tables.tag_event_documents.insert(),
                [{"event_id": number, "document_id": each} for each in ids],
            )


def _mails(case: Case) -> None:
    """1 and its copy 3 are a thread; what is in them is not what the fields are read from."""
    with case.write() as connection:
        for document, inclusive, spare in ((1, True, None), (3, False, 1), (7, True, None)):
            connection.execute(
                tables.threads.insert().values(
                    document_id=document,
                    thread_id=1 if document < 7 else 7,
                    position=0,
                    depth=0,
                    basis="references" if document < 7 else "none",
                    inclusive=inclusive,
                    spare_of_id=spare,
                )
            )
        for number, name, address in ((1, "Ray, Ann", "ann@x.com"), (2, "Ray, Zoe", "z@x.com")):
            connection.execute(
                tables.people.insert().values(id=number, name=name, origin="derived")
            )
            connection.execute(
                tables.addresses.insert().values(
                    address=address, domain="x.com", name="", messages=1,
                    person_id=number, origin="derived",
                )
            )  # fmt: skip
        for document, address in ((1, "ann@x.com"), (3, "ann@x.com"), (7, "z@x.com")):
            connection.execute(
                tables.mail_keys.insert().values(
                    document_id=document, kind="address", key=address, position=0
                )
            )


def _productions(case: Case) -> None:
    with case.write() as connection:
        for number, name, state in ((1, "PROD001", "frozen"), (2, "PROD002", "planned")):
            connection.execute(
                tables.productions.insert().values(
                    id=number,
                    name=name,
                    state=state,
                    actor="",
                    created_at="",
                    specification={},
                    counts={},
                )
            )
        for production, position, document, begin, end in (
            (1, 0, 1, "ABC0000001", "ABC0000002"),
            (1, 1, 2, "ABC0000003", "ABC0000010"),
            (2, 0, 7, None, None),
        ):
            connection.execute(
                tables.production_items.insert().values(
                    production_id=production,
                    position=position,
                    document_id=document,
                    treatment="image",
                    reason="",
                    state="done",
                    beg_bates=begin,
                    end_bates=end,
                    detail={},
                )
            )


REVIEW = {1, 2, 5, 7, 8, 9}


@pytest.mark.parametrize(
    "query",
    [
        *("size:99999999999999999gb", "size:>=9223372036854775808", "size:1..99999999999999999gb"),
        *("pages:9999999999999999", "docid:RW-9999999999", "docid:1..4294967296"),
        *("family:9999999999", f"bates:ABC{'9' * 5000}", "date:>99999", "date:0000"),
    ],
)
def test_absurd_numbers_are_refused(case: Case, query: str) -> None:
    with pytest.raises(QueryError):
        search(case, query)


_ODD = st.one_of(
    st.integers(-(10**40), 10**40).map(str),
    st.sampled_from(["9999-12-31T23:59", "0001-01-01", "4294967295", "ABC" + "9" * 40, "٣", "²"]),
    st.text(alphabet='0123456789RW-ABC.:gbkT ٣\x00\ud800é*?"', max_size=30),
    st.text(max_size=20),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=st.integers(0, 30),
    operator=st.sampled_from(["", "=", ">", "<", ">=", "<=", '"']),
    value=_ODD,
    upper=st.none() | _ODD,
)
def test_no_value_brings_another_error(
    case: Case, field: int, operator: str, value: str, upper: str | None
) -> None:
    names = SqlCatalog(case).names()
    last = "" if upper is None else f"..{upper}"
    query = f"{names[field % len(names)]}:{operator}{value}{last}"
    with suppress(QueryError):
        search(case, query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("docid:RW-00000002", {2}),
        ("docid:2", {2}),
        ("docid:rw-2..rw-7", {2, 5, 7}),
        ("family:RW-00000009", {1, 2, 9}),
        ('custodian:"ray, ann"', {1, 2, 5, 8, 9}),
        ("custodian:ann", {1, 2, 5, 8, 9}),
        ('custodian:"POE, ED A."', {1, 2}),
        ("custodian:poe", {1, 2, 7}),
        ("custodian:(poe NOT bea)", {1, 2}),
        ("type:EMAIL", {1}),
        ("type:(email OR xlsx)", {1, 2}),
        ("ext:xlsx", {2}),
        ("ext:.eml", {1}),
        (f"hash:{2:064x}", {2}),
        (f"hash:{2:040X}", {2}),
        (f"hash:{7:032x}", {7}),
        ("size:>1mb", {1}),
        ("size:2mb", {1}),
        ("size:<=5000", {2, 5}),
        ("size:1..7kb", {2, 5, 7}),
        ("pages:1..3", {2}),
        ("pages:>=3", {2, 7}),
        # 03:30 UTC is the evening before in New York.
        ("sent:2001-05-14", {1}),
        ("sent:2001-05-15", set()),
        ("sent:2001-05-14T23:30", {1}),
        ("date:2001-05-14", {1, 5}),
        ("date:2001-05", {1, 5}),
        ("date:2001-06-01", {2}),
        ("date:2001-05-14..2001-06", {1, 2, 5}),
        ("date:>2001-05-14", {2}),
        ("date:<2001-06", {1, 5}),
        ("date:<=2001-06-01", {1, 2, 5}),
        ("date:..2001-05-14", {1, 5}),
        ("created:1999", {2}),
        ("modified:2001", {2, 5}),
        ('tag:"hot document"', {1, 7}),
        ('tag:"HOT  Document"', {1, 7}),
        ('tag:"privileged - ac"', {2}),
        ("tagged:yes", {1, 2, 7}),
        ("tagged:no", {5, 8, 9}),
        ("coded:yes", {1, 2, 7}),
        ("coded:no", {5, 8, 9}),
        ('reviewer:"reviewer 1"', {1, 7}),
        ("date:[2001-05-14 TO 2001-06]", {1, 2, 5}),
        ("produced:prod001", {1, 2}),
        ("produced:yes", {1, 2}),
        ("produced:no", {5, 7, 8, 9}),
        ("bates:ABC0000001", {1}),
        ("bates:abc0000007", {2}),
        ("bates:ABC0000011", set()),
        ("bates:ABC0000002..ABC0000003", {1, 2}),
        ("has:attachments", {1}),
        ("has:ocr", {7}),
        ("has:exception", {8}),
        ("has:warning", {2, 7}),
        ("has:text", {1, 2, 7, 9}),
        ("has:hidden", {9}),
        ("hidden:comments", {9}),
        ("hidden:ocr-layer", {7}),
        ("hidden:white-text", set()),
        ("is:attachment", {2}),
        ("is:inline", {9}),
        ("is:root", {1, 5, 7, 8}),
        ("is:duplicate", {3, 4}),
        ("NOT is:duplicate", REVIEW),
        ("first OR is:duplicate", {1, 3, 4}),
        ("thread:1", {1}),
        ("thread:RW-00000003", {1}),
        ("thread:1 OR is:duplicate", {1, 3, 4}),
        ("has:thread", {1}),
        ("is:inclusive", {1, 7}),
        ("is:spare", set()),
        ("is:spare OR is:duplicate", {3, 4}),
        ('person:"ray, ann"', {1}),
        ("person:zoe", {7}),
        ("person:ray", {1, 7}),
        ("person:Z@x.com", {7}),
        ("near:RW-00000005", {1, 5, 9}),
        ("near:1", {1, 5, 9}),
        ("near:7", {7}),
        ("is:near-duplicate", {5, 9}),
        ("is:principal", {1}),
        ("language:DE", {7}),
        ("lang:de", {7}),
        ("language:(en OR de)", {1, 7}),
        ("language:fr", set()),
        ("language:none", {2}),
        ("exception:encrypted", {8}),
        ("warning:weak-date", {2}),
        ("disposition:empty", {5}),
        ("disposition:container", {6}),
        ('disposition:"system file"', {10}),
        ("participants:ann", {1}),
        ("participants:(ann w/5 bo)", set()),
        ("participants:ann participants:bo", {1}),
        ('from:"ann@x.com"', {1}),
        ("to:ann", set()),
        ("deal", {1}),
        ("first", {1}),
        ("NOT first", REVIEW - {1}),
        ("path:folder", REVIEW),
        ("filename:7", {7}),
    ],
)
def test_fields(case: Case, query: str, expected: set[int]) -> None:
    assert set(search(case, query).ids) == expected


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("docid:RW-00000099", "no document of this number"),
        ("docid:x", "no control number"),
        ("family:99", "no document of this number"),
        ("custodian:smith", "there are 'Poe, Bea', 'Poe, Ed A.', 'Ray, Ann'"),
        ("custodian:>=a", "no order"),
        ("hash:abc", "whole SHA-256"),
        ("size:big", "1.5mb"),
        ("size:5..1", "1 is less than 5"),
        ("pages:x", "no whole number"),
        ("date:5/14/2001", "write a date as"),
        ("date:2001-02-30", "day is out of range"),
        ("date:2001-13", "month must be in"),
        ("date:2002..2001", "comes before"),
        ("tag:cold", "there are 'Hot Document', 'Privileged - AC'"),
        ("tagged:maybe", "one of yes, no"),
        ("reviewer:nobody", "there are 'Reviewer 1', 'Reviewer 2'"),
        ("produced:prod002", "is planned"),
        ("produced:x", "there are 'PROD001', 'PROD002'"),
        ("bates:ABC", "no Bates number"),
        ("bates:ABC1..XYZ2", "same prefix"),
        ("bates:>ABC1", "write one number"),
        ("hidden:odd", "tracked-changes, comments"),
        ("thread:2", "no document of this number is a mail"),
        ("thread:>1", "no order"),
        ("person:smith", "no person of the case's mail answers to it"),
        ("has:legs", "attachments, exception, hidden, note, ocr, text, thread, warning"),
        ("is:odd", "inline, near-duplicate, principal, root, spare"),
        ("near:99", "no document of this number"),
        ("near:>1", "no order"),
        ("language:german", "code of ISO 639-1"),
        ("exception:odd", "encrypted, corrupt"),
        ("disposition:odd", "container, duplicate"),
    ],
)
def test_values_that_are_refused(case: Case, query: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        search(case, query)
    assert says in str(caught.value)
    assert str(caught.value).split("\n")[-1].index("^") == query.index(":") + 3


def test_the_scope(case: Case) -> None:
    assert set(search(case, "NOT docid:1").ids) == REVIEW - {1}
    assert set(search(case, "NOT docid:1", scope_all=True).ids) == set(range(2, 11))
    assert set(search(case, "first", scope_all=True).ids) == {1, 3}


def test_nothing_is_missing(case: Case) -> None:
    result = search(case, "first")
    assert (result.missing, result.unprocessed) == (0, 0)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2001", "UTC", ("2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z")),
        ("2001-12", "UTC", ("2001-12-01T00:00:00Z", "2002-01-01T00:00:00Z")),
        ("2001-12-31", "UTC", ("2001-12-31T00:00:00Z", "2002-01-01T00:00:00Z")),
        ("2001-05-14T10:59", "UTC", ("2001-05-14T10:59:00Z", "2001-05-14T11:00:00Z")),
        ("2001-04-01", "America/New_York", ("2001-04-01T05:00:00Z", "2001-04-02T04:00:00Z")),
        ("2001-10-28", "America/New_York", ("2001-10-28T04:00:00Z", "2001-10-29T05:00:00Z")),
        ("9999", "UTC", ("9999-01-01T00:00:00Z", "9999-12-31T23:59:60Z")),
        ("9999-12", "UTC", ("9999-12-01T00:00:00Z", "9999-12-31T23:59:60Z")),
        ("9999-12-31", "UTC", ("9999-12-31T00:00:00Z", "9999-12-31T23:59:60Z")),
    ],
)
def test_periods(text: str, zone: str, expected: tuple[str, str]) -> None:
    assert period(text, ZoneInfo(zone)) == expected
