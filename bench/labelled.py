"""The labelled collections of the corpus as cases: mails from ingest to index, with their topics.

20 Newsgroups (ten groups, one topic each; their line ends were made tabs, which is undone here) and
the mails that students of Berkeley put into categories (any annotator's category counts).
"""

import csv
import hashlib
import io
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bench import pipeline
from records import tables
from records.case import Case


@dataclass(frozen=True, slots=True)
class Message:
    """A mail as it was sent, and the topics that it is about; `name` is of its file."""

    name: str
    data: bytes
    topics: frozenset[str]


def newsgroups(corpus: Path) -> Iterator[Message]:
    """The articles of ten newsgroups; the topic is the group, and no header names it."""
    with tarfile.open(corpus / "labelled" / "20news-bydate-train-10groups.tar.gz") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                group = member.name.split("/")[1]
                data = file.read().replace(b"\t", b"\n")
                yield Message(f"{_hidden(member.name)}.eml", data, frozenset([group]))


def _hidden(name: str) -> str:
    """A name that tells nothing of the topic, nor does its place among the others."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def categories(corpus: Path) -> Iterator[Message]:
    """The mails of Enron with categories as 1.1 or 3.10."""
    with tarfile.open(corpus / "labelled" / "enron_with_categories.tar.gz") as tar:
        files = {each.name.rpartition("/")[2]: each for each in tar if each.isfile()}
        labels = tar.extractfile(files["labels.csv"])
        assert labels is not None
        topics: defaultdict[str, set[str]] = defaultdict(set)
        for row in csv.DictReader(io.TextIOWrapper(labels, encoding="utf-8")):
            topics[row["message"]].add(row["category"])
        for number in sorted(topics):
            file = tar.extractfile(files[f"{number}.txt"])
            assert file is not None
            yield Message(f"{number}.eml", file.read(), frozenset(topics[number]))


def category_names(corpus: Path) -> dict[str, str]:
    """The categories of genre, forwarded matter and topic, each with the words it is called by.

    What stands in parentheses explains the name and is left out; 3.10, legal advice, comes last.
    """
    with tarfile.open(corpus / "labelled" / "enron_with_categories.tar.gz") as tar:
        (member,) = (each for each in tar if each.name.endswith("/categories.txt"))
        file = tar.extractfile(member)
        assert file is not None
        text = file.read().decode()
    found = re.findall(r"^([123]\.\d+) ([^(\n]+)", text, re.MULTILINE)
    return dict(sorted(((key, name.strip()) for key, name in found), key=lambda x: x[0] == "3.10"))


def made(messages: Iterator[Message], folder: Path) -> Path:
    """A case of the messages in `folder`, by the commands that a user runs."""
    source, case = folder / "mail", folder / "case"
    source.mkdir(parents=True)
    for each in messages:
        (source / each.name).write_bytes(each.data)
    init = ("--number", "1", "--caption", "Labelled", "--bates-prefix", "LAB")
    pipeline.redwell("init", str(case), *init, "--custodian", "Various")
    at = ("--case", str(case))
    pipeline.redwell("ingest", str(source), "--custodian", "Various", *at)
    pipeline.redwell("process", "--no-ocr", "--no-relations", *at)
    pipeline.redwell("index", *at)
    return case


def topics_of(case: Case, messages: Mapping[str, frozenset[str]]) -> dict[int, frozenset[str]]:
    """The topics of each document by its id."""
    c = tables.documents.c
    with case.read() as connection:
        rows = connection.execute(sa.select(c.id, c.name)).all()
    return {row.id: messages[row.name] for row in rows if row.name in messages}
