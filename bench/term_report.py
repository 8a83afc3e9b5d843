"""A letter's thirty terms over four Enron custodians: the report against a count by other means.

    python -m bench.term_report --corpus ../shared/corpus --workers 2

Makes the case of `bench.enron`, with the attachments of one custodian's production put back into
their mails so that there are families (or takes a case made so with `--case`), and runs `redwell
terms report` over the terms below as a person would. Then every document's text and metadata are
read from the record and the store, and each term is counted by regular expressions of Python's own
`re` over them, families by the record's numbers. Every number is compared: documents, with
families, unique, unique with families, alone with families, by custodian and by year, each total,
the same again within a scope, and the words that wildcards stand for. Prints a table (terms and
counts, nothing of the documents) and one JSON line; exit 1 if a number differs.
"""

import argparse
import csv
import email
import email.policy
import io
import json
import re
import sqlite3
import sys
import tarfile
import tempfile
import time
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bench import enron, pipeline
from bench.cpu import run as measured

PRODUCTION = "bailey-s.production.tar.gz"
SCOPE = "(custodian:farmer-d OR custodian:lokay-m) AND date:2000-07..2001-06"

type Texts = Mapping[str, str]
type Test = Callable[[Texts], bool]

GAP = r"[\W_]+"
WORD = r"[^\W_]+"
START, END = r"(?<![^\W_])", r"(?![^\W_])"


def whole(pattern: str) -> str:
    """A pattern that begins and ends where words do."""
    return f"{START}(?:{pattern}){END}"


def has(pattern: str, *fields: str) -> Test:
    """Whether a field of the document (any but the path) holds the words of a pattern."""
    expression = re.compile(whole(pattern))

    def test(texts: Texts) -> bool:
        return any(
            expression.search(text) is not None
            for name, text in texts.items()
            if (name in fields if fields else name != "path")
        )

    return test


def before(a: str, b: str, n: int) -> str:
    """The words of `a`, then those of `b`, the first of these at most `n` words on."""
    return f"(?:{a})(?:{GAP}{WORD}){{0,{n - 1}}}{GAP}(?:{b})"


def near(a: str, b: str, n: int, *fields: str) -> Test:
    """Either order."""
    one, other = has(before(a, b, n), *fields), has(before(b, a, n), *fields)
    return lambda texts: one(texts) or other(texts)


def every(*tests: Test) -> Test:
    """All of them."""
    return lambda texts: all(test(texts) for test in tests)


def some(*tests: Test) -> Test:
    """Any of them."""
    return lambda texts: any(test(texts) for test in tests)


def no(test: Test) -> Test:
    """The contrary."""
    return lambda texts: not test(texts)


def apart(a: str, b: str, n: int) -> Test:
    """An `a` with no `b` among the `n` words on either side."""
    wanted = re.compile(whole(a))
    words = re.compile(WORD)
    other = re.compile(b)

    def test(texts: Texts) -> bool:
        for name, text in texts.items():
            if name == "path":
                continue
            for found in wanted.finditer(text):
                after = words.findall(text[found.end() : found.end() + 4000])[:n]
                ahead = words.findall(text[max(found.start() - 4000, 0) : found.start()])[-n:]
                if not any(other.fullmatch(each) for each in (*ahead, *after)):
                    return True
        return False

    return test


