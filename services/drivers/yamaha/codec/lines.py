"""Bytes to lines, lines to messages, questions to bytes. PURE.

A line is ``verb name [ch number] [value]`` and ends with a carriage return. Answers and changes begin with ``val``,
notifications with ``notify``; one edition of the guide prints an answer that begins with ``get``. Answers have
``ch 5``, notifications ``ch5``: both are taken everywhere. Source: docs/protocols/executive-elite.md#lines
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PORT: Final = 23
LINE_MOST: Final = 400
"""Characters of a line that are kept; the longest of the guide has 60."""
ALL: Final = -1
"""The channel of a line about all microphones: ``ch A``, and ``ch B`` where their buttons are not locked."""

_ENDS = re.compile(rb"[\r\n]+")
_LINE = re.compile(r"(?i)(val|notify|get|set)\s+([a-z]\w{0,39})(?:\s+ch\s*(\d{1,3}|[AB])(?![\w.]))?(?:\s+(.*))?")
_BEFORE = " >#$%:"
"""A prompt may stand before a line."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a unit said. ``notify`` tells its two vocabularies apart; ``channel`` is ``None`` for the unit itself."""

    name: str
    channel: int | None
    text: str
    notify: bool = False


def parse(line: str) -> Message | None:
    """A line's message; ``None`` for all that is none. Never raises.

    A ``set``, and a ``get`` without a value, is our own question, which a terminal sends back: no message.
    """
    found = _LINE.fullmatch(line.lstrip(_BEFORE).rstrip()[:LINE_MOST])
    if found is None:
        return None
    verb, name, channel, text = found.group(1).lower(), found.group(2).lower(), found.group(3), found.group(4) or ""
    if verb == "set" or (verb == "get" and not text):
        return None
    number = None if channel is None else int(channel) if channel.isdigit() else ALL
    return Message(name, number, text.strip(), notify=verb == "notify")


def is_ours(line: str) -> bool:
    """Whether a line is a request, which only a terminal that sends back what it gets sends."""
    text = line.lstrip(_BEFORE).rstrip().lower()
    return text.startswith(("get ", "set ")) or text == REGISTER


REGISTER: Final = "regnotify"
"""Asks for notifications, and is what confirms them."""


def get(name: str, channel: int | None = None) -> str:
    """A question."""
    return f"get {name}" if channel is None else f"get {name} ch {channel}"


def set_(name: str, channel: int, value: int) -> str:
    """A setting."""
    return f"set {name} ch {channel} {value}"


def wire(line: str) -> bytes:
    """A line as it goes out."""
    return f"{line}\r".encode("latin-1")


class Lines:
    """Finds lines in a stream; half of one waits for the rest, within a bound."""

    def __init__(self) -> None:
        self._tail = b""
        self.discarded = 0
        """Bytes of a line without an end that were dropped."""

    @property
    def tail(self) -> str:
        """What has no end yet: a question for user or password, for example."""
        return _text(self._tail)

    def drop_tail(self) -> None:
        """What has no end yet was read: the rest of its line is a line of its own."""
        self._tail = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now, without their ends and without blank ones. Never raises."""
        *lines, self._tail = _ENDS.split(self._tail + data)
        if (surplus := len(self._tail) - LINE_MOST) > 0:
            self.discarded += surplus
            self._tail = self._tail[surplus:]
        return [text for text in map(_text, lines) if text.strip()]


def _text(data: bytes) -> str:
    return data.replace(b"\0", b"").decode("utf-8", "replace")
