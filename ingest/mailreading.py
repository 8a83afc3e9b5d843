"""What is gathered while the parts of one message are gone through."""

import hashlib
from dataclasses import dataclass, field

from ingest.headers import Decoding
from ingest.interface import MailPart, ParsedMail
from ingest.mime import Part
from ingest.text import decode_text, is_guess
from ingest.versions import TOOL, VERSION
from records.codes import Code
from records.notes import Note, exception, warning


@dataclass(frozen=True, slots=True)
class Held:
    """A document on its way: a part with its bytes, or one that is ready as it is.

    `is_sealed`: it is encrypted content of the mail itself.
    """

    part: Part
    data: bytes
    is_sealed: bool = False
    ready: MailPart | None = None


@dataclass(slots=True)
class Reading:
    """Texts, documents and oddities found so far."""

    decoding: Decoding
    depth: int = 0  # of signed and compressed envelopes
    faults: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    documents: list[Held] = field(default_factory=list)
    security: list[str] = field(default_factory=list)
    opened: list[ParsedMail] = field(default_factory=list)  # out of TNEF
    invitation: bytes | None = None
    is_report: bool = False

    def decode(self, data: bytes, charset: str | None) -> str:
        """Text as it is searched; a charset that had to be guessed is noted."""
        text, used = decode_text(data, charset)
        self.guessed(charset, used, data)
        return text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")

    def guessed(self, charset: str | None, used: str, data: bytes) -> None:
        """Note a charset that is not the one declared."""
        if is_guess(charset, used) and not data.isascii():
            self.decoding.guessed.append(f"a text in {charset or 'no charset'}, read as {used}")

    def warn(self, code: Code, message: str) -> None:
        """Note an oddity."""
        self.notes.append(warning(code, message, TOOL, VERSION))

    def fail(self, code: Code, message: str) -> None:
        """Note that content could not be had."""
        self.notes.append(exception(code, message, TOOL, VERSION))

    def hold(self, part: Part, data: bytes) -> None:
        """Keep a document."""
        self.documents.append(Held(part, data))

    def unsealed(self, body: str) -> tuple[str, ...]:
        """Decide on encrypted content: the whole mail, or a part of it; the hashes of a whole.

        Where there is nothing else the mail is an exception and its own bytes are kept with it;
        else what is encrypted is a document.
        """
        sealed = [each for each in self.documents if each.is_sealed]
        if not sealed:
            return ()
        if body.strip() or len(sealed) < len(self.documents):
            self.warn(Code.ENCRYPTED, "A part of it is encrypted")
            return ()
        self.documents = []
        self.fail(Code.ENCRYPTED, "It is encrypted; a key is needed")
        return tuple(hashlib.sha256(each.data).hexdigest() for each in sealed)
