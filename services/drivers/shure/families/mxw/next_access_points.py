"""PURE, data. The second generation, MXW neXt: MXWAPX4, MXWAPX8, MXWAPXD2. docs/protocols/mxw.md#next-access-points.

An MXWAPXD2 has two channels and two bays. One unit has one kind: it is a receiver, for people look for its channels;
its bays stand under ``more`` of the unit, for nothing says that bay 1 holds the microphone of channel 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.controls import Control
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, one
from services.drivers.shure.codec.samples import SHORT_HEAD, Columns, audio_scale, highest, sample_layout
from services.drivers.shure.codec.wire_types import BLOCK_8, WireType
from services.drivers.shure.families.family import WHOLE, Family, Meters, Model, Return
from services.drivers.shure.families.mxw import words
from services.drivers.shure.families.mxw.composing import Microphones
from services.model import SettableRange, Telemetry

NAME_MOST = 31
GAIN_LEAST_DB, GAIN_MOST_DB, GAIN_STEP_DB = -110, 30, 0.1
STEPS_A_DB = 10
RF: Mapping[bytes, int] = {b"%03d" % raw: raw - 110 for raw in range(128)}
"""dBm of a SAMPLE; the page goes up to +17."""
AUDIO = audio_scale(-120, min(BLOCK_8))
"""dBFS of a SAMPLE."""


def _read_sample(columns: Columns) -> Telemetry:
    """RF, audio."""
    _channel, rf, audio = columns
    return {
        "audio_peak_dbfs": highest(audio, AUDIO),
        "rf_dbm": RF.get(rf[-1]),
        "rf_min_dbm": RF.get(min(rf)),
        "samples": len(rf),
    }


METERS = Meters(
    sample_layout(
        rb"000 000", b"BX", _read_sample, {"rf_dbm", "rf_min_dbm", "audio_peak_dbfs", "samples"}, head=SHORT_HEAD
    ),
    fastest_ms=100,
    slowest_ms=99_999,
)


def input_gain() -> WireType[float]:
    """0 to 1400 for -110.0 to +30.0 dB."""
    raw = wire.number(4, 0, (GAIN_MOST_DB - GAIN_LEAST_DB) * STEPS_A_DB)

    def decode(text: str) -> float | None:
        steps = raw.decode(text)
        if steps is None:
            return None
        db = steps / STEPS_A_DB + GAIN_LEAST_DB
        return int(db) if db.is_integer() else round(db, 1)

    return words.or_refused(WireType(decode, lambda _db: ""))


def _set_gain() -> Control:
    def write(values: Mapping[str, object]) -> str:
        db = values["gain_db"]
        if isinstance(db, bool) or not isinstance(db, int | float):
            raise ValueError("gain_db is a number")  # noqa: TRY004 - one kind of error for all that cannot be written
        if not GAIN_LEAST_DB <= db <= GAIN_MOST_DB:
            raise ValueError(f"{db} is not within {GAIN_LEAST_DB} and {GAIN_MOST_DB}")
        steps = round((db - GAIN_LEAST_DB) * STEPS_A_DB)
        if round((db - GAIN_LEAST_DB) * STEPS_A_DB, 6) != steps:
            raise ValueError(f"{db} is no multiple of {GAIN_STEP_DB} dB")
        return str(steps)

    can = SettableRange(minimum=GAIN_LEAST_DB, maximum=GAIN_MOST_DB, step=GAIN_STEP_DB, unit="dB")
    return Control("MIC INPUT_CH_GAIN", Scope.PART, {"gain_db": can}, write)


_BAYS = (
    one("BAY TX_STATUS", Scope.PART, f"bay_{words.STATUS}", words.STATUS_WORD),
    one("BAY TX_MODEL", Scope.PART, "bay_microphone_model", words.TYPE),
    one("BAY TX_DEVICE_ID", Scope.PART, "bay_microphone_id", words.LABEL),
    *ignored(Scope.PART, "BAY TX_AVAILABLE", "BAY TX_TYPE"),
)
"""Of the MXWAPXD2 alone."""

PROPERTIES = PropertyTable(
    (
        *words.NEXT_UNIT,
        *ignored(Scope.UNIT, "DECT_CHANNEL_COUNT", "SYSTEM_OPERATION_MODE", "AUTOMIX_OUT_MUTE"),
        one("CHAN_NAME", Scope.PART, "name", wire.text(NAME_MOST)),
        one("MIC INPUT_CH_GAIN", Scope.PART, "gain_db", input_gain()),
        one(
            "MIC INPUT_CH_MUTE",
            Scope.PART,
            "receiver_muted",
            words.or_refused(wire.choice({"MUTED": True, "ACTIVE": False})),
        ),
        words.status("CH TX_STATUS"),
        one("TX_AVAILABLE", Scope.PART, "microphone_available", words.AVAILABLE),
        one("CH TX_AVAILABLE", Scope.PART, "microphone_available", words.AVAILABLE),
        one("CH TX_MODEL", Scope.PART, "transmitter_model", words.TYPE),
        words.unasked(one("CH TX_TYPE", Scope.PART, "transmitter_model", words.TYPE)),
        one("CH TX_DEVICE_ID", Scope.PART, "transmitter_id", words.LABEL),
        *words.MICROPHONE,
        one("INT_AUDIO_GAIN", Scope.PART, "bodypack_gain_db", words.gain(60)),
        one("BATT_TIME_TO_FULL", Scope.PART, "docked_time_to_full_minutes", words.MINUTES_TO_FULL),
        *_BAYS,
        # AUDIO_GAIN is the older view of the input's gain; the other inputs and the outputs are no microphones
        *ignored(Scope.PART, "AUDIO_GAIN", "INPUT_CH_GAIN", "INPUT_CH_MUTE", "OUTPUT_CH_GAIN", "OUTPUT_CH_MUTE"),
        *ignored(Scope.PART, "FLASH", "METER_RATE", "REMOTE_LINK"),
    )
)

_AVAILABLE, _OF_CHANNEL = "TX_AVAILABLE", "CH TX_AVAILABLE"
_SYNONYMS = {
    **words.without_place(PROPERTIES, "CH"),
    **{name: f"CH {name}" for name in ("TX_STATUS", "TX_MODEL", "TX_TYPE", "TX_DEVICE_ID")},
}


def _model(name: str, channels: int) -> Model:
    return Model(
        name,
        re.compile(name, re.IGNORECASE),
        channels,
        lacks=frozenset({*(prop.name for prop in _BAYS), "BATT_TIME_TO_FULL", _OF_CHANNEL}),
        synonyms={**_SYNONYMS, _OF_CHANNEL: _AVAILABLE},
    )


FAMILY = Family(
    name="mxw_next",
    title="MXW neXt",
    models=(
        _model("MXWAPX8", 8),
        _model("MXWAPX4", 4),
        Model(
            "MXWAPXD2",
            re.compile("MXWAPXD2", re.IGNORECASE),
            2,
            "Its two charging bays stand under `more` of the receiver.",
            lacks=frozenset({_AVAILABLE}),
            synonyms={**_SYNONYMS, _AVAILABLE: "BAY TX_AVAILABLE"},
        ),
    ),
    properties=PROPERTIES,
    meters=METERS,
    most_parts=8,
    antennas=0,
    presence=("transmitter_model",),
    more=(*words.OF_CHANNEL, *words.OF_BAYS),
    controls=(
        controls.channel_name(NAME_MOST),
        _set_gain(),
        controls.switch("MIC INPUT_CH_MUTE", Scope.PART, "receiver_muted", "MUTED", "ACTIVE"),
    ),
    flashes=frozenset({Scope.UNIT}),
    dumps=(("ALL", None), ("INPUT_CH_GAIN", WHOLE), ("INPUT_CH_MUTE", WHOLE)),
    dumps_parts=False,
    back=Return(
        words.BACK,
        (
            *("CH TX_STATUS", "CH TX_MODEL", "CH TX_DEVICE_ID", "BATT_RUN_TIME", "BATT_CHARGE", "BATT_HEALTH"),
            *("BUTTON_STS", "LED_STATUS", "MIC INPUT_CH_GAIN", "MIC INPUT_CH_MUTE"),
        ),
    ),
    composer=lambda model: Microphones(charges="BATT_TIME_TO_FULL" not in model.lacks),
)
