"""From the columns of a row to the typed common fields."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from produce.received import dates
from produce.received.columns import Columns
from records.fields import Address, Fields

_NAMED = re.compile(r"(.*?)\s*<([^<>]*)>", re.DOTALL)
_SPLIT = re.compile(r",(?=[^,;]*@)")
_DATES = (
    ("sent_at", "DateSent", "TimeSent"),
    ("received_at", "DateReceived", "TimeReceived"),
    ("created_at", "DateCreated", "TimeCreated"),
    ("modified_at", "DateModified", "TimeModified"),
    ("printed_at", "DatePrinted", ""),
)


def typed(columns: Columns, values: Sequence[str]) -> tuple[Fields, list[str]]:
    """The fields of a row, and what of its dates cannot be read.

    Dates of a file that tells no zone are uncertain, as everywhere.
    """
    moments, problems = _moments(columns, values)
    told = columns.get(values, "TimeZone")
    sure = bool(told) and dates.zone_of(told) is not None

    def text(name: str) -> str:
        """A value of one line: a registered sign in it is one, though it may be a break's."""
        return columns.get(values, name)

    def several(name: str) -> str:
        return columns.broken(columns.get(values, name))

    return Fields(
        title=text("Title"),
        author=text("Author"),
        last_author=text("LastAuthor"),
        language=text("Language"),
        subject=text("Subject"),
        sender=people(several("From")),
        to=people(several("To")),
        cc=people(several("CC")),
        bcc=people(several("BCC")),
        message_id=text("MessageID"),
        in_reply_to=text("InReplyTo"),
        references=tuple(several("References").split()),
        conversation_index=text("ConversationIndex"),
        importance=text("Importance").lower(),
        attachment_names=_several(several("AttachmentNames")),
        uncertain=() if sure else tuple(moments),
        **moments,  # type: ignore[arg-type]  # times, by the names above
    ), problems


def _moments(columns: Columns, values: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    told = dates.zone_of(columns.get(values, "TimeZone"))
    zone = told or dates.zone_of(columns.map.time_zone) or ZoneInfo("UTC")
    order = columns.map.dates
    found: dict[str, str] = {}
    problems = []
    for name, day, clock in _DATES:
        value = columns.get(values, day)
        if not value or dates.is_empty(value):
            continue
        moment, why = dates.read(value, columns.get(values, clock), order, zone)
        if moment is None:
            problems.append(f"{columns.map.fields[day]} {value!r} is no date: {why}")
        else:
            found[name] = moment
    document = columns.get(values, "DocDate")
    if document and not dates.is_empty(document) and not found:
        moment, why = dates.read(document, "", order, zone)
        if moment is None:
            problems.append(f"{columns.map.fields['DocDate']} {document!r} is no date: {why}")
        else:
            found["modified_at"] = moment
    return found, problems


def people(value: str) -> tuple[Address, ...]:
    """The parties in a value: parted by semicolons, or by commas before further addresses."""
    lines = value.split("\n")
    if len(lines) > 1 and all("@" in line for line in lines):
        value = ";".join(lines)
    parts = value.split(";") if ";" in value or value.count("@") < 2 else _SPLIT.split(value)
    return tuple(_person(each) for each in (" ".join(part.split()) for part in parts) if each)


def _person(text: str) -> Address:
    found = _NAMED.fullmatch(text)
    if found:
        return Address(found[1].strip().strip('"'), found[2].strip().lower())
    if "@" in text and " " not in text:
        return Address("", text.strip("<>").lower())
    return Address(text.strip('"'), "")


def _several(value: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in value.split(";") if each.strip())
