"""Names of well-known properties of Outlook and Exchange ([MS-OXPROPS] section 2)."""

from uuid import UUID

from ingest.mapi import Named

# Id, and the canonical name behind "PidTag".
_TAGS = """
    0002 AlternateRecipientAllowed 0004 AutoForwardComment 0005 AutoForwarded 0007 ContentCorrelator
    000F DeferredDeliveryTime 0010 DeliverTime 0015 ExpiryTime 0017 Importance 001A MessageClass
    0023 OriginatorDeliveryReportRequested 0025 ParentKey 0026 Priority 0029 ReadReceiptRequested
    002A ReceiptTime 002B RecipientReassignmentProhibited 002E OriginalSensitivity 0030 ReplyTime
    0031 ReportTag 0032 ReportTime 0036 Sensitivity 0037 Subject 0039 ClientSubmitTime
    003A ReportName 003B SentRepresentingSearchKey 003D SubjectPrefix 003F ReceivedByEntryId
    0040 ReceivedByName 0041 SentRepresentingEntryId 0042 SentRepresentingName
    0043 ReceivedRepresentingEntryId 0044 ReceivedRepresentingName 0045 ReportEntryId
    0046 ReadReceiptEntryId 0047 MessageSubmissionId 0049 OriginalSubject 004B OriginalMessageClass
    004C OriginalAuthorEntryId 004D OriginalAuthorName 004E OriginalSubmitTime
    004F ReplyRecipientEntries 0050 ReplyRecipientNames 0051 ReceivedBySearchKey
    0052 ReceivedRepresentingSearchKey 0053 ReadReceiptSearchKey 0054 ReportSearchKey
    0055 OriginalDeliveryTime 0057 MessageToMe 0058 MessageCcMe 0059 MessageRecipientMe
    005A OriginalSenderName 005B OriginalSenderEntryId 005C OriginalSenderSearchKey
    005D OriginalSentRepresentingName 005E OriginalSentRepresentingEntryId
    005F OriginalSentRepresentingSearchKey 0060 StartDate 0061 EndDate 0062 OwnerAppointmentId
    0063 ResponseRequested 0064 SentRepresentingAddressType 0065 SentRepresentingEmailAddress
    0066 OriginalSenderAddressType 0067 OriginalSenderEmailAddress
    0068 OriginalSentRepresentingAddressType 0069 OriginalSentRepresentingEmailAddress
    0070 ConversationTopic 0071 ConversationIndex 0072 OriginalDisplayBcc 0073 OriginalDisplayCc
    0074 OriginalDisplayTo 0075 ReceivedByAddressType 0076 ReceivedByEmailAddress
    0077 ReceivedRepresentingAddressType 0078 ReceivedRepresentingEmailAddress
    007D TransportMessageHeaders 007F TnefCorrelationKey 0080 ReportDisposition
    0081 ReportDispositionMode 0C04 NonDeliveryReportReasonCode 0C05 NonDeliveryReportDiagCode
    0C06 NonReceiptNotificationRequested 0C08 OriginatorNonDeliveryReportRequested
    0C15 RecipientType 0C17 ReplyRequested 0C19 SenderEntryId 0C1A SenderName 0C1B SupplementaryInfo
    0C1D SenderSearchKey 0C1E SenderAddressType 0C1F SenderEmailAddress
    0C20 NonDeliveryReportStatusCode 0C21 RemoteMessageTransferAgent 0E01 DeleteAfterSubmit
    0E02 DisplayBcc 0E03 DisplayCc 0E04 DisplayTo 0E05 ParentDisplay 0E06 MessageDeliveryTime
    0E07 MessageFlags 0E08 MessageSize 0E09 ParentEntryId 0E0A SentMailEntryId 0E0F Responsibility
    0E12 MessageRecipients 0E13 MessageAttachments 0E14 SubmitFlags 0E17 MessageStatus
    0E1B HasAttachments 0E1D NormalizedSubject 0E1F RtfInSync 0E20 AttachSize 0E21 AttachNumber
    0E23 InternetArticleNumber 0E28 PrimarySendAccount 0E29 NextSendAcct 0E2B ToDoItemFlags
    0E2C SwappedToDoStore 0E2D SwappedToDoData 0E69 Read 0E6A SecurityDescriptorAsXml
    0E79 TrustSender 0E99 ExtendedRuleMessageActions 0FF4 Access 0FF5 RowType 0FF6 InstanceKey
    0FF7 AccessLevel 0FF8 MappingSignature 0FF9 RecordKey 0FFA StoreRecordKey 0FFB StoreEntryId
    0FFE ObjectType 0FFF EntryId 1000 Body 1001 ReportText
    1002 OriginatorAndDistributionListExpansionHistory 1006 RtfSyncBodyCrc 1007 RtfSyncBodyCount
    1008 RtfSyncBodyTag 1009 RtfCompressed 1010 RtfSyncPrefixCount 1011 RtfSyncTrailingCount
    1013 Html 1014 BodyContentLocation 1015 BodyContentId 1016 NativeBody 1035 InternetMessageId
    1039 InternetReferences 1042 InReplyToId 1043 ListHelp 1044 ListSubscribe 1045 ListUnsubscribe
    1046 OriginalMessageId 1080 IconIndex 1081 LastVerbExecuted 1082 LastVerbExecutionTime
    1090 FlagStatus 1091 FlagCompleteTime 1095 FollowupIcon 1096 BlockStatus 1097 ItemTemporaryFlags
    10C3 ICalendarStartTime 10C4 ICalendarEndTime 10C5 CdoRecurrenceid
    10CA ICalendarReminderNextTime 10F2 DisableFullFidelity 10F3 UrlCompName 10F4 AttributeHidden
    10F5 AttributeSystem 10F6 AttributeReadOnly 3000 RowId 3001 DisplayName 3002 AddressType
    3003 EmailAddress 3004 Comment 3005 Depth 3007 CreationTime 3008 LastModificationTime
    300B SearchKey 3010 TargetEntryId 3013 ConversationId 3014 BodyTag
    3016 ConversationIndexTracking 3018 ArchiveTag 3019 PolicyTag 301A RetentionPeriod
    301B StartDateEtc 301C RetentionDate 301D RetentionFlags 301E ArchivePeriod 301F ArchiveDate
    340D StoreSupportMask 340E StoreState 3701 AttachDataBinary 3702 AttachEncoding
    3703 AttachExtension 3704 AttachFilename 3705 AttachMethod 3707 AttachLongFilename
    3708 AttachPathname 3709 AttachRendering 370A AttachTag 370B RenderingPosition
    370C AttachTransportName 370D AttachLongPathname 370E AttachMimeTag
    370F AttachAdditionalInformation 3711 AttachContentBase 3712 AttachContentId
    3713 AttachContentLocation 3714 AttachFlags 3719 AttachPayloadProviderGuidString
    371A AttachPayloadClass 371B TextAttachmentCharset 3900 DisplayType 3902 Templateid
    3905 DisplayTypeEx 39FE SmtpAddress 39FF AddressBookDisplayNamePrintable 3A00 Account
    3A02 CallbackTelephoneNumber 3A05 Generation 3A06 GivenName 3A07 GovernmentIdNumber
    3A08 BusinessTelephoneNumber 3A09 HomeTelephoneNumber 3A0A Initials 3A0B Keyword 3A0C Language
    3A0D Location 3A0E MailPermission 3A0F MessageHandlingSystemCommonName
    3A10 OrganizationalIdNumber 3A11 Surname 3A12 OriginalEntryId 3A13 OriginalDisplayName
    3A14 OriginalSearchKey 3A15 PostalAddress 3A16 CompanyName 3A17 Title 3A18 DepartmentName
    3A19 OfficeLocation 3A1A PrimaryTelephoneNumber 3A1B Business2TelephoneNumber
    3A1C MobileTelephoneNumber 3A1D RadioTelephoneNumber 3A1E CarTelephoneNumber
    3A1F OtherTelephoneNumber 3A20 TransmittableDisplayName 3A21 PagerTelephoneNumber
    3A22 UserCertificate 3A23 PrimaryFaxNumber 3A24 BusinessFaxNumber 3A25 HomeFaxNumber
    3A26 Country 3A27 Locality 3A28 StateOrProvince 3A29 StreetAddress 3A2A PostalCode
    3A2B PostOfficeBox 3A2C TelexNumber 3A2D IsdnNumber 3A2E AssistantTelephoneNumber
    3A2F Home2TelephoneNumber 3A30 Assistant 3A40 SendRichInfo 3A41 WeddingAnniversary 3A42 Birthday
    3A43 Hobbies 3A44 MiddleName 3A45 DisplayNamePrefix 3A46 Profession 3A47 ReferredByName
    3A48 SpouseName 3A49 ComputerNetworkName 3A4A CustomerId
    3A4B TelecommunicationsDeviceForDeafTelephoneNumber 3A4C FtpSite 3A4D Gender 3A4E ManagerName
    3A4F Nickname 3A50 PersonalHomePage 3A51 BusinessHomePage 3A57 CompanyMainTelephoneNumber
    3A58 ChildrensNames 3A59 HomeAddressCity 3A5A HomeAddressCountry 3A5B HomeAddressPostalCode
    3A5C HomeAddressStateOrProvince 3A5D HomeAddressStreet 3A5E HomeAddressPostOfficeBox
    3A5F OtherAddressCity 3A60 OtherAddressCountry 3A61 OtherAddressPostalCode
    3A62 OtherAddressStateOrProvince 3A63 OtherAddressStreet 3A64 OtherAddressPostOfficeBox
    3A70 UserX509Certificate 3A71 SendInternetEncoding 3F08 InitialDetailsPane 3FDE InternetCodepage
    3FDF AutoResponseSuppress 3FE3 DelegatedByRule 3FE7 ResolveMethod 3FEA HasDeferredActionMessages
    3FF1 MessageLocaleId 3FF8 CreatorName 3FF9 CreatorEntryId 3FFA LastModifierName
    3FFB LastModifierEntryId 3FFD MessageCodepage 4019 SenderFlags 401A SentRepresentingFlags
    401B ReceivedByFlags 401C ReceivedRepresentingFlags 4022 CreatorAddressType
    4023 CreatorEmailAddress 4025 LastModifierAddressType 4026 LastModifierEmailAddress
    4030 SenderSimpleDisplayName 4031 SentRepresentingSimpleDisplayName
    4038 CreatorSimpleDisplayName 4039 LastModifierSimpleDisplayName 4059 CreatorFlags
    405A LastModifierFlags 4076 ContentFilterSpamConfidenceLevel 4079 SenderIdStatus 4082 HierRev
    4083 PurportedSenderDomain 5902 InternetMailOverrideFormat 5909 MessageEditorFormat
    5D01 SenderSmtpAddress 5D02 SentRepresentingSmtpAddress 5D05 ReadReceiptSmtpAddress
    5D07 ReceivedBySmtpAddress 5D08 ReceivedRepresentingSmtpAddress 5FDE RecipientResourceState
    5FDF RecipientOrder 5FE1 RecipientProposed 5FE3 RecipientProposedStartTime
    5FE4 RecipientProposedEndTime 5FF6 RecipientDisplayName 5FF7 RecipientEntryId
    5FFB RecipientTrackStatusTime 5FFD RecipientFlags 5FFF RecipientTrackStatus 65C2 ReplyTemplateId
    65E0 SourceKey 65E1 ParentSourceKey 65E2 ChangeKey 65E3 PredecessorChangeList
    65E9 RuleMessageState 65EB RuleMessageProvider 661D OutOfOfficeState 6619 UserEntryId
    6740 SentMailSvrEID 6748 FolderId 674A Mid 674D InstID 674E InstanceNum 67A4 ChangeNumber
    67AA Associated 6800 OfflineAddressBookName 7001 ViewDescriptorBinary 7C06 RoamingDatatypes
    7C07 RoamingDictionary 7C08 RoamingXmlStream 7D01 Processed 7FF9 ExceptionReplaceTime
    7FFA AttachmentLinkId 7FFB ExceptionStartTime 7FFC ExceptionEndTime 7FFD AttachmentFlags
    7FFE AttachmentHidden 7FFF AttachmentContactPhoto
"""

