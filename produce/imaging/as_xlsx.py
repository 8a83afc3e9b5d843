"""XLS, ODS and XLSB as XLSX, made by LibreOffice of values alone, so that cells can be redacted."""

from pathlib import Path

from produce.imaging import libreoffice
from produce.imaging.errors import RenderError
from produce.imaging.office import FATES, unlocked_copy
from produce.imaging.saved_sheets import keep_values
from produce.imaging.saved_xls import SavedSheet
from records.codes import Code

_XLSX = "xlsx:Calc MS Excel 2007 XML"


def as_xlsx(
    source: Path, kind: str, folder: Path, seconds: float
) -> tuple[Path, tuple[SavedSheet, ...]]:
    """The workbook as XLSX in `folder`, and the sheets of the original; raises `RenderError`."""
    if libreoffice.program() is None:
        raise RenderError(
            Code.UNSUPPORTED,
            "LibreOffice is not installed",
            f"it turns {kind.upper()} into XLSX, of which cells are redacted: install "
            "libreoffice-calc-nogui",
        )
    copy = folder / f"original.{kind}"
    unlocked_copy(source, copy, ())
    sheets = keep_values(copy, kind)
    made = libreoffice.made(copy, _XLSX, folder)
    fate = libreoffice.convert([copy], _XLSX, folder, folder / "profile", seconds)[copy]
    if fate:
        raise RenderError(*FATES[fate])
    return made, sheets
