"""Writes a search term report: a table for people, CSV, a workbook, JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from index.columns import Value
from index.snippets import clean
from index.term_report import Comparison, Counts, ListReport, Report, Row, percent
from records.outputs import new_file
from records.sheets import Sheet

_SHORT = 70
_COUNTS = (
    *("documents", "with families", "unique", "unique with families", "alone with families"),
    *("% of scope", "% unique"),
)
_WIDTHS = {"term": 60, "remarks": 60, "value": 80, "list": 24}
_VARIANTS_SHOWN = 10


def about_lines(report: Report) -> list[tuple[str, str]]:
    """What the report rests on, as names and values."""
    about = report.about
    scope = about.scope or "all that is in review"
    lines = [
        ("case", about.case),
        ("made", f"{about.made_at} by {about.made_by}, Redwell {about.version}"),
        ("scope", scope),
        ("scope documents", f"{about.documents:,}; with families {about.with_families:,}"),
        *(
            ("list", f"{each.list.name}: {len(each.rows):,} terms, SHA-256 {each.list.sha256}")
            for each in report.lists
        ),
        ("terms not read", f"{report.unread:,}{_unread_told(report)}"),
        ("not in the index yet", f"{about.missing:,}"),
        ("not processed yet", f"{about.unprocessed:,}"),
        ("waiting for OCR", f"{about.waiting_for_ocr:,}"),
        ("scope documents cut at the limit of characters", f"{about.cut:,}"),
        ("scope documents without text", f"{about.without_text:,}"),
        (
            "pointed out",
            f"over {report.wanted.broad:g} % of the scope; under "
            f"{report.wanted.few:g} % unique; no document",
        ),
    ]
    if about.stemming:
        lines.append(("stemming", "plain words stand for all words of their stem"))
    return lines


def _unread_told(report: Report) -> str:
    if not report.unread:
        return ""
    return ": no count is of them, and unique means among the terms that were read"


def heading(report: Report) -> list[str]:
    """The columns of the counts, those by group included."""
    return [*_COUNTS, *(f"{facet} {value}" for facet, value in report.groups)]


def _row_values(row: Row, report: Report) -> list[Value]:
    if row.counts is None:
        return [None] * (len(_COUNTS) + len(report.groups))
    counts = row.counts
    return [
        counts.documents,
        counts.with_families,
        row.unique,
        row.unique_with_families,
        row.alone_with_families,
        round(percent(counts.documents, report.about.documents), 1),
        round(percent(row.unique, counts.documents), 1),
        *counts.groups,
    ]


def _total_values(counts: Counts, report: Report) -> list[Value]:
    share = round(percent(counts.documents, report.about.documents), 1)
    return [counts.documents, counts.with_families, None, None, None, share, None, *counts.groups]


def _remarks(row: Row) -> str:
    return str(row.problem) if row.problem is not None else "; ".join(row.remarks)


def table(found: ListReport, report: Report) -> tuple[list[str], list[list[str]]]:
    """One list as columns and rows of text."""
    columns = ["no", "term", *heading(report), "remarks"]
    rows = [
        [
            str(row.term.number),
            _short(clean(row.term.written)),
            *map(_text, _row_values(row, report)),
            _remarks(row) if row.problem is None else row.problem.place,
        ]
        for row in found.rows
    ]
    rows.append(["", "all terms", *map(_text, _total_values(found.total, report)), ""])
    return columns, rows


def problem_lines(found: ListReport) -> Iterator[str]:
    """What could not be read, and why."""
    for row in found.rows:
        if row.problem is not None:
            yield f"{found.list.name}, term {row.term.number} {row.problem}"


def variant_lines(found: ListReport) -> Iterator[str]:
    """The words that each sign stands for, the most frequent ones."""
    for row in found.rows:
        signs = dict.fromkeys(each.sign for each in row.variants)
        for sign in signs:
            words = [each for each in row.variants if each.sign == sign]
            told = ", ".join(f"{each.word} {each.documents:,}" for each in words[:_VARIANTS_SHOWN])
            more = len(words) - _VARIANTS_SHOWN
            yield (
                f"term {row.term.number}: {sign} stands for {len(words):,} words: {told}"
                + (f" and {more:,} more" if more > 0 else "")
            )


def comparison_lines(report: Report) -> Iterator[str]:
    """Lists beside one another."""
    for each in report.comparisons:
        yield f"{each.first} beside {each.second}: " + "; ".join(
            f"{what} {counts.documents:,} documents, {counts.with_families:,} with families"
            for what, counts in _compared(each)
        )
        yield (
            f"  terms that say the same in both: {each.same_terms:,}; only in {each.first}: "
            f"{_numbers(each.terms_only_first)}; only in {each.second}: "
            f"{_numbers(each.terms_only_second)}"
        )
    if len(report.lists) > 1:
        total = report.total
        yield (f"All lists: {total.documents:,} documents, {total.with_families:,} with families")


def _compared(each: Comparison) -> tuple[tuple[str, Counts], ...]:
    return (
        ("both find", each.both),
        (f"only {each.first}", each.only_first),
        (f"only {each.second}", each.only_second),
    )


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


def _text(value: Value) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def write_csv(report: Report, path: Path, *, overwrite: bool) -> None:
    """One table for all: its first column says what a row is (term, total, variant, about, …)."""
    columns = ["row", "list", "no", "line", "term", *heading(report), "remarks"]
    blank: list[Value] = [None] * len(heading(report))
    with new_file(path, overwrite=overwrite) as file:
        sheet = Sheet(file.write, columns)

        def put(kind: str, *values: Value) -> None:
            sheet.row(kind, *("" if each is None else str(each) for each in values))

        for each in report.lists:
            name = each.list.name
            for row in each.rows:
                kind = "term" if row.counts is not None else "not read"
                place = (row.term.number, row.term.line, clean(row.term.written))
                put(kind, name, *place, *_row_values(row, report), _remarks(row))
            put("total", name, None, None, "all terms", *_total_values(each.total, report), None)
        put("total", "all lists", None, None, None, *_total_values(report.total, report), None)
        for compared in report.comparisons:
            names = f"{compared.first} | {compared.second}"
            for what, counts in _compared(compared):
                put("compared", names, None, None, what, *_total_values(counts, report), None)
        for each in report.lists:
            for row in each.rows:
                for variant in row.variants:
                    of = (row.term.number, row.term.line, variant.word, variant.documents)
                    put("variant", each.list.name, *of, *blank[1:], f"of {variant.sign}")
        for said, value in about_lines(report):
            put("about", None, None, None, said, *blank, value)


def write_workbook(report: Report, path: Path, *, overwrite: bool) -> None:
    """A workbook: what the report rests on, a sheet a list, the lists compared, variants."""
    with new_file(path, overwrite=overwrite) as file:
        _book(report, file)


def _book(report: Report, file: BinaryIO) -> None:
    from records.workbooks import Book  # a fifth of a second that few commands need

    book = Book()
    book.sheet("About", ("about", "value"), about_lines(report), (46, 80))
    columns = ["no", "line", "term", *heading(report), "remarks"]
    widths = [_WIDTHS.get(each, 12) for each in columns]
    for each in report.lists:
        rows: list[list[Value]] = [
            [
                *(row.term.number, row.term.line, clean(row.term.written)),
                *_row_values(row, report),
                _remarks(row),
            ]
            for row in each.rows
        ]
        rows.append([None, None, "all terms", *_total_values(each.total, report), None])
        title = "Terms" if len(report.lists) == 1 else f"Terms {each.list.name}"
        book.sheet(title, columns, rows, widths)
    if len(report.lists) > 1:
        compared: list[list[Value]] = [
            [f"{c.first} | {c.second}", what, counts.documents, counts.with_families]
            for c in report.comparisons
            for what, counts in _compared(c)
        ]
        all_lists: list[Value] = [
            "all lists",
            "union",
            report.total.documents,
            report.total.with_families,
        ]
        names = ("lists", "what", "documents", "with families")
        book.sheet("Lists", names, [*compared, all_lists], (40, 30, 12, 14))
    if report.wanted.variants:
        variants = (
            (each.list.name, row.term.number, variant.sign, variant.word, variant.documents)
            for each in report.lists
            for row in each.rows
            for variant in row.variants
        )
        titles = ("list", "no", "stands in the term", "word", "documents")
        book.sheet("Variants", titles, variants, (24, 6, 24, 24, 12))
    book.save(file)


def json_of(report: Report) -> dict[str, Any]:
    """All of a report for `--json`; groups by facet and value."""

    def counts(found: Counts) -> dict[str, Any]:
        groups: dict[str, dict[str, int]] = {name: {} for name in report.wanted.by}
        for (facet, value), count in zip(report.groups, found.groups, strict=True):
            groups[facet][value] = count
        return {"documents": found.documents, "with_families": found.with_families, "by": groups}

    return {
        "about": asdict(report.about),
        "thresholds": {"broad": report.wanted.broad, "few_unique": report.wanted.few},
        "unread": report.unread,
        "lists": [
            {
                "name": each.list.name,
                "sha256": each.list.sha256,
                "unread": each.unread,
                "terms": [_term_json(row, counts) for row in each.rows],
                "total": counts(each.total),
            }
            for each in report.lists
        ],
        "total": counts(report.total),
        "comparisons": [
            {
                "first": each.first,
                "second": each.second,
                "both": counts(each.both),
                "only_first": counts(each.only_first),
                "only_second": counts(each.only_second),
                "same_terms": each.same_terms,
                "terms_only_first": each.terms_only_first,
                "terms_only_second": each.terms_only_second,
            }
            for each in report.comparisons
        ],
    }


def _term_json(row: Row, counts: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": row.term.number,
        "line": row.term.line,
        "last_line": row.term.last_line,
        "term": row.term.written,
        "problem": None if row.problem is None else asdict(row.problem),
    }
    if row.counts is None:
        return told
    return {
        **told,
        **counts(row.counts),
        "unique": row.unique,
        "unique_with_families": row.unique_with_families,
        "alone_with_families": row.alone_with_families,
        "remarks": row.remarks,
        "variants": [asdict(each) for each in row.variants],
    }
