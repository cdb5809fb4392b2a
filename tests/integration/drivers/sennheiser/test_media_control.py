"""What a user sees of ew G3/G4 receivers and IEM G4 transmitters, over real sockets."""

from __future__ import annotations

import asyncio

import pytest

from services.drivers.sennheiser.products import PRODUCTS
from services.model import KEYS, UNIT_KINDS, Kind, Part
from tests.integration.drivers.sennheiser.stage import (
    CHANNEL,
    comes_true,
    connected,
    stage,
    target,
    telemetry,
)

BY_NAME = {product.name: product for product in PRODUCTS}
every_product = pytest.mark.parametrize("product", BY_NAME)
UNIT = Part()


@every_product
async def test_a_look_finds_who_is_there(product: str) -> None:
    async with stage(product) as on:
        (found,) = await on.maker.look(target(on.unit))
    assert (found.driver, found.host) == ("sennheiser", on.unit.host)
    assert found.identity.kind is BY_NAME[product].kind
    assert found.identity.model == BY_NAME[product].model
    assert found.identity.firmware
    assert found.name


@every_product
async def test_a_look_sends_nothing_but_questions(product: str) -> None:
    async with stage(product) as on:
        await on.maker.look(target(on.unit))
        assert on.unit.asked
        assert not [asked for asked in on.unit.asked if " " in asked]


@every_product
async def test_a_read_gives_each_key_of_the_product_at_once(product: str) -> None:
    async with stage(product) as on, connected(on) as (_, heard, description):
        abilities = BY_NAME[product].part_abilities
        unit, channel = heard.readings
        assert (unit.part, unit.whole, channel.part, channel.whole) == (UNIT, True, CHANNEL, True)
        evidence = {*KEYS.names(UNIT_KINDS[BY_NAME[product].kind].part, None)}
        assert {*channel.values} - evidence <= abilities.keys
        told = {*channel.values, *channel.more}
        assert {key for key in told if heard.value(key) is None} == {"group", "group_channel"}
        assert description.parts[1].keys == abilities.keys
        assert description.identity.kind is BY_NAME[product].kind


async def test_a_receiver_reads_as_its_panel_shows_it() -> None:
    async with stage("em_g4") as on:
        on.unit.set_value(CHANNEL, "name", "Anna")
        on.unit.set_value(CHANNEL, "frequency_mhz", 570.125)
        on.unit.set_value(CHANNEL, "gain_db", -12)
        on.unit.set_value(CHANNEL, "squelch_db", 13)
        on.unit.set_value(CHANNEL, "equalizer", "low_cut")
        on.unit.set_value(CHANNEL, "battery_percent", 40.0)
        async with connected(on) as (_, heard, description):
            shown = {key: heard.value(key) for key in ("name", "frequency_mhz", "gain_db", "squelch_db", "equalizer")}
            assert shown == {
                "name": "Anna",
                "frequency_mhz": 570.125,
                "gain_db": -12,
                "squelch_db": 13,
                "equalizer": "low_cut",
            }
            assert heard.value("battery_percent") == 30
            assert heard.value("name", UNIT) == "Anna"
            assert description.parts[1].settable["frequency_mhz"]["minimum"] == 566.0


async def test_what_is_turned_at_the_panel_shows_without_asking() -> None:
    async with stage("em_g4") as on, connected(on, meter_interval_s=60.0) as (_, heard, _d):
        on.unit.set_value(CHANNEL, "name", "Bert")
        await heard.until_value("name", "Bert")
        on.unit.set_value(CHANNEL, "receiver_muted", True)
        await heard.until_value("receiver_muted", True)


@pytest.mark.parametrize("meter_interval_s", [0.0, 60.0])
async def test_a_muted_or_lost_microphone_shows_at_once_even_with_slow_meters(meter_interval_s: float) -> None:
    async with stage("em_g4") as on, connected(on, meter_interval_s=meter_interval_s) as (_, heard, _d):
        assert heard.value("transmitter_present") is True
        on.unit.set_value(CHANNEL, "transmitter_muted", True)
        await heard.until_value("transmitter_muted", True)
        on.unit.set_value(CHANNEL, "transmitter_present", False)
        await heard.until_value("transmitter_present", False)
        await heard.until_value("battery_percent", None)


async def test_a_transmitters_carrier_and_sound_are_read() -> None:
    async with stage("sr_iem_g4") as on, connected(on) as (_, heard, _d):
        assert heard.value("rf_muted") is False
        on.unit.set_value(CHANNEL, "rf_muted", True)
        await heard.until_value("rf_muted", True)
        on.unit.set_value(CHANNEL, "audio_mode", "mono")
        await heard.until_value("audio_mode", "mono")


