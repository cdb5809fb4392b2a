"""PURE, data. Docks: MXWNDX2, 4, 8, 4G, 8G of MXW neXt, and MXWNCS2, 4, 8 of the generation before.

Nothing says that they report what changes, so they are polled. docs/protocols/mxw.md#docks.
"""

from __future__ import annotations

import re

from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, one, two
from services.drivers.shure.codec.wire_types import Pair, WireType
from services.drivers.shure.families.family import WHOLE, Evidence, Family, Model
from services.drivers.shure.families.mxw import words
from services.drivers.shure.families.mxw.composing import Bays
from services.model import Kind

POLLED_S = 30.0

PROPERTIES = PropertyTable(
    (
        *words.NEXT_UNIT,
        one("BAY TX_STATUS", Scope.PART, words.STATUS, words.STATUS_WORD),
        one("TX_AVAILABLE", Scope.PART, "microphone_available", words.AVAILABLE),
        one("BAY TX_DEVICE_ID", Scope.PART, "device_id", words.LABEL),
        one("BATT_CHARGE", Scope.PART, "battery_percent", words.PERCENT),
        one("BATT_HEALTH", Scope.PART, "battery_health_percent", words.PERCENT),
        two("BATT_TIME_TO_FULL", Scope.PART, ("time_to_full_minutes", "dock_time_status"), words.TIME_TO_FULL),
        *ignored(Scope.PART, "FLASH", "REMOTE_LINK", "TX_MODEL", "TX_TYPE", "BATT_RUN_TIME"),
    )
)

_SYNONYMS = {
    **words.without_place(PROPERTIES, "BAY"),
    "TX_STATUS": "BAY TX_STATUS",
    "TX_DEVICE_ID": "BAY TX_DEVICE_ID",
}


def _model(name: str, bays: int, note: str = "") -> Model:
    return Model(name, re.compile(name, re.IGNORECASE), bays, note, synonyms=_SYNONYMS)


FAMILY = Family(
    name="mxw_next_dock",
    title="MXW neXt docks",
    models=(
        _model("MXWNDX8G", 8),
        _model("MXWNDX4G", 4),
        _model("MXWNDX8", 8),
        _model("MXWNDX4", 4),
        _model("MXWNDX2", 2),
    ),
    properties=PROPERTIES,
    kind=Kind.CHARGER,
    most_parts=8,
    more=words.OF_BAY,
    part_proof="TX_AVAILABLE",
    composed=frozenset({"occupied", "charge_state"}),
    flashes=frozenset({Scope.UNIT}),
    dumps=tuple(
        (name, WHOLE) for name in ("BAY TX_STATUS", "TX_AVAILABLE", "BAY TX_DEVICE_ID", "BATT_CHARGE", "BATT_HEALTH")
    ),
    dumps_parts=False,
    polled_s=POLLED_S,
    composer=lambda _: Bays(),
)


def _label_of_docked() -> WireType[Pair[str, bool]]:
    """The label, and that somebody is there to have one; without one the bay may be empty or its microphone off."""
    there: WireType[bool] = WireType(lambda text: words.LABEL.decode(text) is not None or None, str)
    return wire.pair(words.LABEL, there, lambda *_: "")


OLD_FAMILY = Family(
    name="mxw_dock",
    title="Microflex Wireless docks",
    models=tuple(
        Model(
            f"MXWNCS{bays}",
            re.compile(f"MXWNCS{bays}", re.IGNORECASE),
            bays,
            "It tells the labels of the microphones in it, not their batteries. How it is recognised is a guess.",
            synonyms={"BAY TX_DEVICE_ID": "TX_DEVICE_ID", "PRI TX_DEVICE_ID": "TX_DEVICE_ID"},
        )
        for bays in (8, 4, 2)
    ),
    properties=PropertyTable(
        (
            *(words.unasked(prop) if prop.name == "FW_VER" else prop for prop in words.UNIT),
            two("TX_DEVICE_ID", Scope.PART, ("device_id", "occupied"), _label_of_docked()),
            *ignored(Scope.PART, "FLASH", "REMOTE_LINK", "PRI REMOTE_LINK", "SEC REMOTE_LINK", "TX_AVAILABLE"),
        )
    ),
    kind=Kind.CHARGER,
    most_parts=8,
    part_proof="TX_DEVICE_ID",
    flashes=frozenset({Scope.UNIT}),
    dumps=(("TX_DEVICE_ID", WHOLE),),
    dumps_parts=False,
    evidence=Evidence(
        {"TX_DEVICE_ID": re.compile(".*", re.DOTALL)},
        unless=frozenset({"CHAN_NAME", "TX_TYPE", "TX_AVAILABLE", "FREQUENCY", "AUDIO_GAIN"}),
    ),
    polled_s=POLLED_S,
)
