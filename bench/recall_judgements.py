"""Why documents have under 0.9 of Tika's words, file by file: read, not guessed."""

WHY: dict[str, str] = {}

# Name in the corpus (a member's behind "!" by its place in the family): kind, class.
JUDGED: dict[str, tuple[str, str]] = {}
