"""Retained topics that others emptied or overwrote are the bridge's again, without a restart."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from services.model import Part
from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, standing


async def test_what_others_wrote_or_emptied_on_our_topics_is_ours_again_and_said_once(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bridge.publishing.retained.repairs.REPAIR_S", 0.2)
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.until(lambda: seen.newest("bridge/main", "summary").get("channels"))
        state = seen.topic("channel/rack-1", "state")
        summary = seen.topic("bridge/main", "summary")
        for _ in range(2):
            await seen.publish(state, seen.retained[state].payload.replace(b"Vox 1", b"Forged"), retain=True)
            await seen.until(lambda: seen.shows("rack-1", name="Forged"))
            await seen.publish(seen.topic("receiver/rack", "info"), b"", retain=True)
            await seen.publish(summary, b"", retain=True)
            await seen.until(lambda: seen.shows("rack-1", name="Vox 1") and summary in seen.retained)
            await seen.until(lambda: seen.newest("receiver/rack", "info").get("data"))
        assert app.publisher.repairs.count >= 6
        before = app.publisher.repairs.count
        await seen.publish(seen.topic("channel/stranger-1", "state"), seen.retained[state].payload, retain=True)
        assert (await seen.ask("receiver/rack", "refresh"))["status"] == "succeeded"
        assert app.publisher.repairs.count == before, "what is not ours is left alone"
    assert caplog.text.count("others write on our retained topics") == 1


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_every_retained_topic_that_others_changed_or_emptied_is_ours_again(
    tmp_path: Path,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    version: str,
) -> None:
    monkeypatch.setattr("bridge.publishing.retained.repairs.REPAIR_S", 0.2)
    monkeypatch.setattr("bridge.publishing.audit_relay.REFUSED_PAUSE_S", 0.3)
    monkeypatch.setattr("bridge.publishing.bridge_status.HEALTH_S", 0.5)
    monkeypatch.setattr("bridge.publishing.retained.standing.ROUND_S", 0.5)
    monkeypatch.setattr("bridge.publishing.retained.standing.SURE_S", 0.1)
    house = House(tmp_path, mosquitto).serve(mqtt={"protocol": version, "value_topics": True})
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online") and seen.link("rack"))
        await seen.until(lambda: seen.newest("bridge/main", "audit_head"))
        await seen.until(lambda: seen.newest("bridge/main", "summary").get("channels"))
        topics = set(await standing(house.broker.port))
        assert len(topics) > 90
        assert app.client.connection is not None
        if version == "3.1.1":
            received = app.client.connection.counters.received
            async with asyncio.timeout(10):
                while app.client.connection.counters.received < received + len(topics):  # noqa: ASYNC110 - one round
                    await asyncio.sleep(0.02)
        for payload in (b"", b"{}"):
            repaired, heard = app.publisher.repairs.count, len(seen.seen)
            for topic in topics:
                await seen.publish(topic, payload, retain=True)
            spoiled = partial(spoiled_since, seen, heard, payload)
            await seen.until(lambda: topics <= spoiled())  # noqa: B023
            await seen.until(
                lambda: all(topic in seen.retained and seen.retained[topic].payload != b"{}" for topic in topics), 30
            )
            there = await standing(house.broker.port)
            assert topics == {topic for topic, payload in there.items() if payload != b"{}"}
            assert app.publisher.repairs.count > repaired
        assert app.health.not_ready() == []
        await seen.ask("bridge/main", "note", text="nothing of it was taken for a command")
        assert app.gateway.outcomes["unknown", "rejected"] == 0
    assert caplog.text.count("others write on our retained topics") == 1


def spoiled_since(seen: Observer, begin: int, payload: bytes) -> set[str]:
    """Topics under which that payload came."""
    return {one.topic for one in seen.seen[begin:] if one.payload == payload}


async def test_with_mqtt_3_1_1_what_nobody_touched_is_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.publishing.retained.standing.ROUND_S", 0.2)
    monkeypatch.setattr("bridge.publishing.retained.standing.AT_ONCE", 20)
    monkeypatch.setattr("bridge.publishing.retained.standing.SURE_S", 0.2)
    async with simulated() as unit, house.serve(entry(unit), mqtt={"protocol": "3.1.1"}).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        assert app.client.connection is not None
        received = app.client.connection.counters.received
        async with asyncio.timeout(20):
            number = 0
            while app.client.connection.counters.received < received + 300:  # ten rounds
                number += 1
                unit.set_value(Part(1), "name", f"Name {number}")
                await asyncio.sleep(0.01)
        await seen.until(lambda: seen.shows("rack-1", name=f"Name {number}"))
        assert app.publisher.repairs.count == 0
        answer = await seen.ask("receiver/rack", "refresh")
        assert answer["status"] == "succeeded", "commands come through meanwhile"


async def test_with_mqtt_3_1_1_a_state_that_the_broker_throws_away_is_named_until_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.publishing.retained.repairs.REPAIR_S", 0.1)
    monkeypatch.setattr("bridge.publishing.retained.repairs.REFUSED_AGAIN_S", 0.2)
    monkeypatch.setattr("bridge.publishing.retained.standing.ROUND_S", 0.5)
    monkeypatch.setattr("bridge.publishing.retained.standing.SURE_S", 0.1)
    topic = "mic2mqtt/v1/default/stage/channel/rack-1/state"
    rights, everything = tmp_path / "acl", "topic readwrite mic2mqtt/#\n"
    rights.write_text(f"topic deny {topic}\n{everything}")
    rights.chmod(0o644)
    async with Mosquitto(tmp_path / "broker", f"acl_file {rights}") as broker, simulated() as unit:
        house = House(tmp_path, broker).serve(entry(unit), mqtt={"protocol": "3.1.1"})
        async with house.running() as (app, seen):
            await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_messages")
            assert topic in str(app.health.not_ready())
            rights.write_text(everything)
            await broker.reload()
            await seen.until(lambda: topic in seen.retained)
            await seen.until(lambda: seen.is_bridge("online"))
            assert app.health.not_ready() == []


@pytest.mark.parametrize("denied", ["channel/rack-1/state", "bridge/main/summary", "channel/rack-2/value/name"])
async def test_what_the_broker_did_not_take_is_there_soon_after_its_rules_were_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    monkeypatch.setattr("bridge.publishing.retained.repairs.REFUSED_AGAIN_S", 0.2)
    topic = f"mic2mqtt/v1/default/stage/{denied}"
    rights, everything = tmp_path / "acl", "topic readwrite mic2mqtt/#\n"
    rights.write_text(f"topic deny {topic}\n{everything}")
    rights.chmod(0o644)
    async with Mosquitto(tmp_path / "broker", f"acl_file {rights}") as broker, simulated() as unit:
        house = House(tmp_path, broker).serve(entry(unit), mqtt={"value_topics": True})
        async with house.running() as (app, seen):
            await seen.until(lambda: seen.bridge.get("reason") == "broker_refuses_messages")
            assert topic in str(app.health.not_ready())
            connection = app.client.connection
            rights.write_text(everything)
            await broker.reload()
            await seen.until(lambda: topic in seen.retained)
            await seen.until(lambda: seen.is_bridge("online"))
            assert app.client.connection is connection
            assert app.health.not_ready() == []
