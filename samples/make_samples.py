"""Writes the sample matter, its passwords and what a right run must find in it.

Run as `python samples/make_samples.py [--out DIR]`; the same libraries give the same bytes.
"""

import argparse
import importlib.metadata
import json
import shutil
import sys
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from samples import expect, folders, searches, volume  # noqa: E402 - found through the line above

_LIBRARIES = (
    "python-docx", "openpyxl", "python-pptx", "reportlab", "pillow", "pikepdf", "lxml",
    "msoffcrypto-tool", "pyzipper",
)  # fmt: skip


def made_with() -> dict[str, str]:
    """The versions on which the bytes depend."""
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {**versions, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def write(out: Path) -> None:
    """Replaces the matter under `out` by a new one."""
    shutil.rmtree(out / "matter", ignore_errors=True)
    people = folders.custodians()
    for custodian in people:
        for item in custodian.files:
            path = out / "matter" / custodian.folder / item.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.data)
    results = expect.outcomes(expect.walk(people))
    expected = {
        "made_with": made_with(),
        **expect.totals(people, results),
        **expect.groups(results),
        "searches": searches.searches(results),
        "production": volume.production(results),
        "items": expect.item_records(results),
    }
    text = json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
    (out / "expected.json").write_text(text, encoding="utf-8")
    (out / "passwords.txt").write_text("\n".join(folders.PASSWORDS) + "\n", encoding="utf-8")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Write the sample matter.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    write(out)


if __name__ == "__main__":
    main()
