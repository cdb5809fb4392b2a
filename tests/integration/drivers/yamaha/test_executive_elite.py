"""What is special of Executive Elite: a login that is tried once, one client at a time, reports in two vocabularies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers.port import Description, DriverError, Link, Maker, Part, Reading, Surroundings, Target
from services.drivers.yamaha.driver import driver
from services.drivers.yamaha.products import Options
from services.drivers.yamaha.simulation.simulator import simulator
from services.drivers.yamaha.simulation.unit import Unit

PASSWORD = "secret-of-the-room"
SOON_S = 5.0


class Heard:
    """What a link reported."""

    def __init__(self) -> None:
        self.values: dict[Part, dict[str, object]] = {}
        self.description: Description | None = None
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            self.values.setdefault(reading.part, {}).update({**reading.values, **reading.more})
        self._news.set()

    def of(self, number: int, key: str) -> object:
        return self.values.get(Part(number), {}).get(key)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


def target(unit: Unit, timeout_s: float = 1.0, **options: object) -> Target:
    given = Options.model_validate(options) if options else None
    return Target(unit.host, unit.port, options=given, connect_timeout_s=timeout_s, answer_timeout_s=timeout_s)


@asynccontextmanager
async def stage(product: str = "elite_4", **options: Any) -> AsyncIterator[tuple[Unit, Maker]]:
    async with (
        simulator.run(product, count=1, listen="127.0.0.1", port=0, still=True, **options) as (unit,),
        driver.open(Surroundings()) as maker,
    ):
        yield unit, maker


@asynccontextmanager
async def reading(unit: Unit, maker: Maker, **options: Any) -> AsyncIterator[tuple[Link, Heard]]:
    heard = Heard()
    async with maker.connect(target(unit, **options), heard) as link:
        heard.description = await link.read_all()
        yield link, heard


@pytest.mark.parametrize("telnet", [False, True])
async def test_a_base_that_asks_for_a_login_gets_it(*, telnet: bool) -> None:
    async with (
        stage(password=PASSWORD, telnet=telnet) as (unit, maker),
        reading(unit, maker, password=PASSWORD) as (
            link,
            heard,
        ),
    ):
        assert heard.of(1, "battery_percent") == 100
        assert unit.logins == 1
        assert set(link.counters().values()) == {0}


async def test_the_password_is_seen_by_nobody_who_reads_along() -> None:
    traced = b""

    def trace(_direction: str, data: bytes) -> None:
        nonlocal traced
        traced += data

    async with stage(password=PASSWORD, telnet=True) as (unit, maker):
        await maker.look(target(unit, password=PASSWORD), trace)
    assert PASSWORD.encode() not in traced
    assert b"***" in traced


async def test_a_wrong_password_is_sent_once_whatever_asks_for_it_again() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        for _ in range(3):
            with pytest.raises(DriverError, match="Room Control API Guide") as failure:
                await maker.look(target(unit, password="wrong"))
            assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
        with pytest.raises(DriverError):
            async with maker.connect(target(unit, password="wrong"), Heard()):
                pass
        assert unit.logins == 1
        assert len(await maker.look(target(unit, password=PASSWORD))) == 1


async def test_a_wrong_user_is_refused_once_too() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        for _ in range(2):
            with pytest.raises(DriverError) as failure:
                await maker.look(target(unit, user="somebody", password=PASSWORD))
            assert failure.value.reason == "auth_failed"
        assert unit.logins == 1


async def test_without_a_password_a_base_that_asks_for_one_is_sent_nothing() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        with pytest.raises(DriverError, match=r"options\.password") as failure:
            await maker.look(target(unit))
        assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
        assert unit.heard == b""


async def test_a_password_is_not_sent_to_a_base_that_does_not_ask_for_it() -> None:
    async with stage() as (unit, maker):
        assert await maker.look(target(unit, timeout_s=0.3, password=PASSWORD))
        assert PASSWORD.encode() not in unit.heard


async def test_a_unit_that_is_to_be_left_alone_is_not_even_connected_to() -> None:
    async with stage() as (unit, maker):
        with pytest.raises(DriverError, match="stay_away") as failure:
            await maker.look(target(unit, stay_away=True))
        assert (failure.value.reason, failure.value.again_s) == ("control_blocked", None)
        assert unit.connections == []


async def test_it_is_said_once_that_the_bridge_takes_the_only_place(caplog: pytest.LogCaptureFixture) -> None:
    async with stage() as (unit, maker):
        await maker.look(target(unit))
        await maker.look(target(unit))
    assert len([record for record in caplog.records if "stay_away" in record.message]) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("occupied", "control_blocked"), ("occupied_closes", "closed_by_device"), ("occupied_silent", "timeout")],
)
async def test_a_place_that_is_taken_is_named_with_the_remedy_and_asked_seldom(fault: str, reason: str) -> None:
    async with stage(password=PASSWORD, fault=fault) as (unit, maker):
        with pytest.raises(DriverError, match=r"one client at a time.*stay_away") as failure:
            await maker.look(target(unit, timeout_s=0.3, password=PASSWORD))
        assert failure.value.reason == reason
        assert failure.value.again_s == 60.0
        assert unit.logins == 0


async def test_the_place_is_free_when_the_bridge_leaves() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        async with reading(unit, maker, password=PASSWORD):
            pass
        async with reading(unit, maker, password=PASSWORD) as (_, heard):
            assert heard.of(1, "microphone_status") == "on"


@pytest.mark.parametrize(("product", "channels"), [("elite_2", 2), ("elite_4", 4), ("elite_8", 8)])
async def test_the_model_is_told_by_the_channels_that_answer(product: str, channels: int) -> None:
    async with stage(product) as (unit, maker):
        (seen,) = await maker.look(target(unit))
        assert (seen.identity.model, seen.identity.part_count) == (f"Executive Elite {channels}", channels)


async def test_the_configuration_may_say_how_many_channels_there_are() -> None:
    async with stage("elite_8") as (unit, maker), reading(unit, maker, channels=4) as (_, heard):
        assert heard.description is not None
        assert [*heard.description.parts] == [1, 2, 3, 4]
        assert {part.number for part in heard.values} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("fault", ["none", "no_notifications", "notifications_only"])
async def test_a_change_is_told_by_either_vocabulary(fault: str) -> None:
    async with stage(fault=fault) as (unit, maker), reading(unit, maker) as (_, heard):
        unit.set_value(Part(2), "battery_percent", 61)
        await heard.until(lambda: heard.of(2, "battery_percent") == 61)
        unit.set_value(Part(2), "transmitter_muted", value=True)
        await heard.until(lambda: heard.of(2, "transmitter_muted") is True)
        unit.set_value(Part(2), "microphone_gain_db", -3)
        await heard.until(lambda: heard.of(2, "microphone_gain_db") == -3)


async def test_a_battery_that_is_answered_by_get_is_understood() -> None:
    async with stage(fault="battery_by_get") as (unit, maker), reading(unit, maker) as (_, heard):
        assert heard.of(3, "battery_percent") == 100


async def test_a_microphone_that_is_put_away_is_gone_and_its_charge_is_told_apart() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (_, heard):
        unit.set_value(Part(1), "microphone_status", "charging")
        await heard.until(lambda: heard.of(1, "transmitter_present") is False)
        assert (heard.of(1, "battery_percent"), heard.of(1, "charging_percent")) == (None, 100)


async def test_an_antenna_that_is_unlinked_is_told() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (_, heard):
        assert heard.of(0, "antenna_linked") is None
        unit.set_value(Part(0), "antenna_linked", value=False)
        await heard.until(lambda: heard.of(0, "antenna_linked") is False)


async def test_a_mute_of_which_the_base_does_not_report_is_asked_for() -> None:
    async with stage(fault="silent_changes") as (unit, maker), reading(unit, maker, timeout_s=0.3) as (link, heard):
        (result,) = (await link.set(Part(1), {"transmitter_muted": True})).values()
        assert (result.outcome, result.reported) == ("ok", True)
        assert heard.of(1, "transmitter_muted") is True


async def test_a_microphone_that_is_away_is_not_muted() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, heard):
        unit.set_value(Part(1), "microphone_status", "off")
        await heard.until(lambda: heard.of(1, "transmitter_present") is False)
        (result,) = (await link.set(Part(1), {"transmitter_muted": True})).values()
        assert result.outcome == "not_sent"
        assert b"set" not in unit.heard


async def test_nothing_of_the_other_channels_is_muted_with_one() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, _heard):
        await link.set(Part(2), {"transmitter_muted": True})
        assert [microphone.mute for microphone in unit.base.microphones] == [0, 1, 0, 0]


async def test_a_web_server_that_hangs_up_is_no_base_that_somebody_else_holds() -> None:
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


async def test_something_else_at_the_port_is_named() -> None:
    async def serve(reader_of_it: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\r\nBusyBox built-in shell\r\n# ")
        await reader_of_it.read(100)
        writer.write(b"-sh: get: not found\r\n# ")
        await reader_of_it.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, driver.open(Surroundings()) as maker:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DriverError) as failure:
            await maker.look(Target("127.0.0.1", port, answer_timeout_s=0.4))
    assert failure.value.reason == "wrong_model"
