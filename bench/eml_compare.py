"""Headers and attachments of real mails as three parsers read them, and who is right where not.

    python -m bench.eml_compare --corpus ../shared/corpus

Subject, sender, recipients, date, and the names and sizes of attachments of every file under
mail/eml by Redwell, by Python's `email` (policy.default) and by Apache James mime4j, which lies in
the Tika jar. Prints how often each agrees with Redwell in each field, and each disagreement with a
judgement out of `bench.eml_judgements`; values are shown as lengths and hashes, being evidence.
Ends with 1 where a disagreement has no judgement or a judgement no disagreement.
"""

from __future__ import annotations

import argparse
import datetime as dt
import email
import email.policy
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.eml_judgements import CLASSES, JUDGED
from ingest.mail import parse_message
from process.jvm import start_java
from records import times
from records.fields import Address

FIELDS = ("subject", "from", "to", "date", "names", "sizes")
_TEXTS = frozenset(
    {
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
        "text/rfc822-headers",
        "message/delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
    }
)
_OURS = re.compile(r"unnamed-\d+|attached-message-\d+\.eml|piece-\S+-of-\S+\.txt")
_NO_SIZE = -1
"""Size of an attached message, which the others write anew: its bytes are not the ones sent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a parser made of a mail; values are ready to be compared."""

    values: dict[str, Any]


def _seen(
    subject: str,
    sender: list[tuple[str, str]],
    to: list[tuple[str, str]],
    date: str | None,
    parts: list[tuple[str, int]],
) -> Seen:
    return Seen(
        {
            "subject": " ".join(subject.split()),
            "from": [_party(each) for each in sender],
            "to": [_party(each) for each in to],
            "date": date,
            "names": [name for name, _ in parts],
            "sizes": [size for _, size in parts],
        }
    )


def _party(party: tuple[str, str]) -> tuple[str, str]:
    name, address = (" ".join(each.split()) for each in party)
    return name.strip("'\""), address.lower()


def by_redwell(data: bytes) -> Seen:
    """As Redwell reads it; a winmail.dat stays one, as it does for the others."""
    with patch("ingest.mailparts._opened_tnef", return_value=None):
        mail = parse_message(data)
    parts = [
        (
            "" if _OURS.fullmatch(each.name) else each.name,
            _NO_SIZE if each.content_type == "message/rfc822" else len(each.data),
        )
        for each in mail.parts
    ]
    fields = mail.fields

    def pairs(people: tuple[Address, ...]) -> list[tuple[str, str]]:
        return [(each.name, each.address) for each in people]

    return _seen(fields.subject, pairs(fields.sender), pairs(fields.to), fields.sent_at, parts)


