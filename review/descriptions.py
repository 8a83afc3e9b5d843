"""What a privilege log says of a document: enough to judge the claim, nothing of the advice.

Rule 26(b)(5)(A)(ii) of the Federal Rules of Civil Procedure has whoever withholds describe the
document "in a manner that, without revealing information itself privileged or protected, will
enable other parties to assess the claim". So a description is refused where it repeats the
document: `RUN` of its words in a row, or the whole of a subject or name of at least `WHOLE` words;
and where it says too little to be one. What it replaces stays on record.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index import words
from index.rows import field_texts
from records import audit, tables, times
from records.case import Case
from records.control import control
from records.errors import TagError
from records.numbers import next_number, table_of
from records.roles import UserRole
from review.targets import read_ids, require_known
from store import Store, open_store

RUN = 6
WHOLE = 3
LEAST = 3
LONGEST = 1_000
COLUMNS = ("ControlNumber", "Description")
"""Of a file of descriptions; a privilege log has both."""

_P, _D = tables.privilege_descriptions.c, tables.documents.c
_TOLD = ("subject", "title", "filename")
_NAMED = 10

type Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Described:
    """How many documents got another description, and how many had it already."""

    changed: int
    unchanged: int


def describe(
    case: Case, said: Mapping[int, str], origin: dict[str, Any], *, quotes: bool = False
) -> Described:
    """Give each document its description, all or none; an empty one takes back what there is.

    Raises `TagError` for one that says too little or too much, or repeats its document (`quotes`
    allows that), `SelectionError` for ids that name no document.
    """
    said = {number: " ".join(text.split()) for number, text in said.items()}
    for number, text in said.items():
        _refuse_form(number, text)
    with case.write(UserRole.REVIEWER) as connection:
        require_known(connection, BitMap(said))
        before = descriptions(connection, said)
        fresh = {n: text for n, text in sorted(said.items()) if before.get(n, "") != text}
        if not quotes:
            _refuse_quotes(case, connection, fresh)
        if fresh:
            _write(connection, fresh)
            audit.append(
                connection,
                "privilege described",
                documents=len(fresh),
                quotes_allowed=quotes,
                origin=origin,
            )
    return Described(len(fresh), len(said) - len(fresh))


def descriptions(connection: sa.Connection, documents: Iterable[int]) -> dict[int, str]:
    """The description of each of some documents that has one."""
    given = table_of(connection, BitMap(documents))
    newest = (
        sa.select(sa.func.max(_P.id))
        .where(_P.document_id.in_(sa.select(given.c.id)))
        .group_by(_P.document_id)
    )
    rows = connection.execute(sa.select(_P.document_id, _P.text).where(_P.id.in_(newest)))
    return {row.document_id: row.text for row in rows if row.text}


def _write(connection: sa.Connection, fresh: Mapping[int, str]) -> None:
    first, actor, at = next_number(connection, _P.id), audit.actor(), times.now()
    rows = [
        {"id": number, "document_id": document, "text": text, "actor": actor, "at": at}
        for number, (document, text) in enumerate(fresh.items(), first)
    ]
    connection.execute(tables.privilege_descriptions.insert(), rows)


def _refuse_form(number: int, text: str) -> None:
    if not text:
        return
    if len(text) > LONGEST:
        raise TagError(f"{control(number)}: a description has at most {LONGEST:,} characters")
    if len(_plain(text)) < LEAST:
        raise TagError(
            f"{control(number)}: {text!r} does not describe a document; say in at least {LEAST} "
            "words what it is and for what advice, without the advice"
        )


def _refuse_quotes(case: Case, connection: sa.Connection, fresh: Mapping[int, str]) -> None:
    given = table_of(connection, BitMap(number for number, text in fresh.items() if text))
    rows = connection.execute(
        sa.select(_D.id, _D.fields, _D.name, _D.address, _D.text_sha256).where(
            _D.id.in_(sa.select(given.c.id))
        )
    )
    store = open_store(case.store_address)
    found = [
        f"{control(row.id)} ({' '.join(repeated)!r})"
        for row in rows.all()
        if (repeated := repeats(fresh[row.id], *_texts(row, store)))
    ]
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise TagError(
            f"{len(found)} descriptions repeat their documents, and so reveal them: "
            f"{', '.join(found[:_NAMED])}{more}. Word them anew, or give --allow-quotes where the "
            "words tell nothing"
        )


def _texts(row: Row, store: Store) -> tuple[list[str], str]:
    told = [text for name, text in field_texts(row) if name in _TOLD]
    if row.text_sha256 is None:
        return told, ""
    return told, store.read_bytes(row.text_sha256).decode("utf-8", "replace")


def repeats(description: str, told: Sequence[str], text: str) -> tuple[str, ...]:
    """The words of a document that a description repeats; empty for none.

    `told` are its subject, title and name, of which the whole counts, `text` is its body.
    """
    said = _plain(description)
    for each in told:
        whole = _plain(each)[:RUN]
        if len(whole) >= WHOLE and tuple(whole) in set(_runs(said, len(whole))):
            return tuple(whole)
    wanted = set(_runs(said, RUN))
    if wanted:
        for each in (*told, text):
            for run in _runs(_plain(each), RUN):
                if run in wanted:
                    return run
    return ()


def _runs(found: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return (tuple(found[at : at + size]) for at in range(len(found) - size + 1))


def _plain(text: str) -> list[str]:
    """The words of a text as the index has them, each place once."""
    found: list[str] = []
    for stretch in words.stretches(text):
        forms, again = words.forms(stretch)
        twice = set(again)
        found.extend(each.decode() for at, each in enumerate(forms) if at not in twice)
    return found


def read_file(path: Path) -> dict[int, str]:
    """Descriptions by document from a CSV or XLSX with the columns of `COLUMNS` among others.

    Such as a privilege log that counsel has gone over. Raises `TagError` naming the line.
    """
    rows = _of_workbook(path) if path.suffix.lower() == ".xlsx" else _of_csv(path)
    header = [each.strip().casefold() for each in next(rows, [])]
    try:
        which, what = (header.index(each.casefold()) for each in COLUMNS)
    except ValueError:
        raise TagError(
            f"{path} begins with a line of column names, {' and '.join(COLUMNS)} among them; found "
            f"{', '.join(repr(each) for each in header) or 'nothing'}"
        ) from None
    found: dict[int, str] = {}
    for line, row in enumerate(rows, 2):
        if not any(row):
            continue
        if len(row) <= max(which, what):
            raise TagError(f"{path}, row {line}, has no {COLUMNS[0]} and {COLUMNS[1]}")
        [number] = read_ids([row[which].strip()])
        text = row[what].strip().removeprefix("'")  # what keeps a spreadsheet from running it
        if found.setdefault(number, text) != text:
            raise TagError(f"{path}, row {line}, describes {control(number)} a second time")
    if not found:
        raise TagError(f"{path} describes no document")
    return found


def _of_csv(path: Path) -> Iterator[list[str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except OSError as error:
        raise TagError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TagError(f"{path} is not UTF-8 text: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise TagError(f"{path} is no CSV: {error}") from error


def _of_workbook(path: Path) -> Iterator[list[str]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, BadZipFile, InvalidFileException) as error:
        raise TagError(f"{path} cannot be read as a workbook: {error}") from error
    try:
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield ["" if each is None else str(each) for each in row]
    finally:
        book.close()
