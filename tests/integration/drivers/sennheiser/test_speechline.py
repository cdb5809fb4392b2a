"""SpeechLine receivers and their chargers on real sockets: what people see, and what the unit sees of us."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable

import pytest

from services.drivers.sennheiser.simulation.ssc.simulator import simulator
from services.drivers.sennheiser.simulation.ssc.tree import Node, Refused
from services.drivers.sennheiser.simulation.ssc.unit import Unit
from services.model import UNIT, Part
from tests.integration.drivers.sennheiser.ssc_stage import comes_true, read, stage, target
from tests.integration.drivers.sennheiser.stage import Listening

RECEIVERS = ("sl_rack_receiver_dw", "sl_mcr4_dw")
every_receiver = pytest.mark.parametrize("product", RECEIVERS)


def asked(unit: Unit, address: str) -> int:
    """How often an address was asked alone, or set."""
    *branches, leaf = address.split("/")
    found = 0
    for datagram in unit.asked:
        tree = json.loads(datagram)
        for branch in branches:
            tree = tree.get(branch, {}) if isinstance(tree, dict) else {}
        found += isinstance(tree, dict) and leaf in tree
    return found


def subscribed(unit: Unit, address: str) -> bool:
    """Whether anybody is told of an address now."""
    return any(address in client.told for client in unit.listeners.clients.values())


# -- receivers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "model", "parts"),
    [
        ("sl_rack_receiver_dw", "SLDW", 1),
        ("sl_mcr2_dw", "SLDW2CH", 2),
        ("sl_mcr4_dw", "SLDW4CH", 4),
        ("chg2n", "CHG2N", 2),
    ],
)
async def test_a_look_tells_who_answers(product: str, model: str, parts: int) -> None:
    async with stage(product) as (unit, maker):
        (seen,) = await maker.look(target(unit))
        assert not unit.listeners.clients
    assert (seen.identity.model, seen.identity.part_count) == (model, parts)
    assert seen.identity.serial


@every_receiver
async def test_run_time_comes_in_seconds_and_is_told_in_minutes(product: str) -> None:
    async with read(product) as (unit, _, reported):
        unit.set_value(Part(1), "battery_percent", 50)
        await reported.until(lambda: reported.value("battery_runtime_minutes") == 450)


@every_receiver
async def test_what_answers_under_another_name_is_not_asked(product: str) -> None:
    async with read(product) as (unit, _link, _):
        assert not asked(unit, "mates/tx1/bat_state")
        assert asked(unit, "mates/tx1/bat_gauge")


@every_receiver
async def test_a_pack_that_does_not_predict_yet_has_no_run_time_and_the_rest_is_known(product: str) -> None:
    async with read(product) as (unit, link, reported):
        unit.set_value(Part(1), "predicts", False)
        await link.read_all()
        assert reported.value("battery_runtime_minutes") is None
        assert reported.value("battery_percent") is not None
        assert reported.value("transmitter_present") is True


@every_receiver
async def test_of_a_battery_there_is_no_life_to_tell(product: str) -> None:
    async with read(product) as (unit, link, reported):
        unit.set_value(Part(1), "battery_source", "primary")
        await link.read_all()
        assert [reported.value(key) for key in ("battery_health_percent", "battery_cycles")] == [None, None]


@every_receiver
async def test_one_empty_word_is_no_warning(product: str) -> None:
    async with read(product) as (unit, _, reported):
        assert reported.value("warnings") == []
        unit.set_value(Part(1), "quality_percent", 20)
        await reported.until(lambda: reported.value("low_rf_signal") is True)


@every_receiver
async def test_a_transmitter_that_goes_takes_its_values_with_it_and_comes_back_with_new_ones(product: str) -> None:
    async with read(product) as (unit, _, reported):
        unit.set_value(Part(1), "transmitter_present", False)
        await reported.until(lambda: reported.value("transmitter_present") is False)
        await reported.until(lambda: reported.value("battery_percent") is None)
        await comes_true(lambda: not subscribed(unit, "mates/tx1/bat_gauge"))
        unit.set_value(Part(1), "battery_percent", 40)
        unit.set_value(Part(1), "transmitter_present", True)
        await reported.until(lambda: reported.value("battery_percent") == 40)
        await comes_true(lambda: subscribed(unit, "mates/tx1/bat_gauge"))
        unit.set_value(Part(1), "battery_percent", 30)
        await reported.until(lambda: reported.value("battery_percent") == 30)


def _refused(code: int) -> Callable[[], object]:
    def read_it() -> object:
        raise Refused(code)

    return read_it


def _zero() -> object:
    return 0


@pytest.mark.parametrize(
    "without", [_zero, _refused(404), _refused(406), _refused(424)], ids=["0", "404", "406", "424"]
)
@every_receiver
async def test_whatever_an_absent_transmitter_answers_it_is_absent_and_can_come(
    product: str, without: Callable[[], object]
) -> None:
    """Which of these units do stands in no document."""
    async with stage(product, fault="transmitter_off") as (unit, maker):
        nodes = unit.box.nodes
        assert isinstance(nodes, dict)
        there = {address: node for address, node in nodes.items() if address.startswith("mates/tx1/bat")}
        nodes |= {address: Node(without) for address in there}
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
            assert reported.value("transmitter_present") is False
            assert reported.value("battery_percent") is None
            assert reported.value("subscription_trouble", UNIT) is None
            nodes |= there
            await unit.fault("none")
            await reported.until(lambda: reported.value("battery_percent") is not None)


@every_receiver
async def test_levels_and_link_quality_come_by_subscription(product: str) -> None:
    async with read(product) as (unit, link, _):
        await comes_true(lambda: subscribed(unit, "rx1/rf_quality"))
        found: dict[str, object] = {}

        def metered() -> bool:
            found.update(link.take_telemetry(Part(1)) or {})
            return {"quality_percent", "audio_peak_dbfs"} <= {key for key, value in found.items() if value is not None}

        await comes_true(metered)
        assert found["quality_percent"] == 92
        assert found["audio_peak_dbfs"] == -18


async def test_a_subscription_is_for_one_branch_alone() -> None:
    async with read("sl_mcr2_dw") as (unit, _link, _):
        items = [
            item
            for datagram in unit.asked
            for item in json.loads(datagram).get("osc", {}).get("state", {}).get("subscribe", [])
        ]
    assert items
    assert {len(item) for item in items} == {2}
    assert {next(iter(item)) for item in items} == {"#"}


@every_receiver
async def test_what_cannot_be_subscribed_to_is_asked_again_and_again(
    product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit refuses some addresses that the document calls subscribable."""
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 0.2)
    async with stage(product) as (unit, maker):
        for address in ("mates/tx1/bat_gauge", "rx1/rf_quality", "device/location"):
            unit.box.nodes[address].subscribable = False
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
            unit.set_value(Part(1), "battery_percent", 31)
            unit.set_value(UNIT, "location", "Stage")
            await reported.until(lambda: reported.value("battery_percent") == 31)
            await reported.until(lambda: reported.value("location", UNIT) == "Stage")
            await comes_true(lambda: (link.take_telemetry(Part(1)) or {}).get("quality_percent") == 92)
            assert 31 in reported.values("battery_percent")
            assert None not in reported.values("battery_percent")
            assert reported.value("subscription_trouble", UNIT) is None


