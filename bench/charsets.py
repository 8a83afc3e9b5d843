"""How often text without a declaration is read in its own charset, before and now.

    python -m bench.charsets [--texts /usr/share/locale]

Texts are the translations in gettext catalogues (Debian's packages carry them), joined for each
language into pieces of about 60, 300 and 3,000 characters, in every charset the language was
written in and that can hold the piece. Right is a reading that gives the very text back. "Before"
is what Redwell did until it looked at letters: UTF-16 by its NULs, UTF-8, Windows-1252.
charset-normalizer is measured beside, as it comes.
"""

import argparse
import gettext
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from charset_normalizer import from_bytes

from ingest.text import decode_text

_LATIN1 = "cp1252 iso8859_1 cp850 mac_roman utf-8 utf-16-le"
_CENTRAL = "cp1250 iso8859_2 cp852 utf-16-le"
_CYRILLIC = "cp1251 iso8859_5 mac_cyrillic utf-16-be"
CHARSETS = {
    **dict.fromkeys(("fr", "de", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "ca"), _LATIN1),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "ro"), _CENTRAL),
    **dict.fromkeys(("bg", "sr", "mk", "be"), _CYRILLIC),
    "ru": f"{_CYRILLIC} koi8_r cp866",
    "uk": "cp1251 koi8_u utf-16-le",
    "el": "cp1253 iso8859_7 utf-16-le",
    "tr": "cp1254 iso8859_9",
    "he": "cp1255 iso8859_8 utf-16-le",
    "ar": "cp1256 iso8859_6",
    "lt": "cp1257",
    "lv": "cp1257",
    "et": "cp1257",
    "th": "cp874",
    "ja": "cp932 euc_jp iso2022_jp utf-16-le utf-8",
    "zh_CN": "gb18030 gb2312 hz utf-16-le",
    "zh_TW": "big5 utf-16-be",
    "ko": "cp949 euc_kr iso2022_kr utf-16-le",
}
SIZES = (60, 300, 3000)


def pieces(folder: Path, language: str, size: int, most: int) -> Iterator[str]:
    """Pieces of running text in a language, the same ones at each run."""
    sentences: list[str] = []
    for path in sorted((folder / language / "LC_MESSAGES").glob("*.mo")):
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)
        except (UnicodeDecodeError, OSError):
            continue  # a catalogue whose header is in another charset than it says
        found = getattr(catalogue, "_catalog", {})
        sentences += [
            text
            for key, text in sorted(found.items(), key=str)
            if key and isinstance(text, str) and len(text) > 20 and "%" not in text
        ]
    random.Random(1).shuffle(sentences)
    sentences = [" ".join(each.split()) for each in sentences]
    at = 0
    for _ in range(most):
        piece = ""
        while len(piece) < size and at < len(sentences):
            piece = f"{piece} {sentences[at]}".strip()
            at += 1
        if len(piece) >= size:
            yield piece[:size]


def before(data: bytes) -> str:
    """As it was: by NULs, UTF-8, Windows-1252."""
    if data[1::2].count(0) > len(data) * 0.2 and not len(data) % 2:
        return data.decode("utf-16-le", "replace")
    if data[0::2].count(0) > len(data) * 0.2 and not len(data) % 2:
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def normalizer(data: bytes) -> str:
    """As charset-normalizer reads it."""
    best = from_bytes(data).best()
    return "" if best is None else str(best)


def now(data: bytes) -> str:
    """As Redwell reads it."""
    return decode_text(data)[0]


READERS: dict[str, Callable[[bytes], str]] = {
    "before": before,
    "normalizer": normalizer,
    "now": now,
}


def measure(folder: Path, most: int, *, wrong: bool) -> None:
    """Print right and all by charset and by size, and the CPU time of each reader."""
    right: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    took: Counter[str] = Counter()
    for language, charsets in CHARSETS.items():
        for size in SIZES:
            for piece in pieces(folder, language, size, most):
                for charset in charsets.split():
                    try:
                        data = piece.encode(charset)
                    except UnicodeEncodeError:
                        continue
                    if data.isascii() and charset not in ("iso2022_jp", "iso2022_kr", "hz"):
                        continue
                    for key in (f"{size} characters", charset, "all"):
                        seen[key] += 1
                    for name, read in READERS.items():
                        start = time.process_time_ns()
                        good = read(data) == piece
                        took[name] += time.process_time_ns() - start
                        if wrong and name == "now" and not good:
                            print(language, charset, size, decode_text(data)[1])
                        for key in (f"{size} characters", charset, "all"):
                            right[name, key] += good
    print(f"{'':16} {'texts':>6}", *(f"{name:>10}" for name in READERS))
    for key in sorted(seen, key=lambda each: (each == "all", each)):
        shares = (f"{right[name, key] / seen[key]:10.3f}" for name in READERS)
        print(f"{key:16} {seen[key]:6}", *shares)
    times = (f"{took[name] / seen['all'] / 1e6:10.2f}" for name in READERS)
    print(f"{'ms a text':16} {'':6}", *times)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, default=Path("/usr/share/locale"))
    parser.add_argument("--pieces", type=int, default=12, help="of each language and size")
    parser.add_argument("--wrong", action="store_true", help="name those read wrong")
    told = parser.parse_args()
    measure(told.texts, told.pieces, wrong=told.wrong)


if __name__ == "__main__":
    main()
