"""One simulated unit on a UDP socket of its own: answers, pushes, and has faults on request.

A real unit answers only where the question came from source port 53212, and sends everything to that port (RIG, TI 1254
p. 5). How many controllers it serves is in no document; here each address has reports of its own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from services.drivers.sennheiser.simulation.faults import (
    FAULTS,
    FORGET_S,
    LOST,
    MUTE,
    OVERTAKE_S,
    SLOW_S,
    nonsense,
)
from services.drivers.sennheiser.simulation.iem import MonitorTransmitter
from services.drivers.sennheiser.simulation.receiver import Receiver
from services.drivers.sennheiser.simulation.requests import (
    CONSIDERED_MOST,
    Command,
    Refused,
    answer,
    refuse,
    within,
)
from services.drivers.sennheiser.simulation.settings import SETTERS
from services.model import Part

PORT = 53212
LASTS_MOST_S, CYCLE_MOST_MS, CYCLE_STEP_MS = 300, 60_000, 100
CONFIG_ON_CHANGE, CYCLIC_ON_WARNING, CYCLIC_ON_PILOT = 1, 2, 4


@dataclass
class Reports:
    """What one controller wanted."""

    ends_at: float
    cycle_s: float
    flags: int
    timer: asyncio.TimerHandle | None = field(default=None)


class Unit(asyncio.DatagramProtocol):
    """A unit on the network; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, host: str, port: int, panel: Receiver | MonitorTransmitter, random: Random) -> None:
        self.host = host
        self.port = port
        self.panel = panel
        self.asked: list[str] = []
        """Every request that arrived, for tests."""
        self._random = random
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._reports: dict[str, Reports] = {}
        self._gone = asyncio.Event()
        self._gone.set()
        self._fault = "none"
        self._name = panel.name
        self._asking = ""
        panel.changed = self._configuration_changed
        panel.commands["Push"] = Command(None, (3,), self._push)

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        await self._gone.wait()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((self.host, self.port))
            self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, sock=sock)
            self._gone.clear()
        except BaseException:
            sock.close()
            raise

    def stop(self) -> None:
        """Leave the network; requests for reports are forgotten."""
        for host in tuple(self._reports):
            self._forget(host)
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: the address is free again."""
        self._gone.set()

    async def leave(self) -> None:
        """Stop, and wait until the address is free."""
        self.stop()
        await self._gone.wait()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        self._fault = name
        if name == "offline":
            await self.leave()
        elif self._transport is None:
            await self.start()
        self.set_value(Part(1), "name", "" if name == "blank_name" else self._name)
        on = name != "transmitter_off"
        key, value = ("transmitter_present", on) if isinstance(self.panel, Receiver) else ("rf_muted", not on)
        self.set_value(Part(1), key, value)

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something at the front panel or at the transmitter. Raises `KeyError` for what the unit has not."""
        before = self.panel.warnings, self._witness()
        SETTERS[type(self.panel)][key](self.panel, value)
        self.changed(before)

    def changed(self, before: tuple[tuple[str, ...], object]) -> None:
        """Latch what happened, and report it to those who want changes of warnings, pilot or battery."""
        self.panel.latch()
        warned, witnessed = before[0] != self.panel.warnings, before[1] != self._witness()
        for host, reports in tuple(self._reports.items()):
            wanted = (reports.flags & CYCLIC_ON_WARNING and warned) or (reports.flags & CYCLIC_ON_PILOT and witnessed)
            if wanted:
                self._send_lines(host, self.panel.cyclic())

    def step(self, seconds: float) -> None:
        """Let time pass for the transmitter."""
        if isinstance(self.panel, Receiver):
            before = self.panel.warnings, self._witness()
            self.panel.microphone.step(seconds)
            if before != (self.panel.warnings, self._witness()):
                self.changed(before)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Called by the event loop."""
        host, port = str(addr[0]), addr[1]
        self.asked.append(data.decode("latin-1"))
        lost = self._fault == "lossy" and self._random.random() < LOST
        if port != PORT or self._fault in MUTE or lost or len(data) > CONSIDERED_MOST:
            return
        request, end, _ = data.decode("latin-1").partition("\r")
        if not end:
            self._send_lines(host, [refuse(1050, request)])
            return
        self._asking = host
        reply, _ = answer(request, self.panel.commands, refuses=self._fault == "refuses")
        self._send_lines(host, [reply])

    # -- reports ---------------------------------------------------------------------------------------------

    def _push(self, found: list[int]) -> None:
        """TI 1254 p. 11 to 13. The acknowledgement may come after the data: here it does."""
        lasts_s = within(found[0], 0, LASTS_MOST_S)
        cycle_ms = within(found[1], 0, CYCLE_MOST_MS, CYCLE_STEP_MS)
        flags = within(found[2], 0, self.panel.flags_most)
        host = self._asking
        self._forget(host)
        if flags:
            for word in self.panel.configuration:
                self._send_lines(host, [self.panel.line(word)])
        if lasts_s == 0:
            if cycle_ms:
                self._send_lines(host, self.panel.cyclic())
            return
        lasts = FORGET_S if self._fault == "forgetful" else lasts_s
        self._reports[host] = Reports(self._loop.time() + lasts, cycle_ms / 1000, flags)
        self._schedule(host)

    def _schedule(self, host: str) -> None:
        reports = self._reports[host]
        pause = min(reports.cycle_s or float("inf"), reports.ends_at - self._loop.time())
        reports.timer = self._loop.call_later(max(0.0, pause), self._cycle, host)

    def _cycle(self, host: str) -> None:
        reports = self._reports[host]
        if self._loop.time() >= reports.ends_at:
            self._forget(host)
            return
        self._send_lines(host, self.panel.cyclic())
        self._schedule(host)

    def _forget(self, host: str) -> None:
        reports = self._reports.pop(host, None)
        if reports is not None and reports.timer is not None:
            reports.timer.cancel()

    def _configuration_changed(self, word: str) -> None:
        for host, reports in tuple(self._reports.items()):
            if reports.flags & CONFIG_ON_CHANGE:
                self._send_lines(host, [self.panel.line(word)])

    def _witness(self) -> object:
        return self.panel.microphone.battery if isinstance(self.panel, Receiver) else None

    # -- the wire --------------------------------------------------------------------------------------------

    def _send_lines(self, host: str, lines: list[str]) -> None:
        if self._fault == "no_reports" and lines[0].partition(" ")[0] in {"RF1", "AF"}:
            return
        datagram = "".join(f"{line}\r" for line in lines).encode("latin-1")
        if self._fault in MUTE or (self._fault == "lossy" and self._random.random() < LOST):
            return
        send: Callable[[float, bytes], object] = lambda pause, data: self._loop.call_later(  # noqa: E731 - two lines
            pause, self._put, host, data
        )
        if self._fault == "garbage":
            self._put(host, nonsense(self._random))
        if self._fault == "reordered":
            send(self._random.uniform(0.0, OVERTAKE_S), datagram)
        elif self._fault == "slow":
            send(SLOW_S, datagram)
        else:
            self._put(host, datagram)
            if self._fault == "duplicated":
                self._put(host, datagram)

    def _put(self, host: str, datagram: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, (host, PORT))


__all__ = ["Refused", "Unit"]
