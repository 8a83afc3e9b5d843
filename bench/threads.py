"""Threads of a mailing list beside its References headers, and inclusive mails of real mailboxes.

    python -m bench.threads --corpus ../shared/corpus --workers 2

For each mailbox: it is collected and processed, its mails are related, and that is timed. The
mailing lists' threads are compared with those of an independent reading: Python's `mailbox`, and a
union over Message-ID, References and In-Reply-To. Printed: threads by each, messages whose threads
differ, pairs of messages joined by both (precision and recall against the headers), parents on
which both agree (the last reference that is there), and joins that go beyond the headers by what
made them. Of each mail that is held to be contained in another, the words are counted anew: how
many of them the other has. Exits with 1 where a header's join is missing, or a join is there that
neither headers, conversation nor subject explain.
"""

import argparse
import email.message
import gzip
import json
import mailbox
import re
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from bench import pipeline
from process.threads_run import MailRelations, relate_mail
from records import engine, tables
from records.case import Case, opened
from store import open_store

LISTS = ("mail/mbox/linux-s390_2500.mbox.gz", "mail/mbox/usrp-users_attachments.mbox")
MAILBOXES = ("matter-enron/lay-k.maildir.tar.gz", "matter-enron/lokay-m.maildir.tar.gz")
_ID = re.compile(r"<[^<>]+>")
_T, _D = tables.threads.c, tables.documents.c


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one mailbox; seconds for a thousand mails are the coordinator's, and all."""

    mailbox: str
    mails: int
    threads: int
    of_several: int
    bases: dict[str, int]
    inclusive: int
    contained: int
    spares: int
    reasons: dict[str, int]
    contained_words: float
    addresses: int
    people: int
    cpu_per_1000: float
    wall_per_1000: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Redwell's threads beside the headers'."""

    mailbox: str
    messages: int
    by_headers: int
    by_redwell: int
    placed_differently: int
    pairs_by_headers: int
    pairs_by_redwell: int
    pairs_by_both: int
    parents_by_headers: int
    parents_agreed: int
    index_joins: int
    subject_joins: int

    def is_explained(self) -> bool:
        """No pair of the headers is missing, and each further join has a basis that says so."""
        merged = self.by_headers - self.by_redwell
        whole = self.pairs_by_both == self.pairs_by_headers
        return whole and merged <= self.index_joins + self.subject_joins


def headers_of(path: Path) -> dict[str, list[str]]:
    """Each message of a mailbox by its Message-ID, with the ids that it refers to."""
    found: dict[str, list[str]] = {}
    box = mailbox.mbox(path, create=False)
    for message in box:
        own = _ids(message, "Message-ID")
        known = _ids(message, "References")
        answered = _ids(message, "In-Reply-To")[:1]
        if own:
            found.setdefault(own[0], [*known, *(each for each in answered if each not in known)])
    box.close()
    return found


def _ids(message: email.message.Message, name: str) -> list[str]:
    text = str(message.get(name, ""))
    return ["".join(each.split()) for each in _ID.findall(text)]


def by_headers(messages: Mapping[str, list[str]]) -> list[set[str]]:
    """The threads: ids that a chain of references leads from one to the other."""
    over: dict[str, str] = {}

    def top(each: str) -> str:
        while over.setdefault(each, each) != each:
            over[each] = over[over[each]]
            each = over[each]
        return each

    for own, known in messages.items():
        for each in known:
            over[top(own)] = top(each)
    groups: dict[str, set[str]] = {}
    for own in messages:
        groups.setdefault(top(own), set()).add(own)
    return list(groups.values())


def parent_by_headers(own: str, messages: Mapping[str, list[str]]) -> str | None:
    """The last reference that is there."""
    known = [each for each in messages[own] if each in messages and each != own]
    return known[-1] if known else None


def collected(source: Path, case: Path, workers: int) -> None:
    """Ingest and process a mailbox."""
    init = ("--number", "1", "--caption", "Threads", "--bates-prefix", "THR", "--custodian", "one")
    pipeline.redwell("init", str(case), *init)
    where = ("--case", str(case), "--workers", str(workers))
    pipeline.redwell("ingest", str(source), "--custodian", "one", *where)
    pipeline.redwell("process", "--no-ocr", *where)


def forget_all(case: Case) -> None:
    """Take off what the processing has related already, so that relating can be timed."""
    with case.write() as connection:
        for table in (tables.addresses, tables.people, tables.threads, tables.mail_keys):
            connection.execute(table.delete())


def related(name: str, case: Case, workers: int) -> Row:
    """Relate a case's mails, timed; the workers are there before the clock starts."""
    forget_all(case)
    with engine.started(workers) as running:
        list(running.map_ordered(len, [()] * workers))
        wall, cpu = time.monotonic(), time.process_time()
        found = relate_mail(case, running)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return _row(name, case, found, cpu, wall)


