"""Who is right where `bench.eml_compare` finds disagreement, file by file: read, not guessed."""

CLASSES = {
    "comment": (
        "Redwell is right: the name stands in a comment behind the address, as was the "
        "custom; the other drops it."
    ),
    "group": (
        "Redwell is right: a group without members is kept by its name; the other has no "
        "recipient at all."
    ),
    "repeated": (
        "Redwell is right: a second field of that name is read too; mime4j takes the first alone."
    ),
    "signature": (
        "By design: a signature beside what it signs is no document, but marks the mail as signed."
    ),
    "elsewhere": (
        "By design: a part that lies elsewhere is a note and text, not an empty document."
    ),
    "behind": (
        "Redwell is right: parts stand behind a closing boundary (inner and outer are the "
        "same); the others leave them out."
    ),
    "raw-8bit": (
        "Redwell is right: raw 8-bit is decoded by evidence; policy.default leaves halves "
        "of surrogates or marks of loss."
    ),
    "encoded-name": (
        "Redwell is right: the name is an encoded word where none belongs; policy.default drops it."
    ),
    "windows": ("Redwell is right: the bytes are none of ISO 8859-1, but letters of Windows-1252."),
    "blanks": (
        "Redwell is right: a name with blanks that is not quoted is read to its end; "
        "policy.default takes the first word."
    ),
    "zone": ("Redwell is right: the zone is given by its letters, which mime4j takes for UTC."),
    "commas": ("Redwell is right: the commas between addresses were forgotten."),
    "at-sign": (
        "Redwell is right: the name holds an @ and is not quoted; the address is the one "
        "in angle brackets."
    ),
    "blank-colon": (
        "Redwell is right: white space before the colon (RFC 5322 section 4.5), which "
        "policy.default does not take."
    ),
    "quoted": ("Redwell is right: a quoted name, and an address without angle brackets."),
    "words": (
        "Redwell is right: neighbouring encoded words are joined without a blank (RFC "
        "2047 section 6.2)."
    ),
    "junk-line": (
        "Redwell is right: a line of the header that is no field ends it for policy.default."
    ),
    "descriptor": (
        "Redwell is right: the file is an XML description of a test, no mail; mime4j "
        "finds fields in its elements."
    ),
    "boundary": (
        "Redwell is right: the boundary holds an = and is not quoted; policy.default "
        "reads the whole as one part."
    ),
    "partial": (
        "Redwell is right: the piece of a message has bytes; policy.default takes it for "
        "a message and gives none."
    ),
    "rewritten": (
        "Redwell is right, and policy.default agrees: mime4j writes text anew, its line "
        "ends and its last line changed."
    ),
    "names": ("Redwell is right: these are names; there is no address."),
    "raises": ("policy.default raises AttributeError on a group in an address list."),
    "folded-junk": (
        "Redwell is right: a junk line stands within a folded field, which goes on behind "
        "it; mime4j leaves the address out."
    ),
    "route": ("Neither is wrong: an address that is none; Redwell keeps it whole."),
    "date-comments": (
        "Redwell is right: the date is folded, its zone a comment; mime4j gives none."
    ),
    "unknown-charset": (
        "Redwell is right: the charset of the encoded word is unknown; its bytes are "
        "read, and a note says so."
    ),
}
"""What each class of disagreement is, and who is right."""

