"""The command group `privilege`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from index.commands import warn_incomplete
from records.case import Case, opened
from records.control import control
from records.exports import check_target, export_options, write_table
from records.options import case_option, counted, json_option, print_json, print_table, say
from review import descriptions, privilege_terms, tags
from review.choosing import choosing, chosen
from review.screen import REASONS, STRONG, Screen, Screened, counts, screen

_SHOWN = 20
_LONGEST = 60


@click.group("privilege")
def privilege_group() -> None:
    """What may be privileged: by counsel of the case and words of legal advice, with reasons."""


@privilege_group.command("terms")
def terms_command() -> None:
    """Print the list of terms that is shipped, to be changed and given back with --terms."""
    click.echo(privilege_terms.default_text(), nl=False)


@privilege_group.command("reasons")
@json_option
def reasons_command(as_json: bool) -> None:
    """List the reasons that a screen gives, each with its points."""
    if as_json:
        print_json([{"reason": n, "points": p, "meaning": t} for n, (p, t) in REASONS.items()])
        return
    print_table(("reason", "points", "meaning"), [[n, p, t] for n, (p, t) in REASONS.items()])


def _points(_context: click.Context, _option: click.Parameter, given: Sequence[str]) -> Any:
    found: dict[str, int] = {}
    for each in given:
        name, _, points = each.partition("=")
        if name not in REASONS or name == "term":
            known = ", ".join(known for known in REASONS if known != "term")
            raise click.BadParameter(f"{name!r} is no reason with points; there are {known}")
        try:
            found[name] = int(points)
        except ValueError:
            raise click.BadParameter(f"{each!r}: write it as {name}=20") from None
        if abs(found[name]) > 1000:
            raise click.BadParameter(f"{each!r}: from -1000 to 1000")
    return found


@privilege_group.command("screen")
@click.option("--scope", default="docid:>=1", help="A search of what to screen. [default: all]")
@click.option(
    "--terms",
    "terms_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A list of terms in place of the one that is shipped.",
)
@click.option(
    "--points",
    multiple=True,
    callback=_points,
    metavar="REASON=N",
    help="Other points for a reason; repeatable.",
)
@click.option("--at-least", type=int, help=f"Only documents of so many points. [--tag: {STRONG}]")
@click.option(
    "--limit", type=click.IntRange(min=0), help=f"Show at most so many. [table: {_SHOWN}]"
)
@export_options
@click.option("--tag", help="Put this tag on all that have enough points, as one act.")
@click.option("--basis", help="Why, for a tag that needs a basis.")
@case_option
@json_option
def screen_command(
    scope: str,
    terms_path: Path | None,
    points: dict[str, int],
    at_least: int | None,
    limit: int | None,
    target: Path | None,
    overwrite: bool,
    tag: str | None,
    basis: str | None,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Rank the documents that may be privileged, each with its reasons.

    By counsel on record ('redwell counsel') and a list of terms. Points are added; 'redwell
    privilege reasons' tells them. A document is listed where anything speaks for privilege,
    whatever speaks against it.
    """
    if basis is not None and tag is None:
        raise click.UsageError("A --basis goes with a --tag.")
    check_target(target, overwrite=overwrite)
    terms = privilege_terms.read(terms_path)
    with opened(case_folder) as case:
        found = screen(case, scope, terms, points)
        least = STRONG if at_least is None and tag is not None else at_least
        chosen = [each for each in found.documents if least is None or each.score >= least]
        _warn(found)
        if target is not None:
            _export(target, chosen, overwrite=overwrite)
        act = None if tag is None else _tag(case, tag, basis, chosen, scope, least)
    if as_json:
        print_json(_told(found, chosen, limit, act))
        return
    cut = chosen[: _SHOWN if limit is None else limit]
    rows = [[each.score, control(each.document), _reasons(each)] for each in cut]
    print_table(("points", "document", "reasons"), rows)
    first = f", the first {len(cut)} shown" if len(cut) < len(chosen) else ""
    click.echo(f"{counted(len(chosen))}{first}")
    print_table(("reason", "documents"), list(counts(chosen).items()))
    if act is not None:
        click.echo(f"'{tag}' was put on {act.changed}" + (f" (act {act.act})" if act.act else ""))


