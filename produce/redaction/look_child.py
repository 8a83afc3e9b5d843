"""The looking child: reads files of a volume, whose content came from evidence, for hidden words.

Run as `python -m produce.redaction.look_child` by `ingest.child.Child`.
"""

from pathlib import Path
from typing import Any

from ingest.child_loop import progress, serve
from produce.redaction.leaks import Printed, leaks
from produce.redaction.sheets import vocabulary
from produce.redaction.told import Hidden, unpacked


def handle(request: dict[str, Any]) -> dict[str, Any]:
    """Look into the files of a request; each has some that mean nothing there, or on its pages."""
    hidden = unpacked(request["hidden"])
    found = []
    for each in request["files"]:
        progress(each["path"])
        data = (Path(request["volume"]) / each["path"]).read_bytes()
        sought = hidden.without(unpacked(each["meaningless"]))
        if data.startswith(b"PK"):
            sought = sought.without(Hidden(vocabulary()))
        printed = Printed(tuple(each["lines"]), unpacked(each["printed"]))
        found.append([[leak.where, leak.word] for leak in leaks(data, sought, printed)])
    return {"leaks": found}


if __name__ == "__main__":
    serve(handle)
