"""Productions of others: looked at, loaded into the case, and answered with a list of defects."""
