"""What items that are no mails say in their properties, as lines to be searched and read."""

import re
from collections.abc import Iterator

from ingest.entryids import party
from ingest.mapi import MULTIPLE, STRING8, TIME, UNICODE, Bag, Item, Named, Property
from ingest.properties import plain, time_of
from ingest.property_names import PUBLIC_STRINGS, lid, sound_name, tag
from records import times

# Canonical names in the order in which they are shown; "@" stands before named properties.
_CONTACT = """
    DisplayName DisplayNamePrefix GivenName MiddleName Surname Generation Initials Nickname
    @FileUnder @YomiFirstName @YomiLastName @YomiCompanyName CompanyName Title DepartmentName
    @Department OfficeLocation Profession ManagerName Assistant
    @Email1DisplayName @Email1EmailAddress @Email1OriginalDisplayName
    @Email2DisplayName @Email2EmailAddress @Email2OriginalDisplayName
    @Email3DisplayName @Email3EmailAddress @Email3OriginalDisplayName SmtpAddress EmailAddress
    @InstantMessagingAddress
    BusinessTelephoneNumber Business2TelephoneNumber HomeTelephoneNumber Home2TelephoneNumber
    MobileTelephoneNumber PrimaryTelephoneNumber CompanyMainTelephoneNumber OtherTelephoneNumber
    CarTelephoneNumber RadioTelephoneNumber PagerTelephoneNumber CallbackTelephoneNumber
    AssistantTelephoneNumber IsdnNumber TelexNumber TelecommunicationsDeviceForDeafTelephoneNumber
    PrimaryFaxNumber BusinessFaxNumber HomeFaxNumber
    @Fax1EmailAddress @Fax1OriginalDisplayName @Fax2EmailAddress @Fax2OriginalDisplayName
    @Fax3EmailAddress @Fax3OriginalDisplayName
    @WorkAddress @WorkAddressStreet @WorkAddressPostOfficeBox @WorkAddressCity @WorkAddressState
    @WorkAddressPostalCode @WorkAddressCountry @HomeAddress HomeAddressStreet
    HomeAddressPostOfficeBox HomeAddressCity HomeAddressStateOrProvince HomeAddressPostalCode
    HomeAddressCountry @OtherAddress OtherAddressStreet OtherAddressPostOfficeBox OtherAddressCity
    OtherAddressStateOrProvince OtherAddressPostalCode OtherAddressCountry PostalAddress
    StreetAddress PostOfficeBox Locality StateOrProvince PostalCode Country Location
    PersonalHomePage BusinessHomePage @Html FtpSite ComputerNetworkName @FreeBusyLocation
    Birthday WeddingAnniversary SpouseName ChildrensNames Gender Hobbies Language ReferredByName
    @ReferredBy Account CustomerId GovernmentIdNumber OrganizationalIdNumber @Billing @Mileage
    @Companies @ContactLinkName @Contacts
    @ContactUserField1 @ContactUserField2 @ContactUserField3 @ContactUserField4
"""
_APPOINTMENT = """
    @Location @Where @AppointmentStartWhole @AppointmentEndWhole @AppointmentSubType @BusyStatus
    @Recurring @RecurrencePattern @TimeZoneDescription @AllAttendeesString @ToAttendeesString
    @CcAttendeesString @RequiredAttendees @OptionalAttendees @ResourceAttendees @OwnerName
    @AppointmentReplyName @OrganizerAlias @AppointmentProposedStartWhole
    @AppointmentProposedEndWhole @OldLocation @OldWhenStartWhole @OldWhenEndWhole
    @MeetingWorkspaceUrl @NetShowUrl @Directory @CollaborateDoc @Billing @Mileage @Companies
    @ContactLinkName @Contacts
"""
_TASK = """
    @TaskStatus @PercentComplete @TaskStartDate @TaskDueDate @TaskDateCompleted @TaskOwner
    @TaskAssigner @TaskLastUser @TaskLastDelegate @TaskRole @TaskActualEffort @TaskEstimatedEffort
    @ReminderTime @RecurrencePattern @Companies @Billing @Mileage @ContactLinkName @Contacts
"""
_JOURNAL = """
    @LogType @LogTypeDesc @LogStart @LogEnd @LogDuration @Companies @Billing @Mileage
    @ContactLinkName @Contacts
"""
_REPORT = """
    OriginalSubject OriginalDisplayTo OriginalDisplayCc OriginalDisplayBcc OriginalSenderName
    OriginalSenderEmailAddress OriginalSubmitTime OriginalDeliveryTime OriginalMessageClass
    ReportName ReportTime ReceiptTime ReportText SupplementaryInfo
"""
_KINDS = {
    "contact": _CONTACT,
    "list": "DisplayName @FileUnder @DistributionListName",
    "appointment": _APPOINTMENT,
    "meeting": _APPOINTMENT,
    "task": _TASK,
    "note": "@NoteColor",
    "journal": _JOURNAL,
    "report": _REPORT,
    "post": "",
    "other": "",
}
_RECIPIENT_REPORT = """
    SupplementaryInfo ReportText NonDeliveryReportReasonCode NonDeliveryReportDiagCode
    NonDeliveryReportStatusCode RemoteMessageTransferAgent
"""
_WORDS: dict[str, tuple[str, ...]] = {
    "BusyStatus": ("free", "tentative", "busy", "out of office", "working elsewhere"),
    "TaskStatus": ("not started", "in progress", "complete", "waiting on others", "deferred"),
    "NoteColor": ("blue", "green", "pink", "yellow", "white"),
    "Gender": ("unspecified", "female", "male"),
}
_LABELS = {
    "AppointmentStartWhole": "Start", "AppointmentEndWhole": "End", "AppointmentSubType": "All day",
    "TaskStartDate": "Start", "TaskDueDate": "Due", "TaskDateCompleted": "Completed",
    "TaskStatus": "Status", "TaskOwner": "Owner", "Html": "Web page", "Surname": "Last name",
    "GivenName": "First name", "LogStart": "Start", "LogEnd": "End", "NoteColor": "Color",
    "ChildrensNames": "Children's names",
}  # fmt: skip
_MINUTES = frozenset({"TaskActualEffort", "TaskEstimatedEffort", "LogDuration"})
_SILENT = frozenset({0, ""})  # False and 0.0 are equal to 0
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Names among user-defined fields that only programs write.
_BY_PROGRAMS = ("http:", "https:", "urn:", "x-", "content-", "accept", "keywords", "dav:")


