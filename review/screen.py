"""The privilege screen: which documents may be privileged, how strongly, and why.

Points are added up reason by reason, nothing is learned and nothing hidden: `REASONS` is the whole
rule. What speaks against privilege, a stranger or the other side on the mail, takes points off and
is told as well. Words are looked up by the index, people are told by their addresses.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

import sqlalchemy as sa
from pyroaring import BitMap

from index.searching import Result, search
from records import tables
from records.case import Case
from records.control import control
from records.counsel import Counsel, Kind, Side, listed
from records.fields import Fields
from records.numbers import table_of
from review import asking
from review.privilege_terms import Term
from review.screen_people import COPIED, RECEIVED, WROTE, Register, Seen

_D, _T = tables.documents.c, tables.threads.c
STRONG = 30
"""Points by which a mail lends its privilege to attachments and to its thread."""

MOST_FOR_TERMS = 45

REASONS: Mapping[str, tuple[int, str]] = {
    "attorney-wrote": (40, "an attorney sent or wrote it"),
    "attorney-received": (30, "it is addressed to an attorney"),
    "attorney-copied": (15, "an attorney has a copy"),
    "firm": (25, "somebody else of counsel's firm is on it"),
    "attorney-named": (10, "an attorney is named in its text"),
    "term": (0, f"it holds a term of the list; the list says the points, at most {MOST_FOR_TERMS}"),
    "attached": (25, "it is attached to a document that has 30 points by itself"),
    "thread": (10, "another mail of its thread has 30 points by itself"),
    "third-party": (-25, "against: somebody who is neither client nor counsel is on the mail"),
    "opposing": (-40, "against: the other side is on the mail"),
}
"""Every reason with its points, in the order they are told; `--points` changes them."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, with how many points; `detail` names the people, the term or the other document."""

    reason: str
    points: int
    detail: str


@dataclass(frozen=True, slots=True)
class Screened:
    """A document and its reasons."""

    document: int
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        """Its points in all."""
        return sum(each.points for each in self.reasons)


@dataclass(frozen=True, slots=True)
class Screen:
    """What came out: documents that anything speaks for, the highest first.

    `counsel` entries were gone by; without a client among them third parties cannot be told.
    `result` is the answer of the scope's search.
    """

    documents: tuple[Screened, ...]
    counsel: int
    knows_client: bool
    result: Result


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    family: int
    found_in: int | None
    thread: int | None
    seen: Seen


def screen(
    case: Case, scope: str, terms: Sequence[Term], points: Mapping[str, int] | None = None
) -> Screen:
    """Screen what answers `scope`; raises `QueryError` for it or a term that cannot be read."""
    given = {name: REASONS[name][0] for name in REASONS} | dict(points or {})
    result = search(case, scope)
    with case.read() as connection:
        counsel = listed(connection)
    found = _Screening(case, counsel, given, result.ids)
    found.look(terms)
    documents = tuple(sorted(found.screened(), key=lambda each: (-each.score, each.document)))
    return Screen(documents, len(counsel), found.register.knows_client, result)


def counts(documents: Iterable[Screened]) -> dict[str, int]:
    """Documents by reason, in the order of the reasons."""
    found = Counter(name for each in documents for name in {one.reason for one in each.reasons})
    return {name: found[name] for name in REASONS if found[name]}


