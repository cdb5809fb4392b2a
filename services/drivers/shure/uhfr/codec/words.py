"""What each word of the protocol means, as a table: keys, how the text is read, and how sure it is that 2202 has it.

Source: docs/protocols/uhfr.md#words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.model import clean_text

Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """One property: its name on the wire, the keys that it gives, and how its text is read.

    ``read`` gives one value for each of ``keys`` (``None``: the receiver says that it has none) and raises
    `ValueError` for text without meaning. A word that is ``sure`` was seen on UDP 2202, the others on UDP 2201 alone:
    they are asked for once, and silence is no answer that anything follows from.
    """

    name: str
    keys: tuple[str, ...]
    read: Callable[[str], Values]
    sure: bool = False


NO_VALUE = frozenset({"", "U", "UNKNOWN", "UNKN", "NONE", "--", "NOCHANGE"})
"""Texts that stand for no value where a word or a number is expected."""

BATTERY_BARS: Mapping[str, int | None] = {**{str(bars): bars for bars in range(1, 6)}, "U": None}
"""Bars of ``TX_BAT`` and of a sample."""

GAIN_LEAST_DB: Final = -32
"""``AUDIO_GAIN`` is an attenuation of 0 to 32 dB."""

_WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}", re.ASCII)
_PAIR = re.compile(r"(\d{1,2}|--)[ ,]+(\d{1,2}|--)", re.ASCII)
_LIMITS = 4


def whole(text: str, low: int, high: int) -> int:
    """A whole number within limits. Raises `ValueError`."""
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is no whole number from {low} to {high}")
    return int(text)


def name_of(text: str) -> str | None:
    """A channel name: an underline stands for a blank, and blanks fill it up to 12 characters."""
    return clean_text(text.replace("_", " ")).strip() or None


def _name(text: str) -> Values:
    return (name_of(text),)


def _text(text: str) -> Values:
    return (None if text.upper() in NO_VALUE else clean_text(text).strip() or None,)


def _frequency(text: str) -> Values:
    khz = whole(text, 0, 9_999_999)
    return (round(khz / 1000, 3) if khz else None,)


def _group(text: str) -> Values:
    found = _PAIR.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no group and channel")
    group, channel = found.groups()
    return (int(group), int(channel)) if "--" not in (group, channel) else (None, None)


def _gain(text: str) -> Values:
    return (-whole(text, 0, -GAIN_LEAST_DB),)


def _choice(meanings: Mapping[str, object]) -> Callable[[str], Values]:
    def read(text: str) -> Values:
        if text not in meanings:
            raise ValueError(f"{text!r} is none of {', '.join(meanings)}")
        return (meanings[text],)

    return read


def _number(low: int, high: int, offset: int = 0) -> Callable[[str], Values]:
    def read(text: str) -> Values:
        return (None if text in NO_VALUE else whole(text, low, high) + offset,)

    return read


def _mac(text: str) -> Values:
    if not _MAC.fullmatch(text):
        raise ValueError(f"{text!r} is no MAC address")
    return (text.lower().replace("-", ":"),)


def _band_limits(text: str) -> Values:
    """Lowest and highest of two tuning ranges, kHz; a range of zeros is none."""
    numbers = [whole(each, 0, 9_999_999) for each in text.split()]
    if len(numbers) != _LIMITS:
        raise ValueError(f"{text!r} is no two ranges")
    ranges = [(numbers[place], numbers[place + 1]) for place in range(0, _LIMITS, 2) if numbers[place + 1]]
    if not ranges or any(not 0 < low <= high for low, high in ranges):
        raise ValueError(f"{text!r} is no two ranges")
    return (" ".join(f"{low / 1000:.3f}-{high / 1000:.3f}" for low, high in ranges),)


CHANNEL_WORDS: tuple[Word, ...] = (
    Word("CHAN_NAME", ("name",), _name, sure=True),
    Word("TX_BAT", ("battery_bars",), _choice(BATTERY_BARS), sure=True),
    Word("GROUP_CHAN", ("group", "group_channel"), _group, sure=True),
    Word("FREQUENCY", ("frequency_mhz",), _frequency, sure=True),
    Word("MUTE", ("receiver_muted",), _choice({"ON": True, "OFF": False}), sure=True),
    Word("AUDIO_GAIN", ("gain_db",), _gain),
    Word("TX_TYPE", ("transmitter_model",), _text),
    Word("TX_GAIN", ("tx_gain_db",), _number(0, 30, offset=-10)),
    Word("TX_TRIM", ("tx_offset_raw",), _number(-10, 15)),
    Word(
        "TX_LOCK",
        ("transmitter_lock",),
        _choice(
            {
                "UNLOCK": "none",
                "POWER": "power",
                "FREQ": "frequency",
                "FREQ_AND_POWER": "frequency_and_power",
                "NOCHANGE": None,
                "UNKNOWN": None,
            }
        ),
    ),
)
"""What is asked of each channel."""

UNIT_WORDS: tuple[Word, ...] = (
    Word("MODEL_NAME", ("model",), _text),
    Word("MAC_ADDR", ("mac",), _mac),
    Word("SW_VERSION", ("firmware",), _text),
    Word("FREQ_BAND", ("band",), _text),
    Word("BANDLIMITS", ("tuning_ranges_mhz",), _band_limits),
)
"""What is asked of the receiver itself."""

KNOWN_ONLY = frozenset(
    {
        "FLASH",
        "FRONT_PANEL_LOCK",
        "SQUELCH",
        "AUDIO_INDICATOR",
        "TX_BAT_MINS",
        "TX_BAT_TYPE",
        "TX_CHANGE_BAT",
        "TX_EXT_DC",
        "TX_POWER",
        "TX_IR_LOCK",
        "TX_IR_GAIN",
        "TX_IR_POWER",
        "TX_IR_TRIM",
        "TX_IR_BAT_TYPE",
        "TX_IR_CUSTOM_GPS",
        "HARDWARE_ID",
        "IP_MODE",
        "IP_ADDR",
        "SUBNET",
        "GATEWAY",
        "CURRENT_IP_ADDR",
        "CURRENT_SUBNET",
        "CURRENT_GATEWAY",
        *(f"CUSTOM_GROUP_C{number}" for number in range(1, 7)),
    }
)
"""Words that receivers are known to report and whose values no source explains, or nobody needs."""

WORDS: Mapping[bool, Mapping[str, Word]] = {
    True: {word.name: word for word in CHANNEL_WORDS},
    False: {word.name: word for word in UNIT_WORDS},
}
"""By whether they belong to a channel, then by name."""
