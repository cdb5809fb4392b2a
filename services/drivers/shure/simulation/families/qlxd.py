"""No I/O, data. A fresh QLX-D receiver: wire names, values, and what they are without a transmitter.

ULX-D with one channel and less of it. MAC_ADDR is left out: only its name is known.
"""

from __future__ import annotations

from dataclasses import replace

from services.drivers.shure.simulation.families import ulxd
from services.drivers.shure.simulation.receivers.defaults import Hardware, replaced, without
from services.drivers.shure.simulation.receivers.settings import PLAIN_TRIM, Field

_MISSING = frozenset({"AUDIO_MUTE", "RF_INT_DET", "HIGH_DENSITY", "AUDIO_SUMMING_MODE", "FREQUENCY_DIVERSITY_MODE"})

DEFAULTS = replace(
    ulxd.DEFAULTS,
    name="qlxd",
    label="QLXD",
    hardware=(Hardware("QLXD4", 1),),
    transmitters=("QLXD2", "QLXD1"),
    device=without(ulxd.DEFAULTS.device, _MISSING),
    channel=replaced(without(ulxd.DEFAULTS.channel, _MISSING), Field("TX_TYPE", "QLXD2", "UNKN")),
    flash=(),
    several=frozenset(),
    traits=frozenset(),
    settings=PLAIN_TRIM,
)