# As a letter has them, and what each asks for in regular expressions over folded text.
TERMS: tuple[tuple[str, Test], ...] = (
    ('"master netting agreement*"', has(rf"master{GAP}netting{GAP}agreement[^\W_]*")),
    ("(gas OR power) w/5 pric*", near("gas|power", r"pric[^\W_]*", 5)),
    ("curtail* w/10 (pipeline* OR transport*)",
     near(r"curtail[^\W_]*", r"pipeline[^\W_]*|transport[^\W_]*", 10)),
    ('"natural gas" AND contract*', every(has(f"natural{GAP}gas"), has(r"contract[^\W_]*"))),
    ("letter pre/2 credit", has(before("letter", "credit", 2))),
    ("collateral w/15 (margin OR exposure OR threshold)",
     near("collateral", "margin|exposure|threshold", 15)),
    ("mark* w/3 market", near(r"mark[^\W_]*", "market", 3)),
    ("(swap* OR deriv*) AND NOT isda",
     every(has(r"swap[^\W_]*|deriv[^\W_]*"), no(has("isda")))),
    ("isda w/10 (schedule OR annex)", near("isda", "schedule|annex", 10)),
    ("terminat* w/5 (trade* OR transaction* OR deal*)",
     near(r"terminat[^\W_]*", r"trade[^\W_]*|transaction[^\W_]*|deal[^\W_]*", 5)),
    ("california w/20 (price* OR cap* OR shortage)",
     near("california", r"price[^\W_]*|cap[^\W_]*|shortage", 20)),
    ('"price cap*" OR "rate cap*"', has(rf"(?:price|rate){GAP}cap[^\W_]*")),
    ("ferc AND (order* OR tariff*)", every(has("ferc"), has(r"order[^\W_]*|tariff[^\W_]*"))),
    ("imbalance* w/8 (gas OR volume*)", near(r"imbalance[^\W_]*", r"gas|volume[^\W_]*", 8)),
    ("nominat* w/10 (meter* OR flow*)", near(r"nominat[^\W_]*", r"meter[^\W_]*|flow[^\W_]*", 10)),
    ("capacity pre/5 release", has(before("capacity", "release", 5))),
    ("firm w/3 (transport* OR service OR capacity)",
     near("firm", r"transport[^\W_]*|service|capacity", 3)),
    ("(park* OR loan*) w/6 (gas OR storage)",
     near(r"park[^\W_]*|loan[^\W_]*", "gas|storage", 6)),
    ('shred* OR (destr* w/8 (document* OR record*))',
     some(has(r"shred[^\W_]*"), near(r"destr[^\W_]*", r"document[^\W_]*|record[^\W_]*", 8))),
    ("subject:(confidential OR privileged)", has("confidential|privileged", "subject")),
    ("bankrupt* AND employee* AND stock",
     every(has(r"bankrupt[^\W_]*"), has(r"employee[^\W_]*"), has("stock"))),
    ('(donat* w/5 proceed*) AND NOT "401k"',
     every(near(r"donat[^\W_]*", r"proceed[^\W_]*", 5), no(has("401k")))),
    ("ga? w/2 daily", near(r"ga[^\W_]", "daily", 2)),
    ("price NOT w/10 gas", apart("price", "gas", 10)),
    ('"off balance sheet" OR "special purpose"',
     some(has(f"off{GAP}balance{GAP}sheet"), has(f"special{GAP}purpose"))),
    ("filename:xls OR filename:doc", has("xls|doc", "filename")),
    ("##\"(basis|index)\" w/4 ##\"19[0-9]{2}|20[0-9]{2}\"",
     near("basis|index", "19[0-9]{2}|20[0-9]{2}", 4)),
    ("meter w/5 9=", near("meter", "9[0-9]", 5)),
    ("((bid OR offer) w/4 volume) OR spread*",
     some(near("bid|offer", "volume", 4), has(r"spread[^\W_]*"))),
    ("participants:(legal OR counsel) AND (advice OR opinion)",
     every(has("legal|counsel", "from", "to", "cc", "bcc"), has("advice|opinion"))),
)  # fmt: skip
# Words whose variants are compared, with the regular expression of a whole word.
VARIANTS = (("curtail*", r"curtail[^\W_]*"), ("ga?", r"ga[^\W_]"), ("9=", "9[0-9]"))


def made(corpus: Path, folder: Path, workers: int) -> Path:
    """The case, indexed, in `folder`."""
    mail, case = folder / "mail", folder / "case"
    names = enron.unpack(corpus, mail)
    attached = put_back(corpus / "matter-enron" / PRODUCTION, mail)
    print(f"# {attached} attachments are back in their mails", file=sys.stderr)
    init = ("--number", "1", "--caption", "Enron", "--bates-prefix", "ENR")
    custodians = [part for name in names for part in ("--custodian", name)]
    pipeline.redwell("init", str(case), *init, *custodians)
    crew = ("--case", str(case), "--workers", str(workers))
    for name in names:
        pipeline.redwell("ingest", str(mail / name), "--custodian", name, *crew)
    pipeline.redwell("process", "--no-ocr", *crew)
    pipeline.redwell("index", *crew)
    return case


