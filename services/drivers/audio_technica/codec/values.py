"""Single fields of an answer to values. PURE.

Each converter takes the text of a field and gives its value, ``None`` where the field is empty or stands for nothing;
raises `ValueError` for what cannot be read. Source: docs/protocols/audio-technica.md#values
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

Convert = Callable[[str], object]

_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}([:-]?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_HEX_ID: Final = re.compile(r"[0-9A-Fa-f]{8}")
_NO_IDS: Final = frozenset({"00000000", "FFFFFFFF"})
_NO_MACS: Final = frozenset({"000000000000", "ffffffffffff"})
_HHMM: Final = re.compile(r"\d{4}")
MINUTES = 60
HERTZ_DIGITS = 10
"""More than any carrier has."""


def text(field: str) -> str | None:
    """Words, without the blanks that pad them."""
    return field.strip() or None


def whole(low: int, high: int, *, times: int = 1, plus: int = 0) -> Convert:
    """A whole number of the unit from ``low`` to ``high``; its value is ``times`` that and ``plus``."""

    def convert(field: str) -> int | None:
        stripped = field.strip()
        if not stripped:
            return None
        if not re.fullmatch(r"[+-]?\d{1,6}", stripped) or not low <= int(stripped) <= high:
            raise ValueError(f"no whole number from {low} to {high}")
        return int(stripped) * times + plus

    return convert


def word(words: Mapping[str, object]) -> Convert:
    """One of the unit's numbers that stand for words."""

    def convert(field: str) -> object:
        stripped = field.strip()
        if not stripped:
            return None
        if stripped not in words:
            raise ValueError(f"none of {', '.join(words)}")
        return words[stripped]

    return convert


flag: Final = word({"0": False, "1": True})


def minutes(field: str) -> int | None:
    """``HHMM`` in minutes."""
    stripped = field.strip()
    if not stripped:
        return None
    if not _HHMM.fullmatch(stripped) or int(stripped[2:]) >= MINUTES:
        raise ValueError("no hours and minutes")
    return int(stripped[:2]) * MINUTES + int(stripped[2:])


def mhz(field: str) -> float | None:
    """Hertz in MHz, exact to the hertz; 0 is no frequency."""
    stripped = field.strip()
    if not stripped:
        return None
    if not stripped.isdecimal() or not stripped.isascii() or len(stripped) > HERTZ_DIGITS:
        raise ValueError("no frequency in hertz")
    return round(int(stripped) / 1e6, 6) or None


def mac(field: str) -> str | None:
    """A MAC address in lower case with colons, however it is written."""
    stripped = field.strip()
    if not stripped:
        return None
    if not _MAC.fullmatch(stripped):
        raise ValueError("no MAC address")
    digits = re.sub(r"[:-]", "", stripped).lower()
    return None if digits in _NO_MACS else ":".join(re.findall("..", digits))


def hex_id(field: str) -> str | None:
    """The eight digits that a System 20 device has of its own."""
    stripped = field.strip().upper()
    if not stripped:
        return None
    if not _HEX_ID.fullmatch(stripped):
        raise ValueError("no id of eight hexadecimal digits")
    return None if stripped in _NO_IDS else stripped