@every_receiver
async def test_a_precondition_that_refuses_a_subscription_is_no_trouble(product: str) -> None:
    async with stage(product) as (unit, maker):
        nodes = unit.box.nodes
        assert isinstance(nodes, dict)
        nodes["mates/tx1/bat_lifetime"] = Node(_refused(406))
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
            assert reported.value("subscription_trouble", UNIT) is None
            assert reported.value("battery_runtime_minutes") is None
            assert reported.value("transmitter_present") is True


# -- an MCR that accepts no subscription any more --------------------------------------------------------------


async def test_an_mcr_that_stopped_telling_is_named_with_the_remedy_and_asked_levels_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 0.2)
    monkeypatch.setattr("services.drivers.sennheiser.ssc.codec.plan.TRIES", 2)
    async with stage("sl_mcr2_dw") as (unit, maker):
        unit.listeners.served = 1_000
        reported = Listening()
        async with maker.connect(target(unit, timeout_s=2.0), reported) as link:
            await link.read_all()
            await reported.until(lambda: reported.value("subscription_trouble", UNIT) is not None)
            assert "started anew" in str(reported.value("subscription_trouble", UNIT))
            unit.set_value(Part(2), "battery_percent", 33)
            await reported.until(lambda: reported.value("battery_percent", Part(2)) == 33)
            await comes_true(lambda: (link.take_telemetry(Part(2)) or {}).get("quality_percent") == 92)


