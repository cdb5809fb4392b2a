"""Talks to one unit and shows everything that goes over the wire, with a verdict: for when one does not show up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.drivers import Description, DriverError, Link, Makers, Reading, Target
from services.model import Part

Write = Callable[[str], None]

BETWEEN_MESSAGES: Final = re.compile(rb"\r\n?|\n|(?<=>)\s*(?=<)")
"""Where lines end: at line ends, and between messages in angle brackets, which some makers put without line ends."""

VALUES_SHOWN: Final = 60
"""Longer values are cut: the line itself stands above."""

FACTS: Final = (
    "manufacturer",
    "family",
    "kind",
    "model",
    "device_id",
    "firmware",
    "serial",
    "mac",
    "cid",
    "band",
)


class Transcript:
    """Writes what went over the wire, with the seconds since the start."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.sent = 0
        self.received = 0

    def trace(self, direction: str, data: bytes) -> None:
        """A piece that was sent (``>``) or received (``<``): a read of a stream, a datagram, a request or an answer.

        The last part of a read may be half a message.
        """
        lines = [line for line in BETWEEN_MESSAGES.split(data) if line.strip()]
        for line in lines:
            self._write(f"{self._loop.time() - self._began:8.3f} {direction} {readable(line)}")
        if direction == ">":
            self.sent += len(lines)
        else:
            self.received += len(lines)


def readable(line: bytes) -> str:
    """Text; bytes that are none are written as hexadecimal escapes."""
    text = line.decode("ascii", "backslashreplace").strip()
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


class Probe:
    """One conversation after the other, with every driver that can ask."""

    def __init__(self, target: Target, makers: Makers, write: Write) -> None:
        self._target = target
        self._makers = makers
        self._write = write
        self._reported: dict[Part, set[str]] = {}
        self._counters: Mapping[str, int] = {}

    async def run(self, listen_s: float) -> bool:
        """Ask, listen for some seconds, and give a verdict; whether a unit could be read."""
        reasons = []
        for name in [name for name, driver in self._makers.items() if driver.doors]:
            self._write(f"asking {self._target.host} with driver {name}")
            transcript = Transcript(self._write)
            try:
                description = await self._converse(name, transcript, listen_s)
            except DriverError as error:
                reasons.append((name, error))
                continue
            self._write_success(name, description, transcript)
            return True
        self._write_failure(reasons)
        return False

    async def _converse(self, name: str, transcript: Transcript, listen_s: float) -> Description:
        async with self._makers.maker(name).connect(self._target, self._note, transcript.trace) as link:
            try:
                description = await link.read_all()
                await listen(link, listen_s)
                for number in description.parts:
                    link.take_telemetry(Part(number))  # meters are read when somebody takes them, and counted then
            finally:
                self._counters = link.counters()
        return description

    def _note(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            self._reported.setdefault(reading.part, set()).update(reading.values, reading.more)

    def _write_success(self, name: str, description: Description, transcript: Transcript) -> None:
        self._write("")
        self._write(f"VERDICT: a unit that mic2mqtt understands (driver {name})")
        facts = {word: getattr(description.identity, word) for word in FACTS}
        facts["part_count"] = len(description.parts)
        for word, value in facts.items():
            if value is not None:
                self._write(f"  {word:<14} {str(value)[:VALUES_SHOWN]}")
        numbers = {part.number for part in self._reported if part.number}
        keys = set().union(*(keys for part, keys in self._reported.items() if part.number), set())
        self._write(f"  {'reported':<14} {len(keys)} kinds of value on {len(numbers)} parts")
        self._write(f"  {'lines':<14} {transcript.sent} sent, {transcript.received} received")
        self._write_nonsense()

    def _write_nonsense(self) -> None:
        counted = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in self._counters.items())
        self._write(f"  {'nonsense':<14} {counted if any(self._counters.values()) else 'none'}")

    def _write_failure(self, reasons: Sequence[tuple[str, DriverError]]) -> None:
        self._write("")
        self._write(f"VERDICT: no unit could be read at {self._target.host}")
        for name, error in reasons:
            self._write(f"  {name}: {error.reason}: {error.detail}")
        if any(self._counters.values()):
            self._write_nonsense()
        if not reasons:
            self._write("  there is no driver that asks addresses")


async def listen(link: Link, seconds: float) -> None:
    """Listen for some seconds. Raises `DriverError` where the unit ends the conversation before."""
    closed = asyncio.ensure_future(link.wait_closed())
    try:
        done, _ = await asyncio.wait({closed}, timeout=seconds)
        if done:
            raise closed.result()
    finally:
        closed.cancel()
