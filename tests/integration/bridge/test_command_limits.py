"""What commands cannot do: flood the audit and the disk, promise what is not kept, spoil a later try."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from services.commands.perform import REFUSED_BURST
from tests.integration.house import House, entry, simulated

FLOOD = 400


async def test_a_flood_of_refused_commands_is_answered_and_fills_neither_audit_nor_disk(house: House) -> None:
    body = {"args": {"gain_db": 3, "note": "x" * 50_000}}
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        before = house.database.stat().st_size
        topic = seen.topic("channel/rack-1", "cmd/set")
        await asyncio.gather(
            *(seen.publish(topic, json.dumps({**body, "request_id": f"flood-{number}"})) for number in range(FLOOD))
        )
        await seen.until(lambda: len(seen.all("reply/set")) == FLOOD, 30)
        codes = [one.body["error"]["code"] for one in seen.all("reply/set")]
        assert codes[0] == "forbidden"
        assert codes[-1] == "rate_limited"
        assert seen.all("reply/set")[-1].body["error"]["retry_after_s"] > 0
        answer = await seen.ask("receiver/rack", "refresh")
        assert answer["status"] == "succeeded", "who does it right is not slowed down by others"
        await seen.ask("bridge/main", "note", text="the end")
        await seen.until(lambda: seen.audit("note"))
        assert len(seen.audit("command")) <= REFUSED_BURST + 20
        assert house.database.stat().st_size - before < 1_000_000


@pytest.mark.parametrize(
    ("topic", "reply"),
    [
        ("bridge/main/cmd", "bridge/main/reply/unknown"),
        ("bridge/main/cmd/", "bridge/main/reply/unknown"),
        ("bridge/main/cmd/refresh/", "bridge/main/reply/unknown"),
        ("bridge/main/cmd/a/b/c", "bridge/main/reply/unknown"),
        ("bridge/main/cmd/Refresh", "bridge/main/reply/unknown"),
        ("receiver/Rack/cmd/refresh", None),
        ("receiver/a b/cmd/refresh", None),
    ],
)
async def test_whatever_stands_below_cmd_is_answered_or_where_nothing_can_exist_counted(
    house: House, topic: str, reply: str | None
) -> None:
    async with house.serve().running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        await seen.publish(f"mic2mqtt/v1/default/stage/{topic}", "{}")
        await seen.ask("bridge/main", "note", text="it came behind")
        assert app.gateway.outcomes["unknown", "rejected"] == 1
        if reply is not None:
            await seen.until(lambda: f"mic2mqtt/v1/default/stage/{reply}" in [one.topic for one in seen.seen])
            (answer,) = seen.all("reply/unknown")
            assert answer.body["error"]["code"] == "unknown_verb"


async def test_the_audit_says_how_many_refused_commands_it_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.commands.perform.REFUSED_BURST", 1)
    monkeypatch.setattr("services.commands.perform.REFUSED_PER_S", 5.0)
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for _ in range(4):
            await seen.ask("bridge/main", "receiver_remove", id="nobody")
        await asyncio.sleep(0.25)
        await seen.ask("bridge/main", "receiver_remove", id="nobody")
        await seen.until(lambda: len(seen.audit("command")) == 2)
        first, last = seen.audit("command")
        assert "left_out" not in first["after"]
        assert last["after"]["left_out"] == 3


async def test_clients_that_ask_for_details_all_the_time_are_answered_and_do_not_fill_the_audit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.commands.perform.QUERIES_BURST", 5)
    monkeypatch.setattr("services.commands.perform.QUERIES_PER_S", 4.0)
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        for _ in range(100):
            await seen.publish(seen.topic("receiver/rack", "cmd/detail"))
        await seen.until(lambda: len(seen.all("reply/detail")) == 100)
        assert {one.body["status"] for one in seen.all("reply/detail")} == {"succeeded"}
        await asyncio.sleep(0.25)
        await seen.ask("receiver/rack", "detail")
        await seen.ask("bridge/main", "note", text="the end")
        await seen.until(lambda: seen.audit("note"))
        details = [event["after"] for event in seen.audit("command") if event["after"]["verb"] == "detail"]
        assert 5 <= len(details) < 30
        assert len(details) + sum(event.get("left_out", 0) for event in details) == 101


async def test_a_command_has_succeeded_only_when_it_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.commands.perform.KEPT_WITHIN_S", 0.3)
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        with closing(sqlite3.connect(house.database, isolation_level=None)) as thief:
            thief.execute("BEGIN IMMEDIATE")
            answer = await seen.ask("bridge/main", "receiver_add", id="late", driver="manual")
            assert answer["status"] == "partial"
            assert "not written yet" in answer["warnings"][-1]
            thief.execute("ROLLBACK")
        kept = await seen.ask("bridge/main", "labels_set", id="late", room="Hall", seconds=20)
        assert kept["status"] in {"succeeded", "partial"}
        kept = await seen.ask("bridge/main", "receiver_add", id="kept", driver="manual", seconds=20)
        assert kept["status"] == "succeeded"
        with closing(sqlite3.connect(house.database)) as reader:
            assert ("kept",) in reader.execute("SELECT id FROM units").fetchall()


async def test_commands_while_the_database_is_away_do_not_fill_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("services.commands.perform.KEPT_WITHIN_S", 0.3)
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        with closing(sqlite3.connect(house.database, isolation_level=None)) as thief:
            thief.execute("BEGIN IMMEDIATE")
            asked = (seen.ask("bridge/main", "note", text=f"note {number}") for number in range(30))
            assert {answer["status"] for answer in await asyncio.gather(*asked)} == {"partial"}
            thief.execute("ROLLBACK")
        assert [record.message for record in caplog.records].count("a command is in effect and not kept") == 1


async def test_reloads_that_change_nothing_do_not_fill_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        for _ in range(20):
            assert (await seen.ask("", "reload"))["status"] == "succeeded"
        assert [record.message for record in caplog.records].count("configuration read again") == 3
        house.serve(audit={"keep": "7d"})
        await seen.ask("", "reload")
        last = [record for record in caplog.records if record.message == "configuration read again"][-1]
        assert vars(last)["changed"] == ["audit"]
        assert vars(last)["left_out"] == 17


async def test_a_failure_that_may_pass_does_not_stand_in_the_way_of_the_same_request(house: House) -> None:
    async with simulated() as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await unit.fault("freeze")
        await seen.offline("rack")
        first = await seen.ask("receiver/rack", "refresh", request_id="again")
        assert first["error"]["code"] == "device_offline"
        assert first["error"]["retryable"]
        await unit.fault("none")
        await seen.live("rack")
        await seen.publish(seen.topic("receiver/rack", "cmd/refresh"), '{"request_id": "again"}')
        await seen.until(lambda: [one["status"] for one in seen.replies("again", "refresh")][-1] == "succeeded")
