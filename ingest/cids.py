"""The one rule by which HTML refers to parts of its mail (RFC 2392), for reading and imaging."""

import html as markup
import re
import urllib.parse

_REFERENCE = re.compile(r"cid:(<?[^\s\"'<>)]+)", re.I)


def cid_key(value: str) -> str:
    """What a Content-ID and a `cid:` address are compared by, case and all."""
    return urllib.parse.unquote(value).strip("<> \t\r\n")


def cid_references(html: str) -> frozenset[str]:
    """The keys of all parts that the HTML refers to."""
    found = (cid_key(each) for each in _REFERENCE.findall(markup.unescape(html)))
    return frozenset(key for key in found if key)