async def test_levels_that_are_polled_are_asked_once_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 1.0)
    monkeypatch.setattr("services.drivers.sennheiser.ssc.codec.plan.TRIES", 1)
    async with stage("sl_rack_receiver_dw", fault="crowded") as (unit, maker):
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
            await comes_true(lambda: asked(unit, "brightness") == 3)  # read once, and in two rounds
            assert 1 <= asked(unit, "rx1/rf_quality") <= 2


async def test_after_it_was_started_anew_it_tells_again_and_the_words_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.sennheiser.ssc.codec.plan.TRIES", 1)
    monkeypatch.setattr("services.drivers.sennheiser.ssc.codec.plan.SILENT_S", 0.3)
    async with stage("sl_mcr2_dw") as (unit, maker):
        unit.listeners.served = 1_000
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
            await reported.until(lambda: reported.value("subscription_trouble", UNIT) is not None)
            await unit.fault("rebooted")
            await reported.until(lambda: reported.value("subscription_trouble", UNIT) is None)


# -- setting ---------------------------------------------------------------------------------------------------


async def test_a_rack_is_set_in_decibels_and_written_an_index() -> None:
    async with read("sl_rack_receiver_dw") as (unit, link, _):
        (result,) = (await link.set(Part(1), {"gain_db": -18})).values()
        assert (result.outcome, result.reported) == ("ok", -18)
        assert unit.box.nodes["audio/out1/gain_db"].read() == 1


async def test_what_an_mcr_refuses_is_said_with_its_reason() -> None:
    async with read("sl_mcr2_dw") as (unit, link, _):
        await unit.fault("refuses")
        (result,) = (await link.set(Part(2), {"gain_db": 6})).values()
    assert (result.outcome, result.reported) == ("device_rejected", 0)
    assert "406" in str(result.detail)
    assert "invalid value" in str(result.detail)


@pytest.mark.parametrize("name", ["1st", "-a", "a-", "a b", "Ä", "toolongname", ""])
async def test_a_name_that_an_mcr_cannot_have_is_not_sent(name: str) -> None:
    async with read("sl_mcr2_dw") as (unit, link, _):
        before = asked(unit, "rx1/name")
        (result,) = (await link.set(Part(1), {"name": name})).values()
        assert result.outcome == "not_sent"
        assert asked(unit, "rx1/name") == before


# -- chargers --------------------------------------------------------------------------------------------------

NUMBERS = ("battery_percent", "battery_health_percent", "battery_cycles", "time_to_full_minutes")


async def test_an_empty_bay_has_no_numbers_though_it_reads_zeros() -> None:
    async with read("chg4n") as (unit, _, reported):
        unit.set_value(Part(2), "occupied", False)
        await reported.until(lambda: reported.value("charge_state", Part(2)) == "empty")
        assert unit.box.nodes["bays/bat_gauge"].read() == [100, 0, 78, 67]
        await reported.until(lambda: [reported.value(key, Part(2)) for key in NUMBERS] == [None] * 4)


