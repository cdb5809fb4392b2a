"""System 20 PRO: ATW-R1440, up to five of them behind one connection. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.drivers.audio_technica.codec import values
from services.drivers.audio_technica.families.common import (
    LEVELS,
    LINK,
    MODE,
    STEP_TELEMETRY,
    UNIT_QUESTIONS,
    bars,
    of_unit,
    switch,
    volume,
)
from services.drivers.audio_technica.families.esw import PORT
from services.drivers.audio_technica.families.family import Cell, Family, Flash, Question, Turn
from services.model import Kind

CHANNELS: Final = 4
"""Of one receiver."""
CHAINED_MOST: Final = 5
LINKS: Final = tuple(f"{number:04d}" for number in range(1, CHAINED_MOST + 1))

_WITHOUT_LIFE: Final = 3
"""Fields of an answer without the life that one transcription has before the last field."""


def _with_life(texts: Sequence[str]) -> Sequence[str]:
    return [*texts[:2], "", *texts[2:]] if len(texts) <= _WITHOUT_LIFE else texts


_VOLUME, _SET_VOLUME = volume(-20)

SYSTEM_20: Final = Family(
    name="system20_pro",
    title="System 20 PRO",
    kind=Kind.RECEIVER,
    port=PORT,
    models=("ATW-R14", "ATW-RC14", "ATW-RU14"),
    parts=CHANNELS * CHAINED_MOST,
    links=LINKS,
    questions=(
        *UNIT_QUESTIONS,
        of_unit("gsys20version", (Cell(0, "firmware", values.text),)),
        of_unit("gmyid", (Cell(0, "serial", values.hex_id),)),
        of_unit("ghdmode", (Cell(0, "transmission_mode", MODE),)),
        of_unit("glock", (Cell(0, "lock", values.word({"0": "none", "1": "all"})),)),
        _VOLUME,
        Question("gchmute", (Cell(0, "receiver_muted", values.flag),)),
        Question("gchhpf", (Cell(0, "high_pass", values.flag),)),
        Question("gchoutputtype", (Cell(0, "audio_output_level", values.word({"0": "line", "1": "mic"})),)),
        Question("gtxmodel", (Cell(0, "transmitter_model", values.text),)),
        Question("gtxdeviceid", (Cell(0, "transmitter_id", values.text),)),
        Question("gtxsys20version", (Cell(0, "transmitter_firmware", values.text),)),
        Question(
            "gtxbattery",
            (Cell(0, "battery_type", values.word({"0": "alkaline", "1": "nimh", "2": "lithium_primary"})),),
        ),
        Question("gtxmicgain", (Cell(0, "tx_offset_db", values.whole(0, 15, times=2, plus=-10)),)),
        Question("gtxforcedmute", (Cell(0, "external_mute", values.word({"0": "off", "1": "unmuted", "2": "muted"})),)),
        Question(
            "glevelbatttx",
            (
                LINK,
                Cell(1, "battery_level", values.whole(0, 4)),
                Cell(2, "battery_runtime_minutes", values.minutes),
                Cell(3, "usb_power", values.flag),
            ),
            Turn.LIVE,
            shape=_with_life,
            after=bars,
            filled=("battery_bars",),
        ),
        Question("gtxmute", (Cell(0, "transmitter_muted", values.flag),), Turn.LIVE),
        *LEVELS,
    ),
    controls=(_SET_VOLUME, switch("receiver_muted", "schmute", "gchmute")),
    flashes={False: Flash("rdflp", "1"), True: Flash("rtxledflash", "{}")},
    telemetry=STEP_TELEMETRY,
    features=("battery", "receiver_mute", "transmitter_mute"),
)
