"""What a check found wrong with a volume."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault: a stable code, where it is (a file, a Bates number, a line), and what it is."""

    code: str
    where: str
    message: str
