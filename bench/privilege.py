"""How many mails about legal advice the privilege screen puts on top.

    python -m bench.privilege --corpus ../shared/corpus

The mails of Enron that students of Berkeley labelled; category 3.10 is *legal advice*, which is not
the same as privilege, and a mail has a label only where its first topic is company business. No
list of counsel goes with them: without `--counsel FILE.csv` the terms that are shipped speak alone.
Then the mail of the sample matter, whose counsel is known: its mails with counsel and what hangs on
them are in `samples/expected.json`. Prints recall and precision among the top N.
"""

import argparse
import csv
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from bench import pipeline
from records import case as cases
from records import counsel, tables
from records.case import Case
from records.counsel import Counsel, Kind, Side
from review import privilege_terms
from review.screen import screen
from samples import facts

INFO = cases.CaseInfo("1", "privilege", "", "UTC", "ABC", 7)
LEGAL_ADVICE = ("3", "10")
SAMPLE_COUNSEL = (
    Counsel(facts.THORNE.name, addresses=(facts.THORNE.address,)),
    Counsel(facts.ABARA.name, addresses=(facts.ABARA.address,)),
    Counsel(facts.COUNSEL, Kind.FIRM, domains=(facts.COUNSEL_DOMAIN,)),
    Counsel(facts.KESTREL, Kind.CLIENT, domains=("kestrelpassage.example",)),
    Counsel(facts.NORTHMOOR, Kind.CLIENT, Side.OPPOSING, domains=("northmoor-chandlery.example",)),
)
_TOPS = (20, 45, 90, 135, 225, 405)


def unpack(corpus: Path, target: Path) -> dict[str, bool]:
    """Write each mail once, by its hash; whether it is about legal advice, by the file's name."""
    found: dict[str, bool] = {}
    with tarfile.open(corpus / "labelled" / "enron_with_categories.tar.gz") as tar:
        labels = {}
        for member in tar.getmembers():
            file = tar.extractfile(member)
            if file is None or not member.name.endswith((".cats", ".txt")):
                continue
            name = Path(member.name).stem
            if member.name.endswith(".cats"):
                rows = csv.reader(file.read().decode("ascii").split())
                labels[name] = any(tuple(row[:2]) == LEGAL_ADVICE for row in rows)
            elif name != "categories":
                (target / f"{name}.eml").write_bytes(file.read())
                found[f"{name}.eml"] = False
    return {name: labels[Path(name).stem] for name in found}


def measured(case: Case, labels: Mapping[tuple[str, str], bool], title: str) -> None:
    """Screen, and print what stands on top; labels by custodian and address of a family's root."""
    found = screen(case, "docid:>=1", privilege_terms.read(None))
    d, c = tables.documents.c, tables.custodians.c
    root = tables.documents.alias("root")
    query = (
        sa.select(d.id, c.name, root.c.address)
        .join(tables.custodians, c.id == d.custodian_id)
        .join(root, root.c.id == d.family_id)
    )
    with case.read() as connection:
        rows = connection.execute(query).all()
    every = set(found.result.ids)
    legal = {row.id for row in rows if labels.get((row.name, row.address))} & every
    ranked = [each.document for each in found.documents]
    print(f"{title}: {len(ranked)} of {len(every)} documents have a reason, {len(legal)} are meant")
    print("top\tof them\trecall\tprecision\tby chance")
    for top in sorted({min(each, len(ranked)) for each in (*_TOPS, len(legal), len(ranked))}):
        hits = len(legal.intersection(ranked[:top]))
        share, chance = hits / len(legal), len(legal) * top / len(every)
        print(f"{top}\t{hits}\t{share:.2f}\t{hits / top:.2f}\t{chance:.1f}", flush=True)


def labelled(corpus: Path, home: Path, entries: Sequence[Counsel], workers: str) -> None:
    """The labelled mails of Enron."""
    mails, folder = home / "mails", home / "case"
    mails.mkdir()
    labels = {("Enron", name): legal for name, legal in unpack(corpus, mails).items()}
    cases.create(folder, INFO, [], ["Enron"])
    named = ("--custodian", "Enron", "--case", str(folder), "--workers", workers)
    pipeline.redwell("run", str(mails), *named)
    with cases.opened(folder) as case:
        counsel.add(case, entries)
        measured(case, labels, f"Labelled mails, {len(entries)} entries of counsel")


def sample(home: Path, workers: str) -> None:
    """The mail of the sample matter: terms alone, then with its counsel, client and other side."""
    folder = home / "sample"
    expected = json.loads((pipeline.SAMPLES / "expected.json").read_text("utf-8"))
    names = {each["folder"]: each["name"] for each in expected["custodians"]}
    labels = {}
    for each in expected["privileged"]:
        custodian, _, address = each.partition("/")
        labels[names[custodian], address.removeprefix("mail/")] = True
    cases.create(folder, INFO, [], list(names.values()))
    for custodian, name in names.items():
        mails = str(pipeline.SAMPLES / "matter" / custodian / "mail")
        named = ("--custodian", name, "--case", str(folder), "--workers", workers)
        pipeline.redwell("run", mails, *named)
    with cases.opened(folder) as case:
        measured(case, labels, "Sample matter, terms alone")
        counsel.add(case, SAMPLE_COUNSEL)
        measured(case, labels, "Sample matter, with its counsel")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make cases of the mails, and screen them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--counsel", type=Path, help="a CSV for 'redwell counsel import'")
    parser.add_argument("--workers", default="1")
    given = parser.parse_args(arguments)
    entries = counsel.read_csv(given.counsel) if given.counsel else []
    with tempfile.TemporaryDirectory() as home:
        labelled(given.corpus, Path(home), entries, given.workers)
        sample(Path(home), given.workers)


if __name__ == "__main__":
    main()
