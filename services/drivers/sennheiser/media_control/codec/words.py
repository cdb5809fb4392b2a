"""What each word of the protocol means: attributes of the configuration as tables, by kind of unit.

``EM`` is a receiver, ``SR`` an in-ear monitor transmitter, as TI 1254 calls them. Pages are those of TI 1254 v1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.drivers.sennheiser.media_control.codec.lines import LINES_KEPT
from services.model import Kind

Values = Mapping[str, object]
Read = Callable[[str], Values | None]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the configuration: how the vendor spells it, the keys that it gives, and how it is read.

    ``read`` returns all of ``keys``, or ``None`` for a text without meaning: then the keys are unknown.
    """

    word: str
    keys: tuple[str, ...]
    read: Read


_NUMBERS = re.compile(r"\s*-?[0-9]{1,9}(?:\s+-?[0-9]{1,9})*\s*", re.ASCII)


@lru_cache(maxsize=LINES_KEPT)
def numbers(text: str) -> tuple[int, ...] | None:
    """All numbers of a text, at least one; ``None`` where something else stands in it."""
    return tuple(map(int, text.split())) if _NUMBERS.fullmatch(text) else None


def _whole(word: str, key: str, low: int, high: int, *, also: int | None = None) -> Attribute:
    def read(text: str) -> Values | None:
        found = numbers(text)
        if not found or not (low <= found[0] <= high or found[0] == also):
            return None
        return {key: found[0]}

    return Attribute(word, (key,), read)


def _choice(word: str, key: str, meanings: Mapping[str, object]) -> Attribute:
    def read(text: str) -> Values | None:
        first = text.split(maxsplit=1)[:1]
        return {key: meanings[first[0]]} if first and first[0] in meanings else None

    return Attribute(word, (key,), read)


def _name(text: str) -> Values | None:
    return {"name": text.strip() or None}


def _firmware(text: str) -> Values | None:
    return {"firmware": text.strip()} if text.strip() else None


def _frequency(text: str) -> Values | None:
    """Kilohertz, bank, channel; 0 for both means the user's own frequency U1.0 (p. 15)."""
    found = numbers(text)
    if not found or found[0] <= 0:
        return None
    bank, channel = (*found[1:3], 0, 0)[:2]
    on_grid = bank > 0 and channel > 0
    return {
        "frequency_mhz": found[0] / 1000,
        "group": bank if on_grid else None,
        "group_channel": channel if on_grid else None,
    }


def _tuning(text: str) -> Values | None:
    """Blocks of lowest, highest and step in kHz (p. 17). The gaps between blocks cannot be tuned."""
    found = numbers(text)
    if not found or len(found) % 3:
        return None
    blocks = [found[place : place + 3] for place in range(0, len(found), 3)]
    if any(not 0 < low <= high or step <= 0 for low, high, step in blocks):
        return None
    return {
        "tuning_ranges_mhz": " ".join(f"{low / 1000:.3f}-{high / 1000:.3f}" for low, high, _ in blocks),
        "tuning_step_khz": blocks[0][2],
    }


BANDS = (
    "equalizer_low",
    "equalizer_low_mid",
    "equalizer_mid",
    "equalizer_mid_high",
    "equalizer_high",
)
"""The five bands of an SR's equalizer in their order (p. 33)."""

_BAND_MOST = 5


def _bands(text: str) -> Values | None:
    found = numbers(text)
    if not found or len(found) <= len(BANDS) or found[0] not in (0, 1):
        return None
    levels = found[1 : len(BANDS) + 1]
    if any(abs(level) > _BAND_MOST for level in levels):
        return None
    return {"equalizer_on": found[0] == 1, **dict(zip(BANDS, levels, strict=True))}


FIRMWARE = Attribute("FirmwareRevision", ("firmware",), _firmware)
"""p. 20. Asked first of a stranger: it can only be read, so no unit can take it for a change."""

_BOTH = (
    FIRMWARE,
    Attribute("Name", ("name",), _name),
    Attribute("Frequency", ("frequency_mhz", "group", "group_channel"), _frequency),
    Attribute("RfConfig", ("tuning_ranges_mhz", "tuning_step_khz"), _tuning),
)

_FLAG: Mapping[str, object] = {"0": False, "1": True}

CONFIGURATION: Mapping[Kind, tuple[Attribute, ...]] = {
    Kind.RECEIVER: (
        *_BOTH,
        _choice("Mute", "receiver_muted", _FLAG),  # p. 19: "Rx-Mute"
        _whole("Squelch", "squelch_db", 5, 25, also=0),  # p. 23
        _whole("AfOut", "gain_db", -24, 24),  # p. 24
        _choice(  # p. 25
            "Equalizer",
            "equalizer",
            {"0": "flat", "1": "low_cut", "2": "low_cut_high_boost", "3": "high_boost"},
        ),
    ),
    Kind.IEM: (
        *_BOTH,
        _choice("Mute", "rf_muted", _FLAG),  # p. 19: "Rf-Mute", the carrier is off
        _whole("Sensitivity", "sensitivity_db", -42, 0),  # p. 32
        _choice("Mode", "audio_mode", {"0": "mono", "1": "stereo"}),  # p. 34
        Attribute("Equalizer", ("equalizer_on", *BANDS), _bands),  # p. 33
    ),
}
"""What a unit is asked for by name, by kind. A unit refuses the other kind's words with 1000 (seen on a real rig)."""

TELLS_KIND: Mapping[str, Kind] = {
    **dict.fromkeys(("squelch", "afout", "rf", "rf1", "rf2", "bat"), Kind.RECEIVER),
    **dict.fromkeys(("sensitivity", "mode"), Kind.IEM),
}
"""Words that only one kind of unit can answer or push, in lower case."""

KIND_QUESTIONS = ("Squelch", "Mode")
"""One question that only an EM answers, and one that only an SR answers."""
