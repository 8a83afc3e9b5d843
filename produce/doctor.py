"""`redwell doctor`: which outside programs are there, and what each missing one costs."""

import platform

import click

from ingest.archivers import archivers
from process import tools
from produce.imaging import probe as imaging
from produce.imaging.probe import Probe
from records.options import json_option, print_json, print_table


def _found() -> list[Probe]:
    reading = tools.probe()
    java = reading.java + (" (bundled, some charsets missing)" if reading.java_bundled else "")
    languages = ", ".join(reading.tesseract.languages)
    version = reading.tesseract.version
    return [
        Probe("Python", True, platform.python_version(), ""),
        Probe("Java", not reading.java_trouble, java, "no processing: Tika runs in it"),
        Probe("Tika", bool(reading.tika), reading.tika, "no processing"),
        Probe(
            "Archive of Java classes",
            tools.class_archive(made=not reading.java_trouble),
            "recorded",
            "each reading process starts a second later",
        ),
        Probe(
            "Tesseract",
            bool(version),
            f"{version} ({languages})" if version else "",
            "no OCR: scans and pictures stay without text ('redwell process --no-ocr')",
        ),
        *(Probe(each.name, bool(each.version), each.version, each.cost) for each in archivers()),
        *imaging.probes(),
    ]


@click.command()
@click.option("--brief", is_flag=True, help="Only what is missing, on one line each.")
@json_option
def doctor(brief: bool, as_json: bool) -> None:
    """Say what is installed and what missing parts cost."""
    found = _found()
    missing = [each for each in found if not each.found]
    if as_json:
        names = ("name", "found", "version", "cost")
        print_json([{name: getattr(each, name) for name in names} for each in found])
        return
    if not brief:
        print_table(
            ("part", "found", "version"),
            [(each.name, "yes" if each.found else "NO", each.version) for each in found],
        )
    for each in missing:
        click.echo(f"Missing: {each.name}. What it costs: {each.cost}")
    if not missing:
        click.echo("Nothing is missing.")