def lines_of(item: Item, kind: str) -> str:
    """Lines of label and value; nothing for mails, whose fields and body say it all."""
    if kind not in _KINDS:
        return ""
    lines = list(_listed(item.bag, _KINDS[kind]))
    if kind == "list":
        lines += _members(item.bag)
    if kind == "report":
        for each in item.recipients:
            lines += _reported(each)
    if kind != "report":
        lines += _own_fields(item.bag)
    return "\n".join(dict.fromkeys(lines))


def _listed(bag: Bag, names: str) -> Iterator[str]:
    for each in names.split():
        name = each.removeprefix("@")
        key: int | Named = lid(name) if each.startswith("@") else tag(name)
        value = _value(bag, key, name)
        if value:
            yield f"{_label(name)}: {value}"


def _label(name: str) -> str:
    return _LABELS.get(name) or _CAMEL.sub(" ", name).lower().capitalize()


def _value(bag: Bag, key: int | Named, name: str) -> str:
    found = bag.find(key)
    if found is None:
        return ""
    if isinstance(found.data, tuple):
        base = found.type & ~MULTIPLE
        pieces = (_one(Property(found.id, base, each), bag, name) for each in found.data)
        return "; ".join(each for each in pieces if each)
    return _one(found, bag, name)


def _one(found: Property, bag: Bag, name: str) -> str:
    if found.type == TIME and isinstance(found.data, bytes):
        moment = time_of(found.data)
        return "" if moment is None else times.stamp(moment)
    value = plain(found, bag)
    words = _WORDS.get(name)
    if words is not None and isinstance(value, int) and 0 <= value < len(words):
        return words[value]
    if value is None or value in _SILENT:
        return ""
    if name == "PercentComplete" and isinstance(value, float):
        return f"{value:.0%}"
    if name in _MINUTES:
        return f"{value} minutes"
    if isinstance(value, bool):
        return "yes"
    return "\n".join(str(value).splitlines()).strip()


def _members(bag: Bag) -> Iterator[str]:
    """Members of a distribution list: those stated with their addresses, else what can be read."""
    for name in ("DistributionListOneOffMembers", "DistributionListMembers"):
        found = bag.find(lid(name))
        if found is None:
            continue
        data = found.data if isinstance(found.data, tuple) else (found.data,)
        for each in data:
            member = party(each, bag.codepage)
            if member is not None and (member.name or member.address):
                yield f"Member: {member.name} <{member.address}>".replace(" <>", "")


def _reported(bag: Bag) -> Iterator[str]:
    """What a report says of one recipient."""
    said = list(_listed(bag, _RECIPIENT_REPORT))
    if said:
        name = bag.text(tag("DisplayName"))
        address = bag.text(tag("SmtpAddress")) or bag.text(tag("EmailAddress"))
        yield f"Recipient: {name} <{address}>".replace(" <>", "")
        yield from said


def _own_fields(bag: Bag) -> Iterator[str]:
    """Fields that users or forms added, by their own names."""
    for each in bag:
        named = each.named
        if (
            named is None
            or named.guid != PUBLIC_STRINGS
            or not isinstance(named.name, str)
            or each.type & ~MULTIPLE not in (STRING8, UNICODE)
            or named.name.lower().startswith(_BY_PROGRAMS)
        ):
            continue
        value = _value(bag, named, named.name)
        if value:
            yield f"{sound_name(named.name)}: {value}"
