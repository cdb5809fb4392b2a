"""What is special of Bolero: plain HTTP, a password that goes out only where that was allowed, and no push."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers import asked_for, asks_strangers, find_drivers
from services.drivers.port import Description, DriverError, Link, Maker, Part, Reading, Surroundings, Target
from services.drivers.riedel.driver import driver
from services.drivers.riedel.products import Options
from services.drivers.riedel.simulation.antenna import Antenna
from services.drivers.riedel.simulation.simulator import simulator
from services.model import Kind

PASSWORD = "of the web page"
SOON_S = 5.0


class Heard:
    """What a link reported."""

    def __init__(self) -> None:
        self.values: dict[int, dict[str, object]] = {}
        self.description: Description | None = None
        self._news = asyncio.Event()

    def __call__(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            known = {} if reading.whole else self.values.get(reading.part.number, {})
            self.values[reading.part.number] = {**known, **reading.values, **reading.more}
        self._news.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self._news.clear()
                await self._news.wait()


def target(unit: Antenna, **options: object) -> Target:
    given = Options.model_validate(options) if options else None
    return Target(unit.host, unit.port, options=given, connect_timeout_s=1.0, answer_timeout_s=0.5)


@asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[tuple[Antenna, Maker]]:
    async with (
        simulator.run("bolero", count=1, listen="127.0.0.1", port=0, still=True, **options) as (unit,),
        driver.open(Surroundings()) as maker,
    ):
        yield unit, maker


@asynccontextmanager
async def reading(unit: Antenna, maker: Maker, **options: object) -> AsyncIterator[tuple[Link, Heard]]:
    heard = Heard()
    async with maker.connect(target(unit, **options), heard) as link:
        heard.description = await link.read_all()
        yield link, heard


def test_it_is_off_until_asked_for_and_never_asked_unnamed() -> None:
    assert "riedel" not in asked_for(find_drivers(), ())
    assert "riedel" in asked_for(find_drivers(), ("riedel",))
    assert not asks_strangers(driver)


async def test_an_intercom_has_its_beltpacks_as_parts() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (_, heard):
        assert heard.description is not None
        assert heard.description.identity.kind is Kind.INTERCOM
        assert [*heard.description.parts] == [4, 5, 6, 7]
        assert heard.values[0]["antennas"] == ["Antenna 1", "Antenna 2"]
        assert (heard.values[4]["name"], heard.values[4]["battery_percent"]) == ("Beltpack 1", 60)
        assert heard.values[7]["connected"] is False


async def test_a_password_does_not_go_out_in_clear_text_unless_that_is_allowed() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        with pytest.raises(DriverError, match="insecure_http") as failure:
            await maker.look(target(unit, password=PASSWORD))
        assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
        assert unit.asked == []
        assert await maker.look(target(unit, password=PASSWORD, insecure_http=True))


async def test_a_wrong_password_is_sent_once() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        for _ in range(3):
            with pytest.raises(DriverError) as failure:
                await maker.look(target(unit, password="wrong", insecure_http=True))
            assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)
        assert unit.logins == 1


async def test_an_antenna_that_wants_a_password_says_so() -> None:
    async with stage(password=PASSWORD) as (unit, maker):
        with pytest.raises(DriverError, match=r"options\.password") as failure:
            await maker.look(target(unit))
        assert (failure.value.reason, failure.value.again_s) == ("auth_failed", None)


async def test_the_password_is_seen_by_nobody_who_reads_along() -> None:
    traced = b""

    def trace(_direction: str, data: bytes) -> None:
        nonlocal traced
        traced += data

    async with stage(password=PASSWORD) as (unit, maker):
        await maker.look(target(unit, password=PASSWORD, insecure_http=True), trace)
    assert b"/rest/nodeStatus" in traced
    assert b"Authorization" not in traced
    assert PASSWORD.encode() not in traced


async def test_what_changed_is_told_after_the_next_question() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, heard):
        unit.set_value(Part(4), "battery_percent", 20)
        unit.set_value(Part(5), "connected", value=False)
        unit.set_value(Part(6), "power_source", "external")
        link.ask_alive()
        await heard.until(lambda: heard.values[4]["battery_percent"] == 20)
        assert "battery_percent" not in heard.values[5]
        assert heard.values[5]["connected"] is False
        assert heard.values[6]["power_source"] == "external"


async def test_a_beltpack_that_was_taken_out_is_not_shown_as_connected() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, heard):
        unit.forget(4)
        link.ask_alive()
        await heard.until(lambda: "battery_percent" not in heard.values[4])
        assert heard.values[4]["connected"] is False


async def test_one_answer_that_is_missing_ends_nothing() -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, heard):
        await unit.fault("drop")
        unit.set_value(Part(4), "battery_percent", 20)
        link.ask_alive()
        await heard.until(lambda: heard.values[4]["battery_percent"] == 20)


@pytest.mark.parametrize(("fault", "reason"), [("freeze", "silent"), ("offline", "refused"), ("error", "refused")])
async def test_an_antenna_that_answers_no_more_is_gone(fault: str, reason: str) -> None:
    async with stage() as (unit, maker), reading(unit, maker) as (link, _heard):
        await unit.fault(fault)
        link.ask_alive()
        async with asyncio.timeout(SOON_S):
            error = await link.wait_closed()
        assert error.reason == reason


@pytest.mark.parametrize("fault", ["other_shape", "no_json"])
async def test_an_interface_that_changed_is_told_as_such(fault: str) -> None:
    async with stage(fault=fault) as (unit, maker):
        with pytest.raises(DriverError) as failure:
            await maker.look(target(unit))
        assert failure.value.reason == "wrong_model"
