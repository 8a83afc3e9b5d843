"""The base of a mail's subject, and whether the subject says that the mail answers another."""

import re
import sys
import unicodedata
from dataclasses import dataclass

_LONGEST = 1000
_MOST_PREFIXES = 50

# What mail programs put before the subject of an answer or a forward, in many languages.
_ANSWERS = (
    "re|fw|fwd|aw|antw|antwort|wg|sv|vs|vb|vl|tr|ref|rif|rv|res|enc|odp|pd|doorst|ynt|ilt|"
    "回复|回覆|答复|转发|轉寄|返信|転送"
)
_PREFIX = re.compile(rf"\s*(?:{_ANSWERS})\s*(?:[\[(*^]\s*\d{{1,4}}\s*[\])]?)?\s*[:：]", re.I)
_TAG = re.compile(r"\s*\[[^\[\]]{0,100}\]")
_FORWARDED = re.compile(r"\s*\(fwd?\)\s*\Z", re.I)

# Subjects that many unlike mails bear: they join nothing.
_GENERIC_SUBJECTS = """
    no subject|none|untitled|hello|hi there|hey there|test|testing|meeting|the meeting|lunch|call|
    conference call|question|questions|a question|quick question|update|updates|status|
    status update|report|info|information|for your information|important|urgent|reminder|request|
    thanks|thank you|many thanks|document|documents|attachment|attachments|your message|message|
    news|invoice|agenda|schedule|follow up|followup|today|tomorrow|vacation|out of office|
    out of office autoreply|automatic reply|autoreply|delivery status notification|
    undeliverable|undelivered mail returned to sender|read|accepted|declined|tentative|canceled|
    kein betreff|frage|termin|besprechung|danke|hallo|dokument|rechnung|sans objet|bonjour|
    merci|reunion|pregunta|gracias|automatische antwort|abwesenheitsnotiz
"""
_GENERIC = frozenset(" ".join(each.split()) for each in _GENERIC_SUBJECTS.split("|"))
_SHORTEST = 4  # letters and digits


@dataclass(frozen=True, slots=True)
class Subject:
    """`base` is what is left of it, folded; empty where it can join nothing.

    `answers`: it begins as the subject of a reply or of a forward does.
    """

    base: str
    answers: bool


def parse_subject(text: str) -> Subject:
    """Take prefixes (`Re:`, `AW:`, `Fwd[2]:`) and lists' tags (`[name]`) off a subject."""
    rest = unicodedata.normalize("NFKC", text[:_LONGEST])
    answers = False
    for _ in range(_MOST_PREFIXES):
        if found := _PREFIX.match(rest):
            answers = True
        elif found := _FORWARDED.search(rest):
            answers, rest = True, rest[: found.start()]
            continue
        elif not (found := _TAG.match(rest)):
            break
        rest = rest[found.end() :]
    base = " ".join(re.findall(r"[^\W_]+", rest.casefold()))
    return Subject("" if _is_generic(base) else sys.intern(base), answers)


def _is_generic(base: str) -> bool:
    letters = [each for each in base if not each.isspace()]
    return len(letters) < _SHORTEST or base in _GENERIC or all(each.isdigit() for each in letters)
