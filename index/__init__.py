"""Documents to answers: the Whoosh index and the query language."""
