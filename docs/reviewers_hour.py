"""Writes reviewers-hour.md: an hour of review, by commands really run on the sample matter.

`python docs/reviewers_hour.py` writes it, `--check` fails if it is stale. Only the clock is the
script's, so that the page says the same whenever it is made; hashes are shown as `…`.
"""

import datetime as dt
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from click.testing import CliRunner

import cli
from records import times
from records.errors import RedwellError

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGE = DOCS / "reviewers-hour.md"
MATTER = ROOT / "samples" / "matter"
# Mail without pages to be read by OCR: what an engine reads may differ from version to version.
TAKEN = {
    "Amara Okafor": ("amara-okafor/mail/inbox.mbox", "amara-okafor/mail/counsel/*.eml",
                     "amara-okafor/mail/2024-02-16 shortfall.eml"),
    "Lev Brandt": ("lev-brandt/mail/archive.mbox", "lev-brandt/mail/counsel/*.eml"),
}  # fmt: skip
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Run:
    """A command of somebody, after so many seconds; it ends with the code `ends`."""

    who: str
    line: str
    after: int = 30
    ends: int = 0


type Step = str | Run

FIRST = '"First pass"'
AGREED = """1. demurrage
2. swivel
3. "kenter link"
4. corro*
"""
STEPS: tuple[Step, ...] = (
    "## The case manager prepares\n\nMira is the case's admin. She names the reviewers, makes the "
    "choices that every document needs, and puts counsel on record.",
    Run("mira", "redwell user add mira admin"),
    Run("mira", "redwell user add ann reviewer"),
    Run("mira", "redwell user add ben reviewer"),
    Run("mira", "redwell user add carla reviewer"),
    Run("mira", 'redwell tag group add Call --single --required --tag Responsive '
        '--tag "Not responsive"'),
    Run("mira", "redwell tag define Privileged --needs-basis"),
    Run("mira", 'redwell counsel add "Rosalind Thorne" --firm "Thorne Abara Lisle LLP" '
        "--address r.thorne@thorneabara.example"),
    Run("mira", 'redwell counsel add "Thorne Abara Lisle LLP" --kind firm '
        "--domain thorneabara.example"),
    Run("mira", 'redwell counsel add "Kestrel Passage Shipping AG" --kind client '
        "--domain kestrelpassage.example"),
    Run("mira", 'redwell counsel add "Northmoor Chandlery Ltd" --kind client --side opposing '
        "--domain northmoor-chandlery.example"),
    f"The parties agreed on terms. They came as a list, `agreed.txt`:\n\n```text\n{AGREED}```\n\n"
    "Before anybody reads, she looks at what each of them brings, with families, and what would be "
    "lost without it.",
    Run("mira", "redwell terms report --terms agreed.txt --variants"),
    "She keeps the list as a search, and cuts what it finds into batches of whole families.",
    Run("mira", "redwell saved add Agreed --terms agreed.txt", 90),
    Run("mira", f"redwell batch cut {FIRST} saved:agreed --by family --size 8"),
    Run("mira", f"redwell batch list {FIRST}"),
    "## Nine o'clock: a batch\n\nAnn takes the first batch that nobody has, and reads. "
    "The hits of the agreed terms stand between stars; on a terminal they are bright.",
    Run("ann", f"redwell batch checkout {FIRST}", 120),
    Run("ann", "redwell batch next --lines 12", 20),
    Run("ann", "redwell tag add Responsive --ids {b1}", 75),
    Run("ann", "redwell batch next --lines 8", 15),
    Run("ann", "redwell tag add Responsive --ids {b2}", 60),
    "What is left, she sees at any time. The last but one hangs on the mail before it: families stand "
    "together.",
    Run("ann", "redwell batch show {set} 1", 40),
    "An act that would break a rule writes nothing. She tries to put the other choice on a document "
    "that bears one:",
    Run("ann", 'redwell tag add "Not responsive" --ids {b1}', 40, ends=41),
    "Then she codes the rest, a few at a time, and returns the batch. The first try says what lacks.",
    Run("ann", "redwell tag add Responsive --ids {b3},{b4},{b5}", 180),
    Run("ann", f"redwell batch return {FIRST}", 30, ends=48),
    Run("ann", 'redwell tag add "Not responsive" --query \'batch:"First pass/1" AND coded:no\'', 240),
    Run("ann", f"redwell batch return {FIRST}", 30),
    "## Meanwhile: another batch\n\nBen has the second one; nobody can have both.",
    Run("ben", f"redwell batch checkout {FIRST}", 10),
    Run("ben", "redwell batch next --lines 6", 20),
    Run("ben", "redwell tag add Responsive --query 'batch:\"First pass/2\"'", 420),
    Run("ben", f"redwell batch return {FIRST}", 20),
    "## How it goes",
    Run("mira", f"redwell review progress {FIRST}", 60),
    Run("mira", f"redwell review progress {FIRST} --by batch", 10),
    "## A second look\n\nMira draws a random sample of what came back. How each document is coded at "
    "this moment is kept with it. Carla, who coded none of it, judges the sample without seeing "
    "the first coding.",
    Run("mira", f"redwell qc draw Friday --batches {FIRST} --size 5 --seed 7", 30),
    Run("carla", "redwell qc next Friday --lines 6", 60),
    Run("carla", "redwell qc judge Friday {d1} Responsive", 60),
    Run("carla", 'redwell qc judge Friday {d2} "Not responsive" --note "stores only, no claim"', 90),
    Run("carla", "redwell qc judge Friday {d3},{d4},{d5} --agree", 120),
    "Who coded a document at the first level cannot judge it:",
    Run("ann", "redwell qc judge Friday {a1} --agree", 20, ends=14),
    Run("mira", "redwell qc report Friday", 60),
    Run("mira", "redwell qc apply Friday", 30),
    "## Where coding disagrees\n\nBefore anything goes out: families with two calls, copies coded "
    "otherwise, and what looks privileged among the responsive documents.",
    Run("mira", "redwell review conflicts", 60),
    "Ann split a family, and Ben coded counsel's advice as responsive and nothing more. The screen "
    "says why it objects; Mira has it withheld, and asks Ann about the family.",
    Run("mira", "redwell privilege screen --scope tag:responsive --at-least 30", 30),
    Run("mira", "redwell tag add Privileged --query 'tag:responsive AND participants:thorneabara' "
        "--families --basis 'attorney-client: advice of counsel on the claim' --on-conflict keep",
        45),
    Run("mira", "redwell review conflicts", 30),
    "## What is on record\n\nEvery act, with its hour and its name, in a chain that shows any change.",
    Run("mira", "redwell audit verify", 30),
)  # fmt: skip


