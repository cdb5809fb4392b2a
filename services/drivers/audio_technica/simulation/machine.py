"""What all simulated units do with a command: find what answers it, refuse with a code, tell what changed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Tells = Callable[[int], object]
"""What is told of a channel or port, counted from 0."""
Answers = Callable[[str, Sequence[str]], str]
"""Gets the id of the unit and the parameters; returns the parameters of the answer, or raises `Refused`."""


class Refused(Exception):  # noqa: N818 - what a unit does, not a mistake
    """A NAK with its code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Place:
    """How one unit of a rack is told from the others."""

    model: str
    name: str
    mac: str
    hex_id: str


class Machine:
    """A unit without its socket. ``tell`` gets id, word and parameters of each notice."""

    ids: tuple[str, ...] = ("0000",)

    def __init__(self, place: Place, stranger: Place) -> None:
        self.own, self._stranger = place, stranger
        self.swapped = self.nameless = False
        self.notices = False
        self.flashed: list[str] = []
        self.tell: Callable[[str, str, str], None] = lambda _id, _word, _text: None
        self.gets: dict[str, Answers] = {
            "gmymodel": lambda _id, _found: self.place.model,
            "gmyname": lambda _id, _found: quoted(self.place.name),
            "gipnet": lambda _id, _found: f"0,192.0.2.10,255.255.255.0,192.0.2.1,0,{self.place.mac}",
            "gnoticemode": lambda _id, _found: str(int(self.notices)),
        }
        self.sets: dict[str, Callable[[str, Sequence[str]], None]] = {}

    @property
    def place(self) -> Place:
        """Who answers now."""
        return self._stranger if self.swapped else self.own

    def step(self, seconds: float) -> None:
        """Let time pass."""

    def switch_off(self, *, off: bool) -> None:
        """Every transmitter goes, or comes back."""

    def set_value(self, number: int, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what the unit has not."""
        raise KeyError(key)

    def answer(self, word: str, own_id: str, text: str) -> str:
        """Parameters of the answer, or ``ACK``. Raises `Refused`."""
        if word not in self.gets and word not in self.sets:
            raise Refused(2)
        if own_id not in self.ids:
            raise Refused(4)
        found = next(csv.reader([text])) if text.strip() else []
        if word in self.gets:
            return self.gets[word](own_id, found)
        self.sets[word](own_id, found)
        return "ACK"


def quoted(text: str) -> str:
    """A name as units write it."""
    return f'"{text}"'


def number_of(found: Sequence[str], most: int) -> int:
    """The first parameter as a number from 1 to ``most``. Raises `Refused`."""
    if not found or not found[0].isdecimal() or not 1 <= int(found[0]) <= most:
        raise Refused(4)
    return int(found[0])


def value_of(found: Sequence[str]) -> str:
    """The second of two parameters. Raises `Refused`."""
    try:
        _, value = found
    except ValueError:
        raise Refused(1) from None
    return value


def within(text: str, low: int, high: int) -> int:
    """A number of a command. Raises `Refused`."""
    if not text.isdecimal() or not low <= int(text) <= high:
        raise Refused(4)
    return int(text)
