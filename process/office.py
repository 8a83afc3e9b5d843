"""Documents that Tika reads: office files, RTF, MSG, and whatever no other reader knows.

Passwords are tried on what is encrypted. What is embedded becomes parts; macros go to the text
of their document; what has no bytes of its own is kept in the text of what holds it.
"""

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest.identity import mail_hash, mih
from ingest.ole import MAGIC
from ingest.passwords import Trial, opened_by
from process import hidden, tika
from process.hidden_look import LOOKED, OPEN_XML, look
from process.metadata import fields_from
from process.reading import Family, Part, Reading, head_of
from process.tika import Node
from process.unlock import is_tested, opening
from records.codes import Code, Disposition, Role
from records.notes import Note, exception, warning

_NOT_ITEMS = frozenset({"THUMBNAIL", "METADATA", "FONT", "RENDERING", "VERSION"})
_CONTAINERS = frozenset({"7z", "rar", "zstd", "archive", "pst"})
# What may well have no words and is still there to be looked at or listened to.
_MEDIA = ("audio/", "video/", "image/")
# Tika names these formats and reads their properties, but not their words.
_NAMED_ONLY = (
    "application/vnd.stardivision.",
    "application/vnd.ms-works",
    "application/vnd.apple.pages.13",
    "application/vnd.apple.numbers.13",
    "application/vnd.apple.keynote.13",
    "application/x-mif",
)


def read_by_tika(part: Part, kind: str, family: Family) -> Reading:
    """Read any document by Tika, with the passwords of the case where it asks for one."""
    path = family.keep(part)
    node, cut = tika.parse(path, part.name, family.new_path(), family.limits)
    trial = Trial(family.passwords, family.limits.seconds / 2)
    locked = node.failure is not None and node.failure[0] is Code.ENCRYPTED
    if locked:
        for attempt in _opened(path, part.name, family, trial):
            if attempt[0].failure is None or attempt[0].text:
                node, cut = attempt
                break
    reading = reading_of(node, kind, family, cut)
    if node.failure is not None and node.failure[0] is Code.ENCRYPTED:
        reading.notes = [_with_trial(note, trial) for note in reading.notes]
    add_hidden(reading, path, kind, family, locked=locked)
    return reading


def read_known(part: Part, node: Node, kind: str, family: Family) -> Reading:
    """What was embedded and read with its holder: Tika's view of it, and what it hides."""
    reading = reading_of(node, kind, family)
    add_hidden(reading, family.keep(part), kind, family)
    return reading


def _opened(
    path: Path, name: str, family: Family, trial: Trial
) -> Iterator[tuple[Node, tuple[int, ...]]]:
    """Tika's readings of an encrypted document, one for each password that may open it."""
    if is_tested(path):
        plain = family.new_path()
        for _ in opening(path, plain, trial):
            yield tika.parse(plain, name, family.new_path(), family.limits)
        return
    for password in trial:
        node, cut = tika.parse(path, name, family.new_path(), family.limits, password)
        if node.failure is None or node.text:
            opened_by(password)
        yield node, cut


def _with_trial(note: Note, trial: Trial) -> Note:
    """A note that something is encrypted, with how many passwords were tried."""
    if note.code is not Code.ENCRYPTED:
        return note
    return replace(note, message=f"{note.message}; {trial.said}")


def add_hidden(
    reading: Reading, path: Path, kind: str, family: Family, *, locked: bool = False
) -> None:
    """Look for what the document hides: flags in its fields, words at the end of its text.

    `locked`: it is encrypted, and a password opened it.
    """
    if kind not in LOOKED or reading.outcome is not Disposition.REVIEWABLE:
        return
    findings = hidden.Findings(max(0, family.limits.characters - len(reading.text)))
    if locked or (kind in OPEN_XML and head_of(path, len(MAGIC)) == MAGIC):
        path = _without_password(path, family)
    look(path, kind, findings)
    merge_hidden(reading, findings, family)


def merge_hidden(reading: Reading, findings: hidden.Findings, family: Family) -> None:
    """Put what was found hidden on the document's record."""
    sections = findings.sections()
    reading.text = "\n\n".join(each for each in (reading.text, sections) if each)
    kinds = {*reading.fields.hidden, *findings.kinds}
    reading.fields = replace(
        reading.fields,
        hidden=tuple(kind for kind in hidden.KINDS if kind in kinds),
        linked=tuple(dict.fromkeys((*reading.fields.linked, *findings.linked))),
    )
    if findings.cut and family.cut_note() not in reading.notes:
        reading.notes.append(family.cut_note())
    if findings.faults:
        message = f"Not all that it hides could be looked for: {'; '.join(findings.faults)}"
        reading.notes.append(warning(Code.PARTIAL, message, hidden.TOOL, hidden.VERSION))


def _without_password(path: Path, family: Family) -> Path:
    """The document opened by a password of the list; itself where none opens it."""
    plain = family.new_path()
    trial = Trial(family.passwords, family.limits.seconds / 2)
    return plain if next(opening(path, plain, trial), None) is not None else path


