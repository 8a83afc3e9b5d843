"""Calendars and cards: fields, text, what is held in them, and that nothing is lost."""

import base64
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.calendars import parse_calendar
from ingest.cards import parse_cards
from ingest.contentlines import ParsedEntries
from ingest.text import decode_text
from ingest.types import HEAD, identify
from records.codes import Code
from records.fields import Address

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
FOLDER = CORPUS / "calendar-contacts"
PICTURE = base64.b64encode(b"\xff\xd8\xff" + b"x" * 60).decode()


def _calendar(*lines: str, before: str = "", version: str = "2.0") -> ParsedEntries:
    text = f"BEGIN:VCALENDAR\nVERSION:{version}\nMETHOD:REQUEST\n{before}BEGIN:VEVENT\n"
    return parse_calendar((text + "\n".join(lines) + "\nEND:VEVENT\nEND:VCALENDAR\n").encode())


def test_an_event_in_full() -> None:
    found = _calendar(
        "UID:1@a.example",
        "SUMMARY:Review of the\n  draft\\, second\\npart",
        'ORGANIZER;CN="Lee, Ann":MAILTO:Ann@A.example',
        "ATTENDEE;ROLE=REQ-PARTICIPANT;CN=Bob:mailto:bob@b.example",
        "ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:c@c.example",
        "DTSTART;TZID=America/New_York:20240701T090000",
        "DURATION:PT1H30M",
        "LOCATION:Room 4",
        "CATEGORIES:Legal,Deal\\, big",
        "CLASS:CONFIDENTIAL",
        "PRIORITY:1",
        "CREATED:20240601T000000Z",
        f"ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.jpg:{PICTURE[:40]}\n {PICTURE[40:]}",
        "X-NOTE:words of its own",
        "BEGIN:VALARM\nDESCRIPTION:wake up\nEND:VALARM",
    )
    fields = found.fields
    assert (fields.kind, fields.subject) == ("appointment", "Review of the draft, second part")
    assert fields.sender == (Address("Lee, Ann", "ann@a.example"),)
    assert fields.to == (Address("Bob", "bob@b.example"),)
    assert fields.cc == (Address("", "c@c.example"),)
    assert (fields.starts_at, fields.ends_at) == ("2024-07-01T13:00:00Z", "2024-07-01T14:30:00Z")
    assert (fields.location, fields.categories) == ("Room 4", ("Legal", "Deal, big"))
    assert (fields.sensitivity, fields.importance) == ("confidential", "high")
    assert fields.created_at == "2024-06-01T00:00:00Z"
    assert found.raw == {
        "entries": {"appointment": 1},
        "method": "REQUEST",
        "version": "2.0",
        "uid": "1@a.example",
    }
    assert [(each.name, each.data) for each in found.parts] == [
        ("a.jpg", base64.b64decode(PICTURE))
    ]
    assert "Subject: Review of the draft, second\npart\n" in found.text
    assert "X-NOTE: words of its own" in found.text
    assert "wake up" in found.text
    assert PICTURE[:30] not in found.text
    assert found.notes == ()


