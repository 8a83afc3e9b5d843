"""Peak memory of each process as a case grows: it must stay flat.

    python -m bench.memory --corpus ../shared/corpus --sizes 5000,20000,80000

The mails of the mailing list and of the Enron custodians, repeated with another Message-ID and
another line in the body as often as needed, go through ingest, process without OCR and index.
Prints for each size and stage the peak resident MB of the coordinator, of the largest worker and
of the largest child.
"""

import argparse
import gzip
import itertools
import mailbox
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import cpu, pipeline
from bench.enron import unpack

_LIST = "mail/mbox/linux-s390_2500.mbox.gz"
_IN_FOLDER = 500
_MESSAGE_ID = re.compile(rb"^message-id:.*(?:\r?\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)


def mails(corpus: Path, scratch: Path) -> list[bytes]:
    """The mails to be repeated."""
    unpack(corpus, scratch / "enron")
    plain = scratch / "list.mbox"
    plain.write_bytes(gzip.decompress((corpus / _LIST).read_bytes()))
    found = [bytes(each) for each in mailbox.mbox(plain)]
    found += [
        path.read_bytes() for path in sorted((scratch / "enron").rglob("*")) if path.is_file()
    ]
    return found


def changed(mail: bytes, number: int) -> bytes:
    """The mail as another one."""
    name = b"Message-ID: <%d.copy@example.com>" % number
    mail, count = _MESSAGE_ID.subn(name, mail, count=1)
    return (mail if count else name + b"\n" + mail) + b"\nCopy number %d.\n" % number


def write(found: list[bytes], count: int, target: Path) -> None:
    """Write so many mails, each a file."""
    numbered: Iterator[tuple[int, bytes]] = enumerate(itertools.cycle(found))
    for number, mail in itertools.islice(numbered, count):
        folder = target / str(number // _IN_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.eml").write_bytes(changed(mail, number))


def measured(source: Path, case: Path, count: int, workers: str) -> None:
    """Make the case and print each stage's peaks."""
    about = ("--number", "1", "--caption", "Memory", "--bates-prefix", "MEM")
    pipeline.redwell("init", str(case), *about, "--custodian", "Corpus")
    crew = ("--workers", workers, "--case", str(case))
    for step in (
        ("ingest", str(source), "--custodian", "Corpus", *crew),
        ("process", "--no-ocr", *crew),
        ("index", *crew),
    ):
        used = cpu.run(pipeline.command(*step), pipeline.environment())
        peaks = ", ".join(f"{kind} {used.peak_mb[kind]} MB" for kind in cpu.KINDS[:3])
        print(f"{count} mails, {step[0]}: {peaks}; {used.line()}", flush=True)


def main() -> None:
    """Run all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--sizes", default="5000,20000,80000")
    parser.add_argument("--workers", default="2")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-memory-") as folder:
        found = mails(wanted.corpus, Path(folder))
        for count in map(int, wanted.sizes.split(",")):
            with tempfile.TemporaryDirectory(dir=folder) as inner:
                write(found, count, Path(inner) / "mail")
                measured(Path(inner) / "mail", Path(inner) / "case", count, wanted.workers)


if __name__ == "__main__":
    main()
