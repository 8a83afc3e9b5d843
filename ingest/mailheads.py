"""Whether bytes begin as a message or a mailbox does."""

import re

from ingest.mime import split_header

# From_ lines as the formats and their heirs write them: an address or a dash, a day, a time and
# a year in some order (RFC 4155 appendix A; Thunderbird writes "From - ", Eudora "???@???").
SEPARATOR = re.compile(
    rb"From [^\r\n]{0,300}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+"
    rb"(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d{1,2}"
    rb"|\d{1,2}[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)"
    rb"[^\r\n]{0,100}?\d{1,2}:\d\d[^\r\n]{0,100}\Z"
)
FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")

HEADER = 32768
"""How much of a header is looked at."""

_PEOPLE = frozenset({"from", "to", "cc", "bcc", "subject", "sender", "reply-to"})
_WRITTEN_BY_PROGRAMS = """
    message-id received return-path mime-version delivered-to in-reply-to references x-mailer
    content-transfer-encoding x-originating-ip dkim-signature x-received user-agent x-from
    resent-from resent-date x-mozilla-status
"""
_MACHINE = frozenset(_WRITTEN_BY_PROGRAMS.split())
_DATED = re.compile(rb"\d{1,2}:\d\d")


def is_separator(line: bytes) -> bool:
    """Tell whether a line (without its end) is a From_ line and not text that begins so."""
    return line.startswith(b"From ") and SEPARATOR.match(line) is not None


def is_bare_separator(line: bytes) -> bool:
    """Tell whether a line is the mere "From " that newer Thunderbirds write."""
    return line.startswith(b"From ") and not line[5:].strip()


def looks_like_mbox(head: bytes) -> bool:
    """Tell whether the bytes begin with a From_ line and a header."""
    start = head.lstrip(b"\r\n")[:HEADER]
    lines = start[:4096].splitlines()[:2]
    if len(lines) < 2:
        return False
    if is_bare_separator(lines[0]):
        return looks_like_mail(start[len(lines[0]) :], surely=True)
    if not is_separator(lines[0]):
        return False
    return not lines[1].strip() or FIELD.match(lines[1]) is not None


def looks_like_mail(head: bytes, *, surely: bool) -> bool:
    """Tell whether the bytes begin with the header of a message.

    `surely`: nothing else says so. Then three known fields are wanted, among them one that only
    programs write or a Date with a time beside a sender with an address: a mail saved as text
    ("From: … Sent: … To: …") is none. Otherwise one known field is enough.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")[:HEADER]
    first = start[:100].partition(b"\n")[0]
    if not FIELD.match(first) and not first.startswith((b"From ", b">From ")):
        return False
    values = {name.lower(): value for name, value in split_header(start).fields}
    people, machine = _PEOPLE & values.keys(), _MACHINE & values.keys()
    dated = _DATED.search(values.get("date", b"")) is not None
    known = len(people) + len(machine) + ("date" in values) + ("content-type" in values)
    if not surely:
        return known >= 1
    if known < 3 or "sent" in values:
        return False
    return bool(machine) or (dated and b"@" in values.get("from", b""))
