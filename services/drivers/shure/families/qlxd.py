"""PURE, data. QLX-D receivers: ULX-D with one channel and without remote mute. docs/protocols.md#ulx-d-and-qlx-d."""

from __future__ import annotations

from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec.properties import PropertyTable, Scope, anywhere, one, two
from services.drivers.shure.codec.wire_types import BLOCK_8
from services.drivers.shure.families import ulxd
from services.drivers.shure.families.family import Family, model

_WITHOUT_INDEX = frozenset({"TX_MUTE_STATUS", "TX_MUTE_BUTTON_STATUS", "TX_POWER_SOURCE"})
"""What comes with an index or without one: there is one channel."""

FAMILY = Family(
    name="qlxd",
    title="QLX-D",
    models=(model("QLXD4", r"QLXD4", 1),),
    properties=PropertyTable(
        (
            *ulxd.RECEIVER,
            one("MAC_ADDR", Scope.UNIT, "mac", special.mac()),
            *ulxd.CHANNEL,
            # reported by some firmware, documented for ULX-D alone
            one("RF_INT_DET", Scope.PART, "interference", ulxd.RF_INTERFERENCE, askable=False),
            *(anywhere(prop) if prop.name in _WITHOUT_INDEX else prop for prop in ulxd.TRANSMITTER),
            # raw is dB here, 0 to 21
            two("TX_OFFSET", Scope.PART, ("tx_offset_db", "tx_offset_raw"), special.trim(0, 21, BLOCK_8)),
        )
    ),
    meters=ulxd.METERS,
    most_parts=1,
    antennas=2,
    presence=ulxd.PRESENCE,
    composed=ulxd.COMPOSED,
    controls=ulxd.CONTROLS,
    without_model=frozenset(),
)
