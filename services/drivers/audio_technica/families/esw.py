"""ESW (DECT): the receivers ESW-R4180DAN and ESW-R4180LK, and the networked docks ESW-CHG4 and ESW-CHG5. PURE."""

from __future__ import annotations

from typing import Final

from services.drivers.audio_technica.codec import values
from services.drivers.audio_technica.families.common import (
    LEVELS,
    LINK,
    MODE,
    STEP_TELEMETRY,
    UNIT_QUESTIONS,
    of_unit,
    quoted,
    volume,
)
from services.drivers.audio_technica.families.family import Cell, Control, Family, Flash, Question, Turn, Values
from services.model import Kind, SettableRange

PORT: Final = 17200
PERCENT: Final = values.whole(0, 100)
KINDS: Final = values.word({"0": "handheld", "1": "bodypack", "2": "boundary", "3": "desk_stand"})
DOCKED: Final = values.word({"0": "handheld", "1": "bodypack", "2": "boundary", "3": "tabletop"})
HIGH_PASS: Final = values.word({"0": 0, "1": 80, "2": 120, "3": 160})
FULL: Final = 100

NAME_MOST: Final = 8
"""Characters of a name that every unit of the maker surely takes; what an ESW takes at most stands in no source."""
NAME_CHARACTERS: Final = "".join(map(chr, range(0x20, 0x7F))).replace('"', "")
_NAME: Final = SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS)

_OF_UNIT: Final = (
    *UNIT_QUESTIONS,
    of_unit("gmyversion", (Cell(0, "firmware", values.text),)),
    of_unit("glocationname", (Cell(0, "location_name", values.text),)),
)
_VOLUME, _SET_VOLUME = volume(-30)

ESW: Final = Family(
    name="esw",
    title="ESW",
    kind=Kind.RECEIVER,
    port=PORT,
    models=("ESW-R",),
    parts=8,
    questions=(
        *_OF_UNIT,
        of_unit("ghdmode", (Cell(0, "transmission_mode", MODE),)),
        Question("gchname", (Cell(0, "name", values.text),)),
        _VOLUME,
        Question("gchmute", (Cell(0, "mute_raw", values.whole(0, 1)),)),
        Question("gchhpf", (Cell(0, "high_pass_hz", HIGH_PASS),)),
        Question("gtxname", (Cell(0, "transmitter_id", values.text),)),
        Question("gtxkind", (Cell(0, "transmitter_kind", KINDS),)),
        Question("gtxmicgain", (Cell(0, "tx_offset_db", values.whole(1, 11, times=3, plus=-12)),)),
        Question(
            "glevelbatttx",
            (
                LINK,
                Cell(1, "battery_percent", PERCENT),
                Cell(2, "battery_runtime_minutes", values.minutes),
                Cell(3, "usb_power", values.flag),
            ),
            Turn.LIVE,
        ),
        Question("gstsmute", (Cell(-1, "transmitter_mute_raw", values.whole(0, 1)),), Turn.LIVE),
        *LEVELS,
    ),
    controls=(Control("name", "schname", "gchname", _NAME, quoted(NAME_MOST, NAME_CHARACTERS)), _SET_VOLUME),
    flashes={False: Flash("rledflash", "0,1", "0,0")},
    telemetry=STEP_TELEMETRY,
    features=("battery_percent",),
)


def _docked(found: Values) -> Values:
    """What the charger does follows from the time until the battery is full; an empty port has nothing."""
    occupied = found.get("occupied")
    if occupied is False:
        return {**dict.fromkeys(found), "occupied": False, "charge_state": "empty"}
    percent, to_full = found.get("battery_percent"), found.get("time_to_full_minutes")
    state = "full" if percent == FULL else "charging" if isinstance(to_full, int) and to_full > 0 else None
    return {**found, "charge_state": state}


DOCK: Final = Family(
    name="esw_dock",
    title="ESW docks",
    kind=Kind.CHARGER,
    port=PORT,
    models=("ESW-CHG",),
    parts=8,
    questions=(
        *_OF_UNIT,
        Question(
            "glevelbatt",
            (
                Cell(0, "occupied", values.flag),
                Cell(1, "battery_percent", PERCENT),
                Cell(2, "battery_cycles", values.whole(0, 99_999)),
                Cell(3, "battery_health_percent", PERCENT),
                Cell(4, "time_to_full_minutes", values.minutes),
                Cell(5, "battery_temperature_c", values.whole(-60, 150)),
                Cell(6, "charge_code", values.whole(0, 999_999)),
            ),
            Turn.LIVE,
            after=_docked,
            filled=("charge_state",),
        ),
        Question("gtxname", (Cell(0, "device_id", values.text),)),
        Question("gtxmodel", (Cell(0, "device_model", values.text),)),
        Question("gtxkind", (Cell(0, "device_type", DOCKED),)),
    ),
    counts="glevelbatt",
    flashes={True: Flash("rledflash", "{},1", "{},0")},
    features=("battery_percent",),
)
