"""What a driver notices of a shared UDP socket: each unit its own datagrams, and nothing that kills the socket."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from services.drivers.port import DriverError
from services.drivers.transport.udp import Address, DatagramSocket
from tests.integration.drivers.transport.udp_unit import UdpUnit, free_port, is_, running

HOST = "127.0.0.1"


async def test_units_share_a_socket_and_each_gets_only_its_own_datagrams() -> None:
    came: dict[str, list[bytes]] = {"127.0.0.1": [], "127.0.0.2": [], "127.0.0.3": []}
    async with DatagramSocket() as shared, AsyncExitStack() as stack:
        port = await free_port()
        for host, sink in came.items():
            await stack.enter_async_context(running(lambda data: [data, b"of " + data], host, port))
            peer = await stack.enter_async_context(shared.peer(host, port, sink.append))
            assert await peer.ask(host.encode(), is_(host.encode()), timeout=5)
        assert await peer.ask(b"end", is_(b"of end"), timeout=5)
    assert came == {host: [b"of " + host.encode()] for host in ("127.0.0.1", "127.0.0.2")} | {
        "127.0.0.3": [b"of 127.0.0.3", b"end"]
    }


@pytest.mark.parametrize("any_port", [True, False])
async def test_a_unit_that_answers_from_another_port_is_recognised_where_the_driver_says_so(any_port: bool) -> None:
    unknown: asyncio.Queue[tuple[Address, bytes]] = asyncio.Queue()
    async with running() as other, DatagramSocket(unknown=lambda *item: unknown.put_nowait(item)) as shared:

        def answering(data: bytes) -> Iterable[bytes]:
            other.send(data, (HOST, shared.port))
            return ()

        async with running(answering) as unit, shared.peer(HOST, unit.port, any_port=any_port) as peer:
            asking = peer.ask(b"Name", is_(b"Name"), timeout=5 if any_port else 0.1, repeats=0)
            if any_port:
                assert await asking == b"Name"
            else:
                with pytest.raises(DriverError):
                    await asking
                assert await unknown.get() == (other.address, b"Name")


async def test_a_foreign_sender_cannot_answer_for_a_unit_and_is_counted() -> None:
    async with running(lambda _: []) as unit, running() as stranger, DatagramSocket() as shared:
        async with shared.peer(HOST, unit.port) as peer:
            asking = asyncio.create_task(peer.ask(b"Name", is_(b"Name"), timeout=0.2, repeats=0))
            await unit.received.get()
            stranger.send(b"Name", (HOST, shared.port))
            with pytest.raises(DriverError, match="no answer"):
                await asking
        assert shared.counters.unknown == 1


async def test_a_port_where_nothing_listens_is_refused_at_once_and_the_socket_serves_the_others() -> None:
    port = await free_port()
    failures: list[DriverError] = []
    async with running() as unit, DatagramSocket() as shared:
        async with shared.peer(HOST, unit.port) as good, shared.peer(HOST, port, failed=failures.append) as bad:
            for _ in range(3):
                refused = asyncio.create_task(bad.ask(b"Name", is_(b"Name"), timeout=30))
                assert await good.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
                with pytest.raises(DriverError) as error:
                    await refused
                assert error.value.reason == "refused"
                assert f"nothing listens at {HOST} UDP port {port}" in error.value.detail
                assert await good.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
        assert [error.reason for error in failures] == ["refused"] * 3
        assert shared.counters.refused == 3
        assert shared.counters.repeated == 0


class _FullBuffer:
    """A socket whose send buffer is full for the first few datagrams; loopback's never is."""

    def __init__(self, sock: socket.socket, refusals: int) -> None:
        self._sock, self._refusals = sock, refusals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendto(self, data: bytes, to: Any) -> int:
        if self._refusals:
            self._refusals -= 1
            raise BlockingIOError(errno.EAGAIN, "full")
        return self._sock.sendto(data, to)


