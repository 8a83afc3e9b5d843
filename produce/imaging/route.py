"""Which way a document is imaged, by its type; spreadsheets stay native unless they are printed."""

from produce.imaging.office import DRAWINGS, SHEETS, SLIDES, WRITER
from produce.interface import RenderJob

OFFICE = WRITER | SLIDES | DRAWINGS
_WAYS = {
    **dict.fromkeys(("email", "msg", "tnef"), "mail"),
    "pdf": "pdf",
    "html": "html",
    "svg": "svg",
    **dict.fromkeys(("txt", "xml"), "plain"),
    **dict.fromkeys(("ics", "vcf"), "entries"),
    "mhtml": "mhtml",
    "epub": "text",
    **dict.fromkeys(("tiff", "png", "jpg", "gif", "bmp", "heic", "webp", "image"), "image"),
    **dict.fromkeys(OFFICE, "office"),
}
_PRINTED = {**dict.fromkeys(SHEETS, "office"), "csv": "plain"}
_REASONS = {
    **dict.fromkeys(("csv", "xlsx", "xlsm", "xlsb", "xls", "ods"), "spreadsheet"),
    **dict.fromkeys(("audio", "video"), "media"),
    **dict.fromkeys(
        ("zip", "gz", "bz2", "xz", "zstd", "tar", "7z", "rar", "archive", "mbox", "pst", "olm"),
        "container",
    ),
    "executable": "program",
    "empty": "empty file",
    "mpp": "project plan",
    "unknown": "unknown type",
    "ole": "unknown type",
}


def way(job: RenderJob, sheets: str = "native") -> tuple[str, str]:
    """(way, "") for what can be imaged, ("", reason) for what is produced natively."""
    if sheets == "printed" and job.type in _PRINTED:
        return _PRINTED[job.type], ""
    if job.type == "image" and job.name.lower().endswith((".emf", ".wmf")):
        return "office", ""
    if job.type in _WAYS:
        return _WAYS[job.type], ""
    if job.mime.startswith(("audio/", "video/")):
        return "", "media"
    return "", _REASONS.get(job.type, f"no way to image {job.type}")


def office_suffix(job: RenderJob) -> str:
    """The type under which LibreOffice is to open a document."""
    return job.name.lower()[-3:] if job.type == "image" else job.type
