"""The fields that a load file can have, by the names of a typical ESI protocol.

A specification gives each its column: `FIRSTBATES = "BegBates"`. A column can hold a fixed text
too: `COMPANY = "=Kestrel Ltd"`.
"""

FIXED = "="

STANDARD: dict[str, str] = {
    "BegBates": "first number of the document",
    "EndBates": "last number of the document",
    "BegAttach": "first number of its family",
    "EndAttach": "last number of its family",
    "AttachRange": "first and last number of its family: ABC0000001 - ABC0000009",
    "ParentBates": "first number of its parent; empty for a parent",
    "ChildBates": "first numbers of its attachments; empty for an attachment without any",
    "AttachmentNames": "names of its attachments",
    "AttachmentCount": "how many attachments it has in the set",
    "DocID": "as BegBates",
    "Custodian": "custodian it was collected from",
    "AllCustodians": "custodians of it and of its suppressed copies",
    "FilePath": "where it lay when it was collected",
    "AllPaths": "where it and its suppressed copies lay",
    "IntFilePath": "the folder in its mailbox",
    "From": "sender",
    "To": "recipients",
    "CC": "copied",
    "BCC": "blind-copied",
    "EmailSubject": "subject of a mail",
    "DateSent": "day it was sent",
    "TimeSent": "time of day it was sent",
    "DateReceived": "day it was received",
    "TimeReceived": "time of day it was received",
    "MessageID": "Message-ID of a mail",
    "InReplyTo": "Message-ID of the mail it answers",
    "ConversationIndex": "Outlook's conversation index",
    "EDRMMIH": "EDRM message identification hash",
    "FileName": "name as received",
    "FileExt": "extension as received",
    "MimeType": "media type by its content",
    "Title": "title from its properties",
    "Author": "author from its properties",
    "LastAuthor": "who saved it last",
    "DocDate": "day it was sent, else last changed, else made",
    "DateCreated": "day it was made",
    "TimeCreated": "time of day it was made",
    "DateModified": "day it was last changed",
    "TimeModified": "time of day it was last changed",
    "DatePrinted": "day it was last printed",
    "DateAccessed": "always empty: collecting and copying change it, so it is not recorded",
    "FileSize": "bytes of the file",
    "PageCount": "pages in the set",
    "MD5": "MD5 of the original file",
    "SHA1": "SHA-1 of the original file",
    "SHA256": "SHA-256 of the original file",
    "DedupHash": "what duplicates were told by",
    "Confidentiality": "legend on its pages",
    "Redacted": "Y or N",
    "Withheld": "Y or N",
    "PrivReason": "why it is withheld",
    "Properties": "Document Withheld Based On Privilege; Redacted",
    "DocType": "kind of file by its content",
    "Language": "language that the file states",
    "TimeZone": "zone of the dates",
    "ProdVolume": "name of the volume",
    "ProducingParty": "who produces",
    "NativeLink": "path of the native",
    "TextLink": "path of the text",
    "ControlNumber": "number in the case",
}

ESI = (
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "ParentBates", "ChildBates"),
    *("AttachmentNames", "AttachmentCount", "Custodian", "AllCustodians", "FilePath", "AllPaths"),
    *("From", "To", "CC", "BCC", "EmailSubject", "DateSent", "TimeSent", "DateReceived"),
    *("TimeReceived", "MessageID", "InReplyTo", "ConversationIndex", "EDRMMIH", "FileName"),
    *("FileExt", "Title", "Author", "LastAuthor", "DateCreated", "TimeCreated", "DateModified"),
    *("TimeModified", "DatePrinted", "FileSize", "PageCount", "MD5", "SHA1", "SHA256"),
    *("DedupHash", "Confidentiality", "Redacted", "Withheld", "PrivReason", "DocType"),
    *("Language", "TimeZone", "ProdVolume", "NativeLink", "TextLink", "ControlNumber"),
)

DEFAULT: tuple[tuple[str, str], ...] = tuple((name, name) for name in ESI)
"""Columns and what they hold, where a specification says nothing."""

DATES = frozenset(
    {*("DateSent", "DateReceived", "DateCreated", "DateModified", "DatePrinted", "DocDate")}
)
TIMES = frozenset({"TimeSent", "TimeReceived", "TimeCreated", "TimeModified"})


def refused(columns: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """What no load file could have among its columns: each column with the reason."""
    found = []
    seen: set[str] = set()
    for column, held in columns:
        if not column or not column.isprintable() or set(column) & {"\u00fe", "\u00ae", ";"}:
            found.append((column, "a column's name is printable and holds no thorn, ® or ;"))
        if column.casefold() in seen:
            found.append((column, "stands twice"))
        seen.add(column.casefold())
        if not held.startswith(FIXED) and held not in STANDARD:
            found.append((column, f"{held!r} is no field; {_near(held)}"))
    missing = {"BegBates", "EndBates"} - {held for _, held in columns}
    found += [("", f"no column holds {each}") for each in sorted(missing)]
    return found


def _near(name: str) -> str:
    like = [each for each in STANDARD if each.casefold() == name.casefold()]
    return f"write {like[0]}" if like else "docs/production-keys.md lists them"
