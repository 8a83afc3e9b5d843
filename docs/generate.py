"""Writes the pages that are made from the code: commands, settings, exit and exception
codes, keys of a specification.

`python docs/generate.py` writes them, `--check` fails if one is stale.
"""

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

import cli
from produce.columns import STANDARD
from produce.spec_file import keys
from produce.spec_values import Folders
from records import errors
from records.codes import EXPLAINED, Code, Disposition
from records.limits import Limits
from records.settings import Settings

DOCS = Path(__file__).parent
_MADE = "<!-- Made by docs/generate.py; do not edit. -->\n"


def commands_page() -> str:
    """Every command with its help, as `--help` prints it."""
    parts = [_MADE, "# Commands\n"]
    for path, command in _walk("redwell", cli.redwell):
        context = click.Context(command, info_name=path, terminal_width=88, max_content_width=88)
        parts.append(f"## {path}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _walk(f"{path} {name}", child)


def settings_page() -> str:
    """Every setting of case.toml."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    rows += [f"| `{n}` | `{v!r}` | {text} |" for n, v, text in _settings()]
    text = (
        "# Settings\n\nA case's settings stand in its `case.toml`. A flag overrules the "
        "environment "
        "(`REDWELL_DATABASE`, `REDWELL_STORE`, `REDWELL_WORKERS`, `REDWELL_SCHEDULER`, "
        "`REDWELL_OCR_LANGUAGES`), which overrules the file. `limits.…` stand in a table "
        "`[limits]`. `REDWELL_CASE` names the case folder, `REDWELL_USER` (or "
        "`redwell --user NAME …`) who acts.\n\n"
    )
    return _MADE + "\n" + text + "\n".join(rows) + "\n"


def _settings() -> Iterator[tuple[str, object, str]]:
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Limits):
            for each in fields(Limits):
                yield f"{name}.{each.name}", each.default, each.metadata["description"]
        else:
            yield name, field.default, field.description or ""


def exit_codes_page() -> str:
    """Every exit code."""
    rows = ["| code | meaning |", "| --- | --- |"]
    rows += ["| 0 | Done. Exceptions on single documents are on record and do not change it. |"]
    rows += ["| 2 | The command line cannot be read: an unknown option, a missing argument. |"]
    found = [
        (each.exit_code, (each.__doc__ or "").strip())
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.RedwellError)
    ]
    base = "An error of Redwell itself; the message names a file with the details."
    rows += [f"| {n} | {base if n == cli.INTERNAL else text} |" for n, text in sorted(found)]
    rows += [f"| {cli.INTERRUPTED} | Stopped by the user; run the same command to go on. |"]
    return _MADE + "\n# Exit codes\n\n" + "\n".join(rows) + "\n"


def exception_codes_page() -> str:
    """Every code of an exception or warning, and the dispositions."""
    rows = ["| code | meaning | what to do |", "| --- | --- | --- |"]
    rows += [f"| `{code}` | {EXPLAINED[code][0]} | {EXPLAINED[code][1]} |" for code in Code]
    dispositions = ", ".join(f"`{each}`" for each in Disposition)
    return (
        _MADE + "\n# Exception and warning codes\n\n"
        "An exception means that a document's content could not be had; a warning that something "
        "is odd but the document stands. `redwell exceptions` lists the first, "
        "`redwell exceptions --warnings` the second.\n\n"
        f"Every document has one disposition: {dispositions}; `pending` only until it is "
        "processed.\n\n" + "\n".join(rows) + "\n"
    )


def production_keys_page() -> str:
    """Every key of a production's specification, and every field of a load file."""
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    rows += [f"| `{key}` | {_default(value)} | {text} |" for key, text, value in keys()]
    fields = ["| field | what it holds |", "| --- | --- |"]
    fields += [f"| `{name}` | {text} |" for name, text in STANDARD.items()]
    return (
        f"{_MADE}\n# Keys and fields of a specification\n\n"
        "[production.md](production.md) tells how they work together.\n\n"
        + "\n".join(rows)
        + "\n\n## Fields of a load file\n\n"
        'In `[fields]` each column is given one of them, in order: `FIRSTBATES = "BegBates"`; '
        'or a fixed text: `BOX = "=Box 7"`.\n\n' + "\n".join(fields) + "\n"
    )


def _default(value: object) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return ", ".join(f"`{name} = {text}`" for name, text in value)
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    if isinstance(value, Folders):
        return ", ".join(f"`{name} = {text}`" for name, text in value)
    return f"`{value}`" if isinstance(value, str | int) and value != "" else ""


PAGES = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "exit-codes.md": exit_codes_page,
    "exception-codes.md": exception_codes_page,
    "production-keys.md": production_keys_page,
}


def main() -> None:
    """Write the pages, or with --check compare them."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"Stale in docs/: {', '.join(stale)}. Run 'make docs' and commit the result")


if __name__ == "__main__":
    main()
