"""No I/O. The faults that a simulated transmitter of in-ear monitors can be given."""

from __future__ import annotations

from collections.abc import Mapping

from services.drivers.shure.simulation import faults as of_receivers

LOSE_EVERY = 4
FAULTS: Mapping[str, str] = {
    **{
        name: of_receivers.FAULTS[name]
        for name in ("none", "drop", "reset", "freeze", "fragmented", "garbage", "blank_name", "offline")
    },
    "control_blocked": "Connections are accepted and everything is ignored.",
    "control_refused": "The port is closed, as a unit does that has too many stale connections.",
    "full": "All places are taken by stale connections: new ones are accepted and closed at once.",
    "lossy": f"Every {LOSE_EVERY}th command is lost in silence.",
    "rate_taken": "Another controller sets the metering rate to 100 ms whenever it is set otherwise.",
    "refuses": "Nothing can be set but the metering rate: each SET is answered with the value that stands there.",
    "slow": "Answers come 200 ms late.",
    "swap": "Another unit answers at this address: other names.",
    "transmitter_off": "Both carriers are muted.",
}
SLOW_S = 0.2
TAKEN_MS = 100
"""The rate of the other controller during ``rate_taken``."""
