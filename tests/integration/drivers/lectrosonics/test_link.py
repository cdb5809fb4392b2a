"""A DSQD over a real socket: what is special about it, and units that misbehave."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from services.drivers.lectrosonics import link as link_module
from services.drivers.lectrosonics import poller as poller_module
from services.drivers.lectrosonics.codec import state as state_module
from services.drivers.lectrosonics.driver import driver
from services.drivers.lectrosonics.simulation.simulator import simulator
from services.drivers.lectrosonics.simulation.unit import Connection, Unit
from services.drivers.port import Description, DriverError, Link, Maker, Reading, Surroundings, Target
from services.model import UNIT, Part

ONE, TWO = Part(1), Part(2)
SOON_S = 10.0


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

    def target(self, *, meter_interval_s: float = 0.2, timeout_s: float = 1.0) -> Target:
        return Target(
            self.unit.host,
            self.unit.port,
            meter_interval_s=meter_interval_s,
            connect_timeout_s=timeout_s,
            answer_timeout_s=timeout_s,
        )

    @asynccontextmanager
    async def connected(
        self, *, meter_interval_s: float = 0.2, timeout_s: float = 1.0
    ) -> AsyncIterator[tuple[Link, Listening, Description]]:
        heard = Listening()
        where = self.target(meter_interval_s=meter_interval_s, timeout_s=timeout_s)
        async with self.maker.connect(where, heard) as link:
            yield link, heard, await link.read_all()


@asynccontextmanager
async def stage(
    *, fault: str = "none", numbered: bool = True, old: bool = False, modules: int = 4
) -> AsyncIterator[Stage]:
    async with (
        simulator.run(
            "dsqd",
            count=1,
            listen="127.0.0.1",
            port=0,
            still=True,
            fault=fault,
            numbered=numbered,
            old=old,
            modules=modules,
        ) as units,
        driver.open(Surroundings()) as maker,
    ):
        yield Stage(units[0], maker)


@pytest.mark.parametrize("numbered", [True, False])
async def test_answers_are_told_apart_with_and_without_their_number(*, numbered: bool) -> None:
    async with stage(numbered=numbered) as on, on.connected() as (_, heard, found):
        names = [heard.value("name", Part(number)) for number in found.parts]
        assert names == ["Actor 1", "Actor 2", "Actor 3", "Actor 4"]
        assert heard.value("diversity_mode", Part(4)) == "switched"


async def test_only_installed_modules_are_channels() -> None:
    async with stage(modules=2) as on, on.connected() as (_, _heard, found):
        assert [*found.parts] == [1, 2]
        assert found.identity.part_count == 2


async def test_the_unit_is_identified_by_serial_and_address() -> None:
    async with stage() as on:
        (seen,) = await on.maker.look(on.target())
    identity = seen.identity
    assert (identity.serial, identity.device_id, seen.name) == (str(on.unit.serial), "Rack 1", "Rack 1")
    assert identity.mac is not None
    assert identity.mac.startswith("00:24:34:32:")


async def test_a_change_is_seen_by_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller_module, "SETTINGS_S", 0.3)
    async with stage() as on, on.connected() as (_, heard, _found):
        on.unit.set_value(TWO, "receiver_muted", value=True)
        await heard.until_value("receiver_muted", value=True, part=TWO)
        on.unit.set_value(ONE, "name", "Lead")
        await heard.until_value("name", "Lead")
        on.unit.set_value(UNIT, "name", "Rack 9")
        await heard.until_value("name", "Rack 9", UNIT)


async def test_a_transmitter_that_goes_takes_everything_along_and_brings_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state_module, "FADE_S", 0.3)
    async with stage() as on, on.connected() as (_, heard, _found):
        assert (heard.value("battery_percent"), heard.value("transmitter_id")) == (100, "DBu")
        await on.unit.fault("transmitter_off")
        await heard.until_value("transmitter_present", value=False)
        assert (heard.value("battery_percent"), heard.value("transmitter_id")) == (None, None)
        on.unit.channels[0].sender = "HHa"
        await on.unit.fault("none")
        await heard.until_value("transmitter_id", "HHa")
        assert heard.value("battery_type") == "lithium_primary"


async def test_words_that_a_unit_does_not_know_cost_one_silence_a_conversation() -> None:
    async with stage(old=True) as on, on.connected(timeout_s=0.1) as (link, heard, found):
        assert heard.value("compatibility_mode") is None
        assert heard.value("battery_percent") == 100
        on.unit.asked.clear()
        assert await link.read_all() == found
        assert not [asked for asked in on.unit.asked if "rxmode" in asked or "!tx" in asked]


async def test_a_late_answer_is_given_to_no_other_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(numbered=False) as on, on.connected(meter_interval_s=0.0, timeout_s=0.5) as (link, heard, _):
        write = Connection._write
        kept: list[bytes] = []

        def late(self: Connection, line: bytes) -> None:
            if kept or not line.startswith(b"OK rxname="):
                write(self, line)
                return
            kept.append(line)
            asyncio.get_running_loop().call_later(0.55, write, self, line)

        monkeypatch.setattr(Connection, "_write", late)
        await link.read_all()
        assert kept
        assert heard.value("name", TWO) == "Actor 2"


async def test_a_port_that_only_receives_is_said_to_do_so() -> None:
    async with stage(fault="control_blocked") as on:
        with pytest.raises(DriverError, match="portctl") as failure:
            await on.maker.look(on.target(timeout_s=0.2))
    assert failure.value.reason == "control_blocked"


async def test_another_kind_of_unit_is_named() -> None:
    async with stage() as on:
        on.unit.ident = "M2R"
        with pytest.raises(DriverError, match="'M2R'") as failure:
            await on.maker.look(on.target())
    assert failure.value.reason == "wrong_model"


async def test_something_that_answers_otherwise_is_no_dsqd() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with driver.open(Surroundings()) as maker:
        with pytest.raises(DriverError) as failure:
            await maker.look(Target("127.0.0.1", port, connect_timeout_s=0.3, answer_timeout_s=0.3))
    server.close()
    assert failure.value.reason == "wrong_model"


async def test_a_web_server_that_hangs_up_is_no_dsqd() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, driver.open(Surroundings()) as maker:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DriverError) as failure:
            await maker.look(Target("127.0.0.1", port, answer_timeout_s=1.0))
    assert failure.value.reason == "wrong_model"


async def test_an_error_of_the_unit_is_told_with_its_words() -> None:
    async with stage() as on, on.connected() as (link, _, _found):
        result = (await link.set(ONE, {"frequency_mhz": 700.0}))["frequency_mhz"]
    assert (result.outcome, result.reported) == ("device_rejected", 472.4)
    assert "ERROR" in result.detail


async def test_one_value_that_cannot_be_written_keeps_the_others_back() -> None:
    async with stage() as on, on.connected() as (link, _, _found):
        results = await link.set(ONE, {"name": "x" * 16, "gain_db": 3})
        assert {one.outcome for one in results.values()} == {"not_sent"}
        assert not [asked for asked in on.unit.asked if "=" in asked]


async def test_without_meters_there_is_no_telemetry_and_the_state_goes_on() -> None:
    async with stage() as on, on.connected(meter_interval_s=0.0) as (link, heard, _):
        on.unit.set_value(ONE, "receiver_muted", value=True)
        link.ask_alive()
        await heard.until_value("receiver_muted", value=True)
        assert link.take_telemetry(ONE) is None


async def test_nobody_is_asked_after_the_end_of_a_conversation() -> None:
    async with stage() as on:
        async with on.connected() as (_, _heard, _found):
            pass
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "dsqd poller"]


@pytest.mark.parametrize("fault", ["none", "offline", "control_blocked"])
async def test_a_conversation_that_ended_is_held_by_nobody(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[weakref.ref[object]] = []
    made = link_module.DsqdLink.__init__

    def note(self: link_module.DsqdLink, *given: object) -> None:
        links.append(weakref.ref(self))
        made(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(link_module.DsqdLink, "__init__", note)
    async with stage() as on:
        await on.unit.fault(fault)
        gc.collect()
        gc.disable()
        try:
            with suppress(DriverError):
                await on.maker.look(on.target(timeout_s=0.1))
            await asyncio.sleep(0)
            assert [link() for link in links] == [None]
        finally:
            gc.enable()
