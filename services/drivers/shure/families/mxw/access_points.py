"""PURE, data. The first generation of Microflex Wireless: MXWAPT2, MXWAPT4, MXWAPT8.

They have no word for their model: what they answer of channel 1 shows them. docs/protocols/mxw.md#access-points.
"""

from __future__ import annotations

import re

from services.drivers.shure.codec import controls
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, one
from services.drivers.shure.codec.samples import SHORT_HEAD, Columns, sample_layout
from services.drivers.shure.families.family import Evidence, Family, Meters, Model, Return
from services.drivers.shure.families.mxw import words
from services.drivers.shure.families.mxw.composing import Microphones
from services.model import Telemetry

GAIN_MOST_DB = 35
"""The newer page has 0 to 60 on the wire, an older one 0 to 40."""
RF_MOST, AUDIO_MOST = 96, 98
"""Greatest numbers of a SAMPLE. What they are in decibels stands nowhere."""


def _read_sample(columns: Columns) -> Telemetry:
    """RF, audio."""
    _channel, rf, audio = columns
    loudest = max((int(raw) for raw in audio if int(raw) <= AUDIO_MOST), default=None)
    newest = int(rf[-1])
    return {"rf_raw": newest if newest <= RF_MOST else None, "audio_peak_raw": loudest, "samples": len(rf)}


METERS = Meters(
    sample_layout(rb"000 000", b"BX", _read_sample, {"rf_raw", "audio_peak_raw", "samples"}, head=SHORT_HEAD),
    fastest_ms=100,
    slowest_ms=65_535,
)

_SECOND = (
    one("SEC TX_STATUS", Scope.PART, "second_microphone_status", words.STATUS_WORD),
    one("SEC TX_TYPE", Scope.PART, "second_microphone_model", words.TYPE),
    one("SEC TX_DEVICE_ID", Scope.PART, "second_microphone_id", words.LABEL),
    one("SEC BATT_CHARGE", Scope.PART, "second_battery_percent", words.PERCENT),
)
"""Of the second microphone of a channel. The answer to a question about it may come without SEC, and would then be
taken for that of the first: so what is reported by itself is read, and nothing is asked."""

PROPERTIES = PropertyTable(
    (
        *(prop for prop in words.UNIT if prop.name != "FW_VER"),
        # in no list of this generation: taken where it comes, and not asked for
        *(words.unasked(prop) for prop in words.UNIT if prop.name == "FW_VER"),
        one("CHAN_NAME", Scope.PART, "name", wire.text(31)),
        one("AUDIO_GAIN", Scope.PART, "gain_db", words.gain(60)),
        words.status("TX_STATUS"),
        one("TX_AVAILABLE", Scope.PART, "microphone_available", words.AVAILABLE),
        one("TX_TYPE", Scope.PART, "transmitter_model", words.TYPE),
        one("TX_DEVICE_ID", Scope.PART, "transmitter_id", words.LABEL),
        *words.MICROPHONE,
        one("INT_AUDIO_GAIN", Scope.PART, "bodypack_gain_db", words.gain(40)),
        one("BATT_TIME_TO_FULL", Scope.PART, "docked_time_to_full_minutes", words.MINUTES_TO_FULL),
        *map(words.unasked, _SECOND),
        *ignored(Scope.PART, "FLASH", "METER_RATE", "SEC FLASH", "SEC METER_RATE", "SEC CHAN_NAME"),
        *ignored(Scope.PART, "SEC TX_AVAILABLE", "SEC AUDIO_GAIN", "SEC INT_AUDIO_GAIN", "SEC BUTTON_STS"),
        *ignored(Scope.PART, "SEC LED_STATUS", "SEC BP_MIC_SELECT", "SEC BATT_HEALTH", "SEC BATT_RUN_TIME"),
        *ignored(Scope.PART, "SEC BATT_TIME_TO_FULL", "SEC UNLINK"),
        *ignored(Scope.UNIT, "SEC FLASH"),
    )
)

_SYNONYMS = words.without_place(PROPERTIES, "PRI", "CH")


def _model(channels: int) -> Model:
    name = f"MXWAPT{channels}"
    return Model(
        name,
        re.compile(name, re.IGNORECASE),
        channels,
        "Found by what it answers of its microphones: it names neither model nor serial number.",
        synonyms=_SYNONYMS,
    )


FAMILY = Family(
    name="mxw",
    title="Microflex Wireless",
    models=(_model(8), _model(4), _model(2)),
    properties=PROPERTIES,
    meters=METERS,
    most_parts=8,
    antennas=0,
    presence=("transmitter_model",),
    more=(*words.OF_CHANNEL, *words.OF_SECOND),
    controls=(controls.channel_name(), controls.gain(words.GAIN_LEAST_DB, GAIN_MOST_DB)),
    flashes=frozenset({Scope.UNIT, Scope.PART}),
    dumps=(),
    dumps_parts=False,
    evidence=Evidence(
        {"TX_TYPE": re.compile("MXW[1268]", re.IGNORECASE), "TX_AVAILABLE": re.compile("YES|NO", re.IGNORECASE)}
    ),
    back=Return(
        words.BACK,
        (
            *("TX_STATUS", "AUDIO_GAIN", "BATT_RUN_TIME", "BATT_CHARGE", "BATT_HEALTH", "BUTTON_STS", "LED_STATUS"),
            *("TX_TYPE", "TX_DEVICE_ID"),
        ),
    ),
    composer=lambda _: Microphones(charges=True),
)