COMMON = UUID("00062008-0000-0000-c000-000000000046")
APPOINTMENT = UUID("00062002-0000-0000-c000-000000000046")
TASK = UUID("00062003-0000-0000-c000-000000000046")
ADDRESS = UUID("00062004-0000-0000-c000-000000000046")
LOG = UUID("0006200a-0000-0000-c000-000000000046")
NOTE = UUID("0006200e-0000-0000-c000-000000000046")
SHARING = UUID("00062040-0000-0000-c000-000000000046")
MEETING = UUID("6ed8da90-450b-101b-98da-00aa003f1305")
PUBLIC_STRINGS = UUID("00020329-0000-0000-c000-000000000046")
INTERNET_HEADERS = UUID("00020386-0000-0000-c000-000000000046")

# Id, and the canonical name behind "PidLid", set by set.
_NAMED: dict[UUID, str] = {
    COMMON: """
        8501 ReminderDelta 8502 ReminderTime 8503 ReminderSet 8505 ReminderTimeTime 8506 Private
        850E AgingDontAgeMe 8510 SideEffects 8511 RemoteStatus 8514 SmartNoAttach 8516 CommonStart
        8517 CommonEnd 8518 TaskMode 8519 TaskGlobalId 851A AutoProcessState 851C ReminderOverride
        851D ReminderType 851E ReminderPlaySound 851F ReminderFileParameter 8520 VerbStream
        8524 VerbResponse 8530 FlagRequest 8534 Mileage 8535 Billing 8536 NonSendableTo
        8537 NonSendableCc 8538 NonSendableBcc 8539 Companies 853A Contacts
        8540 PropertyDefinitionStream 8541 ScriptStream 8542 CustomFlag 8543 NonSendToTrackStatus
        8544 NonSendCcTrackStatus 8545 NonSendBccTrackStatus 8552 CurrentVersion
        8554 CurrentVersionName 8560 ReminderSignalTime 8580 InternetAccountName
        8581 InternetAccountStamp 8582 UseTnef 8584 ContactLinkSearchKey 8585 ContactLinkEntry
        8586 ContactLinkName 859C SpamOriginalFolder 85A0 ToDoOrdinalDate 85A1 ToDoSubOrdinal
        85A4 ToDoTitle 85B1 InfoPathFormName 85B5 Classified 85B6 Classification
        85B7 ClassificationDescription 85B8 ClassificationGuid 85BA ClassificationKeep
        85BD ReferenceEntryId 85BF ValidFlagStringProof 85C0 FlagString
        85C6 ConversationActionMoveFolderEid 85C7 ConversationActionMoveStoreEid
        85C8 ConversationActionMaxDeliveryTime 85C9 ConversationProcessed
        85CA ConversationActionLastAppliedTime 85CB ConversationActionVersion 85CC ServerProcessed
        85CD ServerProcessingActions 85EB PendingStateForSiteMailboxDocument
    """,
    APPOINTMENT: """
        8200 SendMeetingAsIcal 8201 AppointmentSequence 8202 AppointmentSequenceTime
        8203 AppointmentLastSequence 8204 ChangeHighlight 8205 BusyStatus 8206 FExceptionalBody
        8207 AppointmentAuxiliaryFlags 8208 Location 8209 MeetingWorkspaceUrl 820A ForwardInstance
        820C LinkedTaskItems 820D AppointmentStartWhole 820E AppointmentEndWhole
        820F AppointmentStartTime 8210 AppointmentEndTime 8211 AppointmentEndDate
        8212 AppointmentStartDate 8213 AppointmentDuration 8214 AppointmentColor
        8215 AppointmentSubType 8216 AppointmentRecur 8217 AppointmentStateFlags 8218 ResponseStatus
        8220 AppointmentReplyTime 8223 Recurring 8224 IntendedBusyStatus 8226 AppointmentUpdateTime
        8228 ExceptionReplaceTime 8229 FInvited 822B FExceptionalAttendees 822E OwnerName
        822F FOthersAppointment 8230 AppointmentReplyName 8231 RecurrenceType 8232 RecurrencePattern
        8233 TimeZoneStruct 8234 TimeZoneDescription 8235 ClipStart 8236 ClipEnd
        8237 OriginalStoreEntryId 8238 AllAttendeesString 823A AutoFillLocation
        823B ToAttendeesString 823C CcAttendeesString 8240 ConferencingCheck 8241 ConferencingType
        8242 Directory 8243 OrganizerAlias 8244 AutoStartCheck 8246 AllowExternalCheck
        8247 CollaborateDoc 8248 NetShowUrl 8249 OnlinePassword 8250 AppointmentProposedStartWhole
        8251 AppointmentProposedEndWhole 8256 AppointmentProposedDuration
        8257 AppointmentCounterProposal 8259 AppointmentProposalNumber
        825A AppointmentNotAllowPropose 825E AppointmentTimeZoneDefinitionStartDisplay
        825F AppointmentTimeZoneDefinitionEndDisplay 8260 AppointmentTimeZoneDefinitionRecur
    """,
    MEETING: """
        0001 AttendeeCriticalChange 0002 Where 0003 GlobalObjectId 0004 IsSilent 0005 IsRecurring
        0006 RequiredAttendees 0007 OptionalAttendees 0008 ResourceAttendees 0009 DelegateMail
        000A IsException 000C TimeZone 000D StartRecurrenceDate 000E StartRecurrenceTime
        000F EndRecurrenceDate 0010 EndRecurrenceTime 0011 DayInterval 0012 WeekInterval
        0013 MonthInterval 0014 YearInterval 0017 OldRecurrenceType 001A OwnerCriticalChange
        001C CalendarType 0023 CleanGlobalObjectId 0024 AppointmentMessageClass 0026 MeetingType
        0028 OldLocation 0029 OldWhenStartWhole 002A OldWhenEndWhole
    """,
    TASK: """
        8101 TaskStatus 8102 PercentComplete 8103 TeamTask 8104 TaskStartDate 8105 TaskDueDate
        8107 TaskResetReminder 8108 TaskAccepted 8109 TaskDeadOccurrence 810F TaskDateCompleted
        8110 TaskActualEffort 8111 TaskEstimatedEffort 8112 TaskVersion 8113 TaskState
        8115 TaskLastUpdate 8116 TaskRecurrence 8117 TaskAssigners 8119 TaskStatusOnComplete
        811A TaskHistory 811B TaskUpdates 811C TaskComplete 811E TaskFCreator 811F TaskOwner
        8120 TaskMultipleRecipients 8121 TaskAssigner 8122 TaskLastUser 8123 TaskOrdinal
        8124 TaskNoCompute 8125 TaskLastDelegate 8126 TaskFRecurring 8127 TaskRole
        8129 TaskOwnership 812A TaskAcceptanceState 812C TaskFFixOffline 8139 TaskCustomFlags
    """,
    ADDRESS: """
        8005 FileUnder 8006 FileUnderId 8007 ContactItemData 800E ReferredBy 8010 Department
        8015 HasPicture 801A HomeAddress 801B WorkAddress 801C OtherAddress 8022 PostalAddressId
        8023 ContactCharacterSet 8025 AutoLog 8026 FileUnderList 8028 AddressBookProviderEmailList
        8029 AddressBookProviderArrayType 802B Html 802C YomiFirstName 802D YomiLastName
        802E YomiCompanyName 8040 BusinessCardDisplayDefinition 8041 BusinessCardCardPicture
        8045 WorkAddressStreet 8046 WorkAddressCity 8047 WorkAddressState 8048 WorkAddressPostalCode
        8049 WorkAddressCountry 804A WorkAddressPostOfficeBox 804C DistributionListChecksum
        804D BirthdayEventEntryId 804E AnniversaryEventEntryId 804F ContactUserField1
        8050 ContactUserField2 8051 ContactUserField3 8052 ContactUserField4
        8053 DistributionListName 8054 DistributionListOneOffMembers 8055 DistributionListMembers
        8062 InstantMessagingAddress 8064 DistributionListStream 8080 Email1DisplayName
        8082 Email1AddressType 8083 Email1EmailAddress 8084 Email1OriginalDisplayName
        8085 Email1OriginalEntryId 8090 Email2DisplayName 8092 Email2AddressType
        8093 Email2EmailAddress 8094 Email2OriginalDisplayName 8095 Email2OriginalEntryId
        80A0 Email3DisplayName 80A2 Email3AddressType 80A3 Email3EmailAddress
        80A4 Email3OriginalDisplayName 80A5 Email3OriginalEntryId 80B2 Fax1AddressType
        80B3 Fax1EmailAddress 80B4 Fax1OriginalDisplayName 80B5 Fax1OriginalEntryId
        80C2 Fax2AddressType 80C3 Fax2EmailAddress 80C4 Fax2OriginalDisplayName
        80C5 Fax2OriginalEntryId 80D2 Fax3AddressType 80D3 Fax3EmailAddress
        80D4 Fax3OriginalDisplayName 80D5 Fax3OriginalEntryId 80D8 FreeBusyLocation
        80DA HomeAddressCountryCode 80DB WorkAddressCountryCode 80DC OtherAddressCountryCode
        80DD AddressCountryCode 80DE BirthdayLocal 80DF WeddingAnniversaryLocal 80E0 IsContactLinked
    """,
    LOG: """
        8700 LogType 8706 LogStart 8707 LogDuration 8708 LogEnd 870C LogFlags
        870E LogDocumentPrinted 870F LogDocumentSaved 8710 LogDocumentRouted 8711 LogDocumentPosted
        8712 LogTypeDesc
    """,
    NOTE: "8B00 NoteColor 8B02 NoteWidth 8B03 NoteHeight 8B04 NoteX 8B05 NoteY",
    SHARING: """
        8A00 SharingStatus 8A01 SharingProviderGuid 8A02 SharingProviderName 8A03 SharingProviderUrl
        8A04 SharingRemotePath 8A05 SharingRemoteName 8A06 SharingRemoteUid
        8A07 SharingInitiatorName 8A08 SharingInitiatorSmtp 8A09 SharingInitiatorEntryId
        8A0A SharingFlags 8A0E SharingLocalPath 8A0F SharingLocalName 8A10 SharingLocalUid
        8A17 SharingCapabilities 8A18 SharingFlavor 8A28 SharingResponseType
        8A29 SharingResponseTime
    """,
}


