"""What each word means, as a table: keys, how its text is read, and what it belongs to.

Source: docs/protocols/lectrosonics-dsqd.md#words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.drivers.lectrosonics.codec.lines import CHANNELS, numbers, unquote
from services.model import clean_text

Values = tuple[object, ...]

GAIN_LEAST_DB: Final = -35
GAIN_MOST_DB: Final = 8
KHZ_MOST: Final = 999_998
"""999999 means "leave it" in an array."""


class Scope(StrEnum):
    """What a word belongs to."""

    UNIT = "unit"
    CHANNEL = "channel"
    PAIR = "pair"
    """Channels 1 and 2, or 3 and 4."""
    TRANSMITTER = "transmitter"
    """The transmitter that a channel receives: valid only while it is linked."""


@dataclass(frozen=True, slots=True)
class Word:
    """One property. ``read`` gives one value for each of ``keys``; raises `ValueError` for text without meaning.

    Words that are not ``polled`` stand in the status of the channel too and are asked for after they were set.
    """

    name: str
    scope: Scope
    keys: tuple[str, ...]
    read: Callable[[str], Values]
    polled: bool = True


_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}", re.ASCII)


def text_of(text: str) -> str | None:
    """A text, in quotes or bare; ``None`` where it is empty. Raises `ValueError` for one that breaks off."""
    plain = unquote(text) if '"' in text else text
    return clean_text(plain).strip() or None


def _text(text: str) -> Values:
    return (text_of(text),)


def _label(text: str) -> Values:
    label = text_of(text)
    return label, label


def _mac(text: str) -> Values:
    plain = text_of(text) or ""
    if not _MAC.fullmatch(plain):
        raise ValueError(f"{text!r} is no MAC address")
    return (plain.lower().replace("-", ":"),)


def one(text: str, low: int, high: int) -> int:
    """One number within limits. Raises `ValueError`."""
    found = numbers(text)
    if len(found) != 1 or not low <= found[0] <= high:
        raise ValueError(f"{text!r} is no number from {low} to {high}")
    return found[0]


def _frequency(text: str) -> Values:
    khz = one(text, 0, KHZ_MOST)
    return (round(khz / 1000, 3) if khz else None,)


def _number(low: int, high: int) -> Callable[[str], Values]:
    return lambda text: (one(text, low, high),)


def _choice(meanings: Mapping[int, object]) -> Callable[[str], Values]:
    def read(text: str) -> Values:
        raw = one(text, min(meanings), max(meanings))
        if raw not in meanings:
            raise ValueError(f"{raw} is none of {', '.join(map(str, meanings))}")
        return (meanings[raw],)

    return read


FLAG: Mapping[int, object] = {0: False, 1: True}
BATTERY_WARNINGS: Mapping[int, str] = {0: "none", 1: "below_25_percent", 2: "below_10_percent", 4: "timer"}
COMPATIBILITY_MODES: Mapping[int, str] = {
    0: "d2_digital",
    1: "duet_1",
    2: "duet_2",
    3: "digital_hybrid",
    4: "digital_hybrid_eu",
    5: "nu_hybrid",
    6: "japan",
}
DIVERSITY_MODES: Mapping[int, str] = {0: "switched", 1: "ratio", 2: "frequency"}
_BATTERY_TYPES: Mapping[int, str] = {
    0: "alkaline",
    1: "lithium_primary",
    2: "alkaline",
    3: "lithium_primary",
    4: "lithium_ion",
}

TABLE: tuple[Word, ...] = (
    Word("id", Scope.UNIT, ("model",), _text),
    Word("serial", Scope.UNIT, ("serial",), _text),
    Word("macaddr", Scope.UNIT, ("mac",), _mac),
    Word("version", Scope.UNIT, ("firmware",), _text),
    Word("desc", Scope.UNIT, ("device_id", "name"), _label),
    Word("fplock", Scope.UNIT, ("lock",), _choice({0: "none", 1: "all"})),
    Word("hwstat", Scope.UNIT, ("antenna_supply_short",), _choice(FLAG)),
    Word("rxname", Scope.CHANNEL, ("name",), _text),
    Word("rxfreq", Scope.CHANNEL, ("frequency_mhz",), _frequency),
    Word("rxalevel", Scope.CHANNEL, ("gain_db",), _number(GAIN_LEAST_DB, GAIN_MOST_DB)),
    Word("rxmute", Scope.CHANNEL, ("receiver_muted",), _choice(FLAG), polled=False),
    Word("rxmode", Scope.CHANNEL, ("compatibility_mode",), _choice(COMPATIBILITY_MODES)),
    Word("rxdivmode", Scope.PAIR, ("diversity_mode",), _choice(DIVERSITY_MODES)),
    Word("txname", Scope.TRANSMITTER, ("transmitter_id",), _text),
    Word("txbatt", Scope.TRANSMITTER, ("battery_type",), _choice(_BATTERY_TYPES)),
    Word("txbwarn", Scope.TRANSMITTER, ("battery_warning_cause",), _choice(BATTERY_WARNINGS)),
    Word("txblock", Scope.TRANSMITTER, ("transmitter_block",), _text),
    Word("txkeygood", Scope.TRANSMITTER, ("encryption_fault",), _choice({0: True, 1: False})),
)
"""Everything that is asked for beside the status of the channels."""

BY_NAME: Mapping[str, Word] = {word.name: word for word in TABLE}

STATUS: Final = "chstat"
"""The word whose answer is `status.Status`."""


def words(*scopes: Scope) -> tuple[Word, ...]:
    """The words of these scopes that are asked for again and again."""
    return tuple(word for word in TABLE if word.scope in scopes and word.polled)


def channels_of(word: Word, number: int | None) -> tuple[int, ...]:
    """The channels that an answer is about: 0 is the unit itself, a pair is two of them; empty for none that exists."""
    if word.scope is Scope.UNIT:
        return (0,)
    most = CHANNELS // 2 if word.scope is Scope.PAIR else CHANNELS
    if number is None or not 1 <= number <= most:
        return ()
    return (2 * number - 1, 2 * number) if word.scope is Scope.PAIR else (number,)
