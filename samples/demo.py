"""Runs the whole job on the sample matter and compares what came out with expected.json.

`python samples/demo.py [--case DIR]`: makes a case, ingests both custodians, processes, indexes,
searches, tags, produces and checks. Exits with 1 if anything differs from what is expected.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MARK = ".redwell-demo"
VOLUME = "NKP_PROD001"
REDWELL = [sys.executable, "-P", str(ROOT / "cli.py")]


class Demo:
    """The case of the demonstration, driven by commands as a user would."""

    def __init__(self, case: Path) -> None:
        self.case = case
        self.expected: dict[str, Any] = json.loads((HERE / "expected.json").read_text("utf-8"))
        self.wrong: list[str] = []

    def run(self, *arguments: str) -> Any:
        """Show and run a command on the case; what its --json printed."""
        print(f"$ redwell {shlex.join(arguments)}", flush=True)
        command = [*REDWELL, *arguments, "--case", str(self.case), "--json"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=False)
        if done.returncode:
            sys.exit(f"redwell {arguments[0]} ended with {done.returncode}")
        return json.loads(done.stdout)

    def compare(self, what: str, found: object, expected: object) -> None:
        """Print a line of the summary, and remember what differs."""
        same = found == expected
        print(f"  {'ok' if same else 'WRONG':5}  {what}: {_short(found)}", flush=True)
        if not same:
            self.wrong.append(f"{what}: found {found}, expected {expected}")

    def make(self) -> None:
        """Make the case, in place of the one of an earlier demonstration."""
        if self.case.exists():
            if not (self.case / MARK).exists():
                sys.exit(f"{self.case} is there and is no demonstration's: move it away")
            shutil.rmtree(self.case)
        arguments = [
            *("init", str(self.case), "--number", "LCIA 2024-117", "--bates-prefix", "NKP"),
            *("--caption", "Kestrel Passage Shipping AG v. Northmoor Chandlery Ltd"),
            *("--court", "London Court of International Arbitration"),
            *("--party", "claimant=Kestrel Passage Shipping AG"),
            *("--party", "respondent=Northmoor Chandlery Ltd"),
        ]
        for each in self.expected["custodians"]:
            arguments += ["--custodian", each["name"]]
        print(f"$ redwell {shlex.join(arguments)}", flush=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([*REDWELL, *arguments], env=environment, check=False)
        if done.returncode:
            sys.exit(done.returncode)
        (self.case / MARK).touch()

    def collect(self) -> None:
        """Ingest, process and index; compare the counts."""
        passwords = ("--passwords", str(HERE / "passwords.txt"))
        files = 0
        for each in self.expected["custodians"]:
            source = HERE / "matter" / each["folder"]
            found = self.run("ingest", str(source), "--custodian", each["name"], *passwords)
            files += found["files_found"]
        found = self.run("process", *passwords)
        self.compare("files in", files, self.expected["files_in"])
        dispositions = {
            name: count for name, count in self.expected["dispositions"].items() if count
        }
        self.compare("documents", sum(found["dispositions"].values()), self.expected["documents"])
        self.compare("dispositions", found["dispositions"], dispositions)
        self.compare("exceptions", found["exceptions"], self.expected["exceptions"])
        families = self.expected["duplicate_families"]
        self.compare("duplicate families", found["duplicate_families"], families)
        self.compare("OCR pages", found["ocr_pages"], self.expected["ocr_pages"])
        indexed = self.run("index")
        containers = sum(1 for each in self.expected["items"] if each["type"] in ("zip", "mbox"))
        whole = self.expected["documents"] - containers
        self.compare("indexed (all but containers)", indexed["in_index"], whole)

    def search(self) -> None:
        """Ask every query of expected.json."""
        for each in self.expected["searches"]:
            found = self.run("search", each["query"])
            addresses = sorted(_place(self.expected, hit) for hit in found["documents"])
            self.compare(f"found for {each['why']}", found["count"], each["count"])
            if addresses != sorted(each["addresses"]):
                self.wrong.append(f"{each['query']}: {addresses} are not {each['addresses']}")

    def produce(self) -> None:
        """Tag, plan, run, check; then let sha256sum say the same."""
        wanted = self.expected["production"]
        for tag, query in (("Responsive", "responsive"), ("Privileged", "privileged")):
            self.run("tag", "define", tag)
            families = ("--families",) if tag == "Privileged" else ()
            found = self.run("tag", "add", tag, "--query", wanted[query], *families)
            if tag == "Responsive":
                self.compare("tagged responsive", found["changed"], wanted["hits"])
        self.run(
            *("produce", "plan", VOLUME, "--tag", "Responsive", "--exclude-tag", "Privileged"),
            *("--legend", "CONFIDENTIAL"),
        )
        done = self.run("produce", "run", VOLUME, "--passwords", str(HERE / "passwords.txt"))
        self.compare("produced", done["counts"]["documents"], wanted["documents"])
        for treatment, count in wanted["treatments"].items():
            self.compare(
                f"produced as {treatment}", done["counts"][f"produced as {treatment}"], count
            )
        checked = self.run("produce", "check", VOLUME)
        self.compare("findings of the check", len(checked["findings"]), 0)
        volume = self.case / "productions" / VOLUME
        print(f"$ cd {volume} && sha256sum --check --quiet MANIFEST.sha256", flush=True)
        sums = subprocess.run(
            ["sha256sum", "--check", "--quiet", "MANIFEST.sha256"], cwd=volume, check=False
        )
        self.compare("exit of sha256sum", sums.returncode, 0)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items() if count) or "none"
    return str(value)


def _place(expected: dict[str, Any], hit: dict[str, Any]) -> str:
    folders = {each["name"]: each["folder"] for each in expected["custodians"]}
    return f"{folders[hit['custodian']]}/{hit['address']}"


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description="Run the whole job on the sample matter.")
    parser.add_argument("--case", type=Path, default=ROOT / "demo-case", help="where to make it")
    demo = Demo(parser.parse_args().case)
    started = time.monotonic()
    for step in (demo.make, demo.collect, demo.search, demo.produce):
        step()
    demo.run("audit", "verify")
    if demo.wrong:
        sys.exit("Not as expected.json has it:\n" + "\n".join(demo.wrong))
    print(f"All as expected.json has it, in {time.monotonic() - started:.0f} s.")
    print(f"The case is {demo.case}, the volume {demo.case / 'productions' / VOLUME}")


if __name__ == "__main__":
    main()
