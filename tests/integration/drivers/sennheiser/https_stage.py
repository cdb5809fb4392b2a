"""Simulated units behind HTTPS, a maker that speaks to them, and what a link reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import SecretStr

from services.drivers.port import Description, Link, Maker, Surroundings, Target, Trace
from services.drivers.sennheiser.simulation.sscv2.simulator import simulator
from services.drivers.sennheiser.simulation.sscv2.unit import Unit
from services.drivers.sennheiser.sscv2.options import Options
from services.drivers.sennheiser.sscv2.protocol import sscv2
from tests.integration.drivers.sennheiser.stage import Listening

PASSWORD = "Sesame-open-7"


@dataclass
class Stage:
    """One unit and a maker."""

    unit: Unit
    maker: Maker
    traced: list[tuple[str, bytes]] = field(default_factory=list)

    def target(self, password: str | None = PASSWORD, **more: Any) -> Target:
        options = Options(
            password=None if password is None else SecretStr(password), fingerprint=more.pop("fingerprint", "")
        )
        asked = Target(
            self.unit.host,
            self.unit.port,
            options=options,
            meter_interval_s=0.0,
            connect_timeout_s=2.0,
            answer_timeout_s=2.0,
        )
        return replace(asked, **more)

    def trace(self, direction: str, data: bytes) -> None:
        self.traced.append((direction, data))

    async def read(self, password: str | None = PASSWORD, **more: Any) -> Description:
        """One conversation with one read."""
        trace: Trace = self.trace
        async with self.maker.connect(self.target(password, **more), lambda _: None, trace) as link:
            return await link.read_all()

    def writes(self) -> list[str]:
        """Paths that were written, but for sessions of events."""
        return [path for method, path in self.unit.asked if method != "GET" and "/ssc/state/" not in path]


@asynccontextmanager
async def stage(product: str = "ewdx2chds", fault: str = "none", **options: object) -> AsyncIterator[Stage]:
    """A unit with a password, and a maker."""
    chosen: dict[str, Any] = {"still": True, "password": PASSWORD, "fault": fault, **options}
    async with (
        simulator.run(product, count=1, listen="127.0.0.1", port=0, **chosen) as (unit,),
        sscv2.open(Surroundings()) as maker,
    ):
        yield Stage(unit, maker)


@asynccontextmanager
async def online(on: Stage, **more: Any) -> AsyncIterator[tuple[Link, Listening]]:
    """A link that has read the unit."""
    reported = Listening()
    async with on.maker.connect(on.target(**more), reported) as link:
        await link.read_all()
        yield link, reported
