"""What the elements of Outlook for Mac archives are as properties of Outlook's."""

from enum import Enum

from ingest.mapi import Named
from ingest.property_names import APPOINTMENT, TASK

CLASSES = {
    "email": "IPM.Note",
    "contact": "IPM.Contact",
    "appointment": "IPM.Appointment",
    "task": "IPM.Task",
    "note": "IPM.StickyNote",
    "group": "IPM.DistList",
}
"""The elements that are items, and their message classes."""


class Kind(Enum):
    """How an element says its value."""

    TEXT = "text"
    TIME = "time"
    HTML = "html"
    BASE64 = "base64"
    BOOLEAN = "boolean"
    MESSAGE_ID = "message-id"


type Target = tuple[int | Named, Kind]
MAPPED: dict[str, tuple[Target, ...]] = {
    "OPFMessageCopySubject": ((0x0037, Kind.TEXT),),
    "OPFMessageCopyBody": ((0x1000, Kind.TEXT),),
    "OPFMessageCopyHTMLBody": ((0x1013, Kind.HTML),),
    "OPFMessageCopySentTime": ((0x0039, Kind.TIME),),
    "OPFMessageCopyReceivedTime": ((0x0E06, Kind.TIME),),
    "OPFMessageCopyModDate": ((0x3008, Kind.TIME),),
    "OPFMessageCopyMessageID": ((0x1035, Kind.MESSAGE_ID),),
    "OPFMessageCopyInReplyTo": ((0x1042, Kind.MESSAGE_ID),),
    "OPFMessageCopyReferences": ((0x1039, Kind.MESSAGE_ID),),
    "OPFMessageCopyThreadTopic": ((0x0070, Kind.TEXT),),
    "OPFMessageCopyThreadIndex": ((0x0071, Kind.BASE64),),
    "OPFContactCopyDisplayName": ((0x3001, Kind.TEXT), (0x0037, Kind.TEXT)),
    "OPFContactCopyFirstName": ((0x3A06, Kind.TEXT),),
    "OPFContactCopyMiddleName": ((0x3A44, Kind.TEXT),),
    "OPFContactCopyLastName": ((0x3A11, Kind.TEXT),),
    "OPFContactCopyNickName": ((0x3A4F, Kind.TEXT),),
    "OPFContactCopyBusinessCompany": ((0x3A16, Kind.TEXT),),
    "OPFContactCopyBusinessTitle": ((0x3A17, Kind.TEXT),),
    "OPFContactCopyBusinessDepartment": ((0x3A18, Kind.TEXT),),
    "OPFContactCopyBusinessOffice": ((0x3A19, Kind.TEXT),),
    "OPFContactCopyBusinessPhone": ((0x3A08, Kind.TEXT),),
    "OPFContactCopyHomePhone": ((0x3A09, Kind.TEXT),),
    "OPFContactCopyCellPhone": ((0x3A1C, Kind.TEXT),),
    "OPFContactCopyBusinessFax": ((0x3A24, Kind.TEXT),),
    "OPFContactCopyHomeFax": ((0x3A25, Kind.TEXT),),
    "OPFContactCopyNotesPlain": ((0x1000, Kind.TEXT),),
    "OPFContactCopyNotes": ((0x1013, Kind.HTML),),
    "OPFContactCopyModDate": ((0x3008, Kind.TIME),),
    "OPFCalendarEventCopySummary": ((0x0037, Kind.TEXT),),
    "OPFCalendarEventCopyLocation": ((Named(APPOINTMENT, 0x8208), Kind.TEXT),),
    "OPFCalendarEventCopyStartTime": ((Named(APPOINTMENT, 0x820D), Kind.TIME), (0x0060, Kind.TIME)),
    "OPFCalendarEventCopyEndTime": ((Named(APPOINTMENT, 0x820E), Kind.TIME), (0x0061, Kind.TIME)),
    "OPFCalendarEventGetIsAllDayEvent": ((Named(APPOINTMENT, 0x8215), Kind.BOOLEAN),),
    "OPFCalendarEventCopyDescriptionPlain": ((0x1000, Kind.TEXT),),
    "OPFCalendarEventCopyDescription": ((0x1013, Kind.HTML),),
    "OPFCalendarEventCopyModDate": ((0x3008, Kind.TIME),),
    "OPFTaskCopyName": ((0x0037, Kind.TEXT),),
    "OPFTaskCopyNotePlain": ((0x1000, Kind.TEXT),),
    "OPFTaskCopyNote": ((0x1013, Kind.HTML),),
    "OPFTaskCopyStartDateTime": ((Named(TASK, 0x8104), Kind.TIME),),
    "OPFTaskCopyDueDateTime": ((Named(TASK, 0x8105), Kind.TIME),),
    "OPFTaskCopyCompletedDateTime": ((Named(TASK, 0x810F), Kind.TIME),),
    "OPFTaskCopyModDate": ((0x3008, Kind.TIME),),
    "OPFNoteCopyTitle": ((0x0037, Kind.TEXT),),
    "OPFNoteCopyText": ((0x1000, Kind.TEXT),),
    "OPFNoteCopyCreationDate": ((0x3007, Kind.TIME),),
    "OPFNoteCopyModDate": ((0x3008, Kind.TIME),),
    "OPFGroupCopyDisplayName": ((0x3001, Kind.TEXT), (0x0037, Kind.TEXT)),
}
"""Elements and the properties that they are; a time without a zone is in UTC."""
