"""A production of the four Enron custodians, as TIFF and as PDF: times, sizes, and other readers.

    python -m bench.production --corpus ../shared/corpus --workers 2

Makes the case of `bench.term_report`, codes what a query finds as responsive and mails with
counsel's words as privileged, draws and confirms redactions, and produces: once as TIFF, once as
PDF. Each command runs as a person runs it and is timed from outside. The volume is checked by
`redwell produce check`, then read by three readers that are not Redwell's: Python's csv on decoded
text, pandas where it is installed, and a shell with awk; all counts must agree. Where `tiffinfo` is
installed, the tags of every page are read by it. `--documents N` produces N of those found. `--keep
FOLDER` keeps the case, for `bench.damage`. Prints counts and times, nothing of the documents; exit
1 if anything disagrees.
"""

import argparse
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import batched
from pathlib import Path

from bench import cpu, pipeline
from bench.term_report import made

RESPONSIVE = "gas OR price* OR contract* OR agreement* OR trad* OR meet* OR deal*"
PRIVILEGED = "(attorney* w/3 client) OR (legal w/2 advice) OR subject:privileged"
REDACTED = ("confidential", "salary", "bonus*")
_GROUP4_TAGS = {
    "Compression Scheme": "CCITT Group 4",
    "Photometric Interpretation": "min-is-white",
    "Resolution": "300, 300 pixels/inch",
}


class Run:
    """The case, and what was measured of each command."""

    def __init__(self, case: Path, workers: int) -> None:
        self.case = case
        self.workers = workers
        self.trouble: list[str] = []

    def do(self, step: str, *arguments: str) -> str:
        """Run a command; its stdout."""
        command = pipeline.command(*arguments, "--case", str(self.case))
        used = cpu.run(command, pipeline.environment())
        print(f"{step}: {used.line()}", flush=True)
        return used.stdout

    def wrong(self, what: str) -> None:
        """Note what disagrees."""
        self.trouble.append(what)
        print(f"DISAGREES: {what}", flush=True)


