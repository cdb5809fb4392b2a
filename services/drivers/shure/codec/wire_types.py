"""PURE. How values are written on the wire: each wire type turns a text into a value, and the value back into text.

``decode`` gives ``None`` for unknown, and raises `ValueError` for text that nobody can read: `messages.decode` makes
that unknown too, and the link counts and names it. ``encode`` takes ``None`` for unknown.

Source of every fact: docs/protocols.md#values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.model import clean_text

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

Pair = tuple[A | None, B | None]

UNKNOWN_WORDS = frozenset({"UNKN", "UNKNOWN"})
MARK_8, MARK_16 = frozenset({255}), frozenset({65_535})
"""The number of three or of five digits that stands for no value, on SLX-D and Axient."""
BLOCK_8, BLOCK_16 = frozenset(range(252, 256)), frozenset(range(65_532, 65_536))
"""The same on ULX-D and QLX-D, which have several: off, not answering, not applicable."""
NO_NUMBER_8, NO_NUMBER_16 = min(BLOCK_8), min(BLOCK_16)
"""From here on no number of a battery or a transmitter can be true, whatever a document allows: 212 degrees, 65,534
charge cycles (docs/protocols.md#disputed-and-how-it-is-decided)."""
NUMBER_DIGITS = 8
"""More than any number of the protocol has."""
PADDING = " \t\r\n\0"


@dataclass(frozen=True, slots=True)
class WireType(Generic[T]):
    """Both directions of one way to write a value."""

    decode: Callable[[str], T | None]
    encode: Callable[[T | None], str]


def is_unknown(wire: str) -> bool:
    """Whether it is one of the words for unknown."""
    return unbrace(wire).upper() in UNKNOWN_WORDS


def unbrace(text: str) -> str:
    """A text without its braces and its padding."""
    if text.startswith("{"):
        text = text[1:]
        text = text.removesuffix("}")
    return text.rstrip(PADDING)


def braced(text: str, width: int) -> str:
    """A text as a unit writes it: padded to its width, in braces."""
    return f"{{{text[:width]:<{width}}}}"


def integer(text: str) -> int:
    """A number without sign. Raises `ValueError` for anything else."""
    plain = unbrace(text)
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= NUMBER_DIGITS):
        raise ValueError(f"{text!r} is no number")
    return int(plain)


def pair(first: WireType[A], second: WireType[B], encode: Callable[[A | None, B | None], str]) -> WireType[Pair[A, B]]:
    """One text that carries two values: each of the two types reads the whole of it, ``encode`` writes both."""

    def decode(wire: str) -> Pair[A, B]:
        return first.decode(wire), second.decode(wire)

    def encode_pair(values: Pair[A, B] | None) -> str:
        return encode(*(values or (None, None)))

    return WireType(decode, encode_pair)


def text(width: int) -> WireType[str]:
    """Free text, padded to ``width``; blank is unknown."""
    return WireType(lambda wire: clean_text(unbrace(wire)) or None, lambda value: braced(value or "", width))


def twice(plain: WireType[str]) -> WireType[Pair[str, str]]:
    """A text that is published under two keys."""
    return pair(plain, plain, lambda first, second: plain.encode(second if first is None else first))


def text_twice(width: int) -> WireType[Pair[str, str]]:
    """A text in braces that is published under two keys."""
    return twice(text(width))


def word(width: int = 0, unknown: str = "UNKNOWN") -> WireType[str]:
    """What a transmitter is called: ``unknown`` and blank mean that there is none. ``width`` is that between braces."""

    def decode(wire: str) -> str | None:
        plain = clean_text(unbrace(wire))
        return None if not plain or is_unknown(plain) else plain

    def encode(value: str | None) -> str:
        if width:
            return braced(value or "", width)
        return unknown if value is None else value

    return WireType(decode, encode)


def number(
    digits: int, low: int, high: int, *, offset: int = 0, unknown: Collection[int] = frozenset()
) -> WireType[int]:
    """Value = raw + ``offset``. ``low`` and ``high`` are raw.

    Only the documented marks mean unknown; whatever else lies outside of the range makes no sense
    (docs/protocols.md#disputed-and-how-it-is-decided).
    """

    def decode(wire: str) -> int | None:
        if unknown and is_unknown(wire):
            return None
        raw = integer(wire)
        if raw in unknown:
            return None
        if not low <= raw <= high:
            raise ValueError(f"{raw} is not within {low} and {high}")
        return raw + offset

    def encode(value: int | None) -> str:
        raw = max(unknown, default=low) if value is None else min(high, max(low, value - offset))
        return f"{raw:0{digits}}"

    return WireType(decode, encode)


def bare_text(width: int) -> WireType[str]:
    """Free text without braces, up to ``width`` characters; blank is unknown."""
    return WireType(lambda wire: clean_text(unbrace(wire)) or None, lambda value: (value or "")[:width])


def signed(low: int, high: int) -> WireType[int]:
    """A number with its sign and without padding; there is no mark for unknown."""

    def decode(wire: str) -> int:
        plain = wire.strip()
        value = -integer(plain[1:]) if plain.startswith("-") else integer(plain)
        if not low <= value <= high:
            raise ValueError(f"{value} is not within {low} and {high}")
        return value

    return WireType(decode, lambda value: str(min(high, max(low, value or 0))))


def numbered(meanings: Mapping[int, T]) -> WireType[T]:
    """A number that stands for something, with zeros before it or without; there is no mark for unknown."""
    written = {value: raw for raw, value in meanings.items()}

    def decode(wire: str) -> T:
        raw = integer(wire)
        if raw not in meanings:
            raise ValueError(f"{raw} is none of {', '.join(map(str, meanings))}")
        return meanings[raw]

    return WireType(decode, lambda value: "" if value is None else str(written.get(value, "")))


def coded(
    digits: int, meanings: Mapping[int, T | None], *, unknown: Collection[int], other: T | None = None
) -> WireType[T]:
    """A number that stands for something else. ``other`` is for further numbers, without it they make no sense.

    The marks in ``unknown`` that have no meaning are ``None``. Of several numbers for one value the first is written.
    """
    written = {value: raw for raw, value in reversed(list(meanings.items()))}
    if other is not None:
        written.setdefault(other, next(raw for raw in range(10**digits) if raw not in meanings))
    mark = max(set(unknown) - meanings.keys())

    def decode(wire: str) -> T | None:
        if is_unknown(wire):
            return None
        raw = integer(wire)
        if raw in meanings:
            return meanings[raw]
        if raw in unknown:
            return None
        if other is None or raw >= min(unknown):
            raise ValueError(f"{raw} stands for nothing")
        return other

    return WireType(decode, lambda value: f"{written.get(value, mark):0{digits}}")


def choice(words: Mapping[str, T], unknown: str = "UNKN") -> WireType[T]:
    """One of a few words, whatever their case. Of several for one value the first is the one that is written."""
    written = {value: wire for wire, value in reversed(list(words.items()))}
    known = {wire.upper(): value for wire, value in words.items()}

    def decode(wire: str) -> T | None:
        plain = unbrace(wire).upper()
        if plain in known:
            return known[plain]
        if is_unknown(plain):
            return None
        raise ValueError(f"{plain!r} is none of {', '.join(words)}")

    return WireType(decode, lambda value: unknown if value is None else written.get(value, unknown))


def same_words(words: Iterable[str]) -> WireType[str]:
    """Words that are published in lower case."""
    return choice({each: each.lower() for each in words})
