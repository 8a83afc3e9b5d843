"""Single pages of a PDF by PDFBox, which lies in the Tika jar: for what PDFium cannot map."""

from pathlib import Path
from typing import Any

import jpype

from process.jvm import start_java


def page_texts(path: Path, pages: list[int], passwords: tuple[str, ...]) -> dict[int, str]:
    """The texts of some pages, by their index; without those that PDFBox cannot read either."""
    start_java()
    document = _open(path, passwords)
    if document is None:
        return {}
    try:
        stripper = jpype.JClass("org.apache.pdfbox.text.PDFTextStripper")()
        found = {}
        for page in pages:
            stripper.setStartPage(page + 1)
            stripper.setEndPage(page + 1)
            try:
                found[page] = str(stripper.getText(document)).replace("\r\n", "\n")
            except jpype.JException:  # the border to Java: the page keeps what PDFium gave
                continue
        return found
    finally:
        document.close()


def _open(path: Path, passwords: tuple[str, ...]) -> Any:
    file = jpype.JClass("java.io.File")(str(path))
    for password in ("", *passwords):
        try:
            return jpype.JClass("org.apache.pdfbox.Loader").loadPDF(file, password)
        except jpype.JException:  # a wrong password, or a file that PDFBox does not open
            continue
    return None
