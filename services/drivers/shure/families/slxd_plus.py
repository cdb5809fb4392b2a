"""PURE, data. SLX-D+ receivers: SLX-D with two links a channel. docs/protocols.md#slx-d-and-slx-d."""

from __future__ import annotations

from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import PropertyTable, Scope, ignored, one
from services.drivers.shure.families import common, slxd
from services.drivers.shure.families.family import Family, model

_LINK = {
    "online": "online",  # lower case, and these two words, were seen on a real unit
    "offline": "offline",
    "EMPTY": "empty",
    "LINKED.INACTIVE": "linked_inactive",
    "LINKED.ACTIVE": "linked_active",
}
"""Firmware 2.0.38.9 has the first two, the document the others."""

FAMILY = Family(
    name="slxd_plus",
    title="SLX-D+",
    models=(
        model("SLXD4Q+", r"SLXD4Q\w*\+", 4),
        model("SLXD4D+", r"SLXD4D\w*\+", 2),
        model("SLXD4+", r"SLXD4\w*\+", 1),
    ),
    properties=PropertyTable(
        (
            *slxd.PROPERTIES,
            one("ENCRYPTION_MODE", Scope.UNIT, "encryption_mode", common.ENCRYPTION),
            one("AUDIO_SUMMING_MODE", Scope.UNIT, "audio_summing_mode", common.SUMMING),
            common.MAC,
            one("ENCRYPTION_STATUS", Scope.PART, "encryption_fault", wire.choice(common.OK_ERROR)),
            one("INTERFERENCE_STATUS", Scope.PART, "interference", common.INTERFERENCE),
            common.ANTENNA_STATUS,
            *ignored(Scope.PART, "NA_CHAN_NAME", "LINK_TX_REBOOT"),
            one("LINK_STATUS", Scope.SLOT, "status", wire.choice(_LINK, "offline")),
            one("SLOT_TX_MODEL", Scope.SLOT, "transmitter_model", wire.word(10)),
            one("LINK_TX_BATT_MINS", Scope.SLOT, "battery_runtime_minutes", special.minutes()),
        )
    ),
    meters=slxd.METERS,
    antennas=2,
    presence=("transmitter_model",),
    slots=2,
    slots_at_once=False,  # the slots are 1 and 2, and 0 is in no document
    controls=slxd.CONTROLS,
    flashes=frozenset({Scope.UNIT, Scope.PART}),
    dumps=(),  # a real SLXD4QDAN+ answers GET 0 ALL with REP ERR and begins to meter
)
