"""Codes of exceptions and warnings: what can be wrong with a document.

An *exception* means that the document's content could not be had (its disposition is
`exception`); a *warning* means that something is odd but the document stands. The table in
docs/exception-codes.md is compared with this module by a test.
"""

from enum import StrEnum


class Disposition(StrEnum):
    """What became of an item; every document has exactly one.

    `PENDING` stands only between collection and processing; a finished run leaves none.
    """

    PENDING = "pending"
    REVIEWABLE = "reviewable"
    CONTAINER = "container"
    DUPLICATE = "duplicate"
    SYSTEM_FILE = "system file"
    EMPTY = "empty"
    EXCEPTION = "exception"


REVIEWED = (Disposition.REVIEWABLE, Disposition.EXCEPTION, Disposition.EMPTY)
"""What is there to be reviewed, unless a culling rule puts it aside."""


class Role(StrEnum):
    """How an item was met."""

    FILE = "file"  # a file of the source folder
    MEMBER = "member"  # a member of an archive
    MESSAGE = "message"  # a message of a mailbox
    ATTACHMENT = "attachment"  # a part of a mail
    EMBEDDED = "embedded"  # an object inside an office document or a PDF
    INLINE = "inline"  # a picture that is shown within its parent
    RECEIVED = "received"  # a document of another party's production


class Code(StrEnum):
    """Why content is missing (exception) or in doubt (warning)."""

    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    TRUNCATED = "truncated"
    UNSUPPORTED = "unsupported"
    TIMEOUT = "timeout"
    CRASH = "crash"
    MEMORY = "memory"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    BOMB = "bomb"
    UNSAFE_PATH = "unsafe-path"
    UNREADABLE_SOURCE = "unreadable-source"
    CHANGED_WHILE_READ = "changed-while-read"
    LINK = "link"
    SPECIAL_FILE = "special-file"
    NO_TEXT = "no-text"
    WEAK_DATE = "weak-date"
    WEAK_IDENTITY = "weak-identity"
    MALFORMED_MAIL = "malformed-mail"
    CHARSET_GUESSED = "charset-guessed"
    TYPE_DISAGREES = "type-disagrees"
    OCR_FAILED = "ocr-failed"
    OCR_LOW_CONFIDENCE = "ocr-low-confidence"
    EMBEDDED_LOST = "embedded-lost"
    PARTIAL = "partial"
    TEXT_CUT = "text-cut"
    VOLUME = "volume"
    VOLUME_MISSING = "volume-missing"
    RECOVERED = "recovered"
    TNEF_OPENED = "tnef-opened"
    UNLOCKED = "unlocked"
    HIDDEN_ENTRIES = "hidden-entries"
    RTF_BODY = "rtf-body"
    MOJIBAKE = "mojibake"
    REPLACED = "replaced"
    NOT_SHOWN = "not-shown"
    NOT_RECEIVED = "not-received"


# Codes that tell of content which did not become text or documents of its own.
LOST = frozenset(
    {
        *(Code.ENCRYPTED, Code.CORRUPT, Code.TRUNCATED, Code.UNSUPPORTED, Code.TOO_DEEP),
        *(Code.TOO_LARGE, Code.TOO_MANY, Code.BOMB, Code.UNSAFE_PATH, Code.LINK),
        *(Code.SPECIAL_FILE, Code.EMBEDDED_LOST, Code.PARTIAL, Code.TIMEOUT, Code.CRASH),
        *(Code.MEMORY, Code.TEXT_CUT, Code.UNREADABLE_SOURCE),
    }
)

