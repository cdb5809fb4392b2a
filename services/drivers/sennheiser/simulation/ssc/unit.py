"""One simulated unit on a UDP socket of its own: answers, tells, and has faults on request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from random import Random
from typing import Protocol

from services.drivers.sennheiser.simulation.ssc.faults import (
    FAULTS,
    LOST,
    MUTE,
    OVERTAKE_S,
    SLOW_S,
    STRANGER,
    nonsense,
)
from services.drivers.sennheiser.simulation.ssc.listeners import CLIENTS_MOST, Listeners
from services.drivers.sennheiser.simulation.ssc.tree import Answers, Dialect, Node, Ordered, Refused, leaves, parsed
from services.model import Part

PORT = 45
PRODUCT = "device/identity/product"


class Box(Protocol):
    """What is inside of a unit: its addresses, and what its users do to it."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """What stands at each address."""

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would. Raises `KeyError` for what it has not."""

    def step(self, seconds: float) -> None:
        """Let time pass."""

    def blank(self, *, blank: bool) -> None:
        """Every name is empty, or as it was."""

    def away(self, *, away: bool) -> None:
        """Every transmitter or battery is away, or back."""


class Unit(asyncio.DatagramProtocol):
    """A unit on the network; `services.drivers.port.SimulatedUnit`."""

    def __init__(self, host: str, port: int, box: Box, random: Random, dialect: Dialect | None = None) -> None:
        self.host = host
        self.port = port
        self.box = box
        self.asked: list[bytes] = []
        """Every datagram that arrived, for tests."""
        self.plain = False
        """Requests come back without their number, and one wrong address refuses the whole request."""
        self._random = random
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._answers = Answers(random, dialect)
        self.listeners = Listeners(box.nodes, self._answers, self._send)
        self._gone = asyncio.Event()
        self._gone.set()
        self._fault = "none"
        self._refusals = 0

    async def start(self) -> None:
        """Listen. Raises `OSError`."""
        await self._gone.wait()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((self.host, self.port))
            self.port = sock.getsockname()[1]
            self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, sock=sock)
            self._gone.clear()
        except BaseException:
            sock.close()
            raise

    async def leave(self) -> None:
        """Leave the network; subscriptions are forgotten."""
        self.listeners.forget()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        await self._gone.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: the address is free again."""
        self._gone.set()

    async def fault(self, name: str) -> None:
        """Begin a fault; ``none`` ends all of them. Raises `ValueError` for one that does not exist."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}: there are {', '.join(FAULTS)}")
        self._fault = name
        if name == "offline":
            await self.leave()
        elif self._transport is None:
            await self.start()
        if name in ("rebooted", "crowded"):
            self.listeners.forget()
        self.listeners.strangers = CLIENTS_MOST if name == "crowded" else 0
        self.listeners.forgetful = name == "forgetful"
        self._answers.malformed = name == "malformed"
        self.box.blank(blank=name == "blank_name")
        self.box.away(away=name == "transmitter_off")
        self.listeners.changed()

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something at the front panel or at the transmitter. Raises `KeyError` for what the unit has not."""
        self.box.set_value(part, key, value)
        self.listeners.changed()

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.box.step(seconds)
        self.listeners.changed()

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Called by the event loop."""
        self.asked.append(data)
        lost = self._fault == "lossy" and self._random.random() < LOST
        if self._fault in MUTE or lost:
            return
        client = (str(addr[0]), addr[1])
        tree = parsed(data)
        if tree is None:
            self._send(client, self._answers.write((), {}, whole=400))
            return
        xid, wanted = _framework(tree)
        if self.plain:
            xid = None
        if wanted is not None:
            if self._fault != "no_reports":
                self.listeners.request(client, wanted, xid)
            return
        self._answer(client, tree, xid)

    # -- inside ----------------------------------------------------------------------------------------------

    def _answer(self, client: tuple[str, int], tree: Ordered, xid: object) -> None:
        asked = list(leaves(Ordered(pair for pair in tree if pair[0] != "osc")))
        strange = [address for address, _ in asked if address not in self.box.nodes]
        if strange and (self.plain or len(asked) > 1):  # one wrong address fails the whole request
            self._send(client, self._answers.write((), {}, xid, whole=400))
            return
        values: list[tuple[str, object]] = []
        refused: dict[str, int] = dict.fromkeys(strange, 404)
        for address, value in asked:
            if address in refused:
                continue
            try:
                values.append((address, self._read_or_write(address, value)))
            except Refused as refusal:
                refused[address] = refusal.code
        if values or refused:
            self._send(client, self._answers.write(values, refused, xid))
        self.listeners.changed()

    def _read_or_write(self, address: str, value: object) -> object:
        node = self.box.nodes[address]
        if self._fault == "stranger" and address == PRODUCT:
            return STRANGER
        if value is not None:
            if node.write is None:
                raise Refused(406)
            if self._fault == "refuses":
                self._refusals += 1
                if self._refusals % 2:
                    raise Refused(406)
            else:
                node.write(value)
        return node.read()

    def _send(self, client: tuple[str, int], datagram: bytes) -> None:
        if self._fault in MUTE or (self._fault == "lossy" and self._random.random() < LOST):
            return
        later: Callable[[float], object] = lambda pause: self._loop.call_later(pause, self._put, client, datagram)  # noqa: E731
        if self._fault == "garbage":
            self._put(client, nonsense(self._random))
        if self._fault == "reordered":
            later(self._random.uniform(0.0, OVERTAKE_S))
        elif self._fault == "slow":
            later(SLOW_S)
        else:
            self._put(client, datagram)
            if self._fault == "duplicated":
                self._put(client, datagram)

    def _put(self, client: tuple[str, int], datagram: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, client)


def _framework(tree: Ordered) -> tuple[object, object]:
    """The number of a request, and the subscriptions that it asks for."""
    for name, branch in tree:
        if name == "osc" and isinstance(branch, Ordered):
            found = dict(branch)
            state = found.get("state")
            return found.get("xid"), dict(state).get("subscribe") if isinstance(state, Ordered) else None
    return None, None
