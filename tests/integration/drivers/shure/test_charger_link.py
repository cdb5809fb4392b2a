"""How the driver asks a charger: never for what chargers refuse, and not twice for what came."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.drivers import Reading, make_target
from services.drivers.shure.link import ShureLink
from services.drivers.shure.simulation.chargers.fleet import MODELS, SimulatedCharger, simulate_chargers
from services.model import Kind, Part

NEVER = {"METER_RATE", "RF_BAND", "MAC_ADDR", "CHAN_NAME", "BATT_MODULE_TYPE"}


class Conversation:
    """A link to a charger, what was asked, and what was reported."""

    def __init__(self, unit: SimulatedCharger) -> None:
        self.sent = b""
        self.received = b""
        self.readings: list[Reading] = []
        target = make_target(unit.host, unit.port, meter_interval_s=1.0, connect_timeout_s=1.0, answer_timeout_s=1.0)
        self.link = ShureLink(target, self._listen, self._trace)

    def _listen(self, readings: Sequence[Reading]) -> None:
        self.readings += readings

    def _trace(self, direction: str, data: bytes) -> None:
        if direction == ">":
            self.sent += data
        else:
            self.received += data

    def asked(self) -> list[str]:
        return re.findall(r"< (?:GET|SET) (?:\d+ )?([A-Z_]+)", self.sent.decode())


@asynccontextmanager
async def conversation(product: str, **options: Any) -> AsyncIterator[tuple[SimulatedCharger, Conversation]]:
    async with simulate_chargers(product, count=1, listen="127.0.0.1", port=0, still=True, **options) as (unit,):
        talk = Conversation(unit)
        try:
            await talk.link.open()
            yield unit, talk
        finally:
            await talk.link.close()


@pytest.mark.parametrize("product", MODELS)
async def test_a_charger_is_never_asked_for_what_it_refuses(product: str) -> None:
    async with conversation(product) as (_, talk):
        for _ in range(3):
            description = await talk.link.read_all()
        assert description.identity.kind is Kind.CHARGER
        talk.link.meter(None, 1.0)
        talk.link.meter(Part(1), 0.5)
        talk.link.ask_alive()
        assert talk.link.take_telemetry(Part(1)) is None
    assert not NEVER & {*talk.asked()}
    assert b"< SET" not in talk.sent
    assert b"REP ERR" not in talk.received
    assert not any(talk.link.counters()[word] for word in ("ill_formed", "meaningless", "unintelligible"))


@pytest.mark.parametrize(
    ("product", "options", "bays"),
    [
        ("sbc220", {}, [1, 2]),
        ("sbc220", {"linked": 4}, [*range(1, 9)]),
        ("sbc240", {"silent_modules": True}, [1, 2]),
        ("sbc441", {}, [1, 2, 3, 4]),
        ("sbc840m", {}, [*range(1, 9)]),
        ("sbrc", {"modules": "sbm920,none,sbm910,none"}, [1, 2, 5, 6]),
    ],
)
async def test_bays_are_those_that_there_are(product: str, options: dict[str, Any], bays: list[int]) -> None:
    async with conversation(product, **options) as (_, talk):
        description = await talk.link.read_all()
        assert [*description.parts] == bays
        assert description.identity.part_count == len(bays)
        assert {reading.part.number for reading in talk.readings if reading.part.number} == {*bays}
        assert description.identity.mac
        assert description.identity.firmware


async def test_the_sign_of_life_of_a_charger_is_its_name() -> None:
    async with conversation("sbc220") as (_, talk):
        await talk.link.read_all()
        talk.sent = b""
        talk.link.ask_alive()
        assert talk.sent == b"< GET DEVICE_ID >"
