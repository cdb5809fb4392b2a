"""The broker restarts, freezes, vanishes: the picture at the broker is right again afterwards, and the audit whole."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bridge.app import App
from bridge.mqtt import Connection
from services.live.changes import EVENTS_KEPT
from services.model import AuditContext, Event, Facet, Part
from tests.integration.broker import Mosquitto
from tests.integration.door import PUBLISH, Door, kind
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, standing


def gapless(seen: Observer) -> bool:
    """Every audit event of each stream from the first on has been here, in order; repeats are allowed."""
    streams: dict[str, list[int]] = {}
    for event in seen.audit():
        streams.setdefault(event["stream"], []).append(event["seq"])
    return all(numbers == list(range(1, len(numbers) + 1)) for numbers in streams.values())


def let_the_observer_go_first(app: App, seen: Observer) -> None:
    """Messages that are not retained can only be counted by who is there before they come."""
    connect = app.client._connect
    seen.joined.clear()  # it is set anew when the observer is there again

    async def connect_later() -> Connection:
        await seen.joined.wait()
        return await connect()

    app.client._connect = connect_later  # type: ignore[method-assign]


def hold_the_bridge_back(app: App) -> asyncio.Event:
    """The bridge connects again only when this is set."""
    go, connect = asyncio.Event(), app.client._connect

    async def connect_later() -> Connection:
        await go.wait()
        return await connect()

    app.client._connect = connect_later  # type: ignore[method-assign]
    return go


def said_online(seen: Observer, since: int) -> bool:
    """Whether the bridge itself said so after that many messages; what the broker kept of earlier does not count."""
    state = seen.process("state")
    return any(one.topic == state and not one.old and one.body["state"] == "online" for one in seen.seen[since:])


async def test_a_broker_that_forgot_everything_is_told_everything_again(house: House) -> None:
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online") and seen.link("rack"))
        await seen.until(lambda: seen.newest("bridge/main", "audit_head"))
        before = set(await standing(house.broker.port))
        await house.broker.restart()
        await seen.until(lambda: seen.is_bridge("online") and seen.link("rack"))
        await seen.until(lambda: seen.newest("bridge/main", "audit_head"))
        await seen.until(lambda: before <= seen.retained.keys())
        assert before == set(await standing(house.broker.port))
        assert seen.newest("channel/rack-1", "state")["stale"] is False
        assert seen.available("rack") == ("online", None)


async def test_what_changed_while_the_broker_was_away_is_there_afterwards_and_audited_in_order(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.audit("receiver_online"))
        let_the_observer_go_first(app, seen)
        await house.broker.stop()
        for number in range(40):
            unit.set_value(Part(1), "name", f"Name {number}")
            unit.set_value(Part(1), "transmitter_present", number % 2 == 1)
            await asyncio.sleep(0.01)  # a report each, so that none is folded with the next
        await house.broker.start()
        await seen.until(partial(seen.shows, "rack-1", name="Name 39", transmitter_present=True))
        names = [event["after"]["name"] for event in await seen.until(lambda: names_of(seen, 40))]
        assert names == [f"Name {number}" for number in range(40)]
        assert gapless(seen)
        await seen.until(lambda: len(seen.audit("transmitter_lost")) == len(seen.audit("transmitter_on")) == 20)
        await seen.until(lambda: len(happened(seen, "transmitter_on")) == 20)
        assert app.changes.events_dropped == 0


async def test_events_that_were_under_way_when_the_connection_broke_are_sent_again(house: House) -> None:
    """They were taken off the queue, and stand in a socket that nobody reads any more."""
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        assert app.client.connection is not None
        let_the_observer_go_first(app, seen)
        await house.broker.freeze()
        names: set[str] = set()
        channel = next(app.inventory.parts())[1].address
        for number in range(300):
            app.changes.enqueue(Event(f"event-{number}", "transmitter_on", "2026-11-22T19:30:00.000Z", channel))
            names.add(f"event-{number}")
            await asyncio.sleep(0)
        assert app.client.connection.in_flight, "they were handed over, and nobody acknowledges them"
        await house.broker.kill()
        await house.broker.start()
        await seen.until(lambda: names <= happened(seen, "transmitter_on"), 30)
        assert app.changes.events_dropped == 0


def happened(seen: Observer, event_type: str) -> set[str]:
    """Events by their ids: one may come twice."""
    return {event["event_id"] for event in seen.events(event_type)}


async def test_the_head_of_the_audit_never_runs_backwards(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a start the newest event is known at once, and what waited goes out behind it, in portions."""
    monkeypatch.setattr("bridge.publishing.audit_relay.BATCH", 10)
    async with house.bridge() as app:
        await house.broker.stop()
        for _ in range(45):
            app.audit.record("note", context=AuditContext("default", "stage"), after={"text": "x"})
        await app.store.flush()
    await house.broker.start()
    async with house.running() as (_, seen):
        await seen.until(lambda: len(seen.audit("note")) == 45)
        await seen.ask("bridge/main", "note", text="the last one")
        await seen.until(lambda: seen.newest("bridge/main", "audit_head")["after"] == {"text": "the last one"})
        numbers = [one.body["seq"] for one in seen.all("audit_head")]
        assert numbers == sorted(numbers)


