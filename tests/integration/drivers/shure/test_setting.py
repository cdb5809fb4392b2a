"""Setting over a wire that loses what a unit reports, and at units whose mode changes while they are connected."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from services.drivers import Link, Surroundings, make_target
from services.drivers.shure.driver import ShureMaker
from services.model import Part
from tests.integration.house import simulated

GAIN = re.compile(rb"< REP 1 AUDIO_GAIN \d{3} >")


class Wire:
    """Between a link and a unit; ``loses`` reports of the gain, so many, and keeps what the link sent."""

    def __init__(self) -> None:
        self.loses = 0
        self.sent = b""

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self.sent += data
                writer.write(data)
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.loses and GAIN.search(data):
                    self.loses -= 1
                    data = GAIN.sub(b"", data)
                writer.write(data)
        writer.close()

    @asynccontextmanager
    async def to(self, host: str, port: int) -> AsyncIterator[int]:
        """The port at which the unit is reached over this wire."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            theirs, ours = await asyncio.open_connection(host, port)
            await asyncio.gather(self._up(reader, ours), self._down(theirs, writer))

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def linked(wire: Wire) -> AsyncIterator[Link]:
    async with simulated() as unit, wire.to(unit.host, unit.port) as port:
        target = make_target("127.0.0.1", port, meter_interval_s=0.0, answer_timeout_s=0.5)
        async with ShureMaker(Surroundings()).connect(target, lambda _: None) as link:
            await link.read_all()
            yield link


async def test_a_report_that_is_lost_is_asked_for_and_the_value_counts() -> None:
    wire = Wire()
    async with linked(wire) as link:
        wire.loses, wire.sent = 1, b""
        result = (await link.set(Part(1), {"gain_db": 15}))["gain_db"]
        assert (result.outcome, result.reported) == ("ok", 15)
        assert wire.sent == b"< SET 1 AUDIO_GAIN 033 >< GET 1 AUDIO_GAIN >", "it is set once, and asked for once"


async def test_where_the_answer_is_lost_too_nobody_says_that_it_was_taken() -> None:
    wire = Wire()
    async with linked(wire) as link:
        wire.loses = 2
        result = (await link.set(Part(1), {"gain_db": 15}))["gain_db"]
        assert (result.outcome, result.reported, bool(result.detail)) == ("device_timeout", None, True)
        again = (await link.set(Part(1), {"gain_db": 15}))["gain_db"]
        assert again.outcome == "ok"
