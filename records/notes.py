"""Exceptions and warnings as values, on their way from a worker to the record."""

from dataclasses import dataclass

from records.codes import Code


@dataclass(frozen=True, slots=True)
class Note:
    """What was found wrong with one item, by which tool, in which version.

    `severity` is "exception" (the content could not be had) or "warning" (the item stands).
    """

    severity: str
    code: Code
    message: str
    tool: str
    tool_version: str
    attempts: int = 1


def exception(code: Code, message: str, tool: str, version: str, attempts: int = 1) -> Note:
    """A note that makes its document an exception."""
    return Note("exception", code, message, tool, version, attempts)


def warning(code: Code, message: str, tool: str, version: str) -> Note:
    """A note about an oddity that the document survives."""
    return Note("warning", code, message, tool, version)
