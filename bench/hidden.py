"""What documents hide, as Tika's own flags tell it and as Redwell's look does; typed fields filled.

    python -m bench.hidden --corpus ../shared/corpus

For each kind of hidden content: how many documents of office/tika Tika flags (msoffice:has-…, and
macros), how many our look does, how many both; then each disagreement with a judgement out of
`JUDGED`. Then, for office, pdf and images, how many documents of each type have each typed field,
and the CPU milliseconds that the look costs a document. Ends with 1 where a disagreement has no
judgement or a judgement no disagreement.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.reading import family
from ingest.types import HEAD, identify
from process import tika
from process.hidden import KINDS, Findings
from process.hidden_look import LOOKED, look
from process.metadata import hidden_by_tika
from records.fields import FIELD_NAMES
from records.limits import Limits

PASSWORDS = ("tika", "Tika", "Password1234_")
# Kinds that a flag of Tika's stands for; of the others it tells nothing.
COMPARED = frozenset(
    {
        *("comments", "tracked-changes", "hidden-sheets", "hidden-rows", "hidden-columns"),
        *("hidden-slides", "hidden-text", "linked-objects", "macros"),
    }
)
REASONS = {
    "no-flag": "It is there; Tika 3.3.1 sets no such flag for this format",
    "no-words": "Paragraph marks are deleted, no words; Tika sets no such flag for this format",
}
JUDGED: dict[tuple[str, str], str] = {
    **dict.fromkeys(
        (
            ("comments", "testComment.doc"),
            ("comments", "testComment.docx"),
            ("comments", "testComment.ppt"),
            ("comments", "testComment.pptx"),
            ("comments", "testComment.rtf"),
            ("comments", "testODFwithOOo3.odt"),
            ("comments", "testODTStyles3.odt"),
            ("comments", "testPPT_comment.ppt"),
            ("comments", "testPPT_comment.pptx"),
            ("comments", "testPPT_various2.pptx"),
            ("comments", "testWORD_2006ml.doc"),
            ("comments", "testWORD_2006ml.docx"),
            ("comments", "testWORD_embedded_pics.docx"),
            ("comments", "testWORD_numbered_list.doc"),
            ("comments", "testWORD_numbered_list.docx"),
        ),
        "no-flag",
    ),
    **dict.fromkeys(
        (("hidden-slides", "testPPT_various2.pptx"),),
        "no-flag",
    ),
    **dict.fromkeys(
        (
            ("linked-objects", "testPPT_2imgs.pptx"),
            ("linked-objects", "testPPT_embedded_two_slides.pptx"),
            ("linked-objects", "testPPT_embeded.pptx"),
            ("linked-objects", "testRTFEmbeddedLink.rtf"),
        ),
        "no-flag",
    ),
    **dict.fromkeys(
        (
            ("tracked-changes", "testODFwithOOo3.odt"),
            ("tracked-changes", "testWORD_2006ml.doc"),
            ("tracked-changes", "testWORD_2006ml.docx"),
            ("tracked-changes", "testWORD_embedded_pics.docx"),
            ("tracked-changes", "testWORD_missing_ooxml_bean1.docx"),
        ),
        "no-flag",
    ),
    ("tracked-changes", "testControlCharacters.doc"): "no-words",
}


def _documents(folder: Path) -> Iterator[tuple[Path, str, str]]:
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            found = identify(file.read(HEAD), path.name, file)
        yield path, found.type, found.mime


def compare(corpus: Path) -> int:
    """Print the table of kinds and the disagreements; how many have no judgement."""
    theirs, ours = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    cpu: dict[str, list[float]] = defaultdict(list)
    for path, kind, _ in _documents(corpus / "office/tika"):
        if kind not in LOOKED or "protected" in path.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            node, _ = tika.parse(path, path.name, Path(folder) / "embedded", Limits())
        for each in hidden_by_tika(node):
            theirs[each].add(path.name)
        findings = Findings()
        began = time.process_time()
        look(path, kind, findings)
        cpu[kind].append(1000 * (time.process_time() - began))
        for each in findings.kinds:
            ours[each].add(path.name)
    print("| kind | Tika | look | both |\n| --- | --- | --- | --- |")
    for each in KINDS:
        by_tika = str(len(theirs[each])) if each in COMPARED else "–"
        print(f"| {each} | {by_tika} | {len(ours[each])} | {len(theirs[each] & ours[each])} |")
    print("\n| type | documents | CPU ms a document, mean | highest |\n| --- | --- | --- | --- |")
    for kind, times in sorted(cpu.items()):
        print(f"| {kind} | {len(times)} | {sum(times) / len(times):.1f} | {max(times):.1f} |")
    return _judge({(kind, name) for kind in COMPARED for name in theirs[kind] ^ ours[kind]}, theirs)


def _judge(disagreed: set[tuple[str, str]], theirs: dict[str, set[str]]) -> int:
    print("\n| kind | document | only | why |\n| --- | --- | --- | --- |")
    for kind, name in sorted(disagreed):
        reason = REASONS.get(JUDGED.get((kind, name), ""), "NOT JUDGED")
        who = "Tika" if name in theirs[kind] else "look"
        print(f"| {kind} | {name} | {who} | {reason} |")
    stale = JUDGED.keys() - disagreed
    for kind, name in sorted(stale):
        print(f"{name}: judged for {kind}, and there is no disagreement")
    return len(disagreed - JUDGED.keys()) + len(stale)


def fields(corpus: Path) -> None:
    """Print how many documents of each type have each typed field."""
    count: dict[str, Counter[str]] = defaultdict(Counter)
    of: Counter[str] = Counter()
    for folder in ("office", "pdf", "images"):
        for path, kind, mime in _documents(corpus / folder):
            if kind in ("archive", "chm"):
                continue
            root = _read(path, kind, mime)
            of[kind] += 1
            count[kind].update(name for name in FIELD_NAMES if name in root["fields"])
    kinds = [kind for kind, number in of.most_common() if number > 1 and count[kind]]
    print("\n| field | " + " | ".join(f"{kind} ({of[kind]})" for kind in kinds) + " |")
    print("| --- |" + " --- |" * len(kinds))
    for name in FIELD_NAMES:
        if any(count[kind][name] for kind in kinds):
            cells = (str(count[kind][name] or "") for kind in kinds)
            print(f"| {name} | " + " | ".join(cells) + " |")


def _read(path: Path, kind: str, mime: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return family(path, Path(folder), mime, kind, Limits(), PASSWORDS)[0]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What is hidden, and which fields are filled.")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--no-fields", action="store_true", help="leave the table of fields out")
    arguments = parser.parse_args()
    unjudged = compare(arguments.corpus)
    if not arguments.no_fields:
        fields(arguments.corpus)
    return 1 if unjudged else 0


if __name__ == "__main__":
    sys.exit(main())
