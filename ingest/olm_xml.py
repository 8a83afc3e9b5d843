"""The XML of Outlook for Mac archives, read as hostile: no declarations, no entities, bounded."""

import xml.parsers.expat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape

_MOST_LEVELS = 200
_CHUNK = 1 << 16


class XmlError(Exception):
    """XML that breaks the rules, or that declares what no archive of Outlook's declares."""


@dataclass(slots=True)
class Element:
    """An element without its namespace; `content` are its texts and elements in order."""

    name: str
    attributes: dict[str, str]
    content: list["str | Element"] = field(default_factory=list)

    def children(self, name: str = "") -> Iterator["Element"]:
        """The elements within, of that name if one is given."""
        for each in self.content:
            if isinstance(each, Element) and name in ("", each.name):
                yield each

    def child(self, name: str) -> "Element | None":
        """The first element within of that name."""
        return next(self.children(name), None)

    def text(self) -> str:
        """The text; elements within, as of HTML that was not escaped, as they would be written."""
        return "".join(each if isinstance(each, str) else _written(each) for each in self.content)

    def walk(self) -> Iterator["Element"]:
        """The element and all within, in order."""
        yield self
        for each in self.children():
            yield from each.walk()


def _written(element: Element) -> str:
    attributes = "".join(f' {name}="{escape(each)}"' for name, each in element.attributes.items())
    inner = "".join(
        escape(each, quote=False) if isinstance(each, str) else _written(each)
        for each in element.content
    )
    return f"<{element.name}{attributes}>{inner}</{element.name}>"


def elements(read: Callable[[int], bytes], names: frozenset[str]) -> Iterator[Element]:
    """Elements of those names one at a time, whole, with nothing else of the document kept.

    Raises `XmlError` after those that came before the damage, and whatever `read` raises.
    """
    building = _Building(names)
    parser = xml.parsers.expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = _CHUNK
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.text
    parser.StartDoctypeDeclHandler = building.refuse
    ended = False
    while not ended:
        chunk = read(_CHUNK)
        ended = not chunk
        damage: Exception | None = None
        try:
            parser.Parse(chunk, ended)
        except (xml.parsers.expat.ExpatError, XmlError, ValueError) as error:
            damage = error
        yield from building.taken()
        if damage is not None:
            raise XmlError(str(damage)) from damage


class _Building:
    """Puts elements together while expat reads."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._open: list[Element] = []
        self._level = 0
        self._done: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._level += 1
        if self._level > _MOST_LEVELS:
            raise XmlError(f"elements nest more than {_MOST_LEVELS} deep")
        name = _local(name)
        if not self._open and name not in self._names:
            return
        plain = {_local(key): each for key, each in attributes.items() if "}" not in key}
        element = Element(name, plain)
        if self._open:
            self._open[-1].content.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        """End the element begun last."""
        self._level -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self._done.append(element)

    def text(self, text: str) -> None:
        """Add text to the element begun last."""
        if self._open:
            self._open[-1].content.append(text)

    def refuse(self, *_: object) -> None:
        """Stop at a document type, in which alone entities can be declared."""
        raise XmlError("it declares a document type, which Outlook never does")

    def taken(self) -> list[Element]:
        """The elements that were ended since the last time."""
        done, self._done = self._done, []
        return done


def _local(name: str) -> str:
    return name.rpartition("}")[2]
