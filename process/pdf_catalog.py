"""What a PDF keeps beside its pages: scripts, signatures, files in odd places.

By pikepdf (qpdf), which opens a document in a fifth of a millisecond; PDFium shows none of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from ingest.passwords import in_order

_MOST = 5000
"""So many pages, notes, fields and scripts are looked at."""
_MOST_SCRIPT = 1 << 20
_SIGNED = ("/Name", "/Reason", "/Location", "/ContactInfo")
_FILES = frozenset({"/F", "/UF"})


@dataclass(frozen=True, slots=True)
class Catalog:
    """`words` are scripts and what signatures say. `odd_files`: why PDFium misses some files."""

    words: tuple[str, ...] = ()
    odd_files: str = ""


def read_catalog(path: Path, passwords: tuple[str, ...]) -> Catalog:
    """Look through a document; an empty answer for one that qpdf cannot open."""
    for password in ("", *in_order(passwords)):
        try:
            with pikepdf.open(path, password=password, suppress_warnings=True) as document:
                return _catalog(document)
        except pikepdf.PasswordError:
            continue
        except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, OSError):
            break
    return Catalog()


def _catalog(document: pikepdf.Pdf) -> Catalog:
    root = document.Root
    words = dict.fromkeys(_scripts(document, root))
    words |= dict.fromkeys(_signatures(root))
    return Catalog(tuple(words), odd_files(document, root))


def odd_files(document: pikepdf.Pdf, root: Any) -> str:
    """Why the files of a document are left to Tika: PDFium would miss some.

    It gives one file of each entry in the list of embedded files, and those pinned to pages: not
    the further files of an entry (ISO 32000-1, 7.11.4: one for each system), and not files that
    the document or a page is associated with (ISO 32000-2, 14.13) without being in the list.
    """
    listed = set()
    for number, (_, spec) in enumerate(_files(document)):
        held = spec.get("/EF")
        if number >= _MOST or not isinstance(held, pikepdf.Dictionary):
            continue
        listed.add(spec.objgen)
        first = {held[key].objgen for key in held.keys() if key in _FILES}  # noqa: SIM118
        if any(each.objgen not in first for each in held.values()) and len(held) > 1:
            return "an entry of its list has several files"
    for number, holder in enumerate((root, *document.pages)):
        if number >= _MOST:
            break
        for spec in _list(holder.get("/AF")):
            if isinstance(spec, pikepdf.Dictionary) and spec.objgen not in listed:
                return "files are associated with it that its list has not"
    return ""


def _files(document: pikepdf.Pdf) -> Iterator[tuple[Any, Any]]:
    names: Any = document.Root.get("/Names")
    tree = names.get("/EmbeddedFiles") if isinstance(names, pikepdf.Dictionary) else None
    if tree is not None:
        for name, spec in pikepdf.NameTree(tree).items():
            if isinstance(spec, pikepdf.Dictionary):
                yield name, spec


def _scripts(document: pikepdf.Pdf, root: Any) -> Iterator[str]:
    """The scripts of the document, its pages, notes and fields (ISO 32000-1, 12.6.4.16)."""
    names: Any = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary) and "/JavaScript" in names:
        for number, (_, action) in enumerate(pikepdf.NameTree(names.JavaScript).items()):
            if number < _MOST:
                yield from _script(action)
    for holder in _holders(document, root):
        yield from _script(holder.get("/A"))
        yield from _script(holder.get("/OpenAction"))
        events = holder.get("/AA")
        if isinstance(events, pikepdf.Dictionary):
            for action in events.values():
                yield from _script(action)


def _holders(document: pikepdf.Pdf, root: Any) -> Iterator[Any]:
    yield root
    count = 0
    for page in document.pages:
        yield page.obj
        for note in _list(page.obj.get("/Annots")):
            count += 1
            if count > _MOST:
                return
            if isinstance(note, pikepdf.Dictionary):
                yield note


def _script(action: Any) -> Iterator[str]:
    if not isinstance(action, pikepdf.Dictionary) or action.get("/S") != "/JavaScript":
        return
    code = action.get("/JS")
    if isinstance(code, pikepdf.Stream):
        if int(code.get("/Length", 0)) <= _MOST_SCRIPT:
            yield code.read_bytes()[:_MOST_SCRIPT].decode("utf-8", "replace")
    elif code is not None:
        yield str(code)[:_MOST_SCRIPT]


def _signatures(root: Any) -> Iterator[str]:
    """Who signed, where and why, as signatures say it (ISO 32000-1, 12.8.1)."""
    form = root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return
    waiting, seen = list(_list(form.get("/Fields"))), 0
    while waiting and seen < _MOST:
        field = waiting.pop()
        seen += 1
        if not isinstance(field, pikepdf.Dictionary):
            continue
        waiting += list(_list(field.get("/Kids")))[:_MOST]
        value = field.get("/V")
        if field.get("/FT") == "/Sig" and isinstance(value, pikepdf.Dictionary):
            for key in _SIGNED:
                if isinstance(value.get(key), pikepdf.String):
                    yield str(value[key])


def _list(value: Any) -> Any:
    return value if isinstance(value, pikepdf.Array) else ()
