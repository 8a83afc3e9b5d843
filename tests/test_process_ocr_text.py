"""Native text and OCR's in one document: parted, and taken apart again."""

from hypothesis import given
from hypothesis import strategies as st

from index.words import scan
from process.ocr_text import MARK, merge_pages, native_pages

TEXT = st.text(st.sampled_from("ab é\n.") | st.characters(exclude_characters="\f\x0b"), max_size=12)


@given(st.lists(TEXT, max_size=5), st.dictionaries(st.integers(0, 6), TEXT, max_size=5))
def test_native_text_comes_back(native: list[str], read: dict[int, str]) -> None:
    text = "\f".join(native)
    back = native_pages(merge_pages(text, read), read).split("\f")
    assert [page.rstrip() for page in back[: len(native)]] == [page.rstrip() for page in native]
    assert not "".join(back[len(native) :]).strip()


def test_text_of_older_cases_without_marks_comes_apart() -> None:
    assert native_pages("one\ftwo\nstamp", {1: "stamp\n"}) == "one\ftwo"
    assert native_pages("scan\f\fmore", {0: "scan", 2: "more"}) == "\f\f"


def test_the_mark_is_no_word() -> None:
    assert [each.text for each in scan(f"one\n{MARK}\ntwo")] == ["one", "two"]
