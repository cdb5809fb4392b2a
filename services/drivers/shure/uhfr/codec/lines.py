"""Datagrams to messages, and requests to bytes.

Theory: a message is ``* VERB [channel] WORD value *``, one blank between all of them. A property of the receiver itself
has no channel. A real UR4D sends one message a datagram; several in one are read all the same.
Source: docs/protocols/uhfr.md#wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PORT: Final = 2202
"""UDP port of the receiver. It answers whatever port a question came from."""

CHANNELS_MOST: Final = 2
"""A UR4D has two, a UR4S one."""

MESSAGE_MOST: Final = 256
"""Characters of one message; the longest that is known is a name of 12."""

STEP_S: Final = 0.03
"""Metering is asked for in steps of so many seconds."""
STEPS_MOST: Final = 399
"""12 s and more (400) are said to end the samples and to leave changes alone."""

_BETWEEN = re.compile(r"(?<= \*)[ \t]*(?=\* )|[\r\n\0]+")
"""Between two messages of one datagram, and the end of a line of a capture."""
_FRAME = re.compile(r"\*[ \t](.*)\*")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Report:
    """A value: the answer to a question, or with a ``note`` a change that the receiver tells unasked.

    ``channel`` is 0 for the receiver itself. ``text`` is all that stands behind the word, without blanks around it.
    """

    channel: int
    word: str
    text: str
    note: int | None = None

    @property
    def address(self) -> tuple[int, str]:
        """What it is about."""
        return self.channel, self.word


@dataclass(frozen=True, slots=True)
class Sample:
    """Meters of one channel, by their places: antennas, RF at A, RF at B, battery, audio."""

    channel: int
    antennas: str
    rf_a: str
    rf_b: str
    battery: str
    audio: str


@dataclass(frozen=True, slots=True)
class Other:
    """A message of a known verb that says nothing of a state: an acknowledgement, or a scan that somebody started."""

    verb: str
    channel: int


Message = Report | Sample | Other

_OTHERS = frozenset({"UPDATE", "SCAN", "RFLEVEL", "METER"})
_SAMPLE_FIELDS = 7
"""``1 ALL`` and five values."""


def parse(datagram: bytes) -> list[Message | None]:
    """The messages of one datagram in their order; ``None`` for what is none of this protocol. Never raises."""
    found: list[Message | None] = []
    for piece in _BETWEEN.split(datagram.decode("latin-1")):
        if text := piece.strip(" \t"):
            framed = _FRAME.fullmatch(text) if len(text) <= MESSAGE_MOST and text.isprintable() else None
            found.append(None if framed is None else _message(framed.group(1).strip()))
    return found


def _message(body: str) -> Message | None:
    verb, _, rest = body.partition(" ")
    if verb == "SAMPLE":
        return _sample(rest.split())
    if verb == "REPORT":
        return _report(rest, None)
    if verb == "NOTE":
        number, _, rest = rest.strip().partition(" ")
        return _report(rest, int(number)) if _NUMBER.fullmatch(number) else None
    if verb in _OTHERS:
        channels = [int(word) for word in rest.split() if word in _CHANNEL_WORDS]
        return Other(verb, channels[0] if channels else 0)
    return None


_CHANNEL_WORDS = frozenset(str(number) for number in range(1, CHANNELS_MOST + 1))


def _report(rest: str, note: int | None) -> Report | None:
    first, _, behind = rest.strip().partition(" ")
    channel = 0
    if first.isdigit():
        if first not in _CHANNEL_WORDS:
            return None
        channel = int(first)
        first, _, behind = behind.strip().partition(" ")
    if not first.isascii() or not first.replace("_", "").isalnum():
        return None
    return Report(channel, first, behind.strip(), note)


def _sample(fields: list[str]) -> Sample | None:
    if len(fields) != _SAMPLE_FIELDS or fields[0] not in _CHANNEL_WORDS or fields[1] != "ALL":
        return None
    return Sample(int(fields[0]), *fields[2:])


def _line(*words: object) -> bytes:
    return f"* {' '.join(str(word) for word in words if word != '')} *".encode("ascii")


def get(channel: int, word: str) -> bytes:
    """Ask for a property; channel 0 is the receiver itself."""
    return _line("GET", channel or "", word)


def set_(channel: int, word: str, text: str = "") -> bytes:
    """Set a property. Raises `UnicodeEncodeError` for text that is not ASCII."""
    return _line("SET", channel or "", word, text)


def meter(channel: int, seconds: float) -> bytes:
    """Ask for samples of a channel; 0 stops them. The nearest period that a receiver takes: 0.03 to 11.97 s."""
    if seconds <= 0:
        return _line("METER", channel, "ALL", "STOP")
    steps = min(STEPS_MOST, max(1, round(seconds / STEP_S)))
    return _line("METER", channel, "ALL", f"{steps:03}")


def metered_s(seconds: float) -> float:
    """The period that `meter` asks for."""
    return min(STEPS_MOST, max(1, round(seconds / STEP_S))) * STEP_S if seconds > 0 else 0.0


def update(channel: int) -> bytes:
    """Ask to be told of changes of a channel."""
    return _line("UPDATE", channel, "ADD")


def noted(number: int) -> bytes:
    """Confirm a numbered report."""
    return _line("NOTED", number)
