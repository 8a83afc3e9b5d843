"""The fields of a query that the database answers: always current, no index needed."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pyroaring import BitMap

from index import coding, drawn, theirs, work
from index.dates import created, modified, period, unsent
from index.ids import ids
from index.side import bitmap
from process.hidden import KINDS, UNSEEN
from records import tables
from records.case import Case
from records.codes import Code, Disposition, Role
from records.control import parse_control
from records.culls import in_review, put_aside

Condition = sa.ColumnElement[bool]
Take = Callable[[str, str, str | None], BitMap]

_D = tables.documents.c
_N = tables.near_duplicates.c
_ALL: Condition = sa.true()
_T = tables.threads.c
_HAS = ("attachments", "exception", "hidden", "note", "ocr", "text", "thread", "warning")
_IS = (
    *("attachment", "culled", "duplicate", "inclusive", "inline", "near-duplicate", "principal"),
    *("root", "spare"),
)
_UNITS = {"": 1, "b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?", re.IGNORECASE | re.ASCII)
_MOST = 2**63 - 1  # what the database compares
_HASHES = {64: _D.sha256, 40: _D.sha1, 32: _D.md5}
_BATES = re.compile(r"(.{0,32}?)([0-9]{1,32})", re.DOTALL)
_PAGE = re.compile(r"(.*[0-9])[_.-][0-9]{3,6}")  # where documents are numbered, and not pages

OPEN = {"ext": _D.ext, "lang": _D.language, "language": _D.language, "type": _D.type}
"""Fields that take any value: one that no document has is told, for it may be a slip."""


class SqlCatalog:
    """The catalogue of one case; each call asks the database anew. See `interface.Catalog`."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._zone = case.settings.zone
        self._fields: dict[str, Take] = {
            "bates": self._bates,
            "created": self._times(created()),
            "custodian": self._custodian,
            "date": self._date,
            "disposition": self._disposition,
            "docid": self._docid,
            "exception": self._note("exception"),
            "ext": self._ext,
            "family": self._family,
            "has": self._has,
            "hash": self._hash,
            "hidden": self._hidden,
            "is": self._is,
            "lang": self._language,
            "language": self._language,
            "modified": self._times(modified()),
            "near": self._near,
            "pages": self._numbers(_D.pages, _whole),
            "person": self._person,
            "produced": self._produced,
            "sent": self._times(_D.sent_at),
            "size": self._numbers(_D.size, read_size),
            "tag": self._tag,
            "tagged": self._tagged,
            "thread": self._thread,
            "type": self._type,
            "warning": self._note("warning"),
            **coding.fields(case),
            **work.fields(case),
            **drawn.fields(case),
            **theirs.fields(case),
        }

    def names(self) -> Sequence[str]:
        """The fields that this catalogue answers."""
        return tuple(self._fields)

    def select(self, field: str, operator: str, value: str, upper: str | None) -> BitMap:
        """Ids for which `field` stands in `operator` to `value`; see `Catalog.select`."""
        return self._fields[field](operator, value, upper)

    def scope(self) -> BitMap:
        """All documents that a search returns: reviewed ones that no culling rule puts aside."""
        return self._where(in_review())

    def everything(self) -> BitMap:
        """All documents on record, whatever became of them."""
        return self._where(sa.true())

    def values(self, field: str) -> tuple[str, ...]:
        """All values of a field whose values are as the documents are: see `OPEN`; sorted."""
        column = OPEN[field]
        query = sa.select(sa.func.lower(column)).distinct()
        with self._case.read() as connection:
            found = {str(each).removeprefix(".") for each in connection.execute(query).scalars()}
        return tuple(sorted(found - {"", "None"}))

    def _ids(self, query: sa.Select[Any]) -> BitMap:
        with self._case.read() as connection:
            return bitmap(ids(connection, query))

    def _where(self, condition: Condition) -> BitMap:
        return self._ids(sa.select(_D.id).where(condition))

    def _date(self, operator: str, value: str, upper: str | None) -> BitMap:
        """The date sent, which has an index; of documents without one the first other there is."""
        sent = self._times(_D.sent_at)(operator, value, upper)
        return sent | self._times(unsent(), _D.sent_at.is_(None))(operator, value, upper)

    def _times(self, column: sa.ColumnElement[Any], among: Condition = _ALL) -> Take:
        def take(operator: str, value: str, upper: str | None) -> BitMap:
            first, after = period(value, self._zone)
            if operator == "range":
                last, after = period(upper or "", self._zone)
                if last < first:
                    raise ValueError(f"{upper} comes before {value}")
                operator = "="
            conditions = {
                "=": sa.and_(column >= first, column < after),
                ">=": column >= first,
                ">": column >= after,
                "<": column < first,
                "<=": column < after,
            }
            return self._where(sa.and_(among, conditions[operator]))

        return take

    def _numbers(self, column: sa.ColumnElement[Any], read: Callable[[str], int]) -> Take:
        def take(operator: str, value: str, upper: str | None) -> BitMap:
            return self._where(_compare(column, operator, value, upper, read))

        return take

    def _docid(self, operator: str, value: str, upper: str | None) -> BitMap:
        found = self._where(_compare(_D.id, operator, value, upper, parse_control))
        if operator == "=" and not found:
            raise ValueError("the case has no document of this number")
        return found

    def _family(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        roots = sa.select(_D.family_id).where(_D.id == parse_control(value))
        found = self._where(_D.family_id.in_(roots))
        if not found:
            raise ValueError("the case has no document of this number")
        return found

    def _near(self, operator: str, value: str, _upper: str | None) -> BitMap:
        """The whole group of near-duplicates of a document; itself where it is in none."""
        _equal_only(operator)
        number = parse_control(value)
        own = sa.select(_N.principal_id).where(_N.document_id == number)
        found = self._ids(sa.select(_N.document_id).where(_N.principal_id.in_(own)))
        return found or self._docid("=", value, None)

    def _language(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        wanted = value.strip().lower()
        if wanted == "none":
            return self._where(_D.language.is_(None) & _D.analysed_sha256.is_not(None))
        if not re.fullmatch(r"[a-z]{2}", wanted):
            raise ValueError("write a code of ISO 639-1 as en or de, or none for texts without one")
        return self._where(_D.language == wanted)

    def _custodian(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        with self._case.read() as connection:
            known = connection.execute(sa.select(tables.custodians)).all()
        ids = _matching([(row.id, row.name) for row in known], value)
        if not ids:
            raise ValueError(
                f"no custodian answers to it; there are {_listed(r.name for r in known)}"
            )
        own = _D.custodian_id.in_(ids)
        # A copy that was kept answers to the custodians of all its suppressed copies too.
        kept = sa.select(_D.duplicate_of_id).where(own, _D.duplicate_of_id.is_not(None))
        return self._where(sa.or_(own, _D.id.in_(kept)))

    def _thread(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        own = sa.select(_T.thread_id).where(_T.document_id == parse_control(value))
        found = self._ids(sa.select(_T.document_id).where(_T.thread_id.in_(own)))
        if not found:
            raise ValueError("no document of this number is a mail whose thread is known")
        return found

    def _person(self, operator: str, value: str, _upper: str | None) -> BitMap:
        """Mails with any address of the people who bear a name, or whose address it is."""
        _equal_only(operator)
        a, p, k = tables.addresses.c, tables.people.c, tables.mail_keys.c
        names = sa.union(sa.select(p.id, p.name), sa.select(a.person_id, a.name))
        address = sa.select(a.person_id).where(a.address == value.strip().lower())
        with self._case.read() as connection:
            people = list(connection.execute(address).scalars())
            if not people:
                known = connection.execute(names).all()
                people = _matching([(row[0], row[1]) for row in known], value)
        if not people:
            raise ValueError(
                "no person of the case's mail answers to it: see 'redwell people list'"
            )
        theirs = sa.select(a.address).where(a.person_id.in_(people))
        return self._ids(sa.select(k.document_id).where(k.kind == "address", k.key.in_(theirs)))

    def _type(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        return self._where(sa.func.lower(_D.type) == value.lower())

    def _ext(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        wanted = value.lower().removeprefix(".")
        return self._where(sa.func.lower(_D.ext).in_((wanted, f".{wanted}")))

    def _hash(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        if len(value) not in _HASHES or not re.fullmatch(r"[0-9a-fA-F]+", value):
            raise ValueError("write a whole SHA-256, SHA-1 or MD5 in hexadecimal")
        return self._where(_HASHES[len(value)] == value.lower())

    def _tag(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        with self._case.read() as connection:
            known = connection.execute(sa.select(tables.tags.c.id, tables.tags.c.name)).all()
        ids = [row.id for row in known if _same(row.name, value)]
        if not ids:
            raise ValueError(f"there is no such tag; there are {_listed(r.name for r in known)}")
        c = tables.document_tags.c
        return self._ids(sa.select(c.document_id).where(c.tag_id.in_(ids)))

    def _tagged(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        tagged = _D.id.in_(sa.select(tables.document_tags.c.document_id))
        return self._where(tagged if _yes(value) else sa.not_(tagged))

    def _produced(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        p, i = tables.productions.c, tables.production_items.c
        with self._case.read() as connection:
            known = connection.execute(sa.select(p.id, p.name, p.state)).all()
        if value.lower() in ("yes", "no"):
            ids = [row.id for row in known if row.state == "frozen"]
            done = _D.id.in_(sa.select(i.document_id).where(i.production_id.in_(ids)))
            return self._where(done if _yes(value) else sa.not_(done))
        named = [row for row in known if _same(row.name, value)]
        if not named:
            raise ValueError(
                f"there is no such production; there are {_listed(r.name for r in known)}"
            )
        if named[0].state != "frozen":
            raise ValueError(f"this production is {named[0].state}: nothing of it is produced yet")
        return self._ids(sa.select(i.document_id).where(i.production_id == named[0].id))

    def _bates(self, operator: str, value: str, upper: str | None) -> BitMap:
        if operator not in ("=", "range"):
            raise ValueError("write one number, or two as ABC0000001..ABC0000009")
        prefix, first = _bates_parts(value)
        other, last = _bates_parts(upper or value)
        if other != prefix:
            raise ValueError("both numbers of a range need the same prefix")
        i = tables.production_items.c
        query = sa.select(i.document_id, i.beg_bates, i.end_bates).where(i.beg_bates.is_not(None))
        found = BitMap()
        page = None if upper else _PAGE.fullmatch(value.strip())
        whole = page[1].casefold() if page else None  # of a document that has one number
        with self._case.read() as connection:
            for document, begin, end in connection.execute(query):
                begins, low = _bates_parts(begin)
                if begin.casefold() == whole and begin == (end or begin):
                    found.add(document)
                if begins == prefix and low <= last and _bates_parts(end or begin)[1] >= first:
                    found.add(document)
        return found | theirs.numbered(self._case, prefix, first, last)

    def _has(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        n = tables.notes.c
        match _one_of(value, _HAS):
            case "attachments":
                return self._ids(
                    sa.select(_D.found_in_id)
                    .where(_D.role == Role.ATTACHMENT, _D.found_in_id.is_not(None))
                    .distinct()
                )
            case "hidden":
                return self._where(sa.or_(*(_hides(kind) for kind in UNSEEN)))
            case "note":
                return self._ids(coding.noted())
            case "ocr":
                return self._where(_D.text_source.in_(("ocr", "native+ocr")))
            case "text":
                return self._where(_D.text_chars > 0)
            case "thread":
                return self._ids(sa.select(_T.document_id).where(_T.basis != "none"))
            case kind:
                return self._ids(sa.select(n.document_id).where(n.severity == kind).distinct())

    def _is(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        match _one_of(value, _IS):
            case "culled":
                return self._where(put_aside())
            case "duplicate":
                return self._where(_D.disposition == Disposition.DUPLICATE)
            case "inclusive":
                return self._ids(sa.select(_T.document_id).where(_T.inclusive.is_(True)))
            case "near-duplicate":
                member = _N.document_id != _N.principal_id
                return self._ids(sa.select(_N.document_id).where(member))
            case "principal":
                return self._ids(sa.select(_N.principal_id).distinct())
            case "root":
                return self._where(_D.id == _D.family_id)
            case "spare":
                return self._ids(sa.select(_T.document_id).where(_T.spare_of_id.is_not(None)))
            case role:
                return self._where(_D.role == role)

    def _hidden(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        return self._where(_hides(_one_of(value, tuple(KINDS))))

    def _disposition(self, operator: str, value: str, _upper: str | None) -> BitMap:
        _equal_only(operator)
        return self._where(_D.disposition == _one_of(value, tuple(Disposition)))

    def _note(self, severity: str) -> Take:
        def take(operator: str, value: str, _upper: str | None) -> BitMap:
            _equal_only(operator)
            code = _one_of(value, tuple(Code))
            n = tables.notes.c
            return self._ids(
                sa.select(n.document_id).where(n.severity == severity, n.code == code).distinct()
            )

        return take


def _json_text(name: str) -> sa.ColumnElement[Any]:
    found: sa.ColumnElement[Any] = _D.fields[name].as_string()
    return found


def _hides(kind: str) -> Condition:
    """Whether a kind is in the list of hidden content, which JSON writes in quotation marks."""
    return _json_text("hidden").contains(f'"{kind}"', autoescape=True)


def _compare(
    column: sa.ColumnElement[Any],
    operator: str,
    value: str,
    upper: str | None,
    read: Callable[[str], int],
) -> Condition:
    first = read(value)
    if operator == "range":
        last = read(upper or "")
        if last < first:
            raise ValueError(f"{upper} is less than {value}")
        return sa.and_(column >= first, column <= last)
    conditions: dict[str, Condition] = {
        "=": column == first,
        ">=": column >= first,
        ">": column > first,
        "<": column < first,
        "<=": column <= first,
    }
    return conditions[operator]


def _equal_only(operator: str) -> None:
    if operator != "=":
        raise ValueError(
            "the field has no order; write field:value, in quotation marks if it holds '..'"
        )


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def read_size(text: str) -> int:
    """Bytes, written as 1000, 500kb, 1.5mb or 1gb; raises `ValueError`."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or len(text) > 20:
        raise ValueError("write a size as 1000, 500kb, 1.5mb or 1gb")
    size = int(Decimal(found.group(1)) * _UNITS[(found.group(2) or "").lower()])
    if size > _MOST:
        raise ValueError(f"{text!r} is more than any file can have")
    return size


def _yes(value: str) -> bool:
    return _one_of(value, ("yes", "no")) == "yes"


def _one_of(value: str, known: Sequence[str]) -> str:
    wanted = value.strip().lower()
    if wanted not in known:
        raise ValueError(f"it is one of {', '.join(str(each) for each in known)}")
    return wanted


def _listed(names: Any) -> str:
    return ", ".join(sorted(f"'{name}'" for name in names)) or "none yet"


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _matching(known: Sequence[tuple[int, str]], value: str) -> list[int]:
    """Custodians of exactly this name, else those whose name holds all of its words."""
    exact = [number for number, name in known if _same(name, value)]
    if exact:
        return exact
    wanted = set(_words(value))
    return [number for number, name in known if wanted and wanted <= set(_words(name))]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _plain(text))


def _bates_parts(text: str) -> tuple[str, int]:
    found = _BATES.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no Bates number; write one as ABC0000001")
    return found.group(1).casefold(), int(found.group(2))
