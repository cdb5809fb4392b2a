"""What can be set: keys of the product become the text behind a word.

Nothing is clamped or repaired: a value that cannot be written as it is raises `ValueError`.
Source: docs/protocols/lectrosonics-dsqd.md#what-can-be-set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.drivers.lectrosonics.codec.lines import quote
from services.drivers.lectrosonics.codec.words import GAIN_LEAST_DB, GAIN_MOST_DB, KHZ_MOST
from services.model import SettableRange

NAME_MOST: Final = 15
NAME_CHARACTERS: Final = "".join(map(chr, range(0x20, 0x7F)))
"""ASCII that can be printed; which of it the display can show stands nowhere."""


@dataclass(frozen=True, slots=True)
class Control:
    """One word of a channel that can be set. ``write`` raises `ValueError`."""

    word: str
    key: str
    can: SettableRange
    write: Callable[[object], str]


def _name(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= NAME_MOST or not {*value} <= {*NAME_CHARACTERS}:
        raise ValueError(f"{value!r} is no name of 1 to {NAME_MOST} characters of ASCII")
    if value != value.strip():
        raise ValueError("a name neither begins nor ends with a blank: it would not be reported so")
    return quote(value)


def _mute(value: object) -> str:
    if not isinstance(value, bool):
        raise ValueError("receiver_muted is true or false")  # noqa: TRY004 - one kind of error for what cannot be written
    return "1" if value else "0"


def _gain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError(f"{value!r} is no whole number")
    if not GAIN_LEAST_DB <= value <= GAIN_MOST_DB:
        raise ValueError(f"{value} is not within {GAIN_LEAST_DB} and {GAIN_MOST_DB}")
    return f"{int(value)}"


def _frequency(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or round(value * 1000, 6) % 1:
        raise ValueError(f"{value!r} MHz is no whole number of kilohertz")
    khz = round(value * 1000)
    if not 0 < khz <= KHZ_MOST:
        raise ValueError(f"{value} MHz is no frequency of six digits in kHz")
    return f"{khz}"


CONTROLS: tuple[Control, ...] = (
    Control("rxname", "name", SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS), _name),
    Control("rxmute", "receiver_muted", SettableRange(choices=["true", "false"]), _mute),
    Control(
        "rxalevel", "gain_db", SettableRange(minimum=GAIN_LEAST_DB, maximum=GAIN_MOST_DB, step=1, unit="dB"), _gain
    ),
    Control("rxfreq", "frequency_mhz", SettableRange(unit="MHz"), _frequency),
)
"""In the order in which they are set."""
