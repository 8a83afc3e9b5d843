"""Hostile documents laid out beside a server that listens: who calls, and what of a file gets in.

    python -m bench.hostile_pages --corpus ../shared/corpus

1. Documents of our own that try (tests/hostile_pages.py), as a production lays them out.
2. The same office files by LibreOffice as it comes, to see that the trap catches: it must call.
3. Every HTML mail and page of the corpus, each address in it turned to the server, by our layout
   without a network namespace; and by WeasyPrint as it comes, for the first hundred.
4. Every office document of the corpus that names something elsewhere, turned likewise, by our
   LibreOffice without a network namespace.

Ends with 1 where ours called, or where the content of the local file is on a page.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdfium2
import weasyprint

from ingest.child import Child
from ingest.mail import parse_message
from ingest.text import decode_text
from produce.imaging import libreoffice
from produce.imaging.html import html_pdf
from produce.imaging.office import SHEETS, SLIDES, WRITER
from produce.imaging.packages import rewrite
from tests.hostile_pages import SECRET, WORD, hostile_files, listening

OFFICE = WRITER | SLIDES | SHEETS
_HOST = re.compile(r"(?:https?:)?//[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?::\d+)?")
_HOST_BYTES = re.compile(
    rb'((?:Target|href|src)="|INCLUDEPICTURE\s+(?:&quot;|"))https?://[^/"&]+', re.IGNORECASE
)
_OUTSIDE = re.compile(
    rb'TargetMode="External"|xlink:href="(?:http|file|\.\.)|INCLUDE(?:PICTURE|TEXT)'
)
_PLAIN_WEASYPRINT = 100


def text_of(path: Path) -> str:
    """The words on all pages."""
    document = pypdfium2.PdfDocument(path)
    text = "\f".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def ours(folder: Path, files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """(name, text of the pages) of our own hostile files, by the imaging child."""
    child = Child("produce.imaging.child_main")
    for name, data in files.items():
        kind = name.partition("-")[0]
        source, target = folder / f"{name}.{kind}", folder / f"{name}.pdf"
        source.write_bytes(data)
        answer = child.call(_request(kind, source, target, folder), 300)
        assert isinstance(answer, dict), answer
        assert "code" not in answer, answer
        yield name, text_of(target)
    child.close()


def _request(kind: str, source: Path, target: Path, folder: Path) -> dict[str, Any]:
    plain = {"source": str(source), "target": str(target), "passwords": [], "rule": {}}
    if kind in OFFICE:
        work = folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        file = {"source": str(source), "type": kind, "target": str(target)}
        more = {"do": "office", "files": [file], "folder": str(work)}
        return plain | more | {"seconds": 120, "sheet_pages": 50}
    if kind == "email":
        return plain | {"do": "mail", "header": [], "rich": True, "type": "email"}
    return plain | {"do": "html", "svg": kind == "svg"}


def unhardened(folder: Path, files: dict[str, bytes]) -> None:
    """LibreOffice with a profile of its own and nothing forbidden."""
    for name in files:
        kind = name.partition("-")[0]
        if kind in OFFICE:
            subprocess.run(
                [
                    *(str(libreoffice.program()), "--headless", "--norestore"),
                    f"-env:UserInstallation={(folder / 'open-profile').as_uri()}",
                    *("--convert-to", "pdf", "--outdir", str(folder / "open")),
                    str(folder / f"{name}.{kind}"),
                ],
                capture_output=True,
                check=False,
                timeout=120,
            )


def pages_of(corpus: Path) -> Iterator[str]:
    """The HTML of every mail that has one, and of every page."""
    for path in sorted(corpus.rglob("*.eml")):
        with suppress(Exception):  # a mail that cannot be read is the collection's to tell
            if html := parse_message(path.read_bytes()).html:
                yield html
    for path in sorted((corpus / "html-text").rglob("*.htm*")):
        yield decode_text(path.read_bytes(), None)[0]


def turned(html: str, port: int) -> str:
    """Every address turned to the server."""
    return _HOST.sub(f"http://127.0.0.1:{port}", html)


def linking(corpus: Path) -> Iterator[Path]:
    """Office documents of the corpus that name something elsewhere."""
    for path in sorted((corpus / "office").rglob("*")):
        if path.suffix[1:].lower() in OFFICE and path.is_file() and zipfile.is_zipfile(path):
            with suppress(Exception), zipfile.ZipFile(path) as archive:  # damaged ones among them
                names = [each for each in archive.namelist() if each.endswith((".xml", ".rels"))]
                if any(_OUTSIDE.search(archive.read(name)) for name in names):
                    yield path


def main() -> int:
    """Lay all of it out and print who called."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, required=True)
    corpus = parser.parse_args().corpus
    with tempfile.TemporaryDirectory(prefix="redwell-hostile-") as name:
        folder = Path(name)
        secret = folder / "secret.txt"
        secret.write_text(SECRET)
        bad = own_files(folder, secret)
        bad += corpus_pages(corpus, folder)
        bad += corpus_office(corpus, folder)
    return 1 if bad else 0


