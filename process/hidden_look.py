"""The look for hidden content, by type of document."""

import mmap
from collections.abc import Callable, Mapping
from pathlib import Path

from ingest.compound import Compound, NotCompoundError
from ingest.ole import MAGIC
from process.hidden import Findings
from process.hidden_doc import look_doc
from process.hidden_odf import look_open_document
from process.hidden_ooxml import look_open_xml
from process.hidden_package import NotPackageError
from process.hidden_ppt import look_ppt
from process.hidden_rtf import look_rich_text
from process.hidden_xls import look_xls
from process.reading import head_of
from records.errors import raise_if_full

OPEN_XML = frozenset({"docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx", "ooxml"})
_OPEN_DOCUMENT = frozenset({"odt", "ods", "odp", "odf"})
_COMPOUND: Mapping[str, Callable[[Compound, Findings], None]] = {
    "doc": look_doc,
    "xls": look_xls,
    "ppt": look_ppt,
}
LOOKED = OPEN_XML | _OPEN_DOCUMENT | {*_COMPOUND, "rtf"}
"""Types whose files are looked at; of others only what Tika tells is known."""

_MOST_RICH_TEXT = 64 << 20


def look(path: Path, kind: str, findings: Findings) -> None:
    """Find what is hidden in a file of this type; what hinders it is among the faults."""
    try:
        if kind in OPEN_XML:
            look_open_xml(path, findings)
        elif kind in _OPEN_DOCUMENT:
            look_open_document(path, findings)
        elif kind in _COMPOUND:
            _look_compound(path, _COMPOUND[kind], findings)
        elif kind == "rtf":
            with path.open("rb") as file:
                look_rich_text(file.read(_MOST_RICH_TEXT), findings)
            if path.stat().st_size > _MOST_RICH_TEXT:
                findings.fault("it is too large")
    except (NotPackageError, NotCompoundError) as error:
        findings.fault(f"its package cannot be opened ({error})")
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the look meets, the text read stands
        raise_if_full(error)
        findings.fault(f"the look failed ({type(error).__name__}: {error})"[:300])


def _look_compound(
    path: Path, look_at: Callable[[Compound, Findings], None], findings: Findings
) -> None:
    if head_of(path, len(MAGIC)) != MAGIC:
        return  # older than compound files: it has none of all this
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        compound = Compound(data)
        look_at(compound, findings)
        for fault in compound.faults:
            findings.fault(fault)
