"""What Redwell holds to be one message, beside another key, over the four Enron custodians.

    python -m bench.identity --corpus ../shared/corpus

Collects the custodians in two orders, each into a case of its own. Compares: what is kept, by
content; how many are unique for each custodian by Redwell and by (date, subject, from, body
without white space) of Python's `email`; groups that one joins and the other does not, with the
part of the recipe that differs; messages that stand with several custodians.
"""

import argparse
import email
import email.policy
import hashlib
import re
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import enron, pipeline
from ingest.mail import parse_message

_OTHER = ("date", "subject", "from", "body")


def other_key(data: bytes) -> tuple[str, str, str, str]:
    """The key of the corpus's README, by Python's own parser."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    body = b""
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            body += payload if isinstance(payload, bytes) else b""
    reduced = re.sub(rb"\s+", b"", body)
    heads = (str(message.get(name, "")) for name in ("Date", "Subject", "From"))
    date, subject, sender = heads
    return date, subject, sender, hashlib.sha256(reduced).hexdigest()


def ours(data: bytes) -> dict[str, object]:
    """The parts of Redwell's recipe, to tell which of them differ."""
    mail = parse_message(data)
    fields = mail.fields
    people = {each.address for each in (*fields.to, *fields.cc, *fields.bcc) if each.address}
    return {
        "date": fields.sent_at,
        "sender": sorted(each.address for each in fields.sender),
        "recipients": sorted(people),
        "subject": " ".join(fields.subject.split()),
        "body": re.sub(r"[\W_]+", "", mail.body),
        "attachments": sorted(hashlib.sha256(each.data).hexdigest() for each in mail.parts),
    }


def collected(mail: Path, names: Sequence[str], case: Path) -> None:
    """Ingest and process the custodians in this order."""
    custodians = [part for name in names for part in ("--custodian", name)]
    init = ("--number", "1", "--caption", "Enron", "--bates-prefix", "ENR")
    pipeline.redwell("init", str(case), *init, *custodians)
    for name in names:
        pipeline.redwell("ingest", str(mail / name), "--custodian", name, "--case", str(case))
    pipeline.redwell("process", "--case", str(case))


def roots(case: Path) -> list[tuple[str, str, str, str, int | None, int]]:
    """Custodian, address, dedup hash, disposition, kept document and id of each mail."""
    with sqlite3.connect(case / "case.db") as connection:
        found = connection.execute(
            "SELECT custodians.name, address, coalesce(dedup_hash, sha256), disposition, "
            "duplicate_of_id, documents.id FROM documents "
            "JOIN custodians ON custodians.id = custodian_id "
            "WHERE family_id = documents.id ORDER BY documents.id"
        ).fetchall()
    connection.close()
    return found


def compare(mail: Path, rows: Sequence[tuple[str, str, str, str, int | None, int]]) -> None:
    """Groups by Redwell's hash against groups by the other key, custodian by custodian."""
    by_custodian: dict[str, dict[str, str]] = defaultdict(dict)
    for custodian, address, digest, *_ in rows:
        by_custodian[custodian][address] = digest
    for custodian, digests in sorted(by_custodian.items()):
        data = {each: (mail / custodian / each).read_bytes() for each in digests}
        keys = {each: other_key(found) for each, found in data.items()}
        print(
            f"{custodian}: {len(digests)} messages, unique by Redwell "
            f"{len(set(digests.values()))}, by the other key {len(set(keys.values()))}"
        )
        _differing("Redwell joins, the other key parts", digests, keys, data)
        _differing("the other key joins, Redwell parts", keys, digests, data)


def _differing(
    title: str,
    joined: Mapping[str, object],
    parted: Mapping[str, object],
    data: Mapping[str, bytes],
) -> None:
    """Count pairs that one key joins and the other parts, by what differs between the two."""
    groups: dict[object, list[str]] = defaultdict(list)
    for address, key in joined.items():
        groups[key].append(address)
    reasons: Counter[str] = Counter()
    for group in groups.values():
        firsts = {parted[each]: each for each in reversed(group)}
        first, *others = firsts.values()
        for other in others:
            differ = _unequal(ours(data[first]), ours(data[other]))
            else_differ = _unequal(
                dict(zip(_OTHER, other_key(data[first]), strict=True)),
                dict(zip(_OTHER, other_key(data[other]), strict=True)),
            )
            reasons[f"ours: {differ}; other: {else_differ}"] += 1
    for reason, count in reasons.most_common():
        print(f"  {title}: {count} ({reason})")


def _unequal(one: Mapping[str, object], other: Mapping[str, object]) -> str:
    return ", ".join(name for name in one if one[name] != other[name]) or "-"


def shared(rows: Sequence[tuple[str, str, str, str, int | None, int]]) -> dict[str, set[str]]:
    """Kept messages with the custodians of all their copies, where there are several."""
    owners: dict[str, set[str]] = defaultdict(set)
    for custodian, _, digest, *_ in rows:
        owners[digest].add(custodian)
    return {digest: names for digest, names in owners.items() if len(names) > 1}


def kept(rows: Sequence[tuple[str, str, str, str, int | None, int]]) -> Counter[str]:
    """What is kept, by content."""
    return Counter(digest for _, _, digest, disposition, *_ in rows if disposition != "duplicate")


def main() -> None:
    """Run and print; exits with 1 where the order of collecting changes what is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-identity-") as folder:
        mail = Path(folder) / "mail"
        custodians = enron.unpack(given.corpus, mail)
        collected(mail, custodians, Path(folder) / "one")
        collected(mail, custodians[::-1], Path(folder) / "other")
        one, other = roots(Path(folder) / "one"), roots(Path(folder) / "other")
        compare(mail, one)
    several = shared(one)
    print(f"messages with two or more custodians: {len(several)}")
    print(
        f"  by custodians: {dict(Counter(' + '.join(sorted(each)) for each in several.values()))}"
    )
    same = kept(one) == kept(other)
    print(
        f"kept: {kept(one).total()} in one order, {kept(other).total()} in the other; equal: {same}"
    )
    if not same or any(count > 1 for count in kept(one).values()):
        raise SystemExit("the order of collecting changes what is kept")


if __name__ == "__main__":
    main()
