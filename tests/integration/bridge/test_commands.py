"""Commands as somebody with a broker sends them, and the answers that come back."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.model import Part
from tests.integration.broker import Mosquitto
from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer, standing


async def test_refresh_reads_a_receiver_again_and_detail_tells_everything(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        for resource in ("receiver/rack", "channel/rack-2", "bridge/main", ""):
            answer = await seen.ask(resource, "refresh")
            assert answer["status"] == "succeeded", resource
            assert answer["error"] is None
        answer = await seen.ask("receiver/rack", "detail")
        assert answer["status"] == "succeeded"
        assert "ULXD4Q" in json.dumps(answer["data"])
        detail = answer["data"]["receiver"]  # keys that v1 has, whatever a record calls them
        assert (detail["info"]["channel_count"], detail["info"]["driver"]) == (4, "shure")
        assert detail["reported"]["channel_count"] == 4
        await seen.until(lambda: len(seen.audit("command")) >= 4)
        assert {event["claimed_actor"] for event in seen.audit("command")} == {"tests"}


async def test_an_empty_payload_and_the_word_of_a_button_are_commands(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        for payload in ("", "PRESS", "{}"):
            before = len(seen.replies(None, "refresh"))
            await seen.publish(seen.topic("receiver/rack", "cmd/refresh"), payload)
            await seen.until(partial(lambda number: len(seen.replies(None, "refresh")) > number, before))
        assert {reply["status"] for reply in seen.replies(None, "refresh")} == {"succeeded"}


@pytest.mark.parametrize(
    ("resource", "verb", "payload", "code"),
    [
        ("receiver/rack", "refresh", '{"args": ', "bad_json"),
        ("receiver/rack", "refresh", '["a"]', "bad_json"),
        ("receiver/rack", "refresh", '{"argz": {}}', "schema_violation"),
        ("receiver/rack", "explode", "", "unknown_verb"),
        ("receiver/nobody", "refresh", "", "unknown_resource"),
        ("receiver/rack", "refresh", '{"valid_until": "2020-01-01T00:00:00Z"}', "expired"),
        ("receiver/rack", "set", '{"args": {"name": "X"}}', "forbidden"),
        ("channel/rack-1", "identify", "", "forbidden"),
        ("bridge/main", "receiver_remove", '{"args": {"id": "rack"}}', "forbidden"),
        ("bridge/main", "receiver_update", '{"args": {"id": "rack", "host": "10.0.0.1"}}', "forbidden"),
        ("bridge/main", "labels_set", '{"args": {"id": "rack", "room": "X"}}', "forbidden"),
        ("bridge/main", "receiver_add", '{"args": {"host": "127.0.0.1", "port": 1}}', "device_offline"),
        ("bridge/main", "receiver_add", '{"args": {"id": "rack", "host": "127.0.0.1"}}', "duplicate_conflict"),
        ("bridge/main", "receiver_add", '{"args": {"host": "127.0.0.1", "driver": "nosuch"}}', "schema_violation"),
        ("bridge/main", "refresh", '{"args": {"manufacturer": "nosuch"}}', "schema_violation"),
    ],
)
async def test_what_cannot_be_done_is_answered_with_its_code_and_a_remedy(
    house: House, resource: str, verb: str, payload: str, code: str
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.publish(seen.topic(resource, f"cmd/{verb}"), payload)
        (answer,) = await seen.until(lambda: seen.replies(None, verb))
        assert answer["status"] in {"rejected", "failed"}
        assert answer["error"]["code"] == code, answer
        assert answer["error"]["detail"]
        assert seen.is_live("rack")


async def test_a_command_with_the_retain_flag_is_refused_now_and_after_a_reconnect(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        await seen.publish(seen.topic("receiver/rack", "cmd/refresh"), '{"request_id": "r"}', retain=True)
        (answer,) = await seen.until(lambda: seen.replies("r", "refresh"))
        assert answer["error"]["code"] == "retained_rejected"
        assert app.client.connection is not None
        app.client.connection.abort()
        await seen.until(lambda: len(seen.replies("r", "refresh")) == 2)
        assert {reply["error"]["code"] for reply in seen.replies("r", "refresh")} == {"retained_rejected"}


async def test_a_repeated_request_is_answered_again_and_done_once(house: House) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for _ in range(3):
            topic = seen.topic("bridge/main", "cmd/note")
            await seen.publish(topic, json.dumps({"request_id": "same", "args": {"text": "once"}}))
        await seen.until(lambda: len(seen.replies("same", "note")) == 3)
        assert {reply["status"] for reply in seen.replies("same", "note")} == {"succeeded"}
        answer = await other_text(seen)
        assert answer["error"]["code"] == "duplicate_conflict"
        await seen.ask("bridge/main", "note", text="the end")
        await seen.until(lambda: len(seen.audit("note")) == 2)
        assert [event["after"]["text"] for event in seen.audit("note")] == ["once", "the end"]


async def other_text(seen: Observer) -> dict[str, Any]:
    await seen.publish(seen.topic("bridge/main", "cmd/note"), json.dumps({"request_id": "same", "args": {"text": "2"}}))
    await seen.until(lambda: len(seen.replies("same", "note")) == 4)
    return seen.replies("same", "note")[-1]


async def test_an_answer_goes_where_mqtt_5_asks_for_it_and_carries_its_correlation(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        topic = seen.topic("bridge/panel", "reply/mine")
        await seen.publish(
            seen.topic("receiver/rack", "cmd/refresh"), "", ResponseTopic=topic, CorrelationData=b"\x00\xff17"
        )
        (reply,) = await seen.until(lambda: [one for one in seen.seen if one.topic == topic])
        assert reply.correlation == b"\x00\xff17"
        assert reply.body["status"] == "succeeded"
        foreign = "somewhere/else"
        await seen.publish(seen.topic("receiver/rack", "cmd/refresh"), "", ResponseTopic=foreign)
        (answer,) = await seen.until(lambda: seen.replies(None, "refresh"))
        assert not [one for one in seen.seen if one.topic == foreign]
        (warning,) = answer["warnings"]
        assert foreign in warning
        assert "reply_prefixes" in warning


CAMPUS = "mic2mqtt/v1/default/stage"
NOWHERE = {
    "outside": "somewhere/else",
    "begins like a prefix": "flowsheet/7",
    "the prefix itself": "flows",
    "another campus": "mic2mqtt/v1/default/club/bridge/main/reply/mine",
    "the process": "mic2mqtt/v1/bridge/main/reply/mine",
    "no reply": f"{CAMPUS}/channel/rack-1/state",
    "a command": f"{CAMPUS}/receiver/rack/cmd/refresh",
    "wildcard": f"{CAMPUS}/bridge/main/reply/#",
    "one wildcard": f"{CAMPUS}/+/main/reply/mine",
    "wildcard below a prefix": "flows/+/7",
    "empty": "",
    "too long": f"{CAMPUS}/bridge/main/reply/{'x' * 60_000}",
    "too long below a prefix": f"flows/{'x' * 60_000}",
    "too deep": f"{CAMPUS}/bridge/main/reply{'/x' * 300}",
    "too deep below a prefix": f"flows{'/x' * 300}",
    "not to be shown": f"{CAMPUS}/bridge/main/reply/\u202eelse",
}


async def test_where_an_answer_may_not_go_it_goes_to_the_reply_topic_and_says_so(house: House) -> None:
    house.serve(mqtt={"reply_prefixes": ["flows"]})
    async with house.running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        asked = seen.topic("bridge/main", "cmd/note")
        for number, (name, topic) in enumerate(NOWHERE.items()):
            for verb, args in (("note", {"text": name}), ("note", {})):  # done, and refused
                request = f"{number}-{len(args)}"
                body = json.dumps({"request_id": request, "args": args})
                await seen.publish(asked, body, ResponseTopic=topic, CorrelationData=request.encode())
                (reply,) = await seen.until(
                    lambda request=request: [  # type: ignore[misc]
                        one for one in seen.seen if one.correlation == request.encode() and "cmd/" not in one.topic
                    ]
                )
                assert reply.topic == seen.topic("bridge/main", f"reply/{verb}"), name
                assert reply.body["request_id"] == request
                assert reply.body["status"] == ("succeeded" if args else "rejected")
                (warning,) = reply.body["warnings"]
                assert warning.startswith("replies may not go to "), name
                assert "reply_prefixes" in warning
                assert warning.isprintable()
                assert len(warning) < 500
                assert (topic[:40] or "an empty topic").replace("\u202e", "\ufffd") in warning, name
        fine = "flows/7/answers"
        await seen.publish(asked, json.dumps({"args": {"text": "x"}}), ResponseTopic=fine)
        (reply,) = await seen.until(lambda: [one for one in seen.seen if one.topic == fine])
        assert reply.body["warnings"] == []
        went = [one for one in seen.seen if one.topic == seen.process("state") and one.body["state"] == "offline"]
        assert not went, "mosquitto ends the connection of who publishes to more than 200 levels"


async def test_every_answer_of_a_long_command_says_where_it_may_not_go(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.publish(seen.topic("bridge/main", "cmd/discover"), '{"args":{}}', ResponseTopic="somewhere/else")
        await seen.until(lambda: seen.replies(None, "discover"))
        answers = [one.body for one in seen.all("reply/discover")]
        assert answers[0]["status"] == "accepted"
        assert all(any("somewhere/else" in warning for warning in answer["warnings"]) for answer in answers)
        await seen.publish(seen.topic("bridge/main", "cmd/dance"), "", ResponseTopic="somewhere/else")
        (answer,) = await seen.until(lambda: seen.replies(None, "dance"))
        assert answer["error"]["code"] == "unknown_verb"
        assert "somewhere/else" in answer["warnings"][0]


async def test_an_added_receiver_lives_and_a_removed_one_leaves_nothing_and_stays_away(house: House) -> None:
    async with simulated() as unit:
        house.serve(discovery={"ranges": [{"network": unit.host}]})
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            answer = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port, name="Rack")
            rack = answer["data"]["receiver"]
            await seen.live(rack)
            await seen.until(lambda: seen.link(rack))
            again = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
            assert again["data"]["receiver"] == rack
            assert again["data"]["counts"]["added"] == 0
            answer = await seen.ask("bridge/main", "labels_set", id=rack, room="Hall", tags=["vocals"])
            assert answer["status"] == "succeeded"
            await seen.until(lambda: seen.newest(f"channel/{rack}-1", "info")["data"]["labels"]["room"] == "Hall")
            await seen.until(lambda: b'"room":"Hall"' in seen.retained[seen.topic("bridge/main", "summary")].payload)
            answer = await seen.ask("bridge/main", "receiver_update", id=rack, name="New name")
            assert answer["status"] == "succeeded"
            await seen.until(lambda: seen.newest(f"receiver/{rack}", "info")["data"]["name"] == "New name")
            answer = await seen.ask("bridge/main", "receiver_remove", id=rack)
            assert answer["status"] == "succeeded"
            await seen.until(lambda: not [topic for topic in seen.retained if f"/{rack}" in topic])
            await seen.until(lambda: seen.newest("bridge/main", "inventory/0")["receivers"] == [])
        assert not [topic for topic in await standing(house.broker.port) if f"/{rack}" in topic]
        async with house.running() as (_, seen):
            await seen.until(lambda: seen.is_bridge("online"))
            found = await seen.ask("bridge/main", "discover", hosts=[f"{unit.host}:{unit.port}"], seconds=20)
            assert found["data"]["counts"]["added"] == 0
            assert not [topic for topic in seen.retained if f"/{rack}" in topic]
            back = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
            await seen.live(back["data"]["receiver"])


async def test_the_right_one_of_two_receivers_at_one_address_is_named(house: House) -> None:
    async with simulated() as unit, simulated("qlxd", seed=3) as other, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        one = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
        two = await seen.ask("bridge/main", "receiver_add", host=other.host, port=other.port)
        assert one["data"]["receiver"] != two["data"]["receiver"]
        await seen.live(one["data"]["receiver"], two["data"]["receiver"])


async def test_values_that_make_no_sense_never_reach_the_database(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        added = await seen.ask("bridge/main", "receiver_add", id="rack", host=unit.host, port=unit.port)
        assert added["status"] == "succeeded"
        for nonsense in ({"host": None}, {"driver": None}, {"driver": "nosuch"}, {"interface": None}):
            answer = await seen.ask("bridge/main", "receiver_update", id="rack", **nonsense)
            assert answer["error"]["code"] == "schema_violation", nonsense
            assert next(iter(nonsense)) in answer["error"]["detail"]
        await app.store.flush()
        assert app.store.writable
        await seen.live("rack")


async def test_commands_reach_the_bridge_over_mqtt_3_1_1_as_well(tmp_path: Path, mosquitto: Mosquitto) -> None:
    house = House(tmp_path, mosquitto)
    async with (
        simulated() as unit,
        house.serve(entry(unit), mqtt={"protocol": "3.1.1"}).running() as (_, seen),
    ):
        await seen.live("rack")
        assert seen.retained[seen.process("info")].body["data"]["mqtt_version"] == "3.1.1"
        assert (await seen.ask("receiver/rack", "refresh"))["status"] == "succeeded"
    house.check_payloads()


async def test_reload_takes_over_intervals_and_thresholds_without_losing_a_receiver(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        unit.set_value(Part(1), "battery_runtime_minutes", 200)
        await seen.until(partial(seen.shows, "rack-1", battery_runtime_minutes=200, status="good"))
        await seen.until(lambda: seen.all("telemetry"))
        house.serve(entry(unit), polling={"meter_interval": "0"}, status={"replace_minutes": 240})
        answer = await seen.ask("", "reload")
        assert answer["data"] == {"changed": ["polling", "status"], "need_restart": []}
        await seen.until(partial(seen.shows, "rack-1", status="replace"))
        await until_no_telemetry(seen)
        assert not seen.events("offline")


async def test_another_metering_interval_is_asked_for_over_the_open_connection(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        added = await seen.ask("bridge/main", "receiver_add", host=unit.host, port=unit.port)
        rack = added["data"]["receiver"]
        await seen.live(rack)
        await seen.until(lambda: seen.all("telemetry"))
        answer = await seen.ask("bridge/main", "receiver_update", id=rack, meter_interval=0)
        assert answer["status"] == "succeeded"
        await until_no_telemetry(seen)
        assert not seen.events("offline")


async def test_a_reload_of_one_metering_interval_keeps_the_connection(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.all("telemetry"))
        house.serve(entry(unit, meter_interval="0s"))
        answer = await seen.ask("", "reload")
        assert answer["status"] == "succeeded"
        await until_no_telemetry(seen)
        assert not seen.events("offline")


async def until_no_telemetry(seen: Observer) -> None:
    """Metering is off: two intervals pass without any."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        while loop.time() - seen.all("telemetry")[-1].at < 1.2:  # noqa: ASYNC110 - that nothing comes is no event
            await asyncio.sleep(0.1)


