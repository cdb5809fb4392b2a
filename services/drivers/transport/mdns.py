"""Overhears services that announce themselves by multicast DNS (RFC 6762, RFC 6763), on every interface.

    async for service in browse(("_ssc._udp.local.",), interface=""):
        ...

The protocol is the library's (zeroconf): known answers are not asked for again, questions get rarer, goodbyes count at
once, records end with their time to live. Ours is that interfaces come and go: where they changed, another browser
takes the place of the first one. The library is loaded when somebody browses.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

log = logging.getLogger(__name__)

WAITING_MOST = 1000
"""News that wait to be taken. What does not fit is lost until it is announced anew; only a flood is that long."""
RESOLVE_MS = 3000.0
"""How long a service that announced itself without address or port is asked for them, in ms."""
RESOLVING_MOST = 16
"""Services that are asked at the same time."""
LOOK_AGAIN_S = 20.0
"""How often it is looked whether interfaces came, went or returned."""
TEXT_MOST = 200
"""Characters of a name or value that are kept: whoever can send to the network can send any."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that announces itself."""

    type: str
    """``_ssc._udp.local.``"""
    name: str
    """What it calls itself, without the type."""
    addresses: tuple[str, ...]
    """IPv4 before IPv6."""
    port: int
    """From its SRV record."""
    text: Mapping[str, str] = field(default_factory=dict)
    """Its TXT record; keys are in lower case, values that are no text are left out."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A service said goodbye, or was not heard for the life of its records."""

    type: str
    name: str


async def browse(types: Sequence[str], interface: str = "") -> AsyncIterator[Service | Ended]:
    """Services of these types as they come, change and go, until cancelled.

    ``interface`` is the local address to listen on, empty for all. Raises `OSError` where no interface can be used.
    """
    news: asyncio.Queue[Service | Ended] = asyncio.Queue(WAITING_MOST)
    loop = asyncio.get_running_loop()
    while True:
        interfaces = socket.if_nameindex()
        async with _browser(types, interface, news):
            look_at = loop.time() + LOOK_AGAIN_S
            while True:
                try:
                    async with asyncio.timeout_at(look_at):
                        if loop.time() >= look_at:  # news that always wait would keep the time limit from coming
                            raise TimeoutError
                        found = await news.get()
                except TimeoutError:
                    look_at = loop.time() + LOOK_AGAIN_S
                    if interfaces != socket.if_nameindex():
                        break
                else:
                    yield found


@asynccontextmanager
async def _browser(types: Sequence[str], interface: str, news: asyncio.Queue[Service | Ended]) -> AsyncIterator[None]:
    library = await asyncio.to_thread(importlib.import_module, "zeroconf.asyncio")
    words = importlib.import_module("zeroconf")
    if interface:
        _check(interface)
    choice = [interface] if interface else words.InterfaceChoice.All
    zeroconf = library.AsyncZeroconf(interfaces=choice, ip_version=words.IPVersion.V4Only)
    resolving = _Resolving(news)
    browser = None
    # who is cancelled while it starts must not cancel the start itself: the library would leave its sockets open
    started = asyncio.ensure_future(zeroconf.zeroconf.async_wait_for_start())
    try:
        await asyncio.shield(started)
        browser = library.AsyncServiceBrowser(zeroconf.zeroconf, list(types), handlers=[resolving.note])
        yield
    finally:
        resolving.close()
        await _surely(_close(zeroconf, browser, started))


async def _close(zeroconf: AsyncZeroconf, browser: AsyncServiceBrowser | None, started: asyncio.Future[None]) -> None:
    await asyncio.wait((started,))
    if browser is not None:
        await browser.async_cancel()
    await zeroconf.async_close()


async def _surely(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work to its end, however often the caller is cancelled meanwhile; it takes a moment."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError


def _check(interface: str) -> None:
    """Raises `OSError` where this machine does not have the address; the library would leave a socket open then."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((interface, 0))


class _Resolving:
    """Finds address and port of services that were announced, a few at a time."""

    def __init__(self, news: asyncio.Queue[Service | Ended]) -> None:
        self._news = news
        self._gate = asyncio.Semaphore(RESOLVING_MOST)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def note(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        """Called by the library on the event loop."""
        key = service_type, name
        if (running := self._tasks.pop(key, None)) is not None:
            running.cancel()
        if state_change.name == "Removed":
            self._put(Ended(service_type, _short_name(service_type, name)))
        elif len(self._tasks) < WAITING_MOST:
            task = asyncio.create_task(self._resolve(zeroconf, service_type, name), name=f"resolve {name[:60]}")
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))

    def close(self) -> None:
        """Ask no more."""
        for task in self._tasks.values():
            task.cancel()

    def _forget(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a service that announced itself could not be understood", extra={"why": str(error)})

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        async with self._gate:
            info = AsyncServiceInfo(service_type, name)
            if not info.load_from_cache(zeroconf) and not await info.async_request(zeroconf, RESOLVE_MS):
                log.debug("%s announced itself and did not say where it is", name)
                return
        addresses = sorted(info.parsed_addresses(), key=lambda text: ip_address(text.partition("%")[0]).version)
        if addresses and info.port:
            short = _short_name(service_type, name)
            text = {
                key.lower()[:TEXT_MOST]: value[:TEXT_MOST]
                for key, value in info.decoded_properties.items()
                if value is not None and value.isprintable()
            }
            self._put(Service(service_type, short, tuple(addresses), info.port, text))

    def _put(self, found: Service | Ended) -> None:
        if not self._news.full():
            self._news.put_nowait(found)


def _short_name(service_type: str, name: str) -> str:
    return name.removesuffix(f".{service_type}")[:TEXT_MOST]
