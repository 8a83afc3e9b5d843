"""Scripts, function words and the languages that are told apart; see process/languages.py."""

BLOCKS = (
    (0x0000, "latin"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "armenian"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0900, "devanagari"),
    (0x0980, "bengali"),
    (0x0A00, "gurmukhi"),
    (0x0A80, "gujarati"),
    (0x0B00, "oriya"),
    (0x0B80, "tamil"),
    (0x0C00, "telugu"),
    (0x0C80, "kannada"),
    (0x0D00, "malayalam"),
    (0x0D80, "sinhala"),
    (0x0E00, "thai"),
    (0x0E80, "lao"),
    (0x0F00, "tibetan"),
    (0x1000, "burmese"),
    (0x10A0, "georgian"),
    (0x1100, "hangul"),
    (0x1200, "ethiopic"),
    (0x13A0, ""),
    (0x1780, "khmer"),
    (0x1800, ""),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, ""),
    (0x2E80, "han"),
    (0x3040, "kana"),
    (0x3100, "han"),
    (0x3130, "hangul"),
    (0x3190, "han"),
    (0x31F0, "kana"),
    (0x3200, "han"),
    (0xA000, ""),
    (0xAC00, "hangul"),
    (0xD7B0, ""),
    (0xF900, "han"),
    (0xFB00, ""),
    (0x20000, "han"),
    (0x40000, ""),
)
"""Where blocks of Unicode begin, and the script of their letters."""

# Scripts of one language, or of one that is met far more often than its neighbours.
OF_SCRIPT = {
    "greek": "el",
    "armenian": "hy",
    "hebrew": "he",
    "bengali": "bn",
    "gurmukhi": "pa",
    "gujarati": "gu",
    "oriya": "or",
    "tamil": "ta",
    "telugu": "te",
    "kannada": "kn",
    "malayalam": "ml",
    "sinhala": "si",
    "thai": "th",
    "lao": "lo",
    "tibetan": "bo",
    "burmese": "my",
    "georgian": "ka",
    "hangul": "ko",
    "ethiopic": "am",
    "khmer": "km",
    "han": "zh",
    "kana": "ja",
}

FUNCTION_WORDS = {
    "en": "the of and to in is that for it with as was on be at by this have from or an are "
    "not you we will if can your our has been but they would there any which all were i "
    "he his please",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als "
    "auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem "
    "über einen so zum war haben nur oder aber vor zur bis durch man ich wir ihr bitte "
    "uns",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se "
    "ce il sont avec vous nous je mais ou cette aux été être leur comme ces sa son d l "
    "qu n y votre notre",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero "
    "sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay "
    "donde es son está nos",
    "it": "di e che la il un a è per in una non sono si da con come le dei del della i gli al "
    "nel alla più anche ma ha lo su questo delle dal se o ci mi nella degli ai essere "
    "stato vi",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas "
    "foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo "
    "pela até isso são",
    "nl": "de van het een en in is dat op te zijn met voor die niet aan er om ook als dan maar "
    "bij door naar uit tot of deze wordt werd heeft worden zij hij ik wij u over nog "
    "meer dit hebben",
    "da": "og at er det en til på som af for med har ikke den de jeg vi et om fra kan der vil skal",
    "sv": "och att det som en på är av för med den till inte har de ett om jag vi från kan i ska",
    "no": "og det er som en på til av for med har ikke den de å jeg vi et om fra at kan vil skal",
    "ca": "de la que el i en a les del els per amb un una no es al dels són va més aquest aquesta",
    "ro": "de și în la a cu pe care nu din un o să se este mai că au fost prin pentru sau ale",
    "af": "die van en in het is nie wat om te vir met dit as aan sy ek ons sal was deur na of",
}
"""The most frequent words that carry no content, by language."""

ASKED_FOR = (
    "AF AR AZ BE BG BS CA CS CY DA DE EN ES ET EU FA FI FR GA HI HR HU ID IS IT KK LT LV MK MN "
    "MR MS NB NL NN PL PT RO RU SK SL SO SQ SR SV SW TL TR UK UR VI"
)
"""Those that lingua is asked about. Left out are those that `OF_SCRIPT` settles, and languages
rarely used in business that it sees in lists and tables of others (Latin, Esperanto, …)."""