def reading_of(node: Node, kind: str, family: Family, cut: tuple[int, ...] = ()) -> Reading:
    """What Tika's view of one document means to us."""
    container = kind in _CONTAINERS
    # Tika leads the text with the title, which a message has as its subject
    own = node.text.removeprefix(node.get("dc:title")).lstrip() if kind == "msg" else node.text
    texts, parts, notes = [own], list[Part](), list[Note]()
    _sort_children(node, container, texts, parts, notes)
    if cut:
        notes.append(_note(Code.TOO_LARGE, f"{len(cut)} embedded items pass the limit of bytes"))
    notes += _warnings(node, family, container)
    fields, odd = fields_from(node)
    if kind in LOOKED and any(each.role is Role.EMBEDDED for each in parts):
        fields = replace(fields, hidden=(*fields.hidden, "embedded-objects"))
    reading = Reading(
        text="\n\n".join(text for text in texts if text),
        outcome=Disposition.CONTAINER if container else Disposition.REVIEWABLE,
        fields=fields,
        raw=_raw(node),
        notes=notes + odd,
        parts=parts,
    )
    _judge(reading, node, bool(parts))
    if kind == "msg" and reading.outcome is Disposition.REVIEWABLE:
        _identify(reading, parts)
    return reading


def _identify(reading: Reading, parts: list[Part]) -> None:
    """The identity of a message that Outlook saved, by the recipe of all mails."""
    hashes = []
    for part in parts:
        assert isinstance(part.data, Path)
        with part.data.open("rb") as file:
            hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
    reading.dedup_hash, weak = mail_hash(reading.fields, reading.text, hashes)
    reading.mih = mih(reading.fields.message_id)
    if weak:
        message = "Without a date or a sender its identity rests on what is left"
        reading.notes.append(_note(Code.WEAK_IDENTITY, message))


def _judge(reading: Reading, node: Node, has_parts: bool) -> None:
    """Decide whether the document stands: an exception, a warning, or nothing to say."""
    if node.failure is not None:
        code, message = node.failure
        if code in (Code.ENCRYPTED, Code.BOMB) or not (reading.text or has_parts):
            reading.outcome = Disposition.EXCEPTION
            reading.notes.append(exception(code, message, tika.TOOL, tika.VERSION))
        else:
            reading.notes.append(_note(Code.PARTIAL, message))
    elif not reading.text and not has_parts:
        readable = node.understood and not node.mime.startswith(_NAMED_ONLY)
        if readable or node.mime.startswith(_MEDIA):
            message = f"There is no text in this {node.mime or 'file'}"
            reading.notes.append(_note(Code.NO_TEXT, message))
        else:
            reading.outcome = Disposition.EXCEPTION
            message = f"No reader knows the words of such a file ({node.mime or 'no type found'})"
            reading.notes.append(exception(Code.UNSUPPORTED, message, tika.TOOL, tika.VERSION))


def _sort_children(
    node: Node, container: bool, texts: list[str], parts: list[Part], notes: list[Note]
) -> None:
    """Tell documents of their own from what belongs to their parent's text."""
    for number, child in enumerate(node.children, 1):
        if child.resource == "MACRO":
            texts.append(child.text)
        elif child.resource in _NOT_ITEMS:
            continue
        elif child.data is None:
            message = f"The bytes of {child.name or 'an embedded item'} could not be had"
            notes.append(_note(Code.EMBEDDED_LOST, f"{message}; its text is kept with this one"))
            texts.append("\n".join((child.get("dc:subject", "dc:title"), child.text)).strip())
            _sort_children(child, container, texts, parts, notes)
        else:
            parts.append(_part(child, node, container, number))


def _part(child: Node, parent: Node, container: bool, number: int) -> Part:
    picture = child.resource == "INLINE" or child.mime.startswith("image/")
    if container or parent.mime == "application/vnd.ms-outlook":
        role = Role.ATTACHMENT
    else:
        role = Role.INLINE if picture else Role.EMBEDDED
    name = child.name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not name:
        ending = mimetypes.guess_extension(child.mime) or ""
        name = f"{'image' if picture else 'embedded'}-{number}{ending}"
    assert child.data is not None
    raw = {"path": child.name} if child.name not in ("", name) else {}
    known = None if child.starved else child
    return Part(name, role, child.data, node=known, raw=raw)


def _warnings(node: Node, family: Family, container: bool) -> list[Note]:
    notes = []
    if node.cut and not container:  # an archive has no text; its members are read again
        notes.append(family.cut_note())
    if node.too_many:
        message = f"There are more than {family.limits.embedded} embedded items"
        notes.append(_note(Code.TOO_MANY, message))
    for trace in node.lost:
        code, message = tika.understand(trace)
        if code is Code.ENCRYPTED:
            notes.append(exception(code, message, tika.TOOL, tika.VERSION))
        else:
            notes.append(_note(Code.EMBEDDED_LOST, message))
    return notes


def _raw(node: Node) -> dict[str, object]:
    """All metadata but Tika's notes to itself."""
    return {
        name: value
        for name, value in node.metadata.items()
        if not name.startswith("X-TIKA:") and name not in ("resourceName", "Content-Length")
    }


def _note(code: Code, message: str) -> Note:
    return warning(code, message, tika.TOOL, tika.VERSION)
