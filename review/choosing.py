"""Options by which commands name documents: a search, control numbers, or a file of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pyroaring import BitMap

from index.commands import warn_incomplete
from index.searching import search
from records.case import Case
from records.errors import SelectionError
from review.targets import read_ids

_OPTIONS = (
    click.option("--query", help="The documents that answer a search."),
    click.option("--ids", help="Control numbers, parted by commas."),
    click.option(
        "--from-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="A file of control numbers, one a line.",
    ),
)


def choosing[F: Callable[..., Any]](command: F) -> F:
    """Give a command the options `query`, `ids` and `from_file`, for `chosen`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(
    case: Case, query: str | None, ids: str | None, from_file: Path | None
) -> tuple[BitMap, dict[str, Any]]:
    """The documents named, and how they were, for the record; exactly one way is to be taken."""
    if sum(each is not None for each in (query, ids, from_file)) != 1:
        raise click.UsageError("Name the documents by one of --query, --ids or --from-file.")
    if query is not None:
        result = search(case, query)
        warn_incomplete(result)
        return result.ids, {"query": query, "missing": result.missing}
    if ids is not None:
        found = read_ids(each for each in ids.split(",") if each.strip())
        return _some(found, "--ids"), {"ids": ids}
    assert from_file is not None
    return _some(_read_file(from_file), str(from_file)), {"file": str(from_file)}


def _some(found: BitMap, where: str) -> BitMap:
    """An empty list is a failed export, not a wish to tag nothing."""
    if not found:
        raise SelectionError(f"{where} names no document")
    return found


def _read_file(path: Path) -> BitMap:
    try:
        data = path.read_bytes()
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # what PowerShell's > writes
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SelectionError(
            f"{path} cannot be read: {error}. Give a text file with one control number a line"
        ) from error
    return read_ids(line for line in text.splitlines() if line.strip())
