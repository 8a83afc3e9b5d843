"""What imaging itself writes on pages, beside what documents say and volumes are endorsed with.

One place, for the verifier of redactions must know it: such a word on the page of a document is no
leak of another document's.
"""

APPENDED = "Appended"
TITLE = "Changes, comments, notes and hidden content that this document holds"
PLAIN = "Plain text of this message, of which its formatted text does not show all"
FAILED = "This page could not be imaged"
ELSEWHERE = "a document of its own"
REMINDER = "Reminder"
SECTIONS = {
    "tracked-changes": "Tracked changes",
    "comments": "Comments",
    "speaker-notes": "Speaker's notes",
    "hidden-rows": "Hidden rows",
    "hidden-columns": "Hidden columns",
    "hidden-sheets": "Hidden sheets",
    "hidden-slides": "Hidden slides",
    "hidden-text": "Hidden text",
    "white-text": "White text",
    "off-page": "Text outside the page",
    "invisible-text": "Invisible text",
    "hidden-layers": "Hidden layers",
    "hidden-annotations": "Hidden annotations",
    "hidden-headers": "Headers and footers that no page shows",
    "hidden-names": "Hidden names",
}
ENTRIES = {
    "VEVENT": "Appointment",
    "VTODO": "Task",
    "VJOURNAL": "Journal entry",
    "VFREEBUSY": "Free and busy times",
    "VCARD": "Contact",
}
FIRST = {
    "SUMMARY": "Subject",
    "FN": "Name",
    "NICKNAME": "Nickname",
    "DTSTART": "Starts",
    "DTEND": "Ends",
    "DURATION": "Lasts",
    "DUE": "Due",
    "COMPLETED": "Completed",
    "RRULE": "Repeats",
    "EXDATE": "Except on",
    "LOCATION": "Location",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendee",
    "STATUS": "Status",
    "ORG": "Organization",
    "TITLE": "Job title",
    "ROLE": "Role",
    "EMAIL": "E-mail",
    "TEL": "Telephone",
    "ADR": "Address",
    "LABEL": "Address label",
    "BDAY": "Birthday",
    "URL": "Web page",
    "CATEGORIES": "Categories",
    "DESCRIPTION": "Description",
    "COMMENT": "Comment",
    "NOTE": "Note",
}
LATER = {
    "N": "Name in parts",
    "CREATED": "Created",
    "DTSTAMP": "Stamped",
    "LAST-MODIFIED": "Modified",
    "REV": "Revised",
    "CLASS": "Class",
    "PRIORITY": "Priority",
    "SEQUENCE": "Sequence",
    "TRANSP": "Shown as",
    "UID": "Identifier",
    "PHOTO": "Photo",
    "RECURRENCE-ID": "Instance",
    "TRIGGER": "When",
    "ACTION": "Action",
}
# Labels of a mail's head, and where something stands that a sheet behind the pages tells of.
_HEAD = "From To CC BCC Sent Subject Attachments Attachment"
_WHERE = "Page Slide Sheet row column hidden veryHidden very shape bytes Line Method"

OWN = " ".join(
    (
        *(APPENDED, TITLE, PLAIN, FAILED, ELSEWHERE, REMINDER, _HEAD, _WHERE),
        *(*SECTIONS.values(), *ENTRIES.values(), *FIRST.values(), *LATER.values()),
    )
)
"""All of it, as one text."""
