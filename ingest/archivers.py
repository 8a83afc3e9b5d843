"""The outside parts that open archives: what is there, and what is lost without each."""

from dataclasses import dataclass

from ingest import libarchive_c, sevenzip_tool, unar


@dataclass(frozen=True, slots=True)
class Archiver:
    """An outside part: its name, its version (empty where it is not there), what it is for."""

    name: str
    version: str
    cost: str


def archivers() -> tuple[Archiver, ...]:
    """All of them."""
    seven_zip = sevenzip_tool.probe()
    return (
        Archiver(
            "7-Zip",
            seven_zip.version if seven_zip else "",
            "no 7z, ARJ, WIM or UDF is opened, nor a ZIP of unusual methods "
            f"(apt: {sevenzip_tool.PACKAGE})",
        ),
        Archiver(
            "unar",
            unar.probe(),
            f"only what is stored in a RAR is taken out (apt: {unar.PACKAGE})",
        ),
        Archiver(
            "libarchive",
            libarchive_c.version(),
            "no cab, ar, deb, rpm, cpio, iso, lha, xar, Z, lzip, lzma, lz4 or zstd is opened "
            f"(apt: {libarchive_c.PACKAGE})",
        ),
    )
