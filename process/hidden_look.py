"""The look for hidden content, by type of document."""

from pathlib import Path

from process.hidden import Findings
from process.hidden_ooxml import look_open_xml
from process.hidden_package import NotPackageError

OPEN_XML = frozenset({"docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx", "ooxml"})
LOOKED = OPEN_XML


def look(path: Path, kind: str, findings: Findings) -> None:
    """Find what is hidden in a file of this type; what hinders it is among the faults."""
    try:
        if kind in OPEN_XML:
            look_open_xml(path, findings)
    except NotPackageError as error:
        findings.fault(f"its package cannot be opened ({error})")
