"""The tags of a case, the groups they stand in, and the rules that both have.

- A group with a single choice: a document bears one of its tags at most.
- A required group: a document that is tagged at all bears one of its tags.
- An exclusive pair: a document never bears both.
- A tag that needs a basis is put on with one, as a privilege log asks it.

A confidentiality group has a single choice of levels, in their order from the lowest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from records import audit, tables, times
from records.case import Case
from records.errors import TagError
from records.naming import alike, name_key, plain_name

_T, _G = tables.tags.c, tables.tag_groups.c
_X, _D = tables.tag_exclusions.c, tables.document_tags.c


class Kind(StrEnum):
    """What a group of tags is for."""

    CHOICES = "choices"
    CONFIDENTIALITY = "confidentiality"
    ISSUES = "issues"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as the record has it; `group` is the id of its group."""

    id: int
    name: str
    description: str
    group: int | None
    position: int
    needs_basis: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group of tags with its rules."""

    id: int
    name: str
    kind: str
    description: str
    single: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """All tags, groups and exclusive pairs of a case."""

    tags: dict[int, Tag]
    groups: dict[int, Group]
    pairs: frozenset[tuple[int, int]]

    def tag(self, name: str) -> Tag:
        """The tag of this name, whatever its case; raises `TagError` where there is none."""
        if (found := alike(name, self.tags.values(), lambda each: each.name)) is not None:
            return found
        known = ", ".join(sorted(f"'{each.name}'" for each in self.tags.values())) or "none yet"
        raise TagError(
            f"There is no tag {name!r}; there are: {known}. Define one with "
            f"'redwell tag define \"{name}\"'"
        )

    def group(self, name: str) -> Group:
        """The group of this name, whatever its case; raises `TagError` where there is none."""
        if (found := alike(name, self.groups.values(), lambda each: each.name)) is not None:
            return found
        known = ", ".join(sorted(f"'{each.name}'" for each in self.groups.values())) or "none yet"
        raise TagError(
            f"There is no group {name!r} of tags; there are: {known}. Make one with "
            f"'redwell tag group add \"{name}\"'"
        )

    def members(self, group: int) -> list[Tag]:
        """The tags of a group in their order."""
        found = [each for each in self.tags.values() if each.group == group]
        return sorted(found, key=lambda each: (each.position, each.id))

    def opposed(self, tag: int) -> dict[int, str]:
        """The tags that cannot stand beside one, each with the rule that says so."""
        own = self.tags[tag].group
        found: dict[int, str] = {}
        if own is not None and self.groups[own].single:
            rule = f"'{self.groups[own].name}' allows a single choice"
            found = {each.id: rule for each in self.members(own) if each.id != tag}
        for one, other in self.pairs:
            if tag in (one, other):
                against = other if tag == one else one
                found[against] = "they exclude each other"
        return found


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, its rules, and how many documents bear it now."""

    name: str
    description: str
    documents: int
    group: str | None
    needs_basis: bool
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupCount:
    """A group, its rules, its tags in their order, and how many documents bear one of them."""

    name: str
    kind: str
    description: str
    single: bool
    required: bool
    tags: tuple[str, ...]
    documents: int


def load(connection: sa.Connection) -> Panel:
    """Read the tags, groups and rules of a case."""
    columns = (_T.id, _T.name, _T.description, _T.group_id, _T.position, _T.needs_basis)
    tags = [Tag(*row) for row in connection.execute(sa.select(*columns).order_by(_T.id))]
    columns = (_G.id, _G.name, _G.kind, _G.description, _G.single, _G.required)
    groups = [Group(*row) for row in connection.execute(sa.select(*columns).order_by(_G.id))]
    pairs = connection.execute(sa.select(_X.tag_id, _X.other_id)).all()
    return Panel(
        {each.id: each for each in tags},
        {each.id: each for each in groups},
        frozenset((row.tag_id, row.other_id) for row in pairs),
    )


def define(
    case: Case,
    name: str,
    description: str = "",
    *,
    group: str | None = None,
    needs_basis: bool = False,
) -> str:
    """Make a tag, the last of its group; its name as it was stored.

    Raises `TagError` for a bad or taken name, or a group that is not there.
    """
    with case.write() as connection:
        inside = None if group is None else load(connection).group(group)
        return _insert(connection, name, description, inside, needs_basis=needs_basis)


def _insert(
    connection: sa.Connection,
    name: str,
    description: str,
    group: Group | None,
    *,
    needs_basis: bool = False,
) -> str:
    name = _checked("tag", name)
    panel = load(connection)
    if (taken := alike(name, panel.tags.values(), lambda each: each.name)) is not None:
        raise TagError(
            f"The tag {taken.name!r} is there already; take another name, or change this one "
            "with 'redwell tag change', which also puts it into a group (--group)"
        )
    connection.execute(
        tables.tags.insert().values(
            id=max(panel.tags, default=0) + 1,
            name=name,
            description=description,
            created_at=times.now(),
            created_by=audit.actor(),
            group_id=None if group is None else group.id,
            position=0 if group is None else len(panel.members(group.id)) + 1,
            needs_basis=needs_basis,
        )
    )
    rules: dict[str, object] = {} if group is None else {"group": group.name}
    rules |= {"needs_basis": True} if needs_basis else {}
    audit.append(connection, "tag defined", tag=name, description=description, **rules)
    return name


