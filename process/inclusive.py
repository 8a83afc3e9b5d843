"""Which mails of a thread say what no later one says, and which are spare.

A mail is **inclusive** unless a later mail of its branch, one that answers it or answers an answer,
quotes all of its text and carries all of its attachments on. In doubt it is: where its text could
not be read, holds no words, or is longer than is compared. A mail attached to another document is
always, for it is looked at with its family.

A **spare** is a mail that another of the thread equals: by its identity (`email-dedup/1`), or by
sender, date, subject and the words of its text, where the other has all of its attachments and
recipients too. The lowest that could be read is kept; a spare is not inclusive.

Runs in a worker: what comes back is a few values a mail.
"""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from process.threads_text import LONGEST, Read, is_quoted, read_text
from store import Store, open_store

LAST = "last"
TEXT = "text"
ATTACHMENT = "attachment"
ATTACHED = "attached"

_MOST_LATER = 64
_MOST_KEPT = 50  # of equal mails with other attachments or people each
_CACHE = 64 << 20  # characters of texts that are held at once


@dataclass(frozen=True, slots=True)
class ThreadMail:
    """A mail of a thread as it is judged. Attachments by hash, None for bytes that are missing."""

    id: int
    parent: int | None
    text_sha256: str | None
    chars: int
    identity: str  # its dedup hash, or nothing
    sender: tuple[str, ...]
    sent_at: str | None
    subject: str
    people: frozenset[str]
    attachments: frozenset[str | None]
    attached: bool
    is_read: bool


@dataclass(frozen=True, slots=True)
class ThreadBatch:
    """Threads for one worker."""

    threads: tuple[tuple[ThreadMail, ...], ...]
    store_address: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`within` is the mail that holds it, else `reason` says why it is inclusive."""

    document_id: int
    inclusive: bool
    within: int | None
    reason: str
    spare_of: int | None


def judge_batch(batch: ThreadBatch) -> tuple[Judged, ...]:
    """Judge all mails of some threads."""
    texts = Texts(open_store(batch.store_address))
    return tuple(each for mails in batch.threads for each in judge(mails, texts))


class Texts:
    """Texts of mails, taken apart; those used last are held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[str, Read] = OrderedDict()
        self._size = 0

    def of(self, mail: ThreadMail) -> Read | None:
        """A mail's text, if there is one that can be compared."""
        if mail.text_sha256 is None or mail.chars > LONGEST or not mail.is_read:
            return None
        if (found := self._held.get(mail.text_sha256)) is not None:
            self._held.move_to_end(mail.text_sha256)
            return found
        found = read_text(self._store.read_bytes(mail.text_sha256).decode("utf-8"))
        self._held[mail.text_sha256] = found
        self._size += found.size()
        while self._size > _CACHE and len(self._held) > 1:
            self._size -= self._held.popitem(last=False)[1].size()
        return found


def judge(mails: Sequence[ThreadMail], texts: Texts) -> Iterator[Judged]:
    """Judge one thread."""
    spares = _spares(mails, texts)
    answers: dict[int, list[ThreadMail]] = {}
    for each in mails:
        if each.parent is not None:
            answers.setdefault(each.parent, []).append(each)
    for each in mails:
        if (kept := spares.get(each.id)) is not None:
            yield Judged(each.id, False, kept, "", kept)
        elif each.attached:
            yield Judged(each.id, True, None, ATTACHED, None)
        else:
            later = [mail for mail in _later(each, answers) if mail.id not in spares]
            within, reason = _within(each, later, texts)
            yield Judged(each.id, within is None, within, reason, None)


def _later(mail: ThreadMail, answers: dict[int, list[ThreadMail]]) -> Iterator[ThreadMail]:
    """Mails of its branch, the nearest first, so many as are compared."""
    waiting = deque(answers.get(mail.id, ()))
    for _ in range(_MOST_LATER):
        if not waiting:
            return
        each = waiting.popleft()
        waiting.extend(answers.get(each.id, ()))
        if not each.attached:
            yield each


def _within(mail: ThreadMail, later: Sequence[ThreadMail], texts: Texts) -> tuple[int | None, str]:
    """The mail that holds all of this one; or why there is none."""
    if not later:
        return None, LAST
    own, reason = texts.of(mail), TEXT
    if own is None:
        return None, reason
    for each in later:
        other = texts.of(each)
        if other is not None and is_quoted(own, other):
            if None not in mail.attachments and mail.attachments <= each.attachments:
                return each.id, ""
            reason = ATTACHMENT
    return None, reason


def _spares(mails: Sequence[ThreadMail], texts: Texts) -> dict[int, int]:
    """Each spare mail with the one that is kept."""
    able = [each for each in mails if each.is_read and not each.attached]
    able.sort(key=lambda each: each.id)
    spares: dict[int, int] = {}
    for group in _alike(able, lambda each: each.identity):
        spares |= _stood_for(group)
    for group in _alike(able, _heads):
        for same in _alike(group, lambda each: _words(each, texts)):
            spares |= {each: kept for each, kept in _stood_for(same).items() if each not in spares}
    return {each: _kept(spares, each) for each in spares}


def _alike(
    mails: Sequence[ThreadMail], key: Callable[[ThreadMail], Hashable]
) -> Iterator[list[ThreadMail]]:
    """Groups of several mails with one key; what has none is alone."""
    groups: dict[Hashable, list[ThreadMail]] = {}
    for each in mails:
        if found := key(each):
            groups.setdefault(found, []).append(each)
    return (group for group in groups.values() if len(group) > 1)


def _heads(mail: ThreadMail) -> Hashable:
    if not mail.sender or not mail.sent_at:
        return None
    return (mail.sender, mail.sent_at, " ".join(mail.subject.casefold().split()))


def _words(mail: ThreadMail, texts: Texts) -> Hashable:
    found = texts.of(mail)
    if found is None or not found.lines:
        return None
    return hashlib.sha256(found.words().encode()).digest()


def _stood_for(group: Sequence[ThreadMail]) -> dict[int, int]:
    """Those of equal mails for which another stands, that has all their attachments and people."""
    kept: list[ThreadMail] = []
    found: dict[int, int] = {}
    for each in group:
        same = next((mail for mail in kept if _has_all(mail, each)), None)
        if same is not None:
            found[each.id] = same.id
        elif len(kept) < _MOST_KEPT:
            kept.append(each)
    return found


def _has_all(kept: ThreadMail, mail: ThreadMail) -> bool:
    carried = None not in mail.attachments and mail.attachments <= kept.attachments
    return carried and mail.people <= kept.people


def _kept(spares: dict[int, int], mail: int) -> int:
    """The one that is kept in the end; each is lower than the one it stands for."""
    while mail in spares:
        mail = spares[mail]
    return mail