def names_of(seen: Observer, number: int) -> list[dict[str, dict[str, str]]]:
    found = [event for event in seen.audit("channel_settings_changed") if "name" in event["after"]]
    return found if len(found) >= number else []


async def test_events_that_nobody_could_be_told_are_bounded_and_counted(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        connection = app.client.connection
        assert connection is not None
        await house.broker.stop()
        await asyncio.wait((connection.lost,))
        channel = next(app.inventory.parts())[1].address
        limit = EVENTS_KEPT
        for _ in range(limit + 5):
            app.changes.enqueue(Event("1", "transmitter_on", "2026-11-22T19:30:00.000Z", channel))
        assert app.changes.events_dropped == 5
        await house.broker.start()
        await seen.until(lambda: seen.is_bridge("online"))


async def test_a_broker_that_stands_still_under_load_ends_neither_the_bridge_nor_the_audit(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await house.broker.freeze()
        connection = await wait_for_congestion(app)
        await house.broker.kill()
        async with asyncio.timeout(10):
            await asyncio.wait((connection.lost,))
        unit.set_value(Part(1), "name", "After")
        await house.broker.start()
        await seen.until(partial(seen.shows, "rack-1", name="After"), 15)
        await seen.until(lambda: seen.is_bridge("online"))


async def test_meters_that_a_standing_broker_does_not_take_are_dropped_and_counted(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: any(channel.meters.newest for _, channel in app.inventory.parts()))
        assert app.publisher.telemetry_dropped == 0
        await house.broker.freeze()
        async with asyncio.timeout(10):
            while not app.publisher.telemetry_dropped:
                for _, channel in app.inventory.parts():
                    app.changes.mark(channel.address, Facet.TELEMETRY)
                await asyncio.sleep(0)
        await house.broker.kill()
        await house.broker.start()
        await seen.until(lambda: seen.is_bridge("online"))


async def wait_for_congestion(app: App) -> Connection:
    """Have so much published that the publisher waits for the broker."""
    connection = app.client.connection
    assert connection is not None
    async with asyncio.timeout(10):
        while not connection.congested:
            for _, channel in app.inventory.parts():
                app.changes.mark(channel.address, Facet.STATE)
            await asyncio.sleep(0)
    for _, channel in app.inventory.parts():
        app.changes.mark(channel.address, Facet.STATE)
    await asyncio.sleep(0)
    return connection


async def test_a_receiver_removed_while_the_broker_was_away_leaves_nothing_there(tmp_path: Path) -> None:
    place = tmp_path / "remembering"
    remembering = Mosquitto(place, "persistence true", f"persistence_location {place}/")
    async with remembering, simulated("axient") as unit, simulated("qlxd") as other:
        kept = House(tmp_path, remembering).serve(entry(unit), entry(other, "other"), mqtt={"value_topics": True})
        async with kept.running() as (app, seen):
            await seen.live("rack", "other")
            await seen.until(lambda: seen.is_bridge("online") and seen.link("rack"))
            await seen.until(lambda: "channel/rack-1/value/name" in str([*seen.retained]))
            looked = hold_the_bridge_back(app)
            await remembering.stop()
            await seen.cut_off.wait()
            kept.serve(entry(other, "other"))
            await app.reload()
            before = len(seen.seen)
            await remembering.start()
            assert [topic for topic in await standing(remembering.port) if "/rack" in topic]
            await seen.back()  # what the bridge says before that is told later as something old
            looked.set()
            await seen.until(lambda: said_online(seen, before))
            left = await standing(remembering.port)
            assert [topic for topic in left if "/other" in topic]
            assert not [topic for topic in left if "/rack" in topic]
        kept.check_payloads()


async def test_a_reload_while_the_broker_is_dying_takes_everything_over_and_listens_when_it_is_back(
    house: House,
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await house.broker.freeze()
        house.serve(entry(unit), entry(unit, "far", campus="far", driver="manual"))
        reloading = asyncio.create_task(app.reload())
        await asyncio.sleep(0)
        await house.broker.kill()
        await reloading
        await house.broker.start()
        far = "mic2mqtt/v1/default/far/receiver/far"
        await seen.until(lambda: seen.is_bridge("online") and f"{far}/info" in seen.retained)
        await seen.publish(f"{far}/cmd/refresh", '{"request_id": "far"}')
        (answer,) = await seen.until(lambda: seen.replies("far", "refresh"))
        assert answer["error"]["code"] == "device_offline"


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_audit_events_that_the_broker_refuses_wait_until_it_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """A broker that speaks MQTT 3.1.1 acknowledges them and throws them away."""
    monkeypatch.setattr("bridge.publishing.audit_relay.REFUSED_PAUSE_S", 0.2)
    monkeypatch.setattr("bridge.publishing.confirmations.ECHO_S", 0.3)
    rights = tmp_path / "acl"
    everything = "topic readwrite mic2mqtt/#\n"
    rights.write_text(f"topic deny mic2mqtt/v1/default/stage/bridge/main/audit\n{everything}")
    rights.chmod(0o644)
    async with Mosquitto(tmp_path, f"acl_file {rights}") as broker:
        house = House(tmp_path, broker)
        async with simulated() as unit, house.serve(entry(unit), mqtt={"protocol": version}).running() as (app, seen):
            await seen.live("rack")
            await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_messages")
            assert "stage/bridge/main/audit" in str(app.health.not_ready())
            assert seen.audit() == []
            rights.write_text(everything)
            let_the_observer_go_first(app, seen)
            await broker.restart()
            await seen.until(lambda: len(seen.audit()) > 1 and gapless(seen), 30.0)
            await seen.until(lambda: seen.is_bridge("online"))


async def test_with_mqtt_3_1_1_a_campus_whose_head_is_thrown_away_is_named_until_that_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.publishing.audit_relay.REFUSED_PAUSE_S", 0.2)
    monkeypatch.setattr("bridge.publishing.confirmations.ECHO_S", 0.3)
    head = "mic2mqtt/v1/default/stage/bridge/main/audit_head"
    async with Mosquitto(tmp_path / "mosquitto") as broker, Door(broker.port) as door:
        house = House(tmp_path, broker).serve(mqtt={"url": door.url, "protocol": "3.1.1"})
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            await seen.ask("bridge/main", "note", text="x")
            await seen.until(lambda: head in seen.retained)
        door.to_client = lambda packet: None if kind(packet) == PUBLISH and head.encode() in packet else packet
        async with house.running() as (app, seen):
            await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_messages")
            assert f"{head}: it acknowledges them and throws them away" in str(app.health.not_ready())
            assert app.client.connection is not None
            door.to_client = lambda packet: packet
            await seen.until(lambda: seen.is_bridge("online"))
            assert app.client.connects == 1
