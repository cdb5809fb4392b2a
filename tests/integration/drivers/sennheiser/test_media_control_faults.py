"""A network and units that misbehave: what a user still sees, and what the bridge says."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import closing
from typing import cast

import pytest

from services.drivers.nonsense import NONSENSE
from services.drivers.port import DriverError, Surroundings, Target
from services.drivers.sennheiser.media_control import link as link_module
from services.drivers.sennheiser.media_control.codec import push as push_module
from services.drivers.sennheiser.media_control.codec.lines import PORT
from services.drivers.sennheiser.media_control.protocol import media_control as driver
from services.drivers.sennheiser.products import PRODUCTS
from services.drivers.transport.udp import first_use
from services.drivers.transport.udp import sockets as sockets_module
from tests.integration.drivers.sennheiser.stage import (
    CHANNEL,
    SOON_S,
    addresses,
    comes_true,
    connected,
    stage,
    target,
    telemetry,
)

every_product = pytest.mark.parametrize("product", [product.name for product in PRODUCTS])


@every_product
@pytest.mark.parametrize("fault", ["lossy", "duplicated", "reordered", "slow", "garbage"])
async def test_a_bad_network_costs_time_and_nothing_else(product: str, fault: str) -> None:
    async with stage(product, fault=fault) as on:
        (found,) = await on.maker.look(target(on.unit, timeout_s=3.0))
        assert found.identity.firmware
        async with connected(on, timeout_s=3.0) as (link, heard, _d):
            on.unit.set_value(CHANNEL, "name", "Through")
            await heard.until_value("name", "Through")
            await telemetry(link)
            await link.read_all()
            assert heard.value("name") == "Through"
            assert heard.value("frequency_mhz") == 566.9


@every_product
async def test_duplicates_change_nothing_twice(product: str) -> None:
    async with stage(product, fault="duplicated") as on, connected(on) as (link, heard, _d):
        named = heard.value("name")
        on.unit.set_value(CHANNEL, "name", "Once")
        await heard.until_value("name", "Once")
        for _ in range(2):
            await telemetry(link)
        assert heard.values("name") == [named, "Once"]


async def test_nonsense_is_counted_by_its_sort() -> None:
    async with stage("em_g4", fault="garbage") as on, connected(on) as (link, _, _d):
        await comes_true(lambda: all(link.counters()[kind] for kind in ("ill_formed", "meaningless", "unknown_values")))
        assert set(link.counters()) == set(NONSENSE)


async def test_a_lost_change_is_seen_by_the_counter_of_changes() -> None:
    async with stage("em_g4") as on, connected(on) as (_, heard, _d):
        silent = on.unit.panel.changed
        on.unit.panel.changed = lambda _word: None
        on.unit.set_value(CHANNEL, "gain_db", 9)
        on.unit.panel.changed = silent
        await heard.until_value("gain_db", 9)


async def test_reports_that_end_early_are_asked_for_again() -> None:
    async with stage("em_g4", fault="forgetful") as on, connected(on) as (link, _, _d):
        for _ in range(2):
            await comes_true(lambda: not on.unit._reports)
            await comes_true(lambda: bool(on.unit._reports))
        await telemetry(link)


@every_product
async def test_a_unit_that_confirms_and_reports_nothing_is_read_as_far_as_it_answers(product: str) -> None:
    async with stage(product, fault="no_reports") as on, connected(on, timeout_s=0.5) as (link, heard, _d):
        assert heard.value("frequency_mhz") == 566.9
        assert heard.value("transmitter_present") is None
        assert link.take_telemetry(CHANNEL) is None


async def test_what_a_unit_stops_to_report_is_unknown_and_not_shown_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(push_module, "LATE_S", 0.2)
    async with stage("em_g4") as on, connected(on) as (link, heard, _d):
        assert (heard.value("transmitter_present"), heard.value("battery_percent")) == (True, 100)
        await on.unit.fault("no_reports")
        async with asyncio.timeout(SOON_S):
            while heard.value("transmitter_present") is not None:
                link.ask_alive()
                await asyncio.sleep(0.05)
        assert heard.value("battery_percent") is None
        assert heard.value("transmitter_muted") is None
        assert heard.value("frequency_mhz") == 566.9, "it answers what it is asked"
        assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
            "unit confirms and sends no cyclic data"
        ]
        await on.unit.fault("none")
        await heard.until_value("transmitter_present", True)
        assert heard.value("battery_percent") == 100


async def test_a_unit_that_falls_silent_keeps_its_last_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "LATE_S", 0.1)
    async with stage("em_g4") as on, connected(on) as (link, heard, _d):
        await on.unit.fault("freeze")
        for _ in range(20):
            link.ask_alive()
            await asyncio.sleep(0.05)
        assert heard.value("transmitter_present") is True
        assert heard.value("battery_percent") == 100


class Terse(asyncio.DatagramProtocol):
    """An EM that gives its firmware to the first one who asks, and its name; it sends nothing by itself."""

    def __init__(self) -> None:
        self._firmware: str | None = "1.8.0"
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = data.decode().removesuffix("\r")
        answer = {"FirmwareRevision": self._firmware, "Squelch": "9", "Name": "Vox"}.get(question)
        if question == "FirmwareRevision":
            self._firmware = None
        if answer is not None and self._transport is not None:
            self._transport.sendto(f"{question} {answer}\r".encode(), addr)


async def test_a_firmware_that_came_once_is_known_though_its_second_answer_is_lost() -> None:
    home, _, host = addresses()
    loop = asyncio.get_running_loop()
    transport, _unit = await loop.create_datagram_endpoint(Terse, local_addr=(host, PORT))
    where = Target(host, meter_interval_s=0.1, connect_timeout_s=0.5, answer_timeout_s=0.5)
    with closing(transport):
        async with driver.open(Surroundings(home)) as maker, maker.connect(where, lambda _readings: None) as link:
            assert (await link.read_all()).identity.firmware == "1.8.0"


async def test_a_silent_address_is_explained_with_the_remedy_for_old_firmware() -> None:
    async with stage("em_g4", fault="old_firmware") as on:
        with pytest.raises(DriverError) as failure:
            await on.maker.look(target(on.unit, timeout_s=0.3))
        assert failure.value.reason == "timeout"
        assert "1.4.4" in failure.value.detail
        assert "Wireless Systems Manager" in failure.value.detail
        with pytest.raises(DriverError) as failure:
            async with connected(on, timeout_s=0.3):
                pytest.fail("there is nobody to read")
        assert failure.value.reason == "timeout"


async def test_an_address_that_is_silent_is_asked_a_handful_of_times_and_never_told_to_send() -> None:
    async with stage("em_g4", fault="old_firmware") as on:
        with pytest.raises(DriverError):
            await on.maker.look(target(on.unit, timeout_s=3.0))
        assert 2 <= len(on.unit.asked) <= 6
        assert set(on.unit.asked) == {"FirmwareRevision\r"}


async def test_an_address_where_nobody_listens_is_known_at_once() -> None:
    async with stage("em_g4", fault="offline") as on:
        async with asyncio.timeout(2.0):
            with pytest.raises(DriverError) as failure:
                await on.maker.look(target(on.unit, timeout_s=30.0))
        assert failure.value.reason == "refused"


async def test_a_unit_that_leaves_ends_the_conversation() -> None:
    async with stage("em_g4") as on, connected(on) as (link, _, _d):
        await on.unit.fault("offline")
        link.ask_alive()
        async with asyncio.timeout(2.0):
            assert (await link.wait_closed()).reason == "refused"


async def test_a_frozen_unit_ages_and_the_close_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "ALIVE_S", 0.2)
    async with stage("em_g4") as on:
        async with connected(on) as (link, _, _d):
            await on.unit.fault("freeze")
            loop = asyncio.get_running_loop()
            link.ask_alive()
            await comes_true(lambda: loop.time() - link.last_received > 0.3)
            left = loop.time()
        assert loop.time() - left < 0.2
        assert on.unit.asked[-1] != "Push 0 0 0\r"


async def test_a_unit_that_restarts_sends_its_reports_again() -> None:
    async with stage("em_g4") as on, connected(on) as (link, _, _d):
        await on.unit.leave()
        await on.unit.start()
        link.take_telemetry(CHANNEL)
        await comes_true(lambda: bool(on.unit._reports))
        await telemetry(link)


async def test_a_device_that_echoes_is_no_unit() -> None:
    home, _, first = addresses()
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    echo.setblocking(False)
    echo.bind((first, 53212))
    loop = asyncio.get_running_loop()

    def answer() -> None:
        data, sender = echo.recvfrom(2000)
        echo.sendto(data, sender)

    loop.add_reader(echo, answer)
    try:
        async with driver.open(Surroundings(home)) as maker:
            with pytest.raises(DriverError) as failure:
                await maker.look(Target(first, connect_timeout_s=0.5, answer_timeout_s=0.5))
        assert failure.value.reason == "timeout"
    finally:
        loop.remove_reader(echo)
        echo.close()


async def test_another_kind_of_unit_at_the_same_address_is_seen_by_the_next_read() -> None:
    async with stage("em_g4") as on, connected(on) as (link, heard, description):
        assert description.identity.model == "EM"
        await on.unit.leave()
        async with stage("sr_iem_g4") as other:
            await other.unit.leave()
            other.unit.host = on.unit.host
            await other.unit.start()
            heard.readings.clear()
            assert (await link.read_all()).identity.model == "SR"
            assert heard.value("audio_mode") == "stereo"


async def test_a_port_that_another_program_holds_is_named_and_had_as_soon_as_it_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(first_use, "BIND_PAUSE_S", 0.0)
    async with stage("em_g4") as on:
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        holder.bind((on.home, 53212))
        try:
            with pytest.raises(DriverError) as failure:
                await on.maker.look(target(on.unit))
        finally:
            holder.close()
        assert "53212" in failure.value.detail
        assert failure.value.again_s
        assert await on.maker.look(target(on.unit))


async def test_a_search_asks_for_a_port_that_is_taken_now_and_then_and_not_at_every_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(sockets_module, "port_owner", looked.append)
    async with stage("em_g4") as on:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as holder:
            holder.bind((on.home, 53212))
            for _ in range(50):
                with pytest.raises(DriverError, match="Wireless Systems Manager") as failure:
                    await on.maker.look(target(on.unit))
                assert failure.value.reason == "local_port_unavailable"
    assert looked == [53212]


async def test_many_units_that_are_asked_at_once_all_answer() -> None:
    async with stage("sr_iem_g4", count=40) as on:
        found = await asyncio.gather(*(on.maker.look(target(unit, timeout_s=3.0)) for unit in on.units))
    assert len({sighting.host for (sighting,) in found}) == 40