async def test_an_empty_bay_is_told_by_its_type_where_active_is_missing() -> None:
    async with stage("chg2n") as (unit, maker):
        nodes = unit.box.nodes
        assert isinstance(nodes, dict)
        del nodes["bays/active"]
        unit.set_value(Part(1), "occupied", False)
        reported = Listening()
        async with maker.connect(target(unit), reported) as link:
            await link.read_all()
        assert [reported.value("occupied", Part(number)) for number in (1, 2)] == [False, True]
        assert [reported.value("battery_percent", Part(number)) for number in (1, 2)] == [None, 89]


async def test_what_is_put_into_a_bay_is_read_whatever_was_told_first() -> None:
    async with read("chg2n") as (unit, _, reported):
        unit.set_value(Part(1), "occupied", False)
        await reported.until(lambda: reported.value("occupied") is False)
        unit.set_value(Part(1), "battery_percent", 0)
        unit.set_value(Part(1), "occupied", True)
        await reported.until(lambda: reported.value("battery_percent") == 0)


async def test_a_fault_of_a_bay_is_seen_though_it_cannot_be_subscribed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 0.2)
    async with read("chg4n") as (unit, _, reported):
        assert not subscribed(unit, "bays/state")
        unit.set_value(Part(3), "errors", 8)
        await reported.until(lambda: reported.value("fault", Part(3)) == "check_charger")
        await reported.until(lambda: reported.value("charge_state", Part(3)) == "fault")
        assert reported.value("subscription_trouble", UNIT) is None


async def test_a_charger_that_goes_while_it_is_asked_ends_the_conversation_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing else may fail with it: a task whose error nobody takes is an error of its own in the log."""
    monkeypatch.setattr("services.drivers.sennheiser.ssc.link.POLL_S", 0.05)
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
    async with read("chg2n") as (unit, link, _):
        await unit.fault("offline")
        async with asyncio.timeout(5):
            assert (await link.wait_closed()).reason == "refused"
        await asyncio.sleep(0.2)  # rounds that come now fail at once
    gc.collect()
    assert not failed


async def test_one_bay_is_shown_and_the_others_are_left_alone() -> None:
    async with read("chg4n") as (unit, link, _):
        assert (await link.identify(Part(3), on=True)).outcome == "ok"
        assert (await link.identify(Part(1), on=True)).outcome == "ok"
        assert unit.box.nodes["bays/identify"].read() == [True, False, True, False]
        assert asked(unit, "bays/identify") == 2  # the answer has all bays: it need not be asked for


# -- the wire, as documents print it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "fault"),
    [
        *(("sl_rack_receiver_dw", fault) for fault in ("lossy", "duplicated", "reordered", "garbage", "malformed")),
        *(("sl_mcr2_dw", fault) for fault in ("garbage", "malformed")),
        *(("chg4n", fault) for fault in ("lossy", "garbage", "malformed")),
    ],
)
async def test_a_bad_network_or_unit_does_not_keep_it_from_being_read(product: str, fault: str) -> None:
    async with read(product, fault=fault, timeout_s=3.0) as (_, _link, reported):
        assert isinstance(reported.value("battery_percent"), int)


async def test_keys_stand_twice_and_messages_end_in_a_nul() -> None:
    said: list[bytes] = []
    async with stage("sl_mcr2_dw") as (unit, maker):

        def trace(direction: str, data: bytes) -> None:
            if direction == "<":
                said.append(data)

        async with maker.connect(target(unit), Listening(), trace) as link:
            await link.read_all()
            assert not any(link.counters().values())
    assert any(each.count(b'"osc":') == 2 for each in said)
    assert any(each.count(b'"rx1":') > 1 for each in said)
    assert any(each.endswith(b"\0") for each in said)


def test_every_product_of_the_family_is_simulated() -> None:
    assert {"sl_rack_receiver_dw", "sl_mcr2_dw", "sl_mcr4_dw", "chg2n", "chg4n"} <= {*simulator.traits}
