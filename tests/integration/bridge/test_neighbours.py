"""Two bridges serve one campus, each with a database of its own: a command to a unit is answered by its owner alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.app import App
from bridge.mqtt import Version
from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer


@asynccontextmanager
async def two_bridges(directory: Path, broker: Mosquitto, version: Version) -> AsyncIterator[tuple[App, App, Observer]]:
    (directory / "sister").mkdir()
    async with simulated() as unit, simulated("qlxd") as theirs:
        house = House(directory, broker).serve(entry(unit), mqtt={"protocol": version})
        sister = House(directory / "sister", broker).serve(
            entry(theirs, "theirs"), bridge={"id": "sister"}, mqtt={"protocol": version}
        )
        async with house.observer() as seen, house.bridge() as app, sister.bridge() as other:
            await seen.live("rack", "theirs")
            await seen.until(lambda: seen.is_bridge("online"))
            await seen.until(lambda: seen.retained.get("mic2mqtt/v1/bridge/sister/state"))
            await seen.until(lambda: "online" in str(seen.retained["mic2mqtt/v1/bridge/sister/state"].payload))
            yield app, other, seen


async def both_have_answered(seen: Observer) -> None:
    """Wait until each bridge has answered something that came later."""
    await seen.ask("bridge/main", "note", text="x")
    await seen.ask("bridge/sister", "note", text="x")


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_is_asked_of_a_unit_is_answered_by_its_owner_alone(
    tmp_path: Path, mosquitto: Mosquitto, version: Version
) -> None:
    async with two_bridges(tmp_path, mosquitto, version) as (app, other, seen):
        asked = [
            ("receiver/rack", "refresh", "{}", "succeeded"),
            ("receiver/theirs", "refresh", "{}", "succeeded"),
            ("channel/theirs-1", "detail", "{}", "succeeded"),
            ("channel/rack-2", "detail", "{}", "succeeded"),
            ("receiver/rack", "explode", "{}", "rejected"),
            ("receiver/theirs", "refresh", "{ no json", "rejected"),
            ("channel/theirs-1", "set", '{"args": {"name": "x"}}', "rejected"),
        ]
        for resource, verb, payload, status in asked:
            before = len(seen.all(f"reply/{verb}", resource))
            await seen.publish(seen.topic(resource, f"cmd/{verb}"), payload)
            await seen.until(lambda: len(seen.all(f"reply/{verb}", resource)) > before)  # noqa: B023
            assert seen.all(f"reply/{verb}", resource)[-1].body["status"] == status
        async with asyncio.timeout(5):
            while app.gateway.elsewhere + other.gateway.elsewhere < len(asked):  # noqa: ASYNC110 - silence is no event
                await asyncio.sleep(0.02)
        await both_have_answered(seen)
        for resource, verb, *_ in asked:
            sent = [one for one in asked if one[:2] == (resource, verb)]
            assert len(seen.all(f"reply/{verb}", resource)) == len(sent), f"{verb} of {resource}"
        assert (app.gateway.elsewhere, other.gateway.elsewhere) == (4, 3)
        audited = [event["after"]["verb"] for event in seen.audit("command") if event["after"]["verb"] != "note"]
        assert sorted(audited) == sorted(["refresh", "refresh", "detail", "detail", "set"]), "by the owner alone too"


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_unit_that_nobody_has_is_answered_as_unknown(house: House, version: Version) -> None:
    async with house.serve(mqtt={"protocol": version}).running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for number in range(100):
            topic = seen.topic(f"receiver/nobody{number % 30}", "cmd/refresh")
            await seen.publish(topic, json.dumps({"request_id": str(number)}))
        await seen.until(lambda: len(seen.all("reply/refresh")) == 100)
        errors = [one.body["error"]["code"] for one in seen.all("reply/refresh")]
        assert set(errors) == {"unknown_resource"}
        assert app.gateway.elsewhere == 0


async def test_a_unit_that_its_owner_gave_up_is_soon_unknown(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.inbound.neighbours.KNOWN_S", 0.1)
    async with two_bridges(tmp_path, mosquitto, "5") as (app, other, seen):
        assert (await seen.ask("bridge/main", "unit_add", id="late", kind="receiver", driver="manual"))["status"] == (
            "succeeded"
        )
        assert (await seen.ask("receiver/late", "unit_remove"))["status"] == "succeeded"
        await seen.until(lambda: not [topic for topic in seen.retained if "/late" in topic])
        async with asyncio.timeout(5):  # what was found counts for a moment
            while other.gateway._neighbours._known:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await seen.publish(seen.topic("receiver/late", "cmd/refresh"))
        await seen.until(lambda: len(seen.all("reply/refresh", "receiver/late")) == 2)
        codes = {one.body["error"]["code"] for one in seen.all("reply/refresh", "receiver/late")}
        assert codes == {"unknown_resource"}, "each bridge says that it does not have it"
        assert app.gateway.elsewhere == 0
