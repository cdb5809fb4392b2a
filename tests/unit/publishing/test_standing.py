"""Over MQTT 3.1.1 every retained topic is looked at in one round, also those that a connect has just published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from bridge.contract import Topics
from bridge.publishing.retained import StandingTopics


class Connection:
    """What the looks need of a connection; keeps what was looked at."""

    version, congested = "3.1.1", False

    def __init__(self) -> None:
        self.looked: set[str] = set()
        self.all_looked = asyncio.Event()

    async def look_at(self, topics: Sequence[str], _seconds: float) -> dict[str, Any]:
        self.looked |= set(topics)
        if len(self.looked) == TOPICS:
            self.all_looked.set()
        return {}


TOPICS = 120


async def test_what_a_connect_publishes_is_looked_at_in_the_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.publishing.retained.standing.BEGIN_S", 0.2)
    monkeypatch.setattr("bridge.publishing.retained.standing.ROUND_S", 3.0)
    standing, connection = StandingTopics(Topics("mic2mqtt", "main")), Connection()
    standing.connected(cast("Any", connection))
    watching = asyncio.create_task(standing.watch(cast("Any", connection), lambda _address, _facet: None))
    await asyncio.sleep(0)  # it has begun, and nothing was published yet
    for number in range(TOPICS):
        standing.sent(f"mic2mqtt/v1/default/stage/channel/rack-{number}/state", b"{}")
    try:
        async with asyncio.timeout(5.0):  # a round that began before would make it six
            await connection.all_looked.wait()
    finally:
        watching.cancel()
