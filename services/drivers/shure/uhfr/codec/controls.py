"""What can be set: keys of the product become the text behind a word.

Nothing is clamped or repaired: a value that cannot be written as it is raises `ValueError`.
Source: docs/protocols/uhfr.md#what-can-be-set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.shure.uhfr.codec.words import GAIN_LEAST_DB
from services.model import SettableRange

NAME_MOST: Final = 12
"""Characters of a name."""
NAME_CHARACTERS: Final = "".join(character for character in map(chr, range(0x20, 0x7F)) if character not in "*_")
"""ASCII that can be printed, but the star, which frames a message, and the underline, which stands for a blank. Which
of it the display can show stands in no source."""
GROUP_MOST: Final = 99
"""Two digits. Which groups and channels a band has stands in no source: the receiver refuses others."""

FLASH: Final = "FLASH"
"""Word that makes the receiver show itself; seen on UDP 2201 alone."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Control:
    """One SET of a channel. ``can`` has the keys that it carries, all of which are sent together.

    ``write`` gets a value for each of the keys and gives the text behind the word; raises `ValueError`.
    """

    word: str
    can: Mapping[str, SettableRange]
    write: Callable[[Values], str]


def _name(values: Values) -> str:
    text = values["name"]
    if not isinstance(text, str) or not 1 <= len(text) <= NAME_MOST or not {*text} <= {*NAME_CHARACTERS}:
        raise ValueError(f"{text!r} is no name of 1 to {NAME_MOST} characters of ASCII without * and _")
    if text != text.strip():
        raise ValueError("a name neither begins nor ends with a blank: units do not report it")
    return text.replace(" ", "_")


def _mute(values: Values) -> str:
    value = values["receiver_muted"]
    if not isinstance(value, bool):
        raise ValueError("receiver_muted is true or false")  # noqa: TRY004 - one kind of error for what cannot be written
    return "ON" if value else "OFF"


def _gain(values: Values) -> str:
    return f"{-_whole(values['gain_db'], GAIN_LEAST_DB, 0):02}"


def _frequency(values: Values) -> str:
    mhz = values["frequency_mhz"]
    if isinstance(mhz, bool) or not isinstance(mhz, int | float) or round(mhz * 1000, 6) % 1:
        raise ValueError(f"{mhz!r} MHz is no whole number of kilohertz")
    khz = round(mhz * 1000)
    if not 0 < khz <= 999_999:  # noqa: PLR2004 - six digits
        raise ValueError(f"{mhz} MHz is no frequency of six digits in kHz")
    return f"{khz:06}"


def _group(values: Values) -> str:
    group, channel = (_whole(values[key], 1, GROUP_MOST) for key in ("group", "group_channel"))
    return f"{group:02} {channel:02}"


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise ValueError(f"{value!r} is no whole number")
    if not least <= value <= most:
        raise ValueError(f"{value} is not within {least} and {most}")
    return int(value)


_GROUP = SettableRange(minimum=1, maximum=GROUP_MOST, step=1)

CONTROLS: tuple[Control, ...] = (
    Control(
        "CHAN_NAME", {"name": SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS)}, _name
    ),
    Control("MUTE", {"receiver_muted": SettableRange(choices=["true", "false"])}, _mute),
    Control("AUDIO_GAIN", {"gain_db": SettableRange(minimum=GAIN_LEAST_DB, maximum=0, step=1, unit="dB")}, _gain),
    Control("FREQUENCY", {"frequency_mhz": SettableRange(unit="MHz")}, _frequency),
    Control("GROUP_CHAN", {"group": _GROUP, "group_channel": _GROUP}, _group),
)
"""In the order in which they are set."""
