"""Text spoilt before it came: told beyond chance, and good text left alone."""

import pytest

from ingest.mojibake import find_mojibake

GERMAN = "Die Verträge über die Lieferung müssen für März geprüft und später bestätigt werden."
RUSSIAN = "Договор поставки должен быть подписан до конца месяца и возвращён по почте."
FRENCH = "Le contrat doit être signé avant la fin de l’année, après la réunion à Genève."


@pytest.mark.parametrize(
    ("text", "charset", "named"),
    [
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN, "latin-1", "cp1252"),
        (GERMAN, "mac_roman", "mac_roman"),
        (FRENCH, "latin-1", "cp1252"),
        (RUSSIAN, "latin-1", "cp1252"),
        (RUSSIAN, "koi8_r", "koi8_r"),
        (RUSSIAN, "cp866", "cp866"),
    ],
)
def test_utf8_read_as_another_charset(text: str, charset: str, named: str) -> None:
    found = find_mojibake(text.encode().decode(charset, "replace"))
    assert found is not None
    assert found.charset == named
    assert found.count >= 3


def test_utf8_read_as_windows_1251() -> None:
    spoilt = "Привет всем участникам встречи".encode().decode("cp1251", "ignore")
    found = find_mojibake(spoilt)
    assert found is not None
    assert found.charset == "cp1251"


def test_cyrillic_read_as_western() -> None:
    found = find_mojibake(RUSSIAN.encode("cp1251").decode("cp1252"))
    assert found is not None
    assert found.count >= 3


def test_one_spoilt_apostrophe_is_enough_and_one_pair_is_not() -> None:
    assert find_mojibake("the company\u00e2\u20ac\u2122s offer") is not None
    assert find_mojibake("a single \u00c3\u00a4 may be a name of something") is None


@pytest.mark.parametrize(
    "text",
    [
        GERMAN,
        FRENCH,
        RUSSIAN,
        "PAYÉ» ET «DÉJÀ» LIVRÉ… À L’ÉTÉ», dit-il «APRÈS»",
        "SÃO JOÃO, AMANHÃ\u00a0NÃO, ÀS AÇÕES",
        "только светло совсем сильно чем Ті Сі люди тільки Її Ці",
        "l’été, l’être, d’état, l’école, l’élève",
        "Η σύμβαση πρέπει να υπογραφεί πριν από το τέλος του μήνα.",
        "Umowa powinna zostać podpisana przed końcem miesiąca, później będzie źle.",
        "合同必须在本月底之前签署并寄回。",
        "契約書は月末までに署名して返送してください。",
        "계약서는 월말까지 서명하여 반송해야 합니다.",
        "يجب توقيع العقد قبل نهاية الشهر.",
        "plain words",
        "",
    ],
)
def test_good_text_is_left_alone(text: str) -> None:
    assert find_mojibake(text) is None
