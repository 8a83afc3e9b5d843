"""A case of very many mails made without ingest and process, for what is measured on an index.

The mails of the mailing list and of the Enron custodians, read by Python's own parser, are
repeated as often as needed, each time with another line in the text and another Message-ID.
"""

import datetime as dt
import email
import email.policy
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

from bench.memory import mails
from records import case as cases
from records import tables, times
from records.case import Case
from records.fields import Address, Fields
from store import Store, open_store

_AT_ONCE = 2_000


def made(corpus: Path, scratch: Path, home: Path, count: int) -> None:
    """Make a case of so many processed documents at `home`, with one custodian and no index."""
    info = cases.CaseInfo("1", "Speed", "", "UTC", "SPD", 7)
    cases.create(home, info, [], ["Corpus"])
    read = [_read(each) for each in mails(corpus, scratch)]
    with cases.opened(home) as case:
        _begin(case)
        store = open_store(case.store_address)
        numbered = itertools.islice(enumerate(itertools.cycle(read), 1), count)
        for some in itertools.batched(numbered, _AT_ONCE):
            rows = list(_rows(store, some))
            with case.write() as connection:
                connection.execute(tables.documents.insert(), rows)


def _begin(case: Case) -> None:
    values = {"id": 1, "custodian_id": 1, "source": "/corpus", "state": "complete", "actor": "b"}
    with case.write() as connection:
        connection.execute(
            tables.collections.insert().values(
                **values, started_at=times.now(), settings={}, tools={}, counts={}
            )
        )


def _read(mail: bytes) -> tuple[Fields, str]:
    """What is known of a mail, and its text."""
    message = email.message_from_bytes(mail, policy=email.policy.compat32)
    fields = Fields(
        subject=_header(message, "subject"),
        sender=_people(message, "from"),
        to=_people(message, "to"),
        cc=_people(message, "cc"),
        bcc=_people(message, "bcc"),
        sent_at=_sent(message),
        message_id=_header(message, "message-id"),
    )
    return fields, "\n".join(_texts(message))


def _header(message: Message, name: str) -> str:
    # What is no ASCII comes as a Header, whose text holds lone surrogates.
    return str(message.get(name, "")).encode("utf-8", "replace").decode()


def _people(message: Message, name: str) -> tuple[Address, ...]:
    return tuple(Address(shown, at.lower()) for shown, at in getaddresses([_header(message, name)]))


def _sent(message: Message) -> str | None:
    try:
        sent = parsedate_to_datetime(_header(message, "date"))
        return times.stamp(sent if sent.tzinfo else sent.replace(tzinfo=dt.UTC))
    except (ValueError, OverflowError):
        return None


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            yield payload.decode("utf-8", "replace")


def _rows(store: Store, some: Sequence[tuple[int, tuple[Fields, str]]]) -> Iterator[dict[str, Any]]:
    with store.writing() as writer:
        for number, (fields, text) in some:
            whole = f"{text}\nCopy number {number}.\n"
            sha256 = writer.put_bytes(whole.encode()).sha256
            yield _row(number, fields, len(whole), sha256)


def _row(number: int, fields: Fields, characters: int, sha256: str) -> dict[str, Any]:
    known = fields.to_json() | {"message_id": f"<{number}.copy@example.com>"}
    one = {"collection_id": 1, "custodian_id": 1, "position": 0, "role": "file", "ocr_pages": []}
    mail = {"mime": "message/rfc822", "type": "email", "ext": "eml", "text_source": "native"}
    done = {"state": "processed", "outcome": "reviewable", "disposition": "reviewable"}
    name = f"{number}.eml"
    address = f"mail/{number // 500}/{name}"
    hashes = {
        kind: hashlib.new(kind, address.encode(), usedforsecurity=False).hexdigest()
        for kind in ("sha256", "sha1", "md5")
    }
    return {
        **one,
        **mail,
        **done,
        **hashes,
        "id": number,
        "family_id": number,
        "address": address,
        "name": name,
        "name_bytes": name.encode(),
        "size": characters,
        "text_sha256": sha256,
        "text_chars": characters,
        "sent_at": fields.sent_at,
        "fields": known,
        "revision": 1,
    }
