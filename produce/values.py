"""The values of a load-file row, by the field list of a typical ESI protocol.

Dates are MM/DD/YYYY and times HH:MM:SS in the production's zone, which the TimeZone field names.
Values of one field are parted by `;`, and one inside a value becomes a comma.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from produce.specification import Specification
from records import times
from records.fields import Address, Fields

HEADER = (
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "ParentBates", "ChildBates"),
    *("AttachmentNames", "AttachmentCount", "Custodian", "AllCustodians", "FilePath", "AllPaths"),
    *("From", "To", "CC", "BCC", "EmailSubject", "DateSent", "TimeSent", "DateReceived"),
    *("TimeReceived", "MessageID", "InReplyTo", "ConversationIndex", "EDRMMIH", "FileName"),
    *("FileExt", "Title", "Author", "LastAuthor", "DateCreated", "TimeCreated", "DateModified"),
    *("TimeModified", "DatePrinted", "FileSize", "PageCount", "MD5", "SHA1", "SHA256"),
    *("DedupHash", "Confidentiality", "Redacted", "Withheld", "PrivReason", "DocType"),
    *("Language", "TimeZone", "ProdVolume", "NativeLink", "TextLink", "ControlNumber"),
)


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
    native_link: str
    text_link: str


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a document that is not withheld."""

    name: str
    ext: str
    type: str
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


def row(specification: Specification, placed: Placed, described: Described | None) -> list[str]:
    """The values of one document in the order of `HEADER`; None describes a withheld one."""
    values = _placed(specification, placed)
    if described is None:
        values |= {"Withheld": "Y", "PrivReason": "Privileged"}
    else:
        values |= {"Withheld": "N"} | _described(specification, described)
    return [values.get(name, "") for name in HEADER]


def _placed(specification: Specification, placed: Placed) -> dict[str, str]:
    return {
        "BegBates": placed.beg,
        "EndBates": placed.end,
        "BegAttach": placed.beg_attach,
        "EndAttach": placed.end_attach,
        "ParentBates": placed.parent,
        "ChildBates": ";".join(placed.children),
        "AttachmentCount": str(len(placed.children)),
        "Custodian": placed.custodian,
        "PageCount": str(placed.pages),
        "Confidentiality": specification.legend,
        "Redacted": "N",
        "TimeZone": specification.time_zone,
        "ProdVolume": specification.name,
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
        "FileName": document.name,
        "FileExt": document.ext,
        "FileSize": str(document.size),
        "MD5": document.md5,
        "SHA1": document.sha1,
        "SHA256": document.sha256,
        "DedupHash": document.dedup_hash,
        "EDRMMIH": document.mih,
        "DocType": document.type,
        **_mail(document.fields),
        **_file(document.fields),
        **_dates(document, ZoneInfo(specification.time_zone)),
    }


def _mail(fields: Fields) -> dict[str, str]:
    return {
        "From": people(fields.sender),
        "To": people(fields.to),
        "CC": people(fields.cc),
        "BCC": people(fields.bcc),
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


def _dates(document: Described, zone: ZoneInfo) -> dict[str, str]:
    fields = document.fields
    moments = {
        "Sent": fields.sent_at,
        "Received": fields.received_at,
        "Created": fields.created_at,
        "Modified": fields.modified_at or document.modified_at,
    }
    values = {"DatePrinted": date(fields.printed_at, zone)}
    for name, moment in moments.items():
        values[f"Date{name}"] = date(moment, zone)
        values[f"Time{name}"] = time(moment, zone)
    return values


def multiple(values: Sequence[str]) -> str:
    """Several values as one field."""
    return ";".join(each.replace(";", ",") for each in values if each)


def people(addresses: Sequence[Address]) -> str:
    """Parties of a mail as one field, as they were received."""
    return multiple([str(each) for each in addresses])


def date(moment: str | None, zone: ZoneInfo) -> str:
    """The day in the zone, MM/DD/YYYY; empty for none."""
    if not moment:
        return ""
    local = _local(moment, zone)
    return f"{local.month:02}/{local.day:02}/{local.year:04}"  # %Y does not pad every year


def time(moment: str | None, zone: ZoneInfo) -> str:
    """The time of day in the zone, HH:MM:SS; empty for none."""
    return f"{_local(moment, zone):%H:%M:%S}" if moment else ""


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
