"""PURE. Ranges of what can be set, and whether a value fits. Source: docs/protocols/system-api.md#control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.model import SettableRange

NAME_MOST: Final = 31
"""What Axient Digital units report. How many characters the server takes stands in no source: the unit may keep fewer,
which is then said."""
NAME_CHARACTERS: Final = "".join(chr(code) for code in range(32, 127))
SWITCH: Final = SettableRange(choices=["true", "false"])
NAME: Final = SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS)


def gain_range(description: Any) -> SettableRange | None:
    """The range of a gain, from its description: ``constraints.gain.range``; ``None`` where it names none."""
    found = description
    for name in ("constraints", "gain", "range"):
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return None
    least, most, step = (_whole(found.get(name)) for name in ("min", "max", "step"))
    if least is None or most is None or least >= most:
        return None
    return SettableRange(minimum=least, maximum=most, step=step if step is not None and step > 0 else 1, unit="dB")


def misfit(can: SettableRange, value: object) -> str:
    """Why a value cannot be sent; empty where it can."""
    if "choices" in can:
        return "" if isinstance(value, bool) else "it is true or false"
    if "max_length" in can:
        return _misfit_name(can, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "it is a whole number"
    if isinstance(value, float) and not value.is_integer():
        return "it is a whole number"
    least, most, step = can["minimum"], can["maximum"], can["step"]
    if not least <= value <= most:
        return f"it is {least:g} to {most:g}"
    return "" if (value - least) % step == 0 else f"it goes from {least:g} in steps of {step:g}"


def _misfit_name(can: SettableRange, value: object) -> str:
    if not isinstance(value, str) or not can["min_length"] <= len(value) <= can["max_length"]:
        return f"it is a name of {can['min_length']} to {can['max_length']} characters"
    if not {*value} <= {*can["characters"]}:
        return "it has characters that units do not show"
    return "" if value == value.strip() else "it neither begins nor ends with a blank"


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1000:  # noqa: PLR0124, PLR2004 - not a number; decibels
        return None
    return int(value) if value == int(value) else None