def code(run: Run, terms: Sequence[str], some: int, most: int) -> int:
    """Responsive, privileged and redacted documents; how many redactions stand.

    Of what the query finds, `most` documents are responsive, spread evenly; all for 0.
    """
    case = ("--case", str(run.case))
    pipeline.redwell("tag", "define", "Responsive", "--case", str(run.case))
    pipeline.redwell("tag", "define", "Privileged", "--needs-basis", "--case", str(run.case))
    ids = pipeline.redwell("search", RESPONSIVE, "--ids", *case).split()
    chosen = [ids[at * len(ids) // most] for at in range(most)] if 0 < most < len(ids) else ids
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{each}\n" for each in chosen))
        file.flush()
        run.do("tag responsive", "tag", "add", "Responsive", "--from-file", file.name)
    basis = ("--basis", "attorney-client")
    run.do("tag privileged", "tag", "add", "Privileged", "--query", PRIVILEGED, *basis)
    pipeline.redwell("redact", "codes", "add", "PII", "personal", *case)
    asked = f"({' OR '.join(terms)}) AND tag:Responsive AND NOT tag:Privileged"
    found = pipeline.redwell("search", asked, "--ids", *case).split()[:some]
    wanted = [part for term in terms for part in ("--term", term)]
    suggest = ("redact", "suggest", "--ids", ",".join(found), *wanted, "--code", "PII", "--json")
    told = run.do(f"redact suggest ({len(found)} documents)", *suggest)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(told)
        file.flush()
        run.do("redact confirm", "redact", "confirm", "--from-file", file.name)
    return len(json.loads(told)["suggested"])


def produce(run: Run, name: str, kind: str) -> Path:
    """Plan, run and check a production; its volume."""
    exclude = ("--exclude-tag", "Privileged")
    plan = ("produce", "plan", name, "--tag", "Responsive", *exclude, "--kind", kind)
    told = json.loads(run.do(f"{name} plan", *plan, "--legend", "CONFIDENTIAL", "--json"))
    print(f"{name} plan: {json.dumps(told['counts'])}", flush=True)
    crew = ("--workers", str(run.workers))
    found = json.loads(run.do(f"{name} run", "produce", "run", name, *crew, "--json"))
    print(f"{name} made: {json.dumps(found['counts'])}", flush=True)
    print(
        f"{name} checked: {run.do(f'{name} check', 'produce', 'check', name).strip()}", flush=True
    )
    volume = Path(found["folder"])
    files = [each for each in volume.rglob("*") if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    print(f"{name}: {len(files):,} files, {size / 1e9:.2f} GB", flush=True)
    return volume


def by_csv(volume: Path) -> dict[str, int]:
    """Counts by Python's csv on decoded text."""
    [dat], [opt] = (list((volume / "DATA").glob(f"*.{each}")) for each in ("dat", "opt"))
    text = io.StringIO(dat.read_bytes().decode("utf-8-sig"), newline="")
    rows = list(csv.DictReader(text, delimiter="\x14", quotechar="\xfe", strict=True))
    lines = [line.split(",") for line in opt.read_text("ascii").splitlines()]
    return {
        "rows": len(rows),
        "fields": len(rows[0]),
        "pages": sum(int(row["PageCount"]) for row in rows),
        "natives": sum(bool(row["NativeLink"]) for row in rows),
        "withheld": sum(row["Withheld"] == "Y" for row in rows),
        "redacted": sum(row["Redacted"] == "Y" for row in rows),
        "families": len({row["BegAttach"] for row in rows}),
        "images": len(lines),
        "documents": sum(line[3] == "Y" for line in lines),
    }


def by_pandas(volume: Path) -> dict[str, int] | None:
    """The same by pandas; None where it is not installed."""
    try:
        import pandas  # type: ignore[import-untyped]  # no package of Redwell's
    except ImportError:
        return None
    [dat], [opt] = (list((volume / "DATA").glob(f"*.{each}")) for each in ("dat", "opt"))
    options = {"dtype": str, "keep_default_na": False}
    rows = pandas.read_csv(
        dat, sep="\x14", quotechar="\xfe", encoding="utf-8-sig", engine="python", **options
    )
    lines = pandas.read_csv(opt, header=None, **options)
    return {
        "rows": len(rows),
        "fields": len(rows.columns),
        "pages": int(rows["PageCount"].astype(int).sum()),
        "natives": int((rows["NativeLink"] != "").sum()),
        "withheld": int((rows["Withheld"] == "Y").sum()),
        "redacted": int((rows["Redacted"] == "Y").sum()),
        "families": int(rows["BegAttach"].nunique()),
        "images": len(lines),
        "documents": int((lines[3] == "Y").sum()),
    }


_SHELL = r"""
set -eu
export LC_ALL=C
cd "$1/DATA"
# Every value is qualified, and a value holds no line feed: a line is a row.
echo "rows $(tail -n +2 ./*.dat | wc -l)"
echo "fields $(head -n 1 ./*.dat | awk -F "$(printf '\024')" '{print NF}')"
count() { sed -e 's/\xc3\xbe//g' -e '1s/^\xef\xbb\xbf//' ./*.dat | tr -d '\r' |
  awk -F "$(printf '\024')" -v name="$1" -v want="$2" '
  NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
  want == "sum" { n += $at; next }
  want == "full" { n += ($at != ""); next }
  want == "distinct" { if (!($at in seen)) { seen[$at] = 1; n++ } next }
  $at == want { n++ }
  END { print n + 0 }'; }
echo "pages $(count PageCount sum)"
echo "natives $(count NativeLink full)"
echo "withheld $(count Withheld Y)"
echo "redacted $(count Redacted Y)"
echo "families $(count BegAttach distinct)"
echo "images $(cat ./*.opt | wc -l)"
echo "documents $(cut -d, -f4 ./*.opt | grep -c '^Y')"
"""


def by_shell(volume: Path) -> dict[str, int]:
    """The same by sh, awk, cut and wc."""
    done = subprocess.run(
        ["sh", "-c", _SHELL, "sh", str(volume)], capture_output=True, text=True, check=True
    )
    return {name: int(count) for name, count in map(str.split, done.stdout.splitlines())}


def read_by_others(run: Run, volume: Path) -> None:
    """All readers, compared."""
    found = {"csv": by_csv(volume), "pandas": by_pandas(volume), "shell": by_shell(volume)}
    for name, counts in found.items():
        print(f"{volume.name} by {name}: {json.dumps(counts)}", flush=True)
        if counts is not None and counts != found["csv"]:
            run.wrong(f"{name} reads {volume.name} otherwise than csv")
    sums = ["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"]
    if subprocess.run(sums, cwd=volume, check=False).returncode:
        run.wrong(f"sha256sum finds {volume.name} otherwise than its manifest")


def tags(run: Run, volume: Path) -> None:
    """The tags of every TIFF page by tiffinfo."""
    program = shutil.which("tiffinfo")
    if program is None:
        print("tiffinfo is not installed: apt-get install libtiff-tools", flush=True)
        return
    pages = sorted((volume / "IMAGES").rglob("*.tif"))
    seen: Counter[str] = Counter()
    for some in batched(pages, 500):
        done = subprocess.run(
            [program, *map(str, some)], capture_output=True, text=True, check=True
        )
        for block in re.split(r"^=== TIFF directory \d+ ===$", done.stdout, flags=re.M)[1:]:
            parts = (line.partition(":") for line in block.splitlines() if ":" in line)
            values = {name.strip(): value.strip() for name, _, value in parts}
            odd = [f"{n}: {values.get(n)}" for n, v in _GROUP4_TAGS.items() if values.get(n) != v]
            seen["; ".join(odd) or "300 dpi, Group 4, WhiteIsZero"] += 1
    print(f"tiffinfo: {len(pages):,} files, directories {dict(seen)}", flush=True)
    if sum(seen.values()) != len(pages):
        run.wrong("some TIFF holds more or less than one page")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--redact", type=int, default=100, help="documents with redactions")
    parser.add_argument("--documents", type=int, default=0, help="responsive ones; 0: all found")
    parser.add_argument("--keep", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-production-") as scratch:
        folder = wanted.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(made(wanted.corpus, folder, wanted.workers), wanted.workers)
        print(f"redactions: {code(run, REDACTED, wanted.redact, wanted.documents)}", flush=True)
        check: dict[str, Callable[[Run, Path], None]] = {"tiff": tags, "pdf": lambda *_: None}
        for kind, look in check.items():
            volume = produce(run, f"ENR_{kind.upper()}001", kind)
            read_by_others(run, volume)
            look(run, volume)
        sys.exit(bool(run.trouble))


if __name__ == "__main__":
    main()
