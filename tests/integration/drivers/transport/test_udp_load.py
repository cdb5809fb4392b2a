"""What a bridge notices of a busy UDP socket: rates are kept, and nobody else waits."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from services.drivers.port import DriverError
from services.drivers.transport.udp import DatagramSocket
from services.drivers.transport.udp.endpoint import BATCH_S
from services.pace import Pace
from tests.integration.drivers.transport.udp_unit import is_, running

HOST = "127.0.0.1"

CLOCK_S = 0.001
"""Resolution of uvloop's clock."""


def descriptors_open() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


async def test_a_flood_of_unknown_senders_reaches_the_driver_in_a_bounded_number() -> None:
    unknown: list[bytes] = []
    async with running() as unit, running() as stranger, AsyncExitStack() as stack:
        shared = await stack.enter_async_context(DatagramSocket(unknown=lambda _, data: unknown.append(data)))
        peer = await stack.enter_async_context(shared.peer(HOST, unit.port))
        for _ in range(10):
            for _ in range(100):
                stranger.send(b"flood", (HOST, shared.port))
            await peer.ask(b"end", is_(b"end"), timeout=5)
        assert shared.counters.unknown == 1000
        assert 200 <= len(unknown) < 500


async def test_a_thousand_refusals_in_a_row_stop_nothing() -> None:
    async with running() as unit, DatagramSocket() as shared, AsyncExitStack() as stack:
        for number in range(1, 201):
            peer = await stack.enter_async_context(shared.peer(f"127.0.9.{number}", 9))
            for _ in range(5):
                peer.send(b"x")
        async with shared.peer(HOST, unit.port) as peer:
            assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
            assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
        assert shared.counters.sent >= 1000


async def test_a_paced_scan_of_many_addresses_keeps_its_rate_on_one_socket() -> None:
    pace, loop = Pace(per_second=1000, burst=10), asyncio.get_running_loop()
    descriptors = descriptors_open()

    async def look(shared: DatagramSocket, host: str, port: int) -> bool:
        async with shared.peer(host, port) as peer:
            try:
                return bool(await peer.ask(b"?", is_(b"?"), timeout=0.3, repeats=0, pace=pace))
            except DriverError:
                return False

    async with running() as unit, DatagramSocket(HOST) as shared:
        began = loop.time()
        hosts = [HOST, *(f"127.1.{third}.{last}" for third in range(3) for last in range(100))]
        found = await asyncio.gather(*(look(shared, host, unit.port) for host in hosts))
        assert loop.time() - began + CLOCK_S >= (len(hosts) - 10) / 1000
        assert descriptors_open() <= descriptors + 2
        assert found == [host == HOST for host in hosts]


async def test_datagrams_that_the_bridge_was_too_slow_for_are_counted() -> None:
    came: list[bytes] = []
    async with running() as unit, DatagramSocket(HOST) as shared:
        (endpoint,) = shared._endpoints.values()
        assert endpoint._sock is not None
        endpoint._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with shared.peer(HOST, unit.port, came.append) as peer:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for _ in range(100):  # no turn of the event loop between them
                    sock.sendto(bytes(1000), (HOST, shared.port))
            await peer.ask(b"a", is_(b"a"), timeout=5)
        assert shared.counters.overrun + shared.counters.unknown == 100
        assert shared.counters.overrun > 50


async def test_a_scan_leaves_no_work_for_the_garbage_collector() -> None:
    async def look(shared: DatagramSocket, host: str) -> None:
        async with shared.peer(host, 9) as peer:
            with suppress(DriverError):
                await peer.ask(b"?", is_(b"?"), timeout=5)

    async with DatagramSocket(HOST) as shared:
        await look(shared, HOST)
        gc.collect()
        gc.disable()
        try:
            for number in range(1, 51):
                await look(shared, f"127.0.8.{number}")
            assert gc.collect() < 50, "each question leaves objects that hold each other"
        finally:
            gc.enable()


PARSING_S = 0.0005
"""What a driver's parser may take of a datagram; `time.sleep` never takes less."""


async def test_a_burst_leaves_the_event_loop_time_for_others() -> None:
    came, came_a_turn = 0, [0]

    def slow(_: bytes) -> None:
        nonlocal came
        came += 1
        came_a_turn[-1] += 1
        time.sleep(PARSING_S)

    async def others() -> None:
        while came < 100:
            came_a_turn.append(0)
            await asyncio.sleep(0)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        async with DatagramSocket(HOST) as shared, shared.peer(HOST, sock.getsockname()[1], slow):
            for _ in range(100):
                sock.sendto(b"x", (HOST, shared.port))
            await others()
    assert max(came_a_turn) <= (BATCH_S + CLOCK_S) / PARSING_S + 1
