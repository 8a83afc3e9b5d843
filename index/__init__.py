"""Documents to answers: the Whoosh index and the query language."""

from index.adopt import held
from index.catalog import SqlCatalog
from index.run import IndexSummary, index_case
from index.searching import Result, search

__all__ = ["IndexSummary", "Result", "SqlCatalog", "held", "index_case", "search"]
