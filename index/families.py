"""Families: the parent document and all that was found in it, kept together."""

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.codes import REVIEWED


def whole_families(connection: sa.Connection, ids: BitMap) -> BitMap:
    """The documents given and all reviewable members of their families."""
    c = tables.documents.c
    rows = connection.execute(sa.select(c.id, c.family_id, c.disposition)).all()
    roots = {family for each, family, _ in rows if each in ids}
    members = (each for each, family, kind in rows if family in roots and kind in REVIEWED)
    return ids | BitMap(members)
