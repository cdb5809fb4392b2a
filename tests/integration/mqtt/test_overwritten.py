"""Retained topics that others emptied or overwrote are the bridge's again, without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated


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
