"""What a right run must find in the sample matter, worked out from how it was made."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from samples.facts import COUNSEL_DOMAIN
from samples.folders import Custodian
from samples.tree import Item

CONTAINERS = ("zip", "mbox")
Json = dict[str, object]


@dataclass(frozen=True)
class Found:
    """An item at its place; `key` is equal for families that are duplicates of each other."""

    item: Item
    custodian: Custodian
    address: str
    parent: "Found | None"
    root: "Found | None"
    role: str

    @property
    def family(self) -> "Found":
        """The top of the family, which may be the item itself."""
        return self.root or self

    @property
    def key(self) -> str:
        """The content hash of mail, the byte hash of any other file."""
        return f"mail {self.item.mail.dedup}" if self.item.mail else f"file {self.item.sha256}"

    @property
    def is_loose_container(self) -> bool:
        """Whether the members are families of their own."""
        return self.item.kind in CONTAINERS and self.root is None


@dataclass(frozen=True)
class Outcome:
    """An item with its disposition and, in a suppressed family, the address of its twin."""

    found: Found
    disposition: str
    twin: Found | None

    @property
    def is_searchable(self) -> bool:
        """Whether the item is among the documents a search goes over."""
        return self.disposition not in ("duplicate", "container")


def walk(custodians: list[Custodian]) -> list[Found]:
    """All items in order: a file, then at once all that is inside it."""
    return [
        found
        for custodian in custodians
        for item in custodian.files
        for found in _inside(Found(item, custodian, item.name, None, None, "file"))
    ]


def _inside(found: Found) -> Iterator[Found]:
    yield found
    for child in found.item.children:
        root = None if found.is_loose_container else found.family
        address = f"{found.address}!/{child.name}"
        role = _role(found.item, child)
        yield from _inside(Found(child, found.custodian, address, found, root, role))


def _role(parent: Item, child: Item) -> str:
    if parent.kind == "zip":
        return "member"
    if parent.kind == "mbox":
        return "message"
    if child.inline:
        return "inline"
    return "attachment" if parent.kind == "email" else "embedded"


def outcomes(items: list[Found]) -> list[Outcome]:
    """Applies the rule that the first of equal families is kept."""
    kept: dict[str, Found] = {}
    for found in items:
        if found.root is None and not found.is_loose_container:
            kept.setdefault(found.key, found)
    by_place = {(f.custodian.folder, f.address): f for f in items}
    return [_outcome(found, kept, by_place) for found in items]


def _outcome(
    found: Found, kept: dict[str, Found], by_place: dict[tuple[str, str], Found]
) -> Outcome:
    first = kept.get(found.family.key, found.family)
    if first is not found.family:
        tail = found.address.removeprefix(found.family.address)
        return Outcome(found, "duplicate", by_place[first.custodian.folder, first.address + tail])
    if found.item.exception:
        return Outcome(found, "exception", None)
    if not found.item.data:
        return Outcome(found, "empty", None)
    return Outcome(found, "container" if found.item.kind in CONTAINERS else "reviewable", None)


def place(found: Found) -> str:
    """The address with the custodian's folder before it."""
    return f"{found.custodian.folder}/{found.address}"


def item_records(results: list[Outcome]) -> list[Json]:
    """The `items` list of expected.json."""
    rarity = Counter(
        word for text in {r.found.item.text for r in results} for word in set(_long_words(text))
    )
    return [_record(result, rarity) for result in results]


def _long_words(text: str) -> list[str]:
    return re.findall(r"(?<![\w'-])[^\W\d_]{5,}(?![\w'-])", text)


def _telling_words(text: str, rarity: Counter[str]) -> list[str]:
    """Up to four words of the text that few other documents have."""
    words = list(dict.fromkeys(_long_words(text)))
    return sorted(words, key=lambda word: (rarity[word], -len(word), word))[:4]


def _record(result: Outcome, rarity: Counter[str]) -> Json:
    found, item = result.found, result.found.item
    record: Json = {
        "address": found.address,
        "custodian": found.custodian.folder,
        "disposition": result.disposition,
        "sha256": item.sha256,
        "size": len(item.data),
        "parent": found.parent.address if found.parent else None,
        "family": found.family.address,
        "role": found.role,
        "type": item.kind,
        "text": _telling_words(item.text, rarity),
        "ocr_pages": item.ocr_pages,
        "duplicate_of": place(result.twin) if result.twin else None,
        "exception": item.exception,
    }
    if item.mail:
        record |= {
            "subject": item.mail.subject,
            "from": item.mail.sender,
            "to": list(item.mail.to),
            "cc": list(item.mail.cc),
            "sent": item.mail.sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "message_id": item.mail.message_id,
        }
    return record


def totals(custodians: list[Custodian], results: list[Outcome]) -> Json:
    """The numbers at the head of expected.json."""
    counts = Counter(result.disposition for result in results)
    names = ("reviewable", "container", "duplicate", "system file", "empty", "exception")
    reasons = Counter(r.found.item.exception for r in results if r.disposition == "exception")
    pages = {r.found.item.sha256: r.found.item.ocr_pages for r in results}
    return {
        "custodians": [
            {"folder": c.folder, "name": c.person.name, "files": len(c.files)} for c in custodians
        ],
        "files_in": sum(len(c.files) for c in custodians),
        "documents": len(results),
        "dispositions": {name: counts[name] for name in names},
        "exceptions": {
            name: reasons[name] for name in ("encrypted", "truncated", "corrupt", "unsupported")
        },
        "duplicate_families": sum(
            r.disposition == "duplicate" and r.found.root is None for r in results
        ),
        "ocr_pages": sum(pages.values()),
    }


def groups(results: list[Outcome]) -> Json:
    """Threads, privileged mail and near-duplicates among the kept documents."""
    kept = [r.found for r in results if r.is_searchable]
    threads: dict[str, list[str]] = {}
    privileged = []
    for found in kept:
        mail = found.item.mail
        if mail is None:
            continue
        threads.setdefault((*mail.references, mail.message_id)[0], []).append(place(found))
        if any(a.endswith(f"@{COUNSEL_DOMAIN}") for a in (mail.sender, *mail.to, *mail.cc)):
            privileged.append(place(found))
    drafts = [place(f) for f in kept if "supply agreement draft" in f.address]
    return {
        "threads": [group for group in threads.values() if len(group) > 1],
        "privileged": privileged,
        "near_duplicates": [drafts],
    }