def _row(name: str, case: Case, found: MailRelations, cpu: float, wall: float) -> Row:
    with case.read() as connection:
        bases = Counter(connection.execute(sa.select(_T.basis)).scalars())
        why = connection.execute(sa.select(_T.contained_in).where(_T.inclusive)).scalars()
        reasons = Counter(each or "" for each in why)
    mails = bases.total()
    return Row(
        mailbox=name,
        mails=mails,
        threads=found.threads.threads,
        of_several=found.threads.of_several,
        bases=dict(bases),
        inclusive=found.judged.inclusive,
        contained=found.judged.contained,
        spares=found.judged.spares,
        reasons=dict(reasons),
        contained_words=round(lowest_share(case), 4),
        addresses=found.people.addresses,
        people=found.people.people,
        cpu_per_1000=round(1000 * cpu / mails, 2),
        wall_per_1000=round(1000 * wall / mails, 2),
    )


def lowest_share(case: Case) -> float:
    """Of each contained mail, the share of its words that the other has as often; the lowest."""
    store = open_store(case.store_address)
    query = sa.select(_T.document_id, _T.contained_in, _D.text_sha256)
    query = query.join(tables.documents, _D.id == _T.document_id)
    with case.read() as connection:
        rows = connection.execute(query).all()
    texts = {f"RW-{row.document_id:08d}": row.text_sha256 for row in rows}

    def words(sha256: str) -> Counter[str]:
        return Counter(re.findall(r"\w+", store.read_bytes(sha256).decode().casefold()))

    shares = [1.0]
    with case.read() as connection:
        held = sa.select(_T.document_id).where(sa.not_(_T.inclusive), _T.spare_of_id.is_(None))
        contained = set(connection.execute(held).scalars())
    for row in rows:
        if row.document_id in contained:
            own = words(row.text_sha256)
            shares.append((own & words(texts[row.contained_in])).total() / own.total())
    return min(shares)


def compared(name: str, case: Case, messages: Mapping[str, list[str]]) -> Compared:
    """Redwell's threads of the messages beside those of their headers."""
    query = sa.select(tables.threads, _D.fields)
    query = query.join(tables.documents, _D.id == _T.document_id).where(_D.id == _D.family_id)
    with case.read() as connection:
        rows = connection.execute(query).all()
    own = {row.document_id: "".join(row.fields["message_id"].split()) for row in rows}
    groups: dict[int, set[str]] = {}
    for row in rows:
        groups.setdefault(row.thread_id, set()).add(own[row.document_id])
    theirs, ours = by_headers(messages), list(groups.values())
    of = {each: group for group in theirs for each in group}
    parents = {own[row.document_id]: own.get(row.parent_id) for row in rows}
    told = {each: parent_by_headers(each, messages) for each in messages}
    under = Counter(row.basis for row in rows if row.parent_id is not None)
    tops = Counter(
        row.thread_id for row in rows if row.parent_id is None and row.basis == "conversation-index"
    )
    return Compared(
        mailbox=name,
        messages=len(messages),
        by_headers=len(theirs),
        by_redwell=len(ours),
        placed_differently=sum(1 for g in ours for each in g if of.get(each) != g),
        pairs_by_headers=_pairs(theirs),
        pairs_by_redwell=_pairs(ours),
        pairs_by_both=_pairs([one & other for one in ours for other in _met(one, of)]),
        parents_by_headers=sum(1 for each in told.values() if each),
        parents_agreed=sum(
            1 for each, parent in told.items() if parent and parents[each] == parent
        ),
        index_joins=under["conversation-index"] + sum(each - 1 for each in tops.values()),
        subject_joins=under["subject"],
    )


def _met(group: set[str], of: Mapping[str, set[str]]) -> Iterable[set[str]]:
    return {id(of[each]): of[each] for each in group if each in of}.values()


def _pairs(groups: Iterable[set[str]]) -> int:
    return sum(len(each) * (len(each) - 1) // 2 for each in groups)


def unpacked(path: Path, target: Path) -> Path:
    """The mailbox as a file or folder that can be read."""
    target.mkdir()
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as tar:
            tar.extractall(target, filter="data")
        return target
    plain = target / path.name.removesuffix(".gz")
    plain.write_bytes(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    )
    return plain


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    wanted = parser.parse_args()
    unexplained = False
    for number, name in enumerate((*LISTS, *MAILBOXES)):
        with tempfile.TemporaryDirectory(prefix="redwell-threads-") as folder:
            source = unpacked(wanted.corpus / name, Path(folder) / "mail")
            collected(source, Path(folder) / "case", wanted.workers)
            with opened(Path(folder) / "case") as case:
                print(json.dumps(asdict(related(name, case, wanted.workers))), flush=True)
                if number < len(LISTS):
                    beside = compared(name, case, headers_of(source))
                    print(json.dumps(asdict(beside)), flush=True)
                    unexplained |= not beside.is_explained()
    sys.exit(unexplained)


if __name__ == "__main__":
    main()
