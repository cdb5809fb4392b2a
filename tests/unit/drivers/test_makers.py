"""Makers live as long as the bridge, and the trouble of one is not the trouble of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.drivers import Door, DriverError, Maker, Makers, Surroundings, look, make_target
from services.model import AvailabilityReason
from tests.unit.discovery.answering import AnsweringDriver, unit


class Troubled(AnsweringDriver):
    """A driver whose maker opens only when nothing is in its way."""

    def __init__(self, name: str, trouble: Exception | None) -> None:
        super().__init__(name, {"h": unit("s1", maker=name)})
        self.trouble = trouble
        self.events: list[str] = []

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        if self.trouble is not None:
            raise self.trouble
        async with asyncio.TaskGroup():  # must be left by the task that entered it
            self.events.append(f"open {around.interface}")
            yield self
            self.events.append("closed")


def makers_of(*drivers: Troubled) -> Makers:
    return Makers({driver.name: driver for driver in drivers})


async def test_a_maker_is_open_for_the_block_and_gets_the_interface() -> None:
    driver = Troubled("one", None)
    async with makers_of(driver).open(Surroundings("10.0.0.1")) as makers:
        assert makers.maker("one") is driver
        assert driver.events == ["open 10.0.0.1"]
    assert driver.events == ["open 10.0.0.1", "closed"]
    with pytest.raises(DriverError):
        makers.maker("one")


@pytest.mark.parametrize("trouble", [OSError("UDP port 53212 is taken: end the other program"), ZeroDivisionError("x")])
async def test_a_maker_that_cannot_open_is_named_with_the_remedy_and_the_others_work(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with makers_of(Troubled("broken", trouble), Troubled("fine", None)).open(Surroundings()) as makers:
        (seen,) = await look(makers, make_target("h"))
        assert seen.driver == "fine"
        with pytest.raises(DriverError, match=str(trouble)) as failure:
            makers.maker("broken")
        assert failure.value.again_s
        assert str(trouble) in makers.trouble["broken"]
    assert "the others go on" in caplog.text


async def test_a_maker_opens_as_soon_as_what_was_in_its_way_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.makers.OPEN_AGAIN_S", 0.01)
    driver = Troubled("one", OSError("taken"))
    async with makers_of(driver).open(Surroundings()) as makers:
        driver.trouble = None
        async with asyncio.timeout(5):
            while "one" in makers.trouble:  # noqa: ASYNC110 - a maker opens without an event
                await asyncio.sleep(0.005)
        assert makers.maker("one") is driver


async def test_of_all_doors_at_a_host_the_most_telling_failure_is_raised() -> None:
    one, other = Troubled("one", None), Troubled("other", None)
    one.answers["h"] = DriverError("refused", "nobody")
    other.answers["h"] = DriverError("auth_failed", "wrong password")
    async with makers_of(one, other).open(Surroundings()) as makers:
        with pytest.raises(DriverError) as failure:
            await look(makers, make_target("h"))
    assert failure.value.reason == "auth_failed"


async def test_a_driver_that_has_to_wait_does_not_make_the_others_wait() -> None:
    one, other = Troubled("one", None), Troubled("other", None)
    one.answers["h"] = DriverError("refused", "nobody")
    other.answers["h"] = DriverError("local_port_unavailable", "UDP port taken", again_s=15.0)
    async with makers_of(one, other).open(Surroundings()) as makers:
        with pytest.raises(DriverError) as failure:
            await look(makers, make_target("h"))
        assert (failure.value.reason, failure.value.again_s) == ("local_port_unavailable", 0.0)


@pytest.mark.parametrize(("reason", "again_s"), [("wrong_model", 60.0), ("auth_failed", None)])
async def test_where_a_unit_answered_drivers_that_got_none_do_not_have_it_asked_sooner(
    reason: AvailabilityReason, again_s: float | None
) -> None:
    one, other = Troubled("one", None), Troubled("other", None)
    one.answers["h"] = DriverError(reason, "an answer", again_s=again_s)
    other.answers["h"] = DriverError("timeout", "nobody")
    async with makers_of(one, other).open(Surroundings()) as makers:
        with pytest.raises(DriverError) as failure:
            await look(makers, make_target("h"))
        assert (failure.value.reason, failure.value.again_s) == (reason, again_s)


async def test_a_driver_that_hangs_while_it_looks_is_given_up() -> None:
    one = Troubled("one", None)
    one.silent.add("h")
    async with makers_of(one).open(Surroundings()) as makers:
        with pytest.raises(DriverError, match="did not find out"):
            await look(makers, make_target("h", connect_timeout_s=0.01, answer_timeout_s=0.001))


async def test_a_driver_that_is_not_installed_is_named_with_those_that_are() -> None:
    async with makers_of(Troubled("one", None)).open(Surroundings()) as makers:
        with pytest.raises(DriverError, match="installed: one") as failure:
            makers.maker("two")
        assert failure.value.again_s is None


class Slow(Troubled):
    """A driver whose maker never finishes to open."""

    @asynccontextmanager
    async def open(self, around: Surroundings) -> AsyncIterator[Maker]:
        await asyncio.Event().wait()
        yield self


async def test_a_maker_that_hangs_holds_up_neither_the_start_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.drivers.makers.OPEN_S", 0.02)
    monkeypatch.setattr("services.drivers.makers.CLOSE_S", 0.02)
    async with asyncio.timeout(2), makers_of(Slow("slow", None), Troubled("fine", None)).open(Surroundings()) as makers:
        makers.maker("fine")
        with pytest.raises(DriverError, match="not open yet"):
            makers.maker("slow")


async def test_where_no_driver_is_named_nobody_is_asked_who_needs_a_password() -> None:
    locked, open_ = Troubled("locked", None), Troubled("open", None)
    locked.doors = (Door("tcp", 23, needs_secret=True),)
    async with makers_of(locked, open_).open(Surroundings()) as makers:
        assert [seen.driver for seen in await look(makers, make_target("h"))] == ["open"]
        assert not locked.asked
        assert [seen.driver for seen in await look(makers, make_target("h"), ["locked"])] == ["locked"]
