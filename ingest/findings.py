"""What a verification found wrong, kept on disk while it works, so that memory stays flat."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

_IN_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the record has it.

    `what` is a hash or a path; `collection` the one that a manifest or a source belongs to.
    """

    state: str
    what: str
    message: str = ""
    collection: int | None = None


class Findings:
    """Findings in the order in which they came, and how many of each state."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115

    def add(self, finding: Finding) -> None:
        """Keep a finding."""
        self.counts[finding.state] += 1
        self._file.write(json.dumps(asdict(finding)) + "\n")

    def __iter__(self) -> Iterator[Finding]:
        self._file.seek(0)
        for line in self._file:
            yield Finding(**json.loads(line))

    def __enter__(self) -> "Findings":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
