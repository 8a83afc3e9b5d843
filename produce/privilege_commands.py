"""The command `produce log`: the privilege log of productions."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa

from produce.privilege_forms import Form, table
from produce.privilege_log import UNDESCRIBED, Entry, Log, log_of, named
from produce.privilege_output import ENDINGS, counsel_path, write
from produce.selection import in_chunks
from records import audit, tables, times
from records.case import Case, opened
from records.control import control
from records.errors import ProductionError, TagError
from records.options import case_option, counted, json_option, print_json, say
from records.outputs import require_writable

_B, _T, _G = tables.document_tags.c, tables.tags.c, tables.tag_groups.c


@click.command("log")
@click.argument("productions", nargs=-1)
@click.option(
    "--form",
    "named_form",
    type=click.Choice([each.value for each in Form]),
    default=Form.DOCUMENT.value,
    show_default=True,
    help="Document by document, metadata alone, metadata and topic, or by category.",
)
@click.option(
    "--topics",
    "group",
    help="The tag group whose tags are the topics, or the categories.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The FILE.csv, FILE.xlsx or FILE.pdf to write; else say only what is lacking.",
)
@click.option("--draft", is_flag=True, help="Write it though claims are not complete.")
@click.option("--overwrite", is_flag=True, help="Let --out take the place of a file.")
@case_option
@json_option
def log_command(
    productions: tuple[str, ...],
    named_form: str,
    group: str | None,
    out: Path | None,
    draft: bool,
    overwrite: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Write the privilege log of PRODUCTIONS, or of all that hold Bates numbers.

    An entry for each document that was withheld or redacted, bound to the numbers of the sheet in
    its place, with the basis of its coding and the description of 'redwell privilege describe'.
    Attorneys bear a star; the counsel of the case go with it. A log in which a claim lacks its
    basis or what its form tells is refused, unless it is a --draft.
    """
    form = Form(named_form)
    if form is Form.TOPIC and group is None:
        raise click.UsageError("--form topic needs --topics, the tag group of the topics.")
    if out is not None:
        require_writable(out, ENDINGS, overwrite=overwrite)
        if out.suffix.lower() == ".csv":
            require_writable(counsel_path(out), ENDINGS, overwrite=overwrite)
    with opened(case_folder) as case:
        found = log_of(case, productions)
        topics = {} if group is None else _topics(case, group, found.entries)
        lacking = [
            (each, why) for each in found.entries if (why := _lacks(each, form, group, topics))
        ]
        if out is not None:
            if lacking and not draft:
                raise ProductionError(_refusal(lacking))
            files = _written(case, found, form, topics, out, draft=draft, overwrite=overwrite)
        else:
            files = ()
    if as_json:
        print_json(
            {
                "productions": found.productions,
                "entries": [
                    asdict(each) | {"document": control(each.document)} for each in found.entries
                ],
                "lacking": [{"log_id": e.log_id, "problems": why} for e, why in lacking],
                "files": [str(each) for each in files],
            }
        )
        return
    for each, why in lacking:
        say(f"{each.log_id}  {each.beg}  {control(each.document)}: {'; '.join(why)}")
    click.echo(
        f"{counted(len(found.entries))} withheld or redacted in {', '.join(found.productions)}, "
        f"{len(lacking)} of them without a whole claim"
    )
    for written in files:
        click.echo(f"Written: {written}")


def _lacks(
    entry: Entry, form: Form, group: str | None, topics: dict[int, list[str]]
) -> tuple[str, ...]:
    """What the claim of a document lacks in this form of the log."""
    found = [each for each in entry.problems if form is Form.DOCUMENT or each != UNDESCRIBED]
    if (
        group is not None
        and form in (Form.TOPIC, Form.CATEGORICAL)
        and not topics.get(entry.document)
    ):
        found.append(f"no tag of the group {group!r}")
    return tuple(found)


def _refusal(lacking: Sequence[tuple[Entry, tuple[str, ...]]]) -> str:
    reasons = list(dict.fromkeys(each for _, why in lacking for each in why))
    listed = "; ".join(
        f"{reason}: {named(entry for entry, why in lacking if reason in why)}" for reason in reasons
    )
    return (
        f"{counted(len(lacking))} cannot be logged as the claim stands ({listed}). Give a basis "
        "with 'redwell tag add --basis', a description with 'redwell privilege describe', or write "
        "a --draft to go over"
    )


def _topics(case: Case, group: str, entries: Iterable[Entry]) -> dict[int, list[str]]:
    """The tags of a group that each document bears, in their order."""
    with case.read() as connection:
        known = {row.name: row.id for row in connection.execute(sa.select(_G.id, _G.name))}
        if group not in known:
            raise TagError(
                f"There is no tag group {group!r}; there are {', '.join(sorted(known)) or 'none'}"
            )
        rows = in_chunks(
            connection,
            lambda some: (
                sa.select(_B.document_id, _T.name)
                .join(tables.tags, _T.id == _B.tag_id)
                .where(_B.document_id.in_(some), _T.group_id == known[group])
                .order_by(_T.position)
            ),
            {each.document for each in entries},
        )
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row.document_id, []).append(row.name)
    return found


def _written(
    case: Case,
    found: Log,
    form: Form,
    topics: dict[int, list[str]],
    out: Path,
    *,
    draft: bool,
    overwrite: bool,
) -> tuple[Path, ...]:
    info = case.info()
    title = f"Privilege log{' (DRAFT)' if draft else ''}: {info.caption}"
    about = (
        f"{info.number}. Productions: {', '.join(found.productions)}. "
        f"{counted(len(found.entries))}.",
        f"Dates in {case.settings.zone.key}. * marks an attorney. Made {times.now()[:10]}.",
    )
    made = table(found.entries, form, case.settings.zone, topics)
    files = write(out, title, about, made, found.counsel, overwrite=overwrite)
    with case.write() as connection:
        audit.append(
            connection,
            "privilege log written",
            productions=list(found.productions),
            form=form,
            draft=draft,
            entries=len(found.entries),
            files=[
                {"name": each.name, "sha256": hashlib.sha256(each.read_bytes()).hexdigest()}
                for each in files
            ],
        )
    return files
