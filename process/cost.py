"""What it costs to read a document, by its type and size: batches are made and ordered by it.

Seconds of one core, as measured over the corpus; only their proportions count.
"""

from process.interface import ExtractJob

_SECONDS = {
    **dict.fromkeys(("txt", "csv", "ics", "vcf"), 0.0005),
    **dict.fromkeys(("email", "mhtml", "html"), 0.0012),
    "msg": 0.008,
    "tnef": 0.010,
    "pdf": 0.009,
    "docx": 0.040,
    "pptx": 0.070,
    **dict.fromkeys(("xlsx", "xls"), 0.050),
}
_OTHERS = 0.030  # all else goes through Tika, or holds documents that do
_FOR_MB = 0.05


def seconds_to_read(job: ExtractJob) -> float:
    """How long one core will be at it."""
    return _SECONDS.get(job.type, _OTHERS) + _FOR_MB * job.size / (1 << 20)
