"""A Bolero antenna and an Executive Elite base in front of the whole bridge: published as what they are, to be read."""

from __future__ import annotations

from typing import Any

from services.model import Kind, Part, state_keys
from tests.integration.house import LOOPBACK, House, simulators
from tests.integration.observer import Observer


def with_unit(house: House, unit: dict[str, object]) -> House:
    house.serve(polling={"keepalive": "1s"})
    house.document.pop("receivers")
    house.document["units"] = [unit]
    return house


def beltpack(seen: Observer, number: int) -> dict[str, Any]:
    data: dict[str, Any] = seen.newest(f"beltpack/net-{number}", "state").get("data", {})
    return data


async def test_an_intercom_is_published_with_its_beltpacks_and_their_events(house: House) -> None:
    running = simulators()["riedel"].run("bolero", count=1, listen=LOOPBACK, port=0, still=True)
    async with running as (unit,):
        listed = {"host": unit.host, "port": unit.port, "id": "net", "kind": "intercom", "driver": "riedel"}
        async with with_unit(house, listed).running() as (_, seen):
            await seen.until(lambda: seen.newest("intercom/net", "availability").get("state") == "online")
            await seen.until(lambda: beltpack(seen, 4).get("connected") is True)
            await seen.until(lambda: seen.newest("intercom/net", "info")["data"]["beltpack_count"] == 4)
            assert sorted(beltpack(seen, 4)) == sorted(state_keys(Kind.BELTPACK))
            assert sorted(seen.newest("intercom/net", "state")["data"]) == sorted(state_keys(Kind.INTERCOM))
            assert (beltpack(seen, 4)["status"], beltpack(seen, 7)["status"]) == ("good", "idle")
            unit.set_value(Part(4), "battery_percent", 8)
            await seen.until(lambda: seen.events("battery_critical", "beltpack/net-4"))
            unit.set_value(Part(4), "connected", value=False)
            await seen.until(lambda: seen.events("beltpack_lost", "beltpack/net-4"))
            await seen.until(lambda: beltpack(seen, 4)["status"] == "lost")
            assert (beltpack(seen, 4)["battery_percent"], beltpack(seen, 4)["last_battery_percent"]) == (None, 8)
    house.check_payloads()


async def test_an_executive_elite_base_is_published_with_its_channels(house: House) -> None:
    running = simulators()["yamaha"].run("elite_4", count=1, listen=LOOPBACK, port=0, still=True, password="secret")
    async with running as (unit,):
        options = {"password": "secret"}
        listed = {"host": unit.host, "port": unit.port, "id": "room", "driver": "yamaha", "options": options}
        async with with_unit(house, listed).running() as (_, seen):
            await seen.until(lambda: seen.newest("channel/room-4", "state").get("stale") is False)
            assert seen.newest("channel/room-4", "state")["data"]["battery_percent"] == 100
            unit.set_value(Part(1), "transmitter_muted", value=True)
            await seen.until(lambda: seen.events("transmitter_muted", "channel/room-1"))
            assert seen.newest("channel/room-1", "state")["data"]["status"] == "muted"
    house.check_payloads()
