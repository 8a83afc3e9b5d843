"""The production that the demonstration makes: which documents it must hold, and how."""

from samples.expect import Json, Outcome, place
from samples.facts import COUNSEL_DOMAIN
from samples.searches import all_words, own_words

RESPONSIVE = "corro* OR missing OR defects OR notice OR subject:varnhaven"
PRIVILEGED = "participants:thorneabara"
_WORDS = {"missing", "defects", "notice"}
_NATIVE = ("xlsx", "csv", "dat")


def _has_word(words: list[str]) -> bool:
    return not _WORDS.isdisjoint(words) or any(word.startswith("corro") for word in words)


def _is_responsive(result: Outcome) -> bool:
    mail = result.found.item.mail
    own = _has_word(own_words(result))
    assert own == _has_word(all_words(result)), "must not depend on what the index takes in"
    return own or (mail is not None and "varnhaven" in mail.subject.lower())


def _is_privileged(result: Outcome) -> bool:
    mail = result.found.item.mail
    return mail is not None and any(
        each.endswith(f"@{COUNSEL_DOMAIN}") for each in (mail.sender, *mail.to, *mail.cc)
    )


def production(results: list[Outcome]) -> Json:
    """The `production` part: whole families of responsive documents, privileged ones withheld.

    Pictures that their parent shows are not documents of the volume; suppressed families are not
    in it; a container in a family is a slip sheet.
    """
    kept = [r for r in results if r.is_searchable]
    hits = [r for r in kept if _is_responsive(r)]
    families = {id(r.found.family) for r in hits}
    withheld = {id(r.found.family) for r in kept if _is_privileged(r)}
    members = [
        r
        for r in results
        if id(r.found.family) in families
        and r.disposition != "duplicate"
        and r.found.role != "inline"
    ]
    treated = [(r, _treatment(r, withheld)) for r in members]
    return {
        "responsive": RESPONSIVE,
        "privileged": PRIVILEGED,
        "hits": len(hits),
        "families": len(families),
        "documents": len(members),
        "treatments": {
            name: sum(what == name for _, what in treated)
            for name in ("image", "native", "slip", "withheld")
        },
        "items": {place(r.found): what for r, what in treated},
    }


def _treatment(result: Outcome, withheld: set[int]) -> str:
    if id(result.found.family) in withheld:
        return "withheld"
    if result.disposition == "container":
        return "slip"
    if result.disposition in ("exception", "empty") or result.found.item.kind in _NATIVE:
        return "native"
    return "image"
