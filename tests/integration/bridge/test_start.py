"""What stands at the broker after a start, in which order it came there, and what a restart keeps."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from services.model import (
    Kind,
    Part,
    state_keys,
)
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, standing


async def test_the_first_live_state_stands_at_the_broker_within_five_seconds_of_the_start(house: House) -> None:
    async with simulated("ulxd", model="ULXD4Q") as unit, house.observer() as seen:
        start = asyncio.get_running_loop().time()
        async with house.serve(entry(unit)).bridge():
            await seen.until(lambda: seen.newest("channel/rack-4", "state").get("stale") is False, 5)
            await seen.live("rack", seconds=5)
            assert asyncio.get_running_loop().time() - start < 5
    assert seen.data("rack-1")["name"]
    assert seen.data("rack-1")["frequency_mhz"] > 400
    assert seen.data("rack-1")["status"] == "good"


@pytest.mark.parametrize("family", ["ulxd", "qlxd", "slxd", "slxd_plus", "axient"])
async def test_every_key_of_every_family_is_present_and_unknown_is_null(house: House, family: str) -> None:
    async with simulated(family) as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.data("rack-1").get("transmitter_present") is not None)
        await seen.until(lambda: seen.newest("receiver/rack", "info")["data"]["family"] == family)
        for one in seen.all("state", "/channel/"):
            assert sorted(one.body["data"]) == sorted(state_keys(Kind.CHANNEL))
        for one in seen.all("state", "/receiver/"):
            assert sorted(one.body["data"]) == sorted(state_keys(Kind.RECEIVER))


def order_of(seen: Observer, start: int = 0) -> list[str]:
    """What was said, in order, each facet once, as far as "online"."""
    words: list[str] = []
    for one in seen.seen[start:]:
        word = f"bridge {one.body['state']}" if one.topic == seen.process("state") else one.facet
        if word not in words:
            words.append(word)
        if word == "bridge online":
            return words
    raise AssertionError(f"the bridge did not become online after {words}")


FACETS = ("info", "state", "availability", "bridge online")


async def test_a_start_says_who_then_what_then_whether_it_is_there_and_then_that_the_bridge_is_online(
    house: House,
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
    words = order_of(seen)
    assert words.index("bridge starting") < words.index("info") or words.index("info") == 0
    assert [word for word in words if word in FACETS] == list(FACETS)


async def test_a_reconnect_says_everything_in_the_same_order_and_never_that_the_bridge_starts(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        before = len(seen.seen)
        assert app.client.connection is not None
        app.client.connection.abort()  # the broker says the will
        said = await seen.until(lambda: [one.body for one in seen.seen[before:] if one.topic == seen.process("state")])
        assert (said[0]["state"], said[0]["expected"]) == ("offline", False)
        await seen.until(lambda: seen.is_bridge("online"))
        words = order_of(seen, before)
        assert "bridge starting" not in words
        assert [word for word in words if word in FACETS] == list(FACETS)


async def test_a_restart_shows_the_stored_values_as_stale_until_the_receiver_has_answered(house: House) -> None:
    async with simulated() as unit:
        async with house.serve(entry(unit, driver="shure")).running() as (_, seen):
            await seen.live("rack")
            first = seen.newest("channel/rack-1", "state")
        await unit.fault("control_blocked")
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            await seen.offline("rack", "connecting")
            second = seen.newest("channel/rack-1", "state")
            assert second["stale"] is True
            assert second["epoch"] > first["epoch"]
            live = {key: value for key, value in second["data"].items() if not key.startswith("status")}
            assert live == {key: value for key, value in first["data"].items() if not key.startswith("status")}
            assert second["data"]["status"] == "offline", "a wall must not show the past as the present"
            assert second["changed_at"] >= first["changed_at"]
            assert seen.newest("channel/rack-1", "availability")["reason"] == "connecting"
            await unit.fault("none")
            await unit.fault("drop")
            await seen.live("rack")
            third = seen.newest("channel/rack-1", "state")
            assert third["stale"] is False
            assert third["revision"] > second["revision"]
            assert third["data"] == first["data"]
            assert not seen.audit("channel_settings_changed")


async def test_what_does_not_change_is_not_published_again(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.ask("receiver/rack", "refresh")
        before = len(seen.all("state", "/rack"))
        await seen.ask("receiver/rack", "refresh")
        unit.set_value(Part(1), "name", "Marker")
        await seen.until(lambda: seen.data("rack-1")["name"] == "Marker")
        states = seen.all("state", "/rack")[before:]
        assert [one.body["id"] for one in states] == ["rack-1"]


async def test_revisions_rise_within_an_epoch(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        for number in range(5):
            unit.set_value(Part(1), "battery_percent", 50 + number)
            await seen.until(partial(seen.shows, "rack-1", battery_percent=50 + number))
        states = [one.body for one in seen.all("state", "channel/rack-1/")]
        assert len({body["epoch"] for body in states}) == 1
        revisions = [body["revision"] for body in states]
        assert revisions == sorted(set(revisions))


async def test_a_clean_stop_says_so_and_leaves_everything_else_standing(house: House) -> None:
    async with simulated() as unit:
        async with house.serve(entry(unit)).running() as (_, seen):
            await seen.live("rack")
            await seen.until(lambda: seen.newest("bridge/main", "audit_head"))
        stood = await standing(house.broker.port)
    assert b'"state":"offline"' in stood["mic2mqtt/v1/bridge/main/state"]
    assert b'"expected":true' in stood["mic2mqtt/v1/bridge/main/state"]
    for facet in ("info", "state", "availability", "link"):
        assert f"mic2mqtt/v1/default/stage/receiver/rack/{facet}" in stood
    assert b'"stale":false' in stood["mic2mqtt/v1/default/stage/channel/rack-1/state"]
    assert "mic2mqtt/v1/default/stage/bridge/main/audit_head" in stood
    assert "mic2mqtt/v1/default/stage/bridge/main/inventory/0" in stood
    assert not any("telemetry" in topic or "/reply/" in topic or topic.endswith("/audit") for topic in stood)