@every_product
async def test_meters_have_each_key_of_the_product_and_nothing_else(product: str) -> None:
    async with stage(product) as on, connected(on) as (link, _, _d):
        assert set(await telemetry(link)) == BY_NAME[product].part_abilities.telemetry
        assert link.take_telemetry(Part(2)) is None


async def test_meters_alone_are_no_news() -> None:
    async with stage("em_g4", still=False) as on, connected(on) as (link, heard, _d):
        on.unit.panel.changed = lambda _word: None
        heard.readings.clear()
        for _ in range(3):
            await telemetry(link)
        assert not [reading for reading in heard.readings if "battery_percent" not in reading.values]


async def test_meters_come_as_often_as_they_are_wanted_from_now_on() -> None:
    async with stage("em_g4") as on, connected(on, meter_interval_s=60.0) as (link, _, _d):
        link.take_telemetry(CHANNEL)
        link.meter(None, 0.1)
        await comes_true(lambda: on.unit.asked[-1] == "Push 60 100 7\r")
        assert (await telemetry(link))["rf_percent"] == 80
        link.meter(CHANNEL, 0.0)
        await comes_true(lambda: on.unit.asked[-1] == "Push 60 0 7\r")


@every_product
async def test_leaving_stops_the_reports_of_the_unit(product: str) -> None:
    async with stage(product) as on:
        async with connected(on):
            pass
        assert on.unit.asked[-1] == "Push 0 0 0\r"
        assert not on.unit._reports


async def test_two_units_on_one_socket_are_told_apart_by_their_address() -> None:
    async with (
        stage("em_g4", count=3) as on,
        connected(on, on.units[0]) as (_a, first, _d),
        connected(on, on.units[1]) as (_b, second, _e),
        connected(on, on.units[2]) as (_c, third, _f),
    ):
        assert [heard.value("name") for heard in (first, second, third)] == ["Vox 1", "Vox 2", "Vox 3"]
        on.units[1].set_value(CHANNEL, "name", "Two")
        await second.until_value("name", "Two")
        assert (first.value("name"), third.value("name")) == ("Vox 1", "Vox 3")


async def test_looking_at_a_unit_that_is_connected_disturbs_nothing() -> None:
    async with stage("em_g4") as on, connected(on) as (link, heard, _d):
        await on.maker.look(target(on.unit))
        on.unit.set_value(CHANNEL, "name", "Still")
        await heard.until_value("name", "Still")
        await telemetry(link)


async def test_a_keep_alive_is_answered() -> None:
    async with stage("sr_iem_g4") as on, connected(on, meter_interval_s=0.0) as (link, _, _d):
        before = link.last_received
        link.ask_alive()
        await comes_true(lambda: link.last_received > before)


async def test_a_unit_without_a_name_has_none() -> None:
    async with stage("em_g4", fault="blank_name") as on, connected(on) as (_, heard, _d):
        assert heard.value("name") is None
        on.unit.set_value(CHANNEL, "name", "Now")
        await heard.until_value("name", "Now")


async def test_a_change_that_another_controller_makes_shows() -> None:
    async with stage("em_g4") as on, connected(on) as (_, heard, _d):
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(on.neighbour, 53212))
        try:
            other.sendto(b"AfOut 12\r", (on.unit.host, 53212))
            await heard.until_value("gain_db", 12)
        finally:
            other.close()


async def test_a_unit_answers_only_the_documented_source_port() -> None:
    async with stage("em_g4") as on:
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[bytes] = loop.create_future()

        class Ears(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                heard.set_result(data)

        other, _ = await loop.create_datagram_endpoint(Ears, local_addr=(on.home, 0))
        other.sendto(b"Name\r", (on.unit.host, 53212))
        await comes_true(lambda: bool(on.unit.asked))
        other.close()
        assert not heard.done()


async def test_sightings_wait_until_nobody_wants_them() -> None:
    async with stage("em_g4") as on:
        first = asyncio.ensure_future(anext(on.maker.sightings()))
        await on.maker.look(target(on.unit))
        assert not first.done()
        first.cancel()


async def test_what_goes_over_the_wire_can_be_traced() -> None:
    lines: list[tuple[str, bytes]] = []
    async with stage("sr_iem_g4") as on:
        await on.maker.look(target(on.unit), lambda way, data: lines.append((way, data)))
    assert (">", b"FirmwareRevision\r") in lines
    assert ("<", b"FirmwareRevision 1.2.0\r") in lines


def test_both_kinds_are_covered() -> None:
    assert {product.kind for product in PRODUCTS} == {Kind.RECEIVER, Kind.IEM}
