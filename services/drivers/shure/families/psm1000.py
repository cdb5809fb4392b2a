"""PURE, data. PSM1000, the transmitter P10T of in-ear monitors. docs/protocols/psm1000.md.

It speaks a dialect of its own: lines, REPORT, texts without braces, no dumps, meters as reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from services.drivers.port import Reading
from services.drivers.shure.codec import controls
from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, metered, one, two
from services.drivers.shure.codec.reported_levels import ReportedLevels
from services.drivers.shure.families.family import Dialect, Family, Meters, Model, model
from services.model import Key, Kind

SWITCH = {1: True, 0: False}
MODES = {1: "mono", 2: "point_to_point", 3: "stereo"}
"""Real units answer 3 whatever they are used for, so nothing may be judged by it."""
LINE_LEVELS = {0: "aux", 1: "line"}
POWERS_MW = {10: 10, 50: 50, 100: 100}
INPUT_LEAST_DB, INPUT_MOST_DB = -67, 0
NAME_WIDTH = 8
POWER_MOST_MW = 999

LEVELS = ReportedLevels({"AUDIO_IN_LVL_L": "audio_left_raw", "AUDIO_IN_LVL_R": "audio_right_raw"})

MORE: tuple[Key, ...] = (
    Key(
        "input_line_level",
        Literal["aux", "line"],
        "What the inputs are set for: aux is -10 dBV, line is +4 dBu.",
        kinds=frozenset({Kind.IEM_CHANNEL}),
        role="setting",
    ),
)
"""Keys that this family alone has."""

_MORE_NAMES = frozenset(row.name for row in MORE)


class Sorting:
    """`ReadingComposer`: every report is complete in itself; keys of this family alone go under ``more``."""

    @property
    def parts(self) -> tuple[int, ...] | None:
        """Each unit has two transmitters."""
        return None

    def compose(self, reading: Reading) -> Sequence[Reading]:
        """The reading with its keys in their places."""
        if _MORE_NAMES.isdisjoint(reading.values):
            return [reading]
        more = {key: value for key, value in reading.values.items() if key in _MORE_NAMES}
        values = {key: value for key, value in reading.values.items() if key not in more}
        return [Reading(reading.part, values, more)]

    def complete(self) -> Sequence[Reading]:
        """Nothing is kept back."""
        return []


def _sorting(_: Model) -> Sorting:
    return Sorting()


FAMILY = Family(
    name="psm1000",
    title="PSM1000",
    models=(
        model(
            "P10T",
            r"P10T|PSM ?1000|PSM1KTx",
            2,
            "It names no model, and P10T is the only transmitter of this line. No serial number and no MAC address: it "
            "is known by its address, and by its adverts.",
        ),
    ),
    properties=PropertyTable(
        (
            two("DEVICE_NAME", Scope.UNIT, ("device_id", "name"), wire.twice(wire.bare_text(NAME_WIDTH))),
            *ignored(Scope.UNIT, "ERR", "METER_RATE"),
            one("CHAN_NAME", Scope.PART, "name", wire.bare_text(NAME_WIDTH)),
            one("FREQUENCY", Scope.PART, "frequency_mhz", special.megahertz(6)),
            two("GROUP_CHAN", Scope.PART, ("group", "group_channel"), special.group()),
            one("RF_MUTE", Scope.PART, "rf_muted", wire.numbered(SWITCH)),
            one("RF_TX_LVL", Scope.PART, "rf_power_mw", wire.signed(0, POWER_MOST_MW)),
            one("AUDIO_TX_MODE", Scope.PART, "audio_mode", wire.numbered(MODES)),
            one("AUDIO_IN_LVL", Scope.PART, "input_level_db", wire.signed(INPUT_LEAST_DB, INPUT_MOST_DB)),
            one("AUDIO_IN_LINE_LVL", Scope.PART, "input_line_level", wire.numbered(LINE_LEVELS)),
            *ignored(Scope.PART, "ERR", "METER_RATE"),
            *metered(*LEVELS.names),
        ),
        verb="REPORT",
    ),
    kind=Kind.IEM,
    dialect=Dialect(line_end=b"\r\n", one_by_one=True),
    meters=Meters(None, fastest_ms=100, slowest_ms=65_535, levels=LEVELS, rate_digits=0, shared=True),
    most_parts=2,
    controls=(
        controls.bare_name("DEVICE_NAME", Scope.UNIT),
        controls.bare_name("CHAN_NAME", Scope.PART),
        controls.whole("AUDIO_IN_LVL", "input_level_db", INPUT_LEAST_DB, INPUT_MOST_DB, "dB"),
        controls.numbered("AUDIO_IN_LINE_LVL", "input_line_level", LINE_LEVELS),
        controls.numbered("AUDIO_TX_MODE", "audio_mode", MODES),
        controls.numbered("RF_MUTE", "rf_muted", SWITCH),
        controls.numbered("RF_TX_LVL", "rf_power_mw", POWERS_MW, "mW"),
        controls.frequency(6),
        controls.group("GROUP_CHAN", in_braces=False),
    ),
    more=MORE,
    composer=_sorting,
)
