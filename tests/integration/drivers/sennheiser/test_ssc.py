"""SSC v1 on real sockets: what people see of an EW-DX, and what the unit sees of us."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import weakref

import pytest

from services.drivers.port import DriverError, Surroundings, Target
from services.drivers.sennheiser.simulation.ssc.simulator import simulator
from services.drivers.sennheiser.ssc.link import SscLink
from services.drivers.sennheiser.ssc.protocol import ssc
from services.model import UNIT, Part
from tests.integration.drivers.sennheiser.ssc_stage import comes_true, read, stage, target
from tests.integration.drivers.sennheiser.stage import Listening


async def test_a_look_tells_who_answers() -> None:
    async with stage("ewdx_em4") as (unit, maker):
        (seen,) = await maker.look(target(unit))
    identity = seen.identity
    assert (identity.family, identity.model, identity.part_count, seen.name) == ("ew_dx", "EWDX4CH", 4, "EWDX-1")
    assert identity.serial
    assert identity.mac


async def test_a_serial_number_that_is_not_implemented_is_no_identity() -> None:
    async with stage(serial="not implemented") as (unit, maker):
        (seen,) = await maker.look(target(unit))
    assert seen.identity.serial is None
    assert seen.identity.mac


async def test_a_look_sends_a_handful_of_questions_and_no_subscription() -> None:
    async with stage() as (unit, maker):
        await maker.look(target(unit))
        assert len(unit.asked) <= 6
        assert not unit.listeners.clients


async def test_a_loudspeaker_is_named_and_not_taken_for_a_microphone() -> None:
    async with stage(fault="stranger") as (unit, maker):
        with pytest.raises(DriverError, match="KH 120 II") as failure:
            await maker.look(target(unit))
    assert failure.value.reason == "wrong_model"


async def test_an_ewdx_with_new_firmware_is_silent_and_the_words_say_where_to_switch_it_on() -> None:
    async with stage(fault="control_locked") as (unit, maker):
        with pytest.raises(DriverError, match=r"Control Cockpit, page Access, as Legacy") as failure:
            await maker.look(target(unit, timeout_s=0.3))
    assert failure.value.reason == "timeout"


async def test_every_request_asks_for_one_address_and_every_subscription_for_one_branch() -> None:
    async with read() as (unit, _link, _):
        asked = [json.loads(each) for each in unit.asked]
    for tree in asked:
        branches = [name for name in tree if name != "osc"]
        subscriptions = tree.get("osc", {}).get("state", {}).get("subscribe", [])
        assert len(branches) + len(subscriptions) == 1
        for item in subscriptions:
            assert next(iter(item)) == "#"
            assert len(item) == 2


async def test_without_a_transmitter_nothing_of_it_is_known_and_nothing_is_wrong() -> None:
    async with read(fault="transmitter_off") as (_, link, reported):
        assert reported.value("transmitter_present") is False
        assert reported.value("battery_percent") is None
        assert {word for word, count in link.counters().items() if count} == set()


async def test_a_transmitter_that_goes_takes_its_values_with_it_and_comes_back_with_new_ones() -> None:
    async with read() as (unit, _, reported):
        assert reported.value("battery_percent") == 82
        unit.set_value(Part(1), "transmitter_present", False)
        await reported.until(lambda: reported.value("transmitter_present") is False)
        await reported.until(lambda: reported.value("battery_percent") is None)
        unit.set_value(Part(1), "battery_percent", 40)
        unit.set_value(Part(1), "transmitter_present", True)
        await reported.until(lambda: reported.value("battery_percent") == 40)
        assert reported.value("transmitter_present") is True


async def test_a_unit_that_contradicts_itself_is_not_asked_without_an_end() -> None:
    async with read(interval_s=0.0) as (unit, link, _):
        assert isinstance(link, SscLink)
        before = len(unit.asked)
        for _ in range(100):
            link.receive(link.port or 0, b'{"mates":{"active":[]}}')
            link.receive(link.port or 0, b'{"rx1":{"mates":["tx1"]}}')
            await asyncio.sleep(0.02)
        asked = [json.loads(each) for each in unit.asked[before:]]
        assert 1 <= sum("name" in tree.get("mates", {}).get("tx1", {}) for tree in asked) <= 4


async def test_what_comes_while_a_conversation_ends_begins_nothing_new() -> None:
    async with stage() as (unit, maker):
        async with maker.connect(target(unit), Listening()) as link:
            assert isinstance(link, SscLink)
            await link.read_all()
            await unit.fault("freeze")
            closing = asyncio.create_task(link.close())
            for _ in range(5):
                await asyncio.sleep(0.01)
                link.receive(link.port or 0, b'{"mates":{"active":[]}}')
            await closing
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("ssc ")]


async def test_after_it_came_back_its_changes_are_told_again() -> None:
    async with read() as (unit, _, reported):
        unit.set_value(Part(1), "transmitter_present", False)
        await reported.until(lambda: reported.value("transmitter_model") is None)
        unit.set_value(Part(1), "transmitter_present", True)
        await reported.until(lambda: reported.value("transmitter_model") is not None)
        await comes_true(lambda: any("mates/tx1/mute" in each.told for each in unit.listeners.clients.values()))
        unit.set_value(Part(1), "transmitter_muted", True)
        await reported.until(lambda: reported.value("transmitter_muted") is True)


async def test_a_primary_cell_has_no_run_time_and_the_rest_stays_known() -> None:
    async with read() as (unit, link, reported):
        unit.set_value(Part(1), "battery_source", "primary")
        await link.read_all()
        assert reported.value("battery_runtime_minutes") is None
        assert reported.value("battery_percent") == 82
        assert reported.value("transmitter_present") is True


async def test_no_link_overrules_what_still_stands_there() -> None:
    async with read() as (unit, _, reported):
        unit.set_value(Part(1), "warnings", ["NoLink"])
        await reported.until(lambda: reported.value("transmitter_present") is False)
        assert reported.value("battery_percent") is None


async def test_a_different_key_is_an_encryption_fault() -> None:
    async with read() as (unit, _, reported):
        unit.set_value(Part(2), "warnings", ["Aes256Error"])
        await reported.until(lambda: reported.value("encryption_fault", Part(2)) is True)


async def test_subscriptions_that_end_early_are_renewed_by_what_the_unit_adopted() -> None:
    async with read(fault="forgetful") as (unit, link, reported):
        await asyncio.sleep(2.5)
        link.take_telemetry(Part(1))
        await comes_true(lambda: link.take_telemetry(Part(1)) is not None, 1.0)
        unit.set_value(Part(1), "name", "Late")
        await reported.until(lambda: reported.value("name") == "Late")


async def test_a_unit_that_forgot_everything_is_subscribed_to_anew() -> None:
    async with read(fault="forgetful") as (unit, _, reported):
        await unit.fault("rebooted")
        await comes_true(lambda: bool(unit.listeners.clients))
        unit.set_value(Part(1), "name", "Back")
        await reported.until(lambda: reported.value("name") == "Back")


async def test_leaving_ends_every_subscription_at_the_unit() -> None:
    async with stage() as (unit, maker):
        async with maker.connect(target(unit), Listening()) as link:
            await link.read_all()
            told = {address for each in unit.listeners.clients.values() for address in each.told}
        assert told
        assert {*unit.listeners.cancelled} >= told
        assert not unit.listeners.clients


async def test_metering_that_is_switched_off_is_ended_at_the_unit() -> None:
    async with read() as (unit, link, _):
        link.meter(None, 0)
        await comes_true(lambda: "m/rx1/rssi" in unit.listeners.cancelled)
        assert all("m/rx1/rssi" not in each.told for each in unit.listeners.clients.values())


async def test_another_pace_of_one_channel_leaves_the_other_as_it_is() -> None:
    async with read(interval_s=0.2) as (unit, link, _):
        link.meter(Part(1), 0.5)

        def paces() -> list[int]:
            return [
                each.told[address].every_ms
                for each in unit.listeners.clients.values()
                for address in ("m/rx1/rssi", "m/rx2/rssi")
            ]

        await comes_true(lambda: paces() == [500, 200])


async def test_the_ninth_controller_is_told_why_it_gets_no_meters_and_is_kept_up_to_date_all_the_same() -> None:
    async with read(fault="crowded") as (_, link, reported):
        trouble = reported.value("subscription_trouble", UNIT)
        assert isinstance(trouble, str)
        assert "eight controllers" in trouble
        assert reported.value("name") == "Vox 1"
        assert link.take_telemetry(Part(1)) is None


async def test_a_unit_that_ignores_subscriptions_is_asked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 0.2)
    monkeypatch.setattr("services.drivers.sennheiser.ssc.codec.plan.TRIES", 2)
    async with read(fault="no_reports", timeout_s=2.0) as (unit, link, reported):
        link.ask_alive()
        await reported.until(lambda: reported.value("subscription_trouble", UNIT) is not None)
        unit.set_value(Part(1), "name", "Asked")
        await reported.until(lambda: reported.value("name") == "Asked")


@pytest.mark.parametrize("fault", ["lossy", "duplicated", "reordered", "garbage", "malformed", "slow"])
async def test_a_bad_network_or_unit_does_not_keep_a_unit_from_being_read(fault: str) -> None:
    async with read(fault=fault, timeout_s=3.0) as (_, _link, reported):
        assert [reported.value("name", Part(number)) for number in (1, 2)] == ["Vox 1", "Vox 2"]
        assert reported.value("battery_percent") == 82


async def test_a_value_out_of_range_is_not_sent() -> None:
    async with read() as (unit, link, _):
        before = len(unit.asked)
        (result,) = (await link.set(Part(1), {"frequency_mhz": 470.2})).values()
        assert result.outcome == "not_sent"
        assert not any(b'"frequency":' in each and b"null" not in each for each in unit.asked[before:])


async def test_what_the_unit_clamps_is_told_with_what_it_keeps() -> None:
    async with read() as (unit, link, reported):
        unit.box.channels[0].gain = 3  # type: ignore[attr-defined]
        await unit.fault("refuses")
        await link.read_all()
        (result,) = (await link.set(Part(1), {"gain_db": 12})).values()
        assert (result.outcome, result.reported) == ("device_rejected", 3)
        assert reported.value("gain_db") == 3


async def test_a_channel_flashes_on_request_and_stops() -> None:
    async with read() as (unit, link, _):
        for on in (True, False):
            assert (await link.identify(Part(2), on=on)).outcome == "ok"
            assert unit.box.channels[1].flashes is on  # type: ignore[attr-defined]


async def test_an_address_that_is_dead_is_asked_a_few_times_in_all() -> None:
    async with stage(fault="freeze") as (unit, maker):
        with pytest.raises(DriverError):
            await maker.look(Target(unit.host, unit.port, connect_timeout_s=1.0, answer_timeout_s=1.0))
        assert len(unit.asked) <= 4


async def test_a_unit_that_was_exchanged_for_a_larger_one_is_read_as_that() -> None:
    async with read() as (unit, link, reported):
        unit.box._product = "EWDX4CH"  # type: ignore[attr-defined]
        description = await link.read_all()
        assert len(description.parts) == 4
        assert reported.value("name", Part(1)) == "Vox 1"


async def test_a_read_sets_nothing() -> None:
    async with read() as (unit, link, _):
        link.ask_alive()
        link.meter(None, 0.5)
        await link.read_all()
    for datagram in unit.asked:
        tree = json.loads(datagram)
        tree.pop("osc")
        assert not tree or json.dumps(tree).endswith("null" + "}" * json.dumps(tree).count("{"))


async def test_an_old_unit_without_numbers_in_its_refusals_is_read_all_the_same() -> None:
    async with stage() as (unit, maker):
        unit.plain = True
        async with maker.connect(target(unit), reported := Listening()) as link:
            await link.read_all()
            assert reported.value("name") == "Vox 1"
            assert reported.value("cable_emulation") is None
            unit.set_value(Part(1), "name", "Plain")
            await reported.until(lambda: reported.value("name") == "Plain")


async def test_a_conversation_that_ended_leaves_nothing_behind_for_the_garbage_collector() -> None:
    async with stage() as (unit, maker):
        gc.collect()
        gc.disable()
        try:
            async with maker.connect(target(unit), Listening()) as link:
                await link.read_all()
                left = weakref.ref(link)
            del link
            await asyncio.sleep(0)
            assert left() is None
        finally:
            gc.enable()


# -- other families ----------------------------------------------------------------------------------------------


async def test_a_digital_6000_without_a_transmitter_answers_with_nothing_and_that_is_understood() -> None:
    async with read("em6000", fault="transmitter_off") as (_, link, reported):
        assert reported.value("transmitter_present") is False
        assert reported.value("battery_percent") is None
        assert {word for word, count in link.counters().items() if count} == set()


async def test_a_digital_6000_transmitter_comes_and_goes() -> None:
    async with read("em6000") as (unit, _, reported):
        unit.set_value(Part(2), "transmitter_present", False)
        await reported.until(lambda: reported.value("transmitter_present", Part(2)) is False)
        unit.set_value(Part(2), "transmitter_present", True)
        await reported.until(lambda: reported.value("transmitter_model", Part(2)) == "SK 6000")
        assert reported.value("transmitter_present", Part(2)) is True


async def test_a_low_digital_6000_battery_is_a_warning_without_a_number() -> None:
    async with read("em6000") as (unit, _, reported):
        unit.set_value(Part(1), "battery_percent", 5)
        await reported.until(lambda: reported.value("battery_warning") is True)
        assert reported.value("battery_percent") is None


async def test_a_unit_is_found_at_the_port_of_the_other_controllers() -> None:
    host = f"127.{10 + os.getpid() % 90}.45.1"
    async with (
        simulator.run("em6000", count=1, listen=host, port=6970, still=True) as units,
        ssc.open(Surroundings("127.0.0.1")) as maker,
    ):
        where = Target(host, connect_timeout_s=2.0, answer_timeout_s=1.0)
        (seen,) = await maker.look(where)
        assert (seen.port, seen.identity.model) == (6970, "EM6000")
        async with maker.connect(where, reported := Listening()) as link:
            await link.read_all()
        assert reported.value("name") == "Vox 1"
        assert len(units) == 1


async def test_a_battery_that_is_taken_out_leaves_an_empty_bay() -> None:
    async with read("l6000") as (unit, _, reported):
        assert reported.value("charge_state", Part(8)) == "charging"
        unit.set_value(Part(8), "occupied", False)
        await reported.until(lambda: reported.value("charge_state", Part(8)) == "empty")
        assert reported.value("occupied", Part(8)) is False


async def test_a_battery_that_is_too_hot_is_said_so() -> None:
    async with read("l6000") as (unit, _, reported):
        unit.set_value(Part(3), "warnings", "hot")
        await reported.until(lambda: reported.value("charge_state", Part(3)) == "hot")


async def test_one_bay_of_a_list_shows_itself_and_the_other_does_not() -> None:
    async with read("chg70n") as (unit, link, _):
        assert (await link.identify(Part(2), on=True)).outcome == "ok"
        assert unit.box.identified == [False, True]  # type: ignore[attr-defined]