def change_tag(
    case: Case,
    name: str,
    *,
    description: str | None = None,
    group: str | None = None,
    ungrouped: bool = False,
    needs_basis: bool | None = None,
) -> str:
    """Change what is said of a tag; its name. What documents bear is left as it is."""
    with case.write() as connection:
        panel = load(connection)
        tag = panel.tag(name)
        values: dict[str, object] = {}
        if description is not None:
            values["description"] = description
        if needs_basis is not None:
            values["needs_basis"] = needs_basis
        told = dict(values)
        if ungrouped:
            values |= {"group_id": None, "position": 0}
            told["group"] = None
        elif group is not None:
            inside = panel.group(group)
            if inside.id != tag.group:
                values |= {"group_id": inside.id, "position": len(panel.members(inside.id)) + 1}
            told["group"] = inside.name
        if values:
            connection.execute(tables.tags.update().where(_T.id == tag.id).values(values))
            audit.append(connection, "tag changed", tag=tag.name, **told)
    return tag.name


def add_group(
    case: Case,
    name: str,
    kind: Kind = Kind.CHOICES,
    description: str = "",
    *,
    single: bool = False,
    required: bool = False,
    tags: Sequence[str] = (),
) -> str:
    """Make a group, with new tags in their order; its name as it was stored.

    Confidentiality levels are always a single choice. Raises `TagError` for a bad or taken name.
    """
    name = _checked("group", name)
    single = single or kind is Kind.CONFIDENTIALITY
    with case.write() as connection:
        panel = load(connection)
        if (taken := alike(name, panel.groups.values(), lambda each: each.name)) is not None:
            raise TagError(f"The group {taken.name!r} is there already; take another name")
        number = max(panel.groups, default=0) + 1
        group = Group(number, name, kind, description, single, required)
        connection.execute(
            tables.tag_groups.insert().values(
                id=number,
                name=name,
                kind=kind,
                description=description,
                single=single,
                required=required,
                created_at=times.now(),
                created_by=audit.actor(),
            )
        )
        audit.append(
            connection,
            "tag group made",
            group=name,
            kind=str(kind),
            description=description,
            single=single,
            required=required,
        )
        for tag in tags:
            _insert(connection, tag, "", group)
    return name


def change_group(
    case: Case, name: str, *, single: bool | None = None, required: bool | None = None
) -> str:
    """Change the rules of a group; its name. Raises `TagError` for levels of several choices."""
    given = {"single": single, "required": required}
    values = {key: value for key, value in given.items() if value is not None}
    with case.write() as connection:
        group = load(connection).group(name)
        if group.kind == Kind.CONFIDENTIALITY and single is False:
            raise TagError(
                f"'{group.name}' holds levels of confidentiality, and a document has one level"
            )
        if values:
            connection.execute(tables.tag_groups.update().where(_G.id == group.id).values(values))
            audit.append(connection, "tag group changed", group=group.name, **values)
    return group.name


def exclude(case: Case, one: str, other: str, *, lift: bool = False) -> tuple[str, str]:
    """Let no document bear both tags, or lift this rule; their names.

    Raises `TagError` for a tag with itself, or a rule to lift that is not there.
    """
    with case.write() as connection:
        panel = load(connection)
        first, second = sorted((panel.tag(one), panel.tag(other)), key=lambda each: each.id)
        pair = (first.id, second.id)
        if first.id == second.id:
            raise TagError(f"'{first.name}' cannot exclude itself; name two tags")
        if lift and pair not in panel.pairs:
            raise TagError(
                f"No rule says that '{first.name}' and '{second.name}' exclude each other; "
                "'redwell tag list' shows the rules"
            )
        if lift:
            at = (_X.tag_id == first.id) & (_X.other_id == second.id)
            connection.execute(tables.tag_exclusions.delete().where(at))
        elif pair not in panel.pairs:
            connection.execute(
                tables.tag_exclusions.insert().values(tag_id=first.id, other_id=second.id)
            )
        else:
            return first.name, second.name
        act = "tags may stand together" if lift else "tags exclude each other"
        audit.append(connection, act, tags=[first.name, second.name])
    return first.name, second.name


def listing(case: Case) -> list[TagCount]:
    """All tags by name, with their rules and counts."""
    with case.read() as connection:
        panel = load(connection)
        counts = _counts(connection, _D.tag_id)
    found = []
    for tag in panel.tags.values():
        group = None if tag.group is None else panel.groups[tag.group].name
        against = {each for pair in panel.pairs if tag.id in pair for each in pair} - {tag.id}
        names = tuple(sorted(panel.tags[each].name for each in against))
        count = counts.get(tag.id, 0)
        found.append(TagCount(tag.name, tag.description, count, group, tag.needs_basis, names))
    return sorted(found, key=lambda each: name_key(each.name))


def groups(case: Case) -> list[GroupCount]:
    """All groups in the order they were made, with their tags and counts."""
    with case.read() as connection:
        panel = load(connection)
        query = (
            sa.select(_T.group_id, sa.func.count(sa.distinct(_D.document_id)))
            .join_from(tables.tags, tables.document_tags, _D.tag_id == _T.id)
            .group_by(_T.group_id)
        )
        counts = {row[0]: row[1] for row in connection.execute(query)}
    return [
        GroupCount(
            *(each.name, each.kind, each.description, each.single, each.required),
            tuple(tag.name for tag in panel.members(each.id)),
            counts.get(each.id, 0),
        )
        for each in panel.groups.values()
    ]


def _counts(connection: sa.Connection, column: sa.ColumnElement[int]) -> dict[int, int]:
    query = sa.select(column, sa.func.count()).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _checked(what: str, name: str) -> str:
    try:
        return plain_name(name)
    except ValueError as error:
        raise TagError(f"A {what} cannot be called {name!r}: {error}") from error


def named(panel: Panel, names: Iterable[str]) -> list[Tag]:
    """The tags of these names, each once; raises `TagError` for one that is not there."""
    return list({tag.id: tag for tag in (panel.tag(each) for each in names)}.values())
