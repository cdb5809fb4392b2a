"""What a scan leaves behind: the garbage collector holds the event loop for as long as there is much to look at."""

from __future__ import annotations

import gc

import pytest

from services.drivers import DriverError, Makers, Surroundings, Target, find_drivers
from tests.integration.house import own_address

ADDRESSES = 20


@pytest.mark.parametrize("name", [name for name, driver in sorted(find_drivers().items()) if driver.doors])
async def test_a_look_at_an_address_without_anyone_leaves_nothing_for_the_garbage_collector(name: str) -> None:
    makers = Makers(find_drivers())

    async def look(host: str) -> None:
        with pytest.raises(DriverError):
            await makers.maker(name).look(Target(host, connect_timeout_s=0.3, answer_timeout_s=0.3))

    async with makers.open(Surroundings(interface=own_address())):
        await look("127.9.9.1")
        gc.collect()
        gc.disable()
        try:
            for number in range(1, ADDRESSES + 1):
                await look(f"127.9.8.{number}")
            assert gc.collect() < ADDRESSES, "each look leaves objects that hold each other"
        finally:
            gc.enable()
