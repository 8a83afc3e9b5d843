"""Why documents have under 0.9 of Tika's words, file by file: read, not guessed."""

WHY = {
    "signature": (
        "By design: a signature beside what it signs is no document, but marks the mail as signed."
    ),
    "header as text": (
        "Redwell is right: Tika gives header lines, or the boundaries of parts, as text of the "
        "mail; they are fields and MIME."
    ),
    "header's charset": (
        "Redwell is right: raw 8-bit or an encoded word in a subject is decoded; Tika's is spoilt."
    ),
    "second subject": (
        "By design: of two subjects the first counts, Tika takes the second; both are kept among "
        "the headers."
    ),
    "repeated": (
        "Tika gives the same words more than once: a body as text and again as RTF, a subject with "
        "each part, a line of a page for each of its layers."
    ),
    "plist": "By design: what Apple Mail adds behind a message becomes fields, not text.",
    "fragment": (
        "The file is a mail whose header lies behind its body; by its content it is no mail but "
        "text, and kept as it stands, base64 included; Tika goes by the name."
    ),
    "topic": (
        "By design: it has no subject; Tika takes the conversation's topic, which is a field."
    ),
    "quoted-printable": (
        "Redwell is right: vCard 2.1 in quoted-printable is decoded; Tika gives the source."
    ),
    "letters apart": (
        "Redwell is right: it keeps words together which Tika takes apart, being set at an angle "
        "or letter by letter."
    ),
    "words together": (
        "Redwell is right: Tika runs the words of neighbouring columns or layers together."
    ),
    "words apart": "Both are right: the blank between two pieces of text is a matter of taste.",
    "ligature": (
        "Neither: Arabic beside Latin in one line; both have the letters, in another order."
    ),
    "false map": (
        "Neither: the font says wrongly what its letters are (both give the same signs, parted "
        "otherwise); the page wants OCR and gets it."
    ),
    "title": (
        "By design: the title is the document's own (its information dictionary), where Tika "
        "takes that of its XMP."
    ),
}

# Name in the corpus (a member's behind "!" by its place in the family): kind, class.
JUDGED: dict[str, tuple[str, str]] = {
    "calendar-contacts/ezvcard_outlook-2003.vcf": ("vcf", "quoted-printable"),
    "labelled/csdmc2010_spam_ham.tar.gz!937": ("txt", "fragment"),
    "mail/eml/aspose/tnefEml1.eml": ("email", "repeated"),
    "mail/eml/cpython/msg_33.eml": ("email", "header as text"),
    "mail/eml/cpython/msg_45.eml": ("email", "signature"),
    "mail/eml/imap_tools/raw_email_with_binary_encoded.eml": ("email", "second subject"),
    "mail/eml/imap_tools/sig_only_email.eml": ("email", "signature"),
    "mail/eml/mikel-mail/bad_encoded_subject.eml": ("email", "header's charset"),
    "mail/eml/mikel-mail/content_transfer_encoding_empty.eml": ("email", "header as text"),
    "mail/eml/mikel-mail/invalid_subject_characters.eml": ("email", "header's charset"),
    "mail/eml/mikel-mail/ks_c_5601-1987.eml": ("email", "header's charset"),
    "mail/eml/mikel-mail/raw_email_with_binary_encoded.eml": ("email", "second subject"),
    "mail/eml/mikel-mail/sig_only_email.eml": ("email", "signature"),
    "mail/eml/mime4j/malformedHeader-nocrlfcrlf.msg": ("email", "header as text"),
    "mail/eml/mime4j/missing-boundary.msg": ("email", "header as text"),
    "mail/eml/mime4j/obsolete.msg": ("email", "header as text"),
    "mail/eml/mime4j/very-long-boundary.msg": ("email", "header as text"),
    "mail/eml/mime4j/very-very-long-boundary.msg": ("email", "header as text"),
    "mail/eml/mimekit/rich-text.eml": ("email", "repeated"),
    "mail/eml/mimekit/ukr.eml": ("email", "repeated"),
    "mail/mbox/linux-s390_2500.mbox.gz!1187": ("email", "signature"),
    "mail/mbox/linux-s390_2500.mbox.gz!1356": ("email", "signature"),
    "mail/msg/mvz_gpg_signed.msg": ("msg", "repeated"),
    "mail/other/testEMLX.emlx": ("email", "plist"),
    "mail/tnef/winmail.tnef": ("tnef", "topic"),
    "ocr/ocrmypdf/cmyk.pdf": ("pdf", "false map"),
    "pdf/pdfbox/AngledExample.pdf": ("pdf", "letters apart"),
    "pdf/pdfplumber/issue-192-example.pdf": ("pdf", "letters apart"),
    "pdf/pdfplumber/issue-842-example.pdf": ("pdf", "repeated"),
    "pdf/pdfplumber/issue-848.pdf": ("pdf", "letters apart"),
    "pdf/pdfplumber/nics-background-checks-2015-11-rotated.pdf": ("pdf", "letters apart"),
    "pdf/pdfplumber/senate-expenditures.pdf": ("pdf", "words together"),
    "pdf/py-pdf/habibi-oneline-cmap.pdf": ("pdf", "ligature"),
    "pdf/py-pdf/habibi-rotated.pdf": ("pdf", "ligature"),
    "pdf/py-pdf/habibi.pdf": ("pdf", "ligature"),
    "pdf/tika/testExtraSpaces.pdf": ("pdf", "words apart"),
    "pdf/tika/testOverlappingText.pdf": ("pdf", "words together"),
    "pdf/tika/testPDF_acroform3.pdf": ("pdf", "repeated"),
    "pdf/tika/testPDF_diffTitles.pdf": ("pdf", "title"),
}
