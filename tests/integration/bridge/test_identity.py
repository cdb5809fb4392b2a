"""Who is who, in front of the whole bridge: units alike in every word, one MAC twice, units that change places."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from tests.integration.hardware import Hardware, Manners
from tests.integration.house import House
from tests.integration.observer import Observer

FIRST, SECOND = "00:0e:dd:00:00:01", "00:0e:dd:00:00:02"


class Rack:
    """Units in slots: each slot is an address, and a unit can be put into another one."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.units: list[Hardware] = []

    async def add(self, name: str, host: str = "127.0.0.1", port: int = 0, mac: str | None = None) -> Hardware:
        unit = Hardware(name, Manners())
        unit.memory.lines = [line for line in unit.memory.lines if line[1] != "MAC_ADDR"]
        if mac is not None:
            unit.memory.learn(f"< REP NET_SETTINGS SC MANUAL {host} 255.0.0.0 127.0.0.1 {mac} >")
        unit.host, unit.port = host, port
        await unit.plug_in()
        self._stack.push_async_callback(unit.unplug)
        self.units.append(unit)
        return unit


@asynccontextmanager
async def rack() -> AsyncIterator[Rack]:
    async with AsyncExitStack() as stack:
        yield Rack(stack)


async def exchange(one: Hardware, other: Hardware) -> None:
    """As a power cut and new leases do it."""
    await one.unplug()
    await other.unplug()
    (one.host, one.port), (other.host, other.port) = (other.host, other.port), (one.host, one.port)
    await one.plug_in()
    await other.plug_in()


def units_of(seen: Observer) -> set[str]:
    """Receivers that have an info and an availability at the broker."""
    return {topic.split("/")[5] for topic in seen.retained if "/receiver/" in topic and topic.endswith("/info")}


def entry(unit: Hardware, **more: object) -> dict[str, object]:
    return {"host": unit.host, "port": unit.port, "driver": "shure", **more}


async def test_units_alike_in_every_word_are_all_there_and_stay_over_reload_and_restart(house: House) -> None:
    async with rack() as units:
        five = [await units.add("qlxd4") for _ in range(5)]
        house.serve(*map(entry, five))
        async with house.running() as (app, seen):
            await seen.until(lambda: len(units_of(seen)) == 5 and all(map(seen.is_live, units_of(seen))), 20)
            names = units_of(seen)
            await app.reload()
            await asyncio.sleep(1.0)  # nothing may change in it
            assert units_of(seen) == names
            moved = [one for one in seen.seen if one.facet == "event" and "moved" in str(one.body)]
            assert not moved
            assert all(unit.connections <= 3 for unit in five), "each has its one session"
        async with house.running() as (_, seen):
            await seen.until(lambda: units_of(seen) == names and all(map(seen.is_live, names)), 20)


async def test_units_alike_in_every_word_are_all_found_in_a_range(house: House) -> None:
    async with rack() as units:
        port = 2202
        for number in range(1, 5):
            await units.add("qlxd4", f"127.88.7.{number}", port)
        house.serve(discovery={"ranges": [{"network": "127.88.7.0/29", "adopt": True, "schedule": 3600.0}]})
        async with house.running() as (_, seen):
            await seen.until(lambda: len(units_of(seen)) == 4 and all(map(seen.is_live, units_of(seen))), 20)
            again = await seen.ask("bridge/main", "discover", 20)
            assert again["data"]["counts"]["moved"] == 0
            assert len(units_of(seen)) == 4


async def test_one_mac_address_at_two_configured_places_is_two_units_and_a_conflict_that_both_show(
    house: House,
) -> None:
    async with rack() as units:
        one, other = [await units.add("slxd4qdan_plus", mac=FIRST) for _ in range(2)]
        house.serve(entry(one, id="first"), entry(other, id="second"))
        async with house.running() as (_, seen):
            await seen.live("first", "second", seconds=15)
            for name in ("first", "second"):
                (event,) = await seen.until(partial(seen.events, "identity_conflict", f"/{name}/"))
                assert f"{one.host}:{one.port}" in event["data"]["why"]
                assert f"{other.host}:{other.port}" in event["data"]["why"]
            reply = await seen.ask("bridge/main", "refresh", 20)
            assert reply["status"] == "succeeded"
            assert seen.is_live("first")
            assert seen.is_live("second")
            assert len(seen.events("identity_conflict")) == 2, "said once"


async def test_configured_units_that_exchange_addresses_are_a_conflict_and_never_each_others_name(house: House) -> None:
    async with rack() as units:
        one, other = await units.add("ulxd4", mac=FIRST), await units.add("ulxd4", mac=SECOND)
        one.change("< REP 1 CHAN_NAME {Vox A   } >")
        other.change("< REP 1 CHAN_NAME {Vox B   } >")
        house.serve(entry(one, id="stage"), entry(other, id="chapel"))
        async with house.running() as (_, seen):
            await seen.live("stage", "chapel")
            await seen.until(lambda: seen.shows("stage-1", name="Vox A") and seen.shows("chapel-1", name="Vox B"))
            await exchange(one, other)
            await seen.offline("stage", "identity_conflict", 20)
            await seen.offline("chapel", "identity_conflict", 20)
            assert not [body for body in map(body_of, seen.all("state", "stage-1")) if body.get("name") == "Vox B"]
            await exchange(one, other)
            await seen.live("stage", "chapel", seconds=40)


def body_of(one: Any) -> dict[str, Any]:
    data: dict[str, Any] = one.body.get("data", {})
    return data


async def test_a_spare_from_the_shelf_is_taken_and_audited(house: House) -> None:
    async with rack() as units:
        one = await units.add("ulxd4", mac=FIRST)
        house.serve(entry(one, id="stage"))
        async with house.running() as (_, seen):
            await seen.live("stage")
            await one.unplug()
            await seen.offline("stage")
            await units.add("ulxd4", one.host, one.port, SECOND)
            await seen.live("stage", seconds=20)
            event = (await seen.until(lambda: seen.audit("receiver_replaced")))[0]
            assert (event["before"]["mac"], event["after"]["mac"]) == (FIRST, SECOND)


async def test_a_found_unit_keeps_its_id_when_its_old_address_is_dead_and_is_a_conflict_while_it_answers(
    house: House,
) -> None:
    async with rack() as units:
        one = await units.add("ulxd4", "127.88.9.1", 2202, FIRST)
        house.serve(discovery={"ranges": [{"network": "127.88.9.0/29", "schedule": 3600.0}]})
        async with house.running() as (_, seen):
            await seen.until(lambda: units_of(seen) and all(map(seen.is_live, units_of(seen))), 20)
            (name,) = units_of(seen)
            twin = await units.add("ulxd4", "127.88.9.2", 2202, FIRST)
            found = await seen.ask("bridge/main", "discover", 20)
            assert found["data"]["counts"]["moved"] == 0
            assert units_of(seen) == {name}
            listed = await seen.until(lambda: "127.88.9.2" in str(seen.newest("bridge/main", "candidates")))
            assert listed
            assert seen.is_live(name)
            await one.unplug()
            await seen.offline(name)
            found = await seen.ask("bridge/main", "discover", 20)
            assert found["data"]["counts"]["moved"] == 1
            await seen.live(name, seconds=20)
            assert units_of(seen) == {name}
            assert twin.clients
