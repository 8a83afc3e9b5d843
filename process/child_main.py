"""The child that reads evidence: answers `extract`, `ocr`, `probe` and `prepare`.

Started by a worker.
"""

from contextlib import suppress
from typing import Any

from ingest.child_loop import serve
from process.extract import extract
from process.jvm import allow, probe_java
from process.ocr import read_page
from process.tesseract import probe as probe_tesseract
from process.tika import prepare
from records.errors import ToolMissingError


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request by what it asks for."""
    if request["what"] == "extract":
        return extract(request)
    if request["what"] == "ocr":
        return read_page(request)
    if request["what"] == "prepare":
        allow(request["memory_mb"])
        with suppress(ToolMissingError):  # `probe` tells of it
            prepare()
        return {}
    return _probe(request.get("memory_mb"))


def _probe(memory_mb: int | None) -> dict[str, Any]:
    """What the outside tools are; a missing one says so. Java keeps the heap of this memory."""
    if memory_mb is not None:
        allow(memory_mb)
    tesseract = probe_tesseract()
    try:
        java: dict[str, Any] = probe_java().to_dict()
    except ToolMissingError as error:
        java = {"error": str(error)}
    return {
        "java": java,
        "tesseract": {"version": tesseract.version, "languages": list(tesseract.languages)},
    }


if __name__ == "__main__":
    serve(handle)
