"""The outside parts that open archives: what is there, and what is lost without each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import libarchive_c, sevenzip_tool, unar
from records.errors import ToolMissingError

if TYPE_CHECKING:
    from records.engine import Engine


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


def require_worker_archivers(engine: "Engine") -> None:
    """Raise `ToolMissingError` naming a worker, started elsewhere, that has not what we have.

    Which of two workers gets an archive must not decide what is taken out of it.
    """
    if not engine.elsewhere:
        return
    here = {each.name: each.version for each in archivers()}
    for worker, found in sorted(engine.on_each(archivers).items()):
        if isinstance(found, Exception):
            raise ToolMissingError(f"The Dask worker {worker} failed: {found}")
        for each in found:
            if each.version != here[each.name]:
                raise ToolMissingError(
                    f"The Dask worker {worker} has {each.name} {each.version or 'not at all'}, and "
                    f"this machine {here[each.name] or 'not at all'}: archives would open "
                    "differently here and there. Install the same on all"
                )