async def test_republish_says_everything_again(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        before = len(seen.seen)
        answer = await seen.ask("", "republish")
        assert answer["data"]["topics"] > 10
        again = {"receiver/rack/state", "channel/rack-4/info", "channel/rack-4/availability"}
        await seen.until(lambda: again <= {"/".join(one.topic.split("/")[4:]) for one in seen.seen[before:]})


async def test_a_discovery_reports_accepts_and_ends(house: House) -> None:
    async with simulated() as unit, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "discover", hosts=[f"{unit.host}:{unit.port}"], request_id="d")
        assert answer["status"] == "succeeded"
        assert answer["data"]["counts"]["added"] == 1
        statuses = [body["status"] for one in seen.all("reply/discover") if (body := one.body)["request_id"] == "d"]
        assert statuses[0] == "accepted"
        (found,) = seen.newest("bridge/main", "inventory/0")["receivers"]
        await seen.live(found["receiver"])
        await seen.until(lambda: seen.audit("discovery_finished"))


async def test_many_commands_at_once_are_each_answered(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        answers = await asyncio.gather(*(seen.ask("receiver/rack", "refresh") for _ in range(30)))
        assert {answer["status"] for answer in answers} <= {"succeeded", "rejected"}
        assert {answer["error"]["code"] for answer in answers if answer["error"]} <= {"busy"}
        assert "succeeded" in {answer["status"] for answer in answers}


async def test_replies_that_the_broker_cannot_take_at_once_wait_for_it(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (app, seen):
        await seen.live("rack")
        topic = seen.topic("receiver/rack", "cmd/detail")
        await asyncio.gather(*(seen.publish(topic, json.dumps({"request_id": str(number)})) for number in range(300)))
        await seen.until(lambda: app.gateway.outcomes["detail", "succeeded"] == 300)
        await seen.until(lambda: len(seen.all("reply/detail")) == 300)
        assert {one.body["request_id"] for one in seen.all("reply/detail")} == {str(number) for number in range(300)}
        assert app.replies.lost == 0


async def test_a_unit_is_changed_over_its_own_topic_and_over_the_bridges(house: House) -> None:
    async with simulated() as unit, simulated("qlxd", seed=3) as other, house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "unit_add", host=unit.host, port=unit.port, id="rack", name="Rack")
        assert (answer["data"]["unit"], answer["data"]["kind"]) == ("rack", "receiver")
        await seen.live("rack")
        changes: list[tuple[str, dict[str, Any]]] = [
            ("receiver/rack", {"name": "A"}),
            ("bridge/main", {"id": "rack", "name": "B"}),
        ]
        for resource, args in changes:
            answer = await seen.ask(resource, "unit_update", **args)
            assert answer["data"]["unit"] == "rack"
            await seen.until(
                partial(lambda name: seen.newest("receiver/rack", "info")["data"]["name"] == name, args["name"])
            )
        answer = await seen.ask("receiver/rack", "unit_update", host=other.host, port=other.port)
        await seen.offline("rack", "identity_conflict")
        answer = await seen.ask("receiver/rack", "unit_replace")
        assert answer["status"] == "succeeded"
        await seen.live("rack")
        assert seen.newest("receiver/rack", "info")["data"]["family"] == "qlxd"
        answer = await seen.ask("bridge/main", "unit_replace", id="rack", host=unit.host)
        assert answer["status"] == "succeeded"
        answer = await seen.ask("receiver/rack", "unit_remove")
        assert answer["status"] == "succeeded"
        await seen.until(lambda: not [topic for topic in seen.retained if "/rack" in topic])


@pytest.mark.parametrize(
    ("resource", "verb", "args", "code"),
    [
        ("receiver/rack", "unit_update", {"name": "X"}, "forbidden"),
        ("receiver/nobody", "unit_remove", {}, "unknown_resource"),
        ("charger/rack", "unit_remove", {}, "unknown_resource"),
        ("bridge/main", "unit_remove", {"id": "nobody"}, "unknown_resource"),
        (
            "bridge/main",
            "unit_add",
            {"id": "rack", "kind": "charger", "host": "127.0.0.1", "port": 1},
            "duplicate_conflict",
        ),
        ("bridge/main", "unit_add", {"id": "dock", "host": "127.0.0.1", "port": 1}, "device_offline"),
        ("bridge/main", "unit_add", {"id": "dock"}, "schema_violation"),
        ("bay/dock-1", "unit_remove", {}, "unknown_verb"),
        ("channel/rack-1", "refresh/now", {}, "unknown_verb"),
    ],
)
async def test_what_cannot_be_done_to_a_unit_is_refused(
    house: House, resource: str, verb: str, args: dict[str, Any], code: str
) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.publish(seen.topic(resource, f"cmd/{verb}"), json.dumps({"request_id": "r", "args": args}))
        place = verb if "/" not in verb else "unknown"
        (answer,) = await seen.until(lambda: seen.replies("r", place))
        assert answer["error"]["code"] == code, answer


async def test_the_audit_keeps_the_beginning_of_what_was_refused(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        answer = await seen.ask("channel/rack-1", "set", name="x" * 60_000)
        assert answer["error"]["code"] == "forbidden"
        answer = await seen.ask("channel/rack-1", "set", name="Vox")
        await seen.until(lambda: len(seen.audit("command")) == 2)
        long, short = (event["after"]["args"] for event in seen.audit("command"))
        assert len(long["begins"]) == 1024
        assert len(long["sha256"]) == 64
        assert short == {"name": "Vox"}


async def test_a_charger_that_does_not_answer_yet_has_topics_of_its_own_kind(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with House(tmp_path, mosquitto).serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "unit_add", id="dock-1", kind="charger", host="127.0.0.1", port=1)
        assert answer["data"] == {"unit": "dock-1", "kind": "charger"}
        await seen.until(lambda: seen.newest("charger/dock-1", "availability").get("state") == "offline")
        answer = await seen.ask("bridge/main", "labels_set", id="dock-1", room="Store")
        assert answer["data"]["charger"] == "dock-1"
        answer = await seen.ask("bridge/main", "receiver_remove", id="dock-1")
        assert answer["error"]["code"] == "unknown_resource", "receiver_* are confined to receivers"
        answer = await seen.ask("charger/dock-1", "unit_remove")
        assert answer["status"] == "succeeded"
        await seen.until(lambda: not [topic for topic in seen.retained if "/dock-1/" in topic])


async def test_a_request_that_is_repeated_after_a_restart_does_nothing_twice(house: House) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        first = await seen.ask("bridge/main", "note", request_id="once", text="hello")
        assert first["status"] == "succeeded"
        await seen.until(lambda: seen.audit("command"))
    async with house.running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        again = await seen.ask("bridge/main", "note", request_id="once", text="hello")
        assert again["status"] == "succeeded"
        assert "before the bridge was started anew" in again["warnings"][0]
        other = await seen.ask("bridge/main", "note", request_id="other", text="hello")
        assert not other["warnings"]
        await app.store.flush()
        notes = [event for event in await app.store.audit_since("2000") if event.draft.action == "note"]
        assert [event.draft.request_id for event in notes] == ["once", "other"]
        await seen.publish(
            seen.topic("bridge/main", "cmd/note"), '{"request_id": "once", "args": {"text": "something else"}}'
        )
        await seen.until(lambda: [one for one in seen.replies("once", "note") if one["status"] == "rejected"])
        (refused,) = [one for one in seen.replies("once", "note") if one["status"] == "rejected"]
        assert refused["error"]["code"] == "duplicate_conflict"
