"""A receiver that does nothing but what a test tells it: a TCP server that writes down every line and connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

ANSWERS = {
    "GET MODEL": "REP MODEL {QLXD4                           }",
    "GET FW_VER": "REP FW_VER {2.7.6.0                 }",
    "GET DEVICE_ID": "REP DEVICE_ID {SCRIPTED}",
    "GET RF_BAND": "REP RF_BAND {G50     }",
    "GET 1 CHAN_NAME": "REP 1 CHAN_NAME {Scripted}",
    "GET 1 FREQUENCY": "REP 1 FREQUENCY 526225",
    "GET 1 METER_RATE": "REP 1 METER_RATE {rate}",
    "GET 1 TX_TYPE": "REP 1 TX_TYPE QLXD2",
    "GET 1 BATT_BARS": "REP 1 BATT_BARS 004",
}
"""A QLX-D as far as a first read needs it."""


class Scripted:
    """What was said to it."""

    def __init__(self) -> None:
        self.port = 0
        self.lines: list[str] = []
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.rate = "00000"
        self.closed = asyncio.Event()
        """The last connection was closed by the other side."""
        self.answer: Callable[[str], str] = self._answer
        self._news = asyncio.Event()

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until something was said to it."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _answer(self, line: str) -> str:
        if found := re.fullmatch(r"SET 1 METER_RATE (\d+)", line):
            self.rate = found[1].zfill(5)
            return f"< REP 1 METER_RATE {self.rate} >"
        if re.fullmatch(r"GET [01] ALL", line):
            return "".join(self._answer(one) for one in ANSWERS if one.startswith("GET 1 "))
        if line in ANSWERS:
            return f"< {ANSWERS[line].format(rate=self.rate)} >" if "rate" in ANSWERS[line] else f"< {ANSWERS[line]} >"
        return "< REP ERR >"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        self.closed.clear()
        rest = ""
        try:
            while data := await reader.read(65536):
                *lines, rest = (rest + data.decode("ascii", "replace")).split(">")
                for line in lines:
                    text = line.strip("< \r\n")
                    self.lines.append(text)
                    writer.write(self.answer(text).encode())
                self._news.set()
        except ConnectionError:
            self.lines.append("(reset)")
        finally:
            self.open -= 1
            writer.close()
            self.closed.set()


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    unit = Scripted()
    server = await asyncio.start_server(unit.serve, "127.0.0.1", 0)
    unit.port = server.sockets[0].getsockname()[1]
    try:
        yield unit
    finally:
        server.close()
