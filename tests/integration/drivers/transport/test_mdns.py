"""What announces itself by multicast DNS, with a real responder on loopback."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from services.drivers.transport import mdns
from services.drivers.transport.mdns import Ended, Service, browse

LOOPBACK = "127.0.0.1"
TYPE = f"_mic{os.getpid()}._udp.local."
"""Of this run alone: others may run beside it."""


@asynccontextmanager
async def responder() -> AsyncIterator[AsyncZeroconf]:
    zeroconf = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    try:
        yield zeroconf
    finally:
        await zeroconf.async_close()


def service(name: str, port: int = 45, **text: str | bytes) -> AsyncServiceInfo:
    address = socket.inet_aton("192.0.2.7")
    return AsyncServiceInfo(TYPE, f"{name}.{TYPE}", port, properties=text, server=f"{name}.local.", addresses=[address])


async def next_of(news: AsyncIterator[Service | Ended]) -> Service | Ended:
    async with asyncio.timeout(10):
        return await anext(news)


async def test_a_service_is_found_with_the_port_of_its_record_and_is_gone_with_its_goodbye() -> None:
    async with responder() as unit, aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
        info = service("Rack 1", 6970, model="EM6000", id="0a1b")
        await unit.async_register_service(info)
        found = await next_of(news)
        assert found == Service(TYPE, "Rack 1", ("192.0.2.7",), 6970, {"model": "EM6000", "id": "0a1b"})
        await unit.async_unregister_service(info)
        assert await next_of(news) == Ended(TYPE, "Rack 1")


async def test_a_service_that_was_there_before_is_found() -> None:
    async with responder() as unit:
        await unit.async_register_service(service("Old"))
        async with aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
            found = await next_of(news)
        assert isinstance(found, Service)
        assert found.name == "Old"


async def test_a_new_port_is_news() -> None:
    async with responder() as unit, aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
        await unit.async_register_service(service("Rack", 45))
        assert isinstance(await next_of(news), Service)
        await unit.async_update_service(service("Rack", 6970))
        async with asyncio.timeout(10):
            while not (isinstance(found := await anext(news), Service) and found.port == 6970):
                pass


async def test_values_that_are_no_text_are_left_out() -> None:
    async with responder() as unit, aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
        await unit.async_register_service(service("Odd", model=b"\xff\x00", place="a\x07b"))
        found = await next_of(news)
        assert isinstance(found, Service)
        assert "place" not in found.text
        assert all(value.isprintable() for value in found.text.values())


async def test_interfaces_that_came_are_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    interfaces = [(1, "lo")]
    monkeypatch.setattr(mdns, "LOOK_AGAIN_S", 0.2)
    monkeypatch.setattr(socket, "if_nameindex", lambda: list(interfaces))
    async with responder() as unit, aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
        await unit.async_register_service(service("Rack"))
        assert isinstance(await next_of(news), Service)
        interfaces.append((2, "eth0"))
        assert isinstance(await next_of(news), Service)  # found again by the browser that took over


async def test_an_address_that_this_machine_does_not_have_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which of them is the system's
        async with aclosing(browse((TYPE,), "192.0.2.99")) as news:  # type: ignore[type-var]
            await next_of(news)


@pytest.mark.parametrize("after_s", [0.0, 0.0005, 0.001, 0.002, 0.005, 0.05])
async def test_who_stops_listening_at_once_leaves_no_socket_open(after_s: float) -> None:
    async def listen() -> None:
        async with aclosing(browse((TYPE,), LOOPBACK)) as news:  # type: ignore[type-var]
            await anext(news)

    task = asyncio.create_task(listen())
    await asyncio.sleep(after_s)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # and whoever ends it loses patience
    await asyncio.gather(task, return_exceptions=True)
    gc.collect()  # a socket that was left open is a warning, and that an error
