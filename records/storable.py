"""Text and JSON as every database takes them, so that a case holds the same in each.

PostgreSQL takes no U+0000 in text, nor half of a surrogate pair, nor NaN in JSON; SQLite takes
some of them and returns them cut or not at all. They are written as U+FFFD, and NaN as its name.
Names as received keep their bytes in a column of bytes, and originals are in the store.
"""

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT = "�"


def text(value: str) -> str:
    """Text without what a database refuses."""
    return _UNSTORABLE.sub(_REPLACEMENT, value)


def to_json(value: Any) -> str:
    """JSON without what a database refuses."""
    try:
        written = json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_cleaned(value), allow_nan=False)
    if "\\u0000" in written or "\\ud" in written:
        return json.dumps(_cleaned(value), allow_nan=False)
    return written


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return str(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value


def parameters(given: Any, *, many: bool) -> Any:
    """The values of a statement, as a driver takes them, without what a database refuses."""
    return [_row(each) for each in given] if many else _row(given)


def _row(row: Any) -> Any:
    if isinstance(row, dict):
        return {name: text(each) if isinstance(each, str) else each for name, each in row.items()}
    return tuple(text(each) if isinstance(each, str) else each for each in row)


class ByBytes(FunctionElement[str]):
    """An expression of text that is compared by its bytes, whatever the database's language.

    Columns of text are so by themselves (`records.postgres.order_by_bytes`).
    """

    inherit_cache = True
    type = sa.Text()


@compiles(ByBytes)
def _plain(element: ByBytes, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(element.clauses, **given)


@compiles(ByBytes, "postgresql")
def _collated(element: ByBytes, compiler: SQLCompiler, **given: Any) -> str:
    return f'(({compiler.process(element.clauses, **given)}) COLLATE "C")'
