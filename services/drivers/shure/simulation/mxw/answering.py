"""No I/O. How a simulated unit reads a request: with a word for the place or without, for one, for all, or not at all.

What no document says was chosen: a question without the word that the page writes is refused, and so is one with a
word that it does not write; an answer has the word that the question had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ERROR = b"< REP ERR >"
_REQUEST = re.compile(r"(GET|SET)(?: (CH|BAY|PRI|SEC))?(?: (\d{1,2}))? ([A-Z][A-Z0-9_]*)(?: (.+))?")
_NAME = re.compile(r"\{([A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`~ ]*)\}")


class Place(NamedTuple):
    """Where a property stands: word for the place, number (0 for the unit itself), name."""

    word: str
    number: int
    name: str

    def line(self, text: str) -> bytes:
        """A report of it."""
        words = ["REP", self.word, str(self.number or ""), self.name, text]
        return f"< {' '.join(filter(None, words))} >".encode("ascii", "replace")

    @property
    def bare(self) -> Place:
        """The same without the word."""
        return self._replace(word="")


class RefusedError(Exception):
    """The unit answers REP ERR."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, taken apart. ``index`` is ``None`` where there is none, and 0 for all."""

    verb: str
    word: str
    index: int | None
    name: str
    value: str


@dataclass(slots=True)
class Answer:
    """What a request brings about."""

    replies: list[bytes] = field(default_factory=list)
    """To who asked."""
    reports: list[bytes] = field(default_factory=list)
    """To everyone who is connected, for something has changed."""
    refused: bool = False
    flashing: list[int] = field(default_factory=list)
    """The unit (0) or channels that have begun to flash, and stop by themselves."""


def read(body: bytes) -> Request:
    """Raises `RefusedError`."""
    try:
        found = _REQUEST.fullmatch(body.decode("ascii"))
    except UnicodeDecodeError:
        found = None
    if found is None:
        raise RefusedError
    verb, word, index, name, value = found.groups()
    return Request(verb, word or "", None if index is None else int(index), name, (value or "").rstrip())


def selected(shown: Mapping[Place, str], request: Request) -> Iterator[Place]:
    """The places that a question is about. Raises `RefusedError` where there is none."""
    index = request.index
    places = [
        place
        for place in shown
        if place.name == request.name
        and place.word == request.word
        and ((index is None) == (place.number == 0))
        and (not index or place.number == index)
    ]
    if not places or request.value:
        raise RefusedError
    return iter(places)


def name_in(text: str, most: int) -> str:
    """A name as it is set. Raises `RefusedError`."""
    found = _NAME.fullmatch(text)
    if found is None or not 1 <= len(found[1].rstrip()) <= most:
        raise RefusedError
    return found[1].rstrip()


def number_in(text: str, allowed: range) -> int:
    """A number as it is set. Raises `RefusedError`."""
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        raise RefusedError
    return int(text)


def braced(text: str, width: int) -> str:
    """A text as units write it."""
    return f"{{{text[:width]:<{width}}}}"
