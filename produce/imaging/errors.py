"""What the renderers raise within the child process: why a document has no pages."""

from records.codes import Code


class RenderError(Exception):
    """A document, or a page of one, that cannot be imaged; `reason` is a few words for people."""

    def __init__(self, code: Code, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.code = code
        self.reason = reason
