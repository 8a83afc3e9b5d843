"""Prints plans of productions."""

import click

from produce.estimate import Estimate
from produce.plan import Plan
from records.options import print_pairs, say

_SHOWN = 10


def print_plan(found: Plan, dry_run: bool) -> None:
    """Print what is planned, what is to be looked at, and what comes next."""
    print_pairs({"production": found.name, "first Bates number": found.first_bates, **found.counts})
    for name, ids in found.conflicts.items():
        more = f" … and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        click.echo(f"\nLook at: {name}, {len(ids)}: {found.rules[name]}")
        click.echo(f"  {', '.join(ids[:_SHOWN])}{more}")
    if found.estimate is not None:
        _print_estimate(found.estimate)
    if dry_run:
        say("Nothing was written (--dry-run)")
    else:
        say(f"Next: redwell produce run {found.name}")


def _print_estimate(found: Estimate) -> None:
    click.echo("\nEstimate")
    minutes = max(1, round(found.seconds / 60))
    print_pairs(
        {
            "pages": found.pages,
            "GB": f"{found.gigabytes:.3f}",
            "of that images, MB": round(found.image_bytes / 1e6),
            "texts, MB": round(found.text_bytes / 1e6),
            "natives, MB": round(found.native_bytes / 1e6),
            "time": f"about {minutes} min with {found.workers} workers",
        }
    )
    for each in found.rests_on:
        click.echo(f"  {each}")