class Clock:
    """The time of the page."""

    def __init__(self) -> None:
        self.now = START

    def stamp(self) -> str:
        """As `records.times.now` writes it."""
        return times.stamp(self.now)


def gather(folder: Path) -> dict[str, Path]:
    """Copy what is taken of the sample matter; a folder for each custodian."""
    found = {}
    for name, patterns in TAKEN.items():
        target = folder / name.replace(" ", "-").lower()
        target.mkdir(parents=True)
        for pattern in patterns:
            for each in sorted(MATTER.glob(pattern)):
                shutil.copy(each, target)
        found[name] = target
    return found


def prepare(case: Path, sources: dict[str, Path]) -> None:
    """Make the case, by the command line as it is installed."""
    names = [part for name in sources for part in ("--custodian", name)]
    _redwell(
        *("init", str(case), "--number", "LCIA 2024-117", "--bates-prefix", "NKP"),
        *("--caption", "Kestrel Passage Shipping AG v. Northmoor Chandlery Ltd", *names),
    )
    first, second = sources.items()
    for command, (name, source) in (("ingest", first), ("run", second)):
        _redwell(
            *(command, str(source), "--custodian", name, "--case", str(case), "--workers", "1")
        )


def _redwell(*arguments: str) -> None:
    command = [sys.executable, "-P", str(ROOT / "cli.py"), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"redwell {arguments[0]} ended with {done.returncode}:\n{done.stderr}")


