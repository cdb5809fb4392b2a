"""What strangers can do to the HTTP server: hold connections and ask under foreign names. Both end here."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from services.rules import normalise_host

CONNECTIONS_MOST: Final = 128
"""Connections at once, more than any site has scrapers; beyond it the oldest that asks nothing is closed, or else the
oldest that does not read its answer."""

IDLE_S: Final = 5.0
"""A connection that asks nothing, or takes longer to say what, is closed after this time or at most twice it."""

LONGEST_S: Final = 60.0
"""The longest a connection lasts, however slowly its peer reads."""

MISDIRECTED: Final = 421

_HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9_.-]*))(?::\d{0,5})?")
"""The header ``Host``: a name or an address, perhaps with a port."""


class GuardedProtocol(H11Protocol):
    """One connection with limits: it neither idles nor lasts."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._was_idle = False
        self._watch = self.loop.call_later(IDLE_S, self._look)
        if len(self.connections) > CONNECTIONS_MOST:
            others = [one for one in self.connections if one is not self and isinstance(one, GuardedProtocol)]
            useless = [one for one in others if one.is_idle] or [one for one in others if one.flow.write_paused]
            min(useless, key=lambda one: one.since, default=self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._watch.cancel()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered."""
        cycle: object = self.cycle  # none before the first request, which its type does not say
        return not isinstance(cycle, RequestResponseCycle) or cycle.response_complete

    def _look(self) -> None:
        if self.is_idle and self._was_idle:
            self.transport.close()
            return
        if self.loop.time() - self.since > LONGEST_S:
            self.transport.abort()
            return
        self._was_idle = self.is_idle
        self._watch = self.loop.call_later(IDLE_S, self._look)


class OwnNames:
    """Answers only who asks for an address, a name without a dot, this machine's own name, or one that was allowed.

    A page in somebody's browser can have its own name point to this machine and then read from it (DNS rebinding). It
    needs a name that the attacker owns, and that has a dot.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._begin = asyncio.Lock()
        """One request begins in each turn of the event loop: a hundred at once would hold up the meters."""
        own = socket.gethostname()
        self._hosts = {normalise_host(host) for host in (*hosts, own, f"{own}.local")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        async with self._begin:
            await asyncio.sleep(0)
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""
        if self._is_ours(host):
            await self._app(scope, receive, send)
            return
        detail = f"this server has no name {host[:100]!r}: add it to [http] hosts, or ask for its address"
        await JSONResponse({"error": detail}, status_code=MISDIRECTED)(scope, receive, send)

    def _is_ours(self, header: str) -> bool:
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        name = normalise_host(found["v6"] or found["name"])
        if "." not in name and ":" not in name:
            return True
        try:
            ip_address(name)
        except ValueError:
            return name in self._hosts
        return True
