"""The identity of a mail: which messages are the same one."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from records.fields import Fields

RECIPE = "email-dedup/1"

_NOT_LETTERS_OR_DIGITS = re.compile(r"[\W_]+")
_NO_ASCII_LETTERS_OR_DIGITS = bytes(each for each in range(128) if not chr(each).isalnum())


def mail_hash(fields: Fields, body: str, attachment_sha256: Sequence[str]) -> tuple[str, bool]:
    """The dedup hash of a mail by the recipe `email-dedup/1`, and whether it is weak.

    SHA-256 over the UTF-8 of six lines parted by line feeds, none after the last:

    1. the sent date in UTC to the second, as 2001-05-14T23:39:00Z, or nothing;
    2. the sender's address (several: sorted, parted by commas), in lower case, or nothing;
    3. the addresses of To, CC and BCC together, in lower case, each once, sorted by code point,
       parted by commas; names are not used, nor are recipients without an address;
    4. the subject with each run of white space made one space, none at its ends; case kept;
    5. the body text in NFKC, then without all that is neither letter nor digit; case kept;
    6. the SHA-256, lower-case hexadecimal, of each part that is a document of its own, pictures
       shown inline included, sorted (equal ones stay), parted by commas.

    Weak: there is no date or no sender's address.
    """
    sender = ",".join(sorted(each.address for each in fields.sender if each.address))
    recipients = {each.address for each in (*fields.to, *fields.cc, *fields.bcc) if each.address}
    lines = (
        fields.sent_at or "",
        sender,
        ",".join(sorted(recipients)),
        " ".join(fields.subject.split()),
        reduced(body),
        ",".join(sorted(attachment_sha256)),
    )
    digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
    return digest, not (fields.sent_at and sender)


def reduced(text: str) -> str:
    """Letters and digits of a text, in NFKC."""
    if text.isascii():  # the same, and thirty times as fast
        return text.encode("ascii").translate(None, _NO_ASCII_LETTERS_OR_DIGITS).decode("ascii")
    return _NOT_LETTERS_OR_DIGITS.sub("", unicodedata.normalize("NFKC", text))


def mih(message_id: str) -> str | None:
    """The EDRM Message Identification Hash 1.0: MD5 of the Message-ID with its angle brackets.

    None where there is no Message-ID.
    """
    value = "".join(message_id.splitlines()).strip()
    if not value:
        return None
    return hashlib.md5(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
