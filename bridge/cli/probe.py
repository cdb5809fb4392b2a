"""Talks to one receiver and shows every line of it, with a verdict: for the day when one does not show up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from services.drivers import Driver, DriverError, Reading, Target
from services.model import Identity

Write = Callable[[str], None]

BETWEEN_MESSAGES: Final = re.compile(rb"\r?\n|(?<=>)\s*(?=<)")
"""Where lines end: at line ends, and between messages in angle brackets, which some makers put without line ends."""

VALUES_SHOWN: Final = 60
"""Longer values are cut: the line itself stands above."""


class Transcript:
    """Writes what went over the wire, with the seconds since the start."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._tail = b""
        self.sent = 0
        self.received = 0

    def trace(self, direction: str, data: bytes) -> None:
        """A piece that was sent (``>``) or received (``<``). The last part of a read may be half a message."""
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

    def __init__(self, target: Target, drivers: Mapping[str, Driver], write: Write) -> None:
        self._target = target
        self._drivers = drivers
        self._write = write
        self._told: dict[tuple[int | None, int | None], set[str]] = {}

    async def run(self, listen_s: float) -> bool:
        """Ask, listen for some seconds, and give a verdict; whether a receiver could be read."""
        asking = {name: driver for name, driver in self._drivers.items() if driver.scans}
        reasons = []
        for name, driver in asking.items():
            self._write(f"asking {self._target.host} with driver {name}")
            transcript = Transcript(self._write)
            try:
                identity = await self._converse(driver, transcript, listen_s)
            except DriverError as error:
                reasons.append((name, error))
                continue
            self._say_success(name, identity, transcript)
            return True
        self._say_failure(reasons)
        return False

    async def _converse(self, driver: Driver, transcript: Transcript, listen_s: float) -> Identity:
        async with driver.connect(self._target, self._note, transcript.trace) as link:
            identity = await link.read_all()
            closed = asyncio.ensure_future(link.wait_closed())
            try:
                done, _ = await asyncio.wait({closed}, timeout=listen_s)
                if done:
                    raise closed.result()
            finally:
                closed.cancel()
        return identity

    def _note(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            self._told.setdefault((reading.channel, reading.slot), set()).update(reading.values)

    def _say_success(self, name: str, identity: Identity, transcript: Transcript) -> None:
        self._write("")
        self._write(f"VERDICT: a receiver that mic2mqtt understands (driver {name})")
        for word in (
            "manufacturer",
            "family",
            "model",
            "device_id",
            "firmware",
            "serial",
            "mac",
            "band",
            "part_count",
        ):
            value = getattr(identity, word)
            if value is not None:
                self._write(f"  {word:<14} {str(value)[:VALUES_SHOWN]}")
        channels = sorted({channel for channel, _ in self._told if channel is not None})
        keys = len(set().union(*(keys for (channel, _), keys in self._told.items() if channel is not None), set()))
        self._write(f"  {'told us':<14} {keys} kinds of value on {len(channels)} channels")
        self._write(f"  {'lines':<14} {transcript.sent} sent, {transcript.received} received")

    def _say_failure(self, reasons: Sequence[tuple[str, DriverError]]) -> None:
        self._write("")
        self._write(f"VERDICT: no receiver could be read at {self._target.host}")
        for name, error in reasons:
            self._write(f"  {name}: {error.reason}: {error.detail}")
        if not reasons:
            self._write("  there is no driver that asks addresses")
