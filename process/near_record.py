"""Near-duplicates on record: how texts were related, and the bands by which new ones find them.

`near_texts` has a row for each related text, `near_bands` one for each of its bands. The bands of
principals are numbered from 0, those of all others from -1 downwards: a new text looks for
principals, and passes a bucket full of letters to one form by.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched

import sqlalchemy as sa

from process.near_groups import RANK_LENGTH, Decision, Known, rank_of
from process.near_minhash import Banding, unpack
from records import tables
from records.case import Case
from records.codes import REVIEWED

_AT_ONCE = 1_000  # values in one statement
_STREAM = {"stream_results": True, "yield_per": 5_000}

_D, _A = tables.documents.c, tables.text_analyses.c
_T, _B = tables.near_texts.c, tables.near_bands.c


def reviewed() -> sa.ColumnElement[bool]:
    """Whether a document takes part: it is reviewed, and its text is analysed."""
    analysed = _D.text_sha256.is_not(None) & (_D.text_sha256 == _D.analysed_sha256)
    return _D.disposition.in_(REVIEWED) & analysed


def _taking_part() -> sa.Select[str]:
    return sa.select(_D.text_sha256).where(reviewed())


def drop_other_thresholds(case: Case, points: int) -> None:
    """Forget what was related at another threshold, in one transaction: all is related anew."""
    with case.read() as connection:
        query = sa.select(_T.threshold).where(_T.threshold.not_in((0, points))).limit(1)
        if connection.execute(query).first() is None:
            return
    with case.write() as connection:
        connection.execute(tables.near_bands.delete())
        connection.execute(tables.near_texts.delete())


def is_empty(case: Case) -> bool:
    """Whether nothing is related yet."""
    with case.read() as connection:
        return connection.execute(sa.select(_T.threshold).limit(1)).first() is None


def gone_texts(case: Case) -> set[str]:
    """Related texts that no reviewed document has any more."""
    with case.read() as connection:
        query = sa.select(_T.text_sha256).where(_T.text_sha256.not_in(_taking_part()))
        return set(connection.execute(query).scalars())


def waiting(case: Case, points: int, gone: Iterable[str]) -> bytes:
    """The ranks, in order, of all texts that are to be related: new, to be redone, or gone.

    36 bytes a text, and no more memory than that.
    """
    with case.read() as connection:
        rows = connection.execute(
            sa.select(_A.words, _A.text_sha256)
            .outerjoin(tables.near_texts, _T.text_sha256 == _A.text_sha256)
            .where(
                _A.signature.is_not(None),
                _T.threshold.is_distinct_from(points),
                _A.text_sha256.in_(_taking_part()),
            )
            .order_by(_A.words.desc(), _A.text_sha256),
            execution_options=_STREAM,
        )
        found = bytearray()
        for words, sha256 in rows:
            found += rank_of(words, sha256)
    left = list(gone)
    if not left:
        return bytes(found)
    ranks = [bytes(found[at : at + RANK_LENGTH]) for at in range(0, len(found), RANK_LENGTH)]
    return b"".join(sorted([*ranks, *(each.rank for each in load(case, left, points))]))


def load(case: Case, texts: Iterable[str], points: int) -> list[Known]:
    """What is on record of some texts."""
    columns = (_A.text_sha256, _A.words, _A.signature, _T.principal_sha256, _T.threshold)
    query = sa.select(*columns).outerjoin(tables.near_texts, _T.text_sha256 == _A.text_sha256)
    found = []
    with case.read() as connection:
        for some in batched(sorted(texts), _AT_ONCE):
            for row in connection.execute(query.where(_A.text_sha256.in_(some))):
                size, signature = unpack(row.signature)
                rank = rank_of(row.words, row.text_sha256)
                settled = row.threshold == points
                found.append(Known(rank, size, signature, row.principal_sha256, settled))
    return found


def sharing(
    case: Case, texts: Sequence[Known], banding: Banding, *, principals_only: bool
) -> set[str]:
    """The texts on record that share a band with any of `texts`."""
    found: set[str] = set()
    keys = banding.keys_of([each.signature for each in texts])
    with case.read() as connection:
        for band in range(banding.bands):
            numbers = (band,) if principals_only else (band, -1 - band)
            for some in batched(sorted({row[band] for row in keys}), _AT_ONCE):
                query = sa.select(_B.text_sha256).where(_B.band.in_(numbers), _B.key.in_(some))
                found.update(connection.execute(query).scalars())
    return found


def write(
    connection: sa.Connection, decisions: Sequence[Decision], redo: Iterable[str], banding: Banding
) -> None:
    """Put decisions on record, and that these texts are to be related again."""
    for some in batched((each.text.sha256 for each in decisions), _AT_ONCE):
        connection.execute(tables.near_texts.delete().where(_T.text_sha256.in_(some)))
    rows = [
        {
            "text_sha256": each.text.sha256,
            "principal_sha256": each.principal,
            "percent": each.percent,
            "threshold": banding.points,
        }
        for each in decisions
        if each.principal is not None
    ]
    if rows:
        connection.execute(tables.near_texts.insert(), rows)
    _write_bands(connection, decisions, banding)
    for some in batched(sorted(redo), _AT_ONCE):
        connection.execute(
            tables.near_texts.update().where(_T.text_sha256.in_(some)).values(threshold=0)
        )


def _write_bands(
    connection: sa.Connection, decisions: Sequence[Decision], banding: Banding
) -> None:
    keys = banding.keys_of([each.text.signature for each in decisions])
    old: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for each, row in zip(decisions, keys, strict=True):
        text = each.text.sha256
        was = None if each.text.principal is None else each.text.was_principal
        now = None if each.principal is None else each.is_principal
        if was == now:
            continue
        if was is not None:
            old += ({"b": b, "k": k, "t": t} for b, k, t in _numbered(row, text, was))
        if now is not None:
            new += (
                {"band": b, "key": k, "text_sha256": t} for b, k, t in _numbered(row, text, now)
            )
    if old:
        where = (_B.band == sa.bindparam("b")) & (_B.key == sa.bindparam("k"))
        statement = tables.near_bands.delete().where(where, _B.text_sha256 == sa.bindparam("t"))
        connection.execute(statement, old)
    if new:
        connection.execute(tables.near_bands.insert(), new)


def _numbered(keys: Sequence[int], text: str, principal: bool) -> Iterator[tuple[int, int, str]]:
    for band, key in enumerate(keys):
        yield (band if principal else -1 - band), key, text
