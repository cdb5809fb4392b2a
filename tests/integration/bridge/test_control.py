"""Control as somebody with a broker does it, against simulated units that take, refuse and lose what they are sent."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from services import clock
from services.drivers import SimulatedUnit
from services.model import Part
from tests.integration.house import House, entry, rack, simulated
from tests.integration.observer import Observer

EVERYTHING: dict[str, Any] = {"verbs": ["set", "identify", "meter_boost"], "allow_rf": True}


def rules(*those: dict[str, Any]) -> dict[str, Any]:
    return {"control": {"rules": list(those)}}


@asynccontextmanager
async def allowed(
    house: House, *those: dict[str, Any], **unit: Any
) -> AsyncIterator[tuple[Any, Observer, SimulatedUnit]]:
    async with simulated() as receiver, serving(house, entry(receiver, **unit), *those) as (app, seen):
        yield app, seen, receiver


@asynccontextmanager
async def serving(house: House, unit: dict[str, Any], *those: dict[str, Any]) -> AsyncIterator[tuple[Any, Observer]]:
    """The bridge with one unit, ready for commands: what is retained may be of the run before."""
    async with house.serve(unit, **rules(*those)).running() as (app, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        yield app, seen


def settable(seen: Observer, resource: str = "channel/rack-1") -> set[str]:
    info = seen.newest(resource, "info")
    return set(info["data"]["settable"]) if info else set()


def locks_of(seen: Observer) -> list[dict[str, Any]] | None:
    """The locks that are retained now; ``None`` before the first message."""
    found = [one.body for one in seen.seen if one.topic == seen.process("locks")]
    return found[-1]["data"]["locks"] if found else None


async def test_without_a_rule_nothing_is_settable_and_not_one_set_leaves_the_machine(house: House) -> None:
    received: list[bytes] = []

    async with simulated() as unit:
        listening = await _tap(unit, received)
        async with listening, house.serve({**entry(unit), "port": _port(listening)}).running() as (_, seen):
            await seen.live("rack")
            info = seen.newest("receiver/rack", "info")
            assert not {"control", "identify"} & {*info["data"]["capabilities"]}
            assert settable(seen) == set()
            for resource, verb, args in (
                ("channel/rack-1", "set", {"gain_db": 6}),
                ("channel/rack-1", "set", {"name": "X"}),
                ("receiver/rack", "identify", {}),
                ("channel/rack-1", "identify", {}),
                ("channel/rack-1", "meter_boost", {}),
                ("bridge/main", "set", {"gain_db": 6}),
            ):
                answer = await seen.ask(resource, verb, **args)
                assert answer["status"] in {"rejected", "failed"}, answer
                assert answer["error"]["code"] == "forbidden", answer
                assert "[[control.rules]]" in answer["error"]["detail"]
    wire = b"".join(received)
    assert b"< GET" in wire
    assert b"< SET" not in re.sub(rb"< SET \d+ METER_RATE \d{5} >", b"", wire)


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def _tap(unit: SimulatedUnit, received: list[bytes]) -> asyncio.Server:
    """Everything that goes to a unit passes here and is kept."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: list[bytes] | None) -> None:
        try:
            while data := await reader.read(65536):
                if keep is not None:
                    keep.append(data)
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(unit.host, unit.port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, ours, received))
            group.create_task(pump(theirs, writer, None))

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def test_what_a_rule_allows_is_set_reported_and_audited_once(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        assert settable(seen) == {"name", "gain_db", "receiver_muted", "frequency_mhz", "group", "group_channel"}
        assert {"control", "identify"} <= {*seen.newest("receiver/rack", "info")["data"]["capabilities"]}
        assert "identify" in seen.newest("channel/rack-1", "info")["data"]["capabilities"]
        answer = await seen.ask("channel/rack-1", "set", name="Vox 1", gain_db=6, receiver_muted=True)
        assert (answer["status"], answer["error"]) == ("succeeded", None)
        assert answer["data"] == {
            "name": {"wanted": "Vox 1", "reported": "Vox 1", "ok": True},
            "gain_db": {"wanted": 6, "reported": 6, "ok": True},
            "receiver_muted": {"wanted": True, "reported": True, "ok": True},
        }
        await seen.until(lambda: seen.data("rack-1")["gain_db"] == 6)
        state = seen.data("rack-1")
        assert (state["name"], state["receiver_muted"]) == ("Vox 1", True)
        (event,) = await seen.until(lambda: seen.audit("command"))
        assert event["resource"] == "channel/rack-1"
        assert event["after"]["result"] == answer["data"]
        assert event["after"]["rules"] == [1]


@pytest.mark.parametrize(
    ("args", "code", "field"),
    [
        ({"gain_db": 43}, "out_of_range", "args.gain_db"),
        ({"gain_db": 6.5}, "out_of_range", "args.gain_db"),
        ({"gain_db": "6"}, "schema_violation", "args.gain_db"),
        ({"gain_db": True}, "schema_violation", "args.gain_db"),
        ({"gain_db": None}, "schema_violation", "args.gain_db"),
        ({"gain_db": {"step": "x"}}, "schema_violation", "args.gain_db"),
        ({"name": "much too long"}, "out_of_range", "args.name"),
        ({"name": "a}b"}, "out_of_range", "args.name"),
        ({"name": ""}, "out_of_range", "args.name"),
        ({"receiver_muted": "true"}, "schema_violation", "args.receiver_muted"),
        ({"battery_percent": 5}, "not_settable", "args.battery_percent"),
        ({"no_such_key": 5}, "not_settable", "args.no_such_key"),
        ({"frequency_mhz": 606.21}, "out_of_range", "args.frequency_mhz"),
        ({"frequency_mhz": 606.2, "group": 2, "group_channel": 3}, "schema_violation", "args.group"),
    ],
)
async def test_one_value_that_does_not_fit_keeps_all_of_them_from_being_sent(
    house: House, args: dict[str, object], code: str, field: str
) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        before = seen.data("rack-1")
        wanted: dict[str, Any] = {"receiver_muted": not before["receiver_muted"], **args}
        answer = await seen.ask("channel/rack-1", "set", **wanted)
        assert (answer["status"], answer["error"]["code"], answer["error"]["field"]) == ("rejected", code, field), (
            answer
        )
        await seen.ask("channel/rack-1", "refresh")
        assert seen.data("rack-1") == before


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("bridge/main", "unit_add", {"host": "192.0.2.9"}, "host: commands of default/stage may not reach 192.0.2.9"),
    ("bridge/main", "unit_add", {"host": "127.0.0.1", "driver": "nosuch"}, "there is no driver 'nosuch'"),
    ("bridge/main", "unit_add", {"id": "new", "kind": "receiver"}, "needs a host"),
    ("bridge/main", "unit_add", {"id": "rack", "kind": "receiver", "driver": "manual"}, "id 'rack' already"),
    ("bridge/main", "unit_update", {"id": "rack", "host": None}, "host must not be null; leave it out"),
    ("bridge/main", "unit_remove", {"id": "nosuch"}, "there is no unit with the id 'nosuch'"),
    ("bridge/main", "receiver_remove", {"id": "nosuch"}, "there is no receiver with the id 'nosuch'"),
    ("bridge/main", "lock", {"reason": "x", "until": "2020-01-01T00:00:00Z"}, "until is over already"),
    ("bridge/main", "unlock", {"tags": ["choir"]}, "there is no lock of the tags choir"),
    ("bridge/main", "unlock", {}, "there is no lock of the whole campus (without tags)"),
    ("bridge/main", "discover", {"hosts": ["192.0.2.9"]}, "hosts: commands of default/stage may not reach 192.0.2.9"),
    ("bridge/main", "discover", {"networks": ["192.0.2.0/24"]}, "networks: commands of default/stage may not reach"),
    ("bridge/main", "refresh", {"manufacturer": "nosuch"}, "manufacturer: no driver speaks to 'nosuch'"),
    ("", "set", {"campus": "nosuch", "gain_db": 6}, "there is no campus default/nosuch"),
    ("bridge/main", "set", {"gain_db": 99}, "gain_db must be a number from -18 to 42 dB, not 99"),
    ("channel/rack-1", "set", {"gain_db": None}, "gain_db must be a number from -18 to 42 dB, not null"),
    ("channel/rack-1", "set", {"gain_db": {"step": "3"}}, "gain_db must be a value"),
    ("channel/rack-1", "set", {"frequency_mhz": 606.0001}, "frequency_mhz must be a number in steps of 0.025 MHz"),
    ("channel/rack-1", "set", {"gian_db": 6}, "gian_db of channel rack-1 cannot be set; what can: "),
    (
        "receiver/rack",
        "set",
        {"gain_db": 6},
        "gain_db belongs to a part of receiver rack: send it to channel/rack-1",
    ),
]
"""Whom, what, with which arguments, and what the answer says."""


