"""UHF-R over a real socket: what is special about it, and a network and units that misbehave."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import os
import socket
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass

import pytest

from services.drivers.port import Description, DriverError, Link, Maker, Reading, Surroundings, Target
from services.drivers.shure.simulation.uhfr.simulator import uhfr_simulator
from services.drivers.shure.simulation.uhfr.unit import Unit
from services.drivers.shure.uhfr import keeper as keeper_module
from services.drivers.shure.uhfr import link as link_module
from services.drivers.shure.uhfr.driver import uhfr_driver
from services.model import UNIT, Part

ONE, TWO = Part(1), Part(2)
SOON_S = 10.0
_hosts = (f"127.{20 + os.getpid() % 90}.{number // 200 + 1}.{number % 200 + 1}" for number in itertools.count())


class Listening:
    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        self.readings += readings
        self._news.set()

    def value(self, key: str, part: Part = ONE) -> object:
        for reading in reversed(self.readings):
            both = {**reading.values, **reading.more}
            if reading.part == part and key in both:
                return both[key]
        return None

    async def until_value(self, key: str, value: object, part: Part = ONE) -> None:
        async with asyncio.timeout(SOON_S):
            while self.value(key, part) != value:
                self._news.clear()
                await self._news.wait()


@dataclass
class Stage:
    unit: Unit
    maker: Maker

    def target(self, *, meter_interval_s: float = 0.1, timeout_s: float = 1.0) -> Target:
        return Target(
            self.unit.host,
            meter_interval_s=meter_interval_s,
            connect_timeout_s=timeout_s,
            answer_timeout_s=timeout_s,
        )

    @asynccontextmanager
    async def connected(
        self, *, meter_interval_s: float = 0.1, timeout_s: float = 1.0
    ) -> AsyncIterator[tuple[Link, Listening, Description]]:
        heard = Listening()
        where = self.target(meter_interval_s=meter_interval_s, timeout_s=timeout_s)
        async with self.maker.connect(where, heard) as link:
            yield link, heard, await link.read_all()


@asynccontextmanager
async def stage(
    product: str = "ur4d", *, fault: str = "none", device_words: bool = True, updates: bool = True
) -> AsyncIterator[Stage]:
    async with (
        uhfr_simulator.run(
            product, count=1, listen=next(_hosts), still=True, fault=fault, device_words=device_words, updates=updates
        ) as units,
        uhfr_driver.open(Surroundings(next(_hosts))) as maker,
    ):
        yield Stage(units[0], maker)


async def comes_true(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():  # noqa: ASYNC110 - of what has no event to wait for
            await asyncio.sleep(0.01)


async def telemetry(link: Link, part: Part = ONE) -> Mapping[str, object]:
    taken: list[Mapping[str, object]] = []

    def came() -> bool:
        if (newest := link.take_telemetry(part)) is not None:
            taken.append(newest)
        return bool(taken)

    await comes_true(came)
    return taken[0]


@pytest.mark.parametrize(("product", "model", "channels"), [("ur4s", "UR4S", 1), ("ur4d", "UR4D", 2)])
@pytest.mark.parametrize("device_words", [True, False])
async def test_the_model_is_found_with_and_without_words_about_the_unit(
    product: str, model: str, channels: int, *, device_words: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "GUESS_S", 0.3)
    async with stage(product, device_words=device_words) as on:
        (seen,) = await on.maker.look(on.target())
    proved = device_words or channels > 1  # a second channel that stays silent may be a datagram that was lost
    assert (seen.identity.model, seen.identity.part_count) == (model if proved else None, channels)
    assert (seen.identity.mac is not None) is device_words


async def test_what_only_2201_has_is_asked_for_once_and_its_silence_takes_nothing_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "GUESS_S", 0.3)
    async with stage(device_words=False) as on, on.connected() as (link, heard, found):
        assert heard.value("frequency_mhz") == 578.35
        assert "gain_db" not in found.parts[1].settable
        assert not found.abilities.identifies
        on.unit.asked.clear()
        assert await link.read_all() == found
        assert not [asked for asked in on.unit.asked if "MAC_ADDR" in asked or "AUDIO_GAIN" in asked]


async def test_an_answer_brings_what_was_not_asked_for() -> None:
    async with stage() as on, on.connected() as (link, heard, _):
        results = await link.set(ONE, {"group": 3, "group_channel": 5})
        assert {one.outcome for one in results.values()} == {"ok"}
        assert heard.value("frequency_mhz") == 581.125


async def test_a_change_is_told_and_confirmed() -> None:
    async with stage() as on, on.connected() as (_, heard, _found):
        on.unit.set_value(TWO, "receiver_muted", value=True)
        await heard.until_value("receiver_muted", value=True, part=TWO)
        await comes_true(lambda: "* NOTED 1 *" in on.unit.asked)


async def test_a_change_that_is_not_told_is_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "TICK_S", 0.05)
    monkeypatch.setattr(keeper_module, "POLL_S", 0.1)
    async with stage(updates=False) as on, on.connected() as (_, heard, _found):
        on.unit.set_value(ONE, "name", "Lead")
        await heard.until_value("name", "Lead")


@pytest.mark.parametrize("fault", ["lossy", "duplicated", "reordered", "slow", "garbage"])
async def test_a_bad_network_costs_time_and_nothing_else(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "TICK_S", 0.1)
    monkeypatch.setattr(keeper_module, "POLL_S", 0.2)
    async with stage(fault=fault) as on:
        (seen,) = await on.maker.look(on.target(timeout_s=3.0))
        assert seen.identity.part_count == 2
        async with on.connected(timeout_s=3.0) as (link, heard, _):
            on.unit.set_value(ONE, "name", "Through")
            await heard.until_value("name", "Through")
            await telemetry(link, TWO)
            assert (await link.set(TWO, {"gain_db": -20}))["gain_db"].outcome == "ok"
            await link.read_all()
            assert heard.value("gain_db", TWO) == -20


async def test_nonsense_is_counted_by_its_sort_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with stage(fault="garbage") as on, on.connected() as (link, _, _found):
            kinds = ("ill_formed", "meaningless", "unknown_values")
            await comes_true(lambda: all(link.counters()[kind] for kind in kinds))
    assert len([record for record in caplog.records if "please report" in record.message]) <= 1


async def test_a_unit_that_restarted_is_asked_for_meters_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TICK_S": 0.05, "LATE_S": 0.3, "PAUSE_FIRST_S": 0.1}.items():
        monkeypatch.setattr(keeper_module, name, value)
    async with stage() as on, on.connected() as (link, heard, _):
        await telemetry(link)
        await on.unit.fault("restart")
        link.take_telemetry(ONE)
        await telemetry(link)
        on.unit.set_value(ONE, "name", "Again")
        await heard.until_value("name", "Again")


async def test_rf_is_published_as_the_number_that_it_is_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "TICK_S", 0.05)
    monkeypatch.setattr(keeper_module, "POLL_S", 0.1)
    async with stage() as on, on.connected() as (link, heard, _):
        await heard.until_value("rf_a_raw", 75)
        link.meter(None, 0)
        await heard.until_value("rf_a_raw", None)
        await comes_true(lambda: "* METER 1 ALL STOP *" in on.unit.asked)


async def test_a_transmitter_that_goes_takes_its_battery_along() -> None:
    async with stage() as on, on.connected() as (_, heard, _found):
        assert (heard.value("battery_bars"), heard.value("transmitter_present")) == (5, True)
        await on.unit.fault("transmitter_off")
        await heard.until_value("battery_bars", None)
        await heard.until_value("transmitter_present", value=False)


async def test_the_unit_flashes_on_request_and_ends_it_by_itself() -> None:
    async with stage() as on, on.connected() as (link, _, _found):
        assert (await link.identify(UNIT, on=True)).outcome == "ok"
        assert (await link.identify(UNIT, on=False)).outcome == "not_sent"
        assert on.unit.asked.count("* SET FLASH *") == 1


async def test_metering_is_stopped_at_the_end_of_a_conversation() -> None:
    async with stage() as on:
        async with on.connected() as (link, _, _found):
            await telemetry(link)
        await comes_true(lambda: {"* METER 1 ALL STOP *", "* METER 2 ALL STOP *"} <= {*on.unit.asked})


async def test_one_value_that_cannot_be_written_keeps_the_others_back() -> None:
    async with stage() as on, on.connected() as (link, _, _found):
        results = await link.set(ONE, {"name": "A_B", "gain_db": -3})
        assert {one.outcome for one in results.values()} == {"not_sent"}
        assert not [asked for asked in on.unit.asked if " SET " in asked]


async def test_a_frequency_outside_the_band_is_rejected_with_what_the_unit_has() -> None:
    async with stage() as on, on.connected() as (link, _, found):
        assert found.parts[1].settable["frequency_mhz"]["maximum"] == 638.0
        result = (await link.set(ONE, {"frequency_mhz": 700.0}))["frequency_mhz"]
    assert (result.outcome, result.reported) == ("device_rejected", 578.35)


async def test_something_else_at_the_port_is_said_to_be_that() -> None:
    host = next(_hosts)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind((host, 2202))
        other.setblocking(False)
        loop = asyncio.get_running_loop()

        async def echo() -> None:
            while True:
                data, sender = await loop.sock_recvfrom(other, 2048)
                await loop.sock_sendto(other, data, sender)

        task = asyncio.create_task(echo())
        async with uhfr_driver.open(Surroundings(next(_hosts))) as maker:
            with pytest.raises(DriverError) as failure:
                await maker.look(Target(host, connect_timeout_s=0.3, answer_timeout_s=0.3))
        task.cancel()
    assert failure.value.reason == "wrong_model"


async def test_a_port_where_nobody_listens_ends_the_conversation_at_once() -> None:
    async with stage() as on, on.connected() as (link, _, _found):
        await on.unit.fault("offline")
        link.ask_alive()
        async with asyncio.timeout(2.0):
            error = await link.wait_closed()
    assert error.reason == "refused"


@pytest.mark.parametrize("fault", ["none", "offline", "freeze"])
async def test_a_conversation_that_ended_is_held_by_nobody(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[weakref.ref[object]] = []
    made = link_module.UhfrLink.__init__

    def note(self: link_module.UhfrLink, *given: object) -> None:
        links.append(weakref.ref(self))
        made(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(link_module.UhfrLink, "__init__", note)
    async with stage() as on:
        await on.unit.fault(fault)
        gc.collect()
        gc.disable()
        try:
            with suppress(DriverError):
                await on.maker.look(on.target(timeout_s=0.2))
            await asyncio.sleep(0)
            assert [link() for link in links] == [None]
        finally:
            gc.enable()


async def test_two_units_of_one_run_have_other_addresses_and_names() -> None:
    async with uhfr_simulator.run("ur4s", count=2, listen=next(_hosts), still=True) as units:
        assert units[0].host != units[1].host
        assert units[0].channels[1].name != units[1].channels[1].name
    next(_hosts)
