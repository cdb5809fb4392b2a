"""A unit that several drivers could speak to, and that answers none of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.drivers import Credentials, Description, DriverError, Link, Sighting, Target, Trace, look, make_target
from services.live import Unit
from services.model import Abilities, Address, AvailabilityReason, Identity, Kind, UnitRecord
from services.units import Polling, UnitQueues
from services.units.session import LOOK_EVERY, UnitSession
from tests.unit.discovery.answering import AnsweringDriver, makers_of


class Failing(AnsweringDriver):
    """A driver that gets no answer."""

    def __init__(self, name: str, reason: AvailabilityReason, *, again_s: float | None = 0.0) -> None:
        super().__init__(name)
        self.error = DriverError(reason, f"it is {reason}", again_s=again_s)
        self.tried = 0

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        self.tried += 1
        raise self.error

    @asynccontextmanager
    async def connect(self, *_: object) -> AsyncIterator[Link]:
        self.tried += 1
        await asyncio.sleep(0)
        if self.tried:
            raise self.error
        yield cast("Link", None)


class Breaking(Failing):
    """A driver of a unit that can be read and breaks the moment after."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "reset_by_device")
        self.tries: list[float] = []

    @asynccontextmanager
    async def connect(self, *_: object) -> AsyncIterator[Link]:
        async def read_all() -> Description:
            return Description(Identity(self.name, "one"), Abilities(), {})

        async def wait_closed() -> DriverError:
            return self.error

        loop_time = asyncio.get_running_loop().time()
        self.tries.append(loop_time)
        yield cast("Link", SimpleNamespace(read_all=read_all, wait_closed=wait_closed, last_received=loop_time))


@asynccontextmanager
async def session_with(
    *drivers: Failing, maker: str = "unknown", family: str | None = None
) -> AsyncIterator[tuple[UnitSession, asyncio.Queue[str]]]:
    """A unit in the care of these drivers, and the reasons for which it is offline, as they come."""
    address = Address("default", "default", Kind.RECEIVER, "rack1")
    receiver = Unit(UnitRecord(address, maker, "auto", "10.0.0.1", family=family))
    reasons: asyncio.Queue[str] = asyncio.Queue()

    def note(_receiver: Unit, _state: str, reason: str, *, detail: str) -> None:
        assert reason in detail
        receiver.availability.reason = cast("AvailabilityReason", reason)
        reasons.put_nowait(reason)

    session = UnitSession(
        receiver,
        makers_of(*drivers),
        [driver.name for driver in drivers],
        cast("Any", SimpleNamespace(begin=lambda _receiver: [], complete=lambda _receiver: None)),
        cast("Any", SimpleNamespace(set=note)),
        Polling(),
        cast("Any", SimpleNamespace(verify=lambda *_: None)),
        UnitQueues(),
        credentials=Credentials({}),
    )
    life = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(5):
            yield session, reasons
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.units.session.RETRY_FIRST_S", 0.001)
    monkeypatch.setattr("services.units.session.RETRY_PAUSE_S", 0.0)


async def test_the_driver_that_knows_most_of_a_silent_unit_has_the_word() -> None:
    async with session_with(Failing("one", "refused"), Failing("other", "control_blocked")) as (_, reasons):
        assert [await reasons.get() for _ in range(3)] == ["control_blocked"] * 3


async def test_where_nobody_knows_the_unit_the_other_drivers_have_a_word_as_well() -> None:
    makers = makers_of(Failing("one", "refused"), Failing("other", "timeout"), Failing("third", "timeout"))
    with pytest.raises(DriverError) as failure:
        await look(makers, make_target("10.0.0.1"))
    assert failure.value.reason == "refused"
    assert "(other drivers: other: timeout, third: timeout" in failure.value.detail


async def test_a_wrong_password_is_tried_once_until_the_settings_change() -> None:
    driver = Failing("one", "auth_failed", again_s=None)
    async with session_with(driver) as (session, reasons):
        await reasons.get()
        await asyncio.sleep(0.05)
        assert driver.tried == 1
        session.configure(Polling(meter_interval_s=2.0))
        await reasons.get()
        assert driver.tried == 2


async def test_a_driver_says_when_a_further_try_makes_sense() -> None:
    driver = Failing("one", "timeout", again_s=0.2)
    async with session_with(driver) as (_, reasons):
        await reasons.get()
        began = asyncio.get_running_loop().time()
        await reasons.get()
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_unit_that_moved_to_another_protocol_is_found_with_all_drivers_again() -> None:
    known, other = Failing("one", "refused"), Failing("other", "timeout")
    async with session_with(known, other, maker="one", family="one") as (_, reasons):
        for _ in range(LOOK_EVERY - 1):
            assert await reasons.get() == "refused"
        assert (known.tried, other.tried) == (LOOK_EVERY - 1, 0), "first the one that knew it is asked"
        await reasons.get()
        assert other.tried == 1


async def test_a_known_unit_that_is_away_is_explained_in_the_words_of_its_own_driver_at_every_try() -> None:
    known, other = Failing("one", "timeout"), Failing("other", "refused")
    async with session_with(known, other, maker="one", family="one") as (_, reasons):
        assert [await reasons.get() for _ in range(LOOK_EVERY + 1)] == ["timeout"] * (LOOK_EVERY + 1)
        assert other.tried == 1


async def test_a_unit_that_breaks_as_soon_as_it_was_read_is_asked_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.units.session.RETRY_FIRST_S", 0.05)
    driver = Breaking("one")
    async with session_with(driver, maker="one", family="one") as (_, reasons):
        for _ in range(5):
            assert await reasons.get() == "reset_by_device"
        assert driver.tries[4] - driver.tries[3] >= 0.05 * 2**3 / 2


async def test_a_port_that_another_driver_lacks_is_not_why_a_known_unit_is_away_and_delays_nothing() -> None:
    known, other = Failing("one", "refused"), Failing("other", "local_port_unavailable", again_s=15.0)
    async with session_with(known, other, maker="one", family="one") as (_, reasons):
        assert {await reasons.get() for _ in range(2 * LOOK_EVERY)} == {"refused"}
        assert other.tried == 2


async def test_a_mistake_in_what_follows_from_a_reading_is_logged_and_ends_no_conversation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with session_with(Breaking("one")) as (session, _):
        session.unit.link_state.session = "reading"
        session._fold = cast("Any", SimpleNamespace(take=lambda *_: 1 / 0))
        session._receive([])
    assert "could not be taken in" in caplog.text
