"""What is published of a receiver besides its state: meters, levels, summary, plain values, slots, events."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from itertools import pairwise

import pytest

from services.model import Campus, Part
from services.units import telemetry as metering
from tests.integration.house import House, entry, simulated
from tests.integration.observer import standing


async def test_meters_come_once_an_interval_and_are_not_retained(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: len(seen.all("telemetry", "rack-1")) >= 4)
        times = [one.at for one in seen.all("telemetry", "rack-1")]
        gaps = [late - early for early, late in pairwise(times[1:])]
        assert all(0.3 < gap < 0.9 for gap in gaps), gaps
        data = seen.all("telemetry", "rack-1")[-1].body["data"]
        assert 3 <= data["samples"] <= 7
        assert data["rf_dbm"] < 0
        assert data["antenna_a"] in {"active", "inactive"}
        assert not any("telemetry" in topic for topic in await standing(house.broker.port))


async def test_a_lost_receiver_has_no_meters(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.all("telemetry"))
        await unit.fault("freeze")
        await seen.offline("rack")
        number = len(seen.all("telemetry"))
        await asyncio.sleep(1.0)  # two intervals in which nothing may come
        assert len(seen.all("telemetry")) == number


async def test_levels_tell_extremes_and_mean_over_a_longer_while(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "LEVELS_S", 2.0)
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: len(seen.all("levels", "rack-1")) >= 2)
        data = seen.all("levels", "rack-1")[-1].body["data"]
        assert data["intervals"] == 4
        assert data["rf_dbm_min"] <= data["rf_dbm_mean"] <= data["rf_dbm_max"]


async def test_an_overload_between_two_messages_is_not_hidden(house: House) -> None:
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.all("telemetry", "rack-1"))
        unit.set_value(Part(1), "quality", 2)
        await seen.until(lambda: seen.all("telemetry", "rack-1")[-1].body["data"]["quality_min"] == 2)


async def test_the_summary_comes_at_most_once_a_second_and_shows_the_newest(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit, labels={"room": "Hall"})).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        start = len(seen.all("summary"))
        for number in range(30):
            unit.set_value(Part(1), "battery_percent", 90 - number)
            await seen.until(partial(seen.shows, "rack-1", battery_percent=90 - number))
        await seen.until(lambda: b'"battery_percent":61' in seen.all("summary")[-1].payload)
        times = [datetime.fromisoformat(one.body["time"]) for one in seen.all("summary")[max(0, start - 1) :]]
        assert all((late - early).total_seconds() > 0.9 for early, late in pairwise(times)), times
        (row,) = [row for row in seen.all("summary")[-1].body["channels"] if row["id"] == "rack-1"]
        assert (row["battery_percent"], row["room"], row["status"]) == (61, "Hall", "good")


async def test_the_summary_knows_a_channel_whose_receiver_is_lost(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await unit.fault("offline")
        summary = seen.topic("bridge/main", "summary")
        await seen.until(lambda: summary in seen.retained and b'"status":"offline"' in seen.retained[summary].payload)


async def test_plain_values_stand_beside_the_state_where_they_are_wanted_and_go_when_they_are_not(
    house: House,
) -> None:
    async with simulated() as unit:
        async with house.serve(entry(unit), mqtt={"value_topics": True}).running() as (_, seen):
            await seen.live("rack")
            value = partial(seen.topic, "channel/rack-1")
            await seen.until(lambda: seen.retained[value("value/status")].payload == b"good")
            unit.set_value(Part(1), "battery_percent", 0)
            await seen.until(lambda: seen.retained[value("value/battery_percent")].payload == b"0")
            assert seen.retained[value("value/receiver_muted")].payload == b"false"
            unit.set_value(Part(1), "transmitter_present", False)
            await seen.until(lambda: value("value/battery_percent") not in seen.retained)
            assert seen.retained[value("value/transmitter_present")].payload == b"false"
            await unit.fault("offline")
            await seen.until(lambda: seen.retained[value("value/status")].payload == b"offline")
        async with house.serve(entry(unit), mqtt={"value_topics": False}).running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
        assert not [topic for topic in await standing(house.broker.port) if "/value/" in topic]


async def test_the_slots_of_axient_show_the_spare_transmitter_too(house: House) -> None:
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        slots = seen.newest("channel/rack-1", "slots")["data"]["slots"]
        assert [slot["number"] for slot in slots] == list(range(1, 9))
    async with simulated("ulxd", seed=9) as unit, house.serve(entry(unit, "plain")).running() as (_, seen):
        await seen.live("plain")
        assert not seen.newest("channel/plain-1", "slots")


async def test_a_battery_that_runs_down_is_told_once_each_step_and_audited(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        for minutes, status in ((91, "good"), (90, "replace"), (92, "replace"), (30, "critical"), (33, "critical")):
            unit.set_value(Part(1), "battery_runtime_minutes", minutes)
            await seen.until(partial(seen.shows, "rack-1", battery_runtime_minutes=minutes, status=status))
        unit.set_value(Part(1), "battery_runtime_minutes", 400)
        await seen.until(partial(seen.shows, "rack-1", status="good"))
        await seen.until(lambda: seen.audit("battery_recovered"))
        for event in ("battery_replace", "battery_critical", "battery_recovered"):
            assert len(seen.events(event, "rack-1")) == 1, event
            assert len(seen.audit(event)) == 1, event


async def test_health_and_link_say_how_things_are(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit), {"host": "127.0.0.1", "port": 9}).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.retained.get(seen.process("health")))
        health = seen.retained[seen.process("health")].body["data"]
        assert [one["host"] for one in health["unidentified"]] == ["127.0.0.1"]
        # it follows the availability; the one of the connect may have been said while the receiver was being read
        await seen.until(lambda: seen.link("rack").get("session") == "live")
        assert seen.link("rack")["last_seen"]


async def test_a_configured_host_without_an_id_gets_one_when_it_answers_and_keeps_it(house: House) -> None:
    async with simulated("slxd_plus", fault="control_refused") as unit:
        async with house.serve(entry(unit, None)).running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            await unit.fault("none")
            (found,) = await seen.until(lambda: seen.newest("bridge/main", "inventory/0").get("receivers"), 15)
            rack = found["receiver"]
            await seen.live(rack)
            assert seen.newest(f"receiver/{rack}", "info")["data"]["source"] == "config"
        async with house.running() as (_, seen):
            await seen.live(rack)
            assert [one["receiver"] for one in seen.newest("bridge/main", "inventory/0")["receivers"]] == [rack]


STAGE = Campus("default", "stage")


async def test_one_changed_channel_sends_the_page_that_it_stands_on_and_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.contract.encoding.ROOM", 400)  # two channels a page
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: len([one for one in seen.retained if "/summary/" in one]) == 1)
        await seen.until(lambda: seen.is_bridge("online"))
        before = len(seen.seen)
        unit.set_value(Part(4), "name", "The last")
        await seen.until(lambda: "The last" in str(seen.newest("bridge/main", "summary/1")), 5)
        pages = {one.facet for one in seen.seen[before:] if one.facet.startswith("summary")}
        assert pages == {"summary/1"}
        app.publisher.republish(STAGE)
        await seen.until(lambda: {one.facet for one in seen.seen[before:] if "summary" in one.facet} >= {"summary"}, 5)


async def test_invented_units_make_no_flood_of_candidates_and_no_message_that_is_too_large(house: House) -> None:
    async with house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        before = len(seen.seen)
        for number in range(3000):
            host = f"10.9.{number // 250}.{number % 250}"
            app.candidates.put(STAGE, host, manufacturer="shure", why="x" * 400)
            if number % 100 == 0:
                await asyncio.sleep(0.01)
        await seen.until(lambda: seen.newest("bridge/main", "candidates").get("candidates_left_out"), 5)
        sent = [one for one in seen.seen[before:] if one.facet == "candidates"]
        assert len(sent) <= 4
        assert all(len(one.payload) < 128 * 1024 for one in sent)