def by_python(data: bytes) -> Seen:
    """As `email` with policy.default reads it."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    try:
        moment = message["date"].datetime if message["date"] is not None else None
    except (AttributeError, ValueError, TypeError, IndexError):
        moment = None
    return _seen(
        str(message["subject"] or ""),
        _python_people(message, "from"),
        _python_people(message, "to"),
        _stamp(moment),
        list(_python_parts(message)),
    )


def _stamp(moment: dt.datetime | None) -> str | None:
    if moment is None:
        return None
    return times.stamp(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def _python_people(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    found = []
    for header in message.get_all(name, []):
        for each in header.addresses:
            found.append((each.display_name, each.addr_spec if each.domain else each.username))
    return found


def _python_parts(part: Message[Any, Any]) -> Iterator[tuple[str, int]]:
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from _python_parts(child)
        return
    name = part.get_filename() or ""
    if part.get_content_maintype() == "multipart":
        return  # a multipart without parts is text
    if kind in _TEXTS and not name and part.get_content_disposition() != "attachment":
        return
    if kind == "message/rfc822":
        yield name, _NO_SIZE
        return
    payload = part.get_payload(decode=True)
    yield name, len(payload) if isinstance(payload, bytes) else 0


class Mime4j:
    """Apache James mime4j, permissive."""

    def __init__(self) -> None:
        start_java()
        import jpype

        self._java = jpype
        self._builder = jpype.JClass("org.apache.james.mime4j.message.DefaultMessageBuilder")()
        self._builder.setMimeEntityConfig(
            jpype.JClass("org.apache.james.mime4j.stream.MimeConfig").PERMISSIVE
        )
        self._builder.setDecodeMonitor(
            jpype.JClass("org.apache.james.mime4j.codec.DecodeMonitor").SILENT
        )

    def read(self, data: bytes) -> Seen:
        """As mime4j reads it."""
        stream = self._java.JClass("java.io.ByteArrayInputStream")(
            self._java.JArray(self._java.JByte)(data)
        )
        message = self._builder.parseMessage(stream)
        date = message.getDate()
        moment = None
        if date is not None:
            moment = dt.datetime.fromtimestamp(int(date.getTime()) // 1000, dt.UTC)
        return _seen(
            str(message.getSubject() or ""),
            self._people(message.getFrom()),
            self._people(message.getTo().flatten() if message.getTo() else None),
            _stamp(moment),
            list(self._parts(message)),
        )

    def _people(self, found: Any) -> list[tuple[str, str]]:
        return [(str(each.getName() or ""), str(each.getAddress())) for each in found or ()]

    def _parts(self, entity: Any) -> Iterator[tuple[str, int]]:
        body, kind = entity.getBody(), str(entity.getMimeType())
        if entity.isMultipart():
            for child in body.getBodyParts():
                yield from self._parts(child)
            return
        name = self._name(entity)
        if kind in _TEXTS and not name and str(entity.getDispositionType() or "") != "attachment":
            return
        if kind == "message/rfc822":
            yield name, _NO_SIZE
            return
        yield name, self._size(body)

    def _name(self, entity: Any) -> str:
        declared = entity.getHeader().getField("Content-Type")
        named = None if declared is None else declared.getParameter("name")
        return str(entity.getFilename() or named or "")

    def _size(self, body: Any) -> int:
        if not hasattr(body, "writeTo"):
            return 0
        out = self._java.JClass("java.io.ByteArrayOutputStream")()
        body.writeTo(out)
        return int(out.size())


def hidden(value: Any) -> str:
    """A value without its words: how long, and a hash by which two can be told apart."""
    if value in (None, "", []):
        return repr(value)
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        return str(value[:8])
    digest = hashlib.sha256(repr(value).encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{type(value).__name__}[{len(value)}]:{digest}"


@dataclass(slots=True)
class Tally:
    """What the comparison came to so far."""

    left: dict[tuple[str, str, str], str]
    agreed: Counter[tuple[str, str]] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    missing: int = 0

    def take(self, name: str, parser: str, ours: Seen, theirs: Seen) -> None:
        """Compare one mail's fields; print each disagreement."""
        for each in FIELDS:
            one, other = ours.values[each], theirs.values[each]
            if one == other:
                self.agreed[parser, each] += 1
                continue
            verdict = self.left.pop((name, parser, each), "NOT JUDGED")
            self.missing += verdict == "NOT JUDGED"
            self.classes[verdict] += 1
            print(f"{name} | {each} | {parser} {hidden(other)} | redwell {hidden(one)} | {verdict}")


def compare(corpus: Path) -> bool:
    """Compare all; False where a judgement is missing or left over."""
    folder = corpus / "mail" / "eml"
    parsers: dict[str, Callable[[bytes], Seen]] = {"python": by_python, "mime4j": Mime4j().read}
    tally = Tally(dict(JUDGED))
    paths = sorted(each for each in folder.rglob("*") if each.is_file())
    for path in paths:
        data, name = path.read_bytes(), path.relative_to(folder).as_posix()
        ours = by_redwell(data)
        for parser, read in parsers.items():
            try:
                theirs = read(data)
            except Exception as error:  # noqa: BLE001 - the other parser may fail in any way
                theirs = Seen(dict.fromkeys(FIELDS, type(error).__name__))
            tally.take(name, parser, ours, theirs)
    _print_counts(tally, len(paths), tuple(parsers))
    return not tally.missing and not tally.left


def _print_counts(tally: Tally, files: int, parsers: tuple[str, ...]) -> None:
    print(f"\n{files} files; agreement with Redwell:")
    for parser in parsers:
        counts = ", ".join(f"{each} {tally.agreed[parser, each]}" for each in FIELDS)
        print(f"  {parser}: {counts}")
    print("Disagreements by class:")
    for name, count in tally.classes.most_common():
        print(f"  {count:3} {name}: {CLASSES.get(name, '')}")
    for key in tally.left:
        print(f"A judgement without a disagreement: {key}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    sys.exit(0 if compare(parser.parse_args().corpus) else 1)


if __name__ == "__main__":
    main()
