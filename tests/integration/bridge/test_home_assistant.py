"""Discovery for Home Assistant at a real broker: what is sent, kept, sent again and taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiomqtt
import pytest

from bridge.home_assistant import keeping
from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer

PREFIX = "homeassistant/device/mic2mqtt"
UNIT = f"{PREFIX}_default_stage_rack/config"
CHANNEL = f"{PREFIX}_default_stage_rack_1/config"
BRIDGE = f"{PREFIX}_bridge_main/config"
CAMPUS = f"{PREFIX}_bridge_main_default_stage/config"
FILTERS = ("mic2mqtt/#", "homeassistant/device/#")


@pytest.fixture
async def receiver() -> AsyncIterator[SimulatedUnit]:
    async with simulated() as unit:
        yield unit


def on(**settings: object) -> Mapping[str, object]:
    return {"enabled": True, **settings}


def told(observer: Observer, topic: str) -> dict[str, Any]:
    """The discovery that stands under a topic; empty where none does."""
    seen = observer.retained.get(topic)
    return seen.body if seen and seen.payload else {}


def standing(observer: Observer) -> set[str]:
    return {topic for topic, seen in observer.retained.items() if topic.startswith("homeassistant/") and seen.payload}


def count(observer: Observer, topic: str) -> int:
    return sum(1 for one in observer.seen if one.topic == topic)


async def test_nothing_is_sent_until_somebody_switches_it_on(house: House, receiver: SimulatedUnit) -> None:
    house.serve(entry(receiver))
    async with house.observer(*FILTERS) as observer, house.bridge() as app:
        await observer.until(lambda: observer.is_live("rack"))
        assert not standing(observer)
        assert "overview" not in {one.facet for one in observer.seen}
        house.serve(entry(receiver), home_assistant=on())
        await app.reload()
        await observer.until(lambda: told(observer, CHANNEL))
        assert {BRIDGE, CAMPUS, UNIT, CHANNEL} <= standing(observer)
        await observer.until(lambda: observer.newest("bridge/main", "overview"))
        house.serve(entry(receiver), home_assistant={"enabled": False})
        await app.reload()
        await observer.until(lambda: not standing(observer))
        await observer.until(lambda: not observer.newest("bridge/main", "overview"))


async def test_a_restart_sends_only_what_changed_and_an_empty_broker_gets_everything(
    house: House, receiver: SimulatedUnit
) -> None:
    house.serve(entry(receiver, name="Rack"), home_assistant=on())
    async with house.observer(*FILTERS) as observer:
        async with house.bridge():
            await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        before = count(observer, CHANNEL)
        house.serve(entry(receiver, name="Main stage"), home_assistant=on())
        async with house.bridge():
            await observer.until(lambda: told(observer, CHANNEL)["device"]["name"] == "Main stage 1")
            bridge_sent = count(observer, BRIDGE)
        assert count(observer, CHANNEL) == before + 1
        async with aiomqtt.Client("127.0.0.1", house.broker.port) as other:
            await other.publish(BRIDGE, b"", retain=True, qos=1)
        await observer.until(lambda: not told(observer, BRIDGE))
        async with house.bridge():
            await observer.until(lambda: told(observer, BRIDGE))
            await observer.until(lambda: count(observer, CHANNEL) > before + 1)
        assert bridge_sent == 1


async def test_a_birth_brings_discovery_then_state_then_availability(house: House, receiver: SimulatedUnit) -> None:
    house.serve(entry(receiver), home_assistant=on())
    async with house.observer(*FILTERS) as observer, house.bridge():
        await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        begin = len(observer.seen)
        async with aiomqtt.Client("127.0.0.1", house.broker.port) as other:
            await other.publish("homeassistant/status", b"online")

        def answered() -> dict[str, int]:
            ours = {
                CHANNEL: "discovery",
                observer.topic("channel/rack-1", "state"): "state",
                observer.topic("channel/rack-1", "availability"): "availability",
            }
            order = {ours[one.topic]: place for place, one in enumerate(observer.seen[begin:]) if one.topic in ours}
            return order if len(order) == 3 else {}

        order = await observer.until(answered)
        assert order["discovery"] < order["state"] < order["availability"]


async def test_what_is_removed_or_left_out_is_taken_away_before_its_topics(
    house: House, receiver: SimulatedUnit
) -> None:
    house.serve(entry(receiver), home_assistant=on())
    async with house.observer(*FILTERS) as observer, house.bridge() as app:
        await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        house.serve(entry(receiver), home_assistant=on(kinds=["charger"]))
        await app.reload()
        await observer.until(lambda: not told(observer, CHANNEL) and not told(observer, UNIT))
        house.serve(entry(receiver), home_assistant=on(kinds=[], campuses=["stage"]))
        await app.reload()
        await observer.until(lambda: told(observer, CHANNEL) and told(observer, UNIT))
        house.serve(home_assistant=on(campuses=[]))
        await app.reload()
        await observer.until(lambda: not told(observer, CHANNEL))
        state = observer.topic("channel/rack-1", "state")
        await observer.until(lambda: any(one.topic == state and not one.payload for one in observer.seen))
        emptied = [one.topic for one in observer.seen if not one.payload]
        assert emptied.index(CHANNEL) < emptied.index(state)
        assert BRIDGE in standing(observer)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_what_others_delete_or_write_over_is_sent_again(
    house: House, receiver: SimulatedUnit, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.setattr(keeping, "ROUND_S", 0.5)
    monkeypatch.setattr(keeping, "SURE_S", 0.05)
    house.serve(entry(receiver), home_assistant=on(), mqtt={"protocol": protocol})
    async with house.observer(*FILTERS) as observer, house.bridge():
        await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        sent = {topic: told(observer, topic) for topic in (UNIT, CHANNEL)}
        async with aiomqtt.Client("127.0.0.1", house.broker.port) as other:
            await other.publish(UNIT, b'{"components":{}}', retain=True, qos=1)
            await other.publish(CHANNEL, b"", retain=True, qos=1)
        await observer.until(lambda: not told(observer, CHANNEL) and not told(observer, UNIT)["components"])
        await observer.until(lambda: {topic: told(observer, topic) for topic in sent} == sent)
        assert count(observer, BRIDGE) == 1


async def test_another_prefix_and_style_leave_nothing_behind(house: House, receiver: SimulatedUnit) -> None:
    house.serve(entry(receiver), home_assistant=on())
    async with house.observer(*FILTERS, "ha/#") as observer, house.bridge() as app:
        await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        house.serve(entry(receiver), home_assistant=on(prefix="ha", style="single"))
        await app.reload()
        status = "ha/sensor/mic2mqtt_default_stage_rack_1/status/config"
        await observer.until(lambda: told(observer, status) and not standing(observer))
        assert told(observer, status)["object_id"] == "rack_1_status"


async def test_a_devices_name_follows_its_channel_where_somebody_chose_so(
    house: House, receiver: SimulatedUnit
) -> None:
    house.serve(entry(receiver), home_assistant=on(names="channel"))
    async with house.observer(*FILTERS) as observer, house.bridge():
        await observer.until(lambda: observer.is_live("rack") and told(observer, CHANNEL))
        ids = {key: one.get("unique_id") for key, one in told(observer, CHANNEL)["components"].items()}
        receiver.set_value(Part(1), "name", "Hamlet")
        await observer.until(lambda: told(observer, CHANNEL)["device"]["name"] == "Hamlet")
        assert {key: one.get("unique_id") for key, one in told(observer, CHANNEL)["components"].items()} == ids


async def test_a_campus_counts_what_needs_attention_and_names_the_next_battery(
    house: House, receiver: SimulatedUnit
) -> None:
    house.serve(entry(receiver), home_assistant=on())
    async with house.observer(*FILTERS) as observer, house.bridge():
        await observer.until(lambda: observer.is_live("rack"))
        receiver.set_value(Part(2), "name", "Ghost")
        receiver.set_value(Part(2), "battery_runtime_minutes", 5)

        def counted() -> bool:
            data = observer.newest("bridge/main", "overview").get("data", {})
            return bool(data) and data["attention"] == 1 and data["next_battery"]["label"] == "Ghost: 5 min"

        await observer.until(counted)
        needing = observer.newest("bridge/main", "overview")["data"]["needing"]
        assert needing == [{"id": "rack-2", "name": "Ghost", "status": "critical"}]
