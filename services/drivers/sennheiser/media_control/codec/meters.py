"""Sums up the levels of cyclic data between two calls of ``take``. Constant size, no allocation a datagram kept.

RF: 0 % is 0 dBuV and 100 % is 40 dBuV, more than 100 is possible (TI 1254 p. 26, 29). The document gives no dBm, so
there is none. That the scale is linear between its two points is our reading. Audio of an EM: 0 % is -50 dB, 100 % is
the peak lamp (p. 30). Audio of an SR: 100 % is 0 dB and the lower end is not given (p. 35), so it stays raw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from services.drivers.sennheiser.media_control.codec.state import RF_MUTE
from services.drivers.sennheiser.media_control.codec.words import numbers
from services.model import Kind

DBUV_A_PERCENT = 0.4
AUDIO_BOTTOM_DB = -50.0
AUDIO_DB_A_PERCENT = 0.5
PEAK_PERCENT = 100

Telemetry = Mapping[str, object]


class Meters(Protocol):
    """What both kinds of meters do."""

    words: ClassVar[Mapping[str, Callable[..., None]]]
    keys: ClassVar[frozenset[str]]

    def add(self, word: str, text: str) -> None:
        """Take one line of cyclic data; words without levels are none of its business."""

    def take(self) -> Telemetry | None:
        """Sum up everything since the last call; ``None`` where nothing came."""


class ReceiverMeters:
    """Levels of an EM: two antennas, one audio output."""

    keys: ClassVar = frozenset(
        {
            "rf_percent",
            "rf_min_percent",
            "rf_a_percent",
            "rf_b_percent",
            "rf_dbuv",
            "rf_min_dbuv",
            "antenna_a",
            "antenna_b",
            "audio_peak_percent",
            "audio_peak_dbfs",
            "audio_overload",
            "dropouts",
            "samples",
        }
    )

    def __init__(self) -> None:
        self._dropping = True  # a loss that began before the first block is none that happened here
        self._clear()

    def _clear(self) -> None:
        self._samples = self._dropouts = 0
        self._level: int | None = None
        self._lowest: int | None = None
        self._minimum_a: int | None = None
        self._antenna: int | None = None
        self._highest: list[int | None] = [None, None]
        self._peak: int | None = None
        self._overload = False

    def add(self, word: str, text: str) -> None:
        """Take one line of cyclic data."""
        if (reader := self.words.get(word)) is not None:
            reader(self, text)

    def take(self) -> Telemetry | None:
        """Sum up, and begin anew."""
        if not self._samples:
            return None
        peak = self._peak
        levels = {
            "rf_percent": self._level,
            "rf_min_percent": self._lowest,
            "rf_a_percent": self._highest[0],
            "rf_b_percent": self._highest[1],
            "rf_dbuv": _dbuv(self._level),
            "rf_min_dbuv": _dbuv(self._lowest),
            "antenna_a": _active(self._antenna, 1),
            "antenna_b": _active(self._antenna, 2),
            "audio_peak_percent": peak,
            "audio_peak_dbfs": None if peak is None else min(0.0, AUDIO_BOTTOM_DB + AUDIO_DB_A_PERCENT * peak),
            "audio_overload": self._overload,
            "dropouts": self._dropouts,
            "samples": self._samples,
        }
        self._clear()
        return levels

    def _first_antenna(self, text: str) -> None:
        found = _levels(text)
        self._minimum_a = found[0] if found else None
        self._highest[0] = found[1] if found else None

    def _second_antenna(self, text: str) -> None:
        """``RF2`` follows ``RF1`` in one datagram, so the better antenna's minimum is known here.

        The better of two minima is a lower bound of what the better antenna had at its worst moment.
        """
        found = _levels(text)
        self._highest[1] = found[1] if found else None
        minima = [each for each in (self._minimum_a, found[0] if found else None) if each is not None]
        if minima:
            better = max(minima)
            self._lowest = better if self._lowest is None else min(self._lowest, better)

    def _flags(self, text: str) -> None:
        """The RF mute of ``States`` is latched: it was on at some time since the last block (p. 28).

        Counted where it begins: a loss that lasts for many blocks is one dropout.
        """
        found = numbers(text)
        if found:
            dropping = bool(found[0] & RF_MUTE)
            self._dropouts += dropping and not self._dropping
            self._dropping = dropping

    def _radio(self, text: str) -> None:
        found = numbers(text)
        self._level = found[0] if found and found[0] >= 0 else None
        self._antenna = found[1] if found and len(found) > 1 else None

    def _audio(self, text: str) -> None:
        self._samples += 1
        found = _levels(text)
        if found:
            highest = max(found)
            self._peak = highest if self._peak is None else max(self._peak, highest)
            self._overload = self._overload or highest >= PEAK_PERCENT

    def _warned(self, text: str) -> None:
        self._overload = self._overload or "af_peak" in text.lower().split()

    words: ClassVar[Mapping[str, Callable[..., None]]] = {
        "rf1": _first_antenna,
        "rf2": _second_antenna,
        "states": _flags,
        "rf": _radio,
        "af": _audio,
        "msg": _warned,
    }


class TransmitterMeters:
    """Levels of an SR: two inputs. ``AF now1 now2 hold1 hold2``, and whatever may follow (p. 35; p. 9 has a fifth)."""

    keys: ClassVar = frozenset({"audio_left_raw", "audio_right_raw", "audio_overload", "samples"})

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._samples = 0
        self._left: int | None = None
        self._right: int | None = None
        self._overload = False

    def add(self, word: str, text: str) -> None:
        """Take one line of cyclic data."""
        if (reader := self.words.get(word)) is not None:
            reader(self, text)

    def take(self) -> Telemetry | None:
        """Sum up, and begin anew."""
        if not self._samples:
            return None
        levels = {
            "audio_left_raw": self._left,
            "audio_right_raw": self._right,
            "audio_overload": self._overload,
            "samples": self._samples,
        }
        self._clear()
        return levels

    def _audio(self, text: str) -> None:
        self._samples += 1
        found = numbers(text)
        if found and len(found) > 3 and min(found[:4]) >= 0:  # noqa: PLR2004 - now twice, hold twice
            self._left = max(found[0], found[2], self._left or 0)
            self._right = max(found[1], found[3], self._right or 0)

    def _warned(self, text: str) -> None:
        self._overload = self._overload or "af_peak" in text.lower().split()

    words: ClassVar[Mapping[str, Callable[..., None]]] = {"af": _audio, "msg": _warned}


METERS: Mapping[Kind, type[ReceiverMeters | TransmitterMeters]] = {
    Kind.RECEIVER: ReceiverMeters,
    Kind.IEM: TransmitterMeters,
}


def _levels(text: str) -> tuple[int, ...] | None:
    """The first two of a line's numbers, where both are levels."""
    found = numbers(text)
    return found[:2] if found and len(found) > 1 and min(found[:2]) >= 0 else None


def _dbuv(percent: int | None) -> float | None:
    return None if percent is None else round(percent * DBUV_A_PERCENT, 1)


def _active(antenna: int | None, number: int) -> str | None:
    return None if antenna not in (1, 2) else "active" if antenna == number else "inactive"
