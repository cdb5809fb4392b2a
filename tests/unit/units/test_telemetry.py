"""Meters between two samples, without any receiver."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.live import Changes, UnitPart
from services.model import Address, Kind, Telemetry
from services.units import Polling, TelemetryCollector
from services.units.telemetry import METERS_HOLD_S

CHANNEL = Address("default", "default", Kind.CHANNEL, "rack1-1")


class OneSample:
    """A link that metered once."""

    last_received = 0.0

    def __init__(self) -> None:
        self._telemetry: list[Telemetry] = [{"rf_dbm": -50.0, "samples": 1}]

    def take_telemetry(self, _channel: int) -> Telemetry | None:
        return self._telemetry.pop() if self._telemetry else None


async def test_the_newest_meters_stay_readable_between_slow_samples_and_end_when_metering_ended() -> None:
    sessions = SimpleNamespace(polling=Polling(meter_interval_s=5.0))
    metering = TelemetryCollector(cast("Any", sessions), Changes(), cast("Any", None), interval_s=1.0)
    channel = UnitPart(CHANNEL, 1)
    receiver = SimpleNamespace(record=SimpleNamespace(meter_interval_s=None), parts={1: channel})
    session = cast("Any", SimpleNamespace(link=OneSample(), unit=receiver))
    for _ in range(1 + int(METERS_HOLD_S) + 5):
        metering._collect(session)
        assert channel.meters.newest is not None
    metering._collect(session)
    assert channel.meters.newest is None


class Broken:
    """A link whose driver has a bug."""

    last_received = 0.0

    def take_telemetry(self, _part: object) -> Telemetry | None:
        raise ZeroDivisionError


async def test_a_driver_that_fails_costs_the_meters_of_its_own_unit_alone(caplog: pytest.LogCaptureFixture) -> None:
    sessions = SimpleNamespace(polling=Polling())
    collector = TelemetryCollector(cast("Any", sessions), Changes(), cast("Any", None), interval_s=0.01)
    parts = [UnitPart(CHANNEL, 1), UnitPart(CHANNEL._replace(id="rack2-1"), 1)]
    links = [Broken(), OneSample()]
    sessions.live = lambda: [
        SimpleNamespace(
            link=link,
            unit=SimpleNamespace(address=part.address, record=SimpleNamespace(meter_interval_s=None), parts={1: part}),
        )
        for link, part in zip(links, parts, strict=True)
    ]
    for _ in range(3):
        await collector._one_round(0.0)
    assert [part.meters.newest is not None for part in parts] == [False, True]
    assert caplog.text.count("meters of a unit cannot be read") == 1, "said once, not at every round"
