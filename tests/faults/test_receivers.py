"""Receivers misbehave, and whoever looks at the broker sees what is the matter: soon, and never more than that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer


@asynccontextmanager
async def two(house: House, family: str = "ulxd") -> AsyncIterator[tuple[SimulatedUnit, SimulatedUnit, Observer]]:
    """Two live receivers, ``rack`` and ``other``."""
    async with (
        simulated(family, model="ULXD4D") as unit,
        simulated("qlxd", seed=2) as other,
        house.serve(entry(unit), entry(other, "other")).running() as (_, seen),
    ):
        await seen.live("rack", "other")
        yield unit, other, seen


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    start = asyncio.get_running_loop().time()
    yield
    took = asyncio.get_running_loop().time() - start
    assert took < seconds, f"took {took:.2f} s"


@pytest.mark.parametrize(("fault", "reason"), [("drop", "closed_by_device"), ("reset", "reset_by_device")])
async def test_a_connection_that_ends_is_seen_within_a_second_and_comes_back_within_five(
    house: House, fault: str, reason: str
) -> None:
    async with two(house) as (unit, _, seen):
        name = seen.data("rack-1")["name"]
        async with within(1):
            await unit.fault(fault)
            await seen.offline("rack", reason)
            await seen.until(lambda: seen.newest("channel/rack-1", "state")["stale"])
            await seen.until(lambda: seen.newest("channel/rack-1", "availability")["reason"] == reason)
        assert seen.data("rack-1")["name"] == name
        assert seen.data("rack-1")["status"] == "offline"
        async with within(5):
            await seen.live("rack")
        await seen.until(lambda: seen.newest("channel/rack-1", "state")["stale"] is False)
        assert seen.data("rack-1")["status"] == "good"
        await seen.until(lambda: len(seen.audit("receiver_online")) == 3)
        assert [event["resource"] for event in seen.audit("receiver_offline")] == ["receiver/rack"]
        await seen.until(lambda: seen.link("rack").get("reconnects_24h") == 1)


async def test_a_silent_receiver_is_lost_within_two_keepalives_and_back_within_five_seconds(house: House) -> None:
    async with two(house) as (unit, _, seen):
        async with within(2.5):  # the keep-alive is a second
            await unit.fault("freeze")
            await seen.offline("rack", "silent")
        await seen.until(lambda: "nothing was received" in str(seen.link("rack").get("last_error")))
        await unit.fault("none")
        async with within(5):
            await seen.live("rack")


async def test_a_receiver_that_is_quiet_but_answers_is_not_lost(house: House) -> None:
    house.serve(polling={"meter_interval": "0"})
    async with two(house) as (_, _, seen):
        with pytest.raises(AssertionError, match="not within"):
            await seen.offline("rack", seconds=3)  # three keep-alives


async def test_a_receiver_that_was_away_is_back_within_five_seconds_and_disturbed_nobody(house: House) -> None:
    async with two(house) as (unit, other, seen):
        await unit.fault("offline")
        await seen.offline("rack")
        await seen.offline("rack", "refused")
        other.set_value(Part(1), "name", "Other 1")
        async with within(1):
            await seen.until(partial(seen.shows, "other-1", name="Other 1"))
        assert [one.body["state"] for one in seen.all("availability", "receiver/other")][-1] == "online"
        assert not seen.events("offline", "receiver/other")
        await unit.fault("none")
        async with within(5):
            await seen.live("rack")


@pytest.mark.parametrize("fault", ["fragmented", "garbage"])
async def test_lines_in_pieces_and_noise_between_them_change_nothing_of_what_is_seen(house: House, fault: str) -> None:
    async with two(house) as (unit, _, seen):
        first = seen.data("rack-1")
        await unit.fault(fault)
        await unit.fault("drop")
        await seen.offline("rack")
        await seen.live("rack")
        assert seen.data("rack-1") == first
        unit.set_value(Part(1), "battery_percent", 61)
        unit.set_value(Part(2), "name", "Piecemea")
        await seen.until(partial(seen.shows, "rack-1", battery_percent=61))
        await seen.until(partial(seen.shows, "rack-2", name="Piecemea"))
        assert not [event for event in seen.audit("channel_settings_changed") if event["late"]]


async def test_a_blank_name_is_a_name_and_stops_nothing(house: House) -> None:
    async with two(house) as (unit, _, seen):
        await unit.fault("blank_name")
        await seen.until(lambda: not seen.data("rack-1")["name"])
        unit.set_value(Part(1), "battery_percent", 33)
        await seen.until(partial(seen.shows, "rack-1", battery_percent=33))


@pytest.mark.parametrize("name", ["<>", "a<b", "a>b", ">", "< REP >"])
async def test_names_with_the_signs_of_the_protocol_arrive_whole(house: House, name: str) -> None:
    async with two(house) as (unit, _, seen):
        unit.set_value(Part(1), "name", name)
        unit.set_value(Part(1), "battery_percent", 77)
        await seen.until(partial(seen.shows, "rack-1", battery_percent=77))
        assert seen.data("rack-1")["name"] == name


async def test_a_transmitter_that_goes_takes_its_values_along_and_leaves_its_last_battery(house: House) -> None:
    async with two(house) as (unit, _, seen):
        unit.set_value(Part(1), "battery_percent", 44)
        await seen.until(partial(seen.shows, "rack-1", battery_percent=44))
        bars = seen.data("rack-1")["battery_bars"]
        await unit.fault("transmitter_off")
        await seen.until(partial(seen.shows, "rack-1", transmitter_present=False))
        gone = seen.data("rack-1")
        assert gone["status"] == "lost"
        assert (gone["battery_percent"], gone["battery_bars"], gone["transmitter_model"]) == (None, None, None)
        assert (gone["last_battery_percent"], gone["last_battery_bars"]) == (44, bars)
        assert gone["transmitter_last_seen"] is not None
        assert gone["audio_path"] == "no_signal"
        assert gone["name"]
        assert seen.available("rack") == ("online", None), "a transmitter that is off is not a receiver that is off"
        await seen.until(lambda: seen.events("transmitter_lost", "rack-1"))
        await seen.until(lambda: seen.audit("transmitter_lost"))
        await unit.fault("none")
        await seen.until(partial(seen.shows, "rack-1", transmitter_present=True, status="good", battery_percent=44))
        assert seen.data("rack-1")["transmitter_last_seen"] is None
        await seen.until(lambda: seen.events("transmitter_on", "rack-1"))


@pytest.mark.parametrize(
    ("fault", "reason", "family", "menu"),
    [
        ("control_blocked", "control_blocked", "slxd", "Allow Third-Party Controls"),
        ("control_refused", "refused", "slxd", "Allow Third-Party Controls"),
        ("control_blocked", "control_blocked", "slxd_plus", "Controller Access"),
    ],
)
async def test_blocked_control_is_told_with_the_way_to_the_menu(
    house: House, fault: str, reason: str, family: str, menu: str
) -> None:
    async with (
        simulated(family, fault=fault) as unit,
        house.serve(entry(unit, driver="shure")).running() as (_, seen),
    ):
        await seen.offline("rack", reason)
        await seen.until(lambda: menu in str(seen.link("rack").get("last_error")))
        await unit.fault("none")
        await unit.fault("drop")
        await seen.live("rack")  # as long as it takes: pauses between attempts have grown meanwhile
        await seen.until(lambda: seen.link("rack").get("last_error") is None)


async def test_slow_answers_are_waited_for(house: House) -> None:
    async with simulated("ulxd", fault="slow") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        answer = await seen.ask("receiver/rack", "refresh")
        assert answer["status"] == "succeeded"
        assert not seen.events("offline")


async def test_another_unit_behind_an_id_of_the_file_is_accepted_and_audited(house: House) -> None:
    async with simulated("slxd_plus") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.newest("receiver/rack", "info")["data"]["mac"])
        mac = seen.newest("receiver/rack", "info")["data"]["mac"]
        await unit.fault("swap")
        await seen.offline("rack")
        await seen.live("rack")
        (event,) = await seen.until(lambda: seen.audit("receiver_replaced"))
        assert event["before"]["mac"] == mac
        await seen.until(lambda: seen.newest("receiver/rack", "info")["data"]["mac"] not in {mac, None})


async def test_another_unit_at_the_address_of_a_receiver_that_a_command_added_is_a_conflict(house: House) -> None:
    async with simulated("slxd_plus") as unit, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.bridge.get("state") == "online")
        answer = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
        rack = answer["data"]["receiver"]
        await seen.live(rack)
        before = seen.data(f"{rack}-1")
        await unit.fault("swap")
        await seen.offline(rack, "identity_conflict")
        await seen.until(lambda: "receiver_replace" in str(seen.link(rack).get("last_error")))
        await seen.until(lambda: seen.audit("receiver_conflict"))
        await seen.until(lambda: seen.events("identity_conflict", rack))
        assert seen.newest(f"channel/{rack}-1", "state")["stale"] is True
        assert seen.data(f"{rack}-1")["name"] == before["name"], "nothing of the stranger may show under this id"
        answer = await seen.ask("bridge/main", "receiver_replace", id=rack)
        assert answer["status"] == "succeeded"
        await seen.live(rack)
        assert seen.data(f"{rack}-1")["name"] != before["name"]
