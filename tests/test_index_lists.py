"""Lists of terms as they are pasted from letters."""

from pathlib import Path

import pytest

from index.lists import read_terms, terms
from index.query import parse
from index.tree import Or, explain
from records.errors import QueryError


def read(text: str, *, as_list: bool = False) -> list[str]:
    return [text[each.start : each.end] for each in terms(text, as_list=as_list)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "1. natural gas\n2) price*\n(3) “term sheet”\n",
            ["natural gas", "price*", "“term sheet”"],
        ),
        ("a) x\nb) y", ["x", "y"]),
        ("i. x\r\n ii. y\r\n\r\niii. z", ["x", "y", "z"]),
        ("• x\n•y\n- z\n* w", ["x", "y", "z", "w"]),
        (
            "• x w/5 (a OR\n     b);\n• y; and\n• date:2001..,",
            ["x w/5 (a OR\n     b)", "y", "date:2001.."],
        ),
        ("1. x w/5\n y\n2. z\n   OR w.", ["x w/5\n y", "z\n   OR w"]),
        ("(a OR\n b)", ["(a OR\n b)"]),
        ('"natural\ngas" AND\nb', ['"natural\ngas" AND\nb']),
        ("a\nAND b", ["a\nAND b"]),
        ("gas\n", ["gas\n"]),
    ],
)
def test_what_the_terms_of_a_text_are(text: str, found: list[str]) -> None:
    assert read(text) == found


def test_a_file_of_terms_needs_no_marks() -> None:
    assert read("gas\n\n \noil, \n(a OR\nb)\n", as_list=True) == ["gas", "oil", "(a OR\nb)"]
    assert read("gas", as_list=True) == ["gas"]
    assert read("3. gas", as_list=True) == ["gas"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("gas\noil", "line 2, column 1"),
        ("1. gas\n  oil", "line 2, column 3"),
        ("1. gas\n2. (oil\n3. x", "line 2, column 4"),
        ('1. gas\n2. "oil\n3. x"', "line 2, column 4"),
        ("1. gas\n2. oil w/s x", "line 2, column 8"),
        ("1. gas\n2.\n3. x", "line 2, column 1"),
    ],
)
def test_what_is_refused_tells_the_line(text: str, where: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, ())
    message = str(caught.value)
    assert f"({where})" in message
    line, column = (int(part.rsplit(" ")[-1]) for part in where.split(","))
    assert message.split("\n")[1] == f"  {text.splitlines()[line - 1]}"
    assert message.split("\n")[2].index("^") == column + 1


def test_a_list_answers_to_any_of_its_terms() -> None:
    tree = parse("1. gas oil\n2. NOT x OR y", ())
    assert isinstance(tree, Or)
    assert explain(tree) == (
        "OR\n  AND\n    word gas\n    word oil\n  OR\n    NOT\n      word x\n    word y"
    )


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(QueryError, match="the list is empty"):
        parse(" \n\n", (), as_list=True)


def test_files_of_terms(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        path.write_bytes("“gas”\ncafé".encode(encoding))
        assert read_terms(path) == "“gas”\ncafé"
    path.write_bytes("“gas”\ncafé".encode("cp1252"))
    with pytest.raises(QueryError, match="is not in UTF-8: byte 1 cannot be read"):
        read_terms(path)
    path.write_bytes("gas".encode("utf-16-le"))
    with pytest.raises(QueryError, match="zero bytes"):
        read_terms(path)