# What each code means, and what a person can do about it; docs/exception-codes.md shows it.
EXPLAINED: dict[Code, tuple[str, str]] = {
    Code.ENCRYPTED: (
        "A password is needed.",
        "Put it on a list: 'redwell retry --code encrypted --passwords FILE' opens archives and "
        "documents.",
    ),
    Code.CORRUPT: (
        "The bytes break the rules of their format.",
        "Ask the source for a good copy; 'redwell replace' puts it in its place.",
    ),
    Code.TRUNCATED: (
        "The end of the file is missing.",
        "Collect the file again, or have 'redwell replace' put a whole one in its place.",
    ),
    Code.UNSUPPORTED: (
        "No tool here reads this format.",
        "Look at the native file; after an upgrade: 'redwell retry --code unsupported'.",
    ),
    Code.TIMEOUT: (
        "Reading took longer than the limit.",
        "'redwell retry --code timeout --seconds 600'.",
    ),
    Code.CRASH: (
        "The tool that read it died.",
        "'redwell retry --code crash'; then look at the native file and report the tool's error.",
    ),
    Code.MEMORY: (
        "Reading took more memory than the limit.",
        "'redwell retry --code memory --memory-mb 8192'.",
    ),
    Code.TOO_DEEP: (
        "Containers nest deeper than the limit.",
        "'redwell retry --code too-deep --depth 32'.",
    ),
    Code.TOO_LARGE: (
        "An item is larger than the limit.",
        "'redwell retry --code too-large --unpacked-mb 16384'.",
    ),
    Code.TOO_MANY: (
        "A container holds more items than the limit.",
        "'redwell retry --code too-many', with --members for archives, --embedded for others.",
    ),
    Code.BOMB: ("It unpacks to far more than its size.", "Look at it apart from the network."),
    Code.UNSAFE_PATH: (
        "A member's name would lead out of its folder; its bytes were not taken.",
        "Open the archive by hand if the member matters.",
    ),
    Code.UNREADABLE_SOURCE: ("The source could not be read.", "Mend permissions and ingest again."),
    Code.CHANGED_WHILE_READ: ("The file changed while it was copied.", "Collect it when at rest."),
    Code.LINK: ("A link, recorded and not followed.", "Collect its target if it matters."),
    Code.SPECIAL_FILE: ("A device, pipe or socket, recorded and not opened.", "Nothing to do."),
    Code.NO_TEXT: ("The format holds no text to search.", "Look at the native file."),
    Code.WEAK_DATE: ("The date is missing or cannot be read.", "Do not rely on date filters."),
    Code.WEAK_IDENTITY: (
        "A mail without a date or a sender: its dedup hash is over what there is.",
        "Compare the copies by eye before relying on the suppression.",
    ),
    Code.MALFORMED_MAIL: ("The mail breaks the rules; what could be read was.", "Look at it."),
    Code.CHARSET_GUESSED: ("No character set is stated, or a wrong one.", "Look for odd letters."),
    Code.TYPE_DISAGREES: ("The content is not what the name says.", "Trust the content."),
    Code.OCR_FAILED: ("OCR could not read a page.", "Look at the page."),
    Code.OCR_LOW_CONFIDENCE: ("OCR read a page badly.", "Do not rely on search for this page."),
    Code.EMBEDDED_LOST: ("An embedded item could not be taken out.", "Open the parent natively."),
    Code.PARTIAL: ("Only a part could be read.", "Look at the native file."),
    Code.TEXT_CUT: (
        "The text is longer than the limit: what lies behind it is not searched.",
        "Look at the native file, or raise limits.characters in case.toml and collect it anew.",
    ),
    Code.VOLUME: (
        "A further volume of an archive kept in several files; what the set holds stands under "
        "its first volume.",
        "Nothing to do.",
    ),
    Code.VOLUME_MISSING: (
        "A volume of the set is not beside the others.",
        "Put all volumes into the source's folder and ingest again.",
    ),
    Code.RECOVERED: (
        "Found in the mailbox's deleted space or outside its folders.",
        "Say so where it is relied on; it may be incomplete.",
    ),
    Code.UNLOCKED: (
        "It was opened without its password, which is a checksum and hides nothing.",
        "Nothing to do.",
    ),
    Code.HIDDEN_ENTRIES: (
        "Folders of the mailbox hold hidden entries (views, rules, settings), which are counted "
        "and not taken.",
        "Look in Outlook if they matter.",
    ),
    Code.TNEF_OPENED: (
        "Its winmail.dat was opened; the true attachments stand in its place.",
        "Nothing to do.",
    ),
    Code.MOJIBAKE: (
        "The text was spoilt before it came here: letters stand for others, as in 'Ã¤' for 'ä'.",
        "Search for the spoilt form too; look for another copy.",
    ),
    Code.REPLACED: (
        "A repaired file stands in the place of the one that was collected; both are kept.",
        "Say so where it is relied on; 'redwell custody show' has the line.",
    ),
    Code.NOT_SHOWN: (
        "Its pages as produced do not show all that the file holds, by rule or for want of a way.",
        "Look at the native file; produce it natively, or with another rule.",
    ),
    Code.NOT_RECEIVED: (
        "Another party's load file names it, and neither file nor text of it came.",
        "'redwell receive defects NAME --letter FILE' asks for it; load what comes by --replaces.",
    ),
    Code.RTF_BODY: ("The body was kept as rich text only.", "Compare with the native file."),
}