class _Screening:
    """The reasons of each document, gathered."""

    def __init__(
        self, case: Case, counsel: Sequence[Counsel], points: Mapping[str, int], scope: BitMap
    ) -> None:
        self._case = case
        self._points = points
        self._scope = scope
        self._counsel = [each for each in counsel if each.kind is not Kind.CLIENT]
        self.register = Register(counsel)
        self._terms: dict[int, list[Term]] = {}
        self._named: dict[int, list[str]] = {}
        self._authors: dict[int, list[str]] = {}
        self._rows: dict[int, _Row] = {}

    def look(self, terms: Sequence[Term]) -> None:
        """Ask the index for terms and for the names and addresses of counsel.

        Terms are asked of the scope; counsel of all that is in review, for a mail outside of the
        scope lends its privilege to an attachment or thread within it.
        """
        everything = search(self._case, "docid:>=1").ids | self._scope
        for term, ids in zip(
            terms, asking.ask(self._case, [each.query for each in terms], everything), strict=True
        ):
            for each in ids:
                self._terms.setdefault(each, []).append(term)
        on_mail = self._ask_counsel(everything)
        wanted = on_mail | BitMap(self._terms) | BitMap(self._named) | BitMap(self._authors)
        self._read(wanted)
        self._read((self._around(wanted) & everything) - BitMap(self._rows))

    def _ask_counsel(self, everything: BitMap) -> BitMap:
        """Documents on which the index finds an address, a domain or a name of counsel."""
        asked: list[tuple[str, str, str]] = []
        for each in self._counsel:
            for one in (*each.addresses, *each.domains):
                asked.append(("mail", each.name, f"participants:{asking.phrase(one)}"))
            person = asking.person(each.name)
            if each.kind is Kind.ATTORNEY and person:
                asked.append(("mail", each.name, f"participants:{person}"))
                if each.side is not Side.OPPOSING:
                    asked.append(("named", each.name, f"text:{person}"))
                    asked.append(("author", each.name, f"author:{person}"))
        found = BitMap()
        queries = [query for _, _, query in asked]
        answers = asking.ask(self._case, queries, everything)
        for (what, name, _), ids in zip(asked, answers, strict=True):
            if what == "mail":
                found |= ids
                continue
            for document in ids:
                told = self._named if what == "named" else self._authors
                told.setdefault(document, []).append(name)
        return found

    def _around(self, ids: BitMap) -> BitMap:
        """The families and threads of documents."""
        with self._case.read() as connection:
            given = sa.select(table_of(connection, ids).c.id)
            families = sa.select(_D.family_id).where(_D.id.in_(given))
            threads = sa.select(_T.thread_id).where(_T.document_id.in_(given))
            family = sa.select(_D.id).where(_D.family_id.in_(families))
            thread = sa.select(_T.document_id).where(_T.thread_id.in_(threads))
            found = BitMap(connection.execute(family).scalars())
            return found | BitMap(connection.execute(thread).scalars())

    def _read(self, ids: BitMap) -> None:
        query = sa.select(_D.id, _D.family_id, _D.found_in_id, _T.thread_id, _D.fields).join(
            tables.threads, _T.document_id == _D.id, isouter=True
        )
        with self._case.read() as connection:
            for some in batched(ids, 500):
                for row in connection.execute(query.where(_D.id.in_(some))):
                    seen = self.register.seen(Fields.from_json(row.fields))
                    self._rows[row.id] = _Row(
                        row.id, row.family_id, row.found_in_id, row.thread_id, seen
                    )

    def screened(self) -> Iterator[Screened]:
        """All documents of the scope that anything speaks for."""
        own = {each: tuple(self._own(each)) for each in self._rows}
        alone = {
            each: sum(one.points for one in (*reasons, *self._against(each)))
            for each, reasons in own.items()
        }
        strong = {each for each, points in alone.items() if points >= STRONG}
        threads: dict[int, list[int]] = {}
        for each in sorted(strong):
            if (thread := self._rows[each].thread) is not None:
                threads.setdefault(thread, []).append(each)
        for document, reasons in own.items():
            lent = tuple(self._lent(document, strong, threads, alone))
            if document in self._scope and (reasons or lent):
                yield Screened(document, (*reasons, *lent, *self._against(document)))

    def _own(self, document: int) -> Iterator[Reason]:
        seen = self._rows[document].seen
        wrote = (*seen.attorneys.get(WROTE, ()), *self._authors.get(document, ()))
        for reason, names in (
            ("attorney-wrote", tuple(dict.fromkeys(wrote))),
            ("attorney-received", seen.attorneys.get(RECEIVED, ())),
            ("attorney-copied", seen.attorneys.get(COPIED, ())),
            ("firm", seen.firm),
        ):
            if names:
                yield self._reason(reason, ", ".join(names))
                break
        if named := self._named.get(document):
            yield self._reason("attorney-named", ", ".join(named))
        room = MOST_FOR_TERMS
        for term in sorted(self._terms.get(document, ()), key=lambda each: -each.points):
            points = min(term.points, room)
            room -= points
            yield Reason("term", points, term.query)

    def _against(self, document: int) -> Iterator[Reason]:
        """Who breaks privilege: on the mail itself, or on the one that it hangs on."""
        holders = [document, *self._above(document)]
        for reason in ("third-party", "opposing"):
            names: dict[str, None] = {}
            for each in holders:
                seen = self._rows[each].seen
                found = seen.strangers if reason == "third-party" else seen.opposing
                names |= dict.fromkeys(found)
            if names:
                yield self._reason(reason, ", ".join(names))

    def _above(self, document: int) -> Iterator[int]:
        """What a document hangs on, from its holder up to the root of its family."""
        row = self._rows[document]
        while row.found_in is not None and row.id != row.family and row.found_in in self._rows:
            row = self._rows[row.found_in]
            yield row.id

    def _lent(
        self,
        document: int,
        strong: set[int],
        threads: Mapping[int, Sequence[int]],
        alone: Mapping[int, int],
    ) -> Iterator[Reason]:
        holder = next((each for each in self._above(document) if each in strong), None)
        if holder is not None:
            yield self._reason("attached", f"{control(holder)} ({alone[holder]})")
        others = [each for each in self._of_thread(document, threads) if each != document]
        if others:
            best = max(others, key=lambda each: (alone[each], -each))
            yield self._reason("thread", f"{control(best)} ({alone[best]})")

    def _of_thread(self, document: int, threads: Mapping[int, Sequence[int]]) -> Iterable[int]:
        thread = self._rows[document].thread
        return () if thread is None else threads.get(thread, ())

    def _reason(self, reason: str, detail: str) -> Reason:
        return Reason(reason, self._points[reason], detail)
