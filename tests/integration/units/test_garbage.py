"""What lost connections leave behind: circles wait for the garbage collector, which looks at old ones once in hours."""

from __future__ import annotations

import gc

import pytest

from tests.integration.house import House, entry, simulated

LOSSES = 3
WORDS = ("services.drivers.shure", "services.drivers.transport", "services.units")


@pytest.mark.parametrize("fault", ["drop", "reset", "offline"])
async def test_a_lost_connection_leaves_no_conversation_for_the_garbage_collector(house: House, fault: str) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):

        async def lose() -> None:
            before = len(seen.events("online"))
            await unit.fault(fault)
            await seen.offline("rack")
            await unit.fault("none")
            await seen.until(lambda: len(seen.events("online")) > before)

        await seen.live("rack")
        await lose()
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            for _ in range(LOSSES):
                await lose()
            gc.collect()
            left = [one for one in gc.garbage if type(one).__module__.startswith(WORDS)]
            assert not left, "each loss leaves objects that hold each other"
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()