def _warn(found: Screen) -> None:
    warn_incomplete(found.result)
    if not found.counsel:
        say("No counsel is on record, so only terms speak: 'redwell counsel add' adds some")
    elif not found.knows_client:
        say(
            "No client is on record, so third parties cannot be told: 'redwell counsel add NAME "
            "--kind client --domain DOMAIN' adds one"
        )


def _reasons(each: Screened) -> str:
    return "; ".join(f"{one.reason} {one.points:+d} ({_short(one.detail)})" for one in each.reasons)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _export(path: Path, chosen: Sequence[Screened], *, overwrite: bool) -> None:
    write_table(
        path,
        "Screen",
        ("rank", "document", "score", "reason", "points", "detail"),
        (
            (rank, control(each.document), each.score, one.reason, one.points, one.detail)
            for rank, each in enumerate(chosen, 1)
            for one in each.reasons
        ),
        overwrite=overwrite,
    )
    say(f"Wrote {path}")


def _tag(
    case: Case,
    tag: str,
    basis: str | None,
    chosen: Sequence[Screened],
    scope: str,
    least: int | None,
) -> tags.Applied:
    origin = {"privilege_screen": scope, "at_least": least}
    return tags.change(case, "add", tag, [each.document for each in chosen], origin, basis=basis)


def _told(
    found: Screen, chosen: Sequence[Screened], limit: int | None, act: tags.Applied | None
) -> dict[str, Any]:
    return {
        "count": len(chosen),
        "by_reason": counts(chosen),
        "counsel": found.counsel,
        "third_parties_can_be_told": found.knows_client,
        "missing": found.result.missing,
        "act": None if act is None else act.act,
        "tagged": None if act is None else act.changed,
        "documents": [
            {
                "document": control(each.document),
                "score": each.score,
                "reasons": [
                    {"reason": one.reason, "points": one.points, "detail": one.detail}
                    for one in each.reasons
                ],
            }
            for each in (chosen if limit is None else chosen[:limit])
        ],
    }


@privilege_group.command("describe")
@click.argument("text", required=False)
@choosing
@click.option(
    "--sheet",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A CSV or XLSX with ControlNumber and Description, as a privilege log that was gone over.",
)
@click.option("--allow-quotes", is_flag=True, help="Though it repeats words of the document.")
@case_option
@json_option
def describe_command(
    text: str | None,
    query: str | None,
    ids: str | None,
    from_file: Path | None,
    sheet: Path | None,
    allow_quotes: bool,
    case_folder: Path | None,
    as_json: bool,
) -> None:
    """Say in TEXT what a privilege log is to say of documents, or give --sheet for many.

    What it is and for what advice, without the advice: "E-mail from client to counsel asking for
    advice on the charter". A description that repeats its document is refused. An empty TEXT takes
    the description back.
    """
    named = any(each is not None for each in (query, ids, from_file))
    if (sheet is None) == (text is None) or (sheet is not None and named):
        raise click.UsageError(
            "Give TEXT with one of --query, --ids or --from-file, or --sheet alone."
        )
    with opened(case_folder) as case:
        if sheet is not None:
            said, origin = descriptions.read_file(sheet), {"sheet": str(sheet)}
        else:
            found, origin = chosen(case, query, ids, from_file)
            said = dict.fromkeys(found, text or "")
        done = descriptions.describe(case, said, origin, quotes=allow_quotes)
    if as_json:
        print_json(asdict(done))
        return
    same = f", {done.unchanged} had it already" if done.unchanged else ""
    click.echo(f"{counted(done.changed)} described{same}")
