"""HTTPS: requests and event streams to units, most of which have a self-signed certificate and a password.

    async with HttpPool() as pool:
        settings = HttpsSettings("192.0.2.7", base="/api", fingerprint="9F:86:...", credentials=Basic("api", password))
        async with pool.unit(settings) as unit:
            version = (await unit.request("GET", "/ssc/version")).json()
            async with unit.events("/ssc/state/subscriptions", idle_s=60.0) as stream:
                async for event in stream:
                    ...

A maker opens the pool, its links share it. Manners: a password goes out only after the certificate is proved (by
plain HTTP: never proved, see `HttpsSettings.plain`); a password that was refused is never sent again; requests that
carry a password wait for each other until the unit has said what it thinks of it, those with a key until it was
accepted. Redirects are not followed, cookies not kept, proxies not used, answers bounded. The HTTP library is loaded
when a pool opens, not before.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from services.drivers.port import Trace
from services.drivers.transport.failures import RESOLVE_WORDS, failure
from services.drivers.transport.https.pinning import pinned_context, unverified_context, verified_context
from services.drivers.transport.https.settings import Credentials, HttpsSettings
from services.drivers.transport.https.unit import HttpUnit, Room, Trial

if TYPE_CHECKING:
    import httpx

CONNECTIONS = 512
"""Requests and streams of one pool at the same time."""
CONNECTIONS_A_UNIT = 3
"""A stream and two requests; units limit their sessions (docs/protocols.md)."""
IDLE_CONNECTIONS_A_UNIT = 2
"""The library counts a stream at work among them, and without one more there is a new TLS handshake a request."""
IDLE_S = 4.0
"""An unused connection is closed sooner than units close it, which is 5 s with common servers."""


_HOST = re.compile(r"[^\W_](?:[\w.-]{0,253})\Z|[0-9A-Fa-f:.]+\Z")
"""A name (also one with letters outside ASCII), or an IPv4 or IPv6 address: nothing that could end a URL's host."""


@dataclass(slots=True)
class _Shared:
    """One HTTP client and how many use it."""

    client: httpx.AsyncClient
    users: int = 0


class HttpPool:
    """The HTTPS connections of one maker, opened and closed with ``async with``.

    ``interface`` is the local address to connect from, empty for any. At most ``connections`` requests and streams are
    at work at the same time; beside them each open unit keeps at most two idle connections.
    """

    def __init__(self, interface: str = "", *, connections: int = CONNECTIONS) -> None:
        self._interface = interface
        self._room = Room(connections, asyncio.Semaphore(connections))
        self._clients: dict[HttpsSettings, _Shared] = {}
        self._trials: dict[tuple[str, int, Credentials], Trial] = {}
        self._verified: dict[str, ssl.SSLContext] = {}
        self._making = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(importlib.import_module, "httpx")  # takes a tenth of a second
        self._room.closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection; callers that wait for an answer get ``bridge_stopped``."""
        self._room.closed = True
        shared, self._clients = self._clients, {}
        for entry in shared.values():
            await entry.client.aclose()

    @asynccontextmanager
    async def unit(self, settings: HttpsSettings, trace: Trace | None = None) -> AsyncIterator[HttpUnit]:
        """Speak to a unit for the time of the block; this alone connects to nothing.

        Raises `DriverError`: ``identity_conflict`` for settings whose fingerprint or authority cannot be read.
        """
        shared = await self._enter(settings)
        unit = HttpUnit(self._room, shared.client, settings, self._trial(settings), trace)
        try:
            yield unit
        finally:
            unit.end()
            shared.users -= 1
            if not shared.users and self._clients.get(settings) is shared:
                del self._clients[settings]
                await shared.client.aclose()

    async def _enter(self, settings: HttpsSettings) -> _Shared:
        async with self._making:
            if self._room.closed:
                raise failure("bridge_stopped", f"we closed the connections before {settings.peer} was asked")
            shared = self._clients.get(settings)
            if shared is None:
                shared = self._clients[settings] = _Shared(self._client(settings, await self._context(settings)))
            shared.users += 1
            return shared

    def _trial(self, settings: HttpsSettings) -> Trial | None:
        if settings.credentials is None:
            return None
        return self._trials.setdefault((settings.host.lower(), settings.port, settings.credentials), Trial())

    async def _context(self, settings: HttpsSettings) -> ssl.SSLContext:
        if settings.plain:
            return unverified_context()  # the library wants one; no connection uses it
        try:
            if settings.fingerprint:
                return pinned_context(settings.fingerprint)
            if settings.authority not in self._verified:
                context = await asyncio.to_thread(verified_context, settings.authority)
                self._verified[settings.authority] = context
            return self._verified[settings.authority]
        except ValueError as error:
            raise failure("identity_conflict", f"settings of {settings.peer}: {error}", again_s=None) from error
        except OSError as error:
            words = (
                f"settings of {settings.peer}: cannot read the authority's certificate {settings.authority}: {error}"
            )
            raise failure("identity_conflict", words, again_s=None) from error

    def _client(self, settings: HttpsSettings, context: ssl.SSLContext) -> httpx.AsyncClient:
        import http.cookiejar

        import httpx

        try:
            url = httpx.URL(settings.url)
            known = _HOST.match(settings.host) is not None and bool(url.host)
        except (httpx.InvalidURL, ValueError):  # the library that encodes names (idna) raises a ValueError
            known = False
        if not known:
            words = f"{settings.host!r} is neither an address nor a host name"
            raise failure("timeout", f"{words}: {RESOLVE_WORDS}", again_s=None)
        transport = httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            local_address=self._interface or None,
            limits=httpx.Limits(
                max_connections=CONNECTIONS_A_UNIT,
                max_keepalive_connections=IDLE_CONNECTIONS_A_UNIT,
                keepalive_expiry=IDLE_S,
            ),
        )
        return httpx.AsyncClient(
            base_url=url,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            # no compression: a few bytes could become a gigabyte
            headers={"User-Agent": "mic2mqtt", "Accept-Encoding": "identity"},
        )
