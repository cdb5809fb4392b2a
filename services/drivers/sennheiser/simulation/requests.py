"""How a unit reads one request and refuses what it cannot do: TI 1254 v1.0 p. 5 to 7 and 37.

Checked in this order, for only one error is named at a time: termination, command, number of parameters, relative,
parameter, range. The first two stand so in the document's example (p. 6), the order of the rest is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

CONSIDERED_MOST = 1500

TEXTS = {
    1000: "Invalid command",
    1010: "Invalid parameter",
    1020: "Value out of range",
    1030: "Relative parameters not supported",
    1040: "Invalid numbers of parameter",
    1050: "Incorrect termination",
}


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """A request that the unit does not take."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Command:
    """One command word. ``counts`` are the numbers of parameters of a set request; empty where it can only be read.

    ``change`` gets the parameters and takes them or raises `Refused`; ``read`` gives what stands behind the word.
    ``step`` gets the steps of a relative change, where there is one.
    """

    read: Callable[[], str] | None
    counts: Sequence[int] = ()
    change: Callable[[list[int]], None] | None = None
    step: Callable[[int], None] | None = None
    text: Callable[[str], None] | None = None
    listed: Callable[[int], str] | None = None
    """For a get request with a parameter."""


def answer(request: str, commands: dict[str, Command], *, refuses: bool = False) -> tuple[str, bool]:
    """The reply to one request without its carriage return, and whether it was a set request that was taken.

    A unit that ``refuses`` takes none but those for reports.
    """
    word, _, rest = request.partition(" ")
    try:
        if (command := commands.get(word)) is None:
            raise Refused(1000)
        if command.listed is not None:
            return f"{word} {command.listed(_one(rest.split()))}", False
        if not rest.strip() and command.read is not None:
            return f"{word} {command.read()}", False
        if refuses and command.read is not None:
            raise Refused(1020)
        _set(command, rest)
    except Refused as refusal:
        return refuse(refusal.code, request), False
    return (request if command.read is None else f"{word} {command.read()}"), True


def refuse(code: int, request: str) -> str:
    """The negative response (p. 6)."""
    return f"{code}: {TEXTS[code]} [ {request} ]"


def _set(command: Command, rest: str) -> None:
    if command.text is not None:
        command.text(rest)
        return
    parameters = rest.split()
    if len(parameters) not in command.counts or command.change is None:
        raise Refused(1040)
    if any(each.startswith("#") for each in parameters):
        if command.step is None:
            raise Refused(1030)
        if len(parameters) != 1:
            raise Refused(1040)
        command.step(_number(parameters[0][1:]))
        return
    command.change([_number(each) for each in parameters])


def _one(parameters: list[str]) -> int:
    if len(parameters) != 1:
        raise Refused(1040)
    return _number(parameters[0])


def _number(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise Refused(1010)
    return int(text)


def within(value: int, low: int, high: int, step: int = 1) -> int:
    """The value where it is one of the range's; else `Refused`."""
    if not low <= value <= high or (value - low) % step:
        raise Refused(1020)
    return value
