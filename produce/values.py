"""The values of a load-file row, by the fields of `columns.STANDARD`.

Dates and times are in the production's zone, which the TimeZone field names. Values of one field
are parted by `;`, and one inside a value becomes a comma.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from produce.columns import FIXED
from produce.formats import DATE_FORMATS, TIME_FORMATS, last_first
from produce.specification import Specification
from records import times
from records.fields import Address, Fields

_PROPERTIES = {"Withheld": "Document Withheld Based On Privilege", "Redacted": "Redacted"}


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stands in the volume: what even a withheld one tells."""

    beg: str
    end: str
    beg_attach: str
    end_attach: str
    parent: str
    children: tuple[str, ...]
    pages: int
    custodian: str
    control: str
    legend: str
    native_link: str
    text_link: str


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a document that is not withheld."""

    name: str
    ext: str
    type: str
    mime: str
    size: int
    md5: str
    sha1: str
    sha256: str
    dedup_hash: str
    mih: str
    path: str
    all_paths: tuple[str, ...]
    all_custodians: tuple[str, ...]
    attachment_names: tuple[str, ...]
    modified_at: str | None
    fields: Fields


def row(
    specification: Specification, placed: Placed, described: Described | None
) -> dict[str, str]:
    """The values of one document by the names of `columns.STANDARD`; None describes a withheld one.

    What is empty is left out.
    """
    values = _placed(specification, placed)
    if described is None:
        values |= {"Withheld": "Y", "PrivReason": "Privileged"}
    else:
        values |= {"Withheld": "N"} | _described(specification, described)
    return {name: value for name, value in values.items() if value}


def in_columns(specification: Specification, values: dict[str, str]) -> list[str]:
    """A row as the DAT has it, from the values by their standard names."""
    return [
        held.removeprefix(FIXED) if held.startswith(FIXED) else values.get(held, "")
        for _, held in specification.fields
    ]


def with_properties(values: dict[str, str]) -> dict[str, str]:
    """The values and what Properties says of them, once all the others are settled."""
    found = [text for name, text in _PROPERTIES.items() if values.get(name) == "Y"]
    return values | {"Properties": ";".join(found)} if found else values


def _placed(specification: Specification, placed: Placed) -> dict[str, str]:
    lone = (placed.beg_attach, placed.end_attach) == (placed.beg, placed.end)
    told = not (lone and specification.lone_family == "empty")
    return {
        "BegBates": placed.beg,
        "EndBates": placed.end,
        "BegAttach": placed.beg_attach if told else "",
        "EndAttach": placed.end_attach if told else "",
        "AttachRange": f"{placed.beg_attach} - {placed.end_attach}" if told else "",
        "ParentBates": placed.parent,
        "ChildBates": ";".join(placed.children),
        "AttachmentCount": str(len(placed.children)),
        "DocID": placed.beg,
        "Custodian": placed.custodian,
        "PageCount": str(placed.pages),
        "Confidentiality": placed.legend,
        "Redacted": "N",
        "TimeZone": specification.time_zone,
        "ProdVolume": specification.name,
        "ProducingParty": specification.producing_party,
        "NativeLink": placed.native_link,
        "TextLink": placed.text_link,
        "ControlNumber": placed.control,
    }


def _described(specification: Specification, document: Described) -> dict[str, str]:
    return {
        "AttachmentNames": multiple(document.attachment_names),
        "AllCustodians": multiple(document.all_custodians),
        "FilePath": document.path,
        "AllPaths": multiple(document.all_paths),
        "IntFilePath": document.fields.folder if document.path else "",
        "FileName": document.name,
        "FileExt": document.ext,
        "MimeType": document.mime,
        "FileSize": str(document.size),
        "MD5": document.md5,
        "SHA1": document.sha1,
        "SHA256": document.sha256,
        "DedupHash": document.dedup_hash,
        "EDRMMIH": document.mih,
        "DocType": document.type,
        **_mail(document.fields, specification.names == "last-first"),
        **_file(document.fields),
        **_dates(document, specification),
    }


def _mail(fields: Fields, turned: bool) -> dict[str, str]:
    return {
        "From": people(fields.sender, turned),
        "To": people(fields.to, turned),
        "CC": people(fields.cc, turned),
        "BCC": people(fields.bcc, turned),
        "EmailSubject": fields.subject,
        "MessageID": fields.message_id,
        "InReplyTo": fields.in_reply_to,
        "ConversationIndex": fields.conversation_index,
    }


def _file(fields: Fields) -> dict[str, str]:
    return {
        "Title": fields.title,
        "Author": fields.author,
        "LastAuthor": fields.last_author,
        "Language": fields.language,
    }


def _dates(document: Described, specification: Specification) -> dict[str, str]:
    zone, fields = ZoneInfo(specification.time_zone), document.fields
    moments = {
        "Sent": fields.sent_at,
        "Received": fields.received_at,
        "Created": fields.created_at,
        "Modified": fields.modified_at or document.modified_at,
    }
    days, hours = specification.date_format, specification.time_format
    first = next((moments[each] for each in ("Sent", "Modified", "Created") if moments[each]), None)
    values = {
        "DatePrinted": date(fields.printed_at, zone, days),
        "DocDate": date(first, zone, days),
    }
    for name, moment in moments.items():
        values[f"Moment{name}"] = moment or ""  # no column: for EDRM XML, in UTC
        values[f"Date{name}"] = date(moment, zone, days)
        values[f"Time{name}"] = time(moment, zone, hours)
    return values


def multiple(values: Sequence[str]) -> str:
    """Several values as one field."""
    return ";".join(each.replace(";", ",") for each in values if each)


def people(addresses: Sequence[Address], turned: bool = False) -> str:
    """Parties of a mail as one field, as they were received, or `turned` to Last, First."""
    if turned:
        addresses = [replace(each, name=last_first(each.name)) for each in addresses]
    return multiple([str(each) for each in addresses])


def date(moment: str | None, zone: ZoneInfo, form: str = "MM/DD/YYYY") -> str:
    """The day in the zone; empty for none."""
    return DATE_FORMATS[form](_local(moment, zone)) if moment else ""


def time(moment: str | None, zone: ZoneInfo, form: str = "HH:MM:SS") -> str:
    """The time of day in the zone; empty for none."""
    return TIME_FORMATS[form](_local(moment, zone)) if moment else ""


def _local(moment: str, zone: ZoneInfo) -> dt.datetime:
    try:
        return times.parse(moment).astimezone(zone)
    except OverflowError:  # the first or last days of the calendar have no day before or after
        return times.parse(moment)


def mail_header(
    fields: Fields, attachments: Sequence[str], zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    """The lines printed above a mail's body, in order; those that it lacks are left out."""
    sent = f"{date(fields.sent_at, zone)} {time(fields.sent_at, zone)} {zone.key}"
    lines = (
        ("From", _shown(fields.sender)),
        ("To", _shown(fields.to)),
        ("CC", _shown(fields.cc)),
        ("BCC", _shown(fields.bcc)),
        ("Sent", sent if fields.sent_at else ""),
        ("Subject", fields.subject),
        ("Attachments", "; ".join(attachments)),
    )
    return tuple((label, value) for label, value in lines if value)


def _shown(addresses: Sequence[Address]) -> str:
    return "; ".join(str(each) for each in addresses)
