r"""Bytes to answers, and requests to bytes.

Theory: ``!rxname(1)?`` with a CR asks and ``!rxname(1)="Vox"`` sets; both are answered by ``OK rxname(1)="Vox"`` with
CR LF. Whether the answer repeats the number is not said, so both forms are read. Texts stand in double quotes, with
``\"`` and ``\\`` for the two characters that would end them. Source: docs/protocols/lectrosonics-dsqd.md#wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PORT: Final = 4080
"""TCP port of the unit; it can be changed there."""
CHANNELS: Final = 4

LINE_MOST: Final = 1024
"""Bytes of one line; the longest that is known has some eighty."""

_ANSWER = re.compile(r"OK(?:[ \t]+([A-Za-z]\w{0,31})(?:\((\d{1,2}|\*)\))?[ \t]*=[ \t]*(.*))?", re.ASCII)
_REFUSAL = re.compile(r"ERR.*", re.IGNORECASE)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)")
_NUMBERS = re.compile(r"[\[({]?\s*(-?\d{1,9}(?:[\s,]+-?\d{1,9})*)\s*[\])}]?", re.ASCII)
_ESCAPED: Final = {"r": "\r", "n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Answer:
    """``OK``, with what it is about: the word, the channel (``None`` where none is named), and all behind the sign."""

    word: str
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The unit did not take a request; why is not told in a known form."""

    text: str


Message = Answer | Refusal


class Lines:
    """Bytes of a stream to whole lines; what never ends is dropped."""

    def __init__(self) -> None:
        self._tail = b""
        self.discarded = 0
        """Bytes of lines that were too long."""

    def feed(self, data: bytes) -> list[str]:
        """The lines that ended, without their ends; empty ones are left out."""
        *lines, self._tail = re.split(rb"[\r\n\0]+", self._tail + data)
        if len(self._tail) > LINE_MOST:
            self.discarded += len(self._tail)
            self._tail = b""
        return [line.decode("latin-1") for line in lines if line]


def parse(line: str) -> Message | None:
    """One line; ``None`` for what is none of this language. Never raises."""
    text = line.strip()
    if len(text) > LINE_MOST:
        return None
    if found := _ANSWER.fullmatch(text):
        word, number, value = found.groups()
        return Answer((word or "").lower(), int(number) if number and number.isdigit() else None, (value or "").strip())
    return Refusal(text) if _REFUSAL.fullmatch(text) and text.isprintable() else None


def unquote(text: str) -> str:
    """A text without its quotes. Raises `ValueError`."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no text in quotes")
    return _ESCAPE.sub(lambda escape: _character(escape.group(1)), found.group(1))


def _character(escaped: str) -> str:
    return chr(int(escaped[1:], 16)) if len(escaped) > 1 else _ESCAPED.get(escaped, escaped)


def quote(text: str) -> str:
    """A text in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def numbers(text: str) -> tuple[int, ...]:
    """All numbers of a text, with or without a brace around them. Raises `ValueError` where anything else stands there.

    How an array is written is not said, so commas and blanks and every kind of brace are read.
    """
    found = _NUMBERS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no list of numbers")
    return tuple(map(int, re.split(r"[\s,]+", found.group(1).strip())))


def get(word: str, number: int | None = None) -> bytes:
    """Ask for a property, of a channel where a number is given."""
    return f"!{_place(word, number)}?\r".encode("ascii")


def set_(word: str, number: int | None, text: str) -> bytes:
    """Set a property. Raises `UnicodeEncodeError` for text that is not ASCII."""
    return f"!{_place(word, number)}={text}\r".encode("ascii")


def _place(word: str, number: int | None) -> str:
    return word if number is None else f"{word}({number})"
