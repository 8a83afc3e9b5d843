"""Charsets told by their letters: right where there are enough of them, Windows-1252 else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.evidence import by_escapes, by_letters
from ingest.text import Decoded, decode, looks_like_text

TEXTS = {
    "ru": "Договор поставки должен быть подписан до конца месяца и возвращён по почте.",
    "uk": "Договір постачання має бути підписаний до кінця місяця та повернутий поштою.",
    "el": "Η σύμβαση πρέπει να υπογραφεί πριν από το τέλος του μήνα και να επιστραφεί.",
    "tr": "Sözleşme ayın sonuna kadar imzalanmalı ve bize geri gönderilmelidir, çünkü gereği bu.",
    "pl": "Umowa powinna zostać podpisana przed końcem miesiąca, później będzie źle i drożej.",
    "cs": "Smlouva musí být podepsána před koncem měsíce a vrácena poštou, příště už ne.",
    "he": "החוזה צריך להיחתם לפני סוף החודש ולהישלח בחזרה בדואר.",
    "ar": "يجب توقيع العقد قبل نهاية الشهر وإعادته بالبريد.",
    "th": "ต้องลงนามในสัญญาก่อนสิ้นเดือนและส่งกลับทางไปรษณีย์",
    "fr": "Le contrat doit être signé avant la fin de l'année, après la réunion prévue à Genève.",
    "de": "Die Verträge müssen für März geprüft und später schriftlich bestätigt werden.",
    "ja": "契約書は月末までに署名して、郵便で返送してください。よろしくお願いします。",
    "zh": "合同必须在本月底之前签署并寄回，否则我们不能开始这个项目的工作。",
    "tw": "合約必須在本月底之前簽署並寄回，否則我們不能開始這個專案的工作。",
    "ko": "계약서는 월말까지 서명하여 우편으로 반송해 주시기 바랍니다.",
}


@pytest.mark.parametrize(
    ("language", "charset", "told"),
    [
        ("ru", "cp1251", "cp1251"),
        ("ru", "koi8_r", "koi8_r"),
        ("ru", "cp866", "cp866"),
        ("ru", "iso8859_5", "iso8859_5"),
        ("ru", "mac_cyrillic", "mac_cyrillic"),
        ("uk", "cp1251", "cp1251"),
        ("uk", "koi8_u", "koi8_u"),
        ("el", "cp1253", "cp1253"),
        ("tr", "cp1254", "cp1254"),
        ("pl", "cp1250", "cp1250"),
        ("pl", "iso8859_2", "iso8859_2"),
        ("cs", "cp1250", "cp1250"),
        ("he", "cp1255", "cp1255"),
        ("ar", "cp1256", "cp1256"),
        ("th", "cp874", "cp874"),
        ("fr", "cp1252", "cp1252"),
        ("de", "cp1252", "cp1252"),
        ("ja", "cp932", "cp932"),
        ("ja", "euc_jp", "euc_jp"),
        ("zh", "gb18030", "gb18030"),
        ("tw", "big5", "big5hkscs"),
        ("ko", "cp949", "cp949"),
    ],
)
def test_the_charset_of_a_sentence(language: str, charset: str, told: str) -> None:
    data = TEXTS[language].encode(charset)
    found = by_letters(data)
    assert found is not None
    assert data.decode(found.charset) == TEXTS[language]
    assert found.charset == told


@pytest.mark.parametrize(
    ("charset", "told"),
    [("iso2022_jp", "iso2022_jp_ext"), ("iso2022_kr", "iso2022_kr"), ("hz", "hz")],
)
def test_seven_bit_charsets_tell_themselves(charset: str, told: str) -> None:
    text = TEXTS[{"iso2022_jp": "ja", "iso2022_kr": "ko", "hz": "zh"}[charset]]
    data = text.encode(charset)
    assert decode(data) == Decoded(text, told, "evidence")
    assert by_escapes(b"plain ~{ words \x1b[0m of a terminal") is None


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", ["ru", "el", "he", "ko", "fr"])
def test_wide_text_without_a_mark(language: str, charset: str) -> None:
    data = TEXTS[language].encode(charset)
    assert decode(data) == Decoded(TEXTS[language], charset, "evidence")
    assert looks_like_text(data)


@pytest.mark.parametrize("start", [b"", b"x"])
def test_plain_text_with_a_stray_nul_is_no_chinese(start: bytes) -> None:
    data = start + b"BEGIN:VEVENT\nno colon\n\xff:\0\nBEGIN:VEVENT\n" + start
    for end in (b"", b"\n"):
        assert "no colon" in decode(data + end).text


def test_binary_numbers_are_no_wide_text() -> None:
    numbers = b"".join(each.to_bytes(2, "little") for each in range(0, 60000, 37))
    assert not looks_like_text(numbers)


def test_ebcdic() -> None:
    text = "The parties agree that the closing takes place on the first of June at noon."
    assert decode(text.encode("cp500")) == Decoded(text, "cp500", "evidence")


@pytest.mark.parametrize("data", [b"na\xefve", b"Inval\xecd-Header: no", b"\x93quoted\x94"])
def test_little_evidence_is_windows_1252(data: bytes) -> None:
    found = decode(data)
    assert found.charset == "cp1252"
    assert found.text == data.decode("cp1252")


def test_what_was_declared_and_does_not_hold_is_told() -> None:
    data = TEXTS["ru"].encode("cp1251")
    assert decode(data, "utf-8") == Decoded(TEXTS["ru"], "cp1251", "evidence", refused=True)
    assert decode(data, "windows-1251") == Decoded(TEXTS["ru"], "windows-1251", "declared")
    assert decode(b"\xef\xbb\xbfwords", "cp1252") == Decoded("words", "utf-8", "bom")


@given(st.binary(max_size=200))
def test_nothing_raises(data: bytes) -> None:
    found = by_letters(data)
    assert found is None or isinstance(found.charset, str)
    decode(data)