def put_back(production: Path, mail: Path) -> int:
    """Make attachments of what a production holds beside its mails; how many there are."""
    with tarfile.open(production) as tar:
        members = {each.name: each for each in tar if each.isfile()}
        load = next(name for name in members if name.endswith((".csv", ".dat", ".txt"))
                    and "/native/" not in name and "/text/" not in name)  # fmt: skip
        reading = tar.extractfile(members[load])
        assert reading is not None
        text = reading.read().decode("utf-8", "replace")
        rows = list(csv.DictReader(io.StringIO(text), delimiter="|", quoting=csv.QUOTE_NONE))
        root = load.partition("/")[0]
        natives = {row["UPI"]: f"{root}/{row['native_link']}" for row in rows}
        count = 0
        for row in rows:
            parent = natives.get(row["attachment_parent"] or "")
            if parent is None or natives[row["UPI"]] not in members:
                continue
            path = next(iter(mail.rglob(Path(parent).name)), None)
            found = tar.extractfile(members[natives[row["UPI"]]])
            if path is not None and found is not None:
                _attach(path, Path(natives[row["UPI"]]).name.partition("-")[2], found.read())
                count += 1
    return count


def _attach(path: Path, name: str, data: bytes) -> None:
    old = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(old, EmailMessage)
    old.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    path.write_bytes(old.as_bytes(policy=email.policy.SMTP))


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a document by the record: its folded texts by field, family and groups."""

    texts: Texts
    family: int
    custodians: frozenset[str]
    date: str


def folded(text: str) -> str:
    """As words are compared: compatible forms, small letters, no accents or hidden hyphens."""
    text = unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if unicodedata.category(c) != "Mn")


def read_documents(case: Path) -> dict[int, Document]:
    """All documents in review, from the database file and the store's files alone."""
    blobs = {path.name: path for path in (case / "store").rglob("*") if path.is_file()}
    with closing(sqlite3.connect(case / "case.db")) as db:
        db.row_factory = sqlite3.Row
        names = dict(db.execute("SELECT id, name FROM custodians").fetchall())
        zone = zoneinfo.ZoneInfo(db.execute("SELECT time_zone FROM cases").fetchone()[0])
        copies: dict[int, set[str]] = {}
        for row in db.execute("SELECT * FROM documents WHERE duplicate_of_id IS NOT NULL"):
            copies.setdefault(row["duplicate_of_id"], set()).add(names[row["custodian_id"]])
        reviewed = "disposition IN ('reviewable', 'empty', 'exception')"
        return {
            row["id"]: Document(
                _texts(row, blobs),
                row["family_id"],
                frozenset({names[row["custodian_id"]], *copies.get(row["id"], ())}),
                _date(row, zone),
            )
            for row in db.execute(f"SELECT * FROM documents WHERE {reviewed}")  # noqa: S608
        }


def _texts(row: sqlite3.Row, blobs: Mapping[str, Path]) -> Texts:
    fields = json.loads(row["fields"])

    def people(name: str) -> str:
        return "; ".join(f"{each['name']} <{each['address']}>" for each in fields.get(name, ()))

    texts = {name: fields.get(name, "") for name in ("title", "author", "subject")}
    texts |= {"from": people("sender"), **{name: people(name) for name in ("to", "cc", "bcc")}}
    texts["filename"] = row["name"]
    if sha256 := row["text_sha256"]:
        texts["text"] = blobs[sha256].read_bytes().decode("utf-8", "replace")
    return {name: folded(text) for name, text in texts.items() if text}


def _date(row: sqlite3.Row, zone: zoneinfo.ZoneInfo) -> str:
    fields = json.loads(row["fields"])
    stamp = row["sent_at"] or fields.get("modified_at") or row["modified_at"]
    stamp = stamp or fields.get("created_at")
    return datetime.fromisoformat(stamp).astimezone(zone).isoformat() if stamp else ""


