"""Documents whose coding should agree: families, copies, near-duplicates, mails within a mail."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from records import tables
from records.codes import Disposition
from records.control import control, parse_control
from review.units import Joined

_D, _N, _T = tables.documents.c, tables.near_duplicates.c, tables.threads.c


@dataclass(frozen=True, slots=True)
class Alike:
    """Documents that belong together, in their order, and what is told of each beside its coding.

    `about` names what they have in common.
    """

    about: str
    documents: tuple[int, ...]
    details: Mapping[int, str]


def families(connection: sa.Connection, in_review: BitMap) -> Iterator[Alike]:
    """The members of each family that are in review."""
    query = sa.select(_D.id, _D.family_id, _D.role).order_by(_D.family_id, _D.position, _D.id)
    found: dict[int, dict[int, str]] = {}
    for row in connection.execute(query):
        if row.id in in_review:
            found.setdefault(row.family_id, {})[row.id] = row.role
    for family, members in found.items():
        if len(members) > 1:
            yield Alike(f"family {control(family)}", tuple(members), members)


def copies(connection: sa.Connection, in_review: BitMap) -> Iterator[Alike]:
    """Documents in review of the same bytes or the same mail, and the suppressed copies of each."""
    joined = Joined()
    details: dict[int, str] = {}
    query = sa.select(
        *(_D.id, _D.sha256, _D.dedup_hash, _D.size, _D.disposition, _D.duplicate_of_id)
    ).order_by(_D.id)
    for row in connection.execute(query):
        copy = row.disposition == Disposition.DUPLICATE and row.duplicate_of_id is not None
        if not copy and row.id not in in_review:
            continue
        details[row.id] = "suppressed copy" if copy else "in review"
        if copy:
            joined.join(row.id, row.duplicate_of_id)
        if row.sha256 is not None and row.size:
            joined.join(row.id, ("bytes", row.sha256))
        if row.dedup_hash is not None:
            joined.join(row.id, ("mail", row.dedup_hash))
    yield from _together(joined, details, "copies of")


def near(connection: sa.Connection, in_review: BitMap, percent: float) -> Iterator[Alike]:
    """Documents in review of one text, or as near to one principal as that."""
    joined = Joined()
    details = dict.fromkeys(in_review, "")
    texts = sa.select(_D.id, _D.text_sha256).where(_D.text_sha256.is_not(None), _D.text_chars > 0)
    for document, text in connection.execute(texts):
        if document in in_review:
            joined.join(document, ("text", text))
    query = sa.select(_N.document_id, _N.principal_id, _N.percent).where(_N.percent >= percent)
    for document, principal, share in connection.execute(query):
        if document in in_review and document != principal:
            joined.join(document, principal)
            details[document] = f"{share:.0f} % of {control(principal)}"
    yield from _together(joined, details, "near")


def _together(joined: Joined, details: Mapping[int, str], what: str) -> Iterator[Alike]:
    groups: dict[object, list[int]] = {}
    for document in details:
        groups.setdefault(joined.find(document), []).append(document)
    for members in groups.values():
        if len(members) > 1:
            told = {each: details[each] for each in members}
            yield Alike(f"{what} {control(min(members))}", tuple(sorted(members)), told)


def within_mails(connection: sa.Connection, in_review: BitMap) -> Iterator[Alike]:
    """Each inclusive mail with those that it holds whole, or that equal it."""
    query = sa.select(_T.document_id, _T.inclusive, _T.contained_in, _T.spare_of_id)
    above: dict[int, int] = {}
    for row in connection.execute(query.order_by(_T.document_id)):
        if row.spare_of_id is not None:
            above[row.document_id] = row.spare_of_id
        elif row.inclusive is False and row.contained_in is not None:
            above[row.document_id] = parse_control(row.contained_in)
    held: dict[int, list[int]] = {}
    for each in above:
        held.setdefault(_top(each, above), []).append(each)
    for mail, members in sorted(held.items()):
        found = [each for each in (mail, *sorted(members)) if each in in_review]
        if len(found) > 1:
            details = dict.fromkeys(found, f"held by {control(mail)}") | {mail: "inclusive mail"}
            yield Alike(f"mail {control(mail)}", tuple(found), details)


def _top(one: int, above: Mapping[int, int]) -> int:
    """The mail that holds all; a ring, which there should not be, ends where it began."""
    seen = {one}
    while one in above and above[one] not in seen:
        one = above[one]
        seen.add(one)
    return one
