"""MBOX files of the corpus: the facts known of them beside Redwell's counts.

    python -m bench.mboxes --corpus ../shared/corpus

For each: messages, named parts, and messages that refer to another, by the corpus's README, by
Python's `mailbox` and `email` there and then, and by Redwell (whole, and in ranges of 100). To
Redwell the signature of a signed mail is no document: those are counted apart. Exits with 1 where
anything differs but by them.
"""

import argparse
import gzip
import mailbox
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ingest.mail import parse_message
from ingest.mbox import messages, plan

_FACT = re.compile(
    r"^\| (?P<name>mail/mbox/\S+) \| (?P<messages>\d+) messages, (?P<parts>\d+) named parts, "
    r"(?P<references>\d+) with In-Reply-To or References",
    re.M,
)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature"})
_MADE = re.compile(r"(?:unnamed|attached-message)-\d+(?:\.eml)?\Z")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a mailbox holds."""

    messages: int
    parts: int
    references: int
    signatures: int = 0


def by_python(path: Path) -> Counts:
    """By the standard library, as the facts were made."""
    box = mailbox.mbox(path, create=False)
    found = list(box)
    named = [part for each in found for part in each.walk() if part.get_filename()]
    signatures = sum(1 for part in named if part.get_content_type() in _SIGNATURES)
    references = sum(1 for each in found if each["In-Reply-To"] or each["References"])
    box.close()
    return Counts(len(found), len(named), references, signatures)


def by_redwell(path: Path) -> tuple[Counts, int]:
    """By Redwell: the whole, and messages by ranges."""
    count = parts = references = 0
    with path.open("rb") as file:
        for message in messages(file):
            mail = parse_message(message.data)
            named = [each.name for each in mail.parts if not _MADE.match(each.name)]
            headers = {name.lower() for name, value in mail.headers if value}
            count, parts = count + 1, parts + len(named)
            references += bool({"in-reply-to", "references"} & headers)
        ranges = plan(file, messages_each=100)
        in_ranges = sum(1 for each in ranges for _ in messages(file, each.start, each.end))
    return Counts(count, parts, references), in_ranges


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    given = parser.parse_args()
    wrong: list[str] = []
    print("mailbox\tfact\tpython\tredwell\tmessages in ranges\tsignatures")
    for fact in _FACT.finditer((given.corpus / "README.md").read_text("utf-8")):
        known = Counts(int(fact["messages"]), int(fact["parts"]), int(fact["references"]))
        with tempfile.NamedTemporaryFile() as unpacked:
            path = given.corpus / fact["name"]
            data = path.read_bytes()
            unpacked.write(gzip.decompress(data) if path.suffix == ".gz" else data)
            unpacked.flush()
            python = by_python(Path(unpacked.name))
            ours, in_ranges = by_redwell(Path(unpacked.name))
        rows = (
            f"{each.messages} messages, {each.parts} named, {each.references} refer"
            for each in (known, python, ours)
        )
        print(fact["name"], *rows, in_ranges, python.signatures, sep="\t")
        same = (ours.messages, ours.references, ours.parts + python.signatures)
        if same != (known.messages, known.references, known.parts) or in_ranges != ours.messages:
            wrong.append(fact["name"])
    if wrong:
        raise SystemExit(f"not as the facts have it: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
