"""What is gathered while the parts of one message are gone through."""

from dataclasses import dataclass, field

from ingest.headers import Decoding
from ingest.interface import MailPart, ParsedMail
from ingest.mime import Part
from ingest.text import Decoded, decode, is_guess
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
    charset: dict[str, str] = field(default_factory=dict)

    def decode(self, data: bytes, charset: str | None) -> str:
        """Text as it is searched; a charset that had to be guessed is noted."""
        found = decode(data, charset)
        self.guessed(charset, found.charset, data)
        self.used(found)
        return found.text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")

    def used(self, found: Decoded) -> None:
        """Keep which charset the first text that is not ASCII was read in, and why."""
        if not self.charset and not found.text.isascii():
            self.charset = found.to_raw()

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

    def judge_sealed(self, body: str) -> None:
        """Say whether the whole mail is encrypted, or a part of it.

        Where there is nothing else, its content could not be had.
        """
        sealed = sum(each.is_sealed for each in self.documents)
        if sealed and sealed == len(self.documents) and not body.strip():
            self.fail(Code.ENCRYPTED, "It is encrypted; a key is needed")
        elif sealed:
            self.warn(Code.ENCRYPTED, "A part of it is encrypted")