# Class: file: "parser field field …" for each parser that disagrees with Redwell.
_FOUND: dict[str, dict[str, tuple[str, ...]]] = {
    "comment": {
        "cpython/msg_01.eml": ("mime4j from", "python from"),
        "cpython/msg_03.eml": ("mime4j from", "python from"),
        "cpython/msg_04.eml": ("mime4j from", "python from"),
        "cpython/msg_06.eml": ("mime4j from", "python from"),
        "cpython/msg_14.eml": ("mime4j from", "python from"),
        "cpython/msg_20.eml": ("mime4j from", "python from"),
        "cpython/msg_27.eml": ("mime4j from to", "python from to"),
        "cpython/msg_29.eml": ("mime4j from", "python from"),
        "cpython/msg_44.eml": ("mime4j from", "python from"),
        "mikel-mail/multi_address_bounce1.eml": ("mime4j from", "python from"),
    },
    "group": {
        "cpython/msg_36.eml": ("mime4j to", "python to"),
        "mikel-mail/empty_group_lists.eml": ("mime4j to", "python to"),
        "mimekit/delivery-status.anonymized.eml": ("mime4j to",),
    },
    "repeated": {
        "cpython/msg_25.eml": ("mime4j to",),
        "imap_tools/double_fields.eml": ("mime4j to",),
    },
    "signature": {
        "cpython/msg_45.eml": ("mime4j names sizes", "python names sizes"),
        "imap_tools/raw_email_with_nested_attachment.eml": (
            "mime4j names sizes",
            "python names sizes",
        ),
        "imap_tools/sig_only_email.eml": ("mime4j names sizes", "python names sizes"),
        "mikel-mail/raw_email_with_nested_attachment.eml": (
            "mime4j names sizes",
            "python names sizes",
        ),
        "mikel-mail/sig_only_email.eml": ("mime4j names sizes", "python names sizes"),
        "mimekit/[Announce] GnuPG 2.1.20 released.eml": (
            "mime4j names sizes",
            "python names sizes",
        ),
    },
    "elsewhere": {
        "cpython/msg_36.eml": ("mime4j names sizes", "python names sizes"),
    },
    "behind": {
        "cpython/msg_15.eml": ("mime4j names sizes", "python names sizes"),
        "cpython/msg_39.eml": ("mime4j names sizes", "python names sizes"),
    },
    "raw-8bit": {
        "imap_tools/attachment_7bit.eml": ("python to",),
        "imap_tools/forwarded_message.eml": ("python to",),
        "mikel-mail/invalid_subject_characters.eml": ("mime4j subject", "python subject"),
        "mikel-mail/must_supply_encoding.eml": ("python from",),
        "mikel-mail/utf8_headers.eml": ("python from to",),
        "tika/testRFC822_date_utf8": ("python from to",),
    },
    "encoded-name": {
        "imap_tools/attachment_with_base64_encoded_name.eml": ("python names",),
        "mikel-mail/attachment_with_base64_encoded_name.eml": ("python names",),
        "mime4j/russian-headers.msg": ("python names",),
    },
    "windows": {
        "imap_tools/attachment_with_encoded_name.eml": ("mime4j names", "python names"),
        "mikel-mail/attachment_with_encoded_name.eml": ("mime4j names", "python names"),
    },
    "blanks": {
        "imap_tools/attachment_with_unquoted_name.eml": ("python names",),
        "mikel-mail/attachment_with_unquoted_name.eml": ("python names",),
    },
    "zone": {
        "mikel-mail/content_transfer_encoding_7-bit.eml": ("mime4j date",),
        "mime4j/basic-plain-very-long-lines.msg": ("mime4j date",),
        "mime4j/basic-plain-with-bad-header-separator.msg": ("mime4j date",),
        "mime4j/basic-plain.msg": ("mime4j date",),
    },
    "commas": {
        "imap_tools/raw_email_multiple_from.eml": ("mime4j from to", "python from to"),
        "mikel-mail/raw_email_multiple_from.eml": ("mime4j from to", "python from to"),
    },
    "at-sign": {
        "imap_tools/raw_email_with_at_display_name.eml": ("mime4j to", "python to"),
        "mikel-mail/raw_email_with_at_display_name.eml": ("mime4j to", "python to"),
    },
    "blank-colon": {
        "mikel-mail/example13.eml": ("python subject from to",),
        "mime4j/obsolete.msg": ("python subject",),
    },
    "quoted": {
        "mikel-mail/mix_caps_content_type.eml": ("mime4j from", "python from"),
    },
    "words": {
        "mikel-mail/bad_subject.eml": ("python from",),
    },
    "junk-line": {
        "mikel-mail/raw_email_incorrect_header.eml": ("python subject from to date",),
    },
    "descriptor": {
        "mime4j/bad-newlines-multiple-parts-base64.xml": ("mime4j subject names sizes",),
        "mime4j/bad-newlines-multiple-parts-base64_decoded.xml": ("mime4j subject names sizes",),
        "mime4j/base64-encoded-text.xml": ("mime4j subject names sizes",),
        "mime4j/base64-encoded-text_decoded.xml": ("mime4j subject names sizes",),
        "mime4j/base64encoded-rfc822message-nested.xml": ("mime4j subject names sizes",),
        "mime4j/base64encoded-rfc822message-nested_decoded.xml": ("mime4j subject names sizes",),
        "mime4j/base64encoded-rfc822message.xml": ("mime4j subject names sizes",),
        "mime4j/base64encoded-rfc822message_decoded.xml": ("mime4j subject names sizes",),
        "mime4j/basic-plain-very-long-lines.xml": ("mime4j subject from to date",),
        "mime4j/basic-plain-very-long-lines_decoded.xml": ("mime4j subject from to date",),
        "mime4j/basic-plain-with-bad-header-separator.xml": ("mime4j subject from to date",),
        "mime4j/basic-plain-with-bad-header-separator_decoded.xml": (
            "mime4j subject from to date",
        ),
        "mime4j/basic-plain.xml": ("mime4j subject from to date",),
        "mime4j/basic-plain_decoded.xml": ("mime4j subject from to date",),
        "mime4j/boundary-name-clash.xml": ("mime4j subject",),
        "mime4j/boundary-name-clash_decoded.xml": ("mime4j subject",),
        "mime4j/example.xml": ("mime4j subject from to date",),
        "mime4j/example_decoded.xml": ("mime4j subject from to date",),
        "mime4j/malformedHeader-nocrlfcrlf.xml": ("mime4j subject",),
        "mime4j/malformedHeader-nocrlfcrlf_decoded.xml": ("mime4j subject",),
        "mime4j/malformedHeaderStartsBody-nocrlfcrlf.xml": ("mime4j subject",),
        "mime4j/malformedHeaderStartsBody-nocrlfcrlf_decoded.xml": ("mime4j subject",),
        "mime4j/multipartdigestnestedemptyparts.xml": ("mime4j from date",),
        "mime4j/multipartdigestnestedemptyparts_decoded.xml": ("mime4j from date",),
        "mime4j/multipartemptypart.xml": ("mime4j from date",),
        "mime4j/multipartemptypart_decoded.xml": ("mime4j from date",),
        "mime4j/multipartnestedemptyparts.xml": ("mime4j from date",),
        "mime4j/multipartnestedemptyparts_decoded.xml": ("mime4j from date",),
        "mime4j/multipartnestedemptypartsnorfc822.xml": ("mime4j from date",),
        "mime4j/multipartnestedemptypartsnorfc822_decoded.xml": ("mime4j from date",),
        "mime4j/multipartnopart.xml": ("mime4j from date",),
        "mime4j/obsolete.xml": ("mime4j subject",),
        "mime4j/obsolete_decoded.xml": ("mime4j subject",),
        "mime4j/qp-body.xml": ("mime4j subject",),
        "mime4j/qp-body_decoded.xml": ("mime4j subject",),
        "mime4j/russian-headers.xml": ("mime4j subject names sizes",),
        "mime4j/russian-headers_decoded.xml": ("mime4j subject names sizes",),
        "mime4j/simple-attachment.xml": ("mime4j subject from to date",),
        "mime4j/simple-attachment_decoded.xml": ("mime4j subject from to date",),
    },
    "boundary": {
        "imap_tools/raw_email_with_binary_encoded.eml": ("python names sizes",),
        "mikel-mail/raw_email_with_binary_encoded.eml": ("python names sizes",),
    },
    "partial": {
        "mimekit/message-partial.0.eml": ("python sizes",),
        "mimekit/message-partial.1.eml": ("python sizes",),
        "mimekit/message-partial.2.eml": ("python sizes",),
        "mimekit/rfc2046.0.eml": ("python sizes",),
        "mimekit/rfc2046.1.eml": ("python sizes",),
    },
    "rewritten": {
        "aspose/Attachments.eml": ("mime4j sizes",),
        "aspose/email-headers.eml": ("mime4j sizes",),
        "imap_tools/raw_email_with_partially_quoted_content_id.eml": ("mime4j sizes",),
        "mimekit/rfc2046.eml": ("mime4j sizes",),
    },
    "names": {
        "tika/testRFC822-big": ("mime4j from to", "python from to"),
    },
    "raises": {
        "mimekit/delivery-status.anonymized.eml": ("python subject from to date names sizes",),
    },
    "folded-junk": {
        "mikel-mail/example13.eml": ("mime4j to",),
    },
    "route": {
        "mikel-mail/missing_body.eml": ("python to",),
    },
    "date-comments": {
        "mikel-mail/example10.eml": ("mime4j date",),
    },
    "unknown-charset": {
        "mikel-mail/bad_encoded_subject.eml": ("mime4j subject",),
    },
}

JUDGED = {
    (file, found.split()[0], field): name
    for name, files in _FOUND.items()
    for file, parsers in files.items()
    for found in parsers
    for field in found.split()[1:]
}
"""The class of each disagreement, by file, parser and field."""
