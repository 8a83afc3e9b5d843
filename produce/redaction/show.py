"""A page with its redactions as a picture, to be looked at."""

import tempfile
from pathlib import Path
from typing import Any

from produce.imaging.render import ask
from produce.record import Production
from produce.redaction import record
from produce.redaction.draw import page_marks
from produce.redaction.pages import pages_of
from produce.redaction.record import State
from produce.redaction.scope import unnamed
from records.case import Case
from records.control import control
from records.errors import OutputError, RedactionError
from records.limits import Limits
from store import open_store


def show_page(
    case: Case,
    document: int,
    number: int,
    out: Path,
    dpi: int,
    burned: bool,
    production: Production | None,
) -> dict[str, Any]:
    """Write page `number`, from 1, as PNG; its size in points and the redactions it shows.

    Raises `RedactionError` for a page that is not there, `OutputError` for a file that cannot be.
    """
    if out.exists():
        raise OutputError(f"{out} is there already: name a file that is not")
    prepared = pages_of(case, document, production, unnamed(case))
    if number > len(prepared.pages):
        raise RedactionError(f"{control(document)} has {len(prepared.pages)} pages")
    states = (State.CONFIRMED,) if burned else (State.CONFIRMED, State.SUGGESTED)
    with case.read() as connection:
        found = [
            each
            for each in record.listing(connection, [document], states)
            if each.drawn.page == number and each.drawn.render_sha256 == prepared.render_sha256
        ]
    marks = page_marks(found).get(number, [])
    data = _picture(case, prepared.render_sha256, number, marks, dpi, burned)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{out} cannot be written: {error.strerror}") from error
    page = prepared.pages[number - 1]
    return {
        "file": str(out),
        "pages": len(prepared.pages),
        "width": page.width,
        "height": page.height,
        "doubts": list(page.doubts),
        "redactions": [each.to_json() for each in found],
    }


def _picture(
    case: Case, sha256: str, number: int, marks: list[Any], dpi: int, burned: bool
) -> bytes:
    store, limits = open_store(case.store_address), case.settings.limits
    with (
        store.local_path(sha256) as source,
        tempfile.TemporaryDirectory(prefix="redwell-") as folder,
    ):
        target = Path(folder) / "page.png"
        request = {
            "do": "picture",
            "source": str(source),
            "target": str(target),
            "number": number - 1,
            "marks": marks,
            "dpi": dpi,
            "burned": burned,
        }
        answer = ask(limits.memory_mb, request, limits.render_seconds)
        if "code" in answer:
            raise RedactionError(f"The page cannot be painted: {answer['message']}")
        return target.read_bytes()


def unseen_in(path: Path) -> list[dict[str, Any]]:
    """Characters of any PDF that can be copied and are not seen: page, kind, box and text.

    Raises `RedactionError` for a file that is none or cannot be opened.
    """
    limits = Limits()
    request = {"do": "unseen", "source": str(path.resolve())}
    answer = ask(limits.memory_mb, request, limits.render_seconds * 10)
    if "code" in answer:
        raise RedactionError(f"{path} cannot be looked into: {answer['message']}")
    found: list[dict[str, Any]] = answer["unseen"]
    return found
