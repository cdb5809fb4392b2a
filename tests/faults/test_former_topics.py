"""Nothing of ours stays at the broker where nobody of us publishes any more: campus gone, bridge or base renamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bridge.app import App
from services.store import Store, take_epoch
from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, standing


@pytest.fixture
async def remembering(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    place = tmp_path / "remembering"
    async with Mosquitto(place, "persistence true", f"persistence_location {place}/") as broker:
        yield broker


async def complete(app: App, seen: Observer) -> None:
    """Wait until everything that a bridge retains stands there."""
    await seen.live("rack")
    await seen.until(lambda: seen.is_bridge("online") and seen.link("rack"))
    await seen.until(lambda: seen.newest("bridge/main", "audit_head"))
    assert app.client.connection is not None
    await app.client.connection.drained()


async def topics_when(house: House, is_right: set[str]) -> None:
    """Wait until exactly these topics stand at the broker, as whoever joins then sees it."""
    async with house.observer() as seen:
        await seen.until(lambda: set(seen.retained) == is_right)
    assert set(await standing(house.broker.port)) == is_right


@pytest.mark.parametrize("value_topics", [False, True])
@pytest.mark.parametrize("changed", [{"mqtt": {"base_topic": "elsewhere"}}, {"bridge": {"id": "other"}}])
async def test_after_a_rename_only_the_new_tree_stands(
    tmp_path: Path, remembering: Mosquitto, changed: dict[str, dict[str, str]], value_topics: bool
) -> None:
    async with simulated("axient") as unit:
        house = House(tmp_path, remembering).serve(entry(unit), mqtt={"value_topics": value_topics})
        async with house.running() as (app, seen):
            await complete(app, seen)
        before = set(await standing(remembering.port))
        base, bridge = changed.get("mqtt", {}).get("base_topic"), changed.get("bridge", {}).get("id")

        def renamed(topic: str) -> str:
            if base is not None:
                return topic.replace("mic2mqtt/", f"{base}/", 1)
            return topic.replace("/bridge/main/", f"/bridge/{bridge}/")

        house.serve(entry(unit), **changed)
        async with house.bridge():
            await topics_when(house, {renamed(topic) for topic in before})
        house.serve(entry(unit), mqtt={"base_topic": "mic2mqtt"}, bridge={"id": "main"})
        async with house.bridge():  # and back again
            await topics_when(house, before)


async def test_renamed_twice_before_the_broker_was_there_leaves_nothing(tmp_path: Path, remembering: Mosquitto) -> None:
    async with simulated() as unit:
        house = House(tmp_path, remembering).serve(entry(unit))
        async with house.running() as (app, seen):
            await complete(app, seen)
        before = set(await standing(remembering.port))
        await remembering.stop()
        for base in ("second", "third", "mic2mqtt", "fourth"):
            house.serve(entry(unit), mqtt={"base_topic": base})
            async with house.bridge():
                pass
        await remembering.start()
        async with house.bridge():
            await topics_when(house, {topic.replace("mic2mqtt/", "fourth/", 1) for topic in before})


def said_online(seen: Observer, since: int) -> bool:
    """Whether the bridge said so after that many messages: it does when everything else is said and emptied."""
    return any(
        one.topic == seen.process("state") and not one.old and one.body["state"] == "online"
        for one in seen.seen[since:]
    )


@pytest.mark.parametrize("by", ["reload", "restart", "reload while the broker is away"])
async def test_of_a_campus_that_is_gone_nothing_stays_and_of_another_bridge_there_everything(
    tmp_path: Path, remembering: Mosquitto, by: str
) -> None:
    other_place = tmp_path / "other"
    other_place.mkdir()
    async with simulated() as unit, simulated("qlxd") as far, simulated("qlxd", seed=3) as theirs:
        other = House(other_place, remembering).serve(entry(theirs, "theirs", campus="far"), bridge={"id": "sister"})
        house = House(tmp_path, remembering).serve(
            entry(unit), entry(far, "far", campus="far"), discovery={"ranges": []}
        )
        async with other.bridge(), house.running() as (app, seen):
            await complete(app, seen)
            far_head = "mic2mqtt/v1/default/far/bridge/main/audit_head"
            await seen.until(lambda: far_head in seen.retained)
            await seen.until(lambda: "mic2mqtt/v1/default/far/bridge/sister/audit_head" in seen.retained)
            await seen.until(lambda: "mic2mqtt/v1/default/far/receiver/theirs/link" in seen.retained)
            sisters = {topic for topic in seen.retained if "/sister/" in topic or "/theirs" in topic}
            house.serve(entry(unit))
            if by == "reload":
                await app.reload()
            elif by != "restart":
                await remembering.stop()
                await app.reload()
                before = len(seen.seen)
                await remembering.start()
                await seen.until(lambda: said_online(seen, before))
            if by != "restart":
                await seen.until(lambda: not {topic for topic in seen.retained if "/default/far/" in topic} - sisters)
                await seen.until(lambda: sisters <= set(seen.retained))
        if by == "restart":
            async with other.bridge(), house.running() as (app, seen):
                await seen.until(lambda: seen.is_bridge("online"))
                await seen.until(lambda: not {topic for topic in seen.retained if "/default/far/" in topic} - sisters)
        left = set(await standing(remembering.port))
        assert {topic for topic in left if "/default/far/" in topic} <= sisters
        assert {topic for topic in left if "/default/stage/" in topic}


async def test_another_bridge_that_took_over_the_old_id_is_not_touched(tmp_path: Path, remembering: Mosquitto) -> None:
    """Two ran with one id, and one of them was given another: the first one's topics are its own from now on."""
    second_place = tmp_path / "second"
    second_place.mkdir()
    async with simulated() as unit, simulated("qlxd") as theirs:
        house = House(tmp_path, remembering).serve(entry(unit))
        async with house.running() as (app, seen):
            await complete(app, seen)
            epoch = app.inventory.epoch
        second = House(second_place, remembering).serve(entry(theirs, "theirs"))
        async with Store.open(f"sqlite:///{second.database}") as store:
            await store.ask(partial(take_epoch, now_s=epoch))
        async with second.bridge(), second.observer() as seen:
            await seen.until(lambda: seen.is_bridge("online") and seen.bridge["epoch"] > epoch)
            await seen.live("theirs")
            house.serve(entry(unit), bridge={"id": "renamed"})
            async with house.bridge() as renamed, house.observer() as other:
                await other.until(lambda: "mic2mqtt/v1/bridge/renamed/state" in other.retained)
                await other.until(lambda: not renamed.former, 20)
                before = len(other.seen)
                await other.ask("receiver/rack", "refresh")
                emptied = [one.topic for one in other.seen[:before] if not one.payload and "/bridge/main/" in one.topic]
                assert emptied == []
