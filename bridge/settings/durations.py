"""Lengths of time as people write them: ``10s``, ``5m``, ``1h30m``, ``90d``. Pure."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[dhms])\s*")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")

HINT: Final = 'write a number and a unit, for example "500ms", "10s", "5m", "1h30m" or "90d"'


def parse_duration(value: object) -> float:
    """The seconds that a text stands for; a bare number is seconds.

    Raises:
        ValueError: with what can be written instead.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is no length of time: {HINT}")  # noqa: TRY004 - a wrong value for the caller
    text = str(value).strip().lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    seconds, end = 0.0, 0
    while part := _PART.match(text, end):
        seconds += float(part[1]) * _UNITS[part[2]]
        end = part.end()
    if not text or end != len(text):
        raise ValueError(f"{value!r} is no length of time: {HINT}")
    return round(seconds, 3)


def format_duration(seconds: float) -> str:
    """The shortest text with whole units that `parse_duration` reads back: 90 is ``1m30s``, 0 is ``0s``."""
    left = round(seconds * 1000)
    parts = []
    for unit, length in _UNITS.items():
        count, left = divmod(left, round(length * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
