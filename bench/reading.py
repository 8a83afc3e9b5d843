"""A file read as the child of a worker reads it, in this process."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from process.extract import extract
from records.limits import Limits


def family(
    path: Path, folder: Path, mime: str, kind: str, limits: Limits, passwords: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """All members of a file's family as reported, the root first, each with its `text`.

    What is found inside goes to `folder`, which must be there.
    """
    answer = extract(
        {
            "path": str(path),
            "name": path.name,
            "mime": mime,
            "type": kind,
            "fields": {},
            "folder": str(folder),
            "limits": asdict(limits),
            "passwords": list(passwords),
            "avoid": {},
        }
    )
    told = answer["members"] if "members" in answer else Path(answer["report"]).read_text()
    members: list[dict[str, Any]] = json.loads(told)
    for each in members:
        if each["text_path"]:
            each["text"] = Path(each["text_path"]).read_text()
    return members
