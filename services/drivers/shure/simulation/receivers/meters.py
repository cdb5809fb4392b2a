"""No I/O. Levels as the devices write them: the SAMPLE line of each family, and the metered properties of a dump.

Wire scales: RF raw = dBm + 128 and audio raw = dBFS + 50 on ULX-D and QLX-D, raw = dB + 120 on the others. The LED
bitmaps' steps are not published; those here agree with the published examples (031 at raw peak 102, 003 at 083; 31 at
raw RSSI 060 to 086, 07 at 044, 01 at 030, 00 at 012).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from services.drivers.shure.simulation.receivers.levels import Condition, Levels, circle

_AUDIO_LEDS_DBFS = (-50, -40, -30, -24, -18, -12, -6, -1)
"""The eighth, 128, is the overload light."""
_RF_LEDS_DBM = (-90, -83, -77, -70, -62)
_AXIENT_LETTERS = {"active": "B", "inactive": "X", "interference": "R"}
UNKNOWN_QUALITY = 255

Metered = list[tuple[str, int | None, str]]
"""Wire name, number of the antenna where there is one, value."""


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How a family writes its meters: the fields of a SAMPLE line, and the properties that a dump has of them."""

    fields: Callable[[Layout, Levels], str]
    properties: Callable[[Layout, Levels], Metered]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a unit's antennas come into its lines."""

    form: SampleFormat
    antennas: int = 2
    carriers: int = 1
    both: bool = True
    """Whether both antennas can be shown as active at once; a single ULX-D shows AX or XB only."""


def sample(layout: Layout, channel: int, levels: Levels) -> bytes:
    """One SAMPLE line."""
    return f"< SAMPLE {channel} ALL {layout.form.fields(layout, levels)} >".encode("ascii")


def metered(layout: Layout, levels: Levels) -> Metered:
    """The metered properties, as GET and a dump report them once."""
    return layout.form.properties(layout, levels)


@lru_cache(maxsize=1024)
def lines(layout: Layout, channel: int, profile: int, condition: Condition, *, still: bool) -> tuple[bytes, ...]:
    """A minute of SAMPLE lines, shared by all units that play it."""
    return tuple(
        sample(layout, channel, levels)
        for levels in circle(profile, condition, layout.antennas * layout.carriers, still=still)
    )


def _ab(layout: Layout, levels: Levels) -> str:
    """Two antennas as AX, XB, AB or XX."""
    received = [state != "inactive" for state in levels.antennas[:2]]
    if all(received) and not layout.both:
        stronger = levels.rf_dbm[0] >= levels.rf_dbm[1]
        received = [stronger, not stronger]
    return ("A" if received[0] else "X") + ("B" if received[1] else "X")


def _letters(levels: Levels, first: int, count: int) -> str:
    """One letter an antenna, as Axient writes them."""
    return "".join(_AXIENT_LETTERS[state] for state in levels.antennas[first : first + count])


def _leds(value: int, steps: tuple[int, ...]) -> int:
    """Bitmap of the lights that a level lights, the lowest in bit 0."""
    return (1 << sum(value >= step for step in steps)) - 1


def _raw(value: int, offset: int, top: int = 255) -> str:
    return f"{max(0, min(top, value + offset)):03d}"


def _ulxd_fields(layout: Layout, levels: Levels) -> str:
    return f"{_ab(layout, levels)} {_raw(levels.strongest_dbm, 128)} {_raw(levels.peak_dbfs, 50, 50)}"


def _ulxd_properties(layout: Layout, levels: Levels) -> Metered:
    return [
        ("RF_ANTENNA", None, _ab(layout, levels)),
        ("RX_RF_LVL", None, _raw(levels.strongest_dbm, 128)),
        ("AUDIO_LVL", None, _raw(levels.peak_dbfs, 50, 50)),
    ]


def _slxd_fields(_: Layout, levels: Levels) -> str:
    return f"{_raw(levels.peak_dbfs, 120)} {_raw(levels.rms_dbfs, 120)} {_raw(levels.strongest_dbm, 120)}"


def _slxd_properties(layout: Layout, levels: Levels) -> Metered:
    return [*_audio(levels), *_rssi(layout, levels)]


def _plus_properties(layout: Layout, levels: Levels) -> Metered:
    return [
        *_audio(levels),
        ("RSSI", None, _raw(levels.strongest_dbm, 120)),
        ("ANTENNA_STATUS", None, _ab(layout, levels)),
    ]


def _axient_fields(layout: Layout, levels: Levels) -> str:
    quality = UNKNOWN_QUALITY if levels.quality is None else levels.quality
    parts = [f"{quality:03d}", f"{_leds(levels.peak_dbfs, _AUDIO_LEDS_DBFS):03d}"]
    parts += [_raw(levels.peak_dbfs, 120), _raw(levels.rms_dbfs, 120)]
    for first in range(0, layout.antennas * layout.carriers, layout.antennas):
        parts.append(_letters(levels, first, layout.antennas))
        for level in levels.rf_dbm[first : first + layout.antennas]:
            parts += [f"{_leds(level, _RF_LEDS_DBM):02d}", _raw(level, 120)]
    return " ".join(parts)


def _axient_properties(layout: Layout, levels: Levels) -> Metered:
    quality = UNKNOWN_QUALITY if levels.quality is None else levels.quality
    return [
        ("CHAN_QUALITY", None, f"{quality:03d}"),
        ("AUDIO_LED_BITMAP", None, f"{_leds(levels.peak_dbfs, _AUDIO_LEDS_DBFS):03d}"),
        *_audio(levels),
        ("ANTENNA_STATUS", None, _letters(levels, 0, layout.antennas)),
        *(
            ("RSSI_LED_BITMAP", number, f"{_leds(level, _RF_LEDS_DBM):02d}")
            for number, level in enumerate(levels.rf_dbm[: layout.antennas], 1)
        ),
        *_rssi(layout, levels),
    ]


def _audio(levels: Levels) -> Metered:
    return [
        ("AUDIO_LEVEL_PEAK", None, _raw(levels.peak_dbfs, 120)),
        ("AUDIO_LEVEL_RMS", None, _raw(levels.rms_dbfs, 120)),
    ]


def _rssi(layout: Layout, levels: Levels) -> Metered:
    """One property an antenna. How a second carrier's are numbered is not documented: they are in SAMPLE only."""
    return [("RSSI", number, _raw(level, 120)) for number, level in enumerate(levels.rf_dbm[: layout.antennas], 1)]


ULXD = SampleFormat(_ulxd_fields, _ulxd_properties)
SLXD = SampleFormat(_slxd_fields, _slxd_properties)
SLXD_PLUS = SampleFormat(_slxd_fields, _plus_properties)
AXIENT = SampleFormat(_axient_fields, _axient_properties)
