"""The looking child: reads files of a volume, whose content came from evidence, for hidden words.

Run as `python -m produce.redaction.look_child` by `ingest.child.Child`.
"""

from pathlib import Path
from typing import Any

from ingest.child_loop import progress, serve
from produce.redaction.leaks import leaks
from produce.redaction.sheets import vocabulary
from produce.redaction.told import Hidden


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Look into the files of a request: each has what is hidden from it."""
    known = frozenset(request["known"])
    found = []
    for each in request["files"]:
        progress(each["path"])
        hidden = Hidden(
            frozenset(each["words"]), frozenset(tuple(phrase) for phrase in each["phrases"])
        )
        data = (Path(request["volume"]) / each["path"]).read_bytes()
        own = known | vocabulary() if data.startswith(b"PK") else known
        found.append([[leak.where, leak.word] for leak in leaks(data, hidden, own)])
    return {"leaks": found}


if __name__ == "__main__":
    serve(handle)
