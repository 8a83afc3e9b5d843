"""Documents to answers: the Whoosh index and the query language."""

from index.adopt import held
from index.catalog import SqlCatalog
from index.searching import Result, lacking, search

__all__ = ["Result", "SqlCatalog", "held", "lacking", "search"]
