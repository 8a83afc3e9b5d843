"""Which PDF pages are sent to OCR, and which of them needed it.

    python -m bench.ocr_truth --corpus ../shared/corpus --into /tmp/ocr-truth.json
    python -m bench.ocr_decision --corpus ../shared/corpus --truth /tmp/ocr-truth.json

A page needs OCR where OCR finds words that its text layer, notes and fields lack: five or more of
three letters and a confidence of 70, and a fifth of those found; or any at all where there is no
text layer. A page that OCR reads badly (mean confidence under 60) though it has a text layer is
mirrored or on its side, and does not count. The documents are parted in halves by the hash of
their names: the rule was made looking at one, and is judged on the other.
"""

import argparse
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium

from bench.ocr_truth import PASSWORDS, Found
from process.ocr_choice import PageLook, look_at, wants_ocr
from process.pdf import open_pdf
from process.pdf_pages import annotations, layer

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Judged:
    """One page: what was on it, what OCR found, and what the looking cost in seconds."""

    name: str
    page: int
    text: str
    look: PageLook
    lacking: int
    needs: bool
    seconds: float


def judge(corpus: Path, truth: Found) -> Iterator[Judged]:
    """Every page whose text layer can be read."""
    for name, pages in truth.items():
        if not pages:
            continue
        document = open_pdf(corpus / name, PASSWORDS)
        for number, found in enumerate(pages):
            try:
                yield _judged(name, document, number, found)
            except pdfium.PdfiumError as error:
                print(f"{name} page {number + 1}: {error}")
        document.close()


def _judged(
    name: str, document: pdfium.PdfDocument, number: int, found: Sequence[tuple[float, str]]
) -> Judged:
    page = document[number]
    text_page = page.get_textpage()
    text = layer(text_page)
    started = time.process_time()
    look = look_at(page, text_page)
    wants_ocr(text, look)
    seconds = time.process_time() - started
    known = _squeezed("".join((text, *annotations(document, page, []))))
    seen = [
        each.lower()
        for confidence, word in found
        if float(confidence) >= 70
        for each in _WORD.findall(str(word))
    ]
    lacking = sum(1 for word in seen if word not in known)
    mean = sum(float(confidence) for confidence, _ in found) / max(1, len(found))
    bare = len(_WORD.findall(text)) == 0
    needs = lacking >= (1 if bare else 5) and lacking >= 0.2 * len(seen)
    return Judged(name, number, text, look, lacking, needs and (bare or mean >= 60), seconds)


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def report(title: str, pages: Sequence[Judged], rule: Callable[[str, PageLook], bool]) -> None:
    """The confusion table of a rule."""
    sent = [rule(each.text, each.look) for each in pages]
    both = list(zip(pages, sent, strict=True))
    right = sum(each.needs and wanted for each, wanted in both)
    false = sum(not each.needs and wanted for each, wanted in both)
    missed = [each for each, wanted in both if each.needs and not wanted]
    words = sum(each.lacking for each in pages if each.needs)
    lost = sum(each.lacking for each in missed)
    idle = len(pages) - right - false - len(missed)
    recall, precision = right / max(1, right + len(missed)), right / max(1, right + false)
    print(
        f"{title}: {len(pages)} pages, TP {right}, FP {false}, FN {len(missed)}, TN {idle}; "
        f"recall {recall:.3f}, precision {precision:.3f}; words missed {lost} of {words}"
    )
    for each in missed:
        print(f"  missed {each.name} page {each.page + 1}: {each.lacking} words")


def in_sample(name: str) -> bool:
    """Whether a document is of the half that the rule was made with."""
    return hashlib.sha256(Path(name).name.encode()).digest()[0] % 2 == 0


def texts_only(pages: Sequence[Judged]) -> None:
    """How many pages were sent of documents that have a good text layer throughout."""
    needing = {each.name for each in pages if each.needs}
    plain: dict[str, list[Judged]] = {}
    for each in pages:
        if each.name not in needing:
            plain.setdefault(each.name, []).append(each)
    plain = {
        name: found
        for name, found in plain.items()
        if sum(len(_squeezed(each.text)) for each in found) >= 200 * len(found)
    }
    count = sum(map(len, plain.values()))
    sent = [each for found in plain.values() for each in found if wants_ocr(each.text, each.look)]
    print(f"text PDFs: {len(plain)} documents, {count} pages, {len(sent)} sent to OCR")
    for each in sent:
        print(f"  sent {each.name} page {each.page + 1}: {each.look}")


def main() -> None:
    """Judge the rule on all pages and on both halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--verbose", action="store_true")
    wanted = parser.parse_args()
    pages = list(judge(wanted.corpus, json.loads(wanted.truth.read_text())))
    report("all", pages, wants_ocr)
    report("made with", [each for each in pages if in_sample(each.name)], wants_ocr)
    report("held out", [each for each in pages if not in_sample(each.name)], wants_ocr)
    texts_only(pages)
    spent = sorted(each.seconds for each in pages)
    print(
        f"the decision takes {1e3 * sum(spent) / len(spent):.2f} ms a page, "
        f"{1e3 * spent[len(spent) * 95 // 100]:.2f} ms at the 95th percentile"
    )
    if wanted.verbose:
        for each in pages:
            if wants_ocr(each.text, each.look) and not each.needs:
                print(f"  in vain {each.name} page {each.page + 1}: {each.lacking} {each.look}")


if __name__ == "__main__":
    main()
