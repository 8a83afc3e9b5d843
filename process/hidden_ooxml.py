"""Hidden content of Office Open XML of any kind: what is common, then by kind."""

import re
from pathlib import Path

from process.hidden import Findings
from process.hidden_package import Package
from process.hidden_sheets import look_sheets
from process.hidden_slides import look_slides
from process.hidden_word import look_word
from process.hidden_xlsb import look_binary_sheets

# Relationships to elsewhere that are shown or run within the document; hyperlinks are not.
_LINKED = frozenset(
    {
        "oleObject", "image", "externalLink", "externalLinkPath",
        "xlPathMissing", "xlStartup", "xlAlternateStartup", "xlLibrary", "video", "audio", "media",
        "subDocument", "frame", "package", "externalReference", "recipientData", "mailMergeSource",
        "mailMergeHeaderSource", "pivotCacheDefinition", "afChunk", "control", "slideUpdateUrl",
        "font", "movie",
    }
)  # fmt: skip
_EMBEDDED = re.compile(r"(?:word|xl|ppt|visio)/(?:embeddings|activeX)/[^/]+")
_MACROS = re.compile(r"(?:word|xl|ppt|visio)/(?:vbaProject\.bin|macrosheets/[^/]+\.(?:xml|bin))")
_TEMPLATE = "attachedTemplate"


def look_open_xml(path: Path, findings: Findings) -> None:
    """Find what is hidden in an Office file of OOXML; raises `NotPackageError`."""
    with Package(path, findings) as package:
        if package.matching(_MACROS):
            findings.flag("macros")
        if any(not name.endswith((".rels", ".xml")) for name in package.matching(_EMBEDDED)):
            findings.flag("embedded-objects")
        for each in package.external():
            remote = each.type == _TEMPLATE and "://" in each.target.removeprefix("file://")
            if each.type in _LINKED or remote:
                findings.link(each.target)
        look_word(package, findings)
        look_sheets(package, findings)
        look_binary_sheets(package, findings)
        look_slides(package, findings)
