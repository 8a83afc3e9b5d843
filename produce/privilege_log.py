"""The privilege log: every withheld and redacted document, why, and where its number stands.

Rule 26(b)(5)(A) of the Federal Rules of Civil Procedure: whoever withholds claims the privilege
expressly and describes what is withheld. An entry is bound to the Bates numbers of the sheet that
stands in the document's place, so no number of a volume is without a page, a row or an entry. The
claim is that of the coding as it is now: the basis that came with the tag that withholds, and the
description of `review.descriptions`. Where either lacks, the entry says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from pyroaring import BitMap

from produce.record import PlannedItem, Production, items, productions
from produce.redaction.record import confirmed
from produce.selection import in_chunks
from produce.treatment import Treatment
from produce.versions import later_versions, whole_set
from records import counsel as counsels
from records import tables
from records.case import Case
from records.control import control
from records.counsel import Counsel, Kind, Side
from records.errors import ProductionError
from records.fields import Address, Fields
from review.descriptions import descriptions
from review.meanings import privilege_names
from review.screen_people import Register

WITHHELD, REDACTED = "withheld", "redacted"
PARENT, ATTACHMENT, ALONE = "parent", "attachment", ""
STAR = "*"
UNDESCRIBED = "no description"

_D, _T, _B = tables.documents.c, tables.tags.c, tables.document_tags.c


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of the log. `tags` are those that withhold it; people are as they are written,
    attorneys with a star. `problems` say what the claim lacks.
    """

    log_id: str
    production: str
    beg: str
    end: str
    family: str  # the first number of its family
    relation: str
    document: int
    sent_at: str | None
    author: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    basis: str
    description: str
    type: str
    ext: str
    custodian: str
    treatment: str
    tags: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """All entries in the order of their numbers, and the counsel that are starred in them."""

    productions: tuple[str, ...]
    entries: tuple[Entry, ...]
    counsel: tuple[Counsel, ...]


def log_of(case: Case, names: Sequence[str]) -> Log:
    """The log of some productions, or of all that hold numbers.

    An entry whose document a replacement shows anew is left out where the replacement is asked for
    too, or all are; it keeps its number.

    Raises `ProductionError` for one that is not there or has no numbers yet.
    """
    with case.read() as connection:
        known = {each.name: each for each in productions(connection)}
        _refuse_names(connection, known, names)
        who = counsels.listed(connection)
        register = Register(who)
        entries: list[Entry] = []
        chosen: list[str] = []
        before = 0  # an entry has its number whatever is asked for
        for each in known.values():
            planned = items(connection, each.id) if _numbered(connection, each) else []
            made = each.replaces is None or each.state == "frozen"
            if planned and (each.name in names or (made and not names)):
                newer = {each.id for each in known.values() if not names or each.name in names}
                later = later_versions(connection, each)
                gone = {document for document, ids in later.items() if newer.intersection(ids)}
                found = _entries(connection, each, planned, register, before)
                entries.extend(entry for entry in found if entry.document not in gone)
                chosen.append(each.name)
            before += sum(bool(_treatment(item)) for item in planned)
    if not chosen:
        raise ProductionError("No production of this case holds Bates numbers yet: run one first")
    starred = tuple(each for each in who if each.side is not Side.OPPOSING)
    return Log(tuple(chosen), tuple(entries), starred)


def _refuse_names(
    connection: sa.Connection, known: Mapping[str, Production], names: Sequence[str]
) -> None:
    unknown = [each for each in names if each not in known]
    if unknown:
        raise ProductionError(
            f"There is no production {unknown[0]!r}; this case has {', '.join(known) or 'none'}"
        )
    unnumbered = [each for each in names if not _numbered(connection, known[each])]
    if unnumbered:
        raise ProductionError(
            f"{unnumbered[0]} holds no Bates numbers yet, to which a log could be bound: run it "
            f"with 'redwell produce run {unnumbered[0]}' first"
        )