def expected(documents: Mapping[int, Document], scope: frozenset[int]) -> dict[str, Any]:
    """The whole report, counted by other means."""
    members: dict[int, set[int]] = {}
    for number, document in documents.items():
        members.setdefault(document.family, set()).add(number)

    def families(ids: set[int]) -> set[int]:
        return {each for number in ids for each in members[documents[number].family]}

    def counts(ids: set[int]) -> dict[str, Any]:
        custodians = {name: 0 for n in scope for name in documents[n].custodians}
        years = {documents[n].date[:4] or "no year": 0 for n in scope}
        for number in ids:
            for name in documents[number].custodians:
                custodians[name] += 1
            years[documents[number].date[:4] or "no year"] += 1
        by = {"custodian": custodians, "year": years}
        return {"documents": len(ids), "with_families": len(families(ids)), "by": by}

    sets = [{n for n in scope if test(documents[n].texts)} for _, test in TERMS]
    whole_sets = [families(each) for each in sets]
    rows = []
    for at, ids in enumerate(sets):
        unique = ids.difference(*(each for i, each in enumerate(sets) if i != at))
        alone = whole_sets[at].difference(*(each for i, each in enumerate(whole_sets) if i != at))
        rows.append(
            counts(ids)
            | {
                "unique": len(unique),
                "unique_with_families": len(families(unique)),
                "alone_with_families": len(alone),
            }
        )
    words: dict[str, dict[str, int]] = {sign: {} for sign, _ in VARIANTS}
    for number in scope:
        for sign, pattern in VARIANTS:
            texts = documents[number].texts
            held = {w for t in texts.values() for w in re.findall(whole(pattern), t)}
            for word in held:
                words[sign][word] = words[sign].get(word, 0) + 1
    return {"terms": rows, "total": counts(set().union(*sets)), "words": words}


def reported(case: Path, scope: str, folder: Path) -> tuple[dict[str, Any], float]:
    """What `redwell terms report` says, and the CPU seconds that it took."""
    path = folder / "letter.txt"
    lines = (f"{number}.\t{written}" for number, (written, _) in enumerate(TERMS, 1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ("terms", "report", "--terms", str(path), "--by", "custodian", "--by", "year")
    options = ("--scope", scope) if scope else ()
    full = pipeline.command(*command, *options, "--variants", "--json", "--case", str(case))
    done = measured(full, pipeline.environment())
    return json.loads(done.stdout), done.total


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    """Every number that is not the same."""
    (report,) = found["lists"]
    for row, own in zip(report["terms"], wanted["terms"], strict=True):
        for name, value in own.items():
            if row[name] != value:
                yield f"term {row['number']} {row['term']}: {name} {row[name]}, not {value}"
    for name, value in wanted["total"].items():
        if report["total"][name] != value or found["total"][name] != value:
            yield f"total: {name} {report['total'][name]}, not {value}"
    for sign, words in wanted["words"].items():
        variants = [v for row in report["terms"] for v in row["variants"] if v["sign"] == sign]
        told = {each["word"]: each["documents"] for each in variants}
        if told != words:
            yield f"{sign}: {len(told)} words, not {len(words)}"


def main() -> None:
    """Make or take the case, report, count, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--case", type=Path, help="a case made before")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if (given.corpus is None) == (given.case is None):
        parser.error("give --corpus or --case")
    with tempfile.TemporaryDirectory(prefix="redwell-terms-") as name:
        folder = Path(name)
        case = given.case or made(given.corpus.resolve(), folder, given.workers)
        documents = read_documents(case)
        in_families = sum(1 for n, d in documents.items() if d.family != n)
        different = []
        told: dict[str, Any] = {"documents": len(documents), "members": in_families}
        for scope in ("", SCOPE):
            ids = frozenset(
                n
                for n, d in documents.items()
                if not scope
                or (d.custodians & {"farmer-d", "lokay-m"} and "2000-07" <= d.date[:7] <= "2001-06")
            )
            found, seconds = reported(case, scope, folder)
            began = time.process_time()
            wanted = expected(documents, ids)
            print(f"# scope {scope or 'all in review'}: {len(ids):,} documents", flush=True)
            show(wanted)
            if found["about"]["documents"] != len(ids):
                different.append(f"scope: {found['about']['documents']}, not {len(ids)}")
            different += differences(found, wanted)
            told[scope or "all"] = {
                "documents": len(ids),
                "report_cpu_seconds": round(seconds, 2),
                "other_cpu_seconds": round(time.process_time() - began, 1),
            }
    for each in different:
        print(each)
    print(json.dumps(told | {"differ": len(different)}))
    sys.exit(1 if different else 0)


def show(wanted: dict[str, Any]) -> None:
    """The counts by other means, a line a term."""
    names = ("documents", "with_families", "unique", "unique_with_families", "alone_with_families")
    for (written, _), row in zip(TERMS, wanted["terms"], strict=True):
        print("\t".join((written, *(str(row[name]) for name in names))))
    print("\t".join(("all terms", *(str(wanted["total"][name]) for name in names[:2]))))


if __name__ == "__main__":
    main()