def _pairs(text: str) -> dict[int, str]:
    words = text.split()
    return {int(id, 16): name for id, name in zip(words[::2], words[1::2], strict=True)}


_BY_ID = _pairs(_TAGS)
_BY_NAMED = {
    Named(guid, id): name for guid, text in _NAMED.items() for id, name in _pairs(text).items()
}
_IDS = {name: id for id, name in _BY_ID.items()}
_NAMEDS = {name: named for named, name in _BY_NAMED.items()}


def tag(name: str) -> int:
    """The id of a property by its canonical name without "PidTag"."""
    return _IDS[name]


def lid(name: str) -> Named:
    """A named property by its canonical name without "PidLid"."""
    return _NAMEDS[name]


def property_name(id: int, named: Named | None = None) -> str:
    """The canonical name of a property; one that is not known is shown by what it has."""
    if named is None:
        return f"PidTag{_BY_ID[id]}" if id in _BY_ID else f"0x{id:04X}"
    if named in _BY_NAMED:
        return f"PidLid{_BY_NAMED[named]}"
    if isinstance(named.name, str):
        name = sound_name(named.name)
        if named.guid == PUBLIC_STRINGS:
            return f"PidName{name}" if name == "Keywords" else name
        return f"{{{named.guid}}}:{name}"
    return f"{{{named.guid}}}:0x{named.name:04X}"


def sound_name(name: str) -> str:
    """A name without halves of surrogate pairs, which no store can take."""
    return name.encode("utf-8", "replace").decode()
