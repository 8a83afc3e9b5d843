"""Makes ingest/letters.txt: how often letters follow one another, language by language.

    python -m bench.letters

From the n-gram profiles of the language detector in the Tika jar (Apache-2.0, out of Wikipedia),
and the common signs of Chinese, Japanese and Korean from charset-normalizer (MIT). A line a
language: its name, then n-grams of one or two letters, each with -10 ln of its share; of two
letters those only that are not both ASCII, which no charset tells apart. Of two letters the share
is that of the second behind the first. "_" stands for the edge of a word. The last three lines are
signs that are common in a language, without shares.
"""

import json
import math
import zipfile
from collections import Counter
from pathlib import Path
from unicodedata import category

from charset_normalizer.constant import (
    COMMON_CHINESE_CHARACTERS,
    COMMON_JAPANESE_CHARACTERS,
    COMMON_KOREAN_CHARACTERS,
)

from process.jvm import find_jar

_OUT = Path(__file__).parent.parent / "ingest" / "letters.txt"
_LETTERS = """
    fr de es pt it nl sv da no fi is ca sq pl cs sk hu sl hr ro lt lv et tr vi ru uk bg sr mk be el
    he ar fa ur th
"""
_SIGNS = {
    "ja": COMMON_JAPANESE_CHARACTERS,
    "zh": COMMON_CHINESE_CHARACTERS,
    "ko": COMMON_KOREAN_CHARACTERS,
}
_PAIRS, _SINGLES = 260, 60


def lines() -> list[str]:
    """All lines of the file."""
    out = []
    with zipfile.ZipFile(find_jar()) as jar:
        for name in _LETTERS.split():
            counts = _counts(json.loads(jar.read(f"languages/{name}"))["freq"])
            singles = Counter({gram: n for gram, n in counts.items() if len(gram) == 1})
            total = singles.total()
            kept = singles.most_common(_SINGLES)
            found = [f"{gram}{_cost(n, total)}" for gram, n in kept if gram != "_"]
            firsts: Counter[str] = Counter()
            for gram, n in counts.items():
                firsts[gram[0]] += n if len(gram) == 2 else 0
            pairs = {g: n for g, n in counts.items() if len(g) == 2 and not g.isascii()}
            for gram, n in Counter(pairs).most_common(_PAIRS):
                found.append(f"{gram}{_cost(n, firsts[gram[0]])}")
            out.append(" ".join((name, *found)))
    return [*out, *(f"{name} {''.join(sorted(signs))}" for name, signs in _SIGNS.items())]


def _counts(freq: dict[str, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for gram, count in freq.items():
        if len(gram) <= 2 and all(each == " " or category(each)[0] in "LM" for each in gram):
            counts[gram.lower().replace(" ", "_")] += count
    return counts


def _cost(count: int, total: int) -> int:
    return round(-10 * math.log(count / total))


if __name__ == "__main__":
    _OUT.write_text("\n".join(lines()) + "\n", encoding="utf-8")
