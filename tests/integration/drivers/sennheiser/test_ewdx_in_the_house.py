"""An EW-DX with a password in a whole house: published with its driver's password, explained where that is wrong."""

from __future__ import annotations

import asyncio
from functools import partial

from services.drivers.sennheiser.simulation.sscv2.simulator import simulator
from services.drivers.sennheiser.simulation.sscv2.unit import Unit
from tests.integration.drivers.sennheiser.https_stage import PASSWORD
from tests.integration.drivers.sennheiser.stage import addresses
from tests.integration.drivers.sennheiser.test_in_the_house import at, data_of, online, shows
from tests.integration.house import House


def knowing(house: House, unit: Unit, home: str, password: str) -> House:
    at(house, home, {"host": unit.host, "port": unit.port, "driver": "sennheiser", "id": "vox"})
    house.document["credentials"] = [{"driver": "sennheiser", "options": {"password": password}}]
    return house


async def test_a_receiver_is_published_with_its_transmitters_and_levels(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run("ewdx2chds", count=1, listen=first, port=0, still=True, password=PASSWORD) as (unit,),
        knowing(house, unit, home, PASSWORD).running() as (_, seen),
    ):
        await online(seen, "receiver/vox", "channel/vox-1", "channel/vox-2")
        assert data_of(seen, "receiver/vox", "info")["serial"] == unit.receiver.serial
        state = data_of(seen, "channel/vox-1")
        assert (state["transmitter_model"], state["battery_percent"], state["status"]) == ("EW_DX_SKM", 100, "good")
        assert state["more"]["battery_source"] == "rechargeable"
        await seen.until(lambda: seen.all("telemetry", "/channel/vox-1"))
        assert seen.all("telemetry", "/channel/vox-1")[-1].body["data"]["rf_dbm"] == -58.0
        await unit.fault("transmitter_off")
        await seen.until(partial(shows, seen, "channel/vox-1", transmitter_present=False, battery_percent=None))
        assert PASSWORD.encode() not in b"".join(one.payload for one in seen.all("info") + seen.all("link"))


async def test_a_wrong_password_is_sent_once_and_the_remedy_published(house: House) -> None:
    home, _, first = addresses()
    async with (
        simulator.run("ewdx2chds", count=1, listen=first, port=0, still=True, password=PASSWORD) as (unit,),
        knowing(house, unit, home, "wrong").running() as (_, seen),
    ):
        await seen.until(lambda: seen.newest("receiver/vox", "availability").get("reason") == "auth_failed", 20)
        await seen.until(lambda: "Control Cockpit" in str(data_of(seen, "receiver/vox", "link")), 20)
        await asyncio.sleep(4)  # longer than the pause between attempts
        assert unit.refused == 1