def own_files(folder: Path, secret: Path) -> int:
    """Parts 1 and 2."""
    leaks = 0
    with listening() as (port, calls):
        files = hostile_files(port, secret)
        for name, text in ours(folder, files):
            leaks += SECRET in text
            print(f"  {name}: {'laid out' if WORD in text else 'NOT LAID OUT'}")
    print(f"own hostile files: {len(files)}, requests {len(calls)}, local file shown {leaks}")
    bad = len(calls) + leaks
    with listening() as (port, calls):
        files = hostile_files(port, secret)
        for name, data in files.items():
            (folder / f"{name}.{name.partition('-')[0]}").write_bytes(data)
        unhardened(folder, files)
    shown = sum(SECRET in text_of(each) for each in sorted((folder / "open").glob("*.pdf")))
    print(f"LibreOffice as it comes: requests {len(calls)}, local file shown {shown}")
    return bad


def corpus_pages(corpus: Path, folder: Path) -> int:
    """Part 3."""
    count = refused = failed = 0
    target = folder / "page.pdf"
    with listening() as (port, calls):
        for html in pages_of(corpus):
            count += 1
            try:
                refused += len(html_pdf(turned(html, port), target, {})[1])
            except Exception:  # noqa: BLE001 - printed as text then, which is not looked at here
                failed += 1
    print(f"HTML of the corpus: {count}, {failed} not laid out, {refused} addresses refused, "
          f"requests {len(calls)}")  # fmt: skip
    bad = len(calls)
    with listening() as (port, calls):
        for number, html in enumerate(pages_of(corpus)):
            if number == _PLAIN_WEASYPRINT:
                break
            with suppress(Exception):
                weasyprint.HTML(string=turned(html, port)).write_pdf(target)
    print(f"WeasyPrint as it comes, of the first {_PLAIN_WEASYPRINT}: requests {len(calls)}")
    return bad


def corpus_office(corpus: Path, folder: Path) -> int:
    """Part 4."""
    count = done = 0
    out = folder / "out"
    out.mkdir()
    with listening() as (port, calls):
        there = rb"\g<1>http://127.0.0.1:%d" % port
        for path in linking(corpus):
            kind = path.suffix[1:].lower()
            copy = folder / f"copy{count}.{kind}"
            shutil.copyfile(path, copy)
            rewrite(
                copy,
                lambda name: name.endswith((".xml", ".rels")),
                lambda data: _HOST_BYTES.sub(there, data),
            )
            export = libreoffice.slides(True, True) if kind in SLIDES else libreoffice.WRITER
            export = libreoffice.sheets(20) if kind in SHEETS else export
            fates = libreoffice.convert([copy], export, out, folder / "profile", 60)
            count += 1
            done += not fates[copy]
    print(f"office files of the corpus that link: {count}, {done} converted, requests {len(calls)}")
    return len(calls)


if __name__ == "__main__":
    sys.exit(main())
