"""Sums up the levels of one part between two calls of ``take``. Constant size, nothing is kept of a datagram. PURE.

Values come one by one, each when it changes or at its own time: so a summary has the newest of each, the lowest RF
level, the highest audio level, and as many samples as the most frequent of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.sennheiser.ssc.codec.values import number

RF_LOWEST_DBM, RF_HIGHEST_DBM = -150.0, 20.0
AUDIO_LOWEST_DBFS, AUDIO_HIGHEST_DBFS = -200.0, 24.0
PERCENT_MOST = 100

Telemetry = Mapping[str, object]


class Gauge:
    """Levels of one part. ``keys`` are those that the family's meters give; ``lost`` tells that a link was lost."""

    __slots__ = (
        "_antennas",
        "_audio",
        "_counts",
        "_dropouts",
        "_keys",
        "_linked",
        "_lowest",
        "_overload",
        "_quality",
        "_rf",
        "_rf_each",
        "overloaded",
    )

    def __init__(self, keys: frozenset[str]) -> None:
        self._keys = keys
        self._linked: bool | None = None
        self.overloaded = False
        """The unit warns of overload now; kept until it takes the warning back."""
        self._clear()

    def _clear(self) -> None:
        self._counts = [0, 0, 0, 0]
        self._rf: float | None = None
        self._lowest: float | None = None
        self._rf_each: tuple[float | None, ...] = (None, None)
        self._antennas: tuple[bool, bool] | None = None
        self._quality: int | None = None
        self._audio: float | None = None
        self._overload = False
        self._dropouts = 0

    @property
    def linked(self) -> bool | None:
        """Whether the newest quality showed a link; ``None`` before the first."""
        return self._linked

    def rf(self, dbm: float | None) -> bool:
        """The level of the better antenna."""
        self._counts[0] += 1
        if dbm is None or not RF_LOWEST_DBM <= dbm <= RF_HIGHEST_DBM:
            self._rf = None
            return False
        self._rf = dbm
        if self._lowest is None or dbm < self._lowest:
            self._lowest = dbm
        return True

    def rf_each(self, first: float, second: float) -> bool:
        """The levels of both antennas."""
        self._rf_each = first, second
        return self.rf(max(first, second))

    def quality(self, percent: float | None) -> bool:
        """0 is no link; counted as a dropout where there was one before."""
        self._counts[1] += 1
        if percent is None or not 0 <= percent <= PERCENT_MOST:
            self._quality = None
            return False
        self._quality = round(percent)
        linked = percent > 0
        self._dropouts += bool(self._linked) and not linked
        self._linked = linked
        return True

    def antennas(self, *, a: bool, b: bool) -> bool:
        """Which antennas are active."""
        self._counts[2] += 1
        self._antennas = a, b
        return True

    def audio(self, dbfs: float | None) -> bool:
        """A level of the audio."""
        self._counts[3] += 1
        if dbfs is None or not AUDIO_LOWEST_DBFS <= dbfs <= AUDIO_HIGHEST_DBFS:
            return False
        self._audio = dbfs if self._audio is None else max(self._audio, dbfs)
        return True

    def warn(self, *, overload: bool) -> None:
        """The unit warns of overloaded audio, or takes it back; a summary has it when it was so at any time."""
        self.overloaded = overload
        self._overload = self._overload or overload

    def take(self) -> Telemetry | None:
        """Sum up, and begin anew; ``None`` where nothing was metered."""
        samples = max(self._counts)
        if not samples:
            return None
        first, second = self._antennas if self._antennas is not None else (None, None)
        levels: dict[str, object] = {
            "rf_dbm": _tenth(self._rf),
            "rf_min_dbm": _tenth(self._lowest),
            "rf_a_dbm": _tenth(self._rf_each[0]),
            "rf_b_dbm": _tenth(self._rf_each[1]),
            "antenna_a": _active(first),
            "antenna_b": _active(second),
            "quality_percent": self._quality,
            "audio_peak_dbfs": _tenth(self._audio),
            "audio_overload": self._overload or self.overloaded,
            "dropouts": self._dropouts,
            "samples": samples,
        }
        self._clear()
        return {key: value for key, value in levels.items() if key in self._keys}


def _tenth(level: float | None) -> float | None:
    return None if level is None else round(level, 1)


def _active(active: bool | None) -> str | None:  # noqa: FBT001 - a state, three of them
    return None if active is None else "active" if active else "inactive"


def rf(gauge: Gauge, value: object) -> bool:
    """RF in dBm."""
    return gauge.rf(value if type(value) is float else number(value))


def quality(gauge: Gauge, value: object) -> bool:
    """Quality of the link in %."""
    return gauge.quality(number(value))


def audio(gauge: Gauge, value: object) -> bool:
    """Audio in dBFS."""
    return gauge.audio(value if type(value) is float else number(value))


def diversity(gauge: Gauge, value: object) -> bool:
    """The antenna that is heard: 0 none, 1 the first, 2 the second."""
    return value in (0, 1, 2) and not isinstance(value, bool) and gauge.antennas(a=value == 1, b=value == 2)  # noqa: PLR2004
