"""The letter that a receiving party writes: what is wrong with a volume, and what is asked for."""

import html
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from produce.received.defects import TITLES
from produce.received.interface import Defect
from records.errors import OutputError

_LISTED = 500  # of one kind; the rest is in `redwell receive defects --json`
_ASKED: dict[str, str] = {
    "row-unreadable": "Please send a load file in which every row can be read.",
    "row-broken": "Please send a load file in which every row can be read.",
    "row-encoding": "Please say in which encoding the load file is, or send it as UTF-8.",
    "line-unreadable": "Please send a corrected image list.",
    "bates-gap": "Please produce these numbers, or log what is withheld under them.",
    "bates-duplicate": "Please say which document bears the number, and renumber the other.",
    "bates-overlap": "Please say which document bears these numbers.",
    "earlier-overlap": "Please say whether these replace what was produced before.",
    "image-missing": "Please produce these images.",
    "image-none": "Please produce images of these documents, or say why there are none.",
    "image-without-row": "Please send the load file's rows of these documents.",
    "native-missing": "Please produce these natives.",
    "text-missing": "Please produce these text files.",
    "text-none": "Please produce the extracted or OCR text of these documents.",
    "text-empty": "Please produce the extracted text of these documents.",
    "text-encoding": "Please produce these texts as UTF-8.",
    "hash-mismatch": "Please say which is right, and produce the native that has the hash.",
    "family-parent-missing": "Please produce the parents, or log them.",
    "family-child-missing": "Please produce the attachments, or log them.",
    "manifest-mismatch": "Please send these files again.",
    "image-unreadable": "Please send these images again.",
    "file-unlisted": "Please say to which documents these files belong.",
}
_FALLBACK = "Please correct this, or say why it stands so."


def letter(name: str, party: str, case: str, received_at: str, defects: Sequence[Defect]) -> str:
    """The letter as Markdown, in the order of the defects; a draft for counsel to sign."""
    lines = [
        f"# Production {name} of {party}: defects",
        "",
        f"Re: {case}",
        "",
        f"We received the production volume {name} from {party} and loaded it on "
        f"{received_at[:10]}. ",
    ]
    if not defects:
        lines.append("We found nothing to complain of.")
        return "\n".join(lines) + "\n"
    lines[-1] += (
        "We found what is listed below. Please correct it by a replacement volume or an overlay, "
        "or tell us why it stands so. We reserve all rights."
    )
    groups: dict[str, list[Defect]] = defaultdict(list)
    for each in defects:
        groups[each.code].append(each)
    for number, (code, found) in enumerate(groups.items(), 1):
        lines += [
            "",
            f"## {number}. {TITLES[code]} ({len(found)})",
            "",
            _ASKED.get(code, _FALLBACK),
            "",
        ]
        told = _told(found)
        lines += [f"- {each}" for each in told[:_LISTED]]
        if len(told) > _LISTED:
            lines.append(f"- and {len(told) - _LISTED} more, which we send as a list")
    return "\n".join(lines) + "\n"


def named(defect: Defect) -> str:
    """The Bates range of a defect, or where it stands."""
    if not defect.beg:
        return defect.where
    if defect.end and defect.end != defect.beg:
        return f"{defect.beg} to {defect.end}"
    return defect.beg


def _told(found: Sequence[Defect]) -> list[str]:
    """A line for each defect; one for several that say the same of documents in a row."""
    lines = []
    for message, group in groupby(found, key=lambda each: each.message):
        same = list(group)
        where = named(same[0])
        if len(same) > 1 and same[0].beg:
            where = f"{same[0].beg} to {same[-1].end or same[-1].beg}, {len(same)} documents"
        elif len(same) > 1:
            where = "; ".join(named(each) for each in same)
        text = "".join(each if each.isprintable() else " " for each in message)
        lines.append(f"**{where}**: {text}")
    return lines


def write_letter(path: Path, text: str) -> None:
    """Write a letter: as PDF where the file's name ends so, else as it stands.

    Raises `OutputError` where there is something already, or it cannot be written.
    """
    if path.exists():
        raise OutputError(f"{path} is there already: name another file, or move it away")
    data = _pdf(text) if path.suffix.lower() == ".pdf" else text.encode("utf-8", "replace")
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _pdf(text: str) -> bytes:
    from weasyprint import HTML  # a second that other commands need not wait

    return bytes(HTML(string=_html(text), url_fetcher=_nothing).write_pdf())


def _nothing(url: str) -> dict[str, object]:
    raise ValueError(f"nothing is fetched: {url}")


def _html(text: str) -> str:
    """The few marks of the letter as HTML; all else is escaped."""
    parts = ["<style>body{font:11pt serif} h1{font-size:15pt} h2{font-size:12pt}</style>"]
    for line in text.splitlines():
        if line.startswith("## "):
            parts.append(f"<h2>{html.escape(line[3:])}</h2>")
        elif line.startswith("# "):
            parts.append(f"<h1>{html.escape(line[2:])}</h1>")
        elif line.startswith("- "):
            mark, _, rest = line[2:].removeprefix("**").partition("**")
            body = f"<b>{html.escape(mark)}</b>{html.escape(rest)}"
            parts.append(f"<div style='margin-left:1em'>• {body}</div>")
        elif line:
            parts.append(f"<p>{html.escape(line)}</p>")
    return "\n".join(parts)
