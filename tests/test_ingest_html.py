"""HTML to text: what is read, what is not, and that depth and damage do no harm."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.html import html_text

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


def _words(html: bytes) -> list[str]:
    return html_text(html).split()


def test_blocks_break_lines_and_cells_part_words() -> None:
    html = b"<p>one<p>two<br>three<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>end"
    assert html_text(html) == "one\ntwo\nthree\na  b\nc\nend"


def test_inline_elements_do_not_part_a_word() -> None:
    assert html_text(b"in<b>divi</b>sible<!-- never -->ly") == "indivisiblely"


def test_what_is_no_text_is_dropped() -> None:
    html = (
        b"<head><title>The title</title><style>p{}</style></head><body><script>var secret</script>"
        b"<!-- comment --><template>later</template><noscript>shown without</noscript>words</body>"
    )
    assert _words(html) == ["The", "title", "shown", "without", "words"]


def test_attributes_that_people_read_are_kept() -> None:
    html = (
        b"<a href='https://example.com/deal' title='hover'>link</a><img src=x alt='a chart'>"
        b"<input value=typed placeholder=hint><a href='#top'>up</a>"
    )
    assert _words(html) == [
        *("link", "hover", "https://example.com/deal"),
        *("a", "chart", "typed", "hint", "up"),
    ]


@pytest.mark.parametrize(
    ("html", "declared", "text"),
    [
        (b"<meta charset=windows-1251><p>\xcc\xee\xf1\xea\xe2\xe0", None, "Москва"),
        (b"<p>\xcc\xee\xf1\xea\xe2\xe0", "windows-1251", "Москва"),
        ("<meta charset=utf-16><p>Zürich".encode(), None, "Zürich"),
        ("<p>Zürich".encode("utf-16"), None, "Zürich"),
        (b"<p>&eacute;&#8364;&nbsp;x", None, "é€ x"),
    ],
)
def test_charsets(html: bytes, declared: str | None, text: str) -> None:
    assert html_text(html, declared) == text


def test_nesting_deeper_than_any_stack() -> None:
    html = b"<div>" * 20_000 + b"DEEPTEXT" + b"</div>" * 20_000 + b"<p>after"
    assert _words(html) == ["DEEPTEXT", "after"]


@given(st.binary(max_size=400))
def test_never_raises(html: bytes) -> None:
    html_text(html).encode()


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_the_corpus_document_nested_20000_deep() -> None:
    data = (CORPUS / "adversarial" / "html_nested_20000_divs.html").read_bytes()
    assert "DEEPTEXT" in html_text(data)