def _numbered(connection: sa.Connection, production: Production) -> bool:
    i = tables.production_items.c
    found = sa.select(i.position).where(i.production_id == production.id, i.beg_bates.is_not(None))
    return connection.execute(found.limit(1)).first() is not None


def _entries(
    connection: sa.Connection,
    production: Production,
    planned: Sequence[PlannedItem],
    register: Register,
    before: int,
) -> list[Entry]:
    """The entries of a production; `before` is how many stand in those made earlier."""
    logged = [each for each in planned if _treatment(each)]
    claims = _Claims(connection, production, logged)
    ids = {each.document_id for each in logged}
    rows = {row.id: row for row in in_chunks(connection, _described, ids)}
    custodians = {row.id: row.name for row in connection.execute(sa.select(tables.custodians))}
    first: dict[int, str] = {}
    parents: set[int] = set()
    for each in whole_set(connection, production):
        first.setdefault(each.detail["family"], each.first)
        parents.add(each.detail["parent"])
    found = []
    for number, item in enumerate(logged, before + 1):
        row = rows[item.document_id]
        fields = Fields.from_json(row.fields)
        claim = claims.of(item.document_id)
        attached = item.detail["parent"] is not None
        relation = ATTACHMENT if attached else PARENT if item.document_id in parents else ALONE
        found.append(
            Entry(
                log_id=f"PRIV-{number:05d}",
                production=production.name,
                beg=item.first,
                end=item.last,
                family=first[item.detail["family"]],
                relation=relation,
                document=item.document_id,
                sent_at=fields.sent_at or row.modified_at,
                author=_author(fields, register),
                to=_people(fields.to, register),
                cc=_people(fields.cc, register),
                bcc=_people(fields.bcc, register),
                basis=claim.basis,
                description=claim.description,
                type=row.type,
                ext=row.ext.removeprefix("."),
                custodian=custodians[row.custodian_id],
                treatment=_treatment(item),
                tags=claim.tags,
                problems=claim.problems,
            )
        )
    return found


def _treatment(item: PlannedItem) -> str:
    """How the document was kept back; empty for one that was produced whole."""
    if item.treatment is Treatment.WITHHELD:
        return WITHHELD
    return REDACTED if item.detail.get("redactions") else ""


def _described(ids: Sequence[int]) -> sa.Select[tuple[object, ...]]:
    columns = (_D.id, _D.custodian_id, _D.type, _D.ext, _D.fields, _D.modified_at)
    return sa.select(*columns).where(_D.id.in_(ids))


def _people(found: Iterable[Address], register: Register) -> tuple[str, ...]:
    return tuple(f"{each}{STAR if _is_attorney(each, register) else ''}" for each in found)


def _author(fields: Fields, register: Register) -> tuple[str, ...]:
    """The sender of a mail, the author of a file."""
    if fields.sender:
        return _people(fields.sender, register)
    return _people([Address(fields.author, "")] if fields.author else [], register)


def _is_attorney(who: Address, register: Register) -> bool:
    found = register.who(who)
    return found is not None and found.kind is Kind.ATTORNEY and found.side is not Side.OPPOSING


@dataclass(frozen=True, slots=True)
class _Claim:
    basis: str
    description: str
    tags: tuple[str, ...]
    problems: tuple[str, ...]