async def test_what_can_be_refused_only_by_whom_it_reaches_names_its_argument_too(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        for resource, verb, args, words in REFUSED:
            answer = await seen.ask(resource, verb, **args)
            assert answer["status"] in {"rejected", "failed"}, (verb, args)
            assert words in answer["error"]["detail"], (verb, args)
            argument = (answer["error"]["field"] or "").removeprefix("args.")
            assert not argument or argument in {*args, "host", "tags"}, answer["error"]


async def test_a_unit_that_refuses_is_answered_with_both_values(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        had = seen.data("rack-1")["gain_db"]
        await unit.fault("refuses")
        answer = await seen.ask("channel/rack-1", "set", gain_db=had + 1)
        assert (answer["status"], answer["error"]["code"]) == ("failed", "device_rejected")
        assert answer["data"] == {"gain_db": {"wanted": had + 1, "reported": had, "ok": False}}
        assert seen.data("rack-1")["gain_db"] == had


async def test_a_unit_that_is_away_is_said_to_be_offline(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        await unit.fault("offline")
        await seen.until(lambda: not seen.is_live("rack"))
        answer = await seen.ask("channel/rack-1", "set", gain_db=6)
        assert answer["error"]["code"] == "device_offline"


async def test_limits_keys_tags_and_rf_of_a_rule_hold_and_show(house: House) -> None:
    rule = {"verbs": ["set"], "tags": ["choir"], "keys": ["gain_db", "frequency_mhz"], "limits": {"gain_db": [0, 24]}}
    async with allowed(house, rule, tags=["choir", "left"]) as (_, seen, _unit):
        info = seen.newest("channel/rack-1", "info")
        assert info["data"]["settable"] == {"gain_db": {"minimum": 0, "maximum": 24, "step": 1, "unit": "dB"}}
        assert (await seen.ask("channel/rack-1", "set", gain_db=24))["status"] == "succeeded"
        for args, code in (
            ({"gain_db": 25}, "out_of_range"),
            ({"name": "X"}, "forbidden"),
            ({"frequency_mhz": 606.0}, "forbidden"),
        ):
            answer = await seen.ask("channel/rack-1", "set", **args)
            assert (answer["status"], answer["error"]["code"]) == ("rejected", code), answer
        assert (await seen.ask("channel/rack-1", "identify"))["error"]["code"] == "forbidden"


async def test_only_idle_channels_are_set_where_a_rule_says_so(house: House) -> None:
    async with allowed(house, {"verbs": ["set", "identify", "meter_boost"], "only_idle": True}) as (_, seen, unit):
        answer = await seen.ask("channel/rack-1", "set", gain_db=6)
        assert (answer["error"]["code"], "on the air" in answer["error"]["detail"]) == ("forbidden", True)
        for resource, verb in (
            ("channel/rack-1", "identify"),
            ("channel/rack-1", "meter_boost"),
            ("receiver/rack", "identify"),
        ):
            answer = await seen.ask(resource, verb)
            assert (answer["error"]["code"], "on the air" in answer["error"]["detail"]) == ("forbidden", True)
        await unit.fault("transmitter_off")
        await seen.until(lambda: seen.data("rack-1")["transmitter_present"] is False)
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["status"] == "succeeded"
        for verb in ("identify", "meter_boost"):
            assert (await seen.ask("channel/rack-1", verb))["status"] == "succeeded"


async def test_steps_and_toggles_start_from_what_the_unit_has(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        unit.set_value(Part(1), "gain_db", 10)
        await seen.until(lambda: seen.data("rack-1")["gain_db"] == 10)
        muted = seen.data("rack-1")["receiver_muted"]
        until = clock.text_of(clock.now() + 60)
        request = {
            "request_id": "step",
            "valid_until": until,
            "args": {"gain_db": {"step": -3}, "receiver_muted": {"toggle": True}},
        }
        for _ in range(3):  # a repeated request does nothing twice
            await seen.publish(seen.topic("channel/rack-1", "cmd/set"), json.dumps(request))
        answers = await seen.until(lambda: found if len(found := seen.replies("step", "set")) == 3 else None)
        assert {answer["status"] for answer in answers} == {"succeeded"}
        await seen.until(lambda: seen.data("rack-1")["gain_db"] == 7)
        assert seen.data("rack-1")["receiver_muted"] is not muted


async def test_units_with_a_tag_are_set_together_and_one_that_fails_stops_no_other(house: House) -> None:
    async with rack("ulxd", count=3, listen="127.77.1.1", port=0, still=True) as units:
        entries = [
            entry(unit, f"rack{number}", tags=["choir"] if number < 3 else []) for number, unit in enumerate(units, 1)
        ]
        async with house.serve(*entries, **rules(EVERYTHING)).running() as (_, seen):
            for number in (1, 2, 3):
                await seen.live(f"rack{number}")
            await seen.until(lambda: seen.is_bridge("online"))
            before = seen.data("rack3-1")["gain_db"]
            await units[1].fault("refuses")
            answer = await seen.ask("bridge/main", "set", tags=["choir"], gain_db=21)
            assert answer["status"] == "partial"
            results = answer["data"]["results"]
            assert {name for name, one in results.items() if one["status"] == "succeeded"} == {
                f"channel/rack1-{number}" for number in (1, 2, 3, 4)
            }
            assert {one["error"] for name, one in results.items() if name.startswith("channel/rack2")} == {
                "device_rejected"
            }
            assert not any(name.startswith("channel/rack3") for name in results)
            await seen.until(lambda: seen.data("rack1-4")["gain_db"] == 21)
            assert seen.data("rack3-1")["gain_db"] == before


async def test_a_bug_in_the_control_of_one_unit_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with allowed(house, EVERYTHING) as (app, seen, _unit):
        link = app.sessions.live()[0].link
        ours = link.set

        async def broken(part: Part, wanted: dict[str, object]) -> object:
            if part.number == 2:
                raise TypeError("a bug of a driver")
            return await ours(part, wanted)

        monkeypatch.setattr(link, "set", broken)
        answer = await seen.ask("bridge/main", "set", gain_db=21)
        assert answer["status"] == "partial"
        ends = {name: one["status"] for name, one in answer["data"]["results"].items()}
        assert ends == {f"channel/rack-{number}": "rejected" if number == 2 else "succeeded" for number in (1, 2, 3, 4)}
        assert answer["data"]["results"]["channel/rack-2"]["error"] == "internal"
    assert "a unit could not be controlled" in caplog.text


async def test_what_waited_past_its_time_is_not_done_any_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with allowed(house, EVERYTHING) as (app, seen, _unit):
        link = app.sessions.live()[0].link
        ours, begun, go_on = link.set, asyncio.Event(), asyncio.Event()

        async def slow(part: Part, wanted: dict[str, object]) -> object:
            begun.set()
            await go_on.wait()
            return await ours(part, wanted)

        monkeypatch.setattr(link, "set", slow)
        first = asyncio.create_task(seen.ask("channel/rack-1", "set", gain_db=21))
        await begun.wait()
        now = clock.now()
        place = seen.topic("channel/rack-2", "cmd/")
        for verb, args in (("set", {"gain_db": 9}), ("identify", {})):
            body = {"request_id": f"late-{verb}", "args": args, "valid_until": clock.text_of(now + 5)}
            await seen.publish(f"{place}{verb}", json.dumps(body))
        await seen.ask("channel/rack-2", "detail")  # commands are taken in order: those two wait now
        monkeypatch.setattr(clock, "now", lambda: now + 6)
        go_on.set()
        assert (await first)["status"] == "succeeded"
        for verb in ("set", "identify"):
            (answer,) = await seen.until(partial(seen.replies, f"late-{verb}", verb))
            assert (answer["status"], answer["error"]["code"]) == ("rejected", "expired")
            assert "nothing was sent" in answer["error"]["detail"]
        assert (await seen.ask("channel/rack-2", "refresh"))["status"] == "succeeded"
        assert seen.data("rack-2")["gain_db"] != 9


async def test_locks_that_the_database_has_spoilt_keep_nobody_from_anything(house: House) -> None:
    async with house.serve(**rules(EVERYTHING)).running() as (app, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        app.store.put_fact("control_locks", '[{"organization": "default", "tags": [], "until": "tomorrow"}]')
        await app.store.flush()
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["status"] == "succeeded"


@pytest.mark.parametrize("until", ["2100-01-01 00:00:00+01:00", "2100-01-01T00:00:00Z"])
async def test_a_locks_end_is_shown_in_one_way(house: House, until: str) -> None:
    async with house.serve().running() as (_, seen):
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "lock", reason="show", until=until)
        assert answer["data"]["until"] in {"2100-01-01T00:00:00+01:00", "2100-01-01T00:00:00+00:00"}
        refused = await seen.ask("bridge/main", "lock", reason="show", until="2100-01-01T00:00:00")
        assert (refused["error"]["code"], "time zone" in refused["error"]["detail"]) == ("schema_violation", True)


async def test_a_lock_forbids_everything_is_retained_and_ends_by_itself(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        until = clock.text_of(clock.now() + 2)
        answer = await seen.ask("bridge/main", "lock", reason="the show runs", until=until)
        assert answer["status"] == "succeeded"
        await seen.until(lambda: locks_of(seen))
        asked: dict[str, dict[str, Any]] = {"set": {"gain_db": 6}, "identify": {}, "meter_boost": {}}
        for verb, args in asked.items():
            refused = await seen.ask("channel/rack-1", verb, **args)
            assert refused["error"]["code"] == "forbidden", refused
            assert "the show runs" in refused["error"]["detail"]
        await seen.until(lambda: locks_of(seen) == [])
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["status"] == "succeeded"
        await seen.until(lambda: seen.audit("control_unlocked"))
        assert len(seen.audit("control_locked")) == 1


async def test_a_lock_holds_over_a_restart_until_somebody_ends_it(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        assert (await seen.ask("bridge/main", "lock", reason="rehearsal"))["status"] == "succeeded"
        wrong = await seen.ask("bridge/main", "unlock", tags=["choir"])
        assert wrong["error"]["code"] == "unknown_resource"
    async with simulated() as unit, serving(house, entry(unit), EVERYTHING) as (_, seen):
        refused = await seen.ask("channel/rack-1", "set", gain_db=6)
        assert "rehearsal" in refused["error"]["detail"]
        assert (await seen.ask("bridge/main", "unlock"))["status"] == "succeeded"
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["status"] == "succeeded"


async def test_a_repeated_step_does_nothing_twice_over_a_restart(house: House) -> None:
    until = clock.text_of(clock.now() + 300)
    request = {"request_id": "once", "valid_until": until, "args": {"gain_db": {"step": 2}}}
    async with simulated() as unit:
        unit.set_value(Part(1), "gain_db", 10)
        for _ in range(2):
            async with serving(house, entry(unit), EVERYTHING) as (_, seen):
                await seen.publish(seen.topic("channel/rack-1", "cmd/set"), json.dumps(request))
                (answer,) = await seen.until(lambda: seen.replies("once", "set"))
                assert answer["status"] == "succeeded", answer
                await seen.ask("channel/rack-1", "refresh")
                assert seen.data("rack-1")["gain_db"] == 12


async def test_a_step_that_the_end_of_the_bridge_cut_off_is_not_done_twice(house: House) -> None:
    until = clock.text_of(clock.now() + 300)
    request = json.dumps({"request_id": "once", "valid_until": until, "args": {"gain_db": {"step": 2}}})
    async with simulated() as unit:
        unit.set_value(Part(1), "gain_db", 10)
        async with serving(house, entry(unit), EVERYTHING) as (_, seen):
            await unit.fault("freeze")  # it gets the step, and says nothing until the bridge is gone
            await seen.publish(seen.topic("channel/rack-1", "cmd/set"), request)
            await seen.until(lambda: seen.audit("control_begun"))
            assert not seen.replies("once", "set")
        await unit.fault("none")
        async with serving(house, entry(unit), EVERYTHING) as (_, seen):
            had = seen.data("rack-1")["gain_db"]
            await seen.publish(seen.topic("channel/rack-1", "cmd/set"), request)
            (answer,) = await seen.until(lambda: seen.replies("once", "set"))
            assert (answer["status"], answer["error"]["code"]) == ("failed", "device_timeout")
            assert "not done twice" in answer["error"]["detail"]
            await seen.ask("channel/rack-1", "refresh")
            assert seen.data("rack-1")["gain_db"] == had


async def test_a_step_after_an_unknown_outcome_starts_from_what_the_unit_has(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        await unit.fault("freeze")
        assert (await seen.ask("channel/rack-1", "set", gain_db=20))["error"]["code"] == "device_timeout"

        async def step(request_id: str) -> None:
            request = {"request_id": request_id, "valid_until": clock.text_of(clock.now() + 60)}
            body = json.dumps({**request, "args": {"gain_db": {"step": 1}}})
            await seen.publish(seen.topic("channel/rack-1", "cmd/set"), body)

        await step("early")
        (answer,) = await seen.until(lambda: seen.replies("early", "set"))
        assert answer["error"]["code"] in {"device_timeout", "device_offline"}, answer
        await unit.fault("none")  # it takes the 20, late
        await seen.until(lambda: seen.is_live("rack") and seen.data("rack-1")["gain_db"] == 20)
        await step("later")
        (answer,) = await seen.until(lambda: seen.replies("later", "set"))
        assert answer["data"]["gain_db"] == {"wanted": 21, "reported": 21, "ok": True}


async def test_one_value_that_cannot_be_written_keeps_all_from_being_sent(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        had = seen.data("rack-1")["name"]
        answer = await seen.ask("channel/rack-1", "set", name="New", frequency_mhz=-1)
        assert answer["status"] == "failed"
        assert "no frequency" in answer["error"]["detail"]
        assert {one["ok"] for one in answer["data"].values()} == {False}
        await seen.ask("channel/rack-1", "refresh")
        assert seen.data("rack-1")["name"] == had


async def test_a_unit_that_was_never_read_is_answered_for_too(house: House) -> None:
    gone = {"id": "gone", "host": "127.0.0.1", "port": 9, "driver": "shure"}
    async with simulated() as unit, house.serve(entry(unit), gone, **rules(EVERYTHING)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: seen.is_bridge("online"))
        answer = await seen.ask("bridge/main", "set", gain_db=3)
        assert answer["status"] == "partial"
        assert answer["data"]["results"]["receiver/gone"]["error"] == "device_offline"
        assert answer["data"]["results"]["channel/rack-1"]["status"] == "succeeded"


async def test_a_refused_step_is_not_tried_again_after_a_restart(house: House) -> None:
    until = clock.text_of(clock.now() + 300)
    request = {"request_id": "once", "valid_until": until, "args": {"gain_db": {"step": 2}}}
    async with simulated() as unit:
        unit.set_value(Part(1), "gain_db", 10)
        await unit.fault("refuses")
        for _ in range(2):
            async with serving(house, entry(unit), EVERYTHING) as (_, seen):
                await seen.publish(seen.topic("channel/rack-1", "cmd/set"), json.dumps(request))
                (answer,) = await seen.until(lambda: seen.replies("once", "set"))
                assert (answer["status"], answer["error"]["code"]) == ("failed", "device_rejected")
                assert answer["data"] == {"gain_db": {"wanted": 12, "reported": 10, "ok": False}}
                await seen.ask("channel/rack-1", "refresh")
                assert seen.data("rack-1")["gain_db"] == 10
            await unit.fault("none")


async def test_a_reload_brings_and_takes_what_can_be_set(house: House) -> None:
    async with allowed(house) as (_, seen, _unit):
        assert settable(seen) == set()
        house.serve(*house.document["receivers"], **rules({"verbs": ["set"], "keys": ["gain_db"]}))
        assert (await seen.ask("", "reload"))["status"] == "succeeded"
        await seen.until(lambda: settable(seen) == {"gain_db"})
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["status"] == "succeeded"
        house.document["control"] = {"rules": []}
        assert (await seen.ask("", "reload"))["status"] == "succeeded"
        await seen.until(lambda: settable(seen) == set())
        assert (await seen.ask("channel/rack-1", "set", gain_db=6))["error"]["code"] == "forbidden"


async def test_a_unit_shows_itself_and_a_channel_is_metered_faster_for_a_while(house: House) -> None:
    async with allowed(house, EVERYTHING) as (_, seen, _unit):
        for resource in ("receiver/rack", "channel/rack-2"):
            answer = await seen.ask(resource, "identify")
            assert answer["status"] == "succeeded", answer
            assert answer["data"]["identify"]["ok"]
        answer = await seen.ask("channel/rack-1", "meter_boost", interval=0.1, duration=1.0)
        assert answer["status"] == "succeeded"
        assert (await seen.ask("channel/rack-1", "meter_boost", interval=0.01))["error"]["code"] == "out_of_range"


async def test_fifty_units_are_set_at_once_and_each_is_answered(house: House) -> None:
    async with rack("ulxd", count=50, listen="127.77.2.1", port=0, still=True) as units:
        entries = [entry(unit, f"rack{number}") for number, unit in enumerate(units, 1)]
        async with house.serve(*entries, **rules(EVERYTHING)).running() as (_, seen):
            for number in range(1, 51):
                await seen.live(f"rack{number}")
            await seen.until(lambda: seen.is_bridge("online"))
            answers = await asyncio.gather(
                *(seen.ask(f"channel/rack{number}-1", "set", gain_db=15) for number in range(1, 51))
            )
            assert [answer["status"] for answer in answers] == ["succeeded"] * 50


async def test_a_set_of_many_that_nobody_may_is_rejected_and_audited_sparingly(house: House) -> None:
    async with allowed(house) as (_, seen, _unit):
        for _time in range(60):
            answer = await seen.ask("bridge/main", "set", gain_db=6, nonsense="x" * 2000)
            assert answer["status"] == "rejected", answer
        assert {one["error"] for one in answer["data"]["results"].values()} == {"forbidden"}
        await seen.until(lambda: len(seen.audit("command")) >= 50)
        events = seen.audit("command")
        assert len(events) < 60
        assert all("result" not in event["after"] and len(json.dumps(event)) < 4000 for event in events)


async def test_a_set_of_many_that_are_all_away_may_be_asked_again(house: House) -> None:
    request = {"request_id": "again", "args": {"gain_db": 21}}
    async with allowed(house, EVERYTHING) as (_, seen, unit):
        await unit.fault("offline")
        await seen.until(lambda: not seen.is_live("rack"))
        await seen.publish(seen.topic("bridge/main", "cmd/set"), json.dumps(request))
        answers = await seen.until(lambda: seen.replies("again", "set"))
        assert (answers[-1]["status"], answers[-1]["error"]["code"]) == ("failed", "device_offline")
        await unit.fault("none")
        await seen.until(lambda: seen.is_live("rack"))
        await seen.publish(seen.topic("bridge/main", "cmd/set"), json.dumps(request))
        await seen.until(lambda: seen.replies("again", "set")[-1]["status"] == "succeeded")