async def test_a_full_socket_buffer_costs_a_question_time_but_no_repeat() -> None:
    async with running() as unit, DatagramSocket(HOST) as shared, shared.peer(HOST, unit.port) as peer:
        (endpoint,) = shared._endpoints.values()
        assert endpoint._sock is not None
        endpoint._sock = _FullBuffer(endpoint._sock, 3)  # type: ignore[assignment]
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5, repeats=0) == b"Name"
        assert (shared.counters.unsent, shared.counters.repeated) == (3, 0)


async def test_a_host_name_is_resolved_and_its_answers_are_recognised() -> None:
    async with running() as unit, DatagramSocket() as shared, shared.peer("localhost", unit.port) as peer:
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
        assert peer.name == f"localhost UDP port {unit.port}"


@pytest.mark.parametrize("interface", ["", "::1"])
async def test_ipv6_works(interface: str) -> None:
    async with running(host="::1") as unit, DatagramSocket(interface) as shared, shared.peer("::1", unit.port) as peer:
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
        port = await free_port()
        async with shared.peer("::1", port) as nobody:
            with pytest.raises(DriverError, match="nothing listens"):
                await nobody.ask(b"Name", is_(b"Name"), timeout=30)
        assert await peer.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"


@pytest.mark.parametrize(
    ("interface", "host", "words"),
    [
        ("", "no-such-host.invalid", "check its spelling"),
        ("", "a" * 70 + ".example", "check its spelling"),
        (HOST, "::1", "IPv4 and IPv6 differ"),
    ],
)
async def test_an_address_that_cannot_be_used_is_an_error_that_names_the_cause(
    interface: str, host: str, words: str
) -> None:
    async with DatagramSocket(interface) as shared:
        with pytest.raises(DriverError, match=words):
            async with shared.peer(host, 45):
                pass


async def test_a_port_in_use_names_the_port_the_other_program_and_the_remedy() -> None:
    async with DatagramSocket(HOST) as first:
        port = first.port
        with pytest.raises(DriverError) as error:
            async with DatagramSocket(HOST, port):
                pass
        assert error.value.reason == "local_port_unavailable"
        assert re.search(
            rf"UDP port {port} of {HOST} of this machine is held by \S+.* \(process {os.getpid()}\)", error.value.detail
        )
        assert "a local address each" in error.value.detail
        async with DatagramSocket("127.0.0.2", port) as second:
            assert second.port == port
    async with DatagramSocket(HOST, port) as again:
        assert again.port == port


async def test_a_local_address_that_this_machine_has_not_is_named() -> None:
    for interface in ("192.0.2.1", "eth7"):
        with pytest.raises(DriverError, match=f"this machine has no address {interface}"):
            async with DatagramSocket(interface):
                pass


async def test_answers_go_to_every_registration_of_an_address() -> None:
    came: list[bytes] = []
    async with (
        running() as unit,
        DatagramSocket() as shared,
        shared.peer(HOST, unit.port, came.append),
        shared.peer(HOST, unit.port) as look,
    ):
        assert await look.ask(b"Name", is_(b"Name"), timeout=5) == b"Name"
    assert came == [b"Name"]


async def test_a_fixed_source_port_is_what_the_unit_sees() -> None:
    port = await free_port()
    async with running() as unit, DatagramSocket(HOST, port) as shared, shared.peer(HOST, unit.port) as peer:
        await peer.ask(b"Name", is_(b"Name"), timeout=5)
        assert isinstance(unit, UdpUnit)
        assert unit.senders == [(HOST, port)]


async def test_a_dead_port_of_a_host_fails_nobody_who_asks_another_port_of_it() -> None:
    dead = await free_port()
    async with running(lambda _: []) as unit, DatagramSocket() as shared, AsyncExitStack() as stack:
        peer = await stack.enter_async_context(shared.peer(HOST, unit.port, any_port=True))
        other = await stack.enter_async_context(shared.peer(HOST, dead, any_port=True))
        asking = asyncio.create_task(peer.ask(b"a", is_(b"a"), timeout=5, repeats=0))
        await unit.received.get()
        with pytest.raises(DriverError, match="nothing listens"):
            await other.ask(b"b", is_(b"b"), timeout=5)
        unit.send(b"a", (HOST, shared.port))
        assert await asking == b"a"
