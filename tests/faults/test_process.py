"""The bridge itself is killed, stopped and told to read its configuration again, as `mic2mqtt run`."""

from __future__ import annotations

from functools import partial

from services.model import Part
from tests.faults.test_broker import gapless
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer


async def test_a_killed_bridge_is_offline_by_its_will_and_misses_nothing_that_the_audit_should_know(
    house: House,
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen:
        async with house.process() as bridge:
            await seen.live("rack")
            await seen.until(lambda: seen.is_bridge("online") and seen.audit("receiver_online"))
            first = seen.newest("channel/rack-1", "state")
            unit.set_value(Part(1), "name", "Before")
            await seen.until(
                lambda: [e for e in seen.audit("channel_settings_changed") if e["resource"].endswith("-1")]
            )
            await bridge.kill()
            await seen.until(lambda: seen.is_bridge("offline"))
            assert seen.bridge["expected"] is False
            assert seen.newest("channel/rack-1", "state")["data"]["name"] == "Before", "values stay where they are"

            unit.set_value(Part(1), "name", "Missed")
            start = len(seen.seen)
            await unit.fault("slow")
            await bridge.start()
            await seen.until(lambda: seen.is_bridge("online"))
            await unit.fault("none")
            await seen.until(partial(seen.shows, "rack-1", name="Missed"))
            restarted = [one.body for one in seen.seen[start:] if one.topic == seen.topic("channel/rack-1", "state")]
            assert restarted[0]["data"]["name"] == "Before"
            assert restarted[0]["stale"] is True
            assert all(body["epoch"] > first["epoch"] for body in restarted)
            missed = await seen.until(
                lambda: [
                    e for e in seen.audit("channel_settings_changed") if (e["after"] or {}).get("name") == "Missed"
                ]
            )
            assert (missed[0]["late"], missed[0]["before"]["name"]) == (True, "Before")
            await seen.until(lambda: seen.is_bridge("online"))
            await seen.until(lambda: len(seen.audit("receiver_online")) == 2)
            assert gapless(seen)
            assert await bridge.stop() == 0
        await seen.until(lambda: seen.is_bridge("offline") and seen.bridge["expected"])
        assert seen.available("rack") == ("online", None), "only the bridge is away"


async def test_a_kill_at_any_moment_leaves_no_gap_in_the_audit(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen, house.process() as bridge:
        for round_ in range(4):
            await seen.until(lambda: seen.is_bridge("online") and seen.is_live("rack"))
            for number in range(30):
                unit.set_value(Part(1), "name", f"{round_} {number}")
            await seen.until(partial(has_name_of_round, seen, round_))
            await bridge.kill()
            await seen.until(lambda: seen.is_bridge("offline"))
            await bridge.start()
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.until(partial(seen.shows, "rack-1", name="3 29"))
        answer = await seen.ask("bridge/main", "note", text="the end")
        assert answer["status"] == "succeeded"
        await seen.until(lambda: seen.audit("note"))
    assert gapless(seen)


def has_name_of_round(seen: Observer, number: int) -> bool:
    name: str = seen.data("rack-1")["name"]
    return name.startswith(f"{number} ")


async def test_hanging_up_adds_changes_and_removes_receivers_of_the_file(house: House) -> None:
    async with simulated() as unit, simulated("qlxd", seed=1) as other:
        house.serve(entry(unit))
        async with house.observer() as seen, house.process() as bridge:
            await seen.live("rack")
            house.serve(entry(other, "other"), entry(unit, labels={"room": "Hall"}, tags=["vocals"]))
            bridge.write(house.document)
            bridge.hang_up()
            await seen.live("other")
            await seen.until(lambda: seen.newest("channel/rack-1", "info")["data"]["labels"]["room"] == "Hall")
            labels = seen.newest("receiver/rack", "info")["data"]["labels"]
            assert (labels["room"], labels["tags"]) == ("Hall", ["vocals"])
            assert not seen.events("offline", "/rack/"), "a label is no reason to lose a receiver"
            house.serve(entry(other, "other"))
            bridge.write(house.document)
            bridge.hang_up()
            await seen.until(lambda: not [topic for topic in seen.retained if "/rack" in topic])
            left = [{"receiver": "other", "channels": ["other-1"]}]
            await seen.until(lambda: seen.newest("bridge/main", "inventory/0")["receivers"] == left)
            await seen.until(lambda: seen.audit("receiver_removed"))
            actions = [event["action"] for event in seen.audit()]
            assert {"receiver_added", "receiver_updated", "configuration_changed", "receiver_removed"} <= {*actions}


async def test_a_file_with_a_mistake_changes_nothing_and_the_log_says_what_is_wrong(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).observer() as seen, house.process() as bridge:
        await seen.live("rack")
        bridge.config.write_text("[poling]\nkeepalive = '1s'\n")
        bridge.hang_up()
        await bridge.said("poling")
        unit.set_value(Part(1), "name", "Goes on")
        await seen.until(partial(seen.shows, "rack-1", name="Goes on"))


async def test_a_receiver_added_by_command_is_there_after_a_restart(house: House) -> None:
    async with simulated() as unit, house.serve().observer() as seen, house.process() as bridge:
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port, room="Attic")
        rack = answer["data"]["receiver"]
        await seen.live(rack)
        assert await bridge.stop() == 0
        await bridge.start()
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.live(rack)
        assert seen.newest(f"receiver/{rack}", "info")["data"]["labels"]["room"] == "Attic"