ZONE = """BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("start", "at", "doubts"),
    [
        (":20240115T100000Z", "2024-01-15T10:00:00Z", 0),
        (";VALUE=DATE:20240115", "2024-01-15T00:00:00Z", 0),
        (";TZID=Europe/Berlin:20240715T100000", "2024-07-15T08:00:00Z", 0),
        (";TZID=/mozilla.org/1/Europe/Berlin:20240115T100000", "2024-01-15T09:00:00Z", 0),
        (";TZID=Eastern Standard Time:20240715T100000", "2024-07-15T14:00:00Z", 0),
        (";TZID=Office:20240115T100000", "2024-01-15T09:00:00Z", 0),
        (";TZID=Office:20240715T100000", "2024-07-15T08:00:00Z", 0),
        (";TZID=Office:20240331T015959", "2024-03-31T00:59:59Z", 0),
        (";TZID=Office:20240331T030000", "2024-03-31T01:00:00Z", 0),
        (";TZID=Office:20241027T040000", "2024-10-27T03:00:00Z", 0),
        (";TZID=Nowhere:20240115T100000", "2024-01-15T10:00:00Z", 1),
        (":20240115T100000", "2024-01-15T10:00:00Z", 1),
        (":20241315T100000", None, 1),
        (":soon", None, 1),
        (":00010101T000000Z", "0001-01-01T00:00:00Z", 0),
    ],
)
def test_moments(start: str, at: str | None, doubts: int) -> None:
    found = _calendar(f"DTSTART{start}", before=ZONE)
    assert found.fields.starts_at == at
    assert [each.code for each in found.notes] == [Code.WEAK_DATE] * doubts


def test_of_several_entries_the_first_gives_the_fields() -> None:
    task = "END:VEVENT\nBEGIN:VTODO\nSUMMARY:two\nDUE:20240101T000000Z\nEND:VTODO\nBEGIN:VEVENT"
    found = _calendar("SUMMARY:one", task, "SUMMARY:three")
    assert (found.fields.subject, found.fields.kind) == ("one", "appointment")
    assert found.raw["entries"] == {"appointment": 2, "task": 1}
    assert all(f"Subject: {each}" in found.text for each in ("one", "two", "three"))
    only = parse_calendar(b"BEGIN:VTODO\nSUMMARY:two\nDUE:20240101T000000Z\nEND:VTODO\n")
    assert (only.fields.kind, only.fields.ends_at) == ("task", "2024-01-01T00:00:00Z")


def test_the_older_calendar() -> None:
    found = _calendar(
        "SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:caf=E9 =\nround",
        "DTSTART:20240115T100000",
        "ATTENDEE;ROLE=ORGANIZER:Ann Lee <Ann@a.example>",
        "DESCRIPTION:folded at\n a space",
        before="TZ:-05:00\n",
        version="1.0",
    )
    assert found.fields.subject == "café round"
    assert found.fields.starts_at == "2024-01-15T15:00:00Z"
    assert found.fields.to == (Address("Ann Lee", "ann@a.example"),)
    assert "folded at a space" in found.text


CARD = "BEGIN:VCARD\nVERSION:{}\n{}\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("version", "photo", "name"),
    [
        ("2.1", f"PHOTO;JPEG;ENCODING=BASE64:\n {PICTURE[:40]}\n {PICTURE[40:]}\n", "photo-1.jpg"),
        ("2.1", f"PHOTO;TYPE=JPEG;ENCODING=BASE64:{PICTURE[:40]}\n{PICTURE[40:]}\n", "photo-1.jpg"),
        ("3.0", f"PHOTO;ENCODING=b;TYPE=JPEG:{PICTURE[:40]}\n {PICTURE[40:]}", "photo-1.jpg"),
        ("4.0", f"PHOTO:data:image/jpeg;base64,{PICTURE[:40]}\n {PICTURE[40:]}", "photo-1.jpg"),
    ],
)
def test_a_card_in_each_version(version: str, photo: str, name: str) -> None:
    lines = f"N:Lee;Ann;M.;Dr.;\nORG:Acme;Law\nitem1.EMAIL;TYPE=work:Ann@a.example\n{photo}\nNOTE:x"
    found = parse_cards(CARD.format(version, lines).encode())
    fields = found.fields
    assert (fields.kind, fields.subject, fields.company) == ("contact", "Dr. Ann M. Lee", "Acme")
    assert [(each.name, each.data) for each in found.parts] == [(name, base64.b64decode(PICTURE))]
    assert found.raw == {"entries": {"contact": 1}, "addresses": ["Ann@a.example"]}
    assert "E-mail (work): Ann@a.example" in found.text
    assert found.text.endswith("Note: x\n")


def test_several_cards_and_a_group() -> None:
    text = CARD.format("3.0", "FN:one") + CARD.format("4.0", "FN:team\nKIND:group")
    assert parse_cards(text.encode()).raw["entries"] == {"contact": 2}
    assert parse_cards(text.partition("END:VCARD\n")[2].encode()).fields.kind == "list"


def test_base64_that_is_none_stays_text() -> None:
    found = parse_cards(CARD.format("3.0", "PHOTO;ENCODING=b:not a picture!\nFN:x").encode())
    assert found.parts == ()
    assert "not a picture!" in found.text


@given(st.lists(st.sampled_from(
    ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "BEGIN:VCARD", "END:VCARD",
     "SUMMARY:alpha", " beta", "no colon", "", "X;A=\"b", "DTSTART;TZID=x:20240101T000000",
     "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:gam=\nma", "ATTACH;ENCODING=BASE64:AAA=", "BEGIN:",
     "RRULE:FREQ=YEARLY;BYDAY=9SU;BYMONTH=99", "\xff:\x00", "FN:delta", "N:;;;;;;;;"]
), max_size=25))  # fmt: skip
def test_no_word_is_lost_whatever_the_lines(lines: list[str]) -> None:
    data = "\n".join(lines).encode("latin-1")
    for parse in (parse_calendar, parse_cards):
        text = parse(data).text
        for word in ("alpha", "beta", "no colon", "delta"):
            wanted = sum(word in each for each in lines)
            assert text.count(word) >= wanted or "PRINTABLE" in str(lines)


def test_a_deep_nest_is_read_to_its_end() -> None:
    found = parse_calendar(b"BEGIN:VEVENT\n" * 5000 + b"SUMMARY:deep\n")
    assert "deep" in found.text


# Of each file: entries of each kind, documents held, doubts about dates.
COUNTS: dict[str, tuple[dict[str, int], int, int]] = {
    "Contact.vcf": ({"contact": 1}, 1, 0),
    "Saqib Razzaq.vcf": ({"contact": 1}, 0, 0),
    "US-Holidays.ics": ({"appointment": 32}, 0, 0),
    "VtodoTask.ics": ({"task": 1}, 0, 1),
    "calendarWithDisplayReminder.ics": ({"appointment": 1}, 0, 1),
    "calendarWithDisplayReminder__2.ics": ({"appointment": 1}, 0, 1),
    "contact.vcf": ({"contact": 1}, 0, 0),
    "ezvcard_John_Doe_BLACK_BERRY.vcf": ({"contact": 1}, 1, 0),
    "ezvcard_John_Doe_EVOLUTION.vcf": ({"contact": 1}, 0, 0),
    "ezvcard_John_Doe_GMAIL.vcf": ({"contact": 1}, 0, 0),
    "ezvcard_John_Doe_IPHONE.vcf": ({"contact": 1}, 1, 0),
    "ezvcard_John_Doe_LOTUS_NOTES.vcf": ({"contact": 1}, 1, 0),
    "ezvcard_John_Doe_MAC_ADDRESS_BOOK.vcf": ({"contact": 1}, 1, 0),
    "ezvcard_gmail-list.vcf": ({"contact": 3}, 0, 0),
    "ezvcard_issue114.vcf": ({"contact": 1}, 0, 0),
    "ezvcard_outlook-2003.vcf": ({"contact": 1}, 1, 0),
    "ezvcard_outlook-2007.vcf": ({"contact": 1}, 2, 0),
    "ezvcard_rfc6350-example.vcf": ({"contact": 1}, 0, 0),
    "ezvcard_thunderbird-MoreFunctionsForAddressBook-extension.vcf": ({"contact": 1}, 1, 0),
    "libical_0.ics": ({"appointment": 1}, 0, 0),
    "libical_3.ics": ({"task": 1}, 0, 1),
    "libical_4.ics": ({"journal": 1}, 0, 0),
    "libical_8.ics": ({"appointment": 1}, 0, 0),
    "libical_calendar.ics": ({"appointment": 3}, 0, 0),
    "libical_caltime.ics": ({}, 0, 0),
    "libical_get_char_test.ics": ({}, 0, 0),
    "libical_incoming.ics": ({"appointment": 14, "other": 1}, 0, 1),
    "libical_issue251.ics": ({}, 0, 0),
    "libical_issue253.ics": ({"task": 1, "journal": 1, "other": 1}, 3, 1),
    "libical_issue339.ics": ({"contact": 1}, 1, 0),
    "libical_overlaps.ics": ({"appointment": 5}, 0, 1),
    "libical_process-calendar.ics": ({"appointment": 3}, 0, 0),
    "libical_recur-errors.ics": ({"appointment": 4}, 0, 1),
    "libical_restriction.ics": ({"appointment": 3}, 0, 0),
    "libical_smallcluster.ics": ({"appointment": 1}, 0, 0),
    "libical_stresstest.ics": ({}, 0, 0),
    "libical_zday.ics": ({"appointment": 2}, 0, 0),
    "test.ics": ({"appointment": 1}, 0, 1),
    "testICalendar.ics": ({"appointment": 1}, 0, 0),
    "testVCalendar.vcs": ({"appointment": 1}, 0, 1),
    "test__2.ics": ({"appointment": 1}, 0, 1),
}


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_the_corpus() -> None:
    found = {}
    for path in sorted(FOLDER.iterdir()):
        data = path.read_bytes()
        kind = identify(data[:HEAD], path.name, io.BytesIO(data)).type
        entries = (parse_cards if path.suffix == ".vcf" or kind == "vcf" else parse_calendar)(data)
        found[path.name] = (entries.raw["entries"], len(entries.parts), len(entries.notes))
    assert found == COUNTS


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_no_word_of_the_corpus_is_lost() -> None:
    """Each word of each unfolded value that is plain text stands in the text for people."""
    words = 0
    for path in sorted(FOLDER.iterdir()):
        data = path.read_bytes()
        found = (parse_cards if path.suffix == ".vcf" else parse_calendar)(data)
        text = re.sub(r"\r?\n[ \t]", "", decode_text(data)[0])
        for line in text.splitlines():
            head, _, value = line.partition(":")
            if path.name == "libical_issue253.ics":  # a fuzzer's, in no one charset
                continue
            if re.search(r"QUOTED|BASE64|ENCODING=b|^BEGIN|^END", head, re.I) or not value:
                continue
            for word in re.findall(r"\w+", re.sub(r"\\.", " ", value)):
                if len(word) < 30:
                    words += 1
                    assert word in found.text, path.name
    assert words == 7228
