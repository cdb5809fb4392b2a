"""PURE. What can be set: a key of the product becomes the text behind the name of a SET.

Nothing is clamped, padded or repaired: a value that cannot be written as it is raises `ValueError`. Names go out as
short as they are, in braces. Source: docs/protocols.md#what-can-be-set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.shure.codec.properties import Scope
from services.model import SettableRange

NAME_MOST: Final = 8
"""Characters of a name that a unit takes; Axient and SLX-D report 31."""
NAME_CHARACTERS: Final = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`~"
)
"""Braces would end the text, and stand in no list of the documents; neither does the bar."""
GAIN_LEAST_DB, GAIN_MOST_DB = -18, 42
GROUP_MOST: Final = 99
"""Two digits on ULX-D and QLX-D. Which groups and channels a band has stands in no source: the unit refuses others."""
STEP_MHZ: Final = 0.025
"""Frequencies lie on a grid of 25 kHz. Which band a receiver has stands in no source as numbers: it refuses others."""


@dataclass(frozen=True, slots=True)
class Control:
    """One SET. ``can`` has the keys that it carries, all of which are sent together, and what each may be.

    ``write`` gets a value for each of the keys and gives the text behind the wire name; raises `ValueError`.
    """

    name: str
    scope: Scope
    can: Mapping[str, SettableRange]
    write: Callable[[Mapping[str, object]], str]


def channel_name(most: int = NAME_MOST) -> Control:
    """One character to eight, or to ``most``."""
    can = SettableRange(min_length=1, max_length=most, characters=NAME_CHARACTERS)

    def write(values: Mapping[str, object]) -> str:
        text = values["name"]
        if not isinstance(text, str) or not 1 <= len(text) <= most or not {*text} <= {*NAME_CHARACTERS}:
            raise ValueError(f"{text!r} is no name of 1 to {most} characters that the unit can show")
        if text != text.strip():
            raise ValueError("a name neither begins nor ends with a blank: units do not report it")
        return f"{{{text}}}"

    return Control("CHAN_NAME", Scope.PART, {"name": can}, write)


def bare_name(name: str, scope: Scope) -> Control:
    """One to eight characters, not in braces: so the brackets would end the text as well."""
    characters = "".join(each for each in NAME_CHARACTERS if each not in "<>")
    can = SettableRange(min_length=1, max_length=NAME_MOST, characters=characters)

    def write(values: Mapping[str, object]) -> str:
        text = values["name"]
        if not isinstance(text, str) or not 1 <= len(text) <= NAME_MOST or not {*text} <= {*characters}:
            raise ValueError(f"{text!r} is no name of 1 to {NAME_MOST} characters that the unit can take")
        if text != text.strip() or "  " in text:
            raise ValueError("a name neither begins nor ends with a blank, and has none twice")
        return text

    return Control(name, scope, {"name": can}, write)


def whole(name: str, key: str, least: int, most: int, unit: str) -> Control:
    """A whole number with its sign, written as it is."""
    can = SettableRange(minimum=least, maximum=most, step=1, unit=unit)
    return Control(name, Scope.PART, {key: can}, lambda values: str(_whole(values[key], least, most)))


def numbered(name: str, key: str, meanings: Mapping[int, bool | int | str], unit: str = "") -> Control:
    """A number that stands for something."""
    words = {in_words(meaning): raw for raw, meaning in meanings.items()}
    can = SettableRange(choices=[*words], unit=unit) if unit else SettableRange(choices=[*words])

    def write(values: Mapping[str, object]) -> str:
        value = values[key]
        of_that_kind = any(type(value) is type(meaning) for meaning in meanings.values())
        if not of_that_kind or in_words(value) not in words:
            raise ValueError(f"{key} is one of {', '.join(words)}")
        return str(words[in_words(value)])

    return Control(name, Scope.PART, {key: can}, write)


def in_words(value: object) -> str:
    """A choice as it stands in a range."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def gain(least: int = GAIN_LEAST_DB, most: int = GAIN_MOST_DB) -> Control:
    """Whole decibels, from -18 to 42 where nothing else is said; on the wire they count from 0."""
    can = SettableRange(minimum=least, maximum=most, step=1, unit="dB")
    return Control(
        "AUDIO_GAIN",
        Scope.PART,
        {"gain_db": can},
        lambda values: f"{_whole(values['gain_db'], least, most) - least:03}",
    )


def switch(name: str, scope: Scope, key: str, on: str = "ON", off: str = "OFF") -> Control:
    """ON and OFF, or two other words."""

    def write(values: Mapping[str, object]) -> str:
        value = values[key]
        if not isinstance(value, bool):
            raise ValueError(f"{key} is true or false")  # noqa: TRY004 - one kind of error for all that cannot be written
        return on if value else off

    return Control(name, scope, {key: SettableRange(choices=["true", "false"])}, write)


def frequency(digits: int) -> Control:
    """Megahertz; kilohertz on the wire."""

    def write(values: Mapping[str, object]) -> str:
        mhz = values["frequency_mhz"]
        if isinstance(mhz, bool) or not isinstance(mhz, int | float):
            raise ValueError("frequency_mhz is a number")  # noqa: TRY004
        khz = round(mhz * 1000)
        grid = round(STEP_MHZ * 1000)
        if not 0 < khz < 10**digits:
            raise ValueError(f"{mhz} MHz is no frequency that can be sent: more than 0, and {digits} digits as kHz")
        if round(mhz * 1000, 6) != khz or khz % grid:
            raise ValueError(f"{mhz} MHz is not on the grid of {grid} kHz")
        return f"{khz:0{digits}}"

    return Control("FREQUENCY", Scope.PART, {"frequency_mhz": SettableRange(step=STEP_MHZ, unit="MHz")}, write)


def group(name: str, *, in_braces: bool) -> Control:
    """Group and channel in it, together: either alone is completed with what the unit has."""
    can = SettableRange(minimum=1, maximum=GROUP_MOST, step=1)

    def write(values: Mapping[str, object]) -> str:
        first, second = (_whole(values[key], 1, GROUP_MOST) for key in ("group", "group_channel"))
        return f"{{{first},{second}}}" if in_braces else f"{first:02},{second:02}"

    return Control(name, Scope.PART, {"group": can, "group_channel": can}, write)


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError(f"{value!r} is no whole number")
    if not least <= value <= most:
        raise ValueError(f"{value} is not within {least} and {most}")
    return int(value)
