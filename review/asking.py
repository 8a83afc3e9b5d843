"""Many queries of one case at once: the index is opened once, and each word looked up by it."""

from collections.abc import Iterator, Sequence

from pyroaring import BitMap

from index import words
from index.catalog import SqlCatalog
from index.evaluate import Evaluator
from index.searching import open_segments, read
from records.case import Case


def ask(case: Case, queries: Sequence[str], universe: BitMap) -> Iterator[BitMap]:
    """What of `universe` answers each query, in their order; raises `QueryError`.

    A number or bullet before a query, and a comma behind it, are left out as in a list.
    """
    catalog = SqlCatalog(case)
    trees = [read(case, each, as_list=True) for each in queries]
    with open_segments(case.index_folder) as segments:
        evaluator = Evaluator(segments, catalog)
        for query, tree in zip(queries, trees, strict=True):
            yield evaluator.evaluate(tree, query, universe)


def split(text: str) -> list[str]:
    """The words of a name or an address, as the index has them."""
    return [each.text for each in words.scan(text)]


def phrase(text: str) -> str:
    """A query for the words of a text one after the other; empty where it holds none."""
    found = split(text)
    return f'"{" ".join(found)}"' if found else ""


def person(name: str) -> str:
    """A query for a person's name, as `Ann Ray` or `Ray, Ann`; empty for a name of one word."""
    found = split(name)
    if len(found) < 2:
        return ""
    return f"({found[0]} w/{len(found)} {found[-1]})"
