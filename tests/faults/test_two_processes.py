"""Two processes with one bridge id: the one that began later speaks, the other stands by, nobody floods the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from bridge.app import App
from bridge.mqtt import MqttConfig
from services.store import Store, take_epoch
from tests.integration.broker import Mosquitto
from tests.integration.house import House
from tests.integration.observer import Observer

MANY = 20
"""States of the bridge that two processes which come and go may publish together; a fight makes hundreds a second."""


@asynccontextmanager
async def process(database: Path, broker: Mosquitto, client_id: str, above: int = 0) -> AsyncIterator[App]:
    """A bridge ``main`` with a database of its own, that begins after the epoch ``above``."""
    house = House(database.parent, broker, f"sqlite:///{database}").serve(mqtt={"client_id": client_id})
    async with Store.open(f"sqlite:///{database}") as store:
        await store.ask(partial(take_epoch, now_s=above))
    async with house.bridge() as app:
        yield app


def online_with(seen: Observer, app: App) -> bool:
    return seen.is_bridge("online") and seen.bridge["epoch"] == app.inventory.epoch


@pytest.mark.parametrize("second_client", ["second", "first"])
async def test_the_earlier_one_gives_way_and_speaks_again_when_the_later_one_is_gone(
    tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch, second_client: str
) -> None:
    monkeypatch.setattr("bridge.publishing.succession.GONE_S", 1.0)
    # the pauses of two that throw each other out grow to a minute, the longer the broker takes to be back
    monkeypatch.setattr("bridge.settings.mapping.MqttConfig", partial(MqttConfig, fight_most_s=2.0))
    async with house.observer() as seen, process(tmp_path / "1.db", house.broker, "first") as first:
        await seen.until(lambda: online_with(seen, first))
        epoch = first.inventory.epoch
        async with process(tmp_path / "2.db", house.broker, second_client, epoch) as second:
            await seen.until(lambda: online_with(seen, second) and first.presence.succession.stands_by)
            async with asyncio.timeout(10):
                while first.client.connection is None:  # noqa: ASYNC110 - nobody at the broker sees it come
                    await asyncio.sleep(0.01)
            assert "another process publishes as this bridge" in str(first.health.not_ready())
            assert (await seen.ask("bridge/main", "note", text="x"))["status"] == "succeeded"
            states = len(seen.all("state", "bridge/main"))
            await house.broker.restart()
            await seen.back()
            await seen.until(lambda: online_with(seen, second))
        await seen.until(lambda: online_with(seen, first))
        assert first.inventory.epoch > second.inventory.epoch
        assert first.health.not_ready() == []
        assert states < MANY
        assert len(seen.all("state", "bridge/main")) < 2 * MANY


async def test_of_two_that_began_in_the_same_second_one_speaks(tmp_path: Path, house: House) -> None:
    async with (
        house.observer() as seen,
        process(tmp_path / "1.db", house.broker, "first") as first,
        process(tmp_path / "2.db", house.broker, "second", first.inventory.epoch - 2) as second,
    ):
        second.inventory.epoch = first.inventory.epoch
        one, other = first.presence.succession, second.presence.succession
        async with asyncio.timeout(10):
            while one.stands_by == other.stands_by:  # noqa: ASYNC110 - who gives way says nothing at the broker
                await asyncio.sleep(0.01)
        speaker = second if first.presence.succession.stands_by else first
        await seen.until(lambda: online_with(seen, speaker))
        assert len(seen.all("state", "bridge/main")) < MANY
