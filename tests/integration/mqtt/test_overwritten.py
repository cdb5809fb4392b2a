"""Retained topics that others emptied or overwrote are the bridge's again, without a restart."""

from __future__ import annotations

import pytest

from tests.integration.house import House, entry, simulated


async def test_what_others_wrote_or_emptied_on_our_topics_is_ours_again_and_said_once(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bridge.publishing.publisher.REPAIR_S", 0.2)
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
        assert app.publisher.repairs >= 6
        before = app.publisher.repairs
        await seen.publish(seen.topic("channel/stranger-1", "state"), seen.retained[state].payload, retain=True)
        assert (await seen.ask("receiver/rack", "refresh"))["status"] == "succeeded"
        assert app.publisher.repairs == before, "what is not ours is left alone"
    assert caplog.text.count("others write on our retained topics") == 1
