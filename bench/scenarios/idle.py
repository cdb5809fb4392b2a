"""What a bridge costs that has nothing to do."""

from __future__ import annotations

from collections.abc import Sequence

from bench.stage import Stage, load_of
from bench.table import Row

SHARE = 0.01


async def measure(stage: Stage) -> Sequence[Row]:
    """Connected receivers that are not metered and do not change."""
    receivers = stage.scale.idle_receivers
    async with stage.house(receivers, meter_interval=0, still=True) as house:
        load = await load_of(house.bridge.pid, lambda: 0, 1.5 * stage.scale.window)
    return [
        Row(
            "idle",
            f"{receivers} receivers connected, metering off",
            f"{100 * load.cores:.2f} % of a core",
            f"< {100 * SHARE:g} %",
            load.cores < SHARE,
            {"cores": load.cores},
        )
    ]
