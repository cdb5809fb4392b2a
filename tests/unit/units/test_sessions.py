"""A receiver that several drivers could speak to, and that answers none of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.drivers import DriverError, Link
from services.live import Unit
from services.model import Address, AvailabilityReason, Kind, UnitRecord
from services.units import Polling
from services.units.sessions import UnitSession


class Failing:
    """A driver that gets no answer."""

    def __init__(self, reason: AvailabilityReason) -> None:
        self._reason = reason

    @asynccontextmanager
    async def connect(self, *_: object) -> AsyncIterator[Link]:
        if self._reason != "never_seen":
            raise DriverError(self._reason, f"it is {self._reason}")
        yield cast("Link", None)


async def test_the_driver_that_knows_most_of_a_silent_unit_has_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.units.sessions.RETRY_FIRST_S", 0.0)
    monkeypatch.setattr("services.units.sessions.RETRY_PAUSE_S", 0.0)
    address = Address("default", "default", Kind.RECEIVER, "rack1")
    receiver = Unit(UnitRecord(address, "unknown", "auto", "10.0.0.1"))
    said: list[str] = []
    enough = asyncio.Event()

    def say(_receiver: Unit, _state: str, reason: str, *, detail: str) -> None:
        assert reason in detail
        receiver.reason = cast("AvailabilityReason", reason)
        said.append(reason)
        if len(said) == 6:
            enough.set()

    session = UnitSession(
        receiver,
        cast("Any", [Failing("refused"), Failing("control_blocked")]),
        cast("Any", SimpleNamespace(begin=lambda _receiver: [])),
        cast("Any", SimpleNamespace(set=say)),
        Polling(),
        lambda *_: None,
    )
    life = asyncio.create_task(session.run())
    async with asyncio.timeout(5):
        await enough.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    assert said[:6] == ["refused", *["control_blocked"] * 5]