class _Claims:
    """Basis and description of each document that a production keeps back.

    A redacted one has the reasons of its redactions.
    One that was withheld for what it shows, or for what shows it, has the claim of those of its
    family that bear the tags; one of which a suppressed copy bears them, that of the copy.
    """

    def __init__(
        self, connection: sa.Connection, production: Production, logged: Sequence[PlannedItem]
    ) -> None:
        ids = {each.document_id for each in logged}
        self._copies = _with_copies(connection, ids)
        self._standing = _families(connection, ids)
        every = {
            each for some in (self._copies, self._standing) for ids in some.values() for each in ids
        }
        self._tags = self._borne(connection, self._withholding(connection, production), every)
        self._said = descriptions(connection, BitMap(every))
        self._codes = _codes(connection, logged)

    def _withholding(
        self, connection: sa.Connection, production: Production
    ) -> Mapping[int, tuple[str, bool]]:
        """Tags that withhold: their names, and whether they need a basis."""
        specification = production.specification
        names = {*specification.exclude_tags, *privilege_names(connection)}
        wanted = sorted(names - {*specification.allow_tags})
        rows = connection.execute(
            sa.select(_T.id, _T.name, _T.needs_basis).where(_T.name.in_(wanted))
        )
        return {row.id: (row.name, row.needs_basis) for row in rows}

    @staticmethod
    def _borne(
        connection: sa.Connection, tags: Mapping[int, tuple[str, bool]], ids: set[int]
    ) -> dict[int, list[tuple[str, str, bool]]]:
        """The withholding tags of each document: name, basis, whether it needs one."""
        found: dict[int, list[tuple[str, str, bool]]] = defaultdict(list)
        rows = in_chunks(
            connection,
            lambda some: (
                sa.select(_B.document_id, _B.tag_id, _B.basis)
                .where(_B.document_id.in_(some), _B.tag_id.in_(list(tags)))
                .order_by(_B.tag_id)
            ),
            ids,
        )
        for row in rows:
            name, needs = tags[row.tag_id]
            found[row.document_id].append((name, row.basis or "", needs))
        return found

    def of(self, document: int) -> _Claim:
        """The claim of one document."""
        own, standing = self._copies[document], self._standing[document]
        bearer = next((each for each in (*own, *standing) if self._tags.get(each)), None)
        told = next((self._said[each] for each in (*own, bearer) if each in self._said), "")
        if document in self._codes:
            lacking = () if told else (UNDESCRIBED,)
            return _Claim(self._codes[document], told, (), lacking)
        if bearer is None:
            return _Claim("", told, (), ("no tag withholds it any more",))
        borne = self._tags[bearer]
        bases = list(dict.fromkeys(basis for _, basis, _ in borne if basis))
        names = tuple(name for name, _, _ in borne)
        problems = [] if bases else [f"the tag {names[0]!r} stands without a basis"]
        if not told:
            problems.append(UNDESCRIBED)
        return _Claim("; ".join(bases), told, names, tuple(problems))


def _codes(connection: sa.Connection, logged: Sequence[PlannedItem]) -> dict[int, str]:
    """The reasons of the redactions of each redacted document: codes with their labels."""
    ids = [each.document_id for each in logged if _treatment(each) == REDACTED]
    found: dict[int, dict[str, None]] = {each: {} for each in ids}
    if ids:
        for each in confirmed(connection, ids):
            found[each.drawn.document][f"{each.code} ({each.label})"] = None
    return {document: "; ".join(reasons) for document, reasons in found.items()}


def _with_copies(connection: sa.Connection, ids: set[int]) -> dict[int, list[int]]:
    """Each document and its suppressed copies."""
    found: dict[int, list[int]] = {each: [each] for each in ids}
    rows = in_chunks(
        connection,
        lambda some: sa.select(_D.id, _D.duplicate_of_id).where(_D.duplicate_of_id.in_(some)),
        ids,
    )
    for row in rows:
        found[row.duplicate_of_id].append(row.id)
    return found


def _families(connection: sa.Connection, ids: set[int]) -> dict[int, list[int]]:
    """All members of each document's family, in their order."""
    families = {
        row.id: row.family_id
        for row in in_chunks(
            connection, lambda some: sa.select(_D.id, _D.family_id).where(_D.id.in_(some)), ids
        )
    }
    members: dict[int, list[int]] = defaultdict(list)
    rows = in_chunks(
        connection,
        lambda some: (
            sa.select(_D.id, _D.family_id).where(_D.family_id.in_(some)).order_by(_D.position)
        ),
        set(families.values()),
    )
    for row in rows:
        members[row.family_id].append(row.id)
    return {each: members[family] for each, family in families.items()}


def named(entries: Iterable[Entry]) -> str:
    """Some documents of entries, for a message."""
    return ", ".join(control(each.document) for each in list(entries)[:5])
