"""A private PostgreSQL server for the tests that want one, or the reason why there is none."""

from collections.abc import Iterator

import pytest

from bench import postgres

needs_postgres = pytest.mark.skipif(
    postgres.programs() is None,
    reason="PostgreSQL's programs are absent: apt-get install postgresql",
)
# The language of a database must not matter: this one orders aa, B, é as a dictionary does.
DICTIONARY = ("--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """One for the tests of a module; each makes its own databases."""
    with postgres.server() as running:
        yield running
