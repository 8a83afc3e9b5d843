"""Writes a privilege log for people: CSV, XLSX or PDF; the list of attorneys and firms with it."""

import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from produce.privilege_forms import Table
from records.counsel import Counsel
from records.outputs import new_file
from records.sheets import Sheet

ENDINGS = (".csv", ".xlsx", ".pdf")
_COUNSEL = ("Name", "Kind", "Side", "Firm", "Addresses", "Domains")
_COUNSEL_WIDTHS = (28, 10, 10, 28, 40, 30)
_STYLE = """
@page { size: Legal landscape; margin: 11mm; @bottom-right { content: counter(page) " of "
  counter(pages); font: 7pt sans-serif } @bottom-left { content: string(title);
  font: 7pt sans-serif } }
body { font: 6.5pt "Liberation Sans", "DejaVu Sans", "Noto Sans", sans-serif }
h1 { font-size: 11pt; margin: 0 0 2mm; string-set: title content() } h2 { font-size: 9pt }
p { margin: 0 0 2mm }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: 0 0 4mm }
thead { display: table-header-group } tr { break-inside: avoid }
th, td { border: 0.3pt solid #777; padding: 0.6mm 0.8mm; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; white-space: pre-wrap }
th { background: #eee }
"""


def write(
    path: Path,
    title: str,
    about: Sequence[str],
    log: Table,
    counsel: Sequence[Counsel],
    *,
    overwrite: bool,
) -> tuple[Path, ...]:
    """Write the log at `path`, by its ending; whole or not at all. The files that were written.

    `about` are lines that stand above it in a PDF. A CSV has the counsel in a second file, a
    workbook on a second sheet, a PDF in a second table. Raises `OutputError`.
    """
    with new_file(path, overwrite=overwrite) as file:
        ending = path.suffix.lower()
        if ending == ".csv":
            _csv(file, log.columns, log.rows)
        elif ending == ".xlsx":
            _workbook(file, log, counsel)
        else:
            file.write(_pdf(title, about, log, counsel))
    if ending != ".csv":
        return (path,)
    beside = counsel_path(path)
    with new_file(beside, overwrite=overwrite) as file:
        _csv(file, _COUNSEL, _rows(counsel))
    return path, beside


def counsel_path(path: Path) -> Path:
    """Where the counsel stand beside a log in CSV."""
    return path.with_name(f"{path.stem}-counsel{path.suffix}")


def _csv(file: BinaryIO, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    sheet = Sheet(file.write, columns)
    for row in rows:
        sheet.row(*row)


def _rows(counsel: Sequence[Counsel]) -> list[tuple[str, ...]]:
    return [
        (
            each.name,
            each.kind,
            each.side,
            each.firm,
            "; ".join(each.addresses),
            "; ".join(each.domains),
        )
        for each in counsel
    ]


def _workbook(file: BinaryIO, log: Table, counsel: Sequence[Counsel]) -> None:
    from records.workbooks import Book  # a fifth of a second that few commands need

    book = Book()
    book.sheet("Privilege log", log.columns, log.rows, log.widths)
    book.sheet("Counsel", _COUNSEL, _rows(counsel), _COUNSEL_WIDTHS)
    book.save(file)


def _pdf(title: str, about: Sequence[str], log: Table, counsel: Sequence[Counsel]) -> bytes:
    import weasyprint  # a second that few commands need

    from produce.imaging.html import Fetcher

    out = io.StringIO()
    out.write(f"<html><head><meta charset=utf-8><title>{html.escape(title)}</title>")
    out.write(f"<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>")
    for each in about:
        out.write(f"<p>{html.escape(each)}</p>")
    shown = _filled(log)
    _table(out, shown.columns, shown.rows, shown.widths)
    if counsel:
        out.write("<h2>Attorneys, firms and clients</h2>")
        _table(out, _COUNSEL, _rows(counsel), _COUNSEL_WIDTHS)
    out.write("</body></html>")
    document = weasyprint.HTML(string=out.getvalue(), url_fetcher=Fetcher({}))
    made: bytes = document.write_pdf()
    return made


def _filled(log: Table) -> Table:
    """Without the columns that are empty all through: paper is narrow."""
    kept = [at for at in range(len(log.columns)) if any(row[at] for row in log.rows)]
    return Table(
        tuple(log.columns[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in log.rows),
        tuple(log.widths[at] for at in kept),
    )


def _table(
    out: io.StringIO, columns: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    every = sum(widths)
    out.write("<table><colgroup>")
    for width in widths:
        out.write(f'<col style="width:{100 * width / every:.2f}%">')
    out.write("</colgroup><thead><tr>")
    out.writelines(f"<th>{html.escape(each)}</th>" for each in columns)
    out.write("</tr></thead><tbody>")
    for row in rows:
        out.write("<tr>")
        out.writelines(f"<td>{html.escape(each)}</td>" for each in row)
        out.write("</tr>")
    out.write("</tbody></table>")
