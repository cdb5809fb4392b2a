"""Sums up the levels of one channel between two calls of ``take``. Constant size.

RF comes in quarter dBuV and audio in half dBFS. Whether the audio meter shows peak or mean is not said: what is
published is the highest of the readings. Source: docs/protocols/lectrosonics-dsqd.md#status-of-a-channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.lectrosonics.codec.status import Status

TELEMETRY = frozenset(
    {
        "antenna_a",
        "antenna_b",
        "audio_overload",
        "audio_peak_dbfs",
        "dropouts",
        "rf_dbuv",
        "rf_min_dbuv",
        "samples",
    }
)
"""Keys of `Meters.take`."""

DBFS_A_STEP: Final = 0.5
DBUV_A_STEP: Final = 0.25


@dataclass(slots=True)
class Meters:
    """The meters of one channel."""

    _samples: int = 0
    _dropouts: int = 0
    _audio: int | None = None
    _rf: int | None = None
    _rf_least: int | None = None
    _antenna: int | None = None
    _clipped: bool = False

    def add(self, status: Status) -> None:
        """Take one status; one without a link is a dropout of a transmitter that is there.

        A channel that is switched off has no levels: its zeros would be full scale.
        """
        if status.power == 0:
            self.clear()
            return
        self._samples += 1
        self._dropouts += status.link == 0
        self._rf = status.rf
        if status.rf is not None:
            self._rf_least = status.rf if self._rf_least is None else min(self._rf_least, status.rf)
        if status.audio is not None:
            self._audio = status.audio if self._audio is None else max(self._audio, status.audio)
        self._antenna = status.antenna if status.link else 0
        self._clipped = self._clipped or bool(status.link and status.clip)

    def take(self) -> Mapping[str, object] | None:
        """Sum up, and begin anew; ``None`` where nothing came."""
        if not self._samples:
            return None
        levels = {
            "antenna_a": _state(self._antenna, 1),
            "antenna_b": _state(self._antenna, 2),
            "audio_overload": self._clipped,
            "audio_peak_dbfs": None if self._audio is None else self._audio * DBFS_A_STEP,
            "dropouts": self._dropouts,
            "rf_dbuv": None if self._rf is None else self._rf * DBUV_A_STEP,
            "rf_min_dbuv": None if self._rf_least is None else self._rf_least * DBUV_A_STEP,
            "samples": self._samples,
        }
        self.clear()
        return levels

    def clear(self) -> None:
        """Begin anew."""
        self._samples = self._dropouts = 0
        self._audio = self._rf = self._rf_least = self._antenna = None
        self._clipped = False


def _state(antenna: int | None, number: int) -> str | None:
    return None if antenna is None else "active" if antenna == number else "inactive"
