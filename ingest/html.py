"""HTML to text, by selectolax; nothing is run and nothing is fetched."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.text import Decoded, decode

_DROPPED = frozenset({"script", "style", "template", "head"})
_BLOCK_NAMES = """
    address article aside blockquote body br button caption center dd details dialog dir div dl dt
    fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hr html iframe
    legend li main menu nav noscript ol optgroup option p pre section select summary table tbody
    textarea tfoot thead title tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_CELLS = frozenset({"td", "th"})
_ATTRIBUTES = ("alt", "title", "href", "value", "placeholder")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.I)
_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})", re.I)
_DECLARED_WITHIN = 65536  # browsers look at 1,024 bytes; old pages have it behind long comments
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
_LINE_ENDS = re.compile(r" *\n[ \n]*")


def html_text(data: bytes, declared: str | None = None) -> str:
    """The text of an HTML document, block by block, with link targets and alternative texts.

    `declared` is the charset that came with the document; failing it, the document's own counts.
    """
    return html_string_text(decode_html(data, declared)[0])


def decode_html(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Decode HTML by what was declared with it, else by its own `meta`, else by its bytes."""
    found = decode_page(data, declared)
    return found.text, found.charset


def decode_page(data: bytes, declared: str | None = None) -> Decoded:
    """`decode_html` with what says so; a page's own declaration is one."""
    return decode(data, own_charset(data) if declared is None else declared)


def own_charset(data: bytes) -> str | None:
    """The charset that a page or an XML document states in itself; None where it states none."""
    found = _XML.match(data[:1024]) or _CHARSET.search(data[:_DECLARED_WITHIN])
    if found is None:
        return None
    own = found[1].decode("ascii")
    # A document that can be read as ASCII is not UTF-16, whatever it says of itself.
    return None if own.lower().startswith(("utf-16", "utf16", "unicode")) else own


def html_string_text(html: str) -> str:
    """The text of HTML that is decoded already."""
    root = LexborHTMLParser(html.replace("\0", " ")).root
    if root is None:
        return ""
    out: list[str] = []
    _walk(root, out)
    return _LINE_ENDS.sub("\n", "".join(out)).strip(" \n")


def _walk(root: LexborNode, out: list[str]) -> None:
    """Visit all nodes without recursion: hostile documents nest deeper than Python's stack."""
    node: LexborNode | None = root
    while node is not None:
        below = _enter(node, out)
        if below is not None:
            node = below
            continue
        while node is not None:
            _leave(node, out)
            if node.mem_id == root.mem_id:
                return
            if (after := node.next) is not None:
                node = after
                break
            node = node.parent


def _enter(node: LexborNode, out: list[str]) -> LexborNode | None:
    """Write what a node begins with; its first child, if it is to be visited."""
    tag = node.tag
    if tag == "-text":
        out.append(_SPACES.sub(" ", node.text_content or ""))
        return None
    if tag is None or tag.startswith("-") or tag in _DROPPED:
        if tag == "head":
            out.extend(f"{title.text()}\n" for title in node.css("title"))
        return None
    if tag in _BLOCKS:
        out.append("\n")
    elif tag in _CELLS:
        out.append(" ")
    return node.first_child


def _leave(node: LexborNode, out: list[str]) -> None:
    tag = node.tag
    if tag is None or tag.startswith("-") or tag in _DROPPED:
        return
    _write_attributes(node, out)
    if tag in _BLOCKS:
        out.append("\n")
    elif tag in _CELLS:
        out.append(" ")


def _write_attributes(node: LexborNode, out: list[str]) -> None:
    attributes = node.attributes
    if not attributes:
        return
    for name in _ATTRIBUTES:
        value = attributes.get(name)
        if value and not value.startswith("#"):
            out.append(f" {_SPACES.sub(' ', value)} ")
