"""What can be set, by kind of unit: keys of the product become the text behind a word. PURE.

Nothing is clamped or repaired: a value that cannot be written as it is raises `ValueError`. Pages are those of TI 1254
v1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.sennheiser.media_control.codec.words import BANDS
from services.model import Kind

NAME_MOST: Final = 8
"""Characters of a name (p. 13)."""
NAME_CHARACTERS: Final = "".join(map(chr, range(0x20, 0x7F)))
"""ASCII that can be printed: the protocol is ASCII (p. 5). Which of it a display can show stands nowhere."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Control:
    """One attribute that can be set. ``write`` gets a value for each of ``keys``; raises `ValueError`."""

    word: str
    keys: tuple[str, ...]
    write: Callable[[Values], str]


def _name(values: Values) -> str:
    text = values["name"]
    if not isinstance(text, str) or not 1 <= len(text) <= NAME_MOST or not {*text} <= {*NAME_CHARACTERS}:
        raise ValueError(f"{text!r} is no name of 1 to {NAME_MOST} characters of ASCII")
    if text != text.strip():
        raise ValueError("a name neither begins nor ends with a blank: units do not report it")
    return text


def _frequency(values: Values) -> str:
    mhz = values["frequency_mhz"]
    if isinstance(mhz, bool) or not isinstance(mhz, int | float) or round(mhz * 1000, 6) % 1:
        raise ValueError(f"{mhz!r} MHz is no whole number of kilohertz")
    return f"{round(mhz * 1000)}"


def _number(word: str, key: str, low: int, high: int, step: int, *, also: int | None = None) -> Control:
    def write(values: Values) -> str:
        return str(_whole(values[key], low, high, step, also))

    return Control(word, (key,), write)


def _whole(value: object, low: int, high: int, step: int = 1, also: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004 - one kind of error for all that cannot be written
    number = float(value)
    in_range = low <= number <= high and (number - low) % step == 0
    if not in_range and number != also:
        raise ValueError(f"{value} is not one of {low} to {high} in steps of {step}")
    return int(number)


def _words(word: str, key: str, meanings: Mapping[object, str]) -> Control:
    def write(values: Values) -> str:
        value = values[key]
        if not isinstance(value, bool | str) or value not in meanings:
            raise ValueError(f"{value!r} is none of {', '.join(map(str, meanings))}")
        return meanings[value]

    return Control(word, (key,), write)


def _bands(values: Values) -> str:
    """All six numbers at once: what is not wanted otherwise stays as the unit has it."""
    on, levels = values["equalizer_on"], [values[band] for band in BANDS]
    if not isinstance(on, bool) or any(level is None for level in levels):
        raise ValueError("the unit has not reported its equalizer, which can only be set as a whole")
    return " ".join(map(str, (int(on), *(_whole(level, -5, 5) for level in levels))))


_SWITCH: Mapping[object, str] = {False: "0", True: "1"}
_BOTH = (Control("Name", ("name",), _name), Control("Frequency", ("frequency_mhz",), _frequency))

CONTROLS: Mapping[Kind, tuple[Control, ...]] = {
    Kind.RECEIVER: (
        *_BOTH,
        _words("Mute", "receiver_muted", _SWITCH),  # p. 19
        _number("Squelch", "squelch_db", 5, 25, 2, also=0),  # p. 23
        _number("AfOut", "gain_db", -24, 24, 3),  # p. 24
        _words("Equalizer", "equalizer", {"flat": "0", "low_cut": "1", "low_cut_high_boost": "2", "high_boost": "3"}),
    ),
    Kind.IEM: (
        *_BOTH,
        _words("Mute", "rf_muted", _SWITCH),  # p. 19: the carrier
        _number("Sensitivity", "sensitivity_db", -42, 0, 3),  # p. 32
        _words("Mode", "audio_mode", {"mono": "0", "stereo": "1"}),  # p. 34
        Control("Equalizer", ("equalizer_on", *BANDS), _bands),  # p. 33
    ),
}
"""In the order in which they are set."""
