"""Sums up the samples of one channel between two calls of ``take``. Constant size.

RF is a category and no level in dBm: 020 is overload, 070 strong, 100 weak. So it gives no key of the meters but the
overload; the newest number of each antenna is published as it is under ``more``. Audio is eight lamps, one bit each, of
which the highest is the peak lamp: the highest lit lamp in eighths is the percent of the ladder, and no decibel.
Source: docs/protocols/uhfr.md#samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.drivers.shure.uhfr.codec.lines import Sample

TELEMETRY = frozenset(
    {
        "antenna_a",
        "antenna_b",
        "audio_overload",
        "audio_peak_percent",
        "dropouts",
        "rf_overload_a",
        "rf_overload_b",
        "samples",
    }
)
"""Keys of `Meters.take`."""

RF_OVERLOAD: Final = 20
PEAK_LAMP: Final = 0x80
LAMPS: Final = 8

CARRIER_S: Final = 3.0
"""An antenna that lights up, or a fade, changes what is said of the carrier only after so long."""

GONE_S: Final = 10.0
"""After so long without a lit antenna nothing is on the air, whatever bars are still reported."""

_BYTES: Mapping[str, int] = {text: raw for raw in range(256) for text in {f"{raw}", f"{raw:02}", f"{raw:03}"}}
"""Every way to write 0 to 255: looked up instead of converted."""
_ANTENNAS: Mapping[str, tuple[bool, bool]] = {
    "XX": (False, False),
    "AX": (True, False),
    "XB": (False, True),
    "AB": (True, True),
}
_STATES: Mapping[bool, str] = {True: "active", False: "inactive"}


@dataclass(slots=True)
class Meters:
    """The meters of one channel. Times are the event loop's, in seconds."""

    rf_a: int | None = None
    """Newest RF category of antenna A; lower is stronger."""
    rf_b: int | None = None
    newest: float | None = None
    """When the newest sample came."""
    carrier: bool | None = None
    """Whether an antenna receives, fades bridged."""
    gone: bool = False
    """Whether no antenna was lit for `GONE_S`."""
    _lit: bool | None = None
    _since: float = 0.0
    _samples: int = 0
    _dropouts: int = 0
    _antennas: tuple[bool, bool] | None = None
    _audio: int | None = None
    _audio_peak: bool = False
    _overload_a: bool = False
    _overload_b: bool = False

    def add(self, sample: Sample, now: float) -> bool:
        """Take one sample; whether all of it had a meaning."""
        self._samples += 1
        self.newest = now
        self.rf_a, self.rf_b = _BYTES.get(sample.rf_a), _BYTES.get(sample.rf_b)
        self._overload_a = self._overload_a or (self.rf_a is not None and self.rf_a <= RF_OVERLOAD)
        self._overload_b = self._overload_b or (self.rf_b is not None and self.rf_b <= RF_OVERLOAD)
        self._antennas = antennas = _ANTENNAS.get(sample.antennas)
        if antennas is not None:
            self._dropouts += antennas == (False, False)
            self._note(lit=any(antennas), now=now)
        audio = _BYTES.get(sample.audio)
        if audio is not None:
            self._audio = audio if self._audio is None else max(self._audio, audio)
            self._audio_peak = self._audio_peak or bool(audio & PEAK_LAMP)
        return None not in (self.rf_a, self.rf_b, antennas, audio)

    def take(self) -> Mapping[str, object] | None:
        """Sum up, and begin anew; ``None`` where nothing came."""
        if not self._samples:
            return None
        antennas, audio = self._antennas, self._audio
        levels = {
            "antenna_a": None if antennas is None else _STATES[antennas[0]],
            "antenna_b": None if antennas is None else _STATES[antennas[1]],
            "audio_overload": self._audio_peak,
            "audio_peak_percent": None if audio is None else audio.bit_length() * 100 // LAMPS,
            "dropouts": self._dropouts,
            "rf_overload_a": self._overload_a,
            "rf_overload_b": self._overload_b,
            "samples": self._samples,
        }
        self._samples = self._dropouts = 0
        self._audio = None
        self._audio_peak = self._overload_a = self._overload_b = False
        return levels

    def forget(self) -> None:
        """Samples do not come any more: what they said of this moment is no longer known."""
        self.rf_a = self.rf_b = self.newest = self.carrier = self._lit = None
        self.gone = False

    def _note(self, *, lit: bool, now: float) -> None:
        if lit is not self._lit:
            self._lit, self._since = lit, now
        if self.carrier is None or now - self._since >= CARRIER_S:
            self.carrier = lit
        self.gone = not lit and now - self._since >= GONE_S
