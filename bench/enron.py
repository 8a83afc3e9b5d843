"""The four Enron custodians from raw mail to a TIFF production, with times and memory.

    python -m bench.enron --corpus ../shared/corpus --workers 2

Unpacks the custodians' mail into a temporary folder, then runs every command as a user would and
measures it from outside. The counts of three searches are compared with a count made of the same
files by other means (`grep` where a word cannot be broken over lines, else a regular expression
over each decoded file). Prints a table and, last, one JSON line.
"""

import argparse
import email
import email.policy
import json
import re
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import pipeline
from bench.measure import Measured, measure

# A query, and the regular expression that finds the same in a mail's subject, addresses and body.
SEARCHES = (
    ("arbitration", r"\barbitration\b"),
    ("curtail*", r"\bcurtail\w*"),
    ('"natural gas"', r"\bnatural[\W_]+gas\b"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One command of the run."""

    step: str
    seconds: float
    documents: int
    per_second: float
    coordinator_mb: int
    workers_mb: int
    children_mb: int


def unpack(corpus: Path, target: Path) -> list[str]:
    """Write each custodian's raw mail below `target`; the custodians' names."""
    names = []
    for archive in sorted((corpus / "matter-enron").glob("*.tar.gz")):
        name = archive.name.partition(".")[0]
        names.append(name)
        with tarfile.open(archive) as tar:
            for member in tar:
                raw = ".maildir." in archive.name or member.name.endswith(".eml")
                if member.isfile() and raw:
                    tar.extract(member, target / name, filter="data")
    return names


def texts(folder: Path) -> list[str]:
    """What Redwell indexes of each mail, read by Python's own parser: headers, text, file name."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
            parts = [str(message.get(name, "")) for name in ("subject", "from", "to", "cc", "bcc")]
            parts.append(path.name)
            for part in message.walk():
                if part.get_content_maintype() == "text":
                    payload = part.get_payload(decode=True)
                    assert isinstance(payload, bytes)
                    parts.append(payload.decode("utf-8", "replace"))
            found.append("\n".join(parts))
    return found


class Run:
    """The case of the run and what was measured."""

    def __init__(self, case: Path, workers: int) -> None:
        self.case = case
        self.crew = ("--workers", str(workers))
        self.rows: list[Row] = []

    def step(self, name: str, documents: int, *arguments: str) -> Measured:
        """Run and measure one command."""
        full = pipeline.command(*arguments, "--case", str(self.case))
        done = measure(full, pipeline.environment())
        row = Row(
            name,
            round(done.seconds, 1),
            documents,
            round(documents / done.seconds, 1),
            done.coordinator_mb,
            done.workers_mb,
            done.children_mb,
        )
        self.rows.append(row)
        print("\t".join(str(each) for each in asdict(row).values()), flush=True)
        return done


def collect(run: Run, mail: Path, names: list[str]) -> int:
    """Ingest, process, index; the number of messages."""
    total = 0
    for name in names:
        files = sum(1 for path in (mail / name).rglob("*") if path.is_file())
        total += files
        source = str(mail / name)
        run.step(f"ingest {name}", files, "ingest", source, "--custodian", name, *run.crew)
    done = run.step("process", total, "process", *run.crew, "--json")
    print(done.stdout, file=sys.stderr)
    run.step("index", total, "index", *run.crew)
    return total


def search(run: Run, mail: Path) -> list[str]:
    """Compare counts over all mail, duplicates included; the queries whose counts differ."""
    contents = texts(mail)
    different = []
    for query, pattern in SEARCHES:
        done = run.step(f"search {query}", 1, "search", query, "--scope", "all", "--count")
        expression = re.compile(pattern, re.IGNORECASE)
        other = sum(1 for text in contents if expression.search(text))
        print(f"# {query}: redwell {done.stdout.strip()}, by other means {other}", flush=True)
        if int(done.stdout) != other:
            different.append(query)
    return different


def produce(run: Run, count: int) -> None:
    """Tag the first `count` documents that a search finds, and produce them as TIFF."""
    found = pipeline.redwell("search", "contract", "--ids", "--case", str(run.case)).split()
    chosen = run.case / "chosen.txt"
    chosen.write_text("\n".join(found[:count]))
    pipeline.redwell("tag", "define", "Responsive", "--case", str(run.case))
    run.step("tag", count, "tag", "add", "Responsive", "--from-file", str(chosen))
    plan = ("produce", "plan", "ENR_PROD001", "--tag", "Responsive", "--legend", "CONFIDENTIAL")
    run.step("produce plan", count, *plan)
    done = run.step("produce run", count, "produce", "run", "ENR_PROD001", *run.crew, "--json")
    print(done.stdout, file=sys.stderr)
    run.step("produce check", count, "produce", "check", "ENR_PROD001")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tagged", type=int, default=200)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-enron-") as folder:
        mail, case = Path(folder) / "mail", Path(folder) / "case"
        names = unpack(wanted.corpus, mail)
        custodians = [part for name in names for part in ("--custodian", name)]
        init = ("--number", "1", "--caption", "Enron", "--bates-prefix", "ENR")
        pipeline.redwell("init", str(case), *init, *custodians)
        print("\t".join(Row.__slots__), flush=True)
        run = Run(case, wanted.workers)
        total = collect(run, mail, names)
        different = search(run, mail)
        produce(run, wanted.tagged)
        verified = json.loads(pipeline.redwell("audit", "verify", "--json", "--case", str(case)))
    rows = [asdict(row) for row in run.rows]
    print(json.dumps({"messages": total, "differ": different, "audit": verified, "rows": rows}))


if __name__ == "__main__":
    main()
