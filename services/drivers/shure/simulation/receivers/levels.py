"""No I/O. Meters of one simulated channel: a minute of radio and voice, prepared beforehand and played in a circle.

Everything is a function of a profile number, so two runs with the same seed meter the same. The curves are sums of
sines that close after one minute, plus short fades and pauses of speech. They are plausible, not recorded.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from services.model import AntennaState

STEP_MS = 100
"""Time between two entries of a circle: the shortest metering interval that receivers allow."""
CIRCLE = 600
"""Entries: one minute."""
PROFILES = 12
"""Different voices and places; a channel plays one of them from its own starting point."""

NOISE_DBM = -108
"""What a receiver shows without a carrier: the published Axient example says raw 012 and 011, minus 120."""


class Condition(StrEnum):
    """What a channel's meters depend on besides time."""

    LIVE = "live"
    MUTED = "muted"
    OFF = "off"
    INTERFERENCE = "interference"


@dataclass(frozen=True, slots=True)
class Levels:
    """One moment of one channel. One ``rf_dbm`` and one antenna state for each antenna of each carrier in turn."""

    rf_dbm: tuple[int, ...]
    antennas: tuple[AntennaState, ...]
    peak_dbfs: int
    rms_dbfs: int
    quality: int | None

    @property
    def strongest_dbm(self) -> int:
        """The level that a family with one RF value shows."""
        return max(self.rf_dbm)


# "with no TX, peak < RMS and quality 255": the published example says 005 and 033, minus 120
_SILENT_PEAK_DBFS, _SILENT_RMS_DBFS = -115, -87
_FLOOR_DBFS = -90
_DROP_DBM = -95
"""Below this no antenna holds the signal."""


@lru_cache(maxsize=256)
def circle(profile: int, condition: Condition, antennas: int, *, still: bool = False) -> tuple[Levels, ...]:
    """One minute of meters, or one moment for ever if ``still``."""
    if condition is Condition.OFF:
        rf = tuple(NOISE_DBM - antenna % 2 for antenna in range(antennas))
        idle: AntennaState = "inactive"
        off = Levels(rf, (idle,) * antennas, _SILENT_PEAK_DBFS, _SILENT_RMS_DBFS, None)
        return (off,)
    rng = random.Random(f"{profile} {condition}")
    radio = [_radio(rng, antenna) for antenna in range(antennas)]
    voice = _voice(rng)
    moments = (_moment([curve[step] for curve in radio], voice[step], condition) for step in range(CIRCLE))
    return (next(moments),) if still else tuple(moments)


def pinned(levels: Levels, **values: int) -> Levels:
    """The same moment with some levels fixed by hand: ``rf_a_dbm``, ``audio_peak_dbfs``, ``quality`` ..."""
    rf = list(levels.rf_dbm)
    for index, key in enumerate(RF_KEYS[: len(rf)]):
        rf[index] = values.get(key, values.get("rf_dbm", rf[index]))
    return replace(
        levels,
        rf_dbm=tuple(rf),
        antennas=tuple(_antenna(level, disturbed=False) for level in rf),
        peak_dbfs=values.get("audio_peak_dbfs", levels.peak_dbfs),
        rms_dbfs=values.get("audio_rms_dbfs", levels.rms_dbfs),
        quality=values.get("quality", levels.quality),
    )


RF_KEYS = ("rf_a_dbm", "rf_b_dbm", "rf_c_dbm", "rf_d_dbm", "rf_2_a_dbm", "rf_2_b_dbm", "rf_2_c_dbm", "rf_2_d_dbm")
LEVEL_KEYS = frozenset({*RF_KEYS, "rf_dbm", "audio_peak_dbfs", "audio_rms_dbfs", "quality"})
"""Keys of the telemetry that can be pinned."""


def _radio(rng: random.Random, antenna: int) -> list[float]:
    """A level that wanders, dBm, with two short fades a minute that seldom meet those of the other antennas."""
    base = rng.uniform(-66, -48) - 2 * antenna
    waves = [(rng.uniform(1, 6) / (1 + turns / 8), turns, rng.uniform(0, math.tau)) for turns in (1, 2, 3, 7, 17, 31)]
    fades = [(rng.randrange(CIRCLE), rng.uniform(12, 34), rng.uniform(3, 9)) for _ in range(2)]
    curve = []
    for step in range(CIRCLE):
        level = base + sum(depth * math.sin(math.tau * turns * step / CIRCLE + shift) for depth, turns, shift in waves)
        for middle, depth, width in fades:
            distance = min(abs(step - middle), CIRCLE - abs(step - middle))
            level -= depth * math.exp(-((distance / width) ** 2))
        curve.append(max(level, NOISE_DBM))
    return curve


def _voice(rng: random.Random) -> list[float]:
    """RMS of speech, dBFS: phrases of a few seconds with pauses, syllables within them."""
    curve: list[float] = []
    loudness = rng.uniform(-32, -24)
    while len(curve) < CIRCLE:
        phrase, pause = rng.randrange(15, 60), rng.randrange(4, 25)
        curve += [loudness + rng.gauss(0, 4) - (9 if rng.random() < 1 / 4 else 0) for _ in range(phrase)]
        curve += [rng.uniform(-66, -60) for _ in range(pause)]
    return curve[:CIRCLE]


def _moment(rf: Sequence[float], rms: float, condition: Condition) -> Levels:
    levels = tuple(round(level) for level in rf)
    if condition is Condition.MUTED:
        return Levels(levels, tuple(_antenna(level, disturbed=False) for level in levels), _FLOOR_DBFS, _FLOOR_DBFS, 5)
    disturbed = condition is Condition.INTERFERENCE
    peak = min(0, round(rms + 9))  # speech: the crest is about 9 dB above a short mean
    quality = max(0, min(5, (max(levels) - _DROP_DBM) // 6)) - (2 if disturbed else 0)
    # the other antennas keep the link: an interferer stands somewhere
    antennas = tuple(_antenna(level, disturbed=disturbed and not number % 2) for number, level in enumerate(levels))
    return Levels(levels, antennas, peak, round(rms), max(0, quality))


def _antenna(level: int, *, disturbed: bool) -> AntennaState:
    if level <= _DROP_DBM:
        return "inactive"
    return "interference" if disturbed else "active"
