"""The specification of a production: all that decides its bytes, frozen before work starts."""

from typing import Any, Self

from pydantic import ValidationError, model_validator

from produce import together
from produce.interface import OfficeRule
from produce.spec_values import Values
from records.errors import SpecificationError


class Specification(Values):
    """A specification that holds together; stored with the production as JSON."""

    @model_validator(mode="after")
    def _one_whole(self) -> Self:
        if wrong := together.problems(self):
            raise ValueError(wrong[0][1])
        return self

    @property
    def office(self) -> OfficeRule:
        """What pages show beside the plain text."""
        return OfficeRule(
            self.office_changes, self.office_comments, self.office_notes, self.office_hidden
        )

    def bates(self, number: int) -> str:
        """The Bates number as it is printed."""
        return f"{self.prefix}{number:0{self.digits}d}"

    def page_numbers(self, first: int, pages: int) -> tuple[str, ...]:
        """The number of each page of a document: one each, or the document's with a suffix."""
        if self.number_by == "page":
            return tuple(self.bates(first + page) for page in range(pages))
        own = self.bates(first)
        more = (f"{own}{self.separator}{p:0{self.page_digits}d}" for p in range(2, pages + 1))
        return (own, *more)

    def legend_of(self, levels: tuple[str, ...]) -> str:
        """The legend of a document that bears these levels; of several the last one listed."""
        found = [text for tag, text in self.levels if tag in levels]
        return found[-1] if found else self.legend

    def place_of(self, what: str) -> str | None:
        """Where on the page `{bates}` or `{legend}` stands, if anywhere."""
        return next((place for place, text in self.zones if what in text), None)


def specify(**values: Any) -> Specification:
    """Make a specification; raises `SpecificationError` saying all that the other side's platform,
    or ours, could not take.
    """
    found = problems(values)
    if not found:
        return Specification.model_validate(values)
    shown = [f"{key}: {reason}" if key else reason for key, reason in found]
    if len(shown) == 1:
        raise SpecificationError(f"The production cannot be specified so: {shown[0]}")
    lines = "".join(f"\n  {each}" for each in shown)
    raise SpecificationError(
        f"The production cannot be specified so, for {len(shown)} reasons:{lines}"
    )


def _key(loc: tuple[int | str, ...], values: dict[str, Any]) -> str:
    """Where an error is; a pair of a table is called by its name."""
    given = values.get(str(loc[0]))
    if isinstance(given, dict) and len(loc) > 1 and isinstance(loc[1], int):
        return f"{loc[0]}.{list(given)[loc[1]]}"
    return ".".join(str(part) for part in loc)


def problems(values: dict[str, Any]) -> list[tuple[str, str]]:
    """All that is wrong with the values of a specification: each key with the reason.

    What is wrong by itself is put aside, so that the rest is looked at together all the same.
    """
    try:
        Values.model_validate(values)
    except ValidationError as error:
        found = [
            (
                _key(each["loc"], values),
                each["msg"].removeprefix("Value error, "),
            )
            for each in error.errors()
        ]
    else:
        return together.problems(Values.model_validate(values))
    bad = {key.partition(".")[0] for key, _ in found}
    rest = {key: value for key, value in values.items() if key not in bad}
    try:
        whole = Values.model_validate({"name": "X", "prefix": "X"} | rest)
    except ValidationError:
        return found
    return found + [each for each in together.problems(whole) if each[0] not in bad]
