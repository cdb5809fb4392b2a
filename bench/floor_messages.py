"""The floor of Sennheiser's protocols: the least that a program on this loop does with what units tell unasked.

It asks for the same as the bridge, receives, parses, counts, and forgets. ``plain`` parses as little as can be (the
standard library's JSON; words of a line), ``codec`` with the codec that the bridge has.

python -m bench.floor_messages PROTOCOL WAY, with a list of hosts on standard input
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import chain

import uvloop
from pydantic import SecretStr

from bench.children import emit, serve
from services.drivers.port import Target
from services.drivers.sennheiser.media_control.codec import lines
from services.drivers.sennheiser.media_control.codec.push import STOP
from services.drivers.sennheiser.ssc.codec import wire
from services.drivers.sennheiser.ssc.families.ewdx import EWDX
from services.drivers.sennheiser.sscv2.codec import notifications
from services.drivers.sennheiser.sscv2.codec.ewdx import EwdxState
from services.drivers.sennheiser.sscv2.events import Events
from services.drivers.sennheiser.sscv2.options import PORT, Options, settings_of
from services.drivers.sennheiser.sscv2.questions import Questions
from services.drivers.transport.https import HttpPool, fetch_fingerprint

LISTEN = "127.0.0.1"
CYCLE_MS = 100
SSC_PORT, SSC_CHANNELS = 45, 4
STREAM_CHANNELS = 2
USER, PASSWORD = "api", "bench-only"
"""Of simulated units on loopback."""
TOGETHER = 10
"""Units that are asked at a time."""
PAUSE_S = 0.01

Take = Callable[[bytes], None]


class Receiving(asyncio.DatagramProtocol):
    """One socket for all units."""

    def __init__(self, take: Take) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Parse."""
        self._take(data)


@asynccontextmanager
async def datagrams(
    hosts: list[str], take: Take, *, ports: tuple[int, int], begin: bytes, end: bytes
) -> AsyncIterator[None]:
    """Ask units to tell, and at the end not to; ``ports`` are ours and theirs."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Receiving(take), local_addr=(LISTEN, ports[0]))
    try:
        for first in range(0, len(hosts), TOGETHER):
            for host in hosts[first : first + TOGETHER]:
                transport.sendto(begin, (host, ports[1]))
            await asyncio.sleep(PAUSE_S)
        yield
    finally:
        for host in hosts:
            transport.sendto(end, (host, ports[1]))
        await asyncio.sleep(0.2)
        transport.close()


@asynccontextmanager
async def streams(hosts: list[str], take: Take) -> AsyncIterator[None]:
    """Open a session of events at each unit, with the resources that the bridge follows."""
    options = Options(user=USER, password=SecretStr(PASSWORD), fingerprint="")
    async with HttpPool(LISTEN, connections=2 * len(hosts) + TOGETHER) as pool, AsyncExitStack() as stack:
        for first in range(0, len(hosts), TOGETHER):
            some = hosts[first : first + TOGETHER]
            await asyncio.gather(*(_stream(pool, stack, host, options, take) for host in some))
        yield


async def _stream(pool: HttpPool, stack: AsyncExitStack, host: str, options: Options, take: Take) -> None:
    where = Target(host, options=options)
    fingerprint = await fetch_fingerprint(host, PORT, timeout=where.connect_timeout_s, interface=LISTEN)
    unit = await stack.enter_async_context(pool.unit(settings_of(where, fingerprint, USER)))
    questions = Questions(unit, lambda: None, lambda: None)
    events = Events(unit, questions, lambda data: take(data.encode()), lambda _: None, where.answer_timeout_s)
    stack.push_async_callback(events.close, silent=False)
    state = EwdxState(STREAM_CHANNELS)
    await events.follow(chain(state.followed, map(state.fast, state.parts)))


def _words(datagram: bytes) -> object:
    return [line.split(" ") for line in datagram.decode("latin-1").split("\r")]


def _subscribe(options: dict[str, object]) -> bytes:
    addresses = [meter.address.format(n=n) for n in range(1, SSC_CHANNELS + 1) for meter in EWDX.meters]
    return wire.subscribe(addresses, options)


Asking = Callable[[list[str], Take], AbstractAsyncContextManager[None]]

PROTOCOLS: dict[str, tuple[Asking, dict[str, Callable[[bytes], object]]]] = {
    "media_control": (
        partial(datagrams, ports=(lines.PORT, lines.PORT), begin=lines.push(60, CYCLE_MS, 7), end=STOP),
        {"plain": _words, "codec": lines.parse},
    ),
    "ssc": (
        partial(
            datagrams,
            ports=(0, SSC_PORT),
            begin=_subscribe({"min": CYCLE_MS, "max": CYCLE_MS, "lifetime": 60, "count": 1000}),
            end=_subscribe({"cancel": True}),
        ),
        {"plain": json.loads, "codec": wire.parse},
    ),
    "sscv2": (streams, {"plain": json.loads, "codec": lambda data: notifications.changes(data.decode())}),
}


async def run(protocol: str, way: str, hosts: list[str]) -> None:
    """Parse what these hosts tell until standard input ends."""
    asking, ways = PROTOCOLS[protocol]
    parse, taken = ways[way], 0

    def take(data: bytes) -> None:
        nonlocal taken
        with suppress(ValueError):
            parse(data)
        taken += 1

    async def count() -> int:
        return taken

    async with asking(hosts, take):
        emit("connected")
        await serve({"lines": count})


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], sys.argv[2], json.loads(sys.stdin.readline())))