class Hour:
    """Runs the steps and writes down what they print."""

    def __init__(self, case: Path) -> None:
        self._case = case
        self._clock = Clock()
        self._names = {"set": FIRST}

    def page(self) -> Iterator[str]:
        """The parts of the page."""
        with self._acting():
            for step in STEPS:
                yield step if isinstance(step, str) else self._shown(step)

    @contextmanager
    def _acting(self) -> Iterator[None]:
        environment = {"REDWELL_CASE": str(self._case), "REDWELL_USER": "mira"}
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(times, "now", self._clock.stamp),
            chdir(self._case.parent),
        ):
            yield

    def _shown(self, step: Run) -> str:
        self._clock.now += dt.timedelta(seconds=step.after)
        line = step.line.format(**self._names)
        code, output = self._run(step.who, shlex.split(line)[1:])
        if code != step.ends:
            sys.exit(f"{line} ended with {code}, not {step.ends}:\n{output}")
        self._remember(line, step.who)
        ends = f"(exit code {code})\n" if code else ""
        return f"```text\n{step.who}$ {line}\n{_tidy(output)}{ends}```"

    def _run(self, who: str, arguments: Sequence[str]) -> tuple[int, str]:
        result = CliRunner().invoke(cli.redwell, ["--user", who, *arguments])
        error = result.exception
        if isinstance(error, RedwellError):
            return error.exit_code, f"{result.output}redwell: {error}\n"
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return result.exit_code, result.output

    def _remember(self, line: str, who: str) -> None:
        """Keep the control numbers that later commands name: of the first batch and the sample."""
        if who == "ann" and "checkout" in line:
            found = self._documents("batch", "show", "First pass", "1")
            self._names |= {f"b{number}": each for number, each in enumerate(found, 1)}
        if "qc draw" in line:
            found = self._documents("qc", "show", "Friday")
            self._names |= {f"d{number}": each for number, each in enumerate(found, 1)}
            mine = set(self._documents("batch", "show", "First pass", "1"))
            self._names["a1"] = next(each for each in found if each in mine)

    def _documents(self, *arguments: str) -> list[str]:
        """The control numbers that a command lists."""
        output = self._run("mira", [*arguments, "--json"])[1]
        return [each["document"] for each in json.loads(output)["documents"]]


def _tidy(output: str) -> str:
    """Columns side by side, hashes left out."""
    return "".join(_aligned(_HASH.sub("…", output).splitlines()))


def _aligned(lines: Sequence[str]) -> Iterator[str]:
    table: list[list[str]] = []
    for line in [*lines, None]:
        if line is not None and "\t" in line:
            table.append(line.split("\t"))
            continue
        width = max(map(len, table), default=0)
        rows = [[*row, *[""] * (width - len(row))] for row in table]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(size) for cell, size in zip(row, widths, strict=True))
            yield "  ".join(cells).rstrip() + "\n"
        table = []
        if line is not None:
            yield line.rstrip() + "\n"


HEAD = """<!-- Made by docs/reviewers_hour.py; do not edit. -->

# A reviewer's hour

Batch, read, tag, second look, report: what a morning of review is by the command line. Every
command below is really run, on mail of the [sample matter](../samples/README.md), whenever this
page is made, and CI compares what comes out. The case is made before, by `redwell init`, `ingest`
and `run`; who acts stands before the `$`, as `--user` or `REDWELL_USER` says it. The clock is that
of the script, and columns are put side by side. [review.md](review.md) tells what each part does."""


def make() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as home:
        sources = gather(Path(home) / "sources")
        case = Path(home) / "case"
        prepare(case, sources)
        (Path(home) / "agreed.txt").write_text(AGREED, encoding="utf-8")
        return "\n\n".join((HEAD, *Hour(case).page())) + "\n"


def main() -> None:
    """Write the page, or with --check compare it."""
    text = make()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit("Stale in docs/: reviewers-hour.md. Run 'make docs' and commit the result")


if __name__ == "__main__":
    main()
