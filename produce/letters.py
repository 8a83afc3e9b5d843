"""Letters that go out with a production or after it, as PDF: plain words, values in tables."""

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

_STYLE = """
@page { size: Letter; margin: 25mm 22mm; @bottom-center { content: counter(page) " of "
  counter(pages); font: 8pt serif } }
body { font: 11pt "Liberation Serif", "DejaVu Serif", "Noto Serif", serif; line-height: 1.35 }
h1 { font-size: 13pt; margin: 0 0 4mm } p { margin: 0 0 3mm; white-space: pre-line }
.above { break-after: avoid; font-weight: bold }
table { border-collapse: collapse; width: 100%; margin: 0 0 4mm }
tr { break-inside: avoid }
td, th { border: 0.4pt solid #666; padding: 1mm 1.5mm; text-align: left; vertical-align: top;
  font-size: 9.5pt; overflow-wrap: anywhere }
th { background: #eee }
td:first-child { width: 32% }
"""

type Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """Paragraphs and tables in their order; a table may have a heading row.

    `parts` are texts (a paragraph each, that above a table its title) or tuples of rows.
    """

    title: str
    parts: tuple[str | tuple[Row, ...], ...] = field(default=())
    headings: tuple[Row, ...] = field(default=())  # of the tables, in their order; () for none

    def text(self) -> str:
        """The letter as plain text, for an e-mail."""
        out = [self.title, ""]
        for part in self.parts:
            if isinstance(part, str):
                out.extend((part, ""))
            else:
                out.extend("  " + ": ".join(each for each in row if each) for row in part)
                out.append("")
        return "\n".join(out).rstrip() + "\n"

    def pdf(self) -> bytes:
        """The letter on Letter paper. Nothing is fetched from anywhere."""
        import weasyprint  # a second that few commands need

        from produce.imaging.html import Fetcher

        page = weasyprint.HTML(string=self._html(), url_fetcher=Fetcher({}))
        made: bytes = page.write_pdf()
        return made

    def _html(self) -> str:
        out = io.StringIO()
        title = html.escape(self.title)
        out.write(f"<html><head><meta charset=utf-8><title>{title}</title>")
        out.write(f"<style>{_STYLE}</style></head><body><h1>{title}</h1>")
        headings = iter(self.headings)
        for part, behind in zip(self.parts, (*self.parts[1:], ""), strict=True):
            if isinstance(part, str):
                kind = "p" if isinstance(behind, str) else 'p class="above"'
                out.write(f"<{kind}>{html.escape(part)}</p>")
            else:
                _table(out, next(headings, ()), part)
        out.write("</body></html>")
        return out.getvalue()


def _table(out: io.StringIO, heading: Row, rows: Sequence[Row]) -> None:
    out.write("<table>")
    if heading:
        cells = "".join(f"<th>{html.escape(each)}</th>" for each in heading)
        out.write(f"<thead><tr>{cells}</tr></thead>")
    for row in rows:
        cells = "".join(f"<td>{html.escape(each)}</td>" for each in row)
        out.write(f"<tr>{cells}</tr>")
    out.write("</table>")
